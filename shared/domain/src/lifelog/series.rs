//! Days, weeks and months of a metric, as they are drawn. Weeks begin on Monday; a step without a value is a gap and not a zero.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Aggregate, Metric, Month,
    reduce::{DayValue, mean_of},
};

/// How wide a step of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A day.
    #[default]
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
}

impl Step {
    /// The most days that a series of it reaches over: 400 of days, three years of weeks, ten of months.
    #[must_use]
    pub const fn most_days(self) -> i64 {
        match self {
            Self::Day => 400,
            Self::Week => 1_100,
            Self::Month => 3_653,
        }
    }

    /// The first and the last day of the step that `day` lies in.
    fn around(self, day: Date) -> (Date, Date) {
        match self {
            Self::Day => (day, day),
            Self::Week => {
                let monday = day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
                (monday, monday.saturating_add(6.days()))
            }
            Self::Month => (Month::of(day).first(), Month::of(day).last()),
        }
    }
}

/// A step of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPoint {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// What it comes to, in the metric's decimals; nothing where no day has a value.
    pub value: Option<i64>,
    /// The number beside it.
    pub second: Option<i64>,
    /// How many of its days have a value.
    pub days: u16,
}

/// The steps from `from` to `to` (both days included; a step that they cut is taken with the days that lie within).
#[must_use]
pub fn series(metric: Metric, days: &BTreeMap<Date, DayValue>, step: Step, from: Date, to: Date) -> Vec<SeriesPoint> {
    let mut points = Vec::new();
    let mut day = from;
    while day <= to {
        let (_, last) = step.around(day);
        let last = last.min(to);
        let within: Vec<&DayValue> = days.range(day..=last).map(|(_, value)| value).collect();
        points.push(SeriesPoint {
            from: day,
            to: last,
            value: aggregated(metric, within.iter().map(|value| value.value)),
            second: mean_of(within.iter().filter_map(|value| value.second)),
            days: u16::try_from(within.len()).unwrap_or(u16::MAX),
        });
        let next = last.saturating_add(1.day());
        if next <= day {
            break;
        }
        day = next;
    }
    points
}

fn aggregated(metric: Metric, values: impl Iterator<Item = i64>) -> Option<i64> {
    match metric.row().aggregate {
        Aggregate::Mean => mean_of(values),
        Aggregate::Sum => values.fold(None, |sum: Option<i64>, value| Some(sum.unwrap_or(0) + value)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::lifelog::Origin;

    fn days(values: &[(Date, i64)]) -> BTreeMap<Date, DayValue> {
        let value =
            |value: i64| DayValue { value, second: Some(value), evening: None, origin: Origin::Device, entries: 1 };
        values.iter().map(|(day, reading)| (*day, value(*reading))).collect()
    }

    fn told(points: &[SeriesPoint]) -> Vec<(String, Option<i64>, u16)> {
        points.iter().map(|point| (format!("{}/{}", point.from, point.to), point.value, point.days)).collect()
    }

    #[test]
    fn section_7_1_a_day_without_an_entry_is_a_gap() {
        let days = days(&[(date(2026, 11, 1), 100), (date(2026, 11, 3), 300)]);
        let points = series(Metric::Steps, &days, Step::Day, date(2026, 11, 1), date(2026, 11, 3));
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [Some(100), None, Some(300)]);
    }

    #[test]
    fn weeks_begin_on_monday_and_are_the_mean_of_their_days() {
        // The first of November 2026 is a Sunday.
        let days = days(&[(date(2026, 11, 1), 100), (date(2026, 11, 2), 200), (date(2026, 11, 8), 301)]);
        let points = series(Metric::Steps, &days, Step::Week, date(2026, 11, 1), date(2026, 11, 10));
        assert_eq!(
            told(&points),
            [
                ("2026-11-01/2026-11-01".to_owned(), Some(100), 1),
                ("2026-11-02/2026-11-08".to_owned(), Some(251), 2),
                ("2026-11-09/2026-11-10".to_owned(), None, 0),
            ]
        );
        let exercise = series(Metric::Exercise, &days, Step::Week, date(2026, 11, 2), date(2026, 11, 8));
        assert_eq!(exercise[0].value, Some(501), "minutes of exercise are added");
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        let days = days(&[(date(2028, 2, 29), 100)]);
        let points = series(Metric::Weight, &days, Step::Month, date(2028, 1, 15), date(2028, 3, 1));
        assert_eq!(
            told(&points),
            [
                ("2028-01-15/2028-01-31".to_owned(), None, 0),
                ("2028-02-01/2028-02-29".to_owned(), Some(100), 1),
                ("2028-03-01/2028-03-01".to_owned(), None, 0),
            ]
        );
    }
}
