//! Availability (稼働率, R-38): what the canary found every five minutes, as a figure per month of Japan. Time of which nothing is known is shown as that, never as time in
//! which the service was there; and no figure is rounded up.

use crate::time::{Jst, Month};

/// Minutes between two looks.
pub const SLOT_MINUTES: u32 = 5;

impl Month {
    /// How many looks there could have been in it by `now`: whole slots that are over.
    #[must_use]
    pub fn slots_by(self, now: Jst) -> u32 {
        let begins = Jst::start_of(self.first_day()).epoch_seconds();
        let ends = Jst::end_of(self.last_day()).epoch_seconds();
        let seconds = now.epoch_seconds().clamp(begins, ends) - begins;
        u32::try_from(seconds / i64::from(SLOT_MINUTES * 60)).unwrap_or(0)
    }
}

/// The slot of a day that a moment lies in, as it is called in an item: `t0905` begins at 9:05.
#[must_use]
pub fn slot_name(at: Jst) -> String {
    let time = at.civil();
    let step = i8::try_from(SLOT_MINUTES).unwrap_or(1);
    format!("t{:02}{:02}", time.hour(), time.minute() / step * step)
}

/// Whether a name is a slot's.
#[must_use]
pub fn is_slot_name(name: &str) -> bool {
    name.strip_prefix('t').is_some_and(|time| time.len() == 4 && time.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How many looks found the service there, and how many did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// It answered.
    pub up: u32,
    /// It did not.
    pub down: u32,
}

/// What a month came to so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Minutes of the month that are over.
    pub minutes: u32,
    /// In which it answered.
    pub up: u32,
    /// In which it did not.
    pub down: u32,
    /// Of which nothing is known.
    pub unknown: u32,
    /// Of the known time, with three decimals, rounded down: `99.987`. None where nothing is known.
    pub percentage: Option<String>,
}

impl Availability {
    /// A month's figure, of what was found in it by `now`.
    #[must_use]
    pub fn of(month: Month, now: Jst, tally: Tally) -> Self {
        let Tally { up, down } = tally;
        let known = up + down;
        // The look of the slot that is under way counts already.
        let slots = month.slots_by(now).max(known);
        let percentage = (known > 0).then(|| {
            let thousandths = u64::from(up) * 100_000 / u64::from(known);
            format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
        });
        let [minutes, up, down, unknown] = [slots, up, down, slots - known].map(|slots| slots * SLOT_MINUTES);
        Self { minutes, up, down, unknown, percentage }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::time::NotAMonth;

    /// Looks in a day.
    const SLOTS_A_DAY: u32 = 24 * 60 / SLOT_MINUTES;

    fn at(text: &str) -> Jst {
        text.parse().unwrap()
    }

    #[test]
    fn r38_a_month_is_japans() {
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!((month.to_string().as_str(), month.first_day()), ("2026-11", date(2026, 11, 1)));
        assert_eq!(month.slots_by(at("2026-10-31T14:59:59Z")), 0);
        assert_eq!(month.slots_by(at("2026-10-31T15:05:00Z")), 1, "0:05 in Japan");
        assert_eq!(month.slots_by(at("2027-01-01T00:00:00Z")), 30 * SLOTS_A_DAY);
        for text in ["2026-13", "2026-1", "26-11", "2026-11-01", "２０２６-11", ""] {
            assert_eq!(text.parse::<Month>(), Err(NotAMonth), "{text}");
        }
    }

    #[test]
    fn r38_time_of_which_nothing_is_known_is_not_time_in_which_it_was_there() {
        let month: Month = "2026-11".parse().unwrap();
        let now = at("2026-11-02T00:00:00+09:00");
        let found = Availability::of(month, now, Tally { up: 199, down: 1 });
        assert_eq!((found.minutes, found.up, found.down, found.unknown), (1_440, 995, 5, 440));
        assert_eq!(found.percentage.as_deref(), Some("99.500"));
        assert_eq!(Availability::of(month, now, Tally::default()).percentage, None);
    }

    #[test]
    fn r38_a_figure_is_not_rounded_up() {
        let month: Month = "2026-11".parse().unwrap();
        let now = at("2026-12-01T00:00:00+09:00");
        let found = Availability::of(month, now, Tally { up: 8_639, down: 1 });
        assert_eq!(found.percentage.as_deref(), Some("99.988"), "99.98842…");
        let all = Availability::of(month, now, Tally { up: 8_640, down: 0 });
        assert_eq!(all.percentage.as_deref(), Some("100.000"));
    }

    #[test]
    fn r38_a_slot_is_called_by_when_it_begins() {
        assert_eq!(slot_name(at("2026-11-01T09:07:59+09:00")), "t0905");
        assert_eq!(slot_name(at("2026-10-31T15:00:00Z")), "t0000");
        assert!(is_slot_name("t2355") && !is_slot_name("tenant") && !is_slot_name("0905"));
    }

    proptest! {
        #[test]
        fn r38_the_minutes_of_a_month_add_up(up in 0_u32..9_000, down in 0_u32..9_000, minute in 0_i64..50_000) {
            let month: Month = "2026-11".parse().unwrap();
            let now = Jst::start_of(month.first_day()).plus_seconds(minute * 60);
            let found = Availability::of(month, now, Tally { up, down });
            prop_assert_eq!(found.up + found.down + found.unknown, found.minutes);
            prop_assert_eq!(found.percentage.is_some(), up + down > 0);
        }
    }
}
