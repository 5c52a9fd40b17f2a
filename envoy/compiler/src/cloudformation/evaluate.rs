//! Evaluates a template: every property becomes a value.
//!
//! Resources are evaluated only where somebody reads them: those of API Gateway, SAM's, and the names of what they
//! refer to. A template may well have functions elsewhere that mean nothing here.

use std::collections::HashMap;

use super::parameter;
use super::{Environment, Files, Resource, Template};
use crate::diagnostics::Diagnostics;
use crate::read::Reader;
use crate::source::{Document, Entry, Key, Map, Node, Span, Spanned, Value};

/// Most values that functions may make: `Ref` of a list and `Fn::FindInMap` repeat them. The same as a document may
/// have.
pub const MAX_NODES: usize = 4_000_000;

/// Most text that functions may make, in bytes: several times what a template of the largest size has.
pub const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;

/// How deep values, conditions and names may lead to each other: twice what the parser lets a document nest, far from
/// the end of the stack.
pub const MAX_DEPTH: usize = 256;

/// Resources that are evaluated, and which of their properties: all where there are none. Of other resources only the
/// properties that make their name are.
const EVALUATED: [(&str, &[&str]); 33] = [
    ("AWS::ApiGateway::ApiKey", &[]),
    ("AWS::ApiGateway::Authorizer", &[]),
    ("AWS::ApiGateway::BasePathMapping", &[]),
    ("AWS::ApiGateway::BasePathMappingV2", &[]),
    ("AWS::ApiGateway::Deployment", &[]),
    ("AWS::ApiGateway::DomainName", &[]),
    ("AWS::ApiGateway::DomainNameV2", &[]),
    ("AWS::ApiGateway::GatewayResponse", &[]),
    ("AWS::ApiGateway::Method", &[]),
    ("AWS::ApiGateway::Model", &[]),
    ("AWS::ApiGateway::RequestValidator", &[]),
    ("AWS::ApiGateway::Resource", &[]),
    ("AWS::ApiGateway::RestApi", &[]),
    ("AWS::ApiGateway::Stage", &[]),
    ("AWS::ApiGateway::UsagePlan", &[]),
    ("AWS::ApiGateway::UsagePlanKey", &[]),
    ("AWS::ApiGatewayV2::Api", &[]),
    ("AWS::ApiGatewayV2::ApiGatewayManagedOverrides", &[]),
    ("AWS::ApiGatewayV2::ApiMapping", &[]),
    ("AWS::ApiGatewayV2::Authorizer", &[]),
    ("AWS::ApiGatewayV2::DomainName", &[]),
    ("AWS::ApiGatewayV2::Integration", &[]),
    ("AWS::ApiGatewayV2::IntegrationResponse", &[]),
    ("AWS::ApiGatewayV2::Model", &[]),
    ("AWS::ApiGatewayV2::Route", &[]),
    ("AWS::ApiGatewayV2::RouteResponse", &[]),
    ("AWS::ApiGatewayV2::RoutingRule", &["DomainNameArn"]),
    ("AWS::ApiGatewayV2::Stage", &[]),
    ("AWS::Serverless::Api", &[]),
    ("AWS::Serverless::HttpApi", &[]),
    ("AWS::Serverless::WebSocketApi", &[]),
    ("AWS::Serverless::Function", &["AutoPublishAlias", "Events", "FunctionName"]),
    ("AWS::Serverless::StateMachine", &["Events", "Name"]),
];

/// What is known of a condition.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// It is being evaluated.
    Evaluating,
    /// It holds, or does not.
    Holds(bool),
    /// It is wrong, which is reported.
    Wrong,
}

/// A template while it is evaluated.
pub struct Evaluator<'e, 'd> {
    /// Where problems go.
    pub reader: &'e mut Reader<'d>,
    pub environment: &'e Environment,
    pub files: &'e dyn Files,
    /// `Resources` as they stand in the template.
    pub resources: Option<&'d Map>,
    /// `Mappings`.
    pub mappings: Option<&'d Map>,
    /// `Conditions`.
    pub conditions: Option<&'d Map>,
    /// Values of the parameters.
    pub parameters: HashMap<String, Node>,
    /// What is known of conditions.
    pub known_conditions: HashMap<String, Known>,
    /// Resources whose names are being evaluated.
    pub being_named: Vec<String>,
    depth: usize,
    is_too_deep: bool,
    nodes: usize,
    text_bytes: usize,
}

/// Evaluates a template.
pub fn evaluate(document: &Document, environment: &Environment, files: &dyn Files) -> (Template, Diagnostics) {
    let mut reader = Reader::new(document);
    let mut template = Template { region: environment.region().to_owned(), ..Template::default() };
    let Some(root) = document.root() else { return (template, reader.diagnostics) };
    let mut evaluator = Evaluator::new(&mut reader, root, environment, files);
    for entry in evaluator.resources.map(Map::entries).unwrap_or_default() {
        if let Some(resource) = evaluator.resource(entry) {
            template.resources.insert(entry.key.text.to_string(), resource);
        }
    }
    template.globals = root.get("Globals").and_then(|globals| evaluator.globals(globals));
    evaluator.all_conditions();
    (template, reader.diagnostics)
}

impl<'e, 'd> Evaluator<'e, 'd> {
    /// An evaluator of the template at `root`.
    pub fn new(reader: &'e mut Reader<'d>, root: &'d Node, environment: &'e Environment, files: &'e dyn Files) -> Self {
        let section = |name| root.get(name).and_then(Node::as_map);
        let (resources, mappings, conditions) = (section("Resources"), section("Mappings"), section("Conditions"));
        let parameters = parameter::read(reader, section("Parameters"), environment);
        Self {
            reader,
            environment,
            files,
            resources,
            mappings,
            conditions,
            parameters,
            known_conditions: HashMap::new(),
            being_named: Vec::new(),
            depth: 0,
            is_too_deep: false,
            nodes: 0,
            text_bytes: 0,
        }
    }

