//! JSON objects from strangers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep objects and lists may stand in each other. Deeper ones serve no token; a parser's stack is its limit.
pub const MAX_DEPTH: usize = 64;

/// Reads an object; of members with one name, the last counts. `None` for any other text: broken UTF-8, a byte order
/// mark, something behind it, a number that is none, nesting deeper than [`MAX_DEPTH`].
pub fn object(text: &[u8]) -> Option<Map<String, Value>> {
    read(text)
}

/// Reads what is made of an object under the same conditions.
pub fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Option<T> {
    if is_too_deep(text) {
        return None;
    }
    serde_json::from_slice(text).ok()
}

/// Reads an object whose members all have different names.
pub fn object_without_duplicates(text: &[u8]) -> Option<Map<String, Value>> {
    read(text).map(|Distinct(object)| object)
}

/// Whether objects and lists stand deeper in each other than [`MAX_DEPTH`]. Few of them cannot.
fn is_too_deep(text: &[u8]) -> bool {
    let beginnings = text.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    beginnings > MAX_DEPTH && depth(text) > MAX_DEPTH
}

/// The deepest nesting of a JSON text; what is no JSON has some depth too.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A value that nobody asks for. It has to be one that a [`Value`] could hold.
pub struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Checked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
                while items.next_element::<Checked>()?.is_some() {}
                Ok(Checked)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Checked, A::Error> {
                while members.next_entry::<Checked, Checked>()?.is_some() {}
                Ok(Checked)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An object whose members all have different names.
struct Distinct(Map<String, Value>);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctMembers).map(Self)
    }
}

struct DistinctMembers;

impl<'de> Visitor<'de> for DistinctMembers {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands here twice"));
            }
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn depth_is_bounded() {
        assert!(object(nested(MAX_DEPTH - 1).as_bytes()).is_some());
        assert!(object(nested(MAX_DEPTH).as_bytes()).is_none());
        assert!(object(nested(100_000).as_bytes()).is_none());
        assert!(object(format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(100)).as_bytes()).is_some());
    }

    #[test]
    fn duplicates() {
        let twice = br#"{"a":1,"a":2}"#;
        assert_eq!(object(twice).and_then(|object| object.get("a").cloned()), Some(Value::from(2)));
        assert_eq!(object_without_duplicates(twice), None);
        assert_eq!(object_without_duplicates(br#"{"a":1,"\u0061":2}"#), None);
        assert!(object_without_duplicates(br#"{"a":1,"b":{"a":1}}"#).is_some());
        assert_eq!(object_without_duplicates(br#"{"a":1} x"#), None);
    }

    #[test]
    fn only_objects() {
        for text in ["", "[]", "1", "null", "\"a\"", "{'a':1}", "{\"a\":NaN}", "\u{feff}{}", "{}{}", "{\"a\":1,}"] {
            assert_eq!(object(text.as_bytes()), None, "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), None);
    }
}
