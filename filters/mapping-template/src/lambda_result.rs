//! Members of what a function answers with for itself, as REST APIs and HTTP APIs read them.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format>

use gateway::{GatewayError, is_header_name};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// 502: the result is not of the documented shape.
pub(crate) fn malformed(reason: impl Into<String>) -> Failure {
    let reason = format!("malformed Lambda proxy response: {}", reason.into());
    let failure = Failure::of_request(GatewayError::malformed_proxy_response(), reason);
    failure.logged_as("Malformed Lambda proxy response")
}

/// `statusCode`: an integer, or a string of digits. An interim status (1xx) ends no request.
pub(crate) fn status(value: &Value) -> Result<u16, Failure> {
    let status = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    status
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| malformed("statusCode is no HTTP status"))
}

/// `isBase64Encoded`.
pub(crate) fn is_base64_encoded(result: &Map<String, Value>) -> Result<bool, Failure> {
    match result.get("isBase64Encoded") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(encoded)) => Ok(*encoded),
        Some(_) => Err(malformed("isBase64Encoded is no boolean")),
    }
}

/// The members of the object `name`; none where it is missing.
pub(crate) fn members<'r>(
    result: &'r Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'r String, &'r Value)>, Failure> {
    match result.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(members)) => Ok(Some(members).into_iter().flatten()),
        Some(_) => Err(malformed(format!("{name} is no object"))),
    }
}

/// A header's name in lower case.
pub(crate) fn header_name(name: &str) -> Result<String, Failure> {
    if is_header_name(name) { Ok(name.to_ascii_lowercase()) } else { Err(malformed("a header has no valid name")) }
}
