//! Calling a Lambda function: the Invoke API, as Lambda and its emulators serve it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use gateway::{GatewayError, ResponseType};
use jsonpath::json;

use crate::answer::Outcome;
use crate::failure::Failure;

/// Checks that the function has run, or has been accepted for later.
///
/// # Errors
/// Lambda refuses: 413 for an event that is too large, else 500, as for a missing permission or an unknown function.
pub fn check_invocation(outcome: &Outcome) -> Result<(), Failure> {
    match outcome.status {
        200..=299 => Ok(()),
        413 => Err(too_large()),
        status => Err(Failure::configuration(format!("Lambda refuses to invoke the function with status {status}"))),
    }
}

/// 413 for an event larger than Lambda takes.
pub(crate) fn too_large() -> Failure {
    Failure::of_request(GatewayError::new(ResponseType::RequestTooLarge), "the event is larger than Lambda takes")
}

/// The field `errorMessage` of a function's result; `None` when there is none, or it is no text.
pub fn error_message(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    // Only an object can have the field; reading a large list for it would be wasted.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    json::parse(text).ok()?.get("errorMessage")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_messages() {
        assert_eq!(error_message(br#"{"errorMessage": "no\nway", "errorType": "E"}"#).as_deref(), Some("no\nway"));
        for none in [&b"{}"[..], b"\"errorMessage\"", b"", b"{\"errorMessage\": 1}", b"[{", b"\xff"] {
            assert_eq!(error_message(none), None);
        }
    }
}
