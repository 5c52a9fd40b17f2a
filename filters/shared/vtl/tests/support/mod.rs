//! Cases from data files, rendered.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use vtl::{Input, List, ListKind, Map, MapKind, Parameters, Scope, Template, Util, Value};

/// The folder of recorded cases, if it is there.
pub fn conformance_dir() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let dir = match std::env::var_os("CONFORMANCE_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("../shared/conformance"),
    };
    dir.is_dir().then_some(dir)
}

/// A file next to the tests.
pub fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// The rows of a file with one JSON object in each line.
pub fn rows(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// Known differences: the id of a case, and why.
pub fn known_differences() -> BTreeMap<String, String> {
    let text = |row: &Json, field: &str| row[field].as_str().expect("id and reason").to_owned();
    rows(&own("known-differences.jsonl")).iter().map(|row| (text(row, "id"), text(row, "reason"))).collect()
}

/// How a JSON value of a case becomes one of the template's.
#[derive(Clone, Copy)]
pub struct Kinds {
    pub list: ListKind,
    pub map: MapKind,
}

/// Java collections of the caller's.
pub const PLAIN: Kinds = Kinds { list: ListKind::Vtl, map: MapKind::Plain };
/// What reading JSON gives.
pub const PARSED: Kinds = Kinds { list: ListKind::Json, map: MapKind::Plain };
/// `$context`
pub const CONTEXT: Kinds = Kinds { list: ListKind::Json, map: MapKind::Context };

pub fn value(json: &Json, kinds: Kinds) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(n) => Value::from(n),
            None => Value::from(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(List::new(kinds.list, items.iter().map(|item| value(item, kinds)).collect())),
        Json::Object(_) => Value::Map(map(json, kinds)),
    }
}

pub fn map(json: &Json, kinds: Kinds) -> Map {
    let map = Map::new(kinds.map);
    for (name, member) in json.as_object().into_iter().flatten() {
        map.insert(name, value(member, kinds));
    }
    map
}

/// Renders a case: `template`, `context` (variables), `body` and `params` for `$input`.
///
/// With `apigw`, `context` has `$context` and `$stageVariables` as its members.
pub fn render(case: &Json, kinds: Kinds, apigw: bool) -> Result<String, String> {
    let template = Template::compile(case["template"].as_str().unwrap()).map_err(|error| error.to_string())?;
    let parameters = Parameters {
        path: map(&case["params"]["path"], PLAIN),
        query_string: map(&case["params"]["querystring"], PLAIN),
        header: map(&case["params"]["header"], Kinds { map: MapKind::Headers, ..PLAIN }),
    };
    let input = Input::new(case["body"].as_str().unwrap_or(""), parameters);
    let mut scope = Scope::new();
    for (name, member) in case["context"].as_object().into_iter().flatten() {
        let kinds = if apigw && name == "context" { CONTEXT } else { kinds };
        scope.set(name, value(member, kinds));
    }
    scope.host("util", &Util);
    if case["body"].is_string() {
        scope.host("input", &input);
    }
    template.render(&mut scope).map_err(|error| error.to_string())
}

/// Whether a rendering is what a case expects, or how it differs.
pub fn compare(case: &Json, expect: &Json, result: &Result<String, String>) -> Result<(), String> {
    if expect["error"].is_string() {
        return match result {
            Err(_) => Ok(()),
            Ok(output) => Err(format!("expected an error, got {output:?}")),
        };
    }
    let output = result.as_ref().map_err(|error| format!("expected output, got an error: {error}"))?;
    let Some(expected) = expect["output"].as_str() else {
        let parsed: Json = serde_json::from_str(output).map_err(|error| format!("{error}: {output:?}"))?;
        return if parsed == expect["json"] {
            Ok(())
        } else {
            Err(format!("expected {}, got {parsed}", expect["json"]))
        };
    };
    let normal = |text: &str| {
        if case["normalize_whitespace"] == true {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        } else if case["strip"] == true {
            text.trim().to_owned()
        } else {
            text.to_owned()
        }
    };
    if normal(output) == normal(expected) {
        Ok(())
    } else {
        Err(format!("\n  expected {:?}\n  got      {:?}", normal(expected), normal(output)))
    }
}
