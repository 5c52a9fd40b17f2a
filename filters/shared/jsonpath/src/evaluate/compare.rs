//! Values as filters compare them.
//!
//! Jayway compares a text and a number by the left one's kind: `1 == '1.0'` is true and `'1.0' == 1` is not.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::numeric::Numeric;
use crate::filter::Pattern;
use crate::found::{Found, Node};
use crate::json::{JavaNumber, Json, write_decimal};

/// A side of a comparison, with its value.
#[derive(Debug)]
pub(super) enum Value<'v> {
    /// Nothing is there.
    Undefined,
    Null,
    Bool(bool),
    Number(Numeric<'v>),
    Text(Cow<'v, str>),
    /// An array or object of the path, not of the document: equal to another by its text only.
    Literal {
        text: Cow<'v, str>,
        value: &'v Json<'static>,
    },
    /// A text of the document that a list has and that looks like JSON: Jayway compares it as a literal.
    LiteralText(Cow<'v, str>),
    /// An array or object of the document.
    Document(&'v Json<'v>),
    /// An object of some of another's members.
    Members(Vec<(&'v str, &'v Json<'v>)>),
    /// A list that a path or function gave.
    Nodes(Vec<Node<'v>>),
    Pattern(&'v Pattern),
}

/// An element of an array on one side of a comparison.
pub(super) enum Element<'e> {
    Json(&'e Json<'e>),
    Node(&'e Node<'e>),
}

/// The elements of an array on one side of a comparison.
pub(super) enum Elements<'e> {
    Json(&'e [Json<'e>]),
    Nodes(&'e [Node<'e>]),
}

impl<'e> Elements<'e> {
    pub(super) fn len(&self) -> usize {
        match self {
            Elements::Json(elements) => elements.len(),
            Elements::Nodes(nodes) => nodes.len(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Element<'e>> {
        let (elements, nodes): (&'e [Json<'e>], &'e [Node<'e>]) = match self {
            Elements::Json(elements) => (elements, &[]),
            Elements::Nodes(nodes) => (&[], nodes),
        };
        elements.iter().map(Element::Json).chain(nodes.iter().map(Element::Node))
    }
}

impl<'v> Value<'v> {
    /// What a path gave. `None` for a double that is not finite: no `BigDecimal` reads it.
    pub(super) fn from_found(found: Found<'v>) -> Option<Self> {
        match found {
            Found::One(node) => Self::from_node(node),
            Found::Many(nodes) => Some(Value::Nodes(nodes)),
        }
    }

    fn from_node(node: Node<'v>) -> Option<Self> {
        Some(match node {
            Node::Value(value) => return Self::from_json(value),
            Node::Members(members) => Value::Members(members),
            Node::Null => Value::Null,
            Node::Integer(value) => Value::Number(Numeric::from_f64(value.into())?),
            Node::Double(value) => Value::Number(Numeric::from_f64(value)?),
            Node::Text(text) => Value::Text(Cow::Owned(strip_quotes(&text).to_owned())),
            Node::List(nodes) => Value::Nodes(nodes),
        })
    }

    pub(super) fn from_json(value: &'v Json<'v>) -> Option<Self> {
        Some(match value {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(Numeric::from_json(number)?),
            Json::String(text) => Value::Text(Cow::Borrowed(strip_quotes(text))),
            Json::Array(_) | Json::Object(_) => Value::Document(value),
        })
    }

    /// How many steps making this value costs.
    pub(super) fn weight(&self) -> usize {
        match self {
            Value::Nodes(nodes) => nodes.len(),
            Value::Members(members) => members.len(),
            _ => 0,
        }
    }

    /// Whether this is an array or object.
    pub(super) fn is_json(&self) -> bool {
        matches!(
            self,
            Value::Literal { .. } | Value::LiteralText(_) | Value::Document(_) | Value::Members(_) | Value::Nodes(_)
        )
    }

    /// The elements, when this is an array.
    pub(super) fn elements(&self) -> Option<Elements<'_>> {
        match self {
            Value::Literal { value: Json::Array(elements), .. } | Value::Document(Json::Array(elements)) => {
                Some(Elements::Json(elements))
            }
            Value::Nodes(nodes) => Some(Elements::Nodes(nodes)),
            _ => None,
        }
    }

    /// Whether an array or object is empty.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Value::Literal { value: Json::Object(object), .. } | Value::Document(Json::Object(object)) => {
                object.is_empty()
            }
            Value::Members(members) => members.is_empty(),
            _ => self.elements().is_none_or(|elements| elements.len() == 0),
        }
    }

    /// A text, or a number as `BigDecimal` prints it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Number(number) => {
                let mut text = String::new();
                write_decimal(&number.text(), &mut text);
                Cow::Owned(text)
            }
            _ => Cow::Borrowed(""),
        }
    }
}

