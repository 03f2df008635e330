//! Japan time. Every instant that a person or a program reads is RFC 3339 with `+09:00`; every question about
//! days, months, fiscal years and ages is asked in JST, which has no daylight saving time and is fixed at +09:00.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Japan's offset.
pub const JST_OFFSET: Offset = Offset::constant(9);

/// An instant, written in Japan time with milliseconds: `2026-04-01T09:00:00.000+09:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jst(pub Timestamp);

impl Jst {
    /// The day that it is in Japan.
    #[must_use]
    pub fn date(self) -> Date {
        self.civil().date()
    }

    /// What a clock on a wall in Japan shows.
    #[must_use]
    pub fn civil(self) -> DateTime {
        JST_OFFSET.to_datetime(self.0)
    }

    /// The first instant of `date` in Japan. Dates at the very end of the calendar saturate.
    #[must_use]
    pub fn start_of(date: Date) -> Self {
        Self(JST_OFFSET.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).unwrap_or(Timestamp::MAX))
    }

    /// The first instant after `date` has ended (24:00) in Japan.
    #[must_use]
    pub fn end_of(date: Date) -> Self {
        Self::start_of(date.saturating_add(1.day()))
    }

    /// Seconds since the epoch, as `DynamoDB`'s time to live and tokens count them.
    #[must_use]
    pub fn epoch_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Milliseconds since the epoch; 0 before it.
    #[must_use]
    pub fn epoch_millis(self) -> u64 {
        u64::try_from(self.0.as_millisecond()).unwrap_or(0)
    }

    /// This instant and `seconds` more (less, if negative), saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.seconds()).unwrap_or(self.0))
    }
}

impl std::fmt::Display for Jst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let t = self.civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+09:00",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl std::fmt::Debug for Jst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Jst {
    type Err = jiff::Error;

    /// Any RFC 3339 instant; it must say its offset.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl Serialize for Jst {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Jst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A month of Japan: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month that a day lies in.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day.
    #[must_use]
    pub const fn first_day(self) -> Date {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.0.last_of_month()
    }

    /// The month that many months before. Months at the beginning of the calendar saturate.
    #[must_use]
    pub fn before(self, months: i32) -> Self {
        Self(self.0.saturating_sub(months.months()).first_of_month())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// The text is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month")]
pub struct NotAMonth;

impl std::str::FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let (year, month) = text.split_once('-').ok_or(NotAMonth)?;
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NotAMonth);
        }
        let (year, month) = (year.parse().map_err(|_| NotAMonth)?, month.parse().map_err(|_| NotAMonth)?);
        Date::new(year, month, 1).map(Self).map_err(|_| NotAMonth)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The zone that civil times are read in.
#[must_use]
pub fn jst_zone() -> TimeZone {
    TimeZone::fixed(JST_OFFSET)
}

/// The fiscal year (年度) that `date` falls in, for a year that starts on the first of `first_month` (April by default in Japan).
#[must_use]
pub fn fiscal_year(date: Date, first_month: i8) -> i16 {
    if date.month() < first_month { date.year() - 1 } else { date.year() }
}

/// The last day of the month after the one of `date` (翌月末).
#[must_use]
pub fn end_of_next_month(date: Date) -> Date {
    date.first_of_month().saturating_add(1.month()).last_of_month()
}

/// Completed years on `on` of someone born on `born`, as the law counts them: an age is reached at the end of the day
/// before the birthday, so that in effect it holds from the birthday on, and from 1 March in common years for those born on 29 February.
/// `None` when `on` lies before `born`.
#[must_use]
pub fn age_on(born: Date, on: Date) -> Option<u8> {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    u8::try_from(i32::from(on.year()) - i32::from(born.year()) - i32::from(!had_birthday)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r24_an_instant_reads_and_writes_in_japan_time() {
        let instant: Jst = "2026-03-31T15:00:00Z".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-04-01T00:00:00.000+09:00");
        assert_eq!(instant.date(), date(2026, 4, 1));
        assert_eq!(Jst::start_of(date(2026, 4, 1)), instant);
        assert_eq!(Jst::end_of(date(2026, 3, 31)), instant);
    }

    #[test]
    fn a_fiscal_year_turns_in_its_first_month() {
        assert_eq!(fiscal_year(date(2026, 3, 31), 4), 2025);
        assert_eq!(fiscal_year(date(2026, 4, 1), 4), 2026);
        assert_eq!(fiscal_year(date(2026, 12, 31), 1), 2026);
    }

    #[test]
    fn r17_the_end_of_the_next_month() {
        assert_eq!(end_of_next_month(date(2026, 1, 31)), date(2026, 2, 28));
        assert_eq!(end_of_next_month(date(2026, 12, 15)), date(2027, 1, 31));
        assert_eq!(end_of_next_month(date(2028, 1, 10)), date(2028, 2, 29));
    }

    #[test]
    fn ages_turn_on_birthdays_and_leapers_on_the_first_of_march() {
        assert_eq!(age_on(date(1986, 11, 23), date(2026, 11, 22)), Some(39));
        assert_eq!(age_on(date(1986, 11, 23), date(2026, 11, 23)), Some(40));
        assert_eq!(age_on(date(2004, 2, 29), date(2026, 2, 28)), Some(21));
        assert_eq!(age_on(date(2004, 2, 29), date(2026, 3, 1)), Some(22));
        assert_eq!(age_on(date(2026, 1, 2), date(2026, 1, 1)), None);
    }
}
