//! `list.sort(null)`: by the order that Java's classes have of their own.

use std::cmp::Ordering;
use std::mem::discriminant;

use super::CallError;
use super::number::compare;
use crate::render::Renderer;
use crate::value::{Value, compare_text};

/// The values in their order. Those of different classes, or of one without an order, cannot be sorted.
pub(super) fn sorted(renderer: &Renderer<'_, '_>, mut values: Vec<Value>) -> Result<Vec<Value>, CallError> {
    let [first, second, ..] = values.as_slice() else { return Ok(values) };
    // Java compares each value with some other one.
    let other = values.iter().find(|value| discriminant(*value) != discriminant(first)).unwrap_or(second);
    if natural_order(first, other).is_none() {
        return Err(format!("{} and {} have no order", first.class(), other.class()).into());
    }
    // What merging takes: every value is compared once in each round.
    let rounds = values.len().checked_ilog2().unwrap_or(0).saturating_add(1);
    for value in &values {
        let text = if let Value::String(text) = value { text.len() } else { 0 };
        renderer.spend(u64::from(rounds))?;
        renderer.budget.read(text.saturating_mul(usize::try_from(rounds).unwrap_or(usize::MAX)))?;
    }
    values.sort_by(|a, b| natural_order(a, b).unwrap_or(Ordering::Equal));
    Ok(values)
}

/// `a.compareTo(b)`
fn natural_order(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Char(a), Value::Char(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Long(a), Value::Long(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => compare(f64::from(*a), f64::from(*b)),
        (Value::Double(a), Value::Double(b)) => compare(*a, *b),
        (Value::BigInt(a), Value::BigInt(b)) => a.0.cmp(&b.0),
        (Value::String(a), Value::String(b)) => compare_text(a, b).cmp(&0),
        _ => return None,
    })
}
