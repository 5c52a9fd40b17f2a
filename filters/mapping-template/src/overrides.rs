//! `$context.requestOverride` and `$context.responseOverride`: what templates decide beside the text they render.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html>

use gateway::is_header_name;
use vtl::{Map, MapKind, Value};

use crate::headers;
use crate::http_proxy::MAX_MAPPED_BYTES;
use crate::parameters::{Mapped, PathValue};
use crate::variables::{REQUEST_OVERRIDE, RESPONSE_OVERRIDE};

/// The overrides of one request. They live from its request template to its response template, which sees what the
/// first has set.
#[derive(Debug, Default)]
pub struct Overrides {
    request: Option<Map>,
    response: Option<Map>,
}

impl Overrides {
    /// `$context.requestOverride`
    pub(crate) fn request(&mut self) -> Map {
        self.request.get_or_insert_with(|| with_maps(&["path", "header", "querystring"])).clone()
    }

    /// `$context.responseOverride`
    pub(crate) fn response(&mut self) -> Map {
        self.response.get_or_insert_with(|| with_maps(&["header"])).clone()
    }

    /// Takes the overrides of a rendered template; it may have put other maps in place of ours.
    pub(crate) fn take_from(&mut self, context: &Map) {
        let map = |name: &str| context.get(name).and_then(|value| value.as_map().cloned());
        self.request = map(REQUEST_OVERRIDE).or_else(|| self.request.take());
        self.response = map(RESPONSE_OVERRIDE).or_else(|| self.response.take());
    }

    /// Puts the request's overrides in place of the mapped values of the same names.
    pub fn apply_to_request(&self, mapped: &mut Mapped) {
        for (name, values) in members(self.request.as_ref(), "path") {
            if let Some(value) = values.into_iter().next() {
                mapped.path.push((name, PathValue::plain(value)));
            }
        }
        for (name, values) in header_lines(self.request.as_ref()) {
            mapped.headers.retain(|(other, _)| *other != name);
            mapped.headers.push((name, values));
        }
        for (name, values) in members(self.request.as_ref(), "querystring") {
            mapped.query.retain(|(other, _)| *other != name);
            mapped.query.push((name, values));
        }
    }

    /// The status for the client; `None` unless it is an integer from 100 to 599.
    pub(crate) fn status(&self) -> Option<u16> {
        let status = self.response.as_ref()?.get("status")?.to_string();
        status.trim().parse().ok().filter(|status| (100..=599).contains(status))
    }

    /// The headers for the client, in lower case.
    pub(crate) fn response_headers(&self) -> Vec<(String, Vec<Vec<u8>>)> {
        header_lines(self.response.as_ref())
    }
}

fn with_maps(names: &[&str]) -> Map {
    let map = Map::new(MapKind::Context);
    for name in names {
        map.insert(name, Map::new(MapKind::Context));
    }
    map
}

/// The members of one of an override's maps, each with its value, or a list's values.
fn members(overrides: Option<&Map>, name: &str) -> Vec<(String, Vec<Vec<u8>>)> {
    let Some(Value::Map(map)) = overrides.and_then(|overrides| overrides.get(name)) else { return Vec::new() };
    let text = |value: &Value| value.to_string().into_bytes();
    let values = |value: Value| match &value {
        Value::List(list) => list.to_vec().iter().map(text).collect(),
        other => vec![text(other)],
    };
    map.entries().into_iter().map(|(name, value)| (name.to_string(), values(value))).collect()
}

/// Headers as they can be sent; what is none is left out.
fn header_lines(overrides: Option<&Map>) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut lines: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for (name, values) in members(overrides, "header") {
        let name = name.to_ascii_lowercase();
        if !is_header_name(&name) || headers::is_internal(&name) {
            continue;
        }
        let values = values.into_iter().filter(|value| value.len() <= MAX_MAPPED_BYTES).map(headers::clean_value);
        lines.retain(|(other, _)| *other != name);
        lines.push((name, values.collect()));
    }
    lines
}
