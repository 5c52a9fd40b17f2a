//! `java.lang.Integer` and the other numbers, with their static methods: `$i.parseInt('42')` is a common idiom.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::{CallError, Called, new_text, object, some};
use crate::ast::Operator;
use crate::budget::Walk;
use crate::limits::MAX_NUMBER_DIGITS;
use crate::render::Renderer;
use crate::value::{Decimal, Number, Value, calculate_big, hash_code, ordering};

/// `target.name(arguments)`
#[inline(never)]
pub(super) fn call(renderer: &mut Renderer<'_, '_>, target: &Value, name: &str, arguments: &[Value]) -> Called {
    let Some(number) = Number::of(target) else { return Ok(None) };
    if arguments.is_empty()
        && let Some(value) = convert(number, name)?
    {
        return some(value);
    }
    let result = match target {
        Value::Int(n) => integer(renderer, i64::from(*n), name, arguments, true)?,
        Value::Long(n) => integer(renderer, *n, name, arguments, false)?,
        Value::Double(n) => double(renderer, *n, name, arguments)?,
        Value::Float(n) => double(renderer, f64::from(*n), name, arguments)?,
        Value::BigInt(n) => big_integer(&n.0, name, arguments)?,
        Value::Decimal(n) => big_decimal(renderer, &n.0, name, arguments)?,
        _ => None,
    };
    if result.is_some() {
        return Ok(result);
    }
    match (name, arguments) {
        ("compareTo", [other]) => Err(format!("{} cannot be cast to {}", other.class(), target.class()).into()),
        _ => object(renderer, target, name, arguments),
    }
}

/// Whether the class has a method of this name without parameters.
pub(super) fn takes_nothing(target: &Value, name: &str) -> bool {
    let conversion =
        matches!(name, "intValue" | "longValue" | "doubleValue" | "floatValue" | "shortValue" | "byteValue");
    conversion
        || match target {
            Value::Double(_) | Value::Float(_) => matches!(name, "isNaN" | "isInfinite"),
            Value::BigInt(_) => matches!(name, "signum" | "negate" | "abs" | "bitLength"),
            Value::Decimal(_) => {
                matches!(name, "scale" | "precision" | "signum" | "toPlainString" | "toBigInteger" | "negate" | "abs")
            }
            _ => false,
        }
}

/// `intValue()` and the like.
fn convert(number: Number<'_>, name: &str) -> Result<Option<Value>, CallError> {
    Ok(Some(match name {
        "intValue" => Value::Int(number.to_i32()?),
        "longValue" => Value::Long(number.to_i64()?),
        "doubleValue" => Value::Double(number.to_f64()),
        "floatValue" => Value::Float(number.to_f32()),
        "shortValue" => Value::Int(i32::from(number.to_i32()? as i16)),
        "byteValue" => Value::Int(i32::from(number.to_i32()? as i8)),
        _ => return Ok(None),
    }))
}

/// An argument of Java's type `int`, or `long`.
fn whole(value: &Value, int: bool) -> Option<i64> {
    match value {
        Value::Int(n) => Some(i64::from(*n)),
        Value::Long(n) if !int => Some(*n),
        _ => None,
    }
}

