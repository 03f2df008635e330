//! When somebody is reminded of a deadline (期限): at steps before it, and when it is missed. Which steps there are is the deadline's own business; that they come once
//! each, in their order, and that a gap costs no more than what lay in it, is everybody's.

use serde::{Deserialize, Serialize};

use crate::time::Jst;

/// The steps before a deadline, in hours, the earliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps(pub &'static [i64]);

/// How near a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// So many hours are left, or fewer.
    Hours(i64),
    /// None is.
    Missed,
}

impl Steps {
    /// The last step that `now` has reached, with its number from 1 on; `None` before the first one. Whoever was reminded of a step is reminded of no earlier one: after a
    /// gap the steps in it are one reminder.
    #[must_use]
    pub fn reached(self, due: Jst, now: Jst) -> Option<(u8, Nearness)> {
        if now >= due {
            return Some((u8::try_from(self.0.len() + 1).unwrap_or(u8::MAX), Nearness::Missed));
        }
        let reached = |(_, hours): &(usize, &i64)| now >= due.plus_seconds(-3_600 * **hours);
        let (at, hours) = self.0.iter().enumerate().rfind(reached)?;
        Some((u8::try_from(at + 1).unwrap_or(u8::MAX), Nearness::Hours(*hours)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEPS: Steps = Steps(&[24, 6, 1]);

    #[test]
    fn r29_a_step_is_reached_at_its_hour_and_the_end_is_missed_at_its_moment() {
        let due: Jst = "2026-04-04T09:00:00+09:00".parse().unwrap();
        let at = |seconds: i64| STEPS.reached(due, due.plus_seconds(seconds));
        assert_eq!(at(-86_401), None);
        assert_eq!(at(-86_400), Some((1, Nearness::Hours(24))));
        assert_eq!(at(-6 * 3_600), Some((2, Nearness::Hours(6))));
        assert_eq!(at(-3_600), Some((3, Nearness::Hours(1))));
        assert_eq!(at(-1), Some((3, Nearness::Hours(1))));
        assert_eq!(at(0), Some((4, Nearness::Missed)));
    }

    proptest! {
        #[test]
        fn r29_nearer_is_never_an_earlier_step(first in -200_000_i64..10_000, more in 0_i64..200_000) {
            let due: Jst = "2026-04-04T09:00:00+09:00".parse().unwrap();
            let step = |seconds| STEPS.reached(due, due.plus_seconds(seconds)).map_or(0, |(step, _)| step);
            prop_assert!(step(first) <= step(first + more));
        }
    }
}
