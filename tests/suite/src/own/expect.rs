//! What a case expects, and whether an answer is that.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::builtin::builtin;
use crate::backend::Received;
use crate::client::Response;

/// What a step expects. What is not said is not looked at, except for the ids that every answer of the gateway has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// Status.
    #[serde(default)]
    pub status: Option<u16>,
    /// Any of these statuses.
    #[serde(default)]
    pub status_in: Vec<u16>,
    /// Status, body and headers of a built-in gateway response, where nothing else is said about them.
    #[serde(default)]
    pub gateway_response: Option<String>,
    /// Body, to the byte.
    #[serde(default)]
    pub body: Option<String>,
    /// A pattern for the whole body.
    #[serde(default)]
    pub body_match: Option<String>,
    /// Size of the body, in bytes.
    #[serde(default)]
    pub body_bytes: Option<usize>,
    /// Body, as a JSON value.
    #[serde(default)]
    pub json: Option<Value>,
    /// Members of the JSON body by JSON pointer.
    #[serde(default)]
    pub json_at: BTreeMap<String, Value>,
    /// Headers: the one line's value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers of several lines: the value of each.
    #[serde(default)]
    pub header_lines: BTreeMap<String, Vec<String>>,
    /// Headers whose one line's value matches as a whole.
    #[serde(default)]
    pub headers_match: BTreeMap<String, String>,
    /// Headers that must not be there.
    #[serde(default)]
    pub headers_absent: Vec<String>,
    /// Whether the answer carries the gateway's ids.
    #[serde(default = "yes")]
    pub ids: bool,
    /// What the backend received.
    #[serde(default)]
    pub upstream: Option<Upstream>,
    /// Nothing reached a backend.
    #[serde(default)]
    pub not_forwarded: bool,
    /// The line that the request leaves in a log.
    #[serde(default)]
    pub log: Option<LogLine>,
    /// Statistics in Prometheus' form, `NAME{LABELS}`, and their values; null where there must be none.
    #[serde(default)]
    pub statistics: BTreeMap<String, Option<f64>>,
}

/// The one line that a request leaves in a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LogLine {
    /// The file.
    pub file: String,
    /// There is none.
    #[serde(default)]
    pub none: bool,
    /// The lines of an execution log, all behind the same id; `<…>` in one stands for any text.
    #[serde(default)]
    pub lines: Vec<String>,
    /// The line matches as a whole.
    #[serde(default)]
    pub line: Option<String>,
    /// The line is a JSON object with these members, and no others.
    #[serde(default)]
    pub json: Option<Value>,
    /// Members of the JSON object whose text matches as a whole.
    #[serde(default)]
    pub json_match: BTreeMap<String, String>,
}

/// What a backend received.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Upstream {
    /// Name of the backend.
    #[serde(default)]
    pub backend: Option<String>,
    /// Verb.
    #[serde(default)]
    pub method: Option<String>,
    /// Request target.
    #[serde(default)]
    pub target: Option<String>,
    /// Body, to the byte.
    #[serde(default)]
    pub body: Option<String>,
    /// Size of the body, in bytes.
    #[serde(default)]
    pub body_bytes: Option<usize>,
    /// Body, as a JSON value.
    #[serde(default)]
    pub json: Option<Value>,
    /// Members of the JSON body by JSON pointer.
    #[serde(default)]
    pub json_at: BTreeMap<String, Value>,
    /// JSON pointers to members that the JSON body must not have.
    #[serde(default)]
    pub json_absent: Vec<String>,
    /// Headers: all lines joined with `,`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers whose value matches as a whole.
    #[serde(default)]
    pub headers_match: BTreeMap<String, String>,
    /// Headers that must not be there.
    #[serde(default)]
    pub headers_absent: Vec<String>,
}

fn yes() -> bool {
    true
}