/// `Integer` and `Long`.
fn integer(renderer: &Renderer<'_, '_>, n: i64, name: &str, arguments: &[Value], int: bool) -> Called {
    let make = |n: i64| if int { Value::Int(n as i32) } else { Value::Long(n) };
    let parse_name = if int { "parseInt" } else { "parseLong" };
    match arguments {
        [Value::String(text)] if name == parse_name || name == "valueOf" => some(make(parse(text, 10, int)?)),
        [Value::String(text)] if name == "decode" => some(make(decode(text, int)?)),
        [Value::String(text), Value::Int(radix)] if name == parse_name || name == "valueOf" => {
            let radix = u32::try_from(*radix).ok().filter(|radix| (2..=36).contains(radix)).ok_or("no such radix")?;
            some(make(parse(text, radix, int)?))
        }
        [other] if name == "compareTo" => match (other, int) {
            (Value::Int(other), true) => some(ordering(n.cmp(&i64::from(*other)))),
            (Value::Long(other), false) => some(ordering(n.cmp(other))),
            _ => Ok(None),
        },
        [argument] => {
            let Some(a) = whole(argument, int) else { return Ok(None) };
            Ok(Some(match name {
                "valueOf" => make(a),
                "toString" => Value::from(a.to_string()),
                "toHexString" => Value::from(if int { format!("{:x}", a as i32) } else { format!("{a:x}") }),
                "toOctalString" => Value::from(if int { format!("{:o}", a as i32) } else { format!("{a:o}") }),
                "toBinaryString" => Value::from(if int { format!("{:b}", a as i32) } else { format!("{a:b}") }),
                "signum" => Value::Int(a.signum() as i32),
                "bitCount" => Value::Int(if int { (a as i32).count_ones() } else { a.count_ones() } as i32),
                "hashCode" => Value::Int(if int { a as i32 } else { (a ^ a.wrapping_shr(32) & 0xFFFF_FFFF) as i32 }),
                _ => return Ok(None),
            }))
        }
        [a, b] => {
            let (Some(a), Some(b)) = (whole(a, int), whole(b, int)) else { return Ok(None) };
            Ok(Some(match name {
                "max" => make(a.max(b)),
                "min" => make(a.min(b)),
                "sum" => make(a.wrapping_add(b)),
                "compare" => Value::Int(ordering(a.cmp(&b))),
                "toString" => {
                    let radix = u32::try_from(b).ok().filter(|radix| (2..=36).contains(radix)).unwrap_or(10);
                    return new_text(renderer, |out| out.push_str(&BigInt::from(a).to_str_radix(radix)));
                }
                _ => return Ok(None),
            }))
        }
        [] => Ok(None),
        _ => Ok(None),
    }
}

/// `Double` (and `Float`, but for its parsing).
fn double(renderer: &Renderer<'_, '_>, n: f64, name: &str, arguments: &[Value]) -> Called {
    let argument = |value: &Value| match value {
        Value::Int(n) => Some(f64::from(*n)),
        Value::Long(n) => Some(*n as f64),
        Value::Float(n) => Some(f64::from(*n)),
        Value::Double(n) => Some(*n),
        _ => None,
    };
    match (name, arguments) {
        ("isNaN", []) => some(n.is_nan()),
        ("isInfinite", []) => some(n.is_infinite()),
        ("parseDouble" | "valueOf", [Value::String(text)]) => some(parse_double(text)?),
        ("compareTo", [Value::Double(other)]) => some(ordering(compare(n, *other))),
        (_, [a]) => {
            let Some(a) = argument(a) else { return Ok(None) };
            match name {
                "valueOf" => some(a),
                "toString" => new_text(renderer, |out| out.push_str(&Value::Double(a).to_string())),
                "isNaN" => some(a.is_nan()),
                "isInfinite" => some(a.is_infinite()),
                "isFinite" => some(a.is_finite()),
                "hashCode" => some(hash_code(&Value::Double(a), Walk::new(&renderer.budget))?),
                _ => Ok(None),
            }
        }
        (_, [a, b]) => {
            let (Some(a), Some(b)) = (argument(a), argument(b)) else { return Ok(None) };
            match name {
                "max" => some(if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }),
                "min" => some(if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }),
                "sum" => some(a + b),
                "compare" => some(ordering(compare(a, b))),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// `Double.compare`: -0.0 before 0.0, NaN behind all.
pub(super) fn compare(a: f64, b: f64) -> std::cmp::Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        _ => a.abs().copysign(if a.is_nan() { 1.0 } else { a }).total_cmp(&b.abs().copysign(if b.is_nan() {
            1.0
        } else {
            b
        })),
    }
}

/// `Integer.parseInt` and `Long.parseLong`
fn parse(text: &str, radix: u32, int: bool) -> Result<i64, CallError> {
    let wrong = || CallError::from(format!("For input string: \"{}\"", text.chars().take(40).collect::<String>()));
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(wrong());
    }
    let value = i64::from_str_radix(text, radix).map_err(|_| wrong())?;
    if int && i32::try_from(value).is_err() { Err(wrong()) } else { Ok(value) }
}

/// `Integer.decode`: `0x1F`, `#1F`, `017`
fn decode(text: &str, int: bool) -> Result<i64, CallError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).or_else(|| digits.strip_prefix('#'));
    match hex {
        Some(hex) => parse(&format!("{sign}{hex}"), 16, int),
        None if digits.len() > 1 && digits.starts_with('0') => parse(&format!("{sign}{digits}"), 8, int),
        None => parse(&format!("{sign}{digits}"), 10, int),
    }
}

