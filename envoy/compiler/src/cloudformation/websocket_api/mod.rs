//! `AWS::ApiGatewayV2::Api` with `ProtocolType: WEBSOCKET`, and what belongs to it.
//!
//! There is no document that such an API could be written as, so it is read into the model directly.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html>

mod integration;
mod route;

use indexmap::IndexMap;

use super::{Environment, Resource, Template, stage};
use crate::api::{Authorizer, AuthorizerType, Model, WebSocketApi};
use crate::openapi::model;
use crate::read::{Fields, Reader};
use crate::source::{Node, Spanned, Value};

/// Its type in a template.
const API: &str = "AWS::ApiGatewayV2::Api";

/// A WebSocket API of a template.
#[derive(Clone, Debug)]
pub struct WebSocketExport {
    /// The API.
    pub api: WebSocketApi,
    /// Stage, keys and plans, in the shapes of the settings file.
    pub settings: Node,
    /// Names of its stages where there are several, and none is chosen.
    pub stages: Vec<String>,
}

/// Whether a resource is a WebSocket API.
pub fn is_websocket_api(resource: &Resource) -> bool {
    *resource.kind == API && resource.text("ProtocolType").is_some_and(|protocol| *protocol == "WEBSOCKET")
}

/// Reads all WebSocket APIs of a template.
pub fn read<'t>(reader: &mut Reader<'t>, template: &'t Template, environment: &Environment) -> Vec<WebSocketExport> {
    let mut exports = Vec::new();
    for (id, resource) in template.of_type(API).filter(|(_, resource)| is_websocket_api(resource)) {
        let Some(api) = read_api(reader, template, id, resource) else { continue };
        let of_api = stage::settings(reader, template, Spanned { value: id, span: resource.span }, environment);
        exports.push(WebSocketExport { api, settings: of_api.settings, stages: of_api.stages });
    }
    exports
}

fn read_api<'t>(
    reader: &mut Reader<'t>,
    template: &'t Template,
    id: &'t str,
    resource: &'t Resource,
) -> Option<WebSocketApi> {
    let mut fields = reader.fields(&resource.properties)?;
    fields.ignore(&[
        "BasePath",
        "Description",
        "DisableSchemaValidation",
        "FailOnWarnings",
        "IpAddressType",
        "ProtocolType",
        "Tags",
        "Version",
    ]);
    for name in ["Body", "BodyS3Location", "CorsConfiguration", "RouteKey", "Target"] {
        if let Some(node) = fields.take(name) {
            reader.error(node.span, format!("`{name}` is for HTTP APIs"));
        }
    }
    let name = fields.take("Name").and_then(|node| reader.text(node));
    let route_selection_expression =
        fields.required(reader, "RouteSelectionExpression").and_then(|node| reader.text(node));
    let api_key_selection_expression = fields.take("ApiKeySelectionExpression").and_then(|node| reader.filled(node));
    let disable_execute_api_endpoint = fields.take("DisableExecuteApiEndpoint").and_then(|node| reader.boolean(node));
    fields.finish(reader);
    let members = Members { template, id };
    let models = models(reader, &members);
    let authorizers = authorizers(reader, &members);
    let integrations = integration::read(reader, &members);
    Some(WebSocketApi {
        span: resource.span,
        name: name.map(|name| name.value),
        route_selection_expression: route_selection_expression?,
        api_key_selection_expression,
        routes: route::read(reader, &members, &integrations, &models, &authorizers),
        integrations,
        models: models.into_values().collect(),
        authorizers,
        disable_execute_api_endpoint,
    })
}

/// The resources that belong to one API.
pub(super) struct Members<'t> {
    template: &'t Template,
    id: &'t str,
}

impl<'t> Members<'t> {
    /// Those of a type, with their logical ids.
    pub(super) fn of_type(&self, kind: &'static str) -> impl Iterator<Item = (&'t str, &'t Resource)> {
        let id = self.id;
        let belongs = move |(_, resource): &(&str, &Resource)| resource.text("ApiId").is_some_and(|api| *api == id);
        self.template.of_type(kind).filter(belongs)
    }
}

/// The models by logical id, each with its name.
fn models<'t>(reader: &mut Reader<'t>, members: &Members<'t>) -> IndexMap<String, (String, Model)> {
    let mut models = IndexMap::new();
    for (id, resource) in members.of_type("AWS::ApiGatewayV2::Model") {
        let Some(mut fields) = reader.fields(&resource.properties) else { continue };
        fields.ignore(&["ApiId", "ContentType", "Description"]);
        let name = fields.required(reader, "Name").and_then(|node| reader.text(node));
        let schema = fields.required(reader, "Schema");
        fields.finish(reader);
        if let (Some(name), Some(model)) = (name, schema.and_then(|node| schema_of(reader, node))) {
            models.insert(id.to_owned(), (name.value, model));
        }
    }
    models
}

/// A schema, written in place or as a text.
fn schema_of(reader: &mut Reader<'_>, node: &Node) -> Option<Model> {
    let Value::String(text) = &node.value else { return Some(model(node)) };
    match serde_json::from_str(text) {
        Ok(schema) => Some(Model { schema, places: [(String::new(), node.span)].into(), ..model(node) }),
        Err(error) => {
            reader.error(node.span, format!("this is no JSON: {error}"));
            None
        }
    }
}

fn authorizers<'t>(reader: &mut Reader<'t>, members: &Members<'t>) -> IndexMap<String, Authorizer> {
    let mut authorizers = IndexMap::new();
    for (id, resource) in members.of_type("AWS::ApiGatewayV2::Authorizer") {
        let Some(fields) = reader.fields(&resource.properties) else { continue };
        if let Some(authorizer) = authorizer(reader, fields, resource) {
            authorizers.insert(id.to_owned(), authorizer);
        }
    }
    authorizers
}

fn authorizer<'t>(reader: &mut Reader<'t>, mut fields: Fields<'t>, resource: &'t Resource) -> Option<Authorizer> {
    fields.ignore(&["ApiId", "Name", "IdentityValidationExpression"]);
    let kinds = [("REQUEST", AuthorizerType::Request)];
    let kind = fields.required(reader, "AuthorizerType").and_then(|node| reader.choice(node, &kinds));
    let authorizer_uri = fields.required(reader, "AuthorizerUri").and_then(|node| reader.filled(node));
    let credentials = fields.take("AuthorizerCredentialsArn").and_then(|node| reader.filled(node));
    let identity_source = match fields.take("IdentitySource") {
        Some(node) if node.as_list().is_some() => reader.texts(node),
        // As OpenAPI documents write several.
        Some(node) => reader.text(node).map(|text| split(&text)).unwrap_or_default(),
        None => Vec::new(),
    };
    for name in
        ["AuthorizerResultTtlInSeconds", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "JwtConfiguration"]
    {
        if let Some(node) = fields.take(name) {
            reader.error(node.span, format!("`{name}` is for HTTP APIs"));
        }
    }
    fields.finish(reader);
    Some(Authorizer {
        span: resource.span,
        kind: kind?,
        auth_type: None,
        identity_source,
        authorizer_uri,
        authorizer_credentials: credentials,
        identity_validation_expression: None,
        result_ttl_seconds: None,
        provider_arns: Vec::new(),
        jwt: None,
        payload_format_version: None,
        enable_simple_responses: None,
    })
}

fn split(text: &Spanned<String>) -> Vec<Spanned<String>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Spanned { value: part.to_owned(), span: text.span }).collect()
}