/// `x-amzn-RequestId` is a UUID, `x-amz-apigw-id` sixteen characters of base64 whose last is `=`.
const IDS: [(&str, &str); 2] = [
    ("x-amzn-requestid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("x-amz-apigw-id", "[A-Za-z0-9+/_-]{15}="),
];

impl Expect {
    /// What is different, one line each; `received` is what each backend got.
    pub fn differences(&self, head: bool, response: &Response, received: &[(String, Received)]) -> Vec<String> {
        let mut found = Vec::new();
        let builtin = self
            .gateway_response
            .as_ref()
            .map(|name| builtin(name).unwrap_or_else(|| panic!("no gateway response is called {name}")));
        let status = self.status.or(builtin.as_ref().map(|builtin| builtin.status));
        if status.is_some_and(|status| status != response.status)
            || (!self.status_in.is_empty() && !self.status_in.contains(&response.status))
        {
            let expected = status.map_or_else(|| format!("{:?}", self.status_in), |status| status.to_string());
            found.push(format!("status {}, expected {expected}; body {:.300}", response.status, response.text()));
        }
        let builtin_body = builtin.as_ref().map(|builtin| builtin.body.to_owned()).filter(|_| self.json.is_none());
        if let Some(body) = self.body.clone().or(builtin_body) {
            let body = if head { String::new() } else { body };
            if response.body != body.as_bytes() {
                found.push(format!("body `{:.300}`, expected `{body}`", response.text()));
            }
        }
        if let Some(pattern) = self.body_match.as_ref().filter(|pattern| !matches(pattern, &response.text())) {
            found.push(format!("body `{:.300}`, expected one that matches {pattern}", response.text()));
        }
        if self.body_bytes.is_some_and(|size| size != response.body.len()) {
            found.push(format!("{} bytes of body, expected {:?}", response.body.len(), self.body_bytes));
        }
        self.json_differences(response, &mut found);
        let lines = |name: &str| -> Vec<String> {
            let same = response.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            same.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
        };
        let mut headers = self.headers.clone();
        if let Some(builtin) = &builtin {
            let content_type = "application/json".to_owned();
            headers.entry("content-type".to_owned()).or_insert(content_type);
            match builtin.error_type {
                Some(error_type) => drop(headers.entry("x-amzn-ErrorType".to_owned()).or_insert(error_type.to_owned())),
                None if !lines("x-amzn-ErrorType").is_empty() => found.push("there is an x-amzn-ErrorType".to_owned()),
                None => {}
            }
            for name in ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
                if !lines(name).is_empty() {
                    found.push(format!("there is a {name}"));
                }
            }
        }
        for (name, value) in &headers {
            if lines(name) != [value.clone()] {
                found.push(format!("header {name} is {:?}, expected {value:?}", lines(name)));
            }
        }
        for (name, values) in self.header_lines.iter().filter(|(name, values)| lines(name) != **values) {
            found.push(format!("header {name} is {:?}, expected {values:?}", lines(name)));
        }
        let ids = IDS.iter().filter(|_| self.ids).map(|(name, pattern)| (*name, *pattern));
        let patterns = self.headers_match.iter().map(|(name, pattern)| (name.as_str(), pattern.as_str()));
        for (name, pattern) in patterns.chain(ids).chain([("date", ".+")].into_iter().filter(|_| self.ids)) {
            if !matches!(lines(name).as_slice(), [value] if matches(pattern, value)) {
                found.push(format!("header {name} is {:?}, expected one that matches {pattern}", lines(name)));
            }
        }
        let never = ["server", "x-envoy-upstream-service-time", "x-apigw-method", "x-apigw-upstream"];
        for name in self.headers_absent.iter().map(String::as_str).chain(never.into_iter().filter(|_| self.ids)) {
            if !lines(name).is_empty() && !self.headers.contains_key(name) {
                found.push(format!("header {name} is {:?}, expected none", lines(name)));
            }
        }
        self.upstream_differences(received, &mut found);
        found
    }

    /// What is different in the statistics.
    pub fn statistics_differences(&self, page: &str) -> Vec<String> {
        let value = |series: &str| -> Option<f64> {
            page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
        };
        let wrong = self.statistics.iter().filter(|(series, expected)| value(series) != **expected);
        wrong.map(|(series, expected)| format!("{series} is {:?}, expected {expected:?}", value(series))).collect()
    }

    fn json_differences(&self, response: &Response, found: &mut Vec<String>) {
        if self.json.is_none() && self.json_at.is_empty() {
            return;
        }
        let body: Value = match serde_json::from_slice(&response.body) {
            Ok(body) => body,
            Err(error) => {
                found.push(format!("the body is no JSON ({error}): {:.300}", response.text()));
                return;
            }
        };
        if self.json.as_ref().is_some_and(|json| *json != body) {
            found.push(format!("body {body}, expected {}", self.json.clone().unwrap_or_default()));
        }
        for (pointer, value) in &self.json_at {
            if body.pointer(pointer) != Some(value) {
                found.push(format!("{pointer} of the body is {:?}, expected {value}", body.pointer(pointer)));
            }
        }
    }

    fn upstream_differences(&self, received: &[(String, Received)], found: &mut Vec<String>) {
        if self.not_forwarded && !received.is_empty() {
            found.push(format!("a backend received {received:?}"));
        }
        let Some(upstream) = &self.upstream else { return };
        // A request may pass an authorizer and a backend: a name says which is meant.
        let named = |backend: &String| upstream.backend.as_ref().is_none_or(|wanted| wanted == backend);
        let meant: Vec<_> = received.iter().filter(|(backend, _)| named(backend)).collect();
        let [(_, request)] = meant.as_slice() else {
            let backends: Vec<&String> = received.iter().map(|(backend, _)| backend).collect();
            found.push(format!("{} requests went upstream, to {backends:?}, expected one", meant.len()));
            return;
        };
        let mut differs = |what: &str, actual: &str, expected: &Option<String>| {
            if expected.as_ref().is_some_and(|expected| expected != actual) {
                found.push(format!("upstream {what} `{actual:.300}`, expected {expected:?}"));
            }
        };
        differs("method", &request.method, &upstream.method);
        differs("target", &request.target, &upstream.target);
        differs("body", &String::from_utf8_lossy(&request.body), &upstream.body);
        differs("size", &request.body.len().to_string(), &upstream.body_bytes.map(|size| size.to_string()));
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if upstream.json.as_ref().is_some_and(|json| *json != body) {
            found.push(format!("upstream body {body}, expected {}", upstream.json.clone().unwrap_or_default()));
        }
        for (pointer, value) in &upstream.json_at {
            if body.pointer(pointer).unwrap_or(&Value::Null) != value {
                found.push(format!("{pointer} of the upstream body is {:?}, expected {value}", body.pointer(pointer)));
            }
        }
        for pointer in upstream.json_absent.iter().filter(|pointer| body.pointer(pointer).is_some()) {
            found.push(format!("{pointer} of the upstream body is {:?}, expected none", body.pointer(pointer)));
        }
        for (name, value) in &upstream.headers {
            if request.header(name).as_ref() != Some(value) {
                found.push(format!("upstream header {name} is {:?}, expected {value:?}", request.header(name)));
            }
        }
        for (name, pattern) in &upstream.headers_match {
            if !request.header(name).is_some_and(|value| matches(pattern, &value)) {
                found.push(format!("upstream header {name} is {:?}, expected {pattern}", request.header(name)));
            }
        }
        let never = ["x-apigw-method", "x-request-id", "x-envoy-expected-rq-timeout-ms", "x-envoy-internal"];
        for name in upstream.headers_absent.iter().map(String::as_str).chain(never) {
            if let Some(value) = request.header(name) {
                found.push(format!("upstream header {name} is {value:?}, expected none"));
            }
        }
    }
}

