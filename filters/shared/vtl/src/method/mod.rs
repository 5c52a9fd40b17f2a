//! Java's methods and properties, as far as templates use them.
//!
//! A method is found by its name and the classes of its arguments, as in Java: `substring("1")` does not exist, and
//! gives no value. What exists but throws in Java ends the rendering.
//!
//! The functions for each class are kept out of line: a call goes through a small function to the one that it needs.

mod array;
mod collection;
mod list;
mod loops;
mod map;
mod nulls;
mod number;
mod scalar;
mod sort;
mod string;

use std::rc::Rc;

use crate::budget::{Budget, Walk};
use crate::error::Limit;
use crate::host::Thrown;
use crate::render::{Renderer, Signal};
use crate::value::{
    ConcurrentModification, Cursor, Entry, ListKind, NumberError, Object, ObjectKind, Value, equals, hash_code,
};

pub(crate) use loops::LoopProperty;
use loops::{call_loop, stored};

/// Why a call has no result. In a box, as results are passed on often and errors never.
pub(crate) struct CallError(Box<Reason>);

enum Reason {
    Thrown(Thrown),
    /// Rendering a block inside of the call ended.
    Signal(Signal),
}

/// The result of a call: `None` where there is no such method.
pub(crate) type Called = Result<Option<Value>, CallError>;

impl CallError {
    pub(crate) fn into_signal(self, renderer: &Renderer<'_, '_>, method: &str) -> Signal {
        match *self.0 {
            Reason::Thrown(thrown) => renderer.thrown_signal(method, thrown),
            Reason::Signal(signal) => signal,
        }
    }
}

impl From<Signal> for CallError {
    fn from(signal: Signal) -> Self {
        Self(Box::new(Reason::Signal(signal)))
    }
}

impl From<ConcurrentModification> for CallError {
    fn from(_: ConcurrentModification) -> Self {
        "the collection was changed meanwhile".into()
    }
}

impl From<Thrown> for CallError {
    fn from(thrown: Thrown) -> Self {
        Self(Box::new(Reason::Thrown(thrown)))
    }
}

impl From<Limit> for CallError {
    fn from(limit: Limit) -> Self {
        Self::from(Thrown::Limit(limit))
    }
}

impl From<&str> for CallError {
    fn from(reason: &str) -> Self {
        Self::from(Thrown::from(reason))
    }
}

impl From<String> for CallError {
    fn from(reason: String) -> Self {
        Self::from(Thrown::from(reason))
    }
}

impl From<NumberError> for CallError {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::Digits => Self::from(Limit::Digits),
            NumberError::Format => Self::from("not a number"),
        }
    }
}

/// Takes an argument away, to keep it.
fn taken(arguments: &mut [Value], place: usize) -> Value {
    arguments.get_mut(place).map_or(Value::Null, |argument| std::mem::replace(argument, Value::Null))
}

/// What a void method gives.
fn void() -> Called {
    Ok(Some(Value::empty()))
}

fn some(value: impl Into<Value>) -> Called {
    Ok(Some(value.into()))
}

/// `target.name(arguments)`
pub(crate) fn call(renderer: &mut Renderer<'_, '_>, target: &Value, name: &str, arguments: &mut [Value]) -> Called {
    let count = arguments.len();
    let called = find_and_call(renderer, target, name, arguments);
    // Velocity 1.7 takes a method without parameters to fit any arguments, if no other does, and then fails to call it.
    if count > 0 && matches!(called, Ok(None)) {
        if takes_nothing(target, name) {
            return Err(format!("it takes no arguments, but has {count}").into());
        }
        if nulls::are_refused(target, name, arguments) {
            return Err("an argument is null".into());
        }
    }
    called
}

/// Whether Java's class has a method of this name without parameters.
#[inline(never)]
fn takes_nothing(target: &Value, name: &str) -> bool {
    let collection = || matches!(name, "size" | "isEmpty" | "clear" | "iterator" | "toArray");
    let map = || matches!(name, "size" | "isEmpty" | "clear" | "keySet" | "values" | "entrySet");
    let own = match target {
        Value::String(_) => matches!(
            name,
            "length"
                | "isEmpty"
                | "isBlank"
                | "intern"
                | "trim"
                | "strip"
                | "stripLeading"
                | "stripTrailing"
                | "toLowerCase"
                | "toUpperCase"
                | "toCharArray"
                | "getBytes"
                | "chars"
                | "codePoints"
                | "lines"
                | "describeConstable"
        ),
        Value::List(list) => {
            collection()
                || matches!(name, "listIterator" | "clone" | "trimToSize")
                || (name == "toJSONString" && list.kind() == ListKind::Json)
        }
        Value::Map(_) => map() || name == "clone",
        Value::Bool(_) => name == "booleanValue",
        Value::Char(_) => name == "charValue",
        Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Double(_) | Value::BigInt(_) | Value::Decimal(_) => {
            number::takes_nothing(target, name)
        }
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Array(_) => collection() || name == "listIterator",
            ObjectKind::View(_) => collection(),
            ObjectKind::Entry(_) => matches!(name, "getKey" | "getValue"),
            ObjectKind::Cursor(_) => matches!(name, "hasNext" | "next" | "remove"),
            ObjectKind::Loop(_) => map() || LoopProperty::of_getter(name).is_some(),
            ObjectKind::Block(_) => false,
            ObjectKind::Host(_) => return false,
        },
        Value::Null => return false,
    };
    own || matches!(name, "toString" | "hashCode")
}