/// `Double.parseDouble`
fn parse_double(text: &str) -> Result<f64, CallError> {
    let wrong = || CallError::from(format!("For input string: \"{}\"", text.chars().take(40).collect::<String>()));
    let trimmed = crate::text::trim(text);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let sign = if trimmed.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        "NaN" => return Ok(f64::NAN),
        "Infinity" => return Ok(sign * f64::INFINITY),
        _ => {}
    }
    let digits = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(wrong());
    }
    digits.parse::<f64>().map(|value| value * sign).map_err(|_| wrong())
}

/// `BigInteger`
fn big_integer(n: &BigInt, name: &str, arguments: &[Value]) -> Called {
    let calculate = |op, other: &BigInt| match calculate_big(op, n, other) {
        Ok(result) => some(Value::big_int(result)),
        Err(error) => Err(error.into()),
    };
    match (name, arguments) {
        ("signum", []) => some(ordering(n.cmp(&BigInt::zero()))),
        ("negate", []) => some(Value::big_int(BigInt::zero().checked_sub(n).ok_or("too many digits")?)),
        ("abs", []) => some(Value::big_int(n.abs())),
        ("bitLength", []) => some(i32::try_from(n.bits()).unwrap_or(i32::MAX)),
        ("toString", [Value::Int(radix)]) => {
            let radix = u32::try_from(*radix).ok().filter(|radix| (2..=36).contains(radix)).unwrap_or(10);
            some(n.to_str_radix(radix))
        }
        ("pow", [Value::Int(exponent)]) => {
            let exponent = u32::try_from(*exponent).map_err(|_| "negative exponent")?;
            if n.bits().saturating_mul(u64::from(exponent)) / 3 > MAX_NUMBER_DIGITS {
                return Err(crate::error::Limit::Digits.into());
            }
            some(Value::big_int(n.pow(exponent)))
        }
        ("valueOf", [Value::Int(other)]) => some(Value::big_int(BigInt::from(*other))),
        ("valueOf", [Value::Long(other)]) => some(Value::big_int(BigInt::from(*other))),
        (_, [Value::BigInt(other)]) => {
            let other = &*other.0;
            match name {
                "add" => calculate(Operator::Add, other),
                "subtract" => calculate(Operator::Subtract, other),
                "multiply" => calculate(Operator::Multiply, other),
                "divide" | "mod" | "remainder" if other.is_zero() => Err("division by zero".into()),
                "divide" => calculate(Operator::Divide, other),
                "mod" => calculate(Operator::Modulo, other),
                "remainder" => {
                    let size = calculate_big(Operator::Modulo, &n.abs(), &other.abs())?;
                    let signed = if n.is_negative() { BigInt::zero().checked_sub(&size) } else { Some(size) };
                    some(Value::big_int(signed.ok_or("too many digits")?))
                }
                "compareTo" => some(ordering(n.cmp(other))),
                "max" => some(Value::big_int(n.max(other).clone())),
                "min" => some(Value::big_int(n.min(other).clone())),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// `BigDecimal`
fn big_decimal(renderer: &Renderer<'_, '_>, n: &Decimal, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("scale", []) => some(n.scale),
        ("precision", []) => some(i32::try_from(n.precision()).unwrap_or(i32::MAX)),
        ("signum", []) => some(ordering(n.unscaled.cmp(&BigInt::zero()))),
        ("toPlainString", []) => {
            let plain = n.to_plain()?;
            new_text(renderer, |out| out.push_str(&plain))
        }
        ("toBigInteger", []) => some(Value::big_int(n.to_int()?)),
        ("negate" | "abs", []) => {
            let negated = BigInt::zero().checked_sub(&n.unscaled).ok_or("too many digits")?;
            let unscaled = if name == "negate" { negated } else { n.unscaled.abs() };
            some(Value::decimal(Decimal { unscaled, scale: n.scale }))
        }
        ("setScale", [Value::Int(scale)]) => {
            let scaled = n.with_scale_down(*scale)?;
            if scaled.compare(n)?.is_ne() {
                return Err("rounding necessary".into());
            }
            some(Value::decimal(scaled))
        }
        (_, [Value::Decimal(other)]) => {
            let other = &*other.0;
            match name {
                "add" => some(Value::decimal(n.add(other)?)),
                "subtract" => some(Value::decimal(n.subtract(other)?)),
                "multiply" => some(Value::decimal(n.multiply(other)?)),
                "compareTo" => some(ordering(n.compare(other)?)),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}
