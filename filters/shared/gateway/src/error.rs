//! Gateway responses: every error that the gateway itself answers, in its built-in form.
//!
//! Customisation by an API is the job of the `gateway-responses` filter.
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::json;

/// The types that an API can customise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResponseType {
    /// An authorizer or a resource policy refuses.
    AccessDenied,
    /// The integration or its mapping cannot work as configured.
    ApiConfigurationError,
    /// The authorizer cannot be invoked, or its output is unusable.
    AuthorizerConfigurationError,
    /// The authorizer function failed.
    AuthorizerFailure,
    /// A required parameter is missing.
    BadRequestParameters,
    /// The body does not fit its model.
    BadRequestBody,
    /// Fallback for 4xx types without an entry of their own.
    #[serde(rename = "DEFAULT_4XX")]
    Default4xx,
    /// Fallback for 5xx types without an entry of their own.
    #[serde(rename = "DEFAULT_5XX")]
    Default5xx,
    /// The credentials have expired.
    ExpiredToken,
    /// The integration cannot be reached.
    IntegrationFailure,
    /// The integration took longer than its timeout.
    IntegrationTimeout,
    /// An API key is required, and none was given that may call this stage.
    InvalidApiKey,
    /// The SigV4 signature does not verify.
    InvalidSignature,
    /// There is no such resource or method, or an unsigned request to an IAM method.
    MissingAuthenticationToken,
    /// The quota of the usage plan is used up.
    QuotaExceeded,
    /// The payload is too large.
    RequestTooLarge,
    /// The resource was not found after authorization.
    ResourceNotFound,
    /// A rate limit was exceeded.
    Throttled,
    /// The identity source is missing or invalid.
    Unauthorized,
    /// The request's media type is refused.
    UnsupportedMediaType,
    /// A web application firewall refuses.
    WafFiltered,
}

/// Which of the service's two layers prints a body. They differ by the blank after the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// `{"message":"Forbidden"}`
    Front,
    /// `{"message": "Internal server error"}`
    Execution,
}

