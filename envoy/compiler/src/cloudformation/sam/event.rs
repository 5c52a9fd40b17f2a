//! `Api` events: of functions, a method with an AWS_PROXY integration each; of state machines, one that starts them.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html>
//! and <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineapi.html>

use super::{Api, IMPLICIT_API, auth::Auth, events_of, function_events, invocation_uri};
use crate::cloudformation::Template;
use crate::cloudformation::document::RequestBody;
use crate::cloudformation::rest_api::rename;
use crate::read::Reader;
use crate::source::{Key, Map, Node, Span, Value};

/// What Step Functions answers with.
const STARTED: [&str; 2] = ["200", "400"];

/// An `Api` event.
pub struct Event {
    /// Its name in `Events`.
    pub span: Span,
    /// Logical id of its API.
    pub api: String,
    target: Target,
    properties: Node,
}

/// What an event calls, by its ARN.
enum Target {
    Function(String),
    StateMachine(String),
}

/// All `Api` events, in the order of the template, those of functions first.
pub fn events(template: &Template) -> Vec<Event> {
    let event = |span, target, properties: Node| {
        let api = properties.get("RestApiId").and_then(Node::as_str).unwrap_or(IMPLICIT_API).to_owned();
        Event { span, api, target, properties }
    };
    let of_functions = function_events(template, "Api").into_iter();
    let mut events: Vec<Event> =
        of_functions.map(|(span, arn, properties)| event(span, Target::Function(arn), properties)).collect();
    for (id, machine) in template.of_type("AWS::Serverless::StateMachine") {
        let arn = machine.arn.as_deref().unwrap_or(id);
        let of_machine = events_of(machine, "Api");
        events
            .extend(of_machine.map(|(span, properties)| event(span, Target::StateMachine(arn.to_owned()), properties)));
    }
    events
}

impl<'a> Api<'a> {
    /// Adds the method of an event.
    pub(super) fn add_event(&mut self, reader: &mut Reader<'a>, event: &'a Event, auth: &Auth<'a>) {
        let span = event.span;
        let Some(mut fields) = reader.fields(&event.properties) else { return };
        fields.ignore(&["RestApiId"]);
        let path = fields.required(reader, "Path").and_then(|node| reader.text(node));
        let verb = fields.required(reader, "Method").and_then(|node| reader.text(node));
        let (Some(path), Some(verb)) = (path, verb) else { return };
        let verb = verb_of(&verb);
        let mut integration = match &event.target {
            Target::Function(arn) => strings(
                span,
                &[("type", "aws_proxy"), ("httpMethod", "POST"), ("uri", &invocation_uri(self.region, arn))],
            ),
            Target::StateMachine(arn) => {
                let unescape = fields.take("UnescapeMappingTemplate").and_then(|node| reader.boolean(node));
                start_execution(span, self.region, arn, unescape.is_some_and(|flag| *flag))
            }
        };
        rename(
            &mut fields,
            &mut integration,
            &[("TimeoutInMillis", "timeoutInMillis"), ("ResponseTransferMode", "responseTransferMode")],
        );
        let mut operation = Map::default();
        let mut responses = Map::default();
        if let Target::StateMachine(_) = event.target {
            STARTED.iter().for_each(|status| responses.set(Key::new(status, span), Node::empty_map(span)));
        }
        operation.set(Key::new("responses", span), Node::new(span, Value::Map(responses)));
        let mut parameters = Vec::new();
        let mut cached = Vec::new();
        for node in fields.take("RequestParameters").map(|node| reader.list(node)).unwrap_or_default() {
            self.add_parameters(reader, node, &mut parameters, &mut cached);
        }
        if !cached.is_empty() {
            integration.set(Key::new("cacheKeyParameters", span), Node::new(span, Value::List(cached)));
        }
        if let Some(node) = fields.take("RequestModel") {
            self.add_request_model(reader, node, &mut operation, &mut parameters);
        }
        operation.set(Key::new("parameters", span), Node::new(span, Value::List(parameters)));
        let own = fields.take("Auth");
        fields.finish(reader);
        let credentials = auth.set_security(reader, self, own, &mut operation, span);
        if let Some(credentials) = credentials {
            integration.set(Key::new("credentials", span), credentials);
        }
        let integration = Node::new(span, Value::Map(integration));
        operation.set(Key::new("x-amazon-apigateway-integration", span), integration);
        if !self.document.add_operation(&Key::new(&path, path.span), &Key::new(&verb, span), operation) {
            reader.error(span, format!("{verb} {} is there already", *path));
        }
    }

    /// `OverrideApiAuth`: an event's `Auth` takes the place of what a body of the API's own says of its method.
    pub(super) fn override_auth(&mut self, reader: &mut Reader<'a>, event: &'a Event, auth: &Auth<'a>) {
        let Some(own) = event.properties.get("Auth") else { return };
        let overrides = own.get("OverrideApiAuth").and_then(|node| reader.boolean(node));
        if !overrides.is_some_and(|flag| *flag) {
            return;
        }
        let text = |name| event.properties.get(name).and_then(Node::as_str).unwrap_or_default();
        let (path, verb) = (text("Path"), verb_of(text("Method")));
        let mut replaced = Map::default();
        // An event that is invoked as the caller would be so by the integration, which the body has.
        auth.set_security(reader, self, Some(own), &mut replaced, event.span);
        let Some(security) = replaced.get("security") else { return };
        if !self.document.set_in_operation(path, &verb, &Key::new("security", event.span), security) {
            let message = format!("the API's body has no {verb} {path}, whose authorization this would be");
            reader.error(own.span, message);
        }
    }

