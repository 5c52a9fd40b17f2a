//! HTTP APIs: `AWS::ApiGatewayV2::Api` and what belongs to it, as the OpenAPI document that API Gateway would export.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html>

mod cors;
mod integration;
mod route;

use std::collections::HashMap;

use super::document::ApiDocument;
use super::domains::is_mapping;
use super::rest_api::rename;
use super::scheme::authorizer_scheme;
use super::websocket_api::is_websocket_api;
use super::{Environment, Export, Resource, Template, stage};
use crate::read::{Fields, Reader};
use crate::source::{Key, Map, Node, Span, Spanned, Value};

pub use cors::CORS;

/// The type of HTTP APIs, and of WebSocket APIs.
pub const API: &str = "AWS::ApiGatewayV2::Api";
/// How the routes of an HTTP API are chosen.
const ROUTE_SELECTION: [&str; 2] = ["$request.method $request.path", "${request.method} ${request.path}"];
/// The extension that says that a document is an HTTP API.
const HTTP_API: &str = "x-amazon-apigateway-importexport-version";

/// An HTTP API while it is written.
struct Api<'t> {
    /// Its logical id, where it stands.
    id: Spanned<&'t str>,
    /// The document.
    document: ApiDocument,
    /// Logical ids of its authorizers.
    authorizers: Vec<&'t str>,
    /// Its integrations by logical id.
    integrations: HashMap<&'t str, Node>,
}

/// Writes all HTTP APIs of a template.
pub fn export<'t>(reader: &mut Reader<'t>, template: &'t Template, environment: &Environment) -> Vec<Export> {
    let mut exports = Vec::new();
    for (id, resource) in template.of_type(API).filter(|(_, resource)| !is_websocket_api(resource)) {
        let id = Spanned { value: id, span: resource.span };
        let Some(mut api) = Api::begin(reader, id, resource) else { continue };
        api.add_authorizers(reader, template);
        api.add_integrations(reader, template);
        api.add_routes(reader, template);
        let settings = stage::settings(reader, template, id, environment);
        exports.push(Export::new(id, resource, api.document, settings));
    }
    report_strays(reader, template);
    exports
}

impl<'t> Api<'t> {
    fn begin(reader: &mut Reader<'t>, id: Spanned<&'t str>, resource: &'t Resource) -> Option<Self> {
        let span = id.span;
        let mut fields = reader.fields(&resource.properties)?;
        fields.ignore(&[
            "Description",
            "DisableSchemaValidation",
            "FailOnWarnings",
            "IpAddressType",
            "Tags",
            "Version",
        ]);
        if let Some(node) = fields.take("ProtocolType").filter(|node| node.as_str() != Some("HTTP")) {
            reader.error(node.span, "expected `HTTP` or `WEBSOCKET`");
        }
        if let Some(node) = fields.take("BodyS3Location") {
            reader.error(node.span, "`BodyS3Location` is not on this machine: give the document as `Body`");
        }
        if let Some(node) = fields.take("BasePath").filter(|node| node.as_str() != Some("ignore")) {
            reader.error(node.span, "a base path in the document is ignored here: expected `ignore`");
        }
        if let Some(node) = fields.take("RouteSelectionExpression")
            && !node.as_str().is_some_and(|text| ROUTE_SELECTION.contains(&text))
        {
            reader.error(node.span, format!("the routes of an HTTP API are chosen by `{}`", ROUTE_SELECTION[0]));
        }
        let document = match fields.take("Body") {
            Some(body) => ApiDocument::of_body(reader.map(body)?.clone()),
            None => {
                let name = fields.take("Name").unwrap_or(&resource.properties);
                ApiDocument::empty(&Node::string(name.span, name.as_str().unwrap_or(id.value)), span)
            }
        };
        fields.ignore(&["Name"]);
        let mut api = Self { id, document, authorizers: Vec::new(), integrations: HashMap::new() };
        api.document.root.set(Key::new(HTTP_API, span), Node::string(span, "1.0"));
        if let Some(entry) = fields.entry("CorsConfiguration") {
            let cors = cors::cors(reader, &entry.value);
            api.document.root.set(Key::new("x-amazon-apigateway-cors", entry.key.span), cors);
        }
        if let Some(entry) = fields.entry("DisableExecuteApiEndpoint") {
            api.disable_endpoint(entry.key.span, &entry.value);
        }
        api.quick_create(reader, &mut fields);
        fields.finish(reader);
        Some(api)
    }

