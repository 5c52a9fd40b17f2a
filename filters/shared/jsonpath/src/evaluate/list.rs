//! Operators on lists: `in`, `contains`, `subsetof`, `anyof`, `noneof`.

use std::borrow::Cow;

use super::Context;
use super::compare::{Element, Value, equal_element, strip_quotes};
use crate::error::NoResult;
use crate::filter::literal;
use crate::found::{Found, Node};
use crate::json::Json;
use crate::limits::MAX_PATH_LEN;
use crate::path::{Compiler, Cursor, unescape};

/// The elements of a list, as values. `None` when `value` is an object.
///
/// # Errors
/// [`NoResult::Invalid`] when it is neither array nor object, [`NoResult::Failed`] when an element is.
fn list<'v>(context: &Context<'_>, value: &'v Value<'_>) -> Result<Option<Vec<Value<'v>>>, NoResult> {
    if !value.is_json() {
        return Err(NoResult::Invalid);
    }
    let Some(elements) = value.elements() else { return Ok(None) };
    context.steps(elements.len())?;
    elements.iter().map(element_value).collect::<Option<_>>().map(Some).ok_or(NoResult::Failed)
}

/// Whether the list has an element that `value` is equal to.
pub(super) fn contains(context: &Context<'_>, whole: &Value<'_>, value: &Value<'_>) -> Result<bool, NoResult> {
    Ok(list(context, whole)?.is_some_and(|elements| elements.iter().any(|element| equal_element(value, element))))
}

/// Whether two lists meet `relation`; an object on either side does not.
pub(super) fn lists(
    context: &Context<'_>,
    left: &Value<'_>,
    right: &Value<'_>,
    relation: fn(&[Value<'_>], &[Value<'_>]) -> bool,
) -> Result<bool, NoResult> {
    let Some(right) = list(context, right)? else { return Ok(false) };
    let Some(left) = list(context, left)? else { return Ok(false) };
    context.steps(left.len().saturating_mul(right.len()))?;
    Ok(relation(&left, &right))
}

/// Whether all of `left` are in `right`.
pub(super) fn subset_of(left: &[Value<'_>], right: &[Value<'_>]) -> bool {
    left.iter().all(|left| right.iter().any(|right| equal_element(left, right)))
}

/// Whether one of `left` is in `right`.
pub(super) fn any_of(left: &[Value<'_>], right: &[Value<'_>]) -> bool {
    left.iter().any(|left| right.iter().any(|right| equal_element(left, right)))
}

/// Whether none of `left` is in `right`.
pub(super) fn none_of(left: &[Value<'_>], right: &[Value<'_>]) -> bool {
    !any_of(left, right)
}

fn element_value(element: Element<'_>) -> Option<Value<'_>> {
    let json = match element {
        Element::Json(json) | Element::Node(&Node::Value(json)) => json,
        Element::Node(Node::Text(text)) => return text_value(text),
        Element::Node(Node::Members(_) | Node::List(_)) => return None,
        Element::Node(node) => return Value::from_found(Found::One(node.clone())),
    };
    match json {
        Json::String(text) => text_value(text),
        Json::Array(_) | Json::Object(_) => None,
        _ => Value::from_json(json),
    }
}

/// Jayway looks at what a list's texts could be: a path is equal to nothing, JSON only to the same text in a path.
/// Other texts lose their quotes and escapes.
fn text_value(text: &str) -> Option<Value<'_>> {
    let trimmed = text.trim();
    if is_path(trimmed) {
        return Some(Value::Undefined);
    }
    if is_json(trimmed) {
        return Some(Value::LiteralText(Cow::Borrowed(text)));
    }
    unescape(strip_quotes(text)).map(Value::Text)
}

fn is_path(text: &str) -> bool {
    matches!(text.as_bytes(), [b'$' | b'@'] | [b'$' | b'@', b'.' | b'[', ..])
        && text.len() <= MAX_PATH_LEN
        && Compiler::default().path(Cursor::new(text)).is_ok()
}

fn is_json(text: &str) -> bool {
    matches!(text.as_bytes(), [b'[', .., b']'] | [b'{', .., b'}']) && literal::parse(text).is_some()
}
