//! SAM's own resources as those of CloudFormation: what the SAM transform does, for APIs.
//!
//! `AWS::Serverless::Api` becomes a `RestApi` with a body and a `Stage`; the `Api` events of functions become methods in
//! that body. HTTP APIs go the same way ([`http_api`]).
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html>

mod auth;
mod cors;
mod domain;
mod event;
mod http_api;
mod websocket_api;

use super::document::ApiDocument;
use super::{Resource, Template};
use crate::diagnostics::Diagnostics;
use crate::read::{Fields, Reader};
use crate::source::{Document, Entry, Key, Map, Node, Span, Spanned, Value};

/// The API of events that name none, and its stage.
const IMPLICIT_API: &str = "ServerlessRestApi";
const IMPLICIT_STAGE: &str = "Prod";

/// Properties of the API that are the stage's.
const STAGE_PROPERTIES: [&str; 8] = [
    "StageName",
    "Variables",
    "MethodSettings",
    "CanarySetting",
    "AccessLogSetting",
    "TracingEnabled",
    "CacheClusterEnabled",
    "CacheClusterSize",
];

/// Properties of the API that a `RestApi` has as well.
const API_PROPERTIES: [&str; 8] = [
    "Name",
    "ApiKeySourceType",
    "BinaryMediaTypes",
    "MinimumCompressionSize",
    "DisableExecuteApiEndpoint",
    "Description",
    "FailOnWarnings",
    "Mode",
];

/// Adds the resources that SAM's stand for.
pub fn expand(document: &Document, template: &mut Template) -> Diagnostics {
    let events = event::events(template);
    let mut apis: Vec<(String, Resource)> = Vec::new();
    for (id, resource) in template.of_type("AWS::Serverless::Api") {
        apis.push((id.to_owned(), with_globals(template, "Api", resource)));
    }
    if let Some(event) = events.iter().find(|event| event.api == IMPLICIT_API)
        && !template.resources.contains_key(IMPLICIT_API)
    {
        let mut properties = Map::default();
        properties.set(Key::new("StageName", event.span), Node::string(event.span, IMPLICIT_STAGE));
        let resource = Resource {
            span: event.span,
            kind: Spanned { value: "AWS::Serverless::Api".to_owned(), span: event.span },
            arn: None,
            properties: Node::new(event.span, Value::Map(properties)),
        };
        apis.push((IMPLICIT_API.to_owned(), with_globals(template, "Api", &resource)));
    }
    let mut reader = Reader::new(document);
    for event in &events {
        let known = apis.iter().any(|(id, _)| *id == event.api);
        if !known && !template.resources.contains_key(&event.api) {
            reader.error(event.span, format!("the API `{}` of this event is not in the template", event.api));
        }
    }
    let mut made: Vec<(String, Resource)> = Vec::new();
    for (id, resource) in &apis {
        let mut api = Api {
            id,
            span: resource.span,
            region: &template.region,
            document: ApiDocument::of_body(Map::default()),
            made: Vec::new(),
        };
        api.expand(&mut reader, resource, &events);
        made.append(&mut api.made);
    }
    made.extend(websocket_api::expand(&mut reader, template));
    let mut diagnostics = reader.diagnostics;
    template.resources.extend(made);
    diagnostics.extend(http_api::expand(document, template));
    diagnostics
}

/// `Globals` under the resource's own properties: maps are merged, lists joined, anything else is replaced.
fn with_globals(template: &Template, section: &str, resource: &Resource) -> Resource {
    let globals = template.globals.as_ref().and_then(|globals| globals.get(section));
    let properties = match globals {
        Some(globals) => merge(globals, &resource.properties),
        None => resource.properties.clone(),
    };
    Resource { properties, ..resource.clone() }
}

fn merge(global: &Node, own: &Node) -> Node {
    let value = match (&global.value, &own.value) {
        (Value::Map(global), Value::Map(own)) => {
            let mut merged = global.clone();
            for entry in own.entries() {
                let value = match global.get(&entry.key.text) {
                    Some(global) => merge(global, &entry.value),
                    None => entry.value.clone(),
                };
                merged.set(entry.key.clone(), value);
            }
            Value::Map(merged)
        }
        (Value::List(global), Value::List(own)) => Value::List(global.iter().chain(own).cloned().collect()),
        _ => own.value.clone(),
    };
    Node::new(own.span, value)
}

/// An `AWS::Serverless::Api` on its way.
struct Api<'a> {
    id: &'a str,
    span: Span,
    region: &'a str,
    /// The body.
    document: ApiDocument,
    /// The resources that it becomes.
    made: Vec<(String, Resource)>,
}

