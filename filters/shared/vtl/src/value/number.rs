//! Velocity's arithmetic: Java's number classes, and which of them a result has.
//!
//! Two integers are calculated with 64 bits; the result is an `Integer` if both were and it fits, else a `Long`, and a
//! `BigInteger` where 64 bits overflow. With a decimal on one side the result is a `Double`, with a `BigDecimal` a
//! `BigDecimal`.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_traits::Zero;

use super::Value;
use super::decimal::{Decimal, check_digits, int_to_f64, low_bits};
use crate::ast::Operator;

/// Why a calculation fails. (A division by zero does not: it gives null.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// More digits than [`MAX_NUMBER_DIGITS`](crate::limits::MAX_NUMBER_DIGITS).
    Digits,
    /// Java's `NumberFormatException` or `ArithmeticException`.
    Format,
}

/// A value that is a number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number<'a> {
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    BigInt(&'a BigInt),
    Decimal(&'a Decimal),
}

/// In which class a calculation is done.
enum Base {
    Long(i64, i64),
    Float(f32, f32),
    Double(f64, f64),
    BigInt,
    Decimal,
}

impl<'a> Number<'a> {
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Int(n) => Self::Int(*n),
            Value::Long(n) => Self::Long(*n),
            Value::Float(n) => Self::Float(*n),
            Value::Double(n) => Self::Double(*n),
            Value::BigInt(n) => Self::BigInt(&n.0),
            Value::Decimal(n) => Self::Decimal(&n.0),
            _ => return None,
        })
    }

    fn is_integer(self) -> bool {
        matches!(self, Self::Int(_) | Self::Long(_) | Self::BigInt(_))
    }

    pub(crate) fn is_zero(self) -> bool {
        match self {
            Self::Int(n) => n == 0,
            Self::Long(n) => n == 0,
            Self::Float(n) => n == 0.0,
            Self::Double(n) => n == 0.0,
            Self::BigInt(n) => n.is_zero(),
            Self::Decimal(n) => n.is_zero(),
        }
    }

    /// `longValue`: whole part, low bits.
    pub(crate) fn to_i64(self) -> Result<i64, NumberError> {
        Ok(match self {
            Self::Int(n) => i64::from(n),
            Self::Long(n) => n,
            // A cast saturates, and NaN is 0, in Java as here.
            Self::Float(n) => n as i64,
            Self::Double(n) => n as i64,
            Self::BigInt(n) => low_bits(n),
            Self::Decimal(n) => low_bits(&n.to_int()?),
        })
    }

    /// `intValue`: whole part, low bits.
    pub(crate) fn to_i32(self) -> Result<i32, NumberError> {
        Ok(match self {
            Self::Float(n) => n as i32,
            Self::Double(n) => n as i32,
            _ => self.to_i64()? as i32,
        })
    }

    /// `doubleValue`
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Int(n) => f64::from(n),
            Self::Long(n) => n as f64,
            Self::Float(n) => f64::from(n),
            Self::Double(n) => n,
            Self::BigInt(n) => int_to_f64(n),
            Self::Decimal(n) => n.to_f64(),
        }
    }

    /// `floatValue`
    pub(crate) fn to_f32(self) -> f32 {
        match self {
            Self::Int(n) => n as f32,
            Self::Long(n) => n as f32,
            Self::Float(n) => n,
            _ => self.to_f64() as f32,
        }
    }

    pub(crate) fn to_big_int(self) -> Result<BigInt, NumberError> {
        Ok(match self {
            Self::BigInt(n) => n.clone(),
            _ => BigInt::from(self.to_i64()?),
        })
    }

    pub(crate) fn to_decimal(self) -> Result<Decimal, NumberError> {
        match self {
            Self::BigInt(n) => Ok(Decimal::from_int(n)),
            Self::Decimal(n) => Ok(n.clone()),
            _ => Decimal::from_f64(self.to_f64()).ok_or(NumberError::Format),
        }
    }

    fn base(self, other: Self) -> Base {
        let big = |n: Self| matches!(n, Self::BigInt(_));
        let decimal = |n: Self| matches!(n, Self::Decimal(_));
        let integers = self.is_integer() && other.is_integer();
        if decimal(self) || decimal(other) || (!integers && (big(self) || big(other))) {
            Base::Decimal
        } else if integers && (big(self) || big(other)) {
            Base::BigInt
        } else if integers {
            Base::Long(self.to_i64().unwrap_or(0), other.to_i64().unwrap_or(0))
        } else if matches!(self, Self::Double(_)) || matches!(other, Self::Double(_)) {
            Base::Double(self.to_f64(), other.to_f64())
        } else {
            Base::Float(self.to_f32(), other.to_f32())
        }
    }

    /// `self op other`. `None` for a division by zero.
    pub(crate) fn calculate(self, op: Operator, other: Self) -> Result<Option<Value>, NumberError> {
        if matches!(op, Operator::Divide | Operator::Modulo) && other.is_zero() {
            return Ok(None);
        }
        let value = match self.base(other) {
            Base::Long(a, b) => self.calculate_long(op, other, a, b)?,
            Base::Double(a, b) => Value::Double(match op {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::Modulo => a % b,
            }),
            Base::Float(a, b) => Value::Float(match op {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::Modulo => a % b,
            }),
            Base::BigInt => Value::big_int(calculate_big(op, &self.to_big_int()?, &other.to_big_int()?)?),
            Base::Decimal => {
                let (a, b) = (self.to_decimal()?, other.to_decimal()?);
                Value::decimal(match op {
                    Operator::Add => a.add(&b)?,
                    Operator::Subtract => a.subtract(&b)?,
                    Operator::Multiply => a.multiply(&b)?,
                    Operator::Divide => a.divide(&b)?,
                    // Velocity throws "Cannot calculate the modulo of BigDecimals."
                    Operator::Modulo => return Err(NumberError::Format),
                })
            }
        };
        Ok(Some(value))
    }

    fn calculate_long(self, op: Operator, other: Self, a: i64, b: i64) -> Result<Value, NumberError> {
        // Java's division wraps where 64 bits do not hold the result: the smallest number by -1.
        let result = match op {
            Operator::Add => a.checked_add(b),
            Operator::Subtract => a.checked_sub(b),
            Operator::Multiply => match a.checked_mul(b) {
                // Velocity misses this one overflow.
                None if a == i64::MIN && b == -1 => Some(i64::MIN),
                result => result,
            },
            Operator::Divide => a.checked_div(b).or(Some(a.wrapping_neg())),
            Operator::Modulo => a.checked_rem(b).or(Some(0)),
        };
        let Some(result) = result else {
            return Ok(Value::big_int(calculate_big(op, &self.to_big_int()?, &other.to_big_int()?)?));
        };
        let both_ints = matches!((self, other), (Self::Int(_), Self::Int(_)));
        Ok(if both_ints { Value::from(result) } else { Value::Long(result) })
    }

    /// As Velocity compares: neither smaller nor larger is equal, NaN included.
    pub(crate) fn compare(self, other: Self) -> Result<Ordering, NumberError> {
        Ok(match self.base(other) {
            Base::Long(a, b) => a.cmp(&b),
            Base::Double(a, b) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            Base::Float(a, b) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            Base::BigInt => self.to_big_int()?.cmp(&other.to_big_int()?),
            Base::Decimal => self.to_decimal()?.compare(&other.to_decimal()?)?,
        })
    }
}

