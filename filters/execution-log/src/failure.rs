//! What the log says of a gateway response, where no filter has said why it came to that.
//!
//! Not documented: the sentences are those that users of API Gateway quote.

use gateway::{GatewayError, ResponseType};

/// The line for a gateway response.
pub(crate) fn line(error: &GatewayError, request_id: &str, content_type: &str) -> String {
    let failed = |reason: &str| format!("Execution failed due to configuration error: {reason}");
    let message = error.message.as_deref().unwrap_or_default();
    match error.response_type {
        Some(ResponseType::BadRequestBody) => {
            let details = &error.validation;
            format!("Request body does not match model schema for content type {content_type}: {details}")
        }
        Some(ResponseType::BadRequestParameters) => message.to_owned(),
        Some(ResponseType::Unauthorized) => format!("Unauthorized request: {request_id}"),
        Some(ResponseType::AccessDenied) => "The client is not authorized to perform this operation.".to_owned(),
        Some(ResponseType::IntegrationTimeout) => "Execution failed due to a timeout error".to_owned(),
        Some(ResponseType::IntegrationFailure) => failed("Network error communicating with endpoint"),
        Some(ResponseType::AuthorizerConfigurationError | ResponseType::AuthorizerFailure) => {
            failed("Authorizer error")
        }
        Some(response_type) => {
            format!("Gateway response type: {} with status code: {}", response_type.name(), error.status)
        }
        None => format!("Gateway response with status code: {}", error.status),
    }
}
