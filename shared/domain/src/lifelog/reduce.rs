//! What a day comes to: the entries of one metric and one day of Japan's calendar become one value, as the metric's row says (domain.md 7.1).
//!
//! Where one source is to be believed, devices come before files and files before what was typed; of several devices the one that says most counts. So a phone and a watch that
//! counted the same walk are never added.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{DeviceName, Entry, Metric, Origin, Reading, Reduction};

/// What a day comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayValue {
    /// The value, in the metric's decimals.
    pub value: i64,
    /// The number beside it, where one belongs to it.
    pub second: Option<i64>,
    /// The evening's means of a blood pressure.
    pub evening: Option<(i64, i64)>,
    /// From where: the source that counted; of several, the one that is believed least.
    pub origin: Origin,
    /// How many entries there were.
    pub entries: u16,
}

/// What each day of `entries` comes to for `metric`; days without an entry are not in it.
#[must_use]
pub fn days(metric: Metric, entries: &[Entry]) -> BTreeMap<Date, DayValue> {
    let mut by_day: BTreeMap<Date, Vec<Seen<'_>>> = BTreeMap::new();
    for entry in entries {
        if let Some(reading) = entry.reading.as_ref().filter(|reading| reading.metric == metric) {
            let day = reading.measured_at.date();
            by_day.entry(day).or_default().push(Seen { entry, reading });
        }
    }
    by_day.into_iter().filter_map(|(day, seen)| Some((day, day_value(metric, seen)?))).collect()
}

/// An entry that says something.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    entry: &'a Entry,
    reading: &'a Reading,
}

impl<'a> Seen<'a> {
    fn source(&self) -> (Origin, Option<&'a DeviceName>) {
        (self.entry.origin, self.entry.device.as_ref())
    }
}

