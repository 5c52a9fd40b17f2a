//! `java.lang.String`

use super::{CallError, Called, elements, new_array, new_text, object, some};
use crate::limits::MAX_OUTPUT_BYTES;
use crate::render::Renderer;
use crate::text::format::format;
use crate::text::{
    char_at, equals_ignore_case, find_from, fold, from_utf16, index_of_offset, len_utf16, offset_of_index, trim,
};
use crate::value::{Array, Object, ObjectKind, Text, Value, compare_text};

/// `text.name(arguments)`
pub(super) fn call(renderer: &mut Renderer<'_, '_>, text: &Text, name: &str, arguments: &[Value]) -> Called {
    renderer.budget.read(text.len())?;
    match arguments {
        [] => without_arguments(renderer, text, name),
        [Value::String(other)] => with_text(renderer, text, name, other),
        [Value::Int(n)] => with_index(renderer, text, name, *n),
        _ => more(renderer, text, name, arguments),
    }
}

#[inline(never)]
fn without_arguments(renderer: &mut Renderer<'_, '_>, text: &Text, name: &str) -> Called {
    match name {
        "length" => some(Value::size(len_utf16(text))),
        "isEmpty" => some(text.is_empty()),
        "isBlank" => some(text.chars().all(char::is_whitespace)),
        "toString" | "intern" => some(Value::String(text.clone())),
        "trim" => some(text.part(trim(text))),
        "strip" => some(text.part(text.trim())),
        "stripLeading" => some(text.part(text.trim_start())),
        "stripTrailing" => some(text.part(text.trim_end())),
        "toLowerCase" => new_text(renderer, |out| {
            if text.is_ascii() {
                out.push_str(text);
                out.make_ascii_lowercase();
            } else {
                out.push_str(&text.to_lowercase());
            }
        }),
        "toUpperCase" => new_text(renderer, |out| {
            if text.is_ascii() {
                out.push_str(text);
                out.make_ascii_uppercase();
            } else {
                out.push_str(&text.to_uppercase());
            }
        }),
        "toCharArray" => new_array(renderer, text.encode_utf16().map(Value::Char).collect()),
        "getBytes" => some(bytes(text)),
        _ => object(renderer, &Value::String(text.clone()), name, &[]),
    }
}

#[inline(never)]
fn with_text(renderer: &mut Renderer<'_, '_>, text: &Text, name: &str, other: &Text) -> Called {
    match name {
        "equals" | "contentEquals" => some(text == other),
        "equalsIgnoreCase" => some(equals_ignore_case(text, other)),
        "contains" => some(find_from(text, other, 0).is_some()),
        "startsWith" => some(text.starts_with(&**other)),
        "endsWith" => some(text.ends_with(&**other)),
        "concat" => new_text(renderer, |out| {
            out.push_str(text);
            out.push_str(other);
        }),
        "indexOf" => some(place(text, find_from(text, other, 0))),
        "lastIndexOf" => some(place(text, text.rfind(&**other))),
        "compareTo" => some(compare_text(text, other)),
        "compareToIgnoreCase" => {
            let folded = |text: &str| text.chars().map(fold).collect::<String>();
            some(compare_text(&folded(text), &folded(other)))
        }
        "matches" => {
            let pattern = renderer.pattern(other)?;
            work(renderer, text, other)?;
            some(pattern.matches(text))
        }
        "split" => split(renderer, text, other, 0),
        "join" => some(""),
        "valueOf" => some(Value::String(other.clone())),
        "format" => formatted(renderer, other, &[]),
        _ => object(renderer, &Value::String(text.clone()), name, &[Value::String(other.clone())]),
    }
}

