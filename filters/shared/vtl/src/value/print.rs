//! Java's `toString`.

use std::fmt;

use jsonpath::json::write_double;

use super::json::write_json;
use super::{List, ListKind, Map, MapKind, Object, ObjectKind, Value};
use crate::budget::Budget;
use crate::error::Limit;
use crate::limits::MAX_VALUE_DEPTH;

/// What printing needs from the renderer.
pub(crate) trait Printer {
    type Error;

    /// Renders a block into `out`.
    fn block(&mut self, block: &std::rc::Rc<super::Block>, out: &mut String) -> Result<(), Self::Error>;

    /// Called after each part: `out` may be too long.
    fn check(&mut self, out: &str) -> Result<(), Self::Error>;

    /// A bound was reached.
    fn limit(&self, limit: Limit) -> Self::Error;

    /// What pays for values that are made for printing.
    fn budget(&self) -> Option<&Budget> {
        None
    }

    /// One level deeper into a value.
    fn deeper(&self, depth: u32) -> Result<u32, Self::Error> {
        if depth >= MAX_VALUE_DEPTH { Err(self.limit(Limit::Depth)) } else { Ok(depth.saturating_add(1)) }
    }
}

/// Appends a value as `toString` gives it.
pub(crate) fn print<P: Printer>(value: &Value, out: &mut String, depth: u32, printer: &mut P) -> Result<(), P::Error> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Char(unit) => out.push(char::from_u32(u32::from(*unit)).unwrap_or('?')),
        Value::Int(n) => print_int(i64::from(*n), out),
        Value::Long(n) => print_int(*n, out),
        Value::Float(n) => print_float(*n, out),
        Value::Double(n) => print_double(*n, out),
        Value::BigInt(n) => out.push_str(&n.0.to_string()),
        Value::Decimal(n) => out.push_str(&n.0.to_string()),
        Value::String(text) => out.push_str(text),
        Value::List(list) if list.kind() == ListKind::Json => {
            write_json(value, jsonpath::json::Style::Array, out, depth, printer)?;
        }
        Value::List(list) => print_list(list, out, depth, printer)?,
        Value::Map(map) => print_map(map, out, depth, printer)?,
        Value::Object(Object(kind)) => print_object(kind, out, depth, printer)?,
    }
    printer.check(out)
}

fn print_list<P: Printer>(list: &List, out: &mut String, depth: u32, printer: &mut P) -> Result<(), P::Error> {
    print_items(&list.to_vec(), out, depth, printer, |item| match item {
        Value::List(item) => item.is_same(list),
        _ => false,
    })
}

fn print_items<P: Printer>(
    items: &[Value],
    out: &mut String,
    depth: u32,
    printer: &mut P,
    is_self: impl Fn(&Value) -> bool,
) -> Result<(), P::Error> {
    let depth = printer.deeper(depth)?;
    out.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        if is_self(item) {
            out.push_str("(this Collection)");
        } else {
            print(item, out, depth, printer)?;
        }
    }
    out.push(']');
    Ok(())
}

fn print_map<P: Printer>(map: &Map, out: &mut String, depth: u32, printer: &mut P) -> Result<(), P::Error> {
    if map.kind() == MapKind::Context {
        return Ok(());
    }
    let depth = printer.deeper(depth)?;
    if let Some(budget) = printer.budget() {
        map.prepare(budget).map_err(|limit| printer.limit(limit))?;
    }
    out.push('{');
    for (n, (key, value)) in map.entries().iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        print_member(map, key, out, depth, printer)?;
        out.push('=');
        print_member(map, value, out, depth, printer)?;
    }
    out.push('}');
    Ok(())
}

fn print_member<P: Printer>(
    map: &Map,
    member: &Value,
    out: &mut String,
    depth: u32,
    printer: &mut P,
) -> Result<(), P::Error> {
    match member {
        Value::Map(member) if member.is_same(map) => {
            out.push_str("(this Map)");
            Ok(())
        }
        _ => print(member, out, depth, printer),
    }
}

fn print_object<P: Printer>(kind: &ObjectKind, out: &mut String, depth: u32, printer: &mut P) -> Result<(), P::Error> {
    match kind {
        ObjectKind::View(view) => print_items(&view.to_vec(), out, depth, printer, |_| false),
        ObjectKind::Entry(entry) => {
            let depth = printer.deeper(depth)?;
            print(&entry.key, out, depth, printer)?;
            out.push('=');
            print(&entry.value(), out, depth, printer)
        }
        ObjectKind::Loop(scope) => print_map(&scope.storage, out, depth, printer),
        ObjectKind::Block(block) => printer.block(block, out),
        // Java prints class and address of these. A template cannot rely on it.
        ObjectKind::Array(_) => {
            out.push_str("[Ljava.lang.Object;");
            Ok(())
        }
        ObjectKind::Cursor(_) | ObjectKind::Host(_) => Ok(()),
    }
}

