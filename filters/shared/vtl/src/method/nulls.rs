//! Null as an argument.
//!
//! A template has null where a word stands without its quotes: `$text.replace(a, 'b')`. Java finds the method, as null
//! fits every class, and most methods then throw.

use crate::value::{Object, ObjectKind, Value};

/// Whether Java's class has a method of this name for these arguments that throws because one is null.
#[inline(never)]
pub(super) fn are_refused(target: &Value, name: &str, arguments: &[Value]) -> bool {
    if !arguments.iter().any(|argument| matches!(argument, Value::Null)) {
        return false;
    }
    match target {
        Value::String(_) => by_string(name, arguments),
        Value::List(_) | Value::Object(Object(ObjectKind::Array(_))) => match arguments {
            [Value::Null] => name == "replaceAll" || by_collection(name),
            [Value::Int(_), Value::Null] => name == "addAll",
            _ => false,
        },
        Value::Map(_) => match arguments {
            [Value::Null] => matches!(name, "putAll" | "forEach" | "replaceAll"),
            [_, Value::Null] => matches!(name, "compute" | "computeIfAbsent" | "computeIfPresent"),
            [_, _, Value::Null] => name == "merge",
            _ => false,
        },
        Value::Object(Object(ObjectKind::View(_))) => arguments.len() == 1 && by_collection(name),
        Value::Int(_) | Value::Long(_) => {
            let parse = if matches!(target, Value::Int(_)) { "parseInt" } else { "parseLong" };
            match arguments {
                [_] => matches!(name, "valueOf" | "decode") || name == parse,
                [Value::Null, Value::Int(_)] => name == "valueOf" || name == parse,
                _ => false,
            }
        }
        Value::BigInt(_) => {
            arguments.len() == 1
                && matches!(name, "add" | "subtract" | "multiply" | "divide" | "mod" | "remainder" | "max" | "min")
        }
        Value::Double(_) => matches!(name, "valueOf" | "parseDouble") && arguments.len() == 1,
        _ => false,
    }
}

fn by_collection(name: &str) -> bool {
    matches!(name, "addAll" | "removeAll" | "retainAll" | "containsAll" | "forEach" | "removeIf")
}

fn by_string(name: &str, arguments: &[Value]) -> bool {
    use Value::{Bool, Int, Null, String};
    match arguments {
        // Two methods fit this, and so none.
        [Null, Null] if name == "join" => false,
        [Null, texts @ ..] if name == "join" => match texts {
            [Value::List(_) | Value::Object(Object(ObjectKind::Array(_) | ObjectKind::View(_)))] => true,
            _ => texts.iter().all(|text| matches!(text, Null | String(_))),
        },
        [Null, ..] if name == "format" => true,
        [Null] => matches!(name, "indexOf" | "lastIndexOf" | "compareToIgnoreCase" | "contentEquals" | "copyValueOf"),
        [Null, Int(_)] => matches!(name, "indexOf" | "lastIndexOf" | "split" | "startsWith"),
        [Null | String(_), Null | String(_)] => matches!(name, "replace" | "compare"),
        [Int(_), Null, Int(_), Int(_)] | [Bool(_), Int(_), Null, Int(_), Int(_)] => name == "regionMatches",
        _ => false,
    }
}