#[inline(never)]
fn with_index(renderer: &mut Renderer<'_, '_>, text: &Text, name: &str, n: i32) -> Called {
    let index = usize::try_from(n).ok();
    match name {
        "substring" => match index.and_then(|start| substring(text, start, len_utf16(text))) {
            Some(part) => some(part),
            None => Err(format!("begin {n}, length {}", len_utf16(text)).into()),
        },
        "charAt" => match index.and_then(|index| char_at(text, index)) {
            Some(unit) => some(Value::Char(unit)),
            None => Err(format!("index {n}, length {}", len_utf16(text)).into()),
        },
        "codePointAt" => {
            let c = index.and_then(|index| offset_of_index(text, index)).and_then(|at| text.get(at..)?.chars().next());
            match c {
                Some(c) => some(i32::try_from(u32::from(c)).unwrap_or(i32::MAX)),
                None => Err(format!("index {n}, length {}", len_utf16(text)).into()),
            }
        }
        "indexOf" => some(place(text, code_point(n).and_then(|c| text.find(c)))),
        "lastIndexOf" => some(place(text, code_point(n).and_then(|c| text.rfind(c)))),
        "repeat" => {
            let count = index.ok_or_else(|| format!("count is negative: {n}"))?;
            let len = text.len().saturating_mul(count);
            renderer.allocate_text(len)?;
            some(text.repeat(count))
        }
        _ => more(renderer, text, name, &[Value::Int(n)]),
    }
}

#[inline(never)]
fn more(renderer: &mut Renderer<'_, '_>, text: &Text, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("substring" | "subSequence", [Value::Int(start), Value::Int(end)]) => {
            let range = usize::try_from(*start).ok().zip(usize::try_from(*end).ok());
            match range.and_then(|(start, end)| substring(text, start, end)) {
                Some(part) => some(part),
                None => Err(format!("begin {start}, end {end}, length {}", len_utf16(text)).into()),
            }
        }
        ("replace", [Value::String(from), Value::String(to)]) => replace(renderer, text, from, to),
        ("replace", [Value::Char(from), Value::Char(to)]) => {
            let units: Vec<u16> = text.encode_utf16().map(|unit| if unit == *from { *to } else { unit }).collect();
            new_text(renderer, |out| out.push_str(&from_utf16(&units)))
        }
        ("replaceAll" | "replaceFirst", [Value::String(java), Value::String(to)]) => {
            let pattern = renderer.pattern(java)?;
            work(renderer, text, java)?;
            let mut out = renderer.budget.buffer();
            pattern.replace(text, to, name == "replaceFirst", MAX_OUTPUT_BYTES, &mut out)?;
            some(renderer.budget.finish(out)?)
        }
        ("split", [Value::String(java), Value::Int(limit)]) => split(renderer, text, java, *limit),
        ("startsWith", [Value::String(prefix), Value::Int(offset)]) => {
            let at = usize::try_from(*offset).ok().and_then(|index| offset_of_index(text, index));
            some(at.and_then(|at| text.get(at..)).is_some_and(|rest| rest.starts_with(&**prefix)))
        }
        ("indexOf", [wanted, Value::Int(from)]) => {
            let Some(wanted) = searched(wanted) else { return Ok(None) };
            let from = usize::try_from(*from).unwrap_or(0).min(len_utf16(text));
            let at = offset_of_index(text, from).unwrap_or(text.len());
            let found = text.get(at..).and_then(|rest| rest.find(&*wanted)).map(|found| found.saturating_add(at));
            some(place(text, found))
        }
        ("lastIndexOf", [wanted, Value::Int(from)]) => {
            let Some(wanted) = searched(wanted) else { return Ok(None) };
            let Ok(from) = usize::try_from(*from) else { return some(-1) };
            // A match may begin at `from`, and end behind it.
            let begin = offset_of_index(text, from).unwrap_or(text.len());
            let end = begin.saturating_add(wanted.len()).min(text.len());
            let mut head = text.get(..end);
            let mut end = end;
            while head.is_none() && end > 0 {
                end = end.saturating_sub(1);
                head = text.get(..end);
            }
            some(place(text, head.and_then(|head| head.rfind(&*wanted))))
        }
        ("equalsIgnoreCase", [Value::Null]) => some(false),
        ("compare", [Value::String(a), Value::String(b)]) => some(compare_text(a, b)),
        ("regionMatches", [Value::Int(at), Value::String(other), Value::Int(from), Value::Int(len)]) => {
            some(region_matches(text, *at, other, *from, *len, false))
        }
        (
            "regionMatches",
            [Value::Bool(ignore_case), Value::Int(at), Value::String(other), Value::Int(from), Value::Int(len)],
        ) => some(region_matches(text, *at, other, *from, *len, *ignore_case)),
        ("valueOf" | "copyValueOf", [Value::Object(Object(ObjectKind::Array(array)))])
            if array.read(|items| items.iter().all(|item| matches!(item, Value::Char(_)))) =>
        {
            let units: Vec<u16> = array
                .read(|items| items.iter().map(|item| if let Value::Char(unit) = item { *unit } else { 0 }).collect());
            new_text(renderer, |out| out.push_str(&from_utf16(&units)))
        }
        ("valueOf", [value]) => some(Value::String(renderer.text_of(value)?)),
        // Java finds `compareTo(Object)`, which fails to cast.
        ("compareTo", [other]) => Err(format!("{} cannot be cast to String", other.class()).into()),
        ("concat" | "contains" | "matches" | "split" | "startsWith" | "endsWith", [Value::Null]) => {
            Err("the argument is null".into())
        }
        ("replaceAll" | "replaceFirst", [Value::Null, Value::String(_) | Value::Null])
        | ("replaceFirst", [Value::String(_), Value::Null]) => Err("the argument is null".into()),
        ("replaceAll", [Value::String(java), Value::Null]) => {
            // Java looks at the replacement when there is something to replace.
            let mut parts = 0_u32;
            renderer.pattern(java)?.split(text, 2, |_| parts = parts.saturating_add(1));
            if parts > 1 { Err("the argument is null".into()) } else { some(Value::String(text.clone())) }
        }
        ("format", [Value::String(template), values @ ..]) => formatted(renderer, template, values),
        ("join", [Value::String(separator), parts @ ..]) => join(renderer, separator, parts),
        _ => object(renderer, &Value::String(text.clone()), name, arguments),
    }
}