impl<'a> Api<'a> {
    fn expand(&mut self, reader: &mut Reader<'a>, resource: &'a Resource, events: &'a [event::Event]) {
        let Some(mut fields) = reader.fields(&resource.properties) else { return };
        fields.ignore(&[
            "AlwaysDeploy",
            "DefinitionUri",
            "EndpointAccessMode",
            "OpenApiVersion",
            "PropagateTags",
            "SecurityPolicy",
            "Tags",
        ]);
        // Without `MergeDefinitions`, a body of its own is the whole API.
        let merged = fields.take("MergeDefinitions").and_then(|node| reader.boolean(node)).is_some_and(|flag| *flag);
        let body = fields.take("DefinitionBody");
        if let Some(uri) = resource.property("DefinitionUri").filter(|uri| uri.as_str().is_none() && body.is_none()) {
            reader.error(uri.span, "this definition is not on this machine: name a file beside the template");
        }
        match body.and_then(|body| reader.map(body)) {
            Some(body) => self.document = ApiDocument::of_body(body.clone()),
            None => {
                let title = resource.properties.get("Name").and_then(Node::as_str).unwrap_or(self.id);
                self.document = ApiDocument::empty(&Node::string(self.span, title), self.span);
            }
        }
        let auth = auth::Auth::read(reader, self, &mut fields);
        auth.apply_defaults(self);
        let models = fields.take("Models").and_then(|node| reader.map(node));
        for entry in models.map(Map::entries).unwrap_or_default() {
            // SAM writes their names in lower case.
            let name = entry.key.text.to_lowercase();
            self.document.add_model(&name, entry.key.span, entry.value.clone());
        }
        let id = self.id;
        for event in events.iter().filter(|event| event.api == id) {
            if body.is_none() || merged {
                self.add_event(reader, event, &auth);
            } else {
                self.override_auth(reader, event, &auth);
            }
        }
        if let Some(cors) = fields.take("Cors") {
            self.add_preflights(reader, cors, &auth);
        }
        if let Some(node) = fields.take("GatewayResponses") {
            self.add_gateway_responses(reader, node);
        }
        self.make_resources(reader, &mut fields, &auth);
        fields.finish(reader);
    }

    fn add_gateway_responses(&mut self, reader: &mut Reader<'a>, node: &'a Node) {
        for entry in reader.map(node).map(Map::entries).unwrap_or_default() {
            let Some(mut fields) = reader.fields(&entry.value) else { continue };
            let mut response = Map::default();
            super::rest_api::rename(
                &mut fields,
                &mut response,
                &[("StatusCode", "statusCode"), ("ResponseTemplates", "responseTemplates")],
            );
            let mut parameters = Map::default();
            for group in fields
                .take("ResponseParameters")
                .and_then(|node| reader.map(node))
                .map(Map::entries)
                .unwrap_or_default()
            {
                let Some(place) = [("Headers", "header"), ("Paths", "path"), ("QueryStrings", "querystring")]
                    .iter()
                    .find_map(|(name, place)| (*name == &*group.key.text).then_some(*place))
                else {
                    reader.error(group.key.span, "expected `Headers`, `Paths` or `QueryStrings`");
                    continue;
                };
                for value in reader.map(&group.value).map(Map::entries).unwrap_or_default() {
                    let name = format!("gatewayresponse.{place}.{}", value.key.text);
                    parameters.set(Key::new(&name, value.key.span), value.value.clone());
                }
            }
            fields.finish(reader);
            if !parameters.entries().is_empty() {
                let span = entry.key.span;
                response.set(Key::new("responseParameters", span), Node::new(span, Value::Map(parameters)));
            }
            let all = self.document.root.child(Key::new("x-amazon-apigateway-gateway-responses", node.span));
            all.set(entry.key.clone(), Node::new(entry.value.span, Value::Map(response)));
        }
    }