/// Type, status, message and `x-amzn-ErrorType` of one row of the table.
struct Row(ResponseType, &'static str, u16, Option<&'static str>, Option<&'static str>, Layer);

use ResponseType::*;

#[rustfmt::skip]
const TABLE: [Row; 21] = [
    Row(AccessDenied, "ACCESS_DENIED", 403, Some("User is not authorized to access this resource"), Some("AccessDeniedException"), Layer::Front),
    Row(ApiConfigurationError, "API_CONFIGURATION_ERROR", 500, Some("Internal server error"), Some("InternalServerErrorException"), Layer::Execution),
    Row(AuthorizerConfigurationError, "AUTHORIZER_CONFIGURATION_ERROR", 500, None, Some("AuthorizerConfigurationException"), Layer::Front),
    Row(AuthorizerFailure, "AUTHORIZER_FAILURE", 500, None, Some("AuthorizerConfigurationException"), Layer::Front),
    Row(BadRequestParameters, "BAD_REQUEST_PARAMETERS", 400, Some("Missing required request parameters: []"), Some("BadRequestException"), Layer::Execution),
    Row(BadRequestBody, "BAD_REQUEST_BODY", 400, Some("Invalid request body"), Some("BadRequestException"), Layer::Execution),
    Row(Default4xx, "DEFAULT_4XX", 400, None, Some("BadRequestException"), Layer::Execution),
    Row(Default5xx, "DEFAULT_5XX", 502, Some("Internal server error"), Some("InternalServerErrorException"), Layer::Execution),
    Row(ExpiredToken, "EXPIRED_TOKEN", 403, Some("The security token included in the request is expired"), Some("ExpiredTokenException"), Layer::Front),
    Row(IntegrationFailure, "INTEGRATION_FAILURE", 504, Some("Network error communicating with endpoint"), Some("InternalServerErrorException"), Layer::Execution),
    Row(IntegrationTimeout, "INTEGRATION_TIMEOUT", 504, Some("Endpoint request timed out"), Some("InternalServerErrorException"), Layer::Execution),
    Row(InvalidApiKey, "INVALID_API_KEY", 403, Some("Forbidden"), Some("ForbiddenException"), Layer::Front),
    Row(InvalidSignature, "INVALID_SIGNATURE", 403, None, Some("InvalidSignatureException"), Layer::Front),
    Row(MissingAuthenticationToken, "MISSING_AUTHENTICATION_TOKEN", 403, Some("Missing Authentication Token"), Some("MissingAuthenticationTokenException"), Layer::Front),
    Row(QuotaExceeded, "QUOTA_EXCEEDED", 429, Some("Limit Exceeded"), Some("LimitExceededException"), Layer::Front),
    Row(RequestTooLarge, "REQUEST_TOO_LARGE", 413, Some("Request Too Long"), Some("RequestTooLargeException"), Layer::Front),
    Row(ResourceNotFound, "RESOURCE_NOT_FOUND", 404, Some("Resource not found"), Some("ResourceNotFoundException"), Layer::Front),
    Row(Throttled, "THROTTLED", 429, Some("Too Many Requests"), Some("TooManyRequestsException"), Layer::Front),
    Row(Unauthorized, "UNAUTHORIZED", 401, Some("Unauthorized"), Some("UnauthorizedException"), Layer::Front),
    Row(UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", 415, Some("Unsupported Media Type"), Some("BadRequestException"), Layer::Execution),
    Row(WafFiltered, "WAF_FILTERED", 403, Some("Forbidden"), Some("ForbiddenException"), Layer::Front),
];

impl ResponseType {
    /// All types, in the order of the service's list.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The name in definitions: `INVALID_API_KEY`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The status unless customised; for the two fallbacks, that of the one error that belongs to them alone.
    pub fn status(self) -> u16 {
        self.row().2
    }

    fn row(self) -> &'static Row {
        const NONE: &Row = &TABLE[1];
        TABLE.iter().find(|row| row.0 == self).unwrap_or(NONE)
    }
}

/// One error as the gateway raises it, before any customisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayError {
    /// What an API customises it by; `None` where no API is known, as for an unknown stage.
    pub response_type: Option<ResponseType>,
    /// HTTP status.
    pub status: u16,
    /// `$context.error.message`; `None` prints as `null`.
    pub message: Option<Cow<'static, str>>,
    /// The header `x-amzn-ErrorType`.
    #[serde(skip)]
    pub error_type: Option<&'static str>,
    /// `$context.error.validationErrorString`, details of a failed validation; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub validation: String,
    /// How the built-in body is printed.
    #[serde(skip)]
    layer: Option<Layer>,
}

impl GatewayError {
    /// The error of a type, with its default status and message.
    pub fn new(response_type: ResponseType) -> Self {
        let Row(_, _, status, message, error_type, layer) = *response_type.row();
        Self {
            response_type: Some(response_type),
            status,
            message: message.map(Cow::Borrowed),
            error_type,
            validation: String::new(),
            layer: Some(layer),
        }
    }

    /// The same error with another message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The same error with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same error with the details of a validation.
    #[must_use]
    pub fn with_validation(mut self, details: String) -> Self {
        self.validation = details;
        self
    }

    /// Unknown host, API or stage: no API is known, so nothing can be customised.
    pub fn forbidden() -> Self {
        Self { response_type: None, ..Self::new(InvalidApiKey) }
    }

    /// 414, which has no type of its own.
    pub fn uri_too_long() -> Self {
        Self { status: 414, error_type: None, layer: Some(Layer::Front), ..Self::new(Default4xx) }
            .with_message("Request URI too long")
    }

    /// 400 for a body that must be JSON and is not; it has no type of its own.
    pub fn invalid_json() -> Self {
        Self::new(Default4xx).with_message("Invalid JSON in request body")
    }

    /// 502 for a function's answer that is no proxy response; it has no type of its own.
    pub fn malformed_proxy_response() -> Self {
        Self::new(Default5xx)
    }

    /// The error that was written as JSON into [`crate::Property::Error`].
    pub fn from_property(bytes: &[u8]) -> Option<Self> {
        let mut error: Self = serde_json::from_slice(bytes).ok()?;
        let known = match (error.response_type, error.status) {
            (None, _) => Self::forbidden(),
            (Some(Default4xx), 414) => Self::uri_too_long(),
            (Some(response_type), _) => Self::new(response_type),
        };
        error.error_type = known.error_type;
        error.layer = known.layer;
        Some(error)
    }

