//! `java.math.BigDecimal`: an integer and a power of ten.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};

use super::NumberError;
use crate::limits::MAX_NUMBER_DIGITS;

/// `unscaled × 10^-scale`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub unscaled: BigInt,
    pub scale: i32,
}

impl Decimal {
    /// Text of a JSON number, or of a Java floating point literal.
    pub(crate) fn parse(text: &str) -> Result<Self, NumberError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NumberError::Format)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: String = [whole, fraction].concat();
        check_digits(u64::try_from(digits.len()).unwrap_or(u64::MAX))?;
        let unscaled = digits.parse::<BigInt>().map_err(|_| NumberError::Format)?;
        let scale = i32::try_from(fraction.len()).ok().and_then(|n| n.checked_sub(exponent));
        Ok(Self { unscaled, scale: scale.ok_or(NumberError::Format)? })
    }

    pub(crate) fn from_int(value: &BigInt) -> Self {
        Self { unscaled: value.clone(), scale: 0 }
    }

    /// The exact value of a double, as `new BigDecimal(double)`. `None` for infinities and NaN.
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let bits = value.to_bits();
        let exponent = i32::try_from(bits.wrapping_shr(52) & 0x7FF).unwrap_or(0);
        let fraction = bits & 0x000F_FFFF_FFFF_FFFF;
        let (mut mantissa, mut power) = if exponent == 0 {
            (fraction, -1074_i32)
        } else {
            (fraction | 0x0010_0000_0000_0000, exponent.saturating_sub(1075))
        };
        if mantissa == 0 {
            return Some(Self { unscaled: BigInt::zero(), scale: 0 });
        }
        while mantissa & 1 == 0 {
            mantissa = mantissa.wrapping_shr(1);
            power = power.saturating_add(1);
        }
        let magnitude = BigInt::from(mantissa);
        let (magnitude, scale) = if power >= 0 {
            (magnitude.checked_mul(&power_of(2, power.unsigned_abs()))?, 0)
        } else {
            // Divided by 2^n is multiplied by 5^n, n digits further right.
            (magnitude.checked_mul(&power_of(5, power.unsigned_abs()))?, power.saturating_neg())
        };
        let unscaled = if value.is_sign_negative() { BigInt::zero().checked_sub(&magnitude)? } else { magnitude };
        Some(Self { unscaled, scale })
    }

    /// The nearest double.
    pub(crate) fn to_f64(&self) -> f64 {
        let exponent = i64::from(self.scale).saturating_neg();
        format!("{}e{exponent}", self.unscaled).parse().unwrap_or(f64::NAN)
    }

    /// The whole part.
    pub(crate) fn to_int(&self) -> Result<BigInt, NumberError> {
        Ok(self.with_scale_down(0)?.unscaled)
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.unscaled.is_zero()
    }

    /// Digits of the unscaled value.
    pub(crate) fn precision(&self) -> u64 {
        u64::try_from(self.unscaled.magnitude().to_string().len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn add(&self, other: &Self) -> Result<Self, NumberError> {
        let (a, b, scale) = self.aligned(other)?;
        Ok(Self { unscaled: a.checked_add(&b).ok_or(NumberError::Digits)?, scale })
    }

    pub(crate) fn subtract(&self, other: &Self) -> Result<Self, NumberError> {
        let (a, b, scale) = self.aligned(other)?;
        Ok(Self { unscaled: a.checked_sub(&b).ok_or(NumberError::Digits)?, scale })
    }

    pub(crate) fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        check_digits(self.precision().saturating_add(other.precision()))?;
        let unscaled = self.unscaled.checked_mul(&other.unscaled).ok_or(NumberError::Digits)?;
        let scale = self.scale.checked_add(other.scale).ok_or(NumberError::Format)?;
        Ok(Self { unscaled, scale })
    }

    /// `divide(other, ROUND_HALF_DOWN)`: the scale of `self` is kept.
    pub(crate) fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        // a·10^-s / (b·10^-t) = (a·10^t / b)·10^-s, and a negative t goes to the other side.
        let places = u64::from(other.scale.unsigned_abs());
        let factor = power_of_ten(places)?;
        let (mut dividend, mut divisor) = (self.unscaled.clone(), other.unscaled.clone());
        let scaled = if other.scale >= 0 { &mut dividend } else { &mut divisor };
        *scaled = scaled.checked_mul(&factor).ok_or(NumberError::Digits)?;
        let quotient = dividend.checked_div(&divisor).ok_or(NumberError::Format)?;
        let product = quotient.checked_mul(&divisor).ok_or(NumberError::Digits)?;
        let remainder = dividend.checked_sub(&product).ok_or(NumberError::Digits)?;
        let twice = remainder.abs().checked_mul(&BigInt::from(2)).ok_or(NumberError::Digits)?;
        let mut unscaled = quotient;
        if twice > divisor.abs() {
            let away = if (dividend.sign() == Sign::Minus) == (divisor.sign() == Sign::Minus) { 1 } else { -1 };
            unscaled = unscaled.checked_add(&BigInt::from(away)).ok_or(NumberError::Digits)?;
        }
        Ok(Self { unscaled, scale: self.scale })
    }

    pub(crate) fn compare(&self, other: &Self) -> Result<Ordering, NumberError> {
        let signs = self.unscaled.sign().cmp(&other.unscaled.sign());
        if signs != Ordering::Equal || self.is_zero() {
            return Ok(signs);
        }
        // The place of the first digit decides without writing out 1e1000000.
        let magnitude = |d: &Self| i128::from(d.precision()).saturating_sub(i128::from(d.scale));
        let by_size = magnitude(self).cmp(&magnitude(other));
        let ordering = if by_size == Ordering::Equal {
            let (a, b, _) = self.aligned(other)?;
            return Ok(a.cmp(&b));
        } else {
            by_size
        };
        Ok(if self.unscaled.sign() == Sign::Minus { ordering.reverse() } else { ordering })
    }

    /// Both unscaled values at the larger scale.
    fn aligned(&self, other: &Self) -> Result<(BigInt, BigInt, i32), NumberError> {
        let scale = self.scale.max(other.scale);
        Ok((self.unscaled_at(scale)?, other.unscaled_at(scale)?, scale))
    }

    fn unscaled_at(&self, scale: i32) -> Result<BigInt, NumberError> {
        let places = u64::try_from(i64::from(scale).saturating_sub(i64::from(self.scale))).unwrap_or(0);
        if places == 0 || self.is_zero() {
            return Ok(self.unscaled.clone());
        }
        check_digits(places.saturating_add(self.precision()))?;
        self.unscaled.checked_mul(&power_of_ten(places)?).ok_or(NumberError::Digits)
    }

    /// At another scale; digits that do not fit are cut off.
    pub(crate) fn with_scale_down(&self, scale: i32) -> Result<Self, NumberError> {
        if scale >= self.scale {
            return Ok(Self { unscaled: self.unscaled_at(scale)?, scale });
        }
        let places = u64::try_from(i64::from(self.scale).saturating_sub(i64::from(scale))).unwrap_or(0);
        if places > self.precision() {
            return Ok(Self { unscaled: BigInt::zero(), scale });
        }
        let unscaled = self.unscaled.checked_div(&power_of_ten(places)?).ok_or(NumberError::Format)?;
        Ok(Self { unscaled, scale })
    }

    /// `toPlainString`
    pub(crate) fn to_plain(&self) -> Result<String, NumberError> {
        if self.scale <= 0 {
            return Ok(self.unscaled_at(0)?.to_string());
        }
        let places = usize::try_from(self.scale).unwrap_or(0);
        check_digits(u64::from(self.scale.unsigned_abs()))?;
        let digits = format!("{:0>width$}", self.unscaled.magnitude().to_string(), width = places.saturating_add(1));
        let sign = if self.unscaled.sign() == Sign::Minus { "-" } else { "" };
        let point = digits.len().saturating_sub(places);
        Ok(format!("{sign}{}.{}", digits.get(..point).unwrap_or(""), digits.get(point..).unwrap_or("")))
    }
}

