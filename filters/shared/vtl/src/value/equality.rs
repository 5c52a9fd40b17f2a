//! Java's `equals`, `hashCode` and `compareTo`.

use std::cmp::Ordering;
use std::rc::Rc;

use num_bigint::Sign;

use super::decimal::Decimal;
use super::{List, Map, MapKind, Object, ObjectKind, Value, View, ViewKind};
use crate::budget::Walk;
use crate::error::Limit;

/// `a.equals(b)`. Numbers of different classes are not equal.
pub(crate) fn equals(a: &Value, b: &Value, walk: Walk<'_>) -> Result<bool, Limit> {
    let walk = walk.deeper()?;
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Char(a), Value::Char(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Long(a), Value::Long(b)) => a == b,
        // Java compares the bits: NaN is equal to itself, and 0.0 is not -0.0.
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::BigInt(a), Value::BigInt(b)) => a == b,
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        (Value::String(a), Value::String(b)) => {
            walk.read(a.len().min(b.len()))?;
            a == b
        }
        (Value::List(a), Value::List(b)) => {
            a.prepare(walk.budget())?;
            b.prepare(walk.budget())?;
            a.is_same(b) || equal_items(&a.to_vec(), &b.to_vec(), walk)?
        }
        (Value::Map(a), Value::Map(b)) => a.is_same(b) || equal_maps(a, b, walk)?,
        (Value::Object(Object(a)), Value::Object(Object(b))) => equal_objects(a, b, walk)?,
        // A loop's scope is a map, too.
        (Value::Map(map), Value::Object(Object(ObjectKind::Loop(scope))))
        | (Value::Object(Object(ObjectKind::Loop(scope))), Value::Map(map)) => equal_maps(map, &scope.storage, walk)?,
        _ => false,
    })
}

