//! `AWS::Serverless::HttpApi` and the `HttpApi` events of functions, as an `AWS::ApiGatewayV2::Api` with a body and its
//! stage.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-httpapi.html>

mod auth;
mod event;

use auth::Auth;
use event::Event;

use super::super::document::ApiDocument;
use super::super::http_api::{API, CORS};
use super::super::rest_api::rename;
use super::super::{Resource, Template};
use super::{copy, domain, with_globals};
use crate::diagnostics::Diagnostics;
use crate::read::{Fields, Reader};
use crate::source::{Document, Entry, Key, Map, Node, Span, Spanned, Value};

/// SAM's type.
const HTTP_API: &str = "AWS::Serverless::HttpApi";
/// The API of events that name none.
const IMPLICIT_API: &str = "ServerlessHttpApi";
/// The stage of an API that names none.
const DEFAULT_STAGE: &str = "$default";

/// Properties that an `Api` has as well.
const API_PROPERTIES: [&str; 4] = ["Name", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings"];
/// Properties of the API that are the stage's.
const STAGE_PROPERTIES: [&str; 4] = ["AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"];

/// Adds the resources that SAM's HTTP APIs stand for.
pub fn expand(document: &Document, template: &mut Template) -> Diagnostics {
    let events = event::events(template);
    let mut apis: Vec<(String, Resource)> = Vec::new();
    for (id, resource) in template.of_type(HTTP_API) {
        apis.push((id.to_owned(), with_globals(template, "HttpApi", resource)));
    }
    if let Some(event) = events.iter().find(|event| event.api == IMPLICIT_API)
        && !template.resources.contains_key(IMPLICIT_API)
    {
        let resource = Resource {
            span: event.span,
            kind: Spanned { value: HTTP_API.to_owned(), span: event.span },
            arn: None,
            properties: Node::empty_map(event.span),
        };
        apis.push((IMPLICIT_API.to_owned(), with_globals(template, "HttpApi", &resource)));
    }
    let mut reader = Reader::new(document);
    for event in &events {
        if !apis.iter().any(|(id, _)| *id == event.api) {
            reader.error(event.span, format!("the API `{}` of this event is not in the template", event.api));
        }
    }
    let mut made: Vec<(String, Resource)> = Vec::new();
    for (id, resource) in &apis {
        let document = ApiDocument::empty(&Node::string(resource.span, id), resource.span);
        let region = &template.region;
        let mut api = HttpApi { id, span: resource.span, region, document, has_body: false };
        made.extend(api.expand(&mut reader, resource, &events));
    }
    let diagnostics = reader.diagnostics;
    template.resources.extend(made);
    diagnostics
}

/// An `AWS::Serverless::HttpApi` on its way.
struct HttpApi<'a> {
    id: &'a str,
    span: Span,
    region: &'a str,
    /// The body.
    document: ApiDocument,
    /// Whether the template has brought it.
    has_body: bool,
}

impl<'a> HttpApi<'a> {
    /// The API and its stage.
    fn expand(
        &mut self,
        reader: &mut Reader<'a>,
        resource: &'a Resource,
        events: &'a [Event],
    ) -> Vec<(String, Resource)> {
        let span = self.span;
        let Some(mut fields) = reader.fields(&resource.properties) else { return Vec::new() };
        fields.ignore(&["DefinitionUri", "PropagateTags", "Tags"]);
        let body = fields.take("DefinitionBody");
        if let Some(uri) = resource.property("DefinitionUri").filter(|uri| uri.as_str().is_none() && body.is_none()) {
            reader.error(uri.span, "this definition is not on this machine: name a file beside the template");
        }
        if let Some(body) = body.and_then(|body| reader.map(body)) {
            self.document = ApiDocument::of_body(body.clone());
            self.has_body = true;
        }
        let auth = Auth::read(reader, self, &mut fields);
        let mut route_settings = Map::default();
        // SAM adds routes to documents in the template only.
        let (id, inline) = (self.id, resource.property("DefinitionUri").is_none());
        for event in events.iter().filter(|event| event.api == id && inline) {
            self.add_event(reader, event, &auth, &mut route_settings);
        }
        auth.apply_default(self);

        let mut properties = Map::default();
        copy(&mut fields, &mut properties, &API_PROPERTIES);
        properties.set(Key::new("ProtocolType", span), Node::string(span, "HTTP"));
        if let Some(Entry { key, value }) = fields.entry("CorsConfiguration")
            && let Some(cors) = cors(reader, value)
        {
            properties.set(key.clone(), cors);
        }
        let document = std::mem::take(&mut self.document.root);
        properties.set(Key::new("Body", span), Node::new(span, Value::Map(document)));
        let stage = self.stage(&mut fields, &route_settings);
        let domain = fields.take("Domain").map(|node| {
            let owner = domain::Owner { id: self.id, is_rest: false };
            owner.resources(reader, node, stage.get("StageName"))
        });
        fields.finish(reader);
        // The API takes the place of SAM's, so that what refers to it finds it.
        let api = (self.id.to_owned(), self.resource(API, properties));
        let stage = (format!("{}Stage", self.id), self.resource("AWS::ApiGatewayV2::Stage", stage));
        [api, stage].into_iter().chain(domain.unwrap_or_default()).collect()
    }

    fn stage(&self, fields: &mut Fields<'a>, of_events: &Map) -> Map {
        let span = self.span;
        let mut stage = Map::default();
        stage.set(Key::new("ApiId", span), Node::string(span, self.id));
        stage.set(Key::new("StageName", span), Node::string(span, DEFAULT_STAGE));
        copy(fields, &mut stage, &["StageName"]);
        copy(fields, &mut stage, &STAGE_PROPERTIES);
        for Entry { key, value } in of_events.entries() {
            let route = stage.child(Key::new("RouteSettings", span)).child(key.clone());
            for setting in value.as_map().map(Map::entries).unwrap_or_default() {
                route.set(setting.key.clone(), setting.value.clone());
            }
        }
        stage
    }

    fn resource(&self, kind: &str, properties: Map) -> Resource {
        let span = self.span;
        let kind = Spanned { value: kind.to_owned(), span };
        Resource { span, kind, arn: None, properties: Node::new(span, Value::Map(properties)) }
    }
}

/// `CorsConfiguration`: `true` lets every origin in.
fn cors<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Node> {
    let span = node.span;
    if let Some(mut fields) = node.as_map().and_then(|_| reader.fields(node)) {
        let mut cors = Map::default();
        rename(&mut fields, &mut cors, &CORS.map(|(property, _)| (property, property)));
        fields.finish(reader);
        return Some(Node::new(span, Value::Map(cors)));
    }
    if !*reader.boolean(node)? {
        return None;
    }
    let mut cors = Map::default();
    let origins = vec![Node::string(span, "*")];
    cors.set(Key::new("AllowOrigins", span), Node::new(span, Value::List(origins)));
    Some(Node::new(span, Value::Map(cors)))
}