/// `toString`: plain where the scale is not negative and the number not very small, else with an exponent.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.magnitude().to_string();
        let len = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let adjusted = len.saturating_sub(1).saturating_sub(i64::from(self.scale));
        if self.scale >= 0 && adjusted >= -6 {
            return f.write_str(&self.to_plain().map_err(|_| fmt::Error)?);
        }
        if self.unscaled.sign() == Sign::Minus {
            f.write_str("-")?;
        }
        f.write_str(digits.get(..1).unwrap_or(""))?;
        if let Some(rest) = digits.get(1..)
            && !rest.is_empty()
        {
            write!(f, ".{rest}")?;
        }
        if adjusted == 0 { Ok(()) } else { write!(f, "E{adjusted:+}") }
    }
}

/// Refuses numbers that would take long to calculate with.
pub(super) fn check_digits(digits: u64) -> Result<(), NumberError> {
    if digits > MAX_NUMBER_DIGITS { Err(NumberError::Digits) } else { Ok(()) }
}

fn power_of_ten(places: u64) -> Result<BigInt, NumberError> {
    check_digits(places)?;
    Ok(power_of(10, u32::try_from(places).unwrap_or(0)))
}

fn power_of(base: u32, exponent: u32) -> BigInt {
    BigInt::from(base).pow(exponent)
}

