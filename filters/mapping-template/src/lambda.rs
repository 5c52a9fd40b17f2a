//! Calling a Lambda function: the Invoke API, as Lambda and its emulators serve it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use endpoint::{Endpoint, Function, RawEndpoint, RawFunction};
use gateway::{Callout, ConfigError, GatewayError, Host, ResponseType};
use jsonpath::json;

use crate::answer::Outcome;
use crate::failure::Failure;
use crate::lambda_result::malformed;
use crate::raw::TIMEOUT;
use crate::request::Request;

/// Largest event and largest result of a function, in bytes (6 MB).
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const MAX_LAMBDA_BYTES: usize = 6 << 20;

/// A function that gets requests as events, and where it is invoked.
#[derive(Debug)]
pub struct Invocable {
    endpoint: Endpoint,
    function: Function,
}

impl Invocable {
    /// Checks a function's endpoint.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_raw(endpoint: RawEndpoint, function: &RawFunction) -> Result<Self, ConfigError> {
        let endpoint = Endpoint::from_raw(endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?;
        Ok(Self { endpoint, function: Function::from_raw(function) })
    }

    /// The invocation with the event of one request.
    ///
    /// # Errors
    /// 413: the event, or the body alone, is larger than Lambda takes.
    pub fn call(
        &self,
        host: &dyn Host,
        request: &Request<'_>,
        event: impl FnOnce() -> String,
    ) -> Result<Callout, Failure> {
        if request.body.len() > MAX_LAMBDA_BYTES {
            return Err(too_large());
        }
        let event = event();
        if event.len() > MAX_LAMBDA_BYTES {
            return Err(too_large());
        }
        let mut to_function = self.function.invocation(&request.context.api().api_id, event);
        if let Some(trace_id) = request.trace_id() {
            to_function.set("x-amzn-trace-id", trace_id);
        }
        Ok(self.endpoint.callout(host, to_function)?)
    }
}

/// The result of a function that answers for itself.
///
/// # Errors
/// Lambda refuses, the function failed, or its result is larger than Lambda gives.
pub(crate) fn result(outcome: Outcome) -> Result<Vec<u8>, Failure> {
    check_invocation(&outcome)?;
    if outcome.headers.first("x-amz-function-error").is_some() {
        return Err(malformed("the function failed"));
    }
    if outcome.body.len() > MAX_LAMBDA_BYTES {
        return Err(malformed("the function's result is larger than 6 MB"));
    }
    Ok(outcome.body)
}

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
fn too_large() -> Failure {
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