    /// `method.request.header.Name`, or a map of it to `{Required, Caching}`; `cached` are those that tell the entries of a
    /// cache apart.
    fn add_parameters(
        &self,
        reader: &mut Reader<'a>,
        node: &'a Node,
        parameters: &mut Vec<Node>,
        cached: &mut Vec<Node>,
    ) {
        let mut declared: Vec<(String, Span, bool)> = Vec::new();
        match node.as_map() {
            None => declared.extend(reader.text(node).map(|name| (name.value, node.span, false))),
            Some(map) => {
                for entry in map.entries() {
                    let mut flag = |name| {
                        let node = entry.value.get(name);
                        node.and_then(|node| reader.boolean(node)).is_some_and(|flag| *flag)
                    };
                    let (required, caching) = (flag("Required"), flag("Caching"));
                    if caching {
                        cached.push(Node::string(entry.key.span, &entry.key.text));
                    }
                    declared.push((entry.key.text.to_string(), entry.key.span, required));
                }
            }
        }
        for (name, span, required) in declared {
            let required = Node::new(span, Value::Bool(required));
            self.document.add_request_parameter(reader, &name, span, &required, parameters);
        }
    }

    /// `RequestModel`: the model of JSON bodies, and the validator that it asks for.
    fn add_request_model(
        &mut self,
        reader: &mut Reader<'a>,
        node: &'a Node,
        operation: &mut Map,
        parameters: &mut Vec<Node>,
    ) {
        let span = node.span;
        let Some(mut fields) = reader.fields(node) else { return };
        let model = fields.required(reader, "Model").and_then(|node| reader.text(node));
        let mut flag = |name| fields.take(name).and_then(|node| reader.boolean(node)).is_some_and(|flag| *flag);
        let (required, body, parameters_too) = (flag("Required"), flag("ValidateBody"), flag("ValidateParameters"));
        fields.finish(reader);
        let Some(model) = model else { return };
        let name = model.to_lowercase();
        if !self.document.has_model(&name) {
            reader.error(model.span, format!("the API has no model `{}`", *model));
            return;
        }
        let schema = self.document.schema_reference(&name, span);
        let content = vec![(Key::new("application/json", span), schema)];
        let declared = RequestBody { span, name, required: Some(required), content };
        self.document.set_request_body(declared, operation, parameters);
        if body || parameters_too {
            let validator = match (body, parameters_too) {
                (true, true) => "body-and-params",
                (true, false) => "body-only",
                _ => "params-only",
            };
            let validators = self.document.root.child(Key::new("x-amazon-apigateway-request-validators", span));
            let fields = validators.child(Key::new(validator, span));
            fields.set(Key::new("validateRequestBody", span), Node::new(span, Value::Bool(body)));
            fields.set(Key::new("validateRequestParameters", span), Node::new(span, Value::Bool(parameters_too)));
            operation.set(Key::new("x-amazon-apigateway-request-validator", span), Node::string(span, validator));
        }
    }
}

/// The integration that starts a state machine with the request's body, as SAM writes it. What JavaScript escapes and
/// JSON does not is an apostrophe: a body with one is refused, unless the template takes the escape back.
fn start_execution(span: Span, region: &str, arn: &str, unescape: bool) -> Map {
    let uri = format!("arn:aws:apigateway:{region}:states:action/StartExecution");
    let mut integration = strings(span, &[("type", "aws"), ("httpMethod", "POST"), ("uri", &uri)]);
    let unescaped = if unescape { r#".replaceAll("\\'","'")"# } else { "" };
    let input = format!("$util.escapeJavaScript($input.json('$')){unescaped}");
    let template = format!(r#"{{"input": "{input}", "stateMachineArn": "{arn}"}}"#);
    let templates = strings(span, &[("application/json", &template)]);
    integration.set(Key::new("requestTemplates", span), Node::new(span, Value::Map(templates)));
    let mut responses = Map::default();
    for status in STARTED {
        let response = strings(span, &[("statusCode", status)]);
        responses.set(Key::new(status, span), Node::new(span, Value::Map(response)));
    }
    integration.set(Key::new("responses", span), Node::new(span, Value::Map(responses)));
    integration
}

/// The name of an event's `Method` in a document.
fn verb_of(method: &str) -> String {
    match method.to_ascii_lowercase().as_str() {
        "any" => "x-amazon-apigateway-any-method".to_owned(),
        verb => verb.to_owned(),
    }
}

fn strings(span: Span, entries: &[(&str, &str)]) -> Map {
    let mut map = Map::default();
    for (key, value) in entries {
        map.set(Key::new(key, span), Node::string(span, value));
    }
    map
}
