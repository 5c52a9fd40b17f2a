//! The sentences that API Gateway says of a violation: those of the Java library json-schema-validator.

use std::borrow::Cow;
use std::fmt::Write as _;

use gateway::json;
use serde_json::Value;
use vtl::document::Kind;

use super::node::Node;
use super::number::Decimal;

/// Most characters of a value that a sentence repeats; Java repeats all of it, up to 10 MB.
const MAX_VALUE_CHARS: usize = 1024;

/// Type names in the order in which Java lists them.
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// A value of the body as compact JSON.
pub(super) fn value(node: Node<'_>) -> String {
    let mut out = String::new();
    write_value(node, &mut out);
    match out.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => format!("{}…", out.get(..end).unwrap_or_default()),
        None => out,
    }
}

/// Writes a little more than a sentence repeats. Depth is bounded by it, since each level writes a bracket.
fn write_value(node: Node<'_>, out: &mut String) {
    if out.len() > MAX_VALUE_CHARS.saturating_mul(4) {
        return;
    }
    let list = |out: &mut String| {
        if !out.ends_with(['[', '{']) {
            out.push(',')
        }
    };
    match node.kind() {
        Kind::Null => out.push_str("null"),
        Kind::True => out.push_str("true"),
        Kind::False => out.push_str("false"),
        Kind::Integer | Kind::Decimal => out.push_str(shortened(node.text()).as_ref()),
        Kind::Plain | Kind::String | Kind::PlainEscaped | Kind::Escaped => out.push_str(&string(node)),
        Kind::Array => {
            out.push('[');
            for element in node.array().into_iter().flatten() {
                list(out);
                write_value(element, out);
                if out.len() > MAX_VALUE_CHARS.saturating_mul(4) {
                    break;
                }
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            for (name, member) in node.object().into_iter().flatten() {
                list(out);
                out.push_str(&json::quote(&shortened(&name)));
                out.push(':');
                write_value(member, out);
                if out.len() > MAX_VALUE_CHARS.saturating_mul(4) {
                    break;
                }
            }
            out.push('}');
        }
    }
}

/// A string of the body in quotes, escaped.
fn string(node: Node<'_>) -> String {
    json::quote(&shortened(&node.body.document().content(node.place)))
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Names as a JSON list, sorted.
fn names<'n>(names: impl Iterator<Item = Cow<'n, str>>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    let quoted: Vec<String> = names.iter().map(|name| json::quote(&shortened(name))).collect();
    format!("[{}]", quoted.join(","))
}

pub(super) fn required<'n>(missing: impl Iterator<Item = Cow<'n, str>>) -> String {
    format!("object has missing required properties ({})", names(missing))
}

pub(super) fn additional_properties<'n>(extra: impl Iterator<Item = Cow<'n, str>>) -> String {
    format!("object instance has properties which are not allowed by the schema: {}", names(extra))
}