fn find_and_call(renderer: &mut Renderer<'_, '_>, target: &Value, name: &str, arguments: &mut [Value]) -> Called {
    match target {
        Value::String(text) => string::call(renderer, text, name, arguments),
        Value::List(list) => {
            list.prepare(&renderer.budget)?;
            list::call(renderer, target, list, name, arguments)
        }
        Value::Map(map) => map::call(renderer, target, map, name, arguments),
        Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Double(_) | Value::BigInt(_) | Value::Decimal(_) => {
            number::call(renderer, target, name, arguments)
        }
        Value::Bool(value) => scalar::call_bool(renderer, *value, name, arguments),
        Value::Char(unit) => scalar::call_char(renderer, *unit, name, arguments),
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Array(array) => array::call_array(renderer, target, array, name, arguments),
            ObjectKind::View(view) => {
                view.map.prepare(&renderer.budget)?;
                collection::call_view(renderer, target, view, name, arguments)
            }
            ObjectKind::Entry(entry) => call_entry(renderer, target, entry, name, arguments),
            ObjectKind::Cursor(cursor) => call_cursor(renderer, target, cursor, name, arguments),
            ObjectKind::Loop(scope) => call_loop(renderer, target, scope, name, arguments),
            ObjectKind::Block(_) => object(renderer, target, name, arguments),
            ObjectKind::Host(place) => call_host(renderer, *place, name, arguments),
        },
        Value::Null => Ok(None),
    }
}

#[inline(never)]
fn call_host(renderer: &mut Renderer<'_, '_>, place: usize, name: &str, arguments: &mut [Value]) -> Called {
    // A host cannot render blocks.
    for argument in arguments.iter_mut() {
        if let Value::Object(Object(ObjectKind::Block(_))) = argument {
            *argument = Value::String(renderer.text_of(argument)?);
        }
    }
    Ok(renderer.call_host(place, name, arguments)?)
}

#[inline(never)]
fn call_cursor(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    cursor: &Cursor,
    name: &str,
    arguments: &[Value],
) -> Called {
    match (name, arguments) {
        ("hasNext", []) => some(cursor.has_next()),
        ("next", []) if !cursor.has_next() => Err("no more elements".into()),
        ("next", []) => Ok(Some(cursor.advance()?.unwrap_or(Value::Null))),
        ("remove", []) => {
            renderer.spend(u64::try_from(cursor.len() / 4).unwrap_or(u64::MAX))?;
            if cursor.remove()? { void() } else { Err("there is no element to remove".into()) }
        }
        _ => object(renderer, target, name, arguments),
    }
}

/// The methods that every object has. `getClass` is not offered.
#[inline(never)]
fn object(renderer: &mut Renderer<'_, '_>, target: &Value, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("toString", []) => Ok(Some(Value::String(renderer.text_of(target)?))),
        ("equals", [other]) => some(equals(target, other, Walk::new(&renderer.budget))?),
        ("hashCode", []) => some(hash_code(target, Walk::new(&renderer.budget))?),
        _ => Ok(None),
    }
}

