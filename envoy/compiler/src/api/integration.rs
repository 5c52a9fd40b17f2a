//! Integrations: what runs behind a method.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>

use indexmap::IndexMap;

use crate::source::{Span, Spanned};

/// Timeout of an integration that sets none, in milliseconds.
pub const DEFAULT_TIMEOUT_MILLIS: u32 = 29_000;

/// The integration of a method.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Where it stands.
    pub span: Span,
    /// What kind it is.
    pub kind: Spanned<IntegrationType>,
    /// The verb towards the backend, in capitals; `ANY` is the client's.
    pub http_method: Option<Spanned<String>>,
    /// URL or ARN, as written: stage variables and path parameters are not put in yet.
    pub uri: Option<Spanned<String>>,
    /// Role whose credentials sign the call.
    pub credentials: Option<Spanned<String>>,
    /// Way to the backend; absent: the internet.
    pub connection_type: Option<Spanned<ConnectionType>>,
    /// The VPC link.
    pub connection_id: Option<Spanned<String>>,
    /// What happens to a body for whose media type there is no template.
    pub passthrough_behavior: PassthroughBehavior,
    /// Conversion of the request body.
    pub content_handling: Option<Spanned<ContentHandling>>,
    /// Longest time until the backend's whole answer, in milliseconds.
    pub timeout_in_millis: Option<Spanned<u32>>,
    /// Destination (`integration.request.header.NAME`) → source.
    pub request_parameters: IndexMap<String, Spanned<String>>,
    /// Media type → template. An empty template is the same as none, but counts as an entry.
    pub request_templates: IndexMap<String, Spanned<String>>,
    /// Parameters that tell cache entries apart.
    pub cache_key_parameters: Vec<Spanned<String>>,
    /// Entries with the same namespace are shared; absent: the resource's id.
    pub cache_namespace: Option<Spanned<String>>,
    /// Whether the backend's certificate may come from anybody.
    pub insecure_skip_verification: Option<Spanned<bool>>,
    /// Name that the backend's certificate must have (HTTP APIs).
    pub server_name_to_verify: Option<Spanned<String>>,
    /// Status → destination → source (HTTP APIs).
    pub response_parameters: IndexMap<String, IndexMap<String, Spanned<String>>>,
    /// Integration responses, in the order of the document.
    pub responses: Vec<IntegrationResponse>,
    /// Form of the Lambda event (HTTP APIs; REST APIs ignore it).
    pub payload_format_version: Option<Spanned<String>>,
    /// The AWS service call (HTTP APIs).
    pub subtype: Option<Spanned<String>>,
}

/// The kinds of integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntegrationType {
    /// An AWS service, or a Lambda function with mapping templates.
    Aws,
    /// A Lambda function that gets the request as an event.
    AwsProxy,
    /// An HTTP backend with mapping templates.
    Http,
    /// An HTTP backend that gets the request as it is.
    HttpProxy,
    /// No backend: the templates alone answer.
    Mock,
}

impl IntegrationType {
    /// The name in the REST API, in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::AwsProxy => "AWS_PROXY",
            Self::Http => "HTTP",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Mock => "MOCK",
        }
    }

    /// Whether the backend gets the request, and the client the answer, without templates and response mapping.
    pub fn is_proxy(self) -> bool {
        matches!(self, Self::AwsProxy | Self::HttpProxy)
    }
}

/// The way to the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionType {
    /// `INTERNET`
    Internet,
    /// `VPC_LINK`
    VpcLink,
}

/// What happens to a request body for whose media type there is no template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassthroughBehavior {
    /// It passes.
    #[default]
    WhenNoMatch,
    /// It passes only when there are no templates at all.
    WhenNoTemplates,
    /// It is refused with 415.
    Never,
}

impl PassthroughBehavior {
    /// The name in the REST API, in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhenNoMatch => "WHEN_NO_MATCH",
            Self::WhenNoTemplates => "WHEN_NO_TEMPLATES",
            Self::Never => "NEVER",
        }
    }
}

/// Conversion of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentHandling {
    /// Base64 text to bytes.
    ConvertToBinary,
    /// Bytes to base64 text.
    ConvertToText,
}

impl ContentHandling {
    /// The name in the REST API, in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConvertToBinary => "CONVERT_TO_BINARY",
            Self::ConvertToText => "CONVERT_TO_TEXT",
        }
    }
}

/// What a backend's answer turns into.
#[derive(Clone, Debug)]
pub struct IntegrationResponse {
    /// Where it stands.
    pub span: Span,
    /// Regular expression that the status (or a function's error message) must match; none: the default response.
    pub selection_pattern: Option<Spanned<String>>,
    /// Status of the method response.
    pub status_code: Spanned<String>,
    /// `method.response.header.NAME` → source.
    pub response_parameters: IndexMap<String, Spanned<String>>,
    /// Media type → template.
    pub response_templates: IndexMap<String, Spanned<String>>,
    /// Conversion of the body.
    pub content_handling: Option<Spanned<ContentHandling>>,
}
