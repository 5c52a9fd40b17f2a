//! Customised gateway responses.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use indexmap::IndexMap;

use crate::source::{Span, Spanned};

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
