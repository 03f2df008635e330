//! Limits that a value reaches or not, and what cannot be told: a number that is only bounded, a value that is missing.

use super::value::{Comparator, Value};
use crate::decimal::Decimal;

/// On which side of a limit something begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At the limit or above it (以上).
    AtLeast,
    /// At the limit or below it (以下).
    AtMost,
    /// Below the limit (未満).
    Below,
}

/// A limit of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The side.
    pub side: Side,
    /// The limit, in the item's unit; the number of an ordered code.
    pub at: Decimal,
}

/// What is known of something that is or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It cannot be told.
    Open,
}

impl Known {
    /// Of something that is certain.
    #[must_use]
    pub const fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }

    /// Whether one of both is.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Open,
        }
    }

    /// What it may be.
    pub(super) fn possible(self) -> impl Iterator<Item = bool> + Clone {
        let (yes, no) = match self {
            Self::Yes => (true, false),
            Self::No => (false, true),
            Self::Open => (true, true),
        };
        [(yes, true), (no, false)].into_iter().filter(|(may, _)| *may).map(|(_, is)| is)
    }

    /// The answer, where there is one.
    #[must_use]
    pub const fn certain(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Open => None,
        }
    }
}

/// A limit as tables have it: `hundredths` of the unit.
pub(super) const fn limit(side: Side, hundredths: i64) -> Limit {
    Limit { side, at: Decimal::new(hundredths, 2) }
}

impl Limit {
    /// Whether `value` reaches it. Values stand in the item's decimals already, so that nothing is rounded here.
    #[must_use]
    pub fn reached(self, value: Option<&Value>) -> Known {
        match value {
            Some(Value::Number(comparator, number)) => self.by(*comparator, *number),
            Some(Value::Ordered(code)) => self.by(Comparator::Exact, (*code).into()),
            _ => Known::Open,
        }
    }

    fn by(self, comparator: Comparator, number: Decimal) -> Known {
        let within = |number: Decimal| match self.side {
            Side::AtLeast => number >= self.at,
            Side::AtMost => number <= self.at,
            Side::Below => number < self.at,
        };
        // Where a number is only bounded, all that lies beyond the bound is within, or none of it is, or both may be.
        let low = matches!(self.side, Side::AtMost | Side::Below);
        match comparator {
            Comparator::Exact => Known::of(within(number)),
            Comparator::Below | Comparator::AtMost if low => {
                let all = within(number) || (comparator == Comparator::Below && number <= self.at);
                if all { Known::Yes } else { Known::Open }
            }
            Comparator::AtLeast | Comparator::Above if !low => {
                if within(number) {
                    Known::Yes
                } else {
                    Known::Open
                }
            }
            Comparator::Below if number <= self.at => Known::No,
            Comparator::AtMost | Comparator::AtLeast if !within(number) => Known::No,
            Comparator::Above if number >= self.at => Known::No,
            _ => Known::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMPARATORS: [Comparator; 5] =
        [Comparator::Exact, Comparator::Below, Comparator::AtMost, Comparator::AtLeast, Comparator::Above];

    fn holds(comparator: Comparator, number: i64, bound: i64) -> bool {
        match comparator {
            Comparator::Exact => number == bound,
            Comparator::Below => number < bound,
            Comparator::AtMost => number <= bound,
            Comparator::AtLeast => number >= bound,
            Comparator::Above => number > bound,
        }
    }

    proptest! {
        /// Whole numbers around a limit of 50, by trying all that a bounded one may be.
        #[test]
        fn what_is_told_of_a_bounded_number_holds_for_all_that_it_may_be(bound in 40_i64..60, which in 0_usize..5, side in 0_usize..3) {
            let comparator = COMPARATORS[which];
            let side = [Side::AtLeast, Side::AtMost, Side::Below][side];
            let reaches = |number: i64| match side {
                Side::AtLeast => number >= 50,
                Side::AtMost => number <= 50,
                Side::Below => number < 50,
            };
            let all: Vec<bool> = (0..100).filter(|&number| holds(comparator, number, bound)).map(reaches).collect();
            let told = limit(side, 5000).reached(Some(&Value::Number(comparator, Decimal::new(bound, 0))));
            match told {
                Known::Yes => prop_assert!(all.iter().all(|&is| is)),
                Known::No => prop_assert!(all.iter().all(|&is| !is)),
                // Only where a step of the table lies between the two may it be left open although it is clear.
                Known::Open => prop_assert!(all.contains(&true) && all.contains(&false) || (bound - 50).abs() <= 1),
            }
        }
    }

    #[test]
    fn nothing_reaches_nothing() {
        assert_eq!(limit(Side::AtLeast, 100).reached(None), Known::Open);
        assert_eq!(Known::Open.or(Known::Yes), Known::Yes);
        assert_eq!(Known::Open.or(Known::No), Known::Open);
    }
}
