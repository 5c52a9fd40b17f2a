//! JSON to values and back.

use jsonpath::json::{JavaNumber, Json, Style, write_string};

use super::print::{Printer, print, write_number};
use super::{Decimal, List, ListKind, Map, MapKind, Object, ObjectKind, Value};
use crate::budget::Budget;
use crate::error::Limit;

/// What a JSONPath found, as the template sees it.
pub(crate) fn from_json(json: &Json<'_>, budget: &Budget) -> Result<Value, Limit> {
    budget.allocate(size_of::<Value>())?;
    budget.spend(1)?;
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => from_number(number.java()),
        Json::String(text) => {
            budget.allocate(text.len())?;
            Value::from(text.as_ref())
        }
        Json::Array(items) => {
            let items = items.iter().map(|item| from_json(item, budget)).collect::<Result<Vec<_>, _>>()?;
            Value::List(List::new(ListKind::Json, items))
        }
        Json::Object(object) => {
            let mut entries = Vec::with_capacity(object.len());
            for (name, value) in object.iter() {
                budget.allocate(size_of::<Value>().saturating_add(name.len()))?;
                entries.push((Value::from(name), from_json(value, budget)?));
            }
            Value::Map(Map::with_entries(MapKind::Plain, entries))
        }
    })
}

fn from_number(number: JavaNumber<'_>) -> Value {
    match number {
        JavaNumber::Integer(n) => Value::Int(n),
        JavaNumber::Long(n) => Value::Long(n),
        JavaNumber::Double(n) => Value::Double(n),
        JavaNumber::BigInteger(digits) => match Value::parse_integer(digits) {
            Some(value) => value,
            // Too long to calculate with; it still prints.
            None => Value::from(digits),
        },
        JavaNumber::BigDecimal(text) => match Decimal::parse(text) {
            Ok(decimal) => Value::decimal(decimal),
            Err(_) => text.parse().map_or_else(|_| Value::from(text), Value::Double),
        },
    }
}

/// Appends a value as JSON text without white space.
pub(crate) fn write_json<P: Printer>(
    value: &Value,
    style: Style,
    out: &mut String,
    depth: u32,
    printer: &mut P,
) -> Result<(), P::Error> {
    let depth = printer.deeper(depth)?;
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::BigInt(_) | Value::Decimal(_) => {
            print(value, out, depth, printer)?;
        }
        Value::Float(n) if !n.is_finite() => out.push_str("null"),
        Value::Float(_) => print(value, out, depth, printer)?,
        Value::Double(_) => write_number(value, out),
        Value::String(text) => write_string(text, style, out),
        Value::List(list) => match list.write_source(style, out) {
            Some(written) => written.map_err(|_| printer.limit(Limit::Output))?,
            None => write_items(&list.to_vec(), style, out, depth, printer)?,
        },
        Value::Map(map) => match map.write_source(style, out) {
            Some(written) => written.map_err(|_| printer.limit(Limit::Output))?,
            None => write_map(map, style, out, depth, printer)?,
        },
        Value::Object(Object(ObjectKind::Array(array))) => {
            write_items(&array.read(<[Value]>::to_vec), style, out, depth, printer)?;
        }
        Value::Object(Object(ObjectKind::View(view))) => {
            write_items(&view.to_vec(), style, out, depth, printer)?;
        }
        Value::Object(Object(ObjectKind::Loop(scope))) => write_map(&scope.storage, style, out, depth, printer)?,
        // Java looks for the fields of other objects; their text is what a template can mean.
        Value::Char(_) | Value::Object(_) => {
            let mut text = String::new();
            print(value, &mut text, depth, printer)?;
            write_string(&text, style, out);
        }
    }
    printer.check(out)
}

fn write_items<P: Printer>(
    items: &[Value],
    style: Style,
    out: &mut String,
    depth: u32,
    printer: &mut P,
) -> Result<(), P::Error> {
    out.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write_json(item, style, out, depth, printer)?;
    }
    out.push(']');
    Ok(())
}

fn write_map<P: Printer>(
    map: &Map,
    style: Style,
    out: &mut String,
    depth: u32,
    printer: &mut P,
) -> Result<(), P::Error> {
    out.push('{');
    for (n, (key, value)) in map.entries().iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        match key {
            Value::String(name) => write_string(name, style, out),
            _ => {
                let mut name = String::new();
                print(key, &mut name, depth, printer)?;
                write_string(&name, style, out);
            }
        }
        out.push(':');
        write_json(value, style, out, depth, printer)?;
    }
    out.push('}');
    Ok(())
}