/// `substring(start, end)`; `None` where the indices are not in the text.
fn substring(text: &Text, start: usize, end: usize) -> Option<Text> {
    if text.is_ascii() {
        return text.get(start..end).map(|part| text.part(part));
    }
    crate::text::substring(text, start, end).map(Text::from)
}

/// A byte offset as Java's index, -1 for none.
fn place(text: &str, offset: Option<usize>) -> Value {
    offset.map_or(Value::Int(-1), |offset| Value::size(index_of_offset(text, offset)))
}

fn code_point(n: i32) -> Option<char> {
    u32::try_from(n).ok().and_then(char::from_u32)
}

/// A text or a character to search for.
fn searched(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Int(n) => Some(Text::from(&*code_point(*n).unwrap_or('\0').encode_utf8(&mut [0; 4]))),
        _ => None,
    }
}

/// Bytes are signed in Java.
pub(super) fn bytes(text: &str) -> Value {
    Value::array(text.bytes().map(|byte| Value::Int(i32::from(i8::from_ne_bytes([byte])))).collect())
}

/// Takes what matching a text costs.
fn work(renderer: &Renderer<'_, '_>, text: &str, pattern: &str) -> Result<(), CallError> {
    let steps = text.len().saturating_mul(pattern.len()) / 16;
    Ok(renderer.spend(u64::try_from(steps).unwrap_or(u64::MAX))?)
}