    /// The `RestApi`, its stage, and the usage plan that SAM makes on demand.
    fn make_resources(&mut self, reader: &mut Reader<'a>, fields: &mut Fields<'a>, auth: &auth::Auth<'a>) {
        let span = self.span;
        let mut properties = Map::default();
        copy(fields, &mut properties, &API_PROPERTIES);
        if let Some(Entry { key, value }) = fields.entry("EndpointConfiguration") {
            // Its type alone (`REGIONAL`) may stand there as a text.
            if value.as_str().is_some() {
                properties.child(key.clone()).set(Key::new("Type", value.span), value.clone());
            } else {
                properties.set(key.clone(), value.clone());
            }
        }
        if let Some(Entry { key, value }) = fields.entry("Policy") {
            if auth.policy.is_some() {
                reader.error(key.span, "there is a policy in `Auth` as well: give one of them");
            }
            properties.set(key.clone(), value.clone());
        }
        if let Some(policy) = &auth.policy {
            properties.set(Key::new("Policy", policy.span), policy.clone());
        }
        let body = std::mem::take(&mut self.document.root);
        properties.set(Key::new("Body", span), Node::new(span, Value::Map(body)));
        let mut stage = Map::default();
        stage.set(Key::new("RestApiId", span), Node::string(span, self.id));
        copy(fields, &mut stage, &STAGE_PROPERTIES);
        let stage_name = stage.get("StageName").cloned();
        if let Some(node) = fields.take("Domain") {
            let owner = domain::Owner { id: self.id, is_rest: true };
            self.made.extend(owner.resources(reader, node, stage_name.as_ref()));
        }
        // The API takes the place of SAM's, so that what refers to it finds it.
        self.make(self.id.to_owned(), "AWS::ApiGateway::RestApi", properties);
        self.make(format!("{}Stage", self.id), "AWS::ApiGateway::Stage", stage);
        if let (Some(plan), Some(stage_name)) = (auth.usage_plan, stage_name) {
            self.make_usage_plan(reader, plan, &stage_name);
        }
    }

    fn make_usage_plan(&mut self, reader: &mut Reader<'a>, node: &'a Node, stage: &Node) {
        let span = node.span;
        let Some(mut fields) = reader.fields(node) else { return };
        fields.ignore(&["Description", "Tags"]);
        let words = [("NONE", false), ("PER_API", true), ("SHARED", true)];
        let create = fields.required(reader, "CreateUsagePlan").and_then(|node| reader.choice(node, &words));
        let mut plan = Map::default();
        copy(&mut fields, &mut plan, &["UsagePlanName", "Quota", "Throttle"]);
        fields.finish(reader);
        if create.is_none_or(|create| !*create) {
            return;
        }
        let mut api_stage = Map::default();
        api_stage.set(Key::new("ApiId", span), Node::string(span, self.id));
        api_stage.set(Key::new("Stage", span), stage.clone());
        let stages = vec![Node::new(span, Value::Map(api_stage))];
        plan.set(Key::new("ApiStages", span), Node::new(span, Value::List(stages)));
        let (plan_id, key_id) = (format!("{}UsagePlan", self.id), format!("{}ApiKey", self.id));
        let mut key = Map::default();
        key.set(Key::new("Enabled", span), Node::new(span, Value::Bool(true)));
        let mut plan_key = Map::default();
        plan_key.set(Key::new("UsagePlanId", span), Node::string(span, &plan_id));
        plan_key.set(Key::new("KeyId", span), Node::string(span, &key_id));
        self.make(plan_id, "AWS::ApiGateway::UsagePlan", plan);
        self.make(key_id, "AWS::ApiGateway::ApiKey", key);
        self.make(format!("{}UsagePlanKey", self.id), "AWS::ApiGateway::UsagePlanKey", plan_key);
    }

    fn make(&mut self, id: String, kind: &str, properties: Map) {
        let span = self.span;
        let kind = Spanned { value: kind.to_owned(), span };
        self.made.push((id, Resource { span, kind, arn: None, properties: Node::new(span, Value::Map(properties)) }));
    }
}

fn copy(fields: &mut Fields<'_>, into: &mut Map, names: &[&'static str]) {
    for name in names {
        if let Some(entry) = fields.entry(name) {
            into.set(entry.key.clone(), entry.value.clone());
        }
    }
}

/// The events of functions of a type, in the order of the template: place, ARN of the function, properties.
fn function_events(template: &Template, kind: &str) -> Vec<(Span, String, Node)> {
    let mut events = Vec::new();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let mut arn = function.arn.clone().unwrap_or_else(|| id.to_owned());
        if let Some(alias) = function.text("AutoPublishAlias") {
            arn = format!("{arn}:{}", *alias);
        }
        events.extend(events_of(function, kind).map(|(span, properties)| (span, arn.clone(), properties)));
    }
    events
}

/// The events of a type that a function or state machine has.
fn events_of(resource: &Resource, kind: &str) -> impl Iterator<Item = (Span, Node)> {
    let declared = resource.property("Events").and_then(Node::as_map).map(Map::entries).unwrap_or_default();
    let of_kind = declared.iter().filter(move |entry| entry.value.get("Type").and_then(Node::as_str) == Some(kind));
    of_kind.map(|entry| {
        let span = entry.key.span;
        (span, entry.value.get("Properties").cloned().unwrap_or_else(|| Node::empty_map(span)))
    })
}

/// URI that invokes a function.
fn invocation_uri(region: &str, function: &str) -> String {
    format!("arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations")
}
