//! Whether a value meets a condition.

use super::Context;
use super::compare::{Value, equal, order, same_type};
use super::list::{any_of, contains, lists, none_of, subset_of};
use super::numeric::Numeric;
use crate::error::NoResult;
use crate::filter::{Condition, Operand, Operator};
use crate::json::Json;

impl<'d> Context<'d> {
    pub(super) fn holds(&self, condition: &Condition, item: &'d Json<'d>) -> Result<bool, NoResult> {
        match condition {
            Condition::Or(parts) => {
                for part in parts {
                    if self.holds(part, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::And(parts) => {
                for part in parts {
                    if !self.holds(part, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Not(negated) => Ok(!self.holds(negated, item)?),
            // Jayway begins at the item here even for a path from the root.
            Condition::Exists { path, expected } => Ok(path.exists(self, item)? == *expected),
            Condition::Compare { left, operator, right } => {
                let left = self.value(left, item)?;
                let right = self.value(right, item)?;
                self.compare(*operator, &left, &right)
            }
        }
    }

    fn value<'v>(&self, operand: &'v Operand, item: &'d Json<'d>) -> Result<Value<'v>, NoResult>
    where
        'd: 'v,
    {
        let found = match operand {
            // A list is copied: its elements count as steps below.
            Operand::Path { path, cache: Some(cache) } => self.root_operand(path, *cache).map(|found| (*found).clone()),
            Operand::Path { path, cache: None } => path.evaluate(self, item),
            Operand::Null => return Ok(Value::Null),
            Operand::Bool(value) => return Ok(Value::Bool(*value)),
            Operand::Number { text, nearest } => return Ok(Value::Number(Numeric::literal(text, *nearest))),
            Operand::Text(text) => return Ok(Value::Text(text.into())),
            Operand::Json { text, value } => return Ok(Value::Literal { text: text.into(), value }),
            Operand::Pattern(pattern) => return Ok(Value::Pattern(pattern)),
        };
        match found {
            Ok(found) => {
                let value = Value::from_found(found).ok_or(NoResult::Failed)?;
                self.steps(value.weight())?;
                Ok(value)
            }
            Err(NoResult::NotFound) => Ok(Value::Undefined),
            Err(reason) => Err(reason),
        }
    }

    fn compare(&self, operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Result<bool, NoResult> {
        Ok(match operator {
            Operator::Equal => equal(left, right),
            Operator::NotEqual => !equal(left, right),
            Operator::SameEqual => same_type(left, right) && equal(left, right),
            Operator::NotSameEqual => !(same_type(left, right) && equal(left, right)),
            Operator::Less => order(left, right).is_some_and(|order| order.is_lt()),
            Operator::LessOrEqual => order(left, right).is_some_and(|order| order.is_le()),
            Operator::Greater => order(left, right).is_some_and(|order| order.is_gt()),
            Operator::GreaterOrEqual => order(left, right).is_some_and(|order| order.is_ge()),
            Operator::Matches => self.matches(left, right)?,
            Operator::In => contains(self, right, left)?,
            Operator::NotIn => !contains(self, right, left)?,
            Operator::Contains => match (left, right) {
                (Value::Text(text), Value::Text(part)) => text.contains(part.as_ref()),
                _ if left.is_json() => contains(self, left, right)?,
                _ => false,
            },
            Operator::Size => size(left, right),
            Operator::Empty => empty(left, right)?,
            Operator::SubsetOf => lists(self, left, right, subset_of)?,
            Operator::AnyOf => lists(self, left, right, any_of)?,
            Operator::NoneOf => lists(self, left, right, none_of)?,
            Operator::Exists => match (left, right) {
                (Value::Bool(left), Value::Bool(right)) => left == right,
                (Value::Bool(_), _) | (_, Value::Bool(_)) => return Err(NoResult::Invalid),
                _ => return Err(NoResult::Failed),
            },
            Operator::Never => return Err(NoResult::Invalid),
        })
    }

    /// A pattern on one side and text on the other; what is no text, number or boolean is an empty text.
    fn matches(&self, left: &Value<'_>, right: &Value<'_>) -> Result<bool, NoResult> {
        let (pattern, value) = match (left, right) {
            (Value::Pattern(_), Value::Pattern(_)) => return Ok(false),
            (Value::Pattern(pattern), value) | (value, Value::Pattern(pattern)) => (pattern, value),
            _ => return Ok(false),
        };
        let text = match value {
            Value::Text(_) | Value::Number(_) => value.text(),
            Value::Bool(true) => "true".into(),
            Value::Bool(false) => "false".into(),
            _ => "".into(),
        };
        // The engine looks at each character once for each state that the pattern may be in.
        let states = pattern.weight.checked_div(16).unwrap_or(0).saturating_add(1);
        self.steps(text.len().saturating_mul(states))?;
        Ok(pattern.matches(&text))
    }
}

/// The length of a text in UTF-16 units, or of an array; an object's is -1.
fn size(left: &Value<'_>, right: &Value<'_>) -> bool {
    let Value::Number(expected) = right else { return false };
    // A fraction is cut off, as by Java's `intValue`; numbers that it wraps around are no sizes.
    let expected = expected.nearest().trunc();
    let actual = match left {
        Value::Text(text) => text.encode_utf16().count() as f64,
        _ if left.is_json() => left.elements().map_or(-1.0, |elements| elements.len() as f64),
        _ => return false,
    };
    actual == expected
}

fn empty(left: &Value<'_>, right: &Value<'_>) -> Result<bool, NoResult> {
    let is_empty = match left {
        Value::Text(text) => text.is_empty(),
        _ if left.is_json() => left.is_empty(),
        _ => return Ok(false),
    };
    match right {
        Value::Bool(expected) => Ok(is_empty == *expected),
        _ => Err(NoResult::Invalid),
    }
}
