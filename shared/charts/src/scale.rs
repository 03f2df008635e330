//! Axes: which numbers stand beside one, and where a value lies between them.

/// An axis from its lowest to its highest tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
}

/// How many steps an axis has about.
const STEPS: f64 = 5.0;
/// What no axis goes beyond: the span of two such values, and a step more, are still numbers.
const LARGEST: f64 = 1e300;

impl Scale {
    /// An axis with round ticks that holds everything from `low` to `high`.
    pub(crate) fn around(low: f64, high: f64) -> Self {
        let (low, high) = if low.is_finite() && high.is_finite() && low <= high { (low, high) } else { (0.0, 1.0) };
        let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
        let span = if high - low > 0.0 { high - low } else { high.abs().max(1.0) };
        let rough = span / STEPS;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * magnitude >= rough).unwrap_or(10.0);
        let step = round * magnitude;
        let (first, last) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low: first, high: if last > first { last } else { first + step }, step }
    }

    /// Where a value lies: 0 at the low end, 1 at the high one; never outside.
    pub(crate) fn place(self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The ticks, from low to high.
    pub(crate) fn ticks(self) -> impl Iterator<Item = f64> {
        let count = ((self.high - self.low) / self.step).round().clamp(1.0, 50.0);
        (0_u8..=50).map(f64::from).take_while(move |at| *at <= count).map(move |at| self.low + at * self.step)
    }

    /// A tick as it is written.
    pub(crate) fn label(self, tick: f64) -> String {
        // As many decimals as the step has; a step of 0.0999… is one of 0.1.
        let decimals = (0_u8..6).find(|decimals| self.step * 10_f64.powi((*decimals).into()) > 0.99).unwrap_or(6);
        let decimals = usize::from(decimals);
        let text = format!("{tick:.decimals$}");
        if text.trim_start_matches(['-', '0', '.']).is_empty() { text.trim_start_matches('-').to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(low: f64, high: f64) -> Vec<String> {
        let scale = Scale::around(low, high);
        scale.ticks().map(|tick| scale.label(tick)).collect()
    }

    #[test]
    fn an_axis_of_the_largest_numbers_has_an_end() {
        for (low, high) in [(-1.58e308, -1.58e308), (f64::MIN, f64::MAX), (f64::MAX, f64::MAX)] {
            let scale = Scale::around(low, high);
            assert!(scale.low.is_finite() && scale.high.is_finite() && scale.low < scale.high, "{scale:?}");
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(118.0, 164.0), ["110", "120", "130", "140", "150", "160", "170"]);
        assert_eq!(labels(5.2, 6.9), ["5.0", "5.5", "6.0", "6.5", "7.0"]);
        assert_eq!(labels(0.0, 0.0), ["0.0", "0.2"]);
        assert_eq!(labels(f64::NAN, 1.0), labels(0.0, 1.0));
    }

    proptest! {
        #[test]
        fn every_value_lies_on_its_axis(low in -1e6_f64..1e6, span in 0.0_f64..1e6) {
            let scale = Scale::around(low, low + span);
            prop_assert!(scale.low <= low && low + span <= scale.high + span * 1e-9);
            prop_assert!(scale.ticks().count() <= 51);
            for value in [low, low + span, low + span / 3.0] {
                prop_assert!((0.0..=1.0).contains(&scale.place(value)));
            }
        }
    }
}
