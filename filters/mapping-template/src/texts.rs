//! JSON as `$context` shows it: maps of texts, read without a tree of JSON in between.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use vtl::{Map, MapKind, Value};

/// A JSON text's value: objects are maps, null is null, and all else is a text, lists as JSON. `None` for what is no
/// JSON.
///
/// What other filters leave is one or two levels deep; `serde_json` bounds the rest.
pub(crate) fn of_json(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok().map(|Texts(value)| value)
}

struct Texts(Value);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Texts, E> {
        Ok(Texts(Value::Null))
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(text.into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Texts, E> {
        Ok(text_of(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Texts, E> {
        Ok(text_of(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Texts, E> {
        Ok(text_of(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Texts, E> {
        Ok(text_of(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Texts, A::Error> {
        Json::deserialize(SeqAccessDeserializer::new(items)).map(text_of)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Texts, A::Error> {
        let map = Map::new(MapKind::Context);
        while let Some((name, Texts(value))) = members.next_entry::<String, Texts>()? {
            map.insert(&name, value);
        }
        Ok(Texts(Value::Map(map)))
    }
}

/// The JSON of a value, as a text.
fn text_of(value: impl Into<Json>) -> Texts {
    Texts(value.into().to_string().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn objects_are_maps_and_all_else_is_text() {
        let json = br#"{"s":"a\"b","n":7,"f":1.0,"b":true,"null":null,"list":[1,"x",null],"in":{"n":-1}}"#;
        let value = of_json(json).unwrap();
        let map = value.as_map().unwrap();
        let text = |name: &str| map.get(name).and_then(|value| value.as_str().map(str::to_owned));
        for (name, expected) in [("s", "a\"b"), ("n", "7"), ("f", "1.0"), ("b", "true"), ("list", r#"[1,"x",null]"#)] {
            assert_eq!(text(name).as_deref(), Some(expected), "{name}");
        }
        assert!(matches!(map.get("null"), Some(Value::Null)));
        let inner = map.get("in").and_then(|inner| inner.as_map().and_then(|inner| inner.get("n")));
        assert_eq!(inner.as_ref().and_then(Value::as_str), Some("-1"));
        assert!(of_json(b"{").is_none());
    }
}
