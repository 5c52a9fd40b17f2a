//! `google.protobuf.Struct` on the wire, read as JSON.
//!
//! Envoy hands a filter the raw bytes of a `Struct` when its configuration is written as YAML in place
//! (`"@type": type.googleapis.com/google.protobuf.Struct`), not JSON; seen on Envoy 1.40.

use serde_json::{Map, Number, Value};

/// Deepest nesting that is read; configurations of our filters stay below ten.
const MAX_DEPTH: usize = 64;
/// The largest integer that a double holds exactly.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// The JSON object that a serialised `Struct` stands for; `None` when the bytes are none.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    object(bytes, MAX_DEPTH)
}

fn object(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let mut map = Map::new();
    while let Some((1, Field::Bytes(entry), rest)) = field(bytes) {
        let (mut name, mut value, mut entry) = (String::new(), Value::Null, entry);
        while !entry.is_empty() {
            let (number, content, rest) = field(entry)?;
            match (number, content) {
                (1, Field::Bytes(text)) => name = std::str::from_utf8(text).ok()?.to_owned(),
                (2, Field::Bytes(content)) => value = self::value(content, depth)?,
                _ => return None,
            }
            entry = rest;
        }
        map.insert(name, value);
        bytes = rest;
    }
    bytes.is_empty().then_some(Value::Object(map))
}

fn value(bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let (number, content, rest) = field(bytes)?;
    if !rest.is_empty() {
        return None;
    }
    match (number, content) {
        (1, Field::Varint(_)) => Some(Value::Null),
        (2, Field::Double(number)) => Some(self::number(number)),
        (3, Field::Bytes(text)) => Some(Value::String(std::str::from_utf8(text).ok()?.to_owned())),
        (4, Field::Varint(value)) => Some(Value::Bool(value != 0)),
        (5, Field::Bytes(content)) => object(content, depth),
        (6, Field::Bytes(content)) => list(content, depth),
        _ => None,
    }
}

fn list(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let mut items = Vec::new();
    while let Some((1, Field::Bytes(item), rest)) = field(bytes) {
        items.push(value(item, depth)?);
        bytes = rest;
    }
    bytes.is_empty().then_some(Value::Array(items))
}

/// A whole number becomes an integer, so that fields which count things can be read.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT_INTEGER {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the range that a double holds exactly")]
        return Value::Number(Number::from(number as i64));
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

enum Field<'b> {
    Varint(u64),
    Double(f64),
    Bytes(&'b [u8]),
}

/// Field number, content and what follows it.
fn field(bytes: &[u8]) -> Option<(u64, Field<'_>, &[u8])> {
    let (key, rest) = varint(bytes)?;
    let (content, rest) = match key & 7 {
        0 => {
            let (value, rest) = varint(rest)?;
            (Field::Varint(value), rest)
        }
        1 => {
            let (number, rest) = rest.split_at_checked(8)?;
            (Field::Double(f64::from_le_bytes(number.try_into().ok()?)), rest)
        }
        2 => {
            let (size, rest) = varint(rest)?;
            let (content, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
            (Field::Bytes(content), rest)
        }
        _ => return None,
    };
    Some((key >> 3, content, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    const MAX_BYTES: u32 = 10;
    let mut value = 0u64;
    let mut rest = bytes;
    for position in 0..MAX_BYTES {
        let (byte, after) = rest.split_first()?;
        rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(position.checked_mul(7)?).unwrap_or_default();
        if byte & 0x80 == 0 {
            return Some((value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn delimited(number: u8, content: &[u8]) -> Vec<u8> {
        let size = u8::try_from(content.len()).unwrap_or_default();
        [&[number << 3 | 2, size], content].concat()
    }

    fn entry(name: &str, value: &[u8]) -> Vec<u8> {
        delimited(1, &[delimited(1, name.as_bytes()), delimited(2, value)].concat())
    }

    #[test]
    fn every_kind_of_value() {
        let two = [&[0x11][..], &2f64.to_le_bytes()].concat();
        let half = [&[0x11][..], &0.5f64.to_le_bytes()].concat();
        let bytes = [
            entry("null", &[0x08, 0]),
            entry("two", &two),
            entry("text", &delimited(3, b"x")),
            entry("yes", &[0x20, 1]),
            entry("inner", &delimited(5, &entry("half", &half))),
            entry("list", &delimited(6, &delimited(1, &two))),
        ]
        .concat();
        let expected = json!({"null": null, "two": 2, "text": "x", "yes": true, "inner": {"half": 0.5}, "list": [2]});
        assert_eq!(decode(&bytes), Some(expected));
        assert_eq!(decode(b""), Some(json!({})));
        assert_eq!(decode(b"{}"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }
    }
}
