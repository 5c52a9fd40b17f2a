//! WebSocket APIs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html>

use indexmap::IndexMap;

use super::{Authorization, Authorizer, ContentHandling, Integration, Model};
use crate::source::{Span, Spanned};

/// Key of the route that a handshake takes.
pub const CONNECT: &str = "$connect";
/// Key of the route that the end of a connection takes.
pub const DISCONNECT: &str = "$disconnect";
/// Key of the route for messages that no other takes, and of the response for all else.
pub const DEFAULT: &str = "$default";

/// A WebSocket API.
#[derive(Clone, Debug)]
pub struct WebSocketApi {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Option<String>,
    /// What names a message's route.
    pub route_selection_expression: Spanned<String>,
    /// Where the API key of a handshake comes from; absent: the header.
    pub api_key_selection_expression: Option<Spanned<String>>,
    /// Its routes, in the order of the definition.
    pub routes: Vec<WebSocketRoute>,
    /// Integrations by id, used or not.
    pub integrations: IndexMap<String, WebSocketIntegration>,
    /// Models by name.
    pub models: IndexMap<String, Model>,
    /// Authorizers by id, used or not.
    pub authorizers: IndexMap<String, Authorizer>,
    /// Whether the `execute-api` endpoint refuses all requests.
    pub disable_execute_api_endpoint: Option<Spanned<bool>>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct WebSocketRoute {
    /// Where it stands.
    pub span: Span,
    /// Its key.
    pub route_key: Spanned<String>,
    /// Id of what runs behind it; absent: nothing does.
    pub integration: Option<Spanned<String>>,
    /// Who may connect; of `$connect` only.
    pub authorization: Authorization,
    /// Where the definition asks for an API key; absent: it asks for none.
    pub api_key_required: Option<Span>,
    /// Declared parameters (`route.request.querystring.room`) and whether they are required.
    pub request_parameters: IndexMap<String, Spanned<bool>>,
    /// What names the model of a message; absent: messages are not validated.
    pub model_selection_expression: Option<Spanned<String>>,
    /// Names of models by what the expression gives.
    pub request_models: IndexMap<String, Spanned<String>>,
    /// `$default`: the client gets what the integration gives.
    pub route_response_selection_expression: Option<Spanned<String>>,
}

/// An integration.
#[derive(Clone, Debug)]
pub struct WebSocketIntegration {
    /// What all integrations have. Its own `responses` are empty.
    pub integration: Integration,
    /// What names the request template.
    pub template_selection_expression: Option<Spanned<String>>,
    /// Integration responses, in the order of the definition.
    pub responses: Vec<WebSocketIntegrationResponse>,
}

/// What a backend's answer turns into.
#[derive(Clone, Debug)]
pub struct WebSocketIntegrationResponse {
    /// Where it stands.
    pub span: Span,
    /// `$default`, or a regular expression between slashes.
    pub key: Spanned<String>,
    /// `route.response.header.NAME` → source.
    pub response_parameters: IndexMap<String, Spanned<String>>,
    /// What names the response template.
    pub template_selection_expression: Option<Spanned<String>>,
    /// Template key → template.
    pub response_templates: IndexMap<String, Spanned<String>>,
    /// Conversion of the body.
    pub content_handling: Option<Spanned<ContentHandling>>,
}

impl WebSocketApi {
    /// The route of that key.
    pub fn route(&self, key: &str) -> Option<&WebSocketRoute> {
        self.routes.iter().find(|route| *route.route_key == key)
    }

    /// Names of the models that messages are validated with, some more than once.
    pub fn models_used(&self) -> impl Iterator<Item = &str> {
        let validated = self.routes.iter().filter(|route| route.model_selection_expression.is_some());
        validated.flat_map(|route| route.request_models.values().map(|model| model.as_str()))
    }
}
