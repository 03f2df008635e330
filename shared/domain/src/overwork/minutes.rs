//! Lengths of time as attendance systems write them: hours with decimals, `hh:mm`, minutes. Whatever is read is held exactly, and what cannot be is refused: whether
//! somebody is over a line must not hang on how a number was rounded.

use serde::{Deserialize, Serialize};

use crate::{decimal::Decimal, text::narrow};

/// Hundredths of a second in a minute.
pub(super) const PER_MINUTE: i64 = 6_000;
/// Hundredths of a second in an hour.
pub(super) const PER_HOUR: i64 = 60 * PER_MINUTE;
/// The longest time that is read, in hours: more than any period of work has.
const MOST_HOURS: i64 = 2_000;

/// A length of time, of at least nothing. It is held in hundredths of a second: hours of up to four decimals, minutes of up to two and clock readings are whole numbers of
/// them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(u32);

/// What a plain number is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Hours (時間).
    Hours,
    /// Minutes (分).
    Minutes,
}

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MinutesFault {
    /// None of the notations.
    #[error("not a length of time")]
    NotATime,
    /// More decimals than are held exactly.
    #[error("too many decimals")]
    TooFine,
    /// Longer than any period of work.
    #[error("too long")]
    TooLong,
}

impl Minutes {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Whole hours.
    #[must_use]
    pub fn of_hours(hours: u16) -> Self {
        Self(u32::from(hours).saturating_mul(360_000))
    }

    /// Reads `163.68`, `163:41`, `163:41:30`, `163時間41分` or `9821分`; a plain number counts `plain`.
    pub fn parse(text: &str, plain: Unit) -> Result<Self, MinutesFault> {
        let text: String = narrow(text).chars().filter(|c| !c.is_whitespace()).collect();
        let hundredths = match text.split_once("時間") {
            Some((hours, "")) => scaled(hours, PER_HOUR)?,
            Some((hours, rest)) => {
                let minutes = rest.strip_suffix('分').ok_or(MinutesFault::NotATime)?;
                whole(hours, 4)? * PER_HOUR + below_sixty(minutes)? * PER_MINUTE
            }
            None if text.contains(':') => clock(&text)?,
            None => match text.strip_suffix('分') {
                Some(minutes) => scaled(minutes, PER_MINUTE)?,
                None => scaled(&text, if plain == Unit::Hours { PER_HOUR } else { PER_MINUTE })?,
            },
        };
        if hundredths > MOST_HOURS * PER_HOUR {
            return Err(MinutesFault::TooLong);
        }
        u32::try_from(hundredths).map(Self).map_err(|_| MinutesFault::NotATime)
    }

    /// Hundredths of a second.
    #[must_use]
    pub fn hundredths(self) -> i64 {
        self.0.into()
    }

    /// In minutes, with the decimals that it has, up to three.
    #[must_use]
    pub fn in_minutes(self) -> Decimal {
        ratio(self.hundredths(), PER_MINUTE, 3)
    }

    /// In hours, with two decimals.
    #[must_use]
    pub fn in_hours(self) -> Decimal {
        Decimal::ratio(self.hundredths(), PER_HOUR, 2).unwrap_or(Decimal::new(0, 2))
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// The quotient with as few decimals as say it, up to `places`.
fn ratio(numerator: i64, denominator: i64, places: u8) -> Decimal {
    let of = |places| Decimal::ratio(numerator, denominator, places).unwrap_or(Decimal::new(0, 0));
    let whole = of(places);
    (0..places).map(of).find(|shorter| *shorter == whole).unwrap_or(whole)
}

/// A decimal number of units of `size` hundredths of a second.
fn scaled(text: &str, size: i64) -> Result<i64, MinutesFault> {
    let number = Decimal::parse(text).filter(|number| number.mantissa() >= 0).ok_or(MinutesFault::NotATime)?;
    let product = i128::from(number.mantissa()) * i128::from(size);
    let power = 10_i128.pow(u32::from(number.scale().min(18)));
    if product % power != 0 {
        return Err(MinutesFault::TooFine);
    }
    i64::try_from(product / power).map_err(|_| MinutesFault::TooLong)
}

/// `h:mm` or `h:mm:ss`, in hundredths of a second.
fn clock(text: &str) -> Result<i64, MinutesFault> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (*hours, *minutes, "00"),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(MinutesFault::NotATime),
    };
    if minutes.len() != 2 || seconds.len() != 2 {
        return Err(MinutesFault::NotATime);
    }
    Ok(whole(hours, 4)? * PER_HOUR + below_sixty(minutes)? * PER_MINUTE + below_sixty(seconds)? * 100)
}

