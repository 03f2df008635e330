//! Days that somebody should look at (domain.md 7.4): not what is impossible, which is refused, but what is seldom so. A flag says nothing about anybody; it asks a person.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::lifelog::{Origin, reduce::DayValue};

/// More steps than this on a day.
const MANY_STEPS: i64 = 30_000;
/// More steps than this on the average of a week.
const MANY_STEPS_A_WEEK: i64 = 20_000;
/// On how many days in a row the same value is seldom.
const SAME_DAYS: usize = 3;
/// How many whole thousands from hand in two weeks are many.
const ROUND_DAYS: usize = 5;
/// How many days before are compared with, and how many of them must have a value.
const COMPARED_DAYS: i64 = 28;
const COMPARED_LEAST: usize = 14;
/// From how many standard deviations on a day stands out.
const SIGMAS: i64 = 5;

/// What stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Over 30,000 steps.
    ManySteps,
    /// Over 20,000 steps on the average of seven days.
    ManyStepsAWeek,
    /// The same number on three days in a row.
    SameValue,
    /// Whole thousands from hand on five days of two weeks.
    RoundNumbers,
    /// Steps of a device that has moved by no metre.
    NoDistance,
    /// Five standard deviations over the four weeks before.
    Jump,
    /// A device that somebody else uses as well.
    SharedDevice,
}

impl Flag {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::ManySteps => "1日の歩数が30,000歩を超えています",
            Self::ManyStepsAWeek => "7日間の平均が20,000歩を超えています",
            Self::SameValue => "同じ値が3日以上続いています",
            Self::RoundNumbers => "手入力で1,000歩単位の値が続いています",
            Self::NoDistance => "移動距離が0のまま歩数だけが記録されています",
            Self::Jump => "直前の4週間と比べて極端に多い値です",
            Self::SharedDevice => "複数の従業員が同じ機器を使用しています",
        }
    }
}

/// What stands out on `day`, of somebody's steps (and the distance that went with them) up to that day.
#[must_use]
pub fn flags(day: Date, steps: &BTreeMap<Date, DayValue>, distance: &BTreeMap<Date, DayValue>) -> Vec<Flag> {
    let Some(today) = steps.get(&day) else { return Vec::new() };
    let back = |days: i64| steps.range(day.saturating_sub(days.days())..=day).map(|(_, value)| value);
    let week: Vec<i64> = back(6).map(|value| value.value).collect();
    let same = (0_i64..)
        .take(SAME_DAYS)
        .all(|days| steps.get(&day.saturating_sub(days.days())).is_some_and(|value| value.value == today.value));
    let is_round = |value: &&DayValue| value.origin == Origin::Hand && value.value > 0 && value.value % 1_000 == 0;
    let no_distance = today.origin == Origin::Device
        && today.value > 0
        && distance.get(&day).is_some_and(|metres| metres.value == 0 && metres.origin == Origin::Device);
    let found = [
        (Flag::ManySteps, today.value > MANY_STEPS),
        (Flag::ManyStepsAWeek, week.len() == 7 && week.iter().sum::<i64>() > 7 * MANY_STEPS_A_WEEK),
        (Flag::SameValue, same && today.value > 0),
        (Flag::RoundNumbers, is_round(&today) && back(13).filter(is_round).count() >= ROUND_DAYS),
        (Flag::NoDistance, no_distance),
        (Flag::Jump, is_jump(day, today.value, steps)),
    ];
    found.into_iter().filter_map(|(flag, is_so)| is_so.then_some(flag)).collect()
}

/// Whether a value lies over the mean of the four weeks before by five standard deviations. In whole numbers: `n·x − Σ` is `n` times how far it is off, and
/// `n·Σ² − Σ·Σ` is `n²` times the variance.
fn is_jump(day: Date, value: i64, steps: &BTreeMap<Date, DayValue>) -> bool {
    let before: Vec<i128> =
        steps.range(day.saturating_sub(COMPARED_DAYS.days())..day).map(|(_, value)| i128::from(value.value)).collect();
    if before.len() < COMPARED_LEAST {
        return false;
    }
    let n = before.len() as i128;
    let (sum, squares) = (before.iter().sum::<i128>(), before.iter().map(|value| value * value).sum::<i128>());
    let off = n * i128::from(value) - sum;
    let variance = n * squares - sum * sum;
    off > 0 && variance > 0 && off * off > i128::from(SIGMAS * SIGMAS) * variance
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 20);

    fn values(values: &[i64], origin: Origin) -> BTreeMap<Date, DayValue> {
        let value = |value: i64| DayValue { value, second: None, evening: None, origin, entries: 1 };
        (0_i64..).zip(values.iter().rev()).map(|(ago, steps)| (DAY - ago.days(), value(*steps))).collect()
    }

    fn of(steps: &[i64], origin: Origin) -> Vec<Flag> {
        flags(DAY, &values(steps, origin), &BTreeMap::new())
    }

    #[test]
    fn section_7_4_flags_at_every_bound() {
        assert_eq!(of(&[30_000], Origin::Device), []);
        assert_eq!(of(&[30_001], Origin::Device), [Flag::ManySteps]);
        let week = |last: i64| [20_000, 20_001, 19_999, 20_002, 19_998, 20_000, last];
        assert_eq!(of(&week(20_000), Origin::Device), []);
        assert_eq!(of(&week(20_001), Origin::Device), [Flag::ManyStepsAWeek]);
        assert_eq!(of(&week(20_001)[1..], Origin::Device), [], "six days are no week");
        assert_eq!(of(&[5_001, 5_001, 5_001], Origin::Device), [Flag::SameValue]);
        assert_eq!(of(&[5_001, 5_002, 5_001], Origin::Device), []);
        assert_eq!(of(&[0, 0, 0], Origin::Device), [], "nothing is nothing");
        let round = [1_000, 2_000, 3_000, 4_000, 5_000];
        assert_eq!(of(&round, Origin::Hand), [Flag::RoundNumbers]);
        assert_eq!(of(&round, Origin::Device), []);
        assert_eq!(of(&round[1..], Origin::Hand), []);
    }

    #[test]
    fn section_7_4_steps_without_a_metre_and_days_that_stand_out() {
        let (steps, none) = (values(&[5_000], Origin::Device), values(&[0], Origin::Device));
        assert_eq!(flags(DAY, &steps, &none), [Flag::NoDistance]);
        assert_eq!(flags(DAY, &values(&[5_001], Origin::Hand), &none), []);
        let mut days: Vec<i64> = (0..14).map(|day| if day % 2 == 0 { 4_900 } else { 5_100 }).collect();
        // The mean is 5,000 and the deviation 100.
        days.push(5_500);
        assert_eq!(of(&days, Origin::Device), []);
        *days.last_mut().unwrap() = 5_501;
        assert_eq!(of(&days, Origin::Device), [Flag::Jump]);
        assert_eq!(of(&days[1..], Origin::Device), [], "thirteen days say too little");
        assert_eq!(flags(DAY + 1.day(), &values(&days, Origin::Device), &BTreeMap::new()), [], "a day without steps");
    }
}