pub(crate) fn print_int(n: i64, out: &mut String) {
    if let (0..=9, Ok(digit)) = (n, u8::try_from(n)) {
        out.push(char::from(b'0'.wrapping_add(digit)));
        return;
    }
    if n < 0 {
        out.push('-');
    }
    let digits = format_digits(n.unsigned_abs());
    out.push_str(split_digits(&digits, 0).0);
}

/// `Double.toString`
pub(super) fn print_double(n: f64, out: &mut String) {
    let size = n.abs();
    if !(1e-3..1e7).contains(&size) {
        return write_double(n, out);
    }
    // Most numbers have few decimal places. The first power of ten that makes a whole number, from which the number
    // comes back, has the fewest digits that name it.
    for (places, power) in [(1, 1e1), (2, 1e2), (3, 1e3), (4, 1e4)] {
        let whole = (size * power).round();
        if whole / power == size {
            let digits = format_digits(whole as u64);
            let (integer, fraction) = split_digits(&digits, places);
            if n < 0.0 {
                out.push('-');
            }
            out.push_str(integer);
            out.push('.');
            out.push_str(fraction);
            return;
        }
    }
    write_double(n, out);
}

/// Digits of a number, with zeros in front.
fn format_digits(n: u64) -> [u8; 20] {
    let mut buffer = [b'0'; 20];
    let mut rest = n;
    for digit in buffer.iter_mut().rev() {
        if rest == 0 {
            break;
        }
        *digit = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
    }
    buffer
}

/// The digits before and behind the decimal point, without the zeros in front.
fn split_digits(digits: &[u8; 20], places: usize) -> (&str, &str) {
    let point = digits.len().saturating_sub(places);
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(point);
    // A zero stands before the point, if nothing else does.
    let first = first.min(point.saturating_sub(1));
    let text = |range: std::ops::Range<usize>| {
        digits.get(range).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or("")
    };
    (text(first..point), text(point..digits.len()))
}

/// A number as JSON text.
pub(crate) fn write_number(value: &Value, out: &mut String) {
    match value {
        Value::Int(n) => print_int(i64::from(*n), out),
        Value::Long(n) => print_int(*n, out),
        Value::Double(n) if n.is_finite() => print_double(*n, out),
        Value::Double(_) => out.push_str("null"),
        Value::BigInt(n) => out.push_str(&n.0.to_string()),
        Value::Decimal(n) => out.push_str(&n.0.to_string()),
        Value::String(digits) => out.push_str(digits),
        _ => {}
    }
}

/// `Float.toString`: as a double's, with the digits that tell floats apart.
fn print_float(n: f32, out: &mut String) {
    // The shortest digits of the float, read as a double, are the shortest digits of that double.
    let shortest: f64 = n.to_string().parse().unwrap_or(f64::NAN);
    write_double(if n.is_finite() { shortest } else { f64::from(n) }, out);
}

/// As the template prints it. A block prints nothing here; it needs a renderer.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        // What is nested too deeply is cut off.
        let _ = print(self, &mut text, 0, &mut Plain);
        f.write_str(&text)
    }
}

/// A printer without a renderer.
pub(crate) struct Plain;

impl Printer for Plain {
    type Error = fmt::Error;

    fn block(&mut self, _: &std::rc::Rc<super::Block>, _: &mut String) -> fmt::Result {
        Ok(())
    }

    fn check(&mut self, out: &str) -> fmt::Result {
        if out.len() > crate::limits::MAX_OUTPUT_BYTES { Err(fmt::Error) } else { Ok(()) }
    }

    fn limit(&self, _: Limit) -> fmt::Error {
        fmt::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, text) in [
            (Value::Int(i32::MIN), "-2147483648"),
            (Value::Long(i64::MIN), "-9223372036854775808"),
            (Value::Int(0), "0"),
            (Value::Double(1e7), "1.0E7"),
            (Value::Double(0.001), "0.001"),
            (Value::Double(-0.0), "-0.0"),
            (Value::Float(0.1), "0.1"),
            (Value::Float(1e10), "1.0E10"),
            (Value::Float(f32::INFINITY), "Infinity"),
            (Value::Char(0xD800), "?"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn collections_that_hold_themselves() {
        let list = List::new(ListKind::Vtl, vec![1.into()]);
        list.push(Value::List(list.clone()));
        assert_eq!(Value::List(list.clone()).to_string(), "[1, (this Collection)]");
        let map = Map::default();
        map.insert("m", map.clone());
        assert_eq!(Value::Map(map.clone()).to_string(), "{m=(this Map)}");
        list.dissolve();
        map.dissolve();
    }
}