/// Jayway drops quotes around any text that a filter compares.
pub(super) fn strip_quotes(text: &str) -> &str {
    let stripped = |quote| text.strip_prefix(quote).and_then(|text: &str| text.strip_suffix(quote));
    stripped('\'').or_else(|| stripped('"')).unwrap_or(text)
}

/// `==`
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        // The text on the left is compared with the array or object on the right.
        (Value::Literal { .. } | Value::LiteralText(_), right) if right.is_json() => false,
        (left, right) if left.is_json() && right.is_json() => equal_json(left, right),
        _ => equal_element(left, right),
    }
}

/// Equality where it is not known which is the array or object: of a value and a list's elements.
pub(super) fn equal_element(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Text(left), Value::Text(_) | Value::Number(_)) => left.as_ref() == right.text(),
        (Value::Number(left), Value::Number(right)) => left.order(right).is_eq(),
        (Value::Number(left), Value::Text(right)) => left.equals_text(right),
        (
            Value::Literal { text: left, .. } | Value::LiteralText(left),
            Value::Literal { text: right, .. } | Value::LiteralText(right),
        ) => left == right,
        (Value::Literal { .. } | Value::LiteralText(_), _) | (_, Value::Literal { .. } | Value::LiteralText(_)) => {
            false
        }
        (left, right) if left.is_json() && right.is_json() => equal_json(left, right),
        _ => false,
    }
}

fn equal_json(left: &Value<'_>, right: &Value<'_>) -> bool {
    if let (Some(left), Some(right)) = (left.elements(), right.elements()) {
        return left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| same(&left, &right));
    }
    match (left, right) {
        (
            Value::Document(Json::Object(left)),
            Value::Document(Json::Object(right)) | Value::Literal { value: Json::Object(right), .. },
        ) => left == right,
        (Value::Members(left), Value::Members(right)) => {
            left.len() == right.len() && left.iter().all(|member| right.contains(member))
        }
        (
            Value::Members(members),
            Value::Document(Json::Object(object)) | Value::Literal { value: Json::Object(object), .. },
        )
        | (Value::Document(Json::Object(object)), Value::Members(members)) => {
            members.len() == object.len() && members.iter().all(|(name, value)| object.get(name) == Some(value))
        }
        _ => false,
    }
}

/// Java's `equals`.
fn same(left: &Element<'_>, right: &Element<'_>) -> bool {
    match (left, right) {
        (Element::Json(left), Element::Json(right)) => left == right,
        (Element::Node(left), Element::Node(right)) => same_nodes(left, right),
        (Element::Node(node), Element::Json(json)) | (Element::Json(json), Element::Node(node)) => {
            same_node(node, json)
        }
    }
}

fn same_nodes(left: &Node<'_>, right: &Node<'_>) -> bool {
    match (left, right) {
        (node, Node::Value(json)) | (Node::Value(json), node) => same_node(node, json),
        _ => left == right,
    }
}

fn same_node(node: &Node<'_>, json: &Json<'_>) -> bool {
    match (node, json) {
        (Node::Value(value), json) => **value == *json,
        (Node::Null, Json::Null) => true,
        (Node::Integer(value), Json::Number(number)) => number.java() == JavaNumber::Integer(*value),
        (Node::Double(value), Json::Number(number)) => number.java() == JavaNumber::Double(*value),
        (Node::Text(left), Json::String(right)) => left == right,
        (Node::List(nodes), Json::Array(elements)) => {
            nodes.len() == elements.len() && nodes.iter().zip(elements).all(|(node, json)| same_node(node, json))
        }
        (Node::Members(members), Json::Object(object)) => {
            members.len() == object.len() && members.iter().all(|(name, value)| object.get(name) == Some(value))
        }
        _ => false,
    }
}

/// Whether both are of the same type, for `===`.
pub(super) fn same_type(left: &Value<'_>, right: &Value<'_>) -> bool {
    let both_json = left.is_json() && right.is_json();
    both_json || std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// Which of two numbers, or two texts, is greater. Texts are compared by their UTF-16 units.
pub(super) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.order(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
        _ => None,
    }
}
