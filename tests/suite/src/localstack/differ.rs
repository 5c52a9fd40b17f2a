//! Whether an answer is the recorded one. The rules are those of the suite's README.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::text;
use crate::base64;
use crate::client::Response;

/// Headers that a content delivery network in front of the service added.
fn of_cdn(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "via" || name == "x-cache" || name.starts_with("x-amz-cf-") || name.starts_with("cloudfront-")
}

/// Values that placeholders stand for, and what a case leaves out.
#[derive(Default)]
pub struct Recording {
    bound: RefCell<BTreeMap<String, String>>,
    /// Echoed headers that begin with `x-` were left out when this was recorded.
    without_x_headers: bool,
}

/// What is different, one line each.
pub fn differences(case: &Value, response: &Response) -> Vec<String> {
    let expect = &case["expect"];
    let recording = Recording {
        bound: RefCell::default(),
        without_x_headers: ["http_integration_method", "http_proxy_integration_request_data_mappings"]
            .iter()
            .any(|name| text(&case["id"]).contains(name)),
    };
    let mut found = Vec::new();
    if let Some(status) = expect["status"].as_u64()
        && status != u64::from(response.status)
    {
        found.push(format!("status {}, expected {status}; body {:.300}", response.status, response.text()));
    }
    let success = (200..400).contains(&response.status);
    if expect["status_class"].as_str().is_some_and(|class| (class == "2xx-3xx") != success) {
        found.push(format!(
            "status {}, expected {}; body {:.300}",
            response.status,
            expect["status_class"],
            response.text()
        ));
    }
    if let Some(body) = expect.get("body") {
        recording.body(body, response, &mut found);
    }
    // The client's library gave several lines of a name as one.
    let line = |name: &str| {
        let lines = response.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let lines: Vec<_> = lines.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    };
    for (name, value) in expect["headers"].as_object().into_iter().flatten().filter(|(name, _)| !of_cdn(name)) {
        let actual = line(name);
        // Persistent connections go without saying in HTTP/1.1.
        if name.eq_ignore_ascii_case("connection") && value == "keep-alive" && actual.is_none() {
            continue;
        }
        // The size of what an echoing backend says depends on the backend; that of an error body is exact.
        if name.to_ascii_lowercase().ends_with("content-length") && value != "36" && actual.is_some() {
            continue;
        }
        if !actual.as_ref().is_some_and(|actual| recording.text(text(value), actual)) {
            found.push(format!("header {name} is {actual:?}, expected {value}"));
        }
    }
    for name in names(&expect["headers_present"]).filter(|name| !of_cdn(name)) {
        if line(name).is_none() && !name.eq_ignore_ascii_case("connection") {
            found.push(format!("header {name} is missing"));
        }
    }
    for name in names(&expect["headers_absent"]) {
        if line(name).is_some() {
            found.push(format!("header {name} is {:?}, expected none", line(name)));
        }
    }
    for (name, part) in expect["headers_contain"].as_object().into_iter().flatten() {
        if !line(name).is_some_and(|value| value.contains(text(part))) {
            found.push(format!("header {name} is {:?}, expected `{part}` in it", line(name)));
        }
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    for at in expect["json_at"].as_array().into_iter().flatten() {
        let actual = follow(&body, &at["path"]);
        // What is not there was recorded as null.
        if at["value"].is_null() && actual.is_none() {
            continue;
        }
        if !actual.as_ref().is_some_and(|actual| recording.value(&at["value"], actual)) {
            found.push(format!("{} of the body is {actual:?}, expected {}", at["path"], at["value"]));
        }
    }
    let document = json!({
        "status": response.status,
        "headers": response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), String::from_utf8_lossy(value).into())).collect::<Map<_, _>>(),
        "json": body,
        "content": response.text(),
    });
    for assertion in expect["assertions"].as_array().into_iter().flatten() {
        if !holds(assertion, &document) {
            found.push(format!("{assertion} does not hold"));
        }
    }
    found
}

