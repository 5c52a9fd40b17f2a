//! The values of a template: Java's, as far as a template can tell them apart.
//!
//! Collections are shared and mutable as Java's references are, so that `#set($m = $list.get(0))` and `$m.put(…)`
//! change the list's element too.

mod decimal;
mod equality;
mod json;
mod list;
mod map;
mod number;
mod objects;
mod print;
mod text;

use std::rc::Rc;

use num_bigint::BigInt;

pub(crate) use decimal::Decimal;
pub(crate) use equality::{compare_text, contains, equals, hash_code, ordering, position, same_class, view_contains};
pub(crate) use json::from_json;
pub use list::{List, ListKind};
pub use map::{Map, MapKind};
pub(crate) use number::{Number, NumberError, calculate_big, short_integer};
pub(crate) use objects::{Array, Block, ConcurrentModification, Cursor, Entry, LoopScope, View, ViewKind, range_len};
pub(crate) use print::{Printer, print};
pub use text::Text;

/// A value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Value {
    /// Java's `null`: in a collection, or the result of an impossible calculation. A reference never gives it.
    Null,
    /// `java.lang.Boolean`
    Bool(bool),
    /// `java.lang.Character`, a UTF-16 unit.
    Char(u16),
    /// `java.lang.Integer`
    Int(i32),
    /// `java.lang.Long`
    Long(i64),
    /// `java.lang.Float`
    Float(f32),
    /// `java.lang.Double`
    Double(f64),
    /// `java.math.BigInteger`
    BigInt(BigInteger),
    /// `java.math.BigDecimal`
    Decimal(BigDecimal),
    /// `java.lang.String`
    String(Text),
    /// `java.util.ArrayList`, or the JSON array that extends it.
    List(List),
    /// `java.util.LinkedHashMap`
    Map(Map),
    /// What the engine makes and a caller only passes on: arrays, views, iterators, blocks.
    Object(Object),
}

/// `java.math.BigInteger`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BigInteger(pub(crate) Rc<BigInt>);

/// `java.math.BigDecimal`
#[derive(Debug, Clone, PartialEq)]
pub struct BigDecimal(pub(crate) Rc<Decimal>);

/// A value that exists only during a rendering.
#[derive(Debug, Clone)]
pub struct Object(pub(crate) ObjectKind);

#[derive(Debug, Clone)]
pub(crate) enum ObjectKind {
    Array(Array),
    View(Rc<View>),
    Entry(Rc<Entry>),
    Cursor(Rc<Cursor>),
    Block(Rc<Block>),
    Loop(Rc<LoopScope>),
    /// A host object, by its place in the scope.
    Host(usize),
}

impl Value {
    /// The empty string, which a reference without a value gives.
    pub fn empty() -> Self {
        Self::String(Text::empty())
    }

    /// Writes a value where null is.
    #[inline]
    pub(crate) fn fill(&mut self, value: Self) {
        let old = std::mem::replace(self, value);
        debug_assert!(matches!(old, Self::Null));
        // Null has nothing to drop, so not even a call that finds that out.
        if let Self::Null = old {
            std::mem::forget(old);
        }
    }

    /// Writes a clone of another value where null is.
    ///
    /// Each kind is written as what it is: a copy of a value that was just put together waits for its parts.
    pub(crate) fn fill_from(&mut self, other: &Self) {
        match other {
            Self::Null => self.fill(Self::Null),
            Self::Bool(value) => self.fill(Self::Bool(*value)),
            Self::Int(value) => self.fill(Self::Int(*value)),
            Self::Double(value) => self.fill(Self::Double(*value)),
            Self::String(text) => self.fill(Self::String(text.clone())),
            Self::List(list) => self.fill(Self::List(list.clone())),
            Self::Map(map) => self.fill(Self::Map(map.clone())),
            other => self.fill(other.clone()),
        }
    }

    pub(crate) fn big_int(value: BigInt) -> Self {
        Self::BigInt(BigInteger(Rc::new(value)))
    }

    pub(crate) fn decimal(value: Decimal) -> Self {
        Self::Decimal(BigDecimal(Rc::new(value)))
    }

    pub(crate) fn array(items: Vec<Value>) -> Self {
        Self::object(ObjectKind::Array(Array::new(items)))
    }

    pub(crate) fn object(kind: ObjectKind) -> Self {
        Self::Object(Object(kind))
    }

    /// A list as VTL's `[…]` makes it.
    pub(crate) fn list(items: Vec<Value>) -> Self {
        Self::List(List::new(ListKind::Vtl, items))
    }

    /// An integer literal: the smallest of Integer, Long and BigInteger that holds it. `None` if it is none, or too
    /// long.
    pub(crate) fn parse_integer(text: &str) -> Option<Self> {
        number::parse_integer(text)
    }

    /// A size or an index as Java's `int`.
    pub(crate) fn size(n: usize) -> Self {
        Self::Int(i32::try_from(n).unwrap_or(i32::MAX))
    }

    /// Whether Java has this as a `Number`.
    pub fn is_number(&self) -> bool {
        Number::of(self).is_some()
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Name of the value's Java class, for messages.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "Boolean",
            Self::Char(_) => "Character",
            Self::Int(_) => "Integer",
            Self::Long(_) => "Long",
            Self::Float(_) => "Float",
            Self::Double(_) => "Double",
            Self::BigInt(_) => "BigInteger",
            Self::Decimal(_) => "BigDecimal",
            Self::String(_) => "String",
            Self::List(_) => "List",
            Self::Map(_) => "Map",
            Self::Object(Object(kind)) => match kind {
                ObjectKind::Array(_) => "array",
                ObjectKind::View(_) => "Collection",
                ObjectKind::Entry(_) => "Map.Entry",
                ObjectKind::Cursor(_) => "Iterator",
                ObjectKind::Block(_) => "block",
                ObjectKind::Loop(_) => "$foreach",
                ObjectKind::Host(_) => "object",
            },
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(Text::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(Text::from(text))
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}

/// An `Integer` where it fits, else a `Long`.
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        i32::try_from(value).map_or(Self::Long(value), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}