    /// The endpoint is a server's in OpenAPI 3.
    fn disable_endpoint(&mut self, span: Span, flag: &Node) {
        let mut server = Map::default();
        let endpoint = server.child(Key::new("x-amazon-apigateway-endpoint-configuration", span));
        endpoint.set(Key::new("disableExecuteApiEndpoint", span), flag.clone());
        let mut servers = self.document.root.get("servers").and_then(Node::as_list).unwrap_or_default().to_vec();
        servers.push(Node::new(span, Value::Map(server)));
        self.document.root.set(Key::new("servers", span), Node::new(span, Value::List(servers)));
    }

    /// `Target`: one route, to a function or an HTTP backend.
    fn quick_create(&mut self, reader: &mut Reader<'t>, fields: &mut Fields<'t>) {
        let target = fields.take("Target").and_then(|node| reader.filled(node));
        let key = fields.take("RouteKey").and_then(|node| reader.filled(node));
        let credentials = fields.take("CredentialsArn").and_then(|node| reader.filled(node));
        let Some(target) = target else {
            if let Some(text) = key.or(credentials) {
                reader.error(text.span, "this is for an API with a `Target`, which is made with one route");
            }
            return;
        };
        let span = target.span;
        let is_url = target.starts_with("http://") || target.starts_with("https://");
        let (kind, verb, version) = if is_url { ("http_proxy", "ANY", "1.0") } else { ("aws_proxy", "POST", "2.0") };
        let mut integration = Map::default();
        for (name, value) in
            [("type", kind), ("httpMethod", verb), ("uri", &*target), ("payloadFormatVersion", version)]
        {
            integration.set(Key::new(name, span), Node::string(span, value));
        }
        if let Some(credentials) = credentials {
            integration.set(Key::new("credentials", credentials.span), Node::string(credentials.span, &credentials));
        }
        let mut operation = Map::default();
        let integration = Node::new(span, Value::Map(integration));
        operation.set(Key::new("x-amazon-apigateway-integration", span), integration);
        let key = key.unwrap_or(Spanned { value: "$default".to_owned(), span });
        self.add_operation(reader, span, &key, operation);
    }

    /// The resources of a type that belong to this API.
    fn members(&self, template: &'t Template, kind: &'static str) -> Vec<(&'t str, &'t Resource)> {
        let id = self.id.value;
        template.of_type(kind).filter(|(_, resource)| resource.text("ApiId").is_some_and(|api| *api == id)).collect()
    }

    fn add_authorizers(&mut self, reader: &mut Reader<'t>, template: &'t Template) {
        for (id, resource) in self.members(template, "AWS::ApiGatewayV2::Authorizer") {
            let span = resource.span;
            let Some(mut fields) = reader.fields(&resource.properties) else { continue };
            fields.ignore(&["ApiId", "Name"]);
            let mut authorizer = Map::default();
            rename(
                &mut fields,
                &mut authorizer,
                &[
                    ("AuthorizerType", "type"),
                    ("AuthorizerUri", "authorizerUri"),
                    ("AuthorizerCredentialsArn", "authorizerCredentials"),
                    ("AuthorizerPayloadFormatVersion", "authorizerPayloadFormatVersion"),
                    ("AuthorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
                    ("EnableSimpleResponses", "enableSimpleResponses"),
                    ("IdentitySource", "identitySource"),
                    ("IdentityValidationExpression", "identityValidationExpression"),
                ],
            );
            if let Some(entry) = fields.entry("JwtConfiguration")
                && let Some(mut of_token) = reader.fields(&entry.value)
            {
                let mut jwt = Map::default();
                rename(&mut of_token, &mut jwt, &[("Issuer", "issuer"), ("Audience", "audience")]);
                of_token.finish(reader);
                let jwt = Node::new(entry.value.span, Value::Map(jwt));
                authorizer.set(Key::new("jwtConfiguration", entry.key.span), jwt);
            }
            fields.finish(reader);
            self.document.add_scheme(Key::new(id, span), || authorizer_scheme(span, authorizer));
            self.authorizers.push(id);
        }
    }
}

/// Parts of an API that is not in the template would be lost, among them routes and authorizers.
fn report_strays(reader: &mut Reader<'_>, template: &Template) {
    for resource in template.resources.values().filter(|resource| resource.kind.starts_with("AWS::ApiGatewayV2::")) {
        if *resource.kind == "AWS::ApiGatewayV2::ApiGatewayManagedOverrides" {
            let text = "overrides of what a quick create makes are not supported: give route, integration and stage as \
                        resources of their own";
            reader.error(resource.kind.span, text);
        }
        let Some(api) = resource.text("ApiId").filter(|_| !is_mapping(resource)) else { continue };
        if template.resources.get(&*api).is_none_or(|found| *found.kind != API) {
            reader.error(api.span, format!("the API `{}` is not in this template", *api));
        }
    }
}
