//! `Api` events of functions: a method with an AWS_PROXY integration each.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html>

use super::{Api, IMPLICIT_API, auth::Auth, function_events, invocation_uri};
use crate::cloudformation::Template;
use crate::cloudformation::document::RequestBody;
use crate::cloudformation::rest_api::rename;
use crate::read::Reader;
use crate::source::{Key, Map, Node, Span, Value};

/// An `Api` event.
pub struct Event {
    /// Its name in `Events`.
    pub span: Span,
    /// Logical id of its API.
    pub api: String,
    /// The function.
    function: String,
    properties: Node,
}

/// All `Api` events, in the order of the template.
pub fn events(template: &Template) -> Vec<Event> {
    let of_function = |(span, function, properties): (Span, String, Node)| {
        let api = properties.get("RestApiId").and_then(Node::as_str).unwrap_or(IMPLICIT_API).to_owned();
        Event { span, api, function, properties }
    };
    function_events(template, "Api").into_iter().map(of_function).collect()
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
        let verb = match verb.to_ascii_lowercase().as_str() {
            "any" => "x-amazon-apigateway-any-method".to_owned(),
            verb => verb.to_owned(),
        };
        let mut integration = Map::default();
        for (key, value) in
            [("type", "aws_proxy"), ("httpMethod", "POST"), ("uri", &*invocation_uri(self.region, &event.function))]
        {
            integration.set(Key::new(key, span), Node::string(span, value));
        }
        rename(
            &mut fields,
            &mut integration,
            &[("TimeoutInMillis", "timeoutInMillis"), ("ResponseTransferMode", "responseTransferMode")],
        );
        let mut operation = Map::default();
        operation.set(Key::new("responses", span), Node::empty_map(span));
        let mut parameters = Vec::new();
        for node in fields.take("RequestParameters").map(|node| reader.list(node)).unwrap_or_default() {
            self.add_parameters(reader, node, &mut parameters);
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

    /// `method.request.header.Name`, or a map of it to `{Required, Caching}`.
    fn add_parameters(&self, reader: &mut Reader<'a>, node: &'a Node, parameters: &mut Vec<Node>) {
        let mut declared: Vec<(String, Span, bool)> = Vec::new();
        match node.as_map() {
            None => declared.extend(reader.text(node).map(|name| (name.value, node.span, false))),
            Some(map) => {
                for entry in map.entries() {
                    let required = entry.value.get("Required").and_then(|node| reader.boolean(node));
                    let required = required.is_some_and(|flag| *flag);
                    declared.push((entry.key.text.to_string(), entry.key.span, required));
                }
            }
        }
        for (name, span, required) in declared {
            let required = Node::new(span, Value::Bool(required));
            parameters.extend(self.document.request_parameter(reader, &name, span, &required));
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