/// The name of a value's type.
pub(super) fn type_of(node: Node<'_>) -> &'static str {
    match node.kind() {
        Kind::Null => "null",
        Kind::True | Kind::False => "boolean",
        Kind::Integer => "integer",
        Kind::Decimal if Decimal::read(node.text()).is_integer() => "integer",
        Kind::Decimal => "number",
        Kind::Plain | Kind::String | Kind::PlainEscaped | Kind::Escaped => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}

/// The types that `type` allows. Whoever allows numbers allows integers, and Java says so.
pub(super) fn allowed_types(types: &Value) -> Vec<&'static str> {
    let named = |name: &str| match types {
        Value::Array(all) => all.iter().any(|one| one == name),
        one => one == name,
    };
    TYPES.into_iter().filter(|name| named(name) || (*name == "integer" && named("number"))).collect()
}

pub(super) fn wrong_type(node: Node<'_>, allowed: &[&str]) -> String {
    let allowed = names(allowed.iter().map(|name| Cow::Borrowed(*name)));
    format!("instance type ({}) does not match any allowed primitive type (allowed: {allowed})", type_of(node))
}

pub(super) fn not_in_enum(node: Node<'_>, values: &Value) -> String {
    let values = values.to_string();
    format!("instance value ({}) not found in enum (possible values: {})", value(node), shortened(&values))
}

/// A number beyond `minimum` or `maximum`.
pub(super) fn beyond(keyword: &str, limit: &Value, found: &str, exclusive: bool) -> String {
    let (side, strictly) = match keyword {
        "minimum" => ("lower", "greater"),
        _ => ("greater", "lower"),
    };
    if exclusive {
        return format!("numeric instance is not strictly {strictly} than the required {keyword} {limit}");
    }
    let found = shortened(found);
    format!("numeric instance is {side} than the required {keyword} ({keyword}: {limit}, found: {found})")
}

pub(super) fn not_multiple(found: &str, unit: &Value) -> String {
    format!("remainder of division is not zero ({} / {unit})", shortened(found))
}

/// A string shorter than `minLength` or longer than `maxLength`.
pub(super) fn length(node: Node<'_>, keyword: &str, found: u64, limit: u64) -> String {
    let (word, bound) = match keyword {
        "minLength" => ("short", "required minimum"),
        _ => ("long", "maximum allowed"),
    };
    format!("string {} is too {word} (length: {found}, {bound}: {limit})", string(node))
}

pub(super) fn pattern(node: Node<'_>, pattern: &str) -> String {
    format!("ECMA 262 regex {} does not match input string {}", json::quote(pattern), string(node))
}

/// An array shorter than `minItems` or longer than `maxItems`, or with more elements than `additionalItems` lets it have.
pub(super) fn items(keyword: &str, found: usize, limit: u64) -> String {
    let (word, bound) = match keyword {
        "minItems" => ("short", "least"),
        _ => ("long", "most"),
    };
    format!("array is too {word}: must have at {bound} {limit} elements but instance has {found} elements")
}

pub(super) const DUPLICATES: &str = "array must not contain duplicate elements";

/// An object with fewer members than `minProperties`, or more than `maxProperties`.
pub(super) fn properties(keyword: &str, found: usize, limit: u64) -> String {
    let (word, bound) = match keyword {
        "minProperties" => ("few", "least"),
        _ => ("many", "most"),
    };
    format!("object has too {word} properties (found {found} but schema requires at {bound} {limit})")
}

pub(super) fn dependency(name: &str, required: &[&str], missing: &[&str]) -> String {
    let list = |of: &[&str]| names(of.iter().map(|name| Cow::Borrowed(*name)));
    let (name, required, missing) = (json::quote(name), list(required), list(missing));
    format!(
        "property {name} of object has missing property dependencies (schema requires {required}; missing: {missing})"
    )
}

/// `anyOf`, `oneOf` or `allOf`, of whose `all` schemas `matched` fit.
pub(super) fn combination(keyword: &str, matched: usize, all: usize) -> String {
    match keyword {
        "anyOf" => format!("instance failed to match at least one required schema among {all}"),
        "oneOf" => format!("instance failed to match exactly one schema (matched {matched} out of {all})"),
        _ => format!("instance failed to match all required schemas (matched only {matched} out of {all})"),
    }
}

pub(super) const FORBIDDEN: &str = "instance matched a schema which it should not have";

pub(super) fn format(node: Node<'_>, format: &str) -> String {
    let mut text = format!("string {} is ", string(node));
    let name = match format {
        "date-time" => "invalid against requested date format(s) yyyy-MM-dd'T'HH:mm:ssZ",
        "email" => "not a valid email address",
        "hostname" => "not a valid hostname",
        "ipv4" => "not a valid IPv4 address",
        "ipv6" => "not a valid IPv6 address",
        "uri" => "not a valid URI",
        other => {
            let _ = write!(text, "not a valid {other}");
            return text;
        }
    };
    text.push_str(name);
    text
}
