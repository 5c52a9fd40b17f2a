//! JSON objects from strangers.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// How deep objects and lists may stand in each other. Deeper ones serve no token; a parser's stack is its limit.
pub const MAX_DEPTH: usize = 64;

/// Reads an object; of members with one name, the last counts. `None` for any other text: broken UTF-8, a byte order
/// mark, something behind it, a number that is none, nesting deeper than [`MAX_DEPTH`].
pub fn object(text: &[u8]) -> Option<Map<String, Value>> {
    if depth(text) > MAX_DEPTH {
        return None;
    }
    serde_json::from_slice(text).ok()
}

/// Reads an object whose members all have different names.
pub fn object_without_duplicates(text: &[u8]) -> Option<Map<String, Value>> {
    if depth(text) > MAX_DEPTH {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let object = deserializer.deserialize_map(Distinct).ok()?;
    deserializer.end().ok()?;
    Some(object)
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

struct Distinct;

impl<'de> Visitor<'de> for Distinct {
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
