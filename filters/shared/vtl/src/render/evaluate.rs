//! Expressions.

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
    pub(super) fn evaluated(&mut self, expr: &Expr) -> Rendered<Value> {
        let mut value = Value::Null;
        self.value(expr, &mut value)?;
        Ok(value)
    }

    /// The value of an expression, written to `out`, which is null.
    pub(super) fn value(&mut self, expr: &Expr, out: &mut Value) -> Rendered<()> {
        self.spend(1)?;
        match expr {
            Expr::Value(value) => out.fill_from(value),
            Expr::Reference(reference) if reference.kind == ReferenceKind::Void => {}
            Expr::Reference(reference) => return self.execute(reference, out),
            Expr::Interpolated(index) => out.fill(self.interpolate(*index)?),
            Expr::Group(inner) => return self.nested(|r| r.value(inner, out)),
            Expr::Math(chain) => return self.math(chain, out),
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(_) => out.fill(Value::Bool(self.is_true(expr)?)),
            Expr::List(_) | Expr::Map(_) | Expr::Range(_) => out.fill(self.collection(expr)?),
        }
        Ok(())
    }

    /// A list, a map or a range.
    #[inline(never)]
    fn collection(&mut self, expr: &Expr) -> Rendered<Value> {
        match expr {
            Expr::List(items) => self.nested(|r| {
                r.allocate(items.len().saturating_mul(VALUE_BYTES))?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(r.evaluated(item)?);
                }
                Ok(Value::list(values))
            }),
            Expr::Map(pairs) => self.nested(|r| {
                r.allocate(pairs.len().saturating_mul(VALUE_BYTES).saturating_mul(2))?;
                let map = Map::new(MapKind::Plain);
                for (key, value) in pairs {
                    let key = r.evaluated(key)?;
                    map.put(key, r.evaluated(value)?);
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
            _ => Ok(Value::Null),
        }
    }

    /// Whether a condition holds. References hold unless they are `false`; literals other than `true` never do.
    pub(super) fn is_true(&mut self, expr: &Expr) -> Rendered<bool> {
        self.spend(1)?;
        match expr {
            Expr::Value(Value::Bool(value)) => Ok(*value),
            Expr::Reference(reference) => {
                let mut value = Value::Null;
                self.execute(reference, &mut value)?;
                match &value {
                    Value::Null => Ok(false),
                    Value::Bool(value) => Ok(*value),
                    // Java asks for the text, which renders a block.
                    Value::Object(Object(ObjectKind::Block(block))) => {
                        let mut text = String::new();
                        self.render_block(block, &mut text)
                    }
                    _ => Ok(true),
                }
            }
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

    /// An operand; a constant is not copied, anything else is kept in `place`.
    fn operand<'e>(&mut self, expr: &'e Expr, place: &'e mut Value) -> Rendered<&'e Value> {
        match expr {
            Expr::Value(value) => Ok(value),
            _ => {
                self.value(expr, place)?;
                Ok(place)
            }
        }
    }

    fn comparison(&mut self, chain: &Chain<Comparison>) -> Rendered<bool> {
        let mut result = None;
        for link in &chain.rest {
            let (mut left, mut right) = (Value::Null, Value::Null);
            let left = match result {
                None => self.operand(&chain.first.expr, &mut left)?,
                Some(result) => {
                    left = Value::Bool(result);
                    &left
                }
            };
            let right = self.operand(&link.operand.expr, &mut right)?;
            result = Some(match link.op {
                Comparison::Eq => self.are_equal(left, right)?,
                Comparison::Ne => !self.are_equal(left, right)?,
                op => self.is_ordered(op, left, right)?,
            });
        }
        Ok(result.unwrap_or(false))
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
            (Value::Double(a), Value::Double(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
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

    fn math(&mut self, chain: &Chain<Operator>, out: &mut Value) -> Rendered<()> {
        let mut place = Value::Null;
        let mut left = self.operand(&chain.first.expr, &mut place)?;
        if chain.rest.is_empty() {
            out.fill_from(left);
        }
        let mut left_text: Option<&str> = None;
        for (n, link) in chain.rest.iter().enumerate() {
            if n > 0 {
                place = std::mem::replace(out, Value::Null);
                left = &place;
            }
            let mut right = Value::Null;
            let right = self.operand(&link.operand.expr, &mut right)?;
            if !quick(link.op, left, right, out) {
                let text = left_text.unwrap_or_else(|| chain.first.literal.as_str());
                out.fill(self.calculate(link.op, left, text, right, &link.operand)?);
            }
            // The text of the whole left side is the last operand's, to Velocity.
            left_text = Some(link.literal.as_str());
        }
        Ok(())
    }

    #[inline(never)]
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
            let right = self.added(right, right_operand.literal.as_str())?;
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

/// Calculates with small integers, and with doubles; `false` for anything else.
fn quick(op: Operator, left: &Value, right: &Value, out: &mut Value) -> bool {
    let (a, b) = match (left, right) {
        (Value::Int(a), Value::Int(b)) => {
            // 64 bits hold every result.
            let (a, b) = (i64::from(*a), i64::from(*b));
            let result = match op {
                Operator::Add => a.checked_add(b),
                Operator::Subtract => a.checked_sub(b),
                Operator::Multiply => a.checked_mul(b),
                Operator::Divide => a.checked_div(b),
                Operator::Modulo => a.checked_rem(b),
            };
            let Some(result) = result else { return false };
            match i32::try_from(result) {
                Ok(small) => out.fill(Value::Int(small)),
                Err(_) => out.fill(Value::Long(result)),
            }
            return true;
        }
        (Value::Double(a), Value::Double(b)) => (*a, *b),
        (Value::Int(a), Value::Double(b)) => (f64::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => (*a, f64::from(*b)),
        _ => return false,
    };
    match op {
        Operator::Add => out.fill(Value::Double(a + b)),
        Operator::Subtract => out.fill(Value::Double(a - b)),
        Operator::Multiply => out.fill(Value::Double(a * b)),
        // A division by zero has no result.
        Operator::Divide if b != 0.0 => out.fill(Value::Double(a / b)),
        Operator::Modulo if b != 0.0 => out.fill(Value::Double(a % b)),
        Operator::Divide | Operator::Modulo => return false,
    }
    true
}
