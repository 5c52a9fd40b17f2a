//! The model of an API: what a definition says, in API Gateway's own terms.
//!
//! The model holds everything that the document says, also what this project does not run yet: [`crate::check`]
//! compares it with [`crate::support`], and later stages only switch things on. Whatever a later stage may complain
//! about carries its place ([`Spanned`]).
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html> and the types linked from there.

mod authorizer;
mod gateway_response;
mod http_api;
mod integration;
mod method;
mod resource;
mod template;
mod websocket_api;

use std::collections::BTreeMap;

use indexmap::IndexMap;

pub use authorizer::{Authorizer, AuthorizerType, DEFAULT_RESULT_TTL_SECONDS, JwtConfiguration};
pub use gateway_response::GatewayResponse;
pub use http_api::{Cors, HttpApi, HttpRoute};
pub use integration::{
    ConnectionType, ContentHandling, DEFAULT_TIMEOUT_MILLIS, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior,
};
pub use method::{Authorization, HttpMethod, Method, MethodResponse, ModelReference};
pub use resource::{PathError, PathPart, Resource, ResourceId, ResourceTree};
pub use template::has_directives;
pub use websocket_api::{
    CONNECT, DEFAULT, DISCONNECT, WebSocketApi, WebSocketIntegration, WebSocketIntegrationResponse, WebSocketRoute,
};

use crate::source::{Span, Spanned};

/// A REST API.
#[derive(Clone, Debug)]
pub struct RestApi {
    /// Where the document begins.
    pub span: Span,
    /// `info.title`.
    pub name: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// `info.description`.
    pub description: Option<String>,
    /// Resources and their methods.
    pub resources: ResourceTree,
    /// Models by name.
    pub models: IndexMap<String, Model>,
    /// Request validators by name.
    pub request_validators: IndexMap<String, RequestValidator>,
    /// Authorizers by name, used or not.
    pub authorizers: IndexMap<String, Authorizer>,
    /// Customised gateway responses by type (`THROTTLED`).
    pub gateway_responses: IndexMap<String, GatewayResponse>,
    /// Media types whose payloads are binary.
    pub binary_media_types: Vec<Spanned<String>>,
    /// Bodies from this size on are compressed, in bytes; absent: none are.
    pub minimum_compression_size: Option<Spanned<u32>>,
    /// Where the API key of a request comes from; absent: the header.
    pub api_key_source: Option<Spanned<ApiKeySource>>,
    /// The resource policy, as it stands in the document.
    pub policy: Option<Spanned<serde_json::Value>>,
    /// Whether the `execute-api` endpoint refuses all requests.
    pub disable_execute_api_endpoint: Option<Spanned<bool>>,
    /// VPC endpoints of a private API.
    pub vpc_endpoint_ids: Vec<Spanned<String>>,
}

/// A model: a JSON schema by name.
#[derive(Clone, Debug)]
pub struct Model {
    /// Where it stands.
    pub span: Span,
    /// `description` of the schema.
    pub description: Option<String>,
    /// The schema as it stands in the document. References to other models are as they were written there
    /// (`#/components/schemas/NAME`, `#/definitions/NAME`).
    pub schema: serde_json::Value,
    /// Where the parts of the schema stand, by JSON pointer.
    pub places: BTreeMap<String, Span>,
    /// Whether it was written in place, at a method, and got its name here.
    pub inline: bool,
}

/// A request validator.
#[derive(Clone, Copy, Debug)]
pub struct RequestValidator {
    /// Where it stands.
    pub span: Span,
    /// Whether the body must fit the method's model.
    pub validate_request_body: bool,
    /// Whether required parameters must be there.
    pub validate_request_parameters: bool,
}

/// Where API Gateway looks for the API key of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeySource {
    /// The header `X-API-Key`.
    Header,
    /// `usageIdentifierKey` of the Lambda authorizer's answer.
    Authorizer,
}

impl RestApi {
    /// Every method with its resource, in the order of the document.
    pub fn methods(&self) -> impl Iterator<Item = (&Resource, &Method)> {
        self.resources.iter().flat_map(|resource| resource.methods.values().map(move |method| (resource, method)))
    }
}
