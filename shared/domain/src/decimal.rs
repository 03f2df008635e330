//! Decimal numbers as laboratories write them. A value is compared with a table of criteria digit for digit, so it never
//! becomes a binary float: it is a whole number and the count of its decimals.

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The most digits that are read; more is no measurement.
const MOST_DIGITS: usize = 15;

/// A decimal number that remembers how many decimals it was written with: `5.60` and `5.6` are equal, and read back as
/// they were written.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// The text is not a plain decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct NotADecimal;

/// Room for the text of any [`Decimal`].
pub type DecimalText = [u8; 40];

impl Decimal {
    /// `mantissa` × 10^-`scale`.
    #[must_use]
    pub const fn new(mantissa: i64, scale: u8) -> Self {
        Self { mantissa, scale }
    }

    /// Reads `-?[0-9]+(\.[0-9]+)?` of at most 15 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mut mantissa: i64 = 0;
        let mut point = None;
        for (at, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
                b'.' if point.is_none() && at > 0 => point = Some(at),
                _ => return None,
            }
            if at > MOST_DIGITS {
                return None;
            }
        }
        let decimals = match point {
            Some(at) => digits.len() - at - 1,
            None if digits.is_empty() => return None,
            None => 0,
        };
        if point.is_some() && decimals == 0 {
            return None;
        }
        let scale = u8::try_from(decimals).ok()?;
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// The digits without their point.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// How many of the digits are decimals.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The value with exactly `places` decimals, half rounded away from zero (四捨五入). Negative places round to tens and hundreds.
    #[must_use]
    pub fn rounded(self, places: i8) -> Self {
        let scale = u8::try_from(places).unwrap_or(0);
        let drop = i16::from(self.scale) - i16::from(places);
        if drop == 0 && places >= 0 {
            return self;
        }
        if drop <= 0 {
            let more = u32::from(drop.unsigned_abs());
            return match 10_i64.checked_pow(more).and_then(|power| self.mantissa.checked_mul(power)) {
                Some(mantissa) => Self { mantissa, scale },
                None => self,
            };
        }
        let Some(power) = 10_i64.checked_pow(u32::from(drop.unsigned_abs())) else {
            return Self { mantissa: 0, scale };
        };
        let kept = divided(self.mantissa, power);
        let tens = 10_i64.pow(u32::from(places.min(0).unsigned_abs()));
        Self { mantissa: kept.saturating_mul(tens), scale }
    }

    /// The value × 10^`power`, exactly.
    #[must_use]
    pub fn shifted(self, power: i8) -> Self {
        let scale = i16::from(self.scale) - i16::from(power);
        if let Ok(scale) = u8::try_from(scale) {
            return Self { mantissa: self.mantissa, scale };
        }
        let tens = 10_i64.saturating_pow(u32::from(scale.unsigned_abs()));
        Self { mantissa: self.mantissa.saturating_mul(tens), scale: 0 }
    }

    /// The product, with all its decimals as far as there is room; `None` for one that is too large.
    #[must_use]
    pub fn times(self, factor: Self) -> Option<Self> {
        let mut product = i128::from(self.mantissa) * i128::from(factor.mantissa);
        let mut scale = self.scale.checked_add(factor.scale)?;
        while scale > 0 && i64::try_from(product).is_err() {
            product /= 10;
            scale -= 1;
        }
        i64::try_from(product).ok().map(|mantissa| Self { mantissa, scale })
    }

    /// `numerator` / `denominator` with `places` decimals, half rounded away from zero; `None` for a denominator that is
    /// not positive or a result too large.
    #[must_use]
    pub fn ratio(numerator: i64, denominator: i64, places: u8) -> Option<Self> {
        let numerator = numerator.checked_mul(10_i64.checked_pow(u32::from(places))?)?;
        (denominator > 0).then(|| Self { mantissa: divided(numerator, denominator), scale: places })
    }

    /// The text of the number, in `buffer`.
    #[must_use]
    pub fn text(self, buffer: &mut DecimalText) -> &str {
        let mut at = buffer.len();
        let mut left = self.mantissa.unsigned_abs();
        let mut digits = 0_u8;
        loop {
            if digits == self.scale && digits > 0 {
                at -= 1;
                buffer[at] = b'.';
            }
            at -= 1;
            buffer[at] = b"0123456789"[usize::try_from(left % 10).unwrap_or(0)];
            left /= 10;
            digits += 1;
            if (left == 0 && digits > self.scale) || at < 3 {
                break;
            }
        }
        if self.mantissa < 0 {
            at -= 1;
            buffer[at] = b'-';
        }
        std::str::from_utf8(&buffer[at..]).unwrap_or_default()
    }
}

