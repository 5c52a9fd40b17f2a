//! `AWS::Serverless::WebSocketApi` as the API, routes, integrations, authorizer and stage that SAM makes of it.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-websocketapi.html>

use super::{copy, domain, invocation_uri, merge};
use crate::api::CONNECT;
use crate::cloudformation::{Resource, Template};
use crate::read::{Fields, Reader};
use crate::source::{Entry, Key, Map, Node, Span, Spanned, Value};

/// The stage of an API that names none.
const DEFAULT_STAGE: &str = "default";

const API_PROPERTIES: [&str; 6] = [
    "ApiKeySelectionExpression",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "Name",
    "RouteSelectionExpression",
];
const STAGE_PROPERTIES: [&str; 5] =
    ["AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageName", "StageVariables"];
const ROUTE_PROPERTIES: [&str; 6] = [
    "ApiKeyRequired",
    "ModelSelectionExpression",
    "OperationName",
    "RequestModels",
    "RequestParameters",
    "RouteResponseSelectionExpression",
];

/// The resources that a template's WebSocket APIs become, by logical id.
pub fn expand(reader: &mut Reader<'_>, template: &Template) -> Vec<(String, Resource)> {
    let globals = template.globals.as_ref().and_then(|globals| globals.get("WebSocketApi"));
    let mut made = Vec::new();
    for (id, resource) in template.of_type("AWS::Serverless::WebSocketApi") {
        let properties = match globals {
            Some(globals) => merge(globals, &resource.properties),
            None => resource.properties.clone(),
        };
        // The merged properties live for as long as they are read, the document's reader longer.
        let mut own = Reader::new(reader.document);
        let mut api = Api { id, span: resource.span, region: &template.region, made: Vec::new() };
        if let Some(fields) = own.fields(&properties) {
            api.expand(&mut own, fields);
        }
        made.append(&mut api.made);
        reader.diagnostics.extend(own.diagnostics);
    }
    made
}

struct Api<'a> {
    id: &'a str,
    span: Span,
    region: &'a str,
    made: Vec<(String, Resource)>,
}

