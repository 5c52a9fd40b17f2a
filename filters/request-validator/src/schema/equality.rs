//! When two values are equal: numbers by what they are worth, objects whatever the order of their members.
//!
//! Values are found among many by a hash that equal values share, so `enum` and `uniqueItems` take time in proportion
//! to the body, whatever it holds. The hash is keyed by chance; nobody can aim for collisions.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use serde_json::Value;
use vtl::document::Kind;

use super::body::Body;
use super::node::Node;
use super::number::Decimal;

/// Arrays up to this size are compared element by element when all of it is scalars.
const MAX_COMPARED: usize = 8;

fn keyed<T: std::hash::Hash>(value: T) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    KEY.get_or_init(RandomState::new).hash_one(value)
}

const NULL: u64 = 1;
const FALSE: u64 = 2;
const TRUE: u64 = 3;

fn of_string(text: &str) -> u64 {
    keyed((0_u8, text))
}

fn of_number(text: &str) -> u64 {
    keyed((1_u8, Decimal::read(text)))
}

fn of_array(elements: impl Iterator<Item = u64>) -> u64 {
    keyed((2_u8, elements.fold(0, |hash, element| keyed((hash, element)))))
}

fn of_object(members: impl Iterator<Item = (u64, u64)>) -> u64 {
    // A sum does not depend on the order.
    keyed((3_u8, members.fold(0_u64, |sum, member| sum.wrapping_add(keyed(member)))))
}

/// The hashes of all values of a body, by place.
pub(super) fn hash_all(body: &Body) -> Vec<u64> {
    let places = body.document().places();
    let mut hashes = vec![0; usize::try_from(places).unwrap_or_default()];
    // What is in a container comes after it.
    for place in (0..places).rev() {
        let node = Node { body, place };
        let of = |node: Node<'_>| -> u64 {
            usize::try_from(node.place).ok().and_then(|place| hashes.get(place)).copied().unwrap_or_default()
        };
        let hash = match node.kind() {
            Kind::Null => NULL,
            Kind::False => FALSE,
            Kind::True => TRUE,
            Kind::Integer | Kind::Decimal => of_number(node.text()),
            Kind::Plain | Kind::String => of_string(node.text()),
            Kind::PlainEscaped | Kind::Escaped => of_string(&body.document().content(place)),
            Kind::Array => of_array(node.array().into_iter().flatten().map(of)),
            Kind::Object => {
                of_object(node.object().into_iter().flatten().map(|(name, value)| (of_string(&name), of(value))))
            }
        };
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| hashes.get_mut(place)) {
            *slot = hash;
        }
    }
    hashes
}

/// The hash that [`Body::hash`] gives for an equal value.
pub(super) fn hash_value(value: &Value) -> u64 {
    match value {
        Value::Null => NULL,
        Value::Bool(false) => FALSE,
        Value::Bool(true) => TRUE,
        Value::Number(number) => of_number(&number.to_string()),
        Value::String(text) => of_string(text),
        Value::Array(elements) => of_array(elements.iter().map(hash_value)),
        Value::Object(members) => of_object(members.iter().map(|(name, value)| (of_string(name), hash_value(value)))),
    }
}

/// Whether a value of a body equals one of the schema's.
pub(super) fn equals_value(node: Node<'_>, value: &Value) -> bool {
    match (node.kind(), value) {
        (Kind::Null, Value::Null) | (Kind::False, Value::Bool(false)) | (Kind::True, Value::Bool(true)) => true,
        (Kind::Integer | Kind::Decimal, Value::Number(number)) => {
            let number = number.to_string();
            node.text() == number || Decimal::read(node.text()) == Decimal::read(&number)
        }
        (Kind::Plain | Kind::String | Kind::PlainEscaped | Kind::Escaped, Value::String(text)) => {
            node.body.document().content(node.place) == text.as_str()
        }
        (Kind::Array, Value::Array(elements)) => {
            node.size() == elements.len()
                && node.array().into_iter().flatten().zip(elements).all(|(node, value)| equals_value(node, value))
        }
        (Kind::Object, Value::Object(members)) => {
            node.size() == members.len()
                && node
                    .object()
                    .into_iter()
                    .flatten()
                    .all(|(name, node)| members.get(name.as_ref()).is_some_and(|value| equals_value(node, value)))
        }
        _ => false,
    }
}

/// Whether two values of a body are equal. Depth is bounded by that of a body.
fn equal(one: Node<'_>, other: Node<'_>) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Integer | Kind::Decimal, Kind::Integer | Kind::Decimal) => {
            one.text() == other.text() || Decimal::read(one.text()) == Decimal::read(other.text())
        }
        (Kind::Array, Kind::Array) => {
            let (these, those) = (one.array().into_iter().flatten(), other.array().into_iter().flatten());
            one.size() == other.size() && these.zip(those).all(|(one, other)| equal(one, other))
        }
        (Kind::Object, Kind::Object) => {
            let members: HashMap<_, _> = other.object().into_iter().flatten().collect();
            one.size() == members.len()
                && one
                    .object()
                    .into_iter()
                    .flatten()
                    .all(|(name, node)| members.get(&name).is_some_and(|other| equal(node, *other)))
        }
        (Kind::Array | Kind::Object, _) | (_, Kind::Array | Kind::Object) => false,
        (Kind::Null | Kind::True | Kind::False, kind) => one.kind() == kind,
        (_, Kind::Null | Kind::True | Kind::False) => false,
        (Kind::Integer | Kind::Decimal, _) | (_, Kind::Integer | Kind::Decimal) => false,
        _ => one.body.document().content(one.place) == other.body.document().content(other.place),
    }
}

/// Whether no two elements of an array are equal.
pub(super) fn are_unique(array: Node<'_>) -> bool {
    if array.size() < 2 {
        return true;
    }
    let is_scalar = |node: &Node<'_>| !matches!(node.kind(), Kind::Array | Kind::Object);
    let elements = || array.array().into_iter().flatten();
    if array.size() <= MAX_COMPARED && elements().all(|node| is_scalar(&node)) {
        return elements().enumerate().all(|(n, node)| elements().take(n).all(|before| !equal(before, node)));
    }
    let mut hashed: Vec<(u64, Node<'_>)> = elements().map(|node| (node.body.hash(node.place), node)).collect();
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    hashed.windows(2).all(|pair| match pair {
        [(one_hash, one), (other_hash, other)] => one_hash != other_hash || !equal(*one, *other),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn unique(text: &str) -> bool {
        are_unique(Body::parse(text).unwrap().root())
    }

    #[test]
    fn uniqueness() {
        assert!(unique("[]"));
        assert!(unique("[1]"));
        assert!(unique("[1,true,\"1\",null,[1],{\"a\":1}]"));
        assert!(unique("[{\"a\":1,\"b\":2},{\"a\":2,\"b\":1}]"));
        assert!(unique("[[1,2],[2,1]]"));
        assert!(!unique("[1,1.0]"));
        assert!(!unique("[\"a\",\"\\u0061\"]"));
        assert!(!unique("[{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1}]"));
        assert!(!unique("[0,1,2,3,4,5,6,7,8,9,3]"));
        assert!(!unique("[{\"a\":1,\"a\":2},{\"a\":2}]"));
    }

    #[test]
    fn hashes_of_bodies_and_of_values_agree() {
        for text in ["null", "true", "1.50", "\"x\\n\"", "[1,[],{}]", "{\"b\":[1e2],\"a\":{\"c\":null}}"] {
            let body = Body::parse(text).unwrap();
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(body.hash(0), hash_value(&value), "{text}");
            assert!(equals_value(body.root(), &value), "{text}");
        }
    }
}