pub(crate) fn calculate_big(op: Operator, a: &BigInt, b: &BigInt) -> Result<BigInt, NumberError> {
    // Three bits are less than a digit.
    check_digits(a.bits().saturating_add(b.bits()) / 3)?;
    let result = match op {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        // `BigInteger.mod` throws for a negative modulus, and its result is never negative.
        Operator::Modulo if b.sign() == Sign::Minus => None,
        Operator::Modulo => a
            .checked_div(b)
            .and_then(|q| q.checked_mul(b))
            .and_then(|p| a.checked_sub(&p))
            .and_then(|r| if r.sign() == Sign::Minus { r.checked_add(b) } else { Some(r) }),
    };
    result.ok_or(NumberError::Format)
}

pub(super) fn parse_integer(text: &str) -> Option<Value> {
    if let Some(value) = short_integer(text.as_bytes()) {
        return Some(Value::Int(value));
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(Value::from(value));
    }
    check_digits(u64::try_from(text.len()).ok()?).ok()?;
    text.parse::<BigInt>().ok().map(Value::big_int)
}

/// As many digits as an `int` always holds.
const SHORT_DIGITS: usize = 9;

/// A number of few digits. Most are.
pub(crate) fn short_integer(text: &[u8]) -> Option<i32> {
    if text.len() > SHORT_DIGITS {
        return None;
    }
    let mut value: i32 = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(i32::from(digit));
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn calc(a: Value, op: Operator, b: Value) -> String {
        let result = Number::of(&a).unwrap().calculate(op, Number::of(&b).unwrap()).unwrap();
        result.map_or("null".to_owned(), |value| format!("{} {value}", value.class()))
    }

    #[test]
    fn classes_widen() {
        use Operator::{Add, Divide, Modulo, Multiply};
        assert_eq!(calc(7.into(), Divide, 2.into()), "Integer 3");
        assert_eq!(calc(i32::MAX.into(), Add, 1.into()), "Long 2147483648");
        assert_eq!(calc(Value::Long(1), Add, 1.into()), "Long 2");
        assert_eq!(calc(Value::Long(i64::MAX), Add, 1.into()), "BigInteger 9223372036854775808");
        assert_eq!(calc(Value::Long(i64::MIN), Multiply, (-1).into()), "Long -9223372036854775808");
        assert_eq!(calc(7.0.into(), Divide, 2.into()), "Double 3.5");
        assert_eq!(calc(1.into(), Divide, 0.into()), "null");
        assert_eq!(calc(1.0.into(), Modulo, 0.0.into()), "null");
        assert_eq!(calc((-7).into(), Modulo, 2.into()), "Integer -1");
    }
}
