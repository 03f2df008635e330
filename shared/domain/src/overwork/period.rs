//! The period that a month of work is (算定期間). It closes on the day that the company has chosen, and is called by the month in which it closes.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::minutes::Minutes;
use crate::{dates, text::narrow, time::Month};

/// The day of a month on which its period closes (締日): 1 to 31. A month without such a day closes on its last one, and so 31 is the end of each month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ClosingDay(u8);

/// Not a day of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day of a month")]
pub struct NotADay;

impl TryFrom<u8> for ClosingDay {
    type Error = NotADay;

    fn try_from(day: u8) -> Result<Self, NotADay> {
        if (1..=31).contains(&day) { Ok(Self(day)) } else { Err(NotADay) }
    }
}

impl From<ClosingDay> for u8 {
    fn from(day: ClosingDay) -> Self {
        day.0
    }
}

impl ClosingDay {
    /// The last day of every month (月末締め).
    pub const END_OF_MONTH: Self = Self(31);

    fn in_month(self, month: Month) -> Date {
        let wanted = i32::from(self.0) - 1;
        month.first_day().saturating_add(wanted.days()).min(month.last_day())
    }

    /// The period that closes in `month`.
    #[must_use]
    pub fn period(self, month: Month) -> Period {
        Period { from: self.in_month(month.before(1)).saturating_add(1.day()), to: self.in_month(month) }
    }
}

/// From which day to which, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    from: Date,
    to: Date,
}

/// The most days of a period: two months, where the closing day has changed.
const MOST_DAYS: i32 = 62;

impl Period {
    /// From one day to another; none where it has no day, or more than two months have.
    #[must_use]
    pub fn new(from: Date, to: Date) -> Option<Self> {
        let period = Self { from, to };
        (1..=MOST_DAYS).contains(&period.days()).then_some(period)
    }

    /// The first day.
    #[must_use]
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last day.
    #[must_use]
    pub const fn to(self) -> Date {
        self.to
    }

    /// How many days it has (暦日数).
    #[must_use]
    pub fn days(self) -> i32 {
        self.from.until(self.to).map_or(0, |span| span.get_days() + 1)
    }

    /// All the hours that it has.
    #[must_use]
    pub fn hours(self) -> Minutes {
        Minutes::of_hours(u16::try_from(self.days() * 24).unwrap_or(0))
    }
}

/// Reads a month as files write it: `2026-04`, `2026/4`, `202604`, `2026年4月`, `令和8年4月`, or a day of it.
#[must_use]
pub fn month(text: &str) -> Option<Month> {
    let text = narrow(text);
    if let Ok(month) = text.parse() {
        return Some(month);
    }
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let with_day = match text.as_ref() {
        plain if digits => format!("{plain}01"),
        japanese if japanese.ends_with('月') => format!("{japanese}1日"),
        // Two parts are a year and a month.
        parts if parts.matches(['/', '.', '-']).count() == 1 => {
            let sign = if parts.contains('/') {
                '/'
            } else if parts.contains('.') {
                '.'
            } else {
                '-'
            };
            format!("{parts}{sign}1")
        }
        day => day.to_owned(),
    };
    dates::parse(&with_day, dates::Accept::default()).ok().map(|read| Month::of(read.date))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn closing(day: u8) -> ClosingDay {
        ClosingDay::try_from(day).unwrap()
    }

    fn of(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_called_by_the_month_in_which_it_closes() {
        let april = ClosingDay::END_OF_MONTH.period(of("2026-04"));
        assert_eq!((april.from(), april.to(), april.days()), (date(2026, 4, 1), date(2026, 4, 30), 30));
        let twentieth = closing(20).period(of("2026-04"));
        assert_eq!((twentieth.from(), twentieth.to(), twentieth.days()), (date(2026, 3, 21), date(2026, 4, 20), 31));
        let march = closing(30).period(of("2026-03"));
        assert_eq!((march.from(), march.to()), (date(2026, 3, 1), date(2026, 3, 30)), "February had no 30th");
        let leap = ClosingDay::END_OF_MONTH.period(of("2028-02"));
        assert_eq!(leap.days(), 29);
        assert_eq!(closing(29).period(of("2028-03")).from(), date(2028, 3, 1));
        assert_eq!((ClosingDay::try_from(0), ClosingDay::try_from(32)), (Err(NotADay), Err(NotADay)));
    }

    #[test]
    fn a_period_has_a_day_and_not_more_than_two_months() {
        assert_eq!(Period::new(date(2026, 4, 1), date(2026, 4, 1)).map(Period::days), Some(1));
        assert_eq!(Period::new(date(2026, 4, 1), date(2026, 3, 31)), None);
        assert_eq!(Period::new(date(2026, 7, 1), date(2026, 8, 31)).map(Period::days), Some(62));
        assert_eq!(Period::new(date(2026, 7, 1), date(2026, 9, 1)), None);
    }

    #[test]
    fn months_are_read_as_files_write_them() {
        for text in [
            "2026-04",
            "2026/4",
            "2026/04",
            "2026.4",
            "202604",
            "2026年4月",
            "2026年04月",
            "令和8年4月",
            "R8.4",
            "２０２６年４月",
            "2026-04-01",
            "2026/4/30",
        ] {
            assert_eq!(month(text), Some(of("2026-04")), "{text}");
        }
        for text in ["", "2026", "2026-13", "4月", "26/4", "2026-4-31", "46113", "2026年"] {
            assert_eq!(month(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_a_gap(day in 1_u8..=31, months in 0_i32..600) {
            let month = of("2060-01").before(months);
            let (before, here) = (closing(day).period(month.before(1)), closing(day).period(month));
            prop_assert_eq!(before.to().tomorrow().unwrap(), here.from());
            prop_assert!((28..=31).contains(&here.days()), "{:?}", here);
        }
    }
}