    fn resource(&mut self, entry: &'d Entry) -> Option<Resource> {
        let span = entry.key.span;
        let kind = entry.value.get("Type")?;
        let kind = Spanned { value: kind.as_str()?.to_owned(), span: kind.span };
        let (_, wanted) = EVALUATED.iter().find(|(name, _)| *name == *kind)?;
        if let Some(condition) = entry.value.get("Condition")
            && !self.condition_named(condition)?
        {
            return None;
        }
        let mut properties = Map::default();
        let declared = entry.value.get("Properties");
        for property in declared.and_then(|node| self.reader.map(node)).map(Map::entries).unwrap_or_default() {
            if !wanted.is_empty() && !wanted.contains(&&*property.key.text) {
                continue;
            }
            let value = match &*property.key.text {
                "Events" => self.events(&property.value),
                _ => self.value(&property.value),
            };
            if let Some(value) = value {
                properties.set(property.key.clone(), value);
            }
        }
        if let Some(location) = properties.get("DefinitionUri").and_then(Node::as_str).map(str::to_owned)
            && let Some(body) = self.file(span, &location)
        {
            properties.set(Key::new("DefinitionBody", body.span), body);
        }
        let arn = match &**kind {
            "AWS::Serverless::Function" => self.resource_identity(span, &entry.key.text, Some("Arn")),
            "AWS::Serverless::StateMachine" => self.resource_identity(span, &entry.key.text, None),
            _ => None,
        };
        let properties = Node::new(declared.map_or(span, |node| node.span), Value::Map(properties));
        Some(Resource { span, kind, arn, properties })
    }

    /// The events that are requests. Others have functions that mean nothing here.
    fn events(&mut self, node: &'d Node) -> Option<Node> {
        let mut events = Map::default();
        for entry in self.reader.map(node)?.entries() {
            let kind = entry.value.get("Type").and_then(Node::as_str);
            if kind.is_some_and(|kind| matches!(kind, "Api" | "HttpApi"))
                && let Some(value) = self.value(&entry.value)
            {
                events.set(entry.key.clone(), value);
            }
        }
        Some(Node::new(node.span, Value::Map(events)))
    }

    /// SAM's `Globals` for APIs; those for functions have nothing that matters here.
    fn globals(&mut self, node: &'d Node) -> Option<Node> {
        let mut globals = Map::default();
        for entry in self.reader.map(node)?.entries() {
            if matches!(&*entry.key.text, "Api" | "HttpApi" | "WebSocketApi")
                && let Some(value) = self.value(&entry.value)
            {
                globals.set(entry.key.clone(), value);
            }
        }
        Some(Node::new(node.span, Value::Map(globals)))
    }

    /// The value that a node stands for; `None` when it is `AWS::NoValue`, or wrong, which is then reported.
    pub fn value(&mut self, node: &Node) -> Option<Node> {
        self.count(node.span, 1)?;
        self.deeper(node.span, |evaluator| evaluator.value_of(node))
    }

    /// Goes a level deeper, unless that is too deep: values lead to conditions, and to names of other resources.
    pub fn deeper<T>(&mut self, span: Span, evaluate: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            // One place is enough: others lead through the same values.
            if !std::mem::replace(&mut self.is_too_deep, true) {
                self.reader.error(span, format!("values lead to each other more than {MAX_DEPTH} levels deep"));
            }
            return None;
        }
        self.depth += 1;
        let value = evaluate(self);
        self.depth -= 1;
        value
    }

    fn value_of(&mut self, node: &Node) -> Option<Node> {
        if let Some(name) = node.cloudformation_function() {
            return self.call(node, &name);
        }
        let value = match &node.value {
            Value::List(items) => Value::List(items.iter().filter_map(|item| self.value(item)).collect()),
            Value::Map(map) => Value::Map(self.map(map)),
            scalar => scalar.clone(),
        };
        Some(Node::new(node.span, value))
    }

    fn map(&mut self, map: &Map) -> Map {
        let mut evaluated = Map::default();
        for entry in map.entries() {
            if let Some(value) = self.value(&entry.value) {
                evaluated.set(Key::new(&entry.key.text, entry.key.span), value);
            }
        }
        evaluated
    }

    /// The text that a node stands for.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        let value = self.value(node)?;
        self.reader.text(&value).map(|text| text.value)
    }

    /// A node of text that a function has made.
    pub fn made_text(&mut self, span: Span, text: &str) -> Option<Node> {
        self.text_bytes = self.text_bytes.saturating_add(text.len());
        if self.text_bytes > MAX_TEXT_BYTES {
            self.reader.error(span, format!("the functions of this template make more than {MAX_TEXT_BYTES} bytes"));
            return None;
        }
        Some(Node::string(span, text))
    }

    /// A copy of a value at the place of the function that stands for it.
    pub fn copied(&mut self, span: Span, value: &Node) -> Option<Node> {
        self.count(span, size(value))?;
        Some(Node { span, tag: None, value: value.value.clone() })
    }

    fn count(&mut self, span: Span, nodes: usize) -> Option<()> {
        let before = self.nodes;
        self.nodes = before.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Some(());
        }
        if before <= MAX_NODES {
            self.reader.error(span, format!("the functions of this template make more than {MAX_NODES} values"));
        }
        None
    }
}

/// Number of values in a tree, which the parser has bounded.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(map) => map.entries().iter().map(|entry| size(&entry.value)).sum::<usize>(),
        _ => 0,
    }
}
