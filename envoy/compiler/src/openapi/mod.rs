//! Definitions to the model: OpenAPI 3.0 and Swagger 2 with API Gateway's extensions.
//!
//! Reading follows API Gateway's import, as far as it is documented or recorded. Where import drops something with a
//! warning that would leave a method more open than the document says, or where a field has a name that nobody knows,
//! this is an error: nothing of a definition is dropped silently. Extensions of other vendors (`x-...`) mean nothing to
//! API Gateway and nothing here.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html>

mod base_path;
mod detect;
mod gateway_responses;
mod http_api;
mod integration;
mod operation;
mod paths;
mod rest_api;
mod rest_only;
mod schemas;
mod security;

pub use base_path::BasePath;
pub use detect::{Kind, Version, detect};
pub use integration::{CONNECTION_TYPES, CONTENT_HANDLING, read_verb, string_map, templates};
pub use schemas::model;

use crate::api::{HttpApi, RestApi, WebSocketApi};
use crate::diagnostics::Diagnostics;
use crate::read::Reader;
use crate::source::{Document, Span};

/// How a definition is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What an OpenAPI document describes, where it could be both; absent: what the document says.
    pub protocol_type: Option<ProtocolType>,
    /// What becomes of a base path in the document.
    pub base_path: BasePath,
}

/// Whether a field of a path item is an operation: a verb in lower case, or `x-amazon-apigateway-any-method`.
pub fn is_operation(name: &str) -> bool {
    paths::OPERATIONS.iter().any(|(operation, _)| *operation == name)
}

/// The two products that an OpenAPI document can describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolType {
    /// A REST API.
    Rest,
    /// An HTTP API.
    Http,
}

/// What a definition file holds.
#[derive(Clone, Debug)]
// One value a file: its size does not matter.
#[allow(clippy::large_enum_variant)]
pub enum Definition {
    /// A REST API.
    Rest(RestApi),
    /// An HTTP API.
    Http(HttpApi),
    /// A WebSocket API.
    WebSocket(WebSocketApi),
    /// A SAM or CloudFormation template, not evaluated; what makes it one stands at the place given.
    Template(Span),
}

impl Definition {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Rest(api) => api.span,
            Self::Http(api) => api.span,
            Self::WebSocket(api) => api.span,
            Self::Template(span) => *span,
        }
    }

    /// The API's name; empty where it has none.
    pub fn name(&self) -> &str {
        let name = match self {
            Self::Rest(api) => api.name.as_deref(),
            Self::Http(api) => api.name.as_deref(),
            Self::WebSocket(api) => api.name.as_deref(),
            Self::Template(_) => None,
        };
        name.unwrap_or_default()
    }
}

/// Reads a definition. There is one whenever the document's kind is known, errors or not.
pub fn read(document: &Document, options: &Options) -> (Option<Definition>, Diagnostics) {
    let mut reader = Reader::new(document);
    let Some(root) = document.root() else { return (None, reader.diagnostics) };
    let definition = match detect(root) {
        Err(error) => {
            reader.diagnostics.extend([error]);
            None
        }
        Ok(Kind::Sam(span) | Kind::CloudFormation(span)) => Some(Definition::Template(span)),
        Ok(Kind::OpenApi(version)) => match http_api::evidence(document, version, options.protocol_type) {
            Some(evidence) => http_api::read(&mut reader, root, evidence).map(Definition::Http),
            None => rest_api::read(&mut reader, root, version, options).map(Definition::Rest),
        },
    };
    (definition, reader.diagnostics)
}