fn day_value(metric: Metric, mut seen: Vec<Seen<'_>>) -> Option<DayValue> {
    // What is last does not depend on the order in which things arrived.
    seen.sort_unstable_by_key(|seen| (seen.reading.measured_at, seen.entry.entered_at, seen.entry.id));
    let entries = u16::try_from(seen.len()).unwrap_or(u16::MAX);
    let believed_least = seen.iter().map(|seen| seen.entry.origin).max()?;
    let plain = |value, origin| Some(DayValue { value, second: None, evening: None, origin, entries });
    let one_source = |amount: fn(&[Seen<'_>]) -> i64| {
        let best = seen.iter().map(|seen| seen.entry.origin).min()?;
        let mut sources: BTreeMap<_, Vec<Seen<'_>>> = BTreeMap::new();
        for seen in seen.iter().filter(|seen| seen.entry.origin == best) {
            sources.entry(seen.source()).or_default().push(*seen);
        }
        plain(sources.values().map(|seen| amount(seen)).max()?, best)
    };
    match metric.row().reduction {
        Reduction::MostOfOneSource => one_source(|seen| seen.iter().map(|seen| seen.reading.value).max().unwrap_or(0)),
        Reduction::SumOfOneSource => one_source(sum),
        Reduction::Sleep => one_source(slept),
        Reduction::Sum => plain(sum(&seen), believed_least),
        Reduction::Mean => plain(mean(&seen)?, believed_least),
        Reduction::Last => {
            let last = seen.last()?;
            plain(last.reading.value, last.entry.origin)
        }
        Reduction::EachKind => {
            let last: BTreeMap<_, _> =
                seen.iter().map(|seen| (seen.reading.kind.as_deref(), seen.reading.value)).collect();
            plain(last.values().sum(), believed_least)
        }
        Reduction::MorningAndEvening => {
            let (morning, evening): (Vec<_>, Vec<_>) =
                seen.iter().copied().partition(|seen| seen.reading.measured_at.civil().hour() < 12);
            let pair = |seen: &[Seen<'_>]| Some((mean(seen)?, second_mean(seen)?));
            let (morning, evening) = (pair(&morning), pair(&evening));
            let (value, second) = morning.or(evening)?;
            Some(DayValue { value, second: Some(second), evening, origin: believed_least, entries })
        }
    }
}

fn sum(seen: &[Seen<'_>]) -> i64 {
    seen.iter().map(|seen| seen.reading.value).sum()
}

fn mean(seen: &[Seen<'_>]) -> Option<i64> {
    mean_of(seen.iter().map(|seen| seen.reading.value))
}

fn second_mean(seen: &[Seen<'_>]) -> Option<i64> {
    mean_of(seen.iter().filter_map(|seen| seen.reading.second))
}

/// The mean of readings, half rounded away from zero.
pub(super) fn mean_of(values: impl Iterator<Item = i64>) -> Option<i64> {
    let (mut sum, mut count) = (0_i64, 0_i64);
    for value in values {
        sum += value;
        count += 1;
    }
    crate::decimal::Decimal::ratio(sum, count, 0).map(crate::decimal::Decimal::mantissa)
}

/// Minutes that were slept: each entry ends at its moment, and what two of them share is counted once.
fn slept(seen: &[Seen<'_>]) -> i64 {
    let mut spans: Vec<(i64, i64)> = seen
        .iter()
        .map(|seen| {
            let end = seen.reading.measured_at.epoch_seconds() / 60;
            (end - seen.reading.value, end)
        })
        .collect();
    spans.sort_unstable();
    let (mut minutes, mut until) = (0, i64::MIN);
    for (from, to) in spans {
        let from = from.max(until);
        minutes += (to - from).max(0);
        until = until.max(to);
    }
    minutes.min(1_440)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::lifelog::tests::{entry, reading};

    fn one(metric: Metric, entries: &[Entry]) -> DayValue {
        let days = days(metric, entries);
        assert_eq!(days.len(), 1, "{days:?}");
        *days.values().next().unwrap()
    }

    #[test]
    fn section_7_1_phone_and_watch_are_never_added() {
        let steps = |number, origin, device, value| {
            entry(number, origin, device, reading(Metric::Steps, "2026-11-20T21:00:00+09:00", value))
        };
        let all = [
            steps(1, Origin::Device, Some("phone"), 6_000),
            steps(2, Origin::Device, Some("watch"), 8_000),
            steps(3, Origin::Hand, None, 20_000),
        ];
        assert_eq!((one(Metric::Steps, &all).value, one(Metric::Steps, &all).origin), (8_000, Origin::Device));
        assert_eq!((one(Metric::Steps, &all[2..]).value, one(Metric::Steps, &all[2..]).origin), (20_000, Origin::Hand));
        let metres = |number, device, value| {
            entry(number, Origin::Device, Some(device), reading(Metric::Distance, "2026-11-20T21:00:00+09:00", value))
        };
        let all = [metres(1, "phone", 2_000), metres(2, "phone", 1_500), metres(3, "watch", 3_000)];
        assert_eq!(one(Metric::Distance, &all).value, 3_500);
    }

    #[test]
    fn section_7_1_a_day_is_one_of_japans_whatever_offset_it_was_sent_with() {
        let late = entry(1, Origin::Device, Some("w"), reading(Metric::Steps, "2026-11-19T15:00:00Z", 100));
        assert_eq!(days(Metric::Steps, &[late]).keys().copied().collect::<Vec<_>>(), [date(2026, 11, 20)]);
    }

    #[test]
    fn section_7_1_the_last_weight_of_a_day_counts_whenever_it_came() {
        let early = entry(1, Origin::Hand, None, reading(Metric::Weight, "2026-11-20T07:00:00+09:00", 601));
        let late = entry(2, Origin::Device, Some("s"), reading(Metric::Weight, "2026-11-20T22:00:00+09:00", 604));
        for all in [[early.clone(), late.clone()], [late, early]] {
            assert_eq!((one(Metric::Weight, &all).value, one(Metric::Weight, &all).origin), (604, Origin::Device));
        }
    }

    #[test]
    fn section_7_1_blood_pressure_has_a_morning_and_an_evening() {
        let pair = |number, moment, value, second| {
            let reading = Reading { second: Some(second), ..reading(Metric::BloodPressure, moment, value) };
            entry(number, Origin::Hand, None, reading)
        };
        let all = [
            pair(1, "2026-11-20T07:00:00+09:00", 130, 80),
            pair(2, "2026-11-20T07:05:00+09:00", 135, 85),
            pair(3, "2026-11-20T21:00:00+09:00", 120, 70),
        ];
        let day = one(Metric::BloodPressure, &all);
        assert_eq!((day.value, day.second, day.evening), (133, Some(83), Some((120, 70))), "half is rounded up");
        let evening = one(Metric::BloodPressure, &all[2..]);
        assert_eq!((evening.value, evening.second), (120, Some(70)));
    }

    #[test]
    fn section_7_1_sleep_that_overlaps_is_counted_once_and_belongs_to_the_day_of_waking() {
        let sleep = |number, end, minutes| entry(number, Origin::Hand, None, reading(Metric::Sleep, end, minutes));
        let all = [
            sleep(1, "2026-11-20T06:00:00+09:00", 420),
            sleep(2, "2026-11-20T07:00:00+09:00", 120),
            sleep(3, "2026-11-20T14:00:00+09:00", 30),
        ];
        assert_eq!(one(Metric::Sleep, &all).value, 420 + 60 + 30);
    }

    #[test]
    fn section_7_1_meals_are_counted_by_kind_and_a_deleted_entry_says_nothing() {
        let meal = |number, kind: &str, value| {
            let reading =
                Reading { kind: Some(kind.into()), ..reading(Metric::Meal, "2026-11-20T12:00:00+09:00", value) };
            entry(number, Origin::Hand, None, reading)
        };
        let mut all = vec![meal(1, "breakfast", 0), meal(2, "lunch", 1), meal(3, "dinner", 1), meal(4, "dinner", 1)];
        assert_eq!((one(Metric::Meal, &all).value, one(Metric::Meal, &all).entries), (2, 4));
        all[1].reading = None;
        assert_eq!(one(Metric::Meal, &all).value, 1);
    }

    proptest! {
        #[test]
        fn a_day_does_not_depend_on_the_order_of_arrival(
            readings in proptest::collection::vec((0_i64..1_440, 0_i64..1_440, 0_u8..3, 0_u8..3), 1..12), seed in any::<u64>(),
        ) {
            let all: Vec<Entry> = (0_u8..).zip(&readings).map(|(number, (minute, value, origin, device))| {
                let moment = format!("2026-11-20T{:02}:{:02}:00+09:00", minute / 60, minute % 60);
                let origin = [Origin::Device, Origin::Import, Origin::Hand][usize::from(*origin)];
                entry(number, origin, Some(["a", "b", "c"][usize::from(*device)]), reading(Metric::Steps, &moment, *value))
            }).collect();
            let mut other = all.clone();
            let turn = usize::try_from(seed % 12).unwrap() % other.len();
            other.rotate_left(turn);
            let again = |metric: Metric, entries: &[Entry]| {
                let entries: Vec<Entry> = entries.iter().cloned().map(|mut entry| {
                    if let Some(reading) = &mut entry.reading { reading.metric = metric; }
                    entry
                }).collect();
                days(metric, &entries)
            };
            for metric in [Metric::Steps, Metric::Distance, Metric::Weight, Metric::Pulse, Metric::Sleep, Metric::Smoking] {
                prop_assert_eq!(again(metric, &all), again(metric, &other), "{:?}", metric);
            }
        }
    }
}
