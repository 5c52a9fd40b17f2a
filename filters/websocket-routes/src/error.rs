//! What the gateway itself tells a client, in a refused handshake or in a frame.

use gateway::{GatewayError, HeaderValue, Reply, ResponseType, json};
use mapping_template::parts::Failure;

/// No route for a message, and for paths that the API does not have.
pub const FORBIDDEN: &str = "Forbidden";

/// A message that does not fit its model.
pub const BAD_REQUEST_BODY: &str = "Bad request body";

/// `{"message": "Forbidden", "connectionId":"…", "requestId":"…"}`, in the service's own spacing.
pub fn error_text(message: &str, connection_id: &str, request_id: &str) -> String {
    let (message, connection, request) = (json::quote(message), json::quote(connection_id), json::quote(request_id));
    format!("{{\"message\": {message}, \"connectionId\":{connection}, \"requestId\":{request}}}")
}

/// What a message is told that does not fit its model; the service's guide prints its id, too.
pub fn validation_error(connection_id: &str, message_id: &str, request_id: &str) -> String {
    let [connection, message, request] = [connection_id, message_id, request_id].map(json::quote);
    format!(
        "{{\"message\": \"{BAD_REQUEST_BODY}\", \"connectionId\":{connection}, \"messageId\":{message}, \"requestId\":{request}}}"
    )
}

/// The answer to a handshake that is refused.
pub fn handshake_refusal(status: u16, message: &str, connection_id: &str, request_id: &str) -> Reply {
    let mut reply =
        Reply { status, body: error_text(message, connection_id, request_id).into_bytes(), ..Reply::default() };
    reply.set_header("content-type", &b"application/json"[..]);
    reply.set_header("x-amz-apigw-id", request_id.as_bytes().to_vec());
    reply
}

/// `{"message":"Forbidden"}` to a request that is neither a handshake nor a call of `@connections`.
pub fn forbidden() -> Reply {
    Reply { error: None, ..Reply::from_error(GatewayError::forbidden()) }
}

/// Status and message for an integration that failed.
pub fn of_failure(failure: &Failure) -> (u16, &'static str) {
    const INTERNAL: &str = "Internal server error";
    match failure.error.response_type {
        Some(ResponseType::IntegrationTimeout) => (504, "Endpoint request timed out"),
        Some(ResponseType::UnsupportedMediaType) => (415, "Unsupported Media Type"),
        Some(ResponseType::Default5xx) => (502, INTERNAL),
        _ => (500, INTERNAL),
    }
}

/// An error of `@connections`.
pub fn management_error(status: u16, error_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
    let mut reply = Reply { status, body: body.into(), ..Reply::default() };
    reply.headers.push(("content-type".into(), HeaderValue::Borrowed(b"application/json")));
    reply.headers.push(("x-amzn-errortype".into(), HeaderValue::Borrowed(error_type.as_bytes())));
    reply
}