/// The low 64 bits, as `BigInteger.longValue`.
pub(crate) fn low_bits(value: &BigInt) -> i64 {
    let low = value.iter_u64_digits().next().unwrap_or(0);
    let low = if value.sign() == Sign::Minus { low.wrapping_neg() } else { low };
    i64::from_ne_bytes(low.to_ne_bytes())
}

/// The nearest double of an integer.
pub(crate) fn int_to_f64(value: &BigInt) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn prints_as_java() {
        for (text, printed) in [
            ("12345678901234567890.123456789", "12345678901234567890.123456789"),
            ("1e3", "1E+3"),
            ("1.50e3", "1.50E+3"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("-1.25e-10", "-1.25E-10"),
            ("0.00", "0.00"),
            ("0e-10", "0E-10"),
            ("-0.5", "-0.5"),
        ] {
            assert_eq!(d(text).to_string(), printed, "{text}");
        }
        assert_eq!(d("1e3").to_plain().unwrap(), "1000");
    }

    #[test]
    fn arithmetic() {
        assert_eq!(d("1.10").add(&d("2")).unwrap().to_string(), "3.10");
        assert_eq!(d("1.5").multiply(&d("1.5")).unwrap().to_string(), "2.25");
        // 0.25 and 0.35 halfway: half down gives 0.2, and 0.3 is below half.
        assert_eq!(d("0.5").divide(&d("2")).unwrap().to_string(), "0.2");
        assert_eq!(d("-0.5").divide(&d("2")).unwrap().to_string(), "-0.2");
        assert_eq!(d("2.00").divide(&d("3")).unwrap().to_string(), "0.67");
        assert_eq!(d("10").divide(&d("1e-2")).unwrap().to_string(), "1000");
        assert_eq!(
            Decimal::from_f64(0.1).unwrap().to_string().len(),
            "0.1000000000000000055511151231257827".len() + 21
        );
        assert_eq!(Decimal::from_f64(-1.5).unwrap().to_string(), "-1.5");
        assert_eq!(Decimal::from_f64(1e22).unwrap().to_string(), "10000000000000000000000");
    }

    #[test]
    fn compares_by_value_and_without_expanding() {
        assert_eq!(d("1.0").compare(&d("1.00")).unwrap(), Ordering::Equal);
        assert_eq!(d("1e999999").compare(&d("2")).unwrap(), Ordering::Greater);
        assert_eq!(d("-1e999999").compare(&d("2")).unwrap(), Ordering::Less);
        assert_eq!(d("-2").compare(&d("-1")).unwrap(), Ordering::Less);
    }

    #[test]
    fn bounded() {
        assert_eq!(d("1e999999").add(&d("1")), Err(NumberError::Digits));
        assert_eq!(d("1e999999").to_int(), Err(NumberError::Digits));
        assert_eq!(d("1e-999999").to_int().unwrap(), BigInt::zero());
    }
}