fn equal_items(a: &[Value], b: &[Value], walk: Walk<'_>) -> Result<bool, Limit> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b) {
        if !equals(a, b, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(a: &Map, b: &Map, walk: Walk<'_>) -> Result<bool, Limit> {
    a.prepare(walk.budget())?;
    b.prepare(walk.budget())?;
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a.entries() {
        match b.find(&key) {
            Some(other) if equals(&value, &other, walk)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn equal_objects(a: &ObjectKind, b: &ObjectKind, walk: Walk<'_>) -> Result<bool, Limit> {
    Ok(match (a, b) {
        (ObjectKind::Array(a), ObjectKind::Array(b)) => a.is_same(b),
        (ObjectKind::Entry(a), ObjectKind::Entry(b)) => {
            equals(&a.key, &b.key, walk)? && equals(&a.value(), &b.value(), walk)?
        }
        (ObjectKind::View(a), ObjectKind::View(b)) => match (a.kind, b.kind) {
            // `values()` is a plain collection, which equals only itself.
            (ViewKind::Values, ViewKind::Values) => Rc::ptr_eq(a, b),
            (ViewKind::Values, _) | (_, ViewKind::Values) => false,
            _ => equal_sets(a, b, walk)?,
        },
        (ObjectKind::Cursor(a), ObjectKind::Cursor(b)) => Rc::ptr_eq(a, b),
        (ObjectKind::Block(a), ObjectKind::Block(b)) => Rc::ptr_eq(a, b),
        (ObjectKind::Loop(a), ObjectKind::Loop(b)) => Rc::ptr_eq(a, b) || equal_maps(&a.storage, &b.storage, walk)?,
        (ObjectKind::Host(a), ObjectKind::Host(b)) => a == b,
        _ => false,
    })
}

fn equal_sets(a: &View, b: &View, walk: Walk<'_>) -> Result<bool, Limit> {
    if a.map.len() != b.map.len() {
        return Ok(false);
    }
    for element in a.to_vec() {
        if !view_contains(b, &element, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `view.contains(element)`
pub(crate) fn view_contains(view: &View, element: &Value, walk: Walk<'_>) -> Result<bool, Limit> {
    match view.kind {
        ViewKind::Keys => Ok(view.map.contains(element)),
        ViewKind::Values => contains(&view.to_vec(), element, walk),
        ViewKind::Entries => match element {
            Value::Object(Object(ObjectKind::Entry(entry))) => match view.map.find(&entry.key) {
                Some(value) => equals(&value, &entry.value(), walk),
                None => Ok(false),
            },
            _ => Ok(false),
        },
    }
}

/// Whether one of `items` equals `element`.
pub(crate) fn contains(items: &[Value], element: &Value, walk: Walk<'_>) -> Result<bool, Limit> {
    Ok(position(items, element, walk)?.is_some())
}

/// Place of the first of `items` that equals `element`.
pub(crate) fn position(items: &[Value], element: &Value, walk: Walk<'_>) -> Result<Option<usize>, Limit> {
    for (place, item) in items.iter().enumerate() {
        if equals(element, item, walk)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Whether Java has one value's class for a subclass of the other's, so that `==` asks `equals` and does not compare
/// the texts.
pub(crate) fn same_class(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(_), Value::Bool(_))
        | (Value::Char(_), Value::Char(_))
        | (Value::String(_), Value::String(_))
        // A JSON array is an ArrayList.
        | (Value::List(_), Value::List(_)) => true,
        (Value::Map(a), Value::Map(b)) => (a.kind() == MapKind::Context) == (b.kind() == MapKind::Context),
        (Value::Object(Object(a)), Value::Object(Object(b))) => match (a, b) {
            (ObjectKind::View(a), ObjectKind::View(b)) => a.kind == b.kind,
            _ => std::mem::discriminant(a) == std::mem::discriminant(b),
        },
        _ => false,
    }
}

/// `value.hashCode()`
pub(crate) fn hash_code(value: &Value, walk: Walk<'_>) -> Result<i32, Limit> {
    let walk = walk.deeper()?;
    Ok(match value {
        Value::Null => 0,
        Value::Bool(true) => 1231,
        Value::Bool(false) => 1237,
        Value::Char(c) => i32::from(*c),
        Value::Int(n) => *n,
        Value::Long(n) => fold(*n),
        Value::Float(n) => n.to_bits() as i32,
        Value::Double(n) => {
            // Java has one NaN.
            let bits = if n.is_nan() { 0x7FF8_0000_0000_0000 } else { n.to_bits() };
            fold(bits as i64)
        }
        Value::BigInt(n) => hash_big(&n.0),
        Value::Decimal(n) => hash_decimal(&n.0),
        Value::String(text) => {
            walk.read(text.len())?;
            hash_text(text)
        }
        Value::List(list) => hash_items(list, walk)?,
        Value::Map(map) => hash_map(map, walk)?,
        Value::Object(Object(kind)) => match kind {
            ObjectKind::Entry(entry) => hash_code(&entry.key, walk)? ^ hash_code(&entry.value(), walk)?,
            ObjectKind::View(view) if view.kind != ViewKind::Values => {
                let mut sum: i32 = 0;
                for element in view.to_vec() {
                    sum = sum.wrapping_add(hash_code(&element, walk)?);
                }
                sum
            }
            ObjectKind::Loop(scope) => hash_map(&scope.storage, walk)?,
            // Java derives these from the address.
            _ => 0,
        },
    })
}

fn hash_items(list: &List, walk: Walk<'_>) -> Result<i32, Limit> {
    let mut hash: i32 = 1;
    list.prepare(walk.budget())?;
    for item in list.to_vec() {
        hash = hash.wrapping_mul(31).wrapping_add(hash_code(&item, walk)?);
    }
    Ok(hash)
}

fn hash_map(map: &Map, walk: Walk<'_>) -> Result<i32, Limit> {
    let mut sum: i32 = 0;
    map.prepare(walk.budget())?;
    for (key, value) in map.entries() {
        sum = sum.wrapping_add(hash_code(&key, walk)? ^ hash_code(&value, walk)?);
    }
    Ok(sum)
}

fn fold(n: i64) -> i32 {
    (n ^ n.wrapping_shr(32) & 0xFFFF_FFFF) as i32
}

fn hash_text(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn hash_big(n: &num_bigint::BigInt) -> i32 {
    let mut hash: i32 = 0;
    for digit in n.iter_u32_digits().rev() {
        hash = hash.wrapping_mul(31).wrapping_add(digit as i32);
    }
    if n.sign() == Sign::Minus { hash.wrapping_neg() } else { hash }
}

fn hash_decimal(n: &Decimal) -> i32 {
    // Java hashes what fits into 64 bits in another way, with the same result.
    let magnitude = num_bigint::BigInt::from(n.unscaled.magnitude().clone());
    let hash = hash_big(&magnitude);
    let hash = if n.unscaled.sign() == Sign::Minus { hash.wrapping_neg() } else { hash };
    hash.wrapping_mul(31).wrapping_add(n.scale)
}

/// `a.compareTo(b)` of two strings: by UTF-16 units, else by length.
pub(crate) fn compare_text(a: &str, b: &str) -> i32 {
    let mut right = b.encode_utf16();
    let mut left = a.encode_utf16();
    loop {
        match (left.next(), right.next()) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => return i32::from(a).wrapping_sub(i32::from(b)),
            (None, None) => return 0,
            (Some(_), None) => return length(left.count()).saturating_add(1),
            (None, Some(_)) => return length(right.count()).saturating_add(1).wrapping_neg(),
        }
    }
}

fn length(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// -1, 0 or 1, as Java's number classes compare.
pub(crate) fn ordering(ordering: Ordering) -> i32 {
    match ordering {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}
