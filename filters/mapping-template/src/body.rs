//! Bodies as sources of parameter mappings.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::borrow::Cow;

use gateway::GatewayError;
use serde_json::Value;

use crate::failure::Failure;

/// The value of `method.request.body`. An empty body reads as `{}`.
///
/// # Errors
/// The body looks like JSON and is none.
pub fn whole(body: &[u8]) -> Result<Cow<'_, [u8]>, Failure> {
    if body.is_empty() {
        return Ok(Cow::Borrowed(b"{}"));
    }
    let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b'\''));
    if looks_like_json && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
        return Err(invalid_json());
    }
    Ok(Cow::Borrowed(body))
}

/// The value of `method.request.body.PATH`: bare text for a string, compact JSON for anything else.
///
/// # Errors
/// The body looks like JSON and is none.
pub fn member(body: &[u8], path: &str) -> Result<Option<Vec<u8>>, Failure> {
    let body = whole(body)?;
    let Ok(value) = serde_json::from_slice::<Value>(&body) else { return Ok(None) };
    Ok(text_at(&value, path))
}

/// The text of what a JSONPath without its `$.` finds; `None` for nothing and for `null`.
pub fn text_at(value: &Value, path: &str) -> Option<Vec<u8>> {
    match find(value, path)? {
        Value::Null => None,
        Value::String(text) => Some(text.into_bytes()),
        other => serde_json::to_vec(&other).ok(),
    }
}

fn find(value: &Value, path: &str) -> Option<Value> {
    let mut found = value;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        found = match step.strip_suffix(']') {
            Some(index) => found.get(index.parse::<usize>().ok()?)?,
            None => found.get(step)?,
        };
    }
    Some(found.clone())
}

fn invalid_json() -> Failure {
    Failure::of_request(GatewayError::invalid_json(), "a mapping reads the request body, which is no valid JSON")
}
