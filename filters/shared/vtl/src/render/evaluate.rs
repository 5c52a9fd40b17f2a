//! Expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Rendered, Renderer};
use crate::ast::{Chain, Comparison, Expr, Operand, Operator, ReferenceKind};
use crate::budget::Walk;
use crate::value::{
    Map, MapKind, Number, Object, ObjectKind, Printer as _, Text, Value, equals, range_len, same_class,
};

/// Bytes that a value takes in a collection.
pub(super) const VALUE_BYTES: usize = size_of::<Value>();

impl Renderer<'_, '_> {
    /// The value of an expression; null where it has none.
    pub(super) fn value(&mut self, expr: &Expr) -> Rendered<Value> {
        self.spend(1)?;
        match expr {
            Expr::Value(value) => Ok(value.clone()),
            Expr::Reference(reference) if reference.kind == ReferenceKind::Void => Ok(Value::Null),
            Expr::Reference(reference) => self.execute(reference),
            Expr::Interpolated(index) => self.interpolate(*index),
            Expr::Group(inner) => self.nested(|r| r.value(inner)),
            Expr::List(items) => self.nested(|r| {
                r.allocate(items.len().saturating_mul(VALUE_BYTES))?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(r.value(item)?);
                }
                Ok(Value::list(values))
            }),
            Expr::Map(pairs) => self.nested(|r| {
                r.allocate(pairs.len().saturating_mul(VALUE_BYTES).saturating_mul(2))?;
                let map = Map::new(MapKind::Plain);
                for (key, value) in pairs {
                    let key = r.value(key)?;
                    map.put(key, r.value(value)?);
                }
                Ok(Value::Map(map))
            }),
            Expr::Range(bounds) => {
                let Some((first, last)) = self.range(&bounds.0, &bounds.1)? else { return Ok(Value::Null) };
                let len = range_len(first, last);
                self.allocate(len.saturating_mul(VALUE_BYTES))?;
                let values = if first >= last {
                    (last..=first).rev().map(Value::Int).collect()
                } else {
                    (first..=last).map(Value::Int).collect()
                };
                Ok(Value::list(values))
            }
            Expr::Math(chain) => self.math(chain),
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(_) => Ok(Value::Bool(self.is_true(expr)?)),
        }
    }

    /// Whether a condition holds. References hold unless they are `false`; literals other than `true` never do.
    pub(super) fn is_true(&mut self, expr: &Expr) -> Rendered<bool> {
        self.spend(1)?;
        match expr {
            Expr::Value(Value::Bool(value)) => Ok(*value),
            Expr::Reference(reference) => match self.execute(reference)? {
                Value::Null => Ok(false),
                Value::Bool(value) => Ok(value),
                // Java asks for the text, which renders a block.
                Value::Object(Object(ObjectKind::Block(block))) => {
                    let mut text = String::new();
                    self.render_block(&block, &mut text)
                }
                _ => Ok(true),
            },
            Expr::Not(inner) => self.nested(|r| Ok(!r.is_true(inner)?)),
            // These need not count as levels: one directly in another has a group or a `!` between.
            Expr::And(operands) => {
                for operand in operands {
                    if !self.is_true(operand)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Or(operands) => {
                for operand in operands {
                    if self.is_true(operand)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::Compare(chain) => self.comparison(chain),
            Expr::Group(inner) => self.nested(|r| r.is_true(inner)),
            Expr::Value(_) | Expr::Interpolated(_) | Expr::List(_) | Expr::Map(_) | Expr::Range(_) | Expr::Math(_) => {
                Ok(false)
            }
        }
    }

    /// Renders a double-quoted string.
    fn interpolate(&mut self, index: usize) -> Rendered<Value> {
        let Some(string) = self.program.strings.get(index) else { return Ok(Value::Null) };
        let mut text = self.budget.buffer();
        self.nested(|r| r.nodes(&string.nodes, &mut text))?;
        if string.padded {
            // Mostly the blank; a UTF-16 unit in any case.
            if let Some(last) = text.pop()
                && last.len_utf16() > 1
            {
                text.push('?');
            }
        }
        Ok(Value::String(self.finish(text)?))
    }

    /// An operand; a constant is not copied.
    fn operand<'e>(&mut self, expr: &'e Expr) -> Rendered<Cow<'e, Value>> {
        match expr {
            Expr::Value(value) => Ok(Cow::Borrowed(value)),
            _ => self.value(expr).map(Cow::Owned),
        }
    }

    fn comparison(&mut self, chain: &Chain<Comparison>) -> Rendered<bool> {
        let mut left = self.operand(&chain.first.expr)?;
        let mut result = false;
        for (n, link) in chain.rest.iter().enumerate() {
            if n > 0 {
                left = Cow::Owned(Value::Bool(result));
            }
            let right = self.operand(&link.operand.expr)?;
            result = match link.op {
                Comparison::Eq => self.are_equal(&left, &right)?,
                Comparison::Ne => !self.are_equal(&left, &right)?,
                op => self.is_ordered(op, &left, &right)?,
            };
        }
        Ok(result)
    }

    /// `==`: numbers by value, the same class by `equals`, else the texts.
    fn are_equal(&mut self, left: &Value, right: &Value) -> Rendered<bool> {
        match (left, right) {
            (Value::Int(a), Value::Int(b)) => return Ok(a == b),
            (Value::String(a), Value::String(b)) => {
                self.budget.read(a.len().min(b.len())).map_err(|limit| self.limit(limit))?;
                return Ok(a == b);
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) {
            let ordering = a.compare(b).map_err(|error| self.number_fault(error))?;
            return Ok(ordering == Ordering::Equal);
        }
        if same_class(left, right) {
            return equals(left, right, Walk::new(&self.budget)).map_err(|limit| self.limit(limit));
        }
        match (left, right) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Null, _) | (_, Value::Null) => Ok(false),
            _ => {
                let left = self.java_string(left)?;
                Ok(left == self.java_string(right)?)
            }
        }
    }

    /// `<` and the like: of numbers only.
    fn is_ordered(&self, op: Comparison, left: &Value, right: &Value) -> Rendered<bool> {
        let ordering = match (left, right) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            _ => {
                let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) else { return Ok(false) };
                a.compare(b).map_err(|error| self.number_fault(error))?
            }
        };
        Ok(match op {
            Comparison::Lt => ordering.is_lt(),
            Comparison::Le => ordering.is_le(),
            Comparison::Gt => ordering.is_gt(),
            _ => ordering.is_ge(),
        })
    }

    fn math(&mut self, chain: &Chain<Operator>) -> Rendered<Value> {
        let mut left = self.operand(&chain.first.expr)?;
        let mut left_text = chain.first.literal();
        for link in &chain.rest {
            let right = self.operand(&link.operand.expr)?;
            left = Cow::Owned(match (link.op, &*left, &*right) {
                (Operator::Add, Value::Int(a), Value::Int(b)) => Value::from(i64::from(*a).wrapping_add(i64::from(*b))),
                _ => self.calculate(link.op, &left, left_text, &right, &link.operand)?,
            });
            // The text of the whole left side is the last operand's, to Velocity.
            left_text = link.operand.source.get(link.start..link.end).unwrap_or("");
        }
        Ok(left.into_owned())
    }

    fn calculate(
        &mut self,
        op: Operator,
        left: &Value,
        left_text: &str,
        right: &Value,
        right_operand: &Operand,
    ) -> Rendered<Value> {
        if op == Operator::Add && (matches!(left, Value::String(_)) || matches!(right, Value::String(_))) {
            let left = self.added(left, left_text)?;
            let right = self.added(right, right_operand.literal())?;
            let mut text = self.budget.buffer();
            text.push_str(&left);
            text.push_str(&right);
            return Ok(Value::String(self.finish(text)?));
        }
        let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) else { return Ok(Value::Null) };
        match a.calculate(op, b) {
            Ok(result) => Ok(result.unwrap_or(Value::Null)),
            Err(error) => Err(self.number_fault(error)),
        }
    }

    /// One side of `+` with a string on the other.
    fn added(&mut self, value: &Value, literal: &str) -> Rendered<Text> {
        if let Value::Null = value {
            return Ok(Text::from(literal));
        }
        match self.java_string(value)? {
            Some(text) => Ok(text),
            None => Err(self.failed("a block inside of itself has no text")),
        }
    }
}