fn whole(text: &str, most_digits: usize) -> Result<i64, MinutesFault> {
    let digits = (1..=most_digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(MinutesFault::NotATime)
}

fn below_sixty(text: &str) -> Result<i64, MinutesFault> {
    whole(text, 2).and_then(|number| if number < 60 { Ok(number) } else { Err(MinutesFault::NotATime) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(text: &str) -> Result<Minutes, MinutesFault> {
        Minutes::parse(text, Unit::Hours)
    }

    #[test]
    fn every_notation_of_one_length_is_the_same_length_domain_5_1() {
        let length = Minutes(257 * 360_000 + 9 * 6_000);
        for text in
            ["257:09", "257.15", "257:09:00", "257時間9分", "257時間09分", "257.15時間", "15429分", "２５７：０９"]
        {
            assert_eq!(hours(text), Ok(length), "{text}");
        }
        assert_eq!(Minutes::parse("15429", Unit::Minutes), Ok(length));
        assert_eq!(Minutes::parse("257:09", Unit::Minutes), Ok(length), "a clock says itself what it counts");
        assert_eq!(length.in_minutes().to_string(), "15429");
        assert_eq!(length.in_hours().to_string(), "257.15");
    }

    #[test]
    fn hours_with_decimals_are_no_whole_minutes_and_lose_nothing() {
        assert_eq!(hours("163.68").unwrap().in_minutes().to_string(), "9820.8");
        assert_eq!(hours("0.0001").unwrap().in_minutes().to_string(), "0.006");
        assert_eq!(hours("163.68"), hours("163:40:48"));
        assert_eq!(hours("163.683333"), Err(MinutesFault::TooFine));
        assert_eq!(Minutes::parse("0.01", Unit::Minutes), Ok(Minutes(60)));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in
            ["", "-1", "1:5", "1:60", "1:00:60", ":30", "1:", "12h", "8時間90分", "時間", "1:00:00:00", "1,000", "+8"]
        {
            assert_eq!(hours(text), Err(MinutesFault::NotATime), "{text}");
        }
        assert_eq!(hours("2000.01"), Err(MinutesFault::TooLong));
        assert_eq!(hours("999999999999999"), Err(MinutesFault::TooLong));
        assert_eq!(hours("2000"), Ok(Minutes::of_hours(2_000)));
    }

    proptest! {
        #[test]
        fn hours_of_two_decimals_read_back_as_written(hundredths in 0_i64..100_000) {
            let text = Decimal::new(hundredths, 2).to_string();
            prop_assert_eq!(hours(&text).unwrap().in_hours().to_string(), text);
        }

        #[test]
        fn a_clock_and_its_minutes_are_the_same(minutes in 0_u32..100_000) {
            let clock = hours(&format!("{}:{:02}", minutes / 60, minutes % 60)).unwrap();
            prop_assert_eq!(Ok(clock), Minutes::parse(&minutes.to_string(), Unit::Minutes));
            prop_assert_eq!(clock.in_minutes().to_string(), minutes.to_string());
        }

        #[test]
        fn no_text_upsets_the_reader(text in "[-0-9.:時間分 ]{0,16}") {
            if let Ok(length) = Minutes::parse(&text, Unit::Hours) {
                prop_assert!(length <= Minutes::of_hours(2_000));
            }
        }
    }
}