fn replace(renderer: &mut Renderer<'_, '_>, text: &Text, from: &str, to: &str) -> Called {
    if from.is_empty() {
        // Around each UTF-16 unit, which takes pairs of them apart.
        let units = len_utf16(text).saturating_add(1);
        renderer.allocate_text(text.len().saturating_add(units.saturating_mul(to.len())))?;
        let mut out = String::from(to);
        for c in text.chars() {
            if c.len_utf16() > 1 && !to.is_empty() {
                out.push('?');
                out.push_str(to);
                out.push('?');
            } else {
                out.push(c);
            }
            out.push_str(to);
        }
        return some(out);
    }
    let mut out = renderer.budget.buffer();
    let mut copied = 0;
    while let Some(at) = find_from(text, from, copied) {
        out.push_str(text.get(copied..at).unwrap_or(""));
        out.push_str(to);
        copied = at.saturating_add(from.len());
        if out.len() > MAX_OUTPUT_BYTES {
            return Err(crate::error::Limit::Output.into());
        }
    }
    if copied == 0 {
        return some(Value::String(text.clone()));
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    some(renderer.budget.finish(out)?)
}

fn split(renderer: &mut Renderer<'_, '_>, text: &Text, java: &str, limit: i32) -> Called {
    let pattern = renderer.pattern(java)?;
    work(renderer, text, java)?;
    let mut parts = Vec::with_capacity(4);
    pattern.split(text, limit, |part| parts.push(Value::String(text.part(part))));
    if limit == 0 && parts.len() > 1 {
        // Java leaves out the empty strings at the end.
        while parts.last().is_some_and(|part| part.as_str() == Some("")) {
            parts.pop();
        }
    }
    renderer.allocate(parts.len().saturating_mul(size_of::<Value>()))?;
    some(Value::object(ObjectKind::Array(Array::of_texts(parts))))
}

fn region_matches(text: &str, at: i32, other: &str, from: i32, len: i32, ignore_case: bool) -> bool {
    let region = |text: &str, start: i32| {
        let start = usize::try_from(start).ok()?;
        let len = usize::try_from(len).unwrap_or(0);
        crate::text::substring(text, start, start.saturating_add(len))
    };
    match (region(text, at), region(other, from)) {
        (Some(a), Some(b)) if ignore_case => equals_ignore_case(&a, &b),
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

#[inline(never)]
fn formatted(renderer: &mut Renderer<'_, '_>, template: &str, values: &[Value]) -> Called {
    // An array stands for all the arguments.
    let values = match values {
        [Value::Object(Object(ObjectKind::Array(array)))] => array.read(<[Value]>::to_vec),
        values => values.to_vec(),
    };
    let mut texts = Vec::with_capacity(values.len());
    for value in &values {
        texts.push(renderer.text_of(value)?.to_string());
    }
    // A lone null is no list of arguments, to Java, and then all of them are null.
    let missing = if let [Value::Null] = values.as_slice() { Some(&Value::Null) } else { None };
    let text = format(template, &values, &texts, missing, MAX_OUTPUT_BYTES)?;
    new_text(renderer, |out| out.push_str(&text))
}

#[inline(never)]
fn join(renderer: &mut Renderer<'_, '_>, separator: &str, parts: &[Value]) -> Called {
    let (parts, cast) = match parts {
        [collection @ (Value::List(_) | Value::Object(Object(ObjectKind::View(_))))] => {
            (elements(renderer, collection)?.unwrap_or_default(), true)
        }
        [Value::Object(Object(ObjectKind::Array(array)))] => (array.read(<[Value]>::to_vec), true),
        parts => (parts.to_vec(), false),
    };
    let mut out = renderer.budget.buffer();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push_str(separator);
        }
        match part {
            Value::String(text) => out.push_str(text),
            // A lone null may as well be a collection, and then no method fits.
            Value::Null if cast || parts.len() > 1 => out.push_str("null"),
            part if cast => return Err(format!("{} cannot be cast to CharSequence", part.class()).into()),
            _ => return Ok(None),
        }
        renderer.spend(1)?;
        if out.len() > MAX_OUTPUT_BYTES {
            return Err(crate::error::Limit::Output.into());
        }
    }
    some(renderer.budget.finish(out)?)
}