/// Whether `{path, op, value}` holds for a response.
fn holds(assertion: &Value, document: &Value) -> bool {
    let mut path = assertion["path"].clone();
    if path[0] == "headers" {
        path[1] = json!(text(&path[1]).to_ascii_lowercase());
    }
    let actual = follow(document, &path).unwrap_or_default();
    let expected = &assertion["value"];
    match (text(&assertion["op"]), &actual) {
        ("ne", actual) => actual != expected,
        ("truthy", actual) => {
            !matches!(actual, Value::Null | Value::Bool(false)) && actual != "" && *actual != json!(0)
        }
        ("contains", Value::String(actual)) => actual.contains(text(expected)),
        ("contains", Value::Object(actual)) => actual.contains_key(text(expected)),
        ("contains", Value::Array(actual)) => actual.contains(expected),
        _ => false,
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().map(text)
}

fn follow(body: &Value, path: &Value) -> Option<Value> {
    path.as_array()?.iter().try_fold(body.clone(), |value, step| match step {
        Value::String(step) if step == ".fromjson" => serde_json::from_str(value.as_str()?).ok(),
        Value::String(step) => value.get(step).cloned(),
        Value::Number(step) => value.get(usize::try_from(step.as_u64()?).ok()?).cloned(),
        _ => None,
    })
}

impl Recording {
    fn body(&self, expected: &Value, response: &Response, found: &mut Vec<String>) {
        let same = if let Some(expected) = expected.get("text") {
            response.body == text(expected).as_bytes()
        } else if let Some(expected) = expected.get("base64") {
            response.body == base64::decode(text(expected))
        } else {
            let expected = &expected["json"];
            let as_text = expected.as_str().is_some_and(|expected| self.text(expected, &response.text()));
            as_text || serde_json::from_slice(&response.body).is_ok_and(|actual| self.value(expected, &actual))
        };
        if !same {
            found.push(format!("body {:.1500}\nexpected {expected}", response.text()));
        }
    }

    /// Whether `actual` is the recorded value.
    pub fn value(&self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(expected), Value::String(actual)) => self.text(expected, actual),
            (Value::String(expected), Value::Array(_)) => is_placeholder(expected),
            (Value::String(expected), Value::Number(actual)) => self.text(expected, &actual.to_string()),
            // Text that was JSON was recorded as its value.
            (Value::Object(_), Value::String(actual)) if actual.starts_with('{') => {
                serde_json::from_str(actual).is_ok_and(|actual| self.value(expected, &actual))
            }
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| self.value(e, a))
            }
            (Value::Object(expected), Value::Object(actual)) => {
                let folded: BTreeMap<String, &Value> =
                    actual.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
                let headers = folded.contains_key("host");
                let wanted = expected.iter().filter(|(name, _)| !of_cdn(name));
                let mut names = Vec::new();
                for (name, value) in wanted {
                    let actual =
                        if headers { folded.get(&name.to_ascii_lowercase()).copied() } else { actual.get(name) };
                    names.push(name.to_ascii_lowercase());
                    let sized = headers && name.eq_ignore_ascii_case("content-length");
                    if !actual.is_some_and(|actual| sized || self.value(value, actual)) {
                        return false;
                    }
                }
                let ignored = |name: &String| headers && self.without_x_headers && name.starts_with("x-");
                folded.keys().all(|name| names.contains(name) || ignored(name) || of_cdn(name))
            }
            (expected, actual) => expected == actual,
        }
    }

    /// Whether `actual` is `expected`, in which `<name:n>` stands for one value throughout.
    fn text(&self, expected: &str, actual: &str) -> bool {
        let placeholder =
            Regex::new("<[A-Za-z0-9_ -]+(:[0-9]+)?>|111111111111|^request-time-epoch$").expect("a pattern");
        let mut pattern = String::from("(?s)^");
        let mut found = Vec::new();
        let mut at = 0;
        for place in placeholder.find_iter(expected) {
            pattern.push_str(&regex_lite::escape(&expected[at..place.start()]));
            pattern.push_str("(.+?)");
            found.push(place.as_str());
            at = place.end();
        }
        pattern.push_str(&regex_lite::escape(&expected[at..]));
        pattern.push('$');
        let Some(values) = Regex::new(&pattern).expect("an escaped pattern").captures(actual) else { return false };
        let mut bound = self.bound.borrow_mut();
        found.iter().enumerate().all(|(index, name)| {
            let value = values.get(index + 1).map_or("", |value| value.as_str());
            let region_like = matches!(*name, "<region>" | "<partition>" | "111111111111");
            region_like || bound.entry((*name).to_owned()).or_insert_with(|| value.to_owned()) == value
        })
    }
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}
