//! `java.lang.Boolean` and `java.lang.Character`

use super::{Called, object, some};
use crate::budget::Walk;
use crate::render::Renderer;
use crate::text::single;
use crate::value::{Value, hash_code, ordering};

/// `value.name(arguments)`
#[inline(never)]
pub(super) fn call_bool(renderer: &mut Renderer<'_, '_>, value: bool, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("booleanValue", []) => some(value),
        ("parseBoolean" | "valueOf", [Value::String(text)]) => some(text.eq_ignore_ascii_case("true")),
        ("parseBoolean" | "valueOf", [Value::Null]) => some(false),
        ("valueOf", [Value::Bool(other)]) => some(*other),
        ("toString", [Value::Bool(other)]) => some(if *other { "true" } else { "false" }),
        ("hashCode", [other @ Value::Bool(_)]) => some(hash_code(other, Walk::new(&renderer.budget))?),
        ("compareTo", [Value::Bool(other)]) => some(ordering(value.cmp(other))),
        ("compareTo", [other]) => Err(format!("{} cannot be cast to Boolean", other.class()).into()),
        ("compare", [Value::Bool(a), Value::Bool(b)]) => some(ordering(a.cmp(b))),
        ("logicalAnd", [Value::Bool(a), Value::Bool(b)]) => some(*a && *b),
        ("logicalOr", [Value::Bool(a), Value::Bool(b)]) => some(*a || *b),
        ("logicalXor", [Value::Bool(a), Value::Bool(b)]) => some(a != b),
        _ => object(renderer, &Value::Bool(value), name, arguments),
    }
}

/// `unit.name(arguments)`. Most of a character's methods are static and take another one.
#[inline(never)]
pub(super) fn call_char(renderer: &mut Renderer<'_, '_>, unit: u16, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("charValue", []) => some(Value::Char(unit)),
        ("compareTo", [Value::Char(other)]) => some(i32::from(unit).saturating_sub(i32::from(*other))),
        ("compareTo", [other]) => Err(format!("{} cannot be cast to Character", other.class()).into()),
        ("compare", [Value::Char(a), Value::Char(b)]) => some(i32::from(*a).saturating_sub(i32::from(*b))),
        ("valueOf", [Value::Char(other)]) => some(Value::Char(*other)),
        ("hashCode", [Value::Char(other)]) => some(i32::from(*other)),
        ("toString", [Value::Int(code)]) => match u32::try_from(*code).ok().and_then(char::from_u32) {
            Some(c) => some(c.to_string()),
            // Half of a surrogate pair, which Java writes so.
            None if (0xD800..0xE000).contains(code) => some("?"),
            None => Err("not a character".into()),
        },
        (_, [Value::Char(other)]) => match of_char(name, char::from_u32(u32::from(*other)).unwrap_or('?')) {
            Some(value) => some(value),
            None => object(renderer, &Value::Char(unit), name, arguments),
        },
        _ => object(renderer, &Value::Char(unit), name, arguments),
    }
}

fn of_char(name: &str, c: char) -> Option<Value> {
    let unit = |c: char| Value::Char(u16::try_from(u32::from(c)).unwrap_or(u16::from(b'?')));
    Some(match name {
        "toString" => Value::from(c.to_string()),
        "isDigit" => Value::Bool(c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())),
        "isLetter" | "isAlphabetic" => Value::Bool(c.is_alphabetic()),
        "isLetterOrDigit" => Value::Bool(c.is_alphanumeric()),
        "isUpperCase" => Value::Bool(c.is_uppercase()),
        "isLowerCase" => Value::Bool(c.is_lowercase()),
        "isWhitespace" => Value::Bool(c.is_whitespace() && c != '\u{a0}' && c != '\u{2007}' && c != '\u{202f}'),
        "toUpperCase" => unit(single(c.to_uppercase(), c)),
        "toLowerCase" => unit(single(c.to_lowercase(), c)),
        "getNumericValue" => Value::Int(c.to_digit(36).and_then(|n| i32::try_from(n).ok()).unwrap_or(-1)),
        _ => return None,
    })
}
