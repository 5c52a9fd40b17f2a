//! Gateway responses in their built-in form, written down from the specification and not taken from the filters.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

/// A built-in gateway response.
pub struct Builtin {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: &'static str,
    /// `x-amzn-ErrorType`; none where the service sends none.
    pub error_type: Option<&'static str>,
}

/// The gateway response called `name`; `FORBIDDEN` is the one of an unknown stage, `URI_TOO_LONG` the 414.
pub fn builtin(name: &str) -> Option<Builtin> {
    let (status, body, error_type) = match name {
        "API_CONFIGURATION_ERROR" => (500, r#"{"message": "Internal server error"}"#, "InternalServerErrorException"),
        "AUTHORIZER_CONFIGURATION_ERROR" | "AUTHORIZER_FAILURE" => {
            (500, r#"{"message":null}"#, "AuthorizerConfigurationException")
        }
        "FORBIDDEN" | "INVALID_API_KEY" => (403, r#"{"message":"Forbidden"}"#, "ForbiddenException"),
        "INTEGRATION_FAILURE" => {
            (504, r#"{"message": "Network error communicating with endpoint"}"#, "InternalServerErrorException")
        }
        "INTEGRATION_TIMEOUT" => (504, r#"{"message": "Endpoint request timed out"}"#, "InternalServerErrorException"),
        "MISSING_AUTHENTICATION_TOKEN" => {
            (403, r#"{"message":"Missing Authentication Token"}"#, "MissingAuthenticationTokenException")
        }
        "QUOTA_EXCEEDED" => (429, r#"{"message":"Limit Exceeded"}"#, "LimitExceededException"),
        "REQUEST_TOO_LARGE" => (413, r#"{"message":"Request Too Long"}"#, "RequestTooLargeException"),
        "THROTTLED" => (429, r#"{"message":"Too Many Requests"}"#, "TooManyRequestsException"),
        "UNAUTHORIZED" => (401, r#"{"message":"Unauthorized"}"#, "UnauthorizedException"),
        "UNSUPPORTED_MEDIA_TYPE" => (415, r#"{"message": "Unsupported Media Type"}"#, "BadRequestException"),
        "URI_TOO_LONG" => (414, r#"{"message":"Request URI too long"}"#, ""),
        _ => return None,
    };
    Some(Builtin { status, body, error_type: Some(error_type).filter(|error_type| !error_type.is_empty()) })
}