    /// The JSON for [`crate::Property::Error`].
    pub fn to_property(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The body that the service sends when the API has not customised it. These are not renders of the published
    /// default template: the two layers print differently, and only ACCESS_DENIED writes `Message`.
    pub fn builtin_body(&self) -> String {
        let message = self.message.as_deref().map_or_else(|| "null".to_owned(), json::quote);
        match (self.response_type, self.layer) {
            (Some(AccessDenied), _) => format!("{{\"Message\":{message}}}"),
            (_, Some(Layer::Execution)) => format!("{{\"message\": {message}}}"),
            _ => format!("{{\"message\":{message}}}"),
        }
    }

    /// Whether the response carries `X-Amzn-Trace-Id`, as seen on the service for these types only.
    pub fn shows_trace_id(&self) -> bool {
        matches!(
            self.response_type,
            Some(BadRequestBody | BadRequestParameters | IntegrationFailure | IntegrationTimeout)
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(error: GatewayError, status: u16, body: &str, length: usize) {
        assert_eq!((error.status, error.builtin_body().as_str()), (status, body));
        assert_eq!(body.len(), length, "{body}");
    }

    /// Bodies and lengths as the specification lists them.
    #[test]
    fn builtin_bodies() {
        let of = GatewayError::new;
        check(of(MissingAuthenticationToken), 403, r#"{"message":"Missing Authentication Token"}"#, 42);
        check(of(InvalidApiKey), 403, r#"{"message":"Forbidden"}"#, 23);
        check(GatewayError::forbidden(), 403, r#"{"message":"Forbidden"}"#, 23);
        check(of(Unauthorized), 401, r#"{"message":"Unauthorized"}"#, 26);
        check(of(QuotaExceeded), 429, r#"{"message":"Limit Exceeded"}"#, 28);
        check(of(Throttled), 429, r#"{"message":"Too Many Requests"}"#, 31);
        check(of(RequestTooLarge), 413, r#"{"message":"Request Too Long"}"#, 30);
        check(GatewayError::uri_too_long(), 414, r#"{"message":"Request URI too long"}"#, 34);
        check(of(AuthorizerFailure), 500, r#"{"message":null}"#, 16);
        check(of(AccessDenied), 403, r#"{"Message":"User is not authorized to access this resource"}"#, 60);
        check(of(ApiConfigurationError), 500, r#"{"message": "Internal server error"}"#, 36);
        check(GatewayError::malformed_proxy_response(), 502, r#"{"message": "Internal server error"}"#, 36);
        check(of(IntegrationTimeout), 504, r#"{"message": "Endpoint request timed out"}"#, 41);
        check(of(IntegrationFailure), 504, r#"{"message": "Network error communicating with endpoint"}"#, 56);
        check(of(BadRequestBody), 400, r#"{"message": "Invalid request body"}"#, 35);
        check(of(UnsupportedMediaType), 415, r#"{"message": "Unsupported Media Type"}"#, 37);
        check(GatewayError::invalid_json(), 400, r#"{"message": "Invalid JSON in request body"}"#, 43);
        let missing = of(BadRequestParameters).with_message("Missing required request parameters: [q1]");
        check(missing, 400, r#"{"message": "Missing required request parameters: [q1]"}"#, 56);
    }

    #[test]
    fn names_are_those_of_definitions() {
        for response_type in ResponseType::all() {
            assert_eq!(ResponseType::from_name(response_type.name()), Some(response_type));
            assert_eq!(serde_json::to_value(response_type).unwrap(), response_type.name());
        }
    }

    #[test]
    fn the_property_keeps_the_error() {
        for error in [
            GatewayError::new(Throttled),
            GatewayError::forbidden(),
            GatewayError::uri_too_long(),
            GatewayError::new(BadRequestBody).with_validation("[\"x\"]".to_owned()),
        ] {
            assert_eq!(GatewayError::from_property(&error.to_property()), Some(error));
        }
        assert_eq!(GatewayError::from_property(b"{"), None);
    }
}
