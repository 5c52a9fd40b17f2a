//! Customised gateway responses.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use indexmap::IndexMap;

use crate::source::{Span, Spanned};

/// All types of gateway response.
pub const GATEWAY_RESPONSE_TYPES: [&str; 21] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

/// A customised gateway response.
#[derive(Clone, Debug)]
pub struct GatewayResponse {
    /// Where it stands.
    pub span: Span,
    /// Status instead of the type's own.
    pub status_code: Option<Spanned<u16>>,
    /// `gatewayresponse.header.NAME` → source (`'literal'`, `context.…`, `stageVariables.…`, `method.request.…`).
    pub response_parameters: IndexMap<String, Spanned<String>>,
    /// Media type → template, in which only variables are substituted.
    pub response_templates: IndexMap<String, Spanned<String>>,
}