/// `numerator` / `denominator` (positive), half rounded away from zero.
fn divided(numerator: i64, denominator: i64) -> i64 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    if rest.unsigned_abs() >= denominator.unsigned_abs().div_ceil(2) { quotient + numerator.signum() } else { quotient }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        let wide = |number: &Self, by: u8| i128::from(number.mantissa) * 10_i128.pow(u32::from(by.min(19)));
        wide(self, other.scale.saturating_sub(self.scale)).cmp(&wide(other, self.scale.saturating_sub(other.scale)))
    }
}
impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Decimal {}
impl hash::Hash for Decimal {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let (mut mantissa, mut scale) = (self.mantissa, self.scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        (mantissa, scale).hash(state);
    }
}
impl From<u8> for Decimal {
    fn from(number: u8) -> Self {
        Self { mantissa: number.into(), scale: 0 }
    }
}
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text(&mut [0; 40]))
    }
}
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        Self::parse(text).ok_or(NotADecimal)
    }
}
impl Serialize for Decimal {
    /// As a string: a JSON number would lose its decimals.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; 40]))
    }
}
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_keep_their_decimals() {
        for text in ["0", "5", "5.60", "-10", "0.05", "171.9", "-0.5", "999999999999.999"] {
            assert_eq!(dec(text).to_string(), text);
        }
        for text in ["", "-", ".", ".5", "5.", "1.2.3", "1e5", "+5", "１", "1,000", "12345678901234567"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn halves_are_rounded_up() {
        for (text, places, expected) in [
            ("24.95", 1, "25.0"),
            ("24.949", 1, "24.9"),
            ("5.55", 1, "5.6"),
            ("0.005", 2, "0.01"),
            ("-2.5", 0, "-3"),
            ("5", 2, "5.00"),
            ("8450", -2, "8500"),
            ("8449", -2, "8400"),
            ("49", -2, "0"),
        ] {
            assert_eq!(dec(text).rounded(places).to_string(), expected, "{text} to {places} places");
        }
    }

    #[test]
    fn the_point_moves_without_loss() {
        assert_eq!(dec("4.50").shifted(2).to_string(), "450");
        assert_eq!(dec("5.6").shifted(3).to_string(), "5600");
        assert_eq!(dec("234").shifted(-1).to_string(), "23.4");
    }

    proptest! {
        #[test]
        fn any_number_reads_back_as_written(mantissa in -999_999_999_i64..999_999_999, scale in 0_u8..6) {
            let number = Decimal::new(mantissa, scale);
            let back = dec(&number.to_string());
            prop_assert_eq!((back.mantissa(), back.scale()), (mantissa, scale));
        }

        #[test]
        fn order_does_not_depend_on_the_number_of_decimals(a in -99_999_i64..99_999, b in -99_999_i64..99_999, more in 0_i8..4) {
            let (a, b) = (Decimal::new(a, 2), Decimal::new(b, 2));
            prop_assert_eq!(a.rounded(2 + more).cmp(&b), a.cmp(&b));
            prop_assert_eq!(a.cmp(&b.rounded(2 + more)), a.cmp(&b));
        }

        #[test]
        fn rounding_moves_a_number_by_half_a_place_at_most(mantissa in -9_999_999_i64..9_999_999, places in 0_i8..4) {
            let rounded = Decimal::new(mantissa, 4).rounded(places).rounded(4).mantissa();
            let place = 10_i64.pow(u32::from((4 - places).unsigned_abs()));
            prop_assert!((rounded - mantissa).abs() * 2 <= place);
        }

        #[test]
        fn no_text_upsets_the_reader(text in "[-0-9.]{0,20}") {
            if let Some(number) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(&number.to_string()), Some(number));
            }
        }
    }
}
