//! JSON numbers as the decimals they are written as, without rounding.

use std::borrow::Cow;
use std::cmp::Ordering;

use jsonschema::json::JsonNumber;

/// A number of a payload, by its text.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a>(pub &'a str);

impl JsonNumber for Number<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// `None` beyond the range of `f64`, which then counts as larger than any limit.
    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(serde_json::from_str(self.0).unwrap_or_else(|_| 0.into()))
    }

    fn is_integer(&self) -> bool {
        is_written_plainly(self.0) || Decimal::read(self.0).is_integer()
    }

    /// API Gateway's models take `1.0` for an integer.
    fn is_written_as_integer(&self) -> bool {
        self.is_integer()
    }
}

/// Whether a number is written with neither fraction nor exponent.
fn is_written_plainly(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// A decimal in the one form that equal numbers share: `digits` × 10^`exponent`, without zeros at either end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// ASCII digits; none for zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number. An exponent beyond 64 bits counts as the largest one.
    pub fn read(text: &str) -> Self {
        let negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (mantissa, written) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let saturated = if written.starts_with('-') { i64::MIN } else { i64::MAX };
        let written: i64 = written.parse().unwrap_or(saturated);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = String::with_capacity(mantissa.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        let all = digits.len();
        let significant = digits.trim_end_matches('0').len();
        digits.truncate(significant);
        let digits = digits.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0 };
        }
        let zeros = i64::try_from(all.saturating_sub(significant)).unwrap_or(i64::MAX);
        let decimals = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        Self { negative, digits, exponent: written.saturating_add(zeros).saturating_sub(decimals) }
    }

    /// Whether it has no fractional part.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// Whether it is a whole multiple of `unit`; `None` where that takes too many digits to tell.
    pub fn is_multiple_of(&self, unit: &Self) -> Option<bool> {
        if self.digits.is_empty() {
            return Some(true);
        }
        // The last digit is no zero, so it stands below every multiple's.
        if self.exponent < unit.exponent {
            return Some(false);
        }
        let (value, unit) = (self.scaled(unit.exponent)?, unit.scaled(unit.exponent)?);
        value.checked_rem(unit).map(|rest| rest == 0)
    }

    /// The number in units of 10^`exponent`, which is not above its own; the sign is left out.
    fn scaled(&self, exponent: i64) -> Option<u128> {
        let zeros = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.digits.parse::<u128>().ok()?.checked_mul(10_u128.checked_pow(zeros)?)
    }

    /// Decimal places of the first digit, counted from the point; larger is larger.
    fn magnitude(&self) -> i64 {
        self.exponent.saturating_add(i64::try_from(self.digits.len()).unwrap_or(i64::MAX))
    }

    fn cmp_absolute(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // From the same first place on, digits compare as text does.
            (false, false) => {
                self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.as_str().cmp(&other.digits))
            }
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_absolute(other),
            (true, true) => other.cmp_absolute(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_have_one_form() {
        for (one, other) in [("1", "1.0"), ("1e2", "100"), ("-0", "0.00"), ("0.10e-1", "0.01"), ("12.50", "1.25e+1")] {
            assert_eq!(Decimal::read(one), Decimal::read(other), "{one} {other}");
        }
        for (one, other) in [("1", "-1"), ("1", "10"), ("0.30000000000000001", "0.3"), ("1e400", "1e401")] {
            assert_ne!(Decimal::read(one), Decimal::read(other), "{one} {other}");
        }
    }

    #[test]
    fn order() {
        let sorted = ["-1e400", "-10", "-9.5", "-0.1", "0", "1e-400", "0.1", "0.11", "2", "10", "10.5", "1e400"];
        for pair in sorted.windows(2) {
            if let [less, more] = pair {
                assert!(Decimal::read(less) < Decimal::read(more), "{less} {more}");
            }
        }
    }

    #[test]
    fn integers() {
        for (text, expected) in [("1.0", true), ("1e2", true), ("1.5e1", true), ("1.5", false), ("1e-2", false)] {
            assert_eq!(Number(text).is_integer(), expected, "{text}");
        }
    }

    #[test]
    fn multiples() {
        for (value, unit, expected) in [
            ("7", "2", Some(false)),
            ("-8", "2", Some(true)),
            ("0.0075", "0.0001", Some(true)),
            ("0.00751", "0.0001", Some(false)),
            ("4.5", "1.5", Some(true)),
            ("0", "3", Some(true)),
            ("1e-2170957809", "0.5", Some(false)),
            ("214.509066666666666666666666666666666666666666", "0.5", Some(false)),
            ("1e300", "7", None),
        ] {
            assert_eq!(Decimal::read(value).is_multiple_of(&Decimal::read(unit)), expected, "{value} {unit}");
        }
    }
}