/// `target[index]`, which is `target.get(index)`.
pub(crate) fn get(renderer: &mut Renderer<'_, '_>, target: &Value, index: &Value) -> Called {
    match target {
        Value::List(list) => match index {
            Value::Int(n) => {
                list.prepare(&renderer.budget)?;
                element(usize::try_from(*n).ok().and_then(|n| list.get(n)), *n)
            }
            _ => Ok(None),
        },
        Value::Map(map) => map::find(renderer, map, index),
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Array(array) => match index {
                Value::Int(n) => element(usize::try_from(*n).ok().and_then(|n| array.get(n)), *n),
                _ => Ok(None),
            },
            ObjectKind::Loop(scope) => Ok(stored(scope, index)),
            ObjectKind::Host(place) => Ok(renderer.call_host(*place, "get", std::slice::from_ref(index))?),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn element(found: Option<Value>, index: i32) -> Called {
    match found {
        Some(value) => Ok(Some(value)),
        None => Err(format!("index {index} is out of bounds").into()),
    }
}

/// What has a `size()`, and its size.
pub(crate) fn size(target: &Value) -> Option<i32> {
    let len = match target {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Array(array) => array.len(),
            ObjectKind::View(view) => view.map.len(),
            ObjectKind::Loop(scope) => scope.storage.len(),
            _ => return None,
        },
        _ => return None,
    };
    Some(i32::try_from(len).unwrap_or(i32::MAX))
}

/// `target.name`: a key of a map, or what a Java bean's getter gives.
pub(crate) fn property(target: &Value, name: &str, budget: &Budget) -> Result<Option<Value>, Limit> {
    if let Value::Map(map) = target {
        return map.member(name, budget);
    }
    Ok(bean_property(target, name))
}

fn bean_property(target: &Value, name: &str) -> Option<Value> {
    // A getter is found with a large and a small first letter.
    let is = |wanted: &str| {
        let (first, rest) = (name.get(..1), name.get(1..));
        first.is_some_and(|first| wanted.get(..1).is_some_and(|other| first.eq_ignore_ascii_case(other)))
            && rest == wanted.get(1..)
    };
    match target {
        Value::String(text) if is("empty") => Some(Value::Bool(text.is_empty())),
        Value::String(text) if is("blank") => Some(Value::Bool(text.chars().all(char::is_whitespace))),
        Value::String(text) if is("bytes") => Some(string::bytes(text)),
        Value::List(list) if is("empty") => Some(Value::Bool(list.is_empty())),
        Value::Double(n) if is("naN") => Some(Value::Bool(n.is_nan())),
        Value::Double(n) if is("infinite") => Some(Value::Bool(n.is_infinite())),
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Entry(entry) if is("key") => Some(entry.key.clone()),
            ObjectKind::Entry(entry) if is("value") => Some(entry.value()),
            ObjectKind::View(view) if is("empty") => Some(Value::Bool(view.map.is_empty())),
            ObjectKind::Loop(scope) => match LoopProperty::named(name) {
                Some(property) => property.of(scope),
                None => stored(scope, &Value::from(name)),
            },
            _ => None,
        },
        _ => None,
    }
}

#[inline(never)]
fn call_entry(
    renderer: &mut Renderer<'_, '_>,
    target: &Value,
    entry: &Rc<Entry>,
    name: &str,
    arguments: &mut [Value],
) -> Called {
    match (name, &*arguments) {
        ("getKey", []) => Ok(Some(entry.key.clone())),
        ("getValue", []) => Ok(Some(entry.value())),
        ("setValue", [_]) => {
            let value = taken(arguments, 0);
            renderer.adopt(&Value::Map(entry.map.clone()), &value);
            Ok(Some(entry.set(value)))
        }
        _ => object(renderer, target, name, arguments),
    }
}

/// Whether Java has it as a `Collection`.
fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Object(Object(ObjectKind::View(_))))
}

/// The elements of what Java has as a `Collection`.
fn elements(renderer: &Renderer<'_, '_>, value: &Value) -> Result<Option<Vec<Value>>, Limit> {
    let values = match value {
        Value::List(list) => {
            list.prepare(&renderer.budget)?;
            list.to_vec()
        }
        Value::Object(Object(ObjectKind::View(view))) => {
            view.map.prepare(&renderer.budget)?;
            view.to_vec()
        }
        _ => return Ok(None),
    };
    renderer.budget.spend(u64::try_from(values.len() / 16).unwrap_or(u64::MAX))?;
    Ok(Some(values))
}

/// A new list of these values, for which the rendering pays.
fn new_list(renderer: &Renderer<'_, '_>, values: Vec<Value>) -> Called {
    renderer.allocate(values.len().saturating_mul(size_of::<Value>()))?;
    Ok(Some(Value::List(crate::value::List::new(ListKind::Vtl, values))))
}

/// A new array, likewise.
fn new_array(renderer: &Renderer<'_, '_>, values: Vec<Value>) -> Called {
    renderer.allocate(values.len().saturating_mul(size_of::<Value>()))?;
    Ok(Some(Value::array(values)))
}

/// A new text, likewise.
fn new_text(renderer: &Renderer<'_, '_>, write: impl FnOnce(&mut String)) -> Called {
    let mut buffer = renderer.budget.buffer();
    write(&mut buffer);
    Ok(Some(Value::String(renderer.budget.finish(buffer)?)))
}