impl LogLine {
    /// How many lines there must be.
    pub fn count(&self) -> usize {
        if self.none { 0 } else { self.lines.len().max(1) }
    }

    /// What is different in the lines that have come.
    pub fn differences(&self, lines: &[String]) -> Vec<String> {
        if !self.lines.is_empty() {
            return self.execution_differences(lines);
        }
        let line = match (lines, self.none) {
            ([], true) => return Vec::new(),
            ([line], false) => line,
            _ => return vec![format!("{} has the new lines {lines:?}", self.file)],
        };
        let mut found = Vec::new();
        if self.line.as_ref().is_some_and(|pattern| !matches(pattern, line)) {
            found.push(format!("logged `{line}`, expected one that matches {:?}", self.line));
        }
        if self.json.is_none() && self.json_match.is_empty() {
            return found;
        }
        let mut members = match serde_json::from_str(line) {
            Ok(Value::Object(members)) => members,
            _ => return vec![format!("logged `{line}`, expected a JSON object")],
        };
        for (name, pattern) in &self.json_match {
            let member = members.remove(name);
            let text = member.as_ref().and_then(Value::as_str);
            if !text.is_some_and(|text| matches(pattern, text)) {
                found.push(format!("logged {name} {member:?}, expected one that matches {pattern}"));
            }
        }
        if self.json.as_ref().is_some_and(|json| *json != Value::Object(members.clone())) {
            found.push(format!("logged {}, expected {:?}", Value::Object(members), self.json));
        }
        found
    }

    fn execution_differences(&self, lines: &[String]) -> Vec<String> {
        let id =
            lines.first().and_then(|line| line.split_once(' ')).map(|(id, _)| format!("{id} ")).unwrap_or_default();
        let fits = |(line, expected): (&String, &String)| {
            let pattern: String = expected
                .split_inclusive(['<', '>'])
                .map(|part| match part.strip_suffix('>') {
                    Some(_) => ".*".to_owned(),
                    None => regex_lite::escape(part.trim_end_matches('<')),
                })
                .collect();
            line.strip_prefix(&id).is_some_and(|message| matches(&pattern, message))
        };
        let alike = id.starts_with('(') && id.ends_with(") ") && lines.len() == self.lines.len();
        if alike && lines.iter().zip(&self.lines).all(fits) {
            return Vec::new();
        }
        vec![format!("{} has the new lines\n{}\nexpected\n{}", self.file, lines.join("\n"), self.lines.join("\n"))]
    }
}

fn matches(pattern: &str, value: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(value)
}