impl Api<'_> {
    fn expand<'p>(&mut self, reader: &mut Reader<'p>, mut fields: Fields<'p>) {
        fields.ignore(&["IpAddressType", "PropagateTags", "Tags"]);
        let mut api = Map::default();
        api.set(Key::new("ProtocolType", self.span), Node::string(self.span, "WEBSOCKET"));
        api.set(Key::new("Name", self.span), Node::string(self.span, self.id));
        copy(&mut fields, &mut api, &API_PROPERTIES);
        self.make(self.id.to_owned(), "AWS::ApiGatewayV2::Api", api);
        let mut stage = self.member();
        stage.set(Key::new("StageName", self.span), Node::string(self.span, DEFAULT_STAGE));
        copy(&mut fields, &mut stage, &STAGE_PROPERTIES);
        if let Some(node) = fields.take("Domain") {
            let owner = domain::Owner { id: self.id, is_rest: false };
            self.made.extend(owner.resources(reader, node, stage.get("StageName")));
        }
        self.make(format!("{}Stage", self.id), "AWS::ApiGatewayV2::Stage", stage);
        let routes = fields.required(reader, "Routes").and_then(|node| reader.map(node));
        let authorization = match fields.entry("Auth") {
            Some(entry) => self.authorization(reader, entry),
            None => Some(Map::default()),
        };
        fields.finish(reader);
        // Authorization that cannot be understood is reported, and leaves no route.
        let (Some(routes), Some(authorization)) = (routes, authorization) else { return };
        if let Some(entry) = authorization.entries().first().filter(|_| routes.get(CONNECT).is_none()) {
            reader.error(entry.value.span, "only a `$connect` route can have authorization, and there is none");
        }
        for route in routes.entries() {
            self.route(reader, route, &authorization);
        }
    }

    fn route<'p>(&mut self, reader: &mut Reader<'p>, entry: &'p Entry, authorization: &Map) {
        let span = entry.key.span;
        let Some(mut fields) = reader.fields(&entry.value) else { return };
        let id = format!("{}{}", self.id, capitalised(entry.key.text.trim_start_matches('$')));
        let mut route = self.member();
        route.set(Key::new("RouteKey", span), Node::string(span, &entry.key.text));
        route.set(Key::new("Target", span), Node::string(span, &format!("integrations/{id}Integration")));
        copy(&mut fields, &mut route, &ROUTE_PROPERTIES);
        if &*entry.key.text == CONNECT {
            authorization.entries().iter().for_each(|entry| route.set(entry.key.clone(), entry.value.clone()));
        }
        let function = fields.required(reader, "FunctionArn").and_then(|node| reader.filled(node));
        let mut integration = self.member();
        if let Some(function) = function {
            let uri = invocation_uri(self.region, &function);
            integration.set(Key::new("IntegrationUri", function.span), Node::string(function.span, &uri));
        }
        integration.set(Key::new("IntegrationType", span), Node::string(span, "AWS_PROXY"));
        if let Some(timeout) = fields.entry("IntegrationTimeout") {
            integration.set(Key::new("TimeoutInMillis", timeout.key.span), timeout.value.clone());
        }
        fields.finish(reader);
        self.make_at(span, format!("{id}Route"), "AWS::ApiGatewayV2::Route", route);
        self.make_at(span, format!("{id}Integration"), "AWS::ApiGatewayV2::Integration", integration);
    }

    /// What `Auth` says of the `$connect` route; the authorizer becomes a resource of its own.
    fn authorization<'p>(&mut self, reader: &mut Reader<'p>, entry: &'p Entry) -> Option<Map> {
        let span = entry.key.span;
        let mut fields = reader.fields(&entry.value)?;
        let kind = fields.required(reader, "AuthType").and_then(|node| reader.text(node));
        let function = fields.take("AuthArn").and_then(|node| reader.filled(node));
        let mut authorizer = self.member();
        copy(&mut fields, &mut authorizer, &["IdentitySource", "Name"]);
        if let Some(role) = fields.entry("InvokeRole") {
            authorizer.set(Key::new("AuthorizerCredentialsArn", role.key.span), role.value.clone());
        }
        fields.finish(reader);
        let kind = kind?.map(|text| text.to_ascii_uppercase());
        let mut authorization = Map::default();
        authorization.set(Key::new("AuthorizationType", kind.span), Node::string(kind.span, &kind));
        match (kind.as_str(), function) {
            ("CUSTOM", Some(function)) => {
                let uri = invocation_uri(self.region, &function);
                authorizer.set(Key::new("AuthorizerUri", function.span), Node::string(function.span, &uri));
                authorizer.set(Key::new("AuthorizerType", span), Node::string(span, "REQUEST"));
                let id = format!("{}ConnectAuthorizer", self.id);
                authorization.set(Key::new("AuthorizerId", span), Node::string(span, &id));
                self.make_at(span, id, "AWS::ApiGatewayV2::Authorizer", authorizer);
            }
            ("CUSTOM", None) => {
                reader.error(kind.span, "`AuthType: CUSTOM` needs an `AuthArn`");
                return None;
            }
            (_, Some(function)) => {
                reader.error(function.span, format!("an authorizer has no effect with `AuthType: {}`", *kind));
                return None;
            }
            // Anything else is for the route's own reader to judge.
            (_, None) => {}
        }
        Some(authorization)
    }

    /// The properties of a resource that belongs to the API.
    fn member(&self) -> Map {
        let mut properties = Map::default();
        properties.set(Key::new("ApiId", self.span), Node::string(self.span, self.id));
        properties
    }

    fn make(&mut self, id: String, kind: &str, properties: Map) {
        self.make_at(self.span, id, kind, properties);
    }

    fn make_at(&mut self, span: Span, id: String, kind: &str, properties: Map) {
        let kind = Spanned { value: kind.to_owned(), span };
        let properties = Node::new(span, Value::Map(properties));
        self.made.push((id, Resource { span, kind, arn: None, properties }));
    }
}

/// A route's key in logical ids: `$connect` is `Connect`.
fn capitalised(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
