//! CloudFormation and SAM templates to the documents and settings that they stand for.
//!
//! A template is evaluated first ([`evaluate`]: parameters, conditions, functions), so that every property is a value.
//! Then each REST API and HTTP API in it is written as the OpenAPI document that API Gateway would export ([`rest_api`],
//! [`http_api`]), and its stage, keys and plans as settings ([`stage`]); SAM's own resources are turned into the same
//! ([`sam`]). From there on a template is read like any other definition: there is one reader for
//! `x-amazon-apigateway-*`. WebSocket APIs, which no document describes, are read into the model directly
//! ([`websocket_api`]). All values keep their places, so messages point into the template.
//!
//! Nothing is deployed: what a service would make up at deployment (`Ref`, `Fn::GetAtt`) is the resource's own name, or
//! its logical id where it has none, in the shape of the real value ([`identity`]).
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>

mod condition;
mod document;
mod domains;
mod evaluate;
mod function;
mod http_api;
mod identity;
mod method;
mod parameter;
mod resource_type;
mod rest_api;
mod sam;
mod scheme;
mod stage;
mod stage_v2;
mod substitute;
mod websocket_api;

use indexmap::IndexMap;

use crate::diagnostics::Diagnostics;
use crate::openapi::ProtocolType;
use crate::read::Reader;
use crate::source::{Document, Node, Span, Spanned, Value};

pub use domains::{Domains, TemplateDomain, TemplateMapping};
pub use evaluate::{MAX_NODES, MAX_TEXT_BYTES};
use stage::ApiSettings;
pub use websocket_api::WebSocketExport;

/// What a template is evaluated with, from the settings.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The API's id; absent: its logical id.
    pub api_id: Option<String>,
    /// Whether the settings list the keys, so that those of the template do not count.
    pub has_api_keys: bool,
    /// `AWS::AccountId`.
    pub account_id: Option<String>,
    /// `AWS::Region`.
    pub region: Option<String>,
    /// Values of the template's parameters, by name.
    pub parameters: IndexMap<String, Node>,
    /// Values of other stacks' exports, by name.
    pub imports: IndexMap<String, Spanned<String>>,
    /// The stage to choose where an API has several.
    pub stage: Option<String>,
}

impl Environment {
    /// Account of templates when the settings name none: the one of AWS's own examples.
    pub const DEFAULT_ACCOUNT: &str = "123456789012";
    /// Region of templates when the settings name none.
    pub const DEFAULT_REGION: &str = "us-east-1";

    fn account_id(&self) -> &str {
        self.account_id.as_deref().unwrap_or(Self::DEFAULT_ACCOUNT)
    }

    fn region(&self) -> &str {
        self.region.as_deref().unwrap_or(Self::DEFAULT_REGION)
    }
}

/// Other files that a template names (`DefinitionUri`, `AWS::Include`), read before it is evaluated.
pub trait Files {
    /// The root of a file, by the name that stands in the template; `None` when it could not be read.
    fn root(&self, name: &str) -> Option<&Node>;
}

/// A template whose functions are evaluated.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Resources that exist (their condition holds) and matter here, by logical id.
    pub resources: IndexMap<String, Resource>,
    /// SAM's `Globals` for APIs.
    pub globals: Option<Node>,
    /// The region of its ARNs.
    pub region: String,
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its logical id.
    pub span: Span,
    /// Its type, `AWS::ApiGateway::RestApi`.
    pub kind: Spanned<String>,
    /// The ARN of a function or state machine.
    pub arn: Option<String>,
    /// Its properties, evaluated.
    pub properties: Node,
}

impl Template {
    /// Resources of a type, in the order of the template.
    pub fn of_type<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = (&'t str, &'t Resource)> {
        let resources = self.resources.iter().filter(move |(_, resource)| *resource.kind == kind);
        resources.map(|(id, resource)| (id.as_str(), resource))
    }
}

impl Resource {
    /// A property that is there and not null.
    pub fn property(&self, name: &str) -> Option<&Node> {
        self.properties.get(name)
    }

    /// The text of a property, also of a number.
    pub fn text(&self, name: &str) -> Option<Spanned<String>> {
        let node = self.property(name)?;
        let value = match &node.value {
            Value::String(text) | Value::Number(text) => text.to_string(),
            _ => return None,
        };
        Some(Spanned { value, span: node.span })
    }
}

/// A REST API or HTTP API of a template.
#[derive(Clone, Debug)]
pub struct Export {
    /// Logical id of the API.
    pub logical_id: Spanned<String>,
    /// What its resource says that it is, whatever else stands in its document.
    pub protocol_type: ProtocolType,
    /// The API as an OpenAPI document.
    pub document: Node,
    /// Stage, keys and plans, in the shapes of the settings file.
    pub settings: Node,
    /// Names of its stages where there are several, and none is chosen.
    pub stages: Vec<String>,
}

impl Export {
    fn new(id: Spanned<&str>, resource: &Resource, document: document::ApiDocument, of_api: ApiSettings) -> Self {
        let document = Node::new(resource.span, Value::Map(document.root));
        let is_rest = *resource.kind == "AWS::ApiGateway::RestApi";
        let protocol_type = if is_rest { ProtocolType::Rest } else { ProtocolType::Http };
        Self {
            logical_id: id.map(str::to_owned),
            protocol_type,
            document,
            settings: of_api.settings,
            stages: of_api.stages,
        }
    }
}

/// What a template holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Its REST APIs and HTTP APIs.
    pub apis: Vec<Export>,
    /// Its WebSocket APIs.
    pub web_socket_apis: Vec<WebSocketExport>,
    /// Its custom domains.
    pub domains: Domains,
}

/// Names of the files beside the template that it refers to (`DefinitionUri`, `AWS::Include`), each once.
pub fn files_named(root: &Node) -> Vec<Spanned<String>> {
    let mut names: Vec<Spanned<String>> = Vec::new();
    collect_files(root, &mut names);
    names
}

/// Goes through a tree whose depth the parser has bounded.
fn collect_files(node: &Node, names: &mut Vec<Spanned<String>>) {
    let mut note = |node: Option<&Node>| {
        if let Some((node, text)) = node.and_then(|node| Some((node, node.as_str()?)))
            && !text.contains("://")
            && !names.iter().any(|known| **known == *text)
        {
            names.push(Spanned { value: text.to_owned(), span: node.span });
        }
    };
    match &node.value {
        // Its definition is no API's.
        Value::Map(map) if map.get("Type").and_then(Node::as_str) == Some("AWS::Serverless::StateMachine") => {}
        Value::Map(map) => {
            note(map.get("DefinitionUri"));
            if map.get("Name").and_then(Node::as_str) == Some("AWS::Include") {
                note(map.get("Parameters").and_then(|node| node.get("Location")));
            }
            map.entries().iter().for_each(|entry| collect_files(&entry.value, names));
        }
        Value::List(items) => items.iter().for_each(|item| collect_files(item, names)),
        _ => {}
    }
}

/// Evaluates a template and writes its APIs as documents.
pub fn read(document: &Document, environment: &Environment, files: &dyn Files) -> (Contents, Diagnostics) {
    let (mut template, mut diagnostics) = evaluate::evaluate(document, environment, files);
    diagnostics.extend(sam::expand(document, &mut template));
    let mut reader = Reader::new(document);
    let mut apis = rest_api::export(&mut reader, &template, environment);
    apis.extend(http_api::export(&mut reader, &template, environment));
    let web_socket_apis = websocket_api::read(&mut reader, &template, environment);
    let domains = domains::read(&mut reader, &template, environment);
    let mut contents = Contents { apis, web_socket_apis, domains };
    if let Some(root) = document.root()
        && contents.apis.is_empty()
        && contents.web_socket_apis.is_empty()
    {
        reader.error(root.span, "there is no API in this template, or the condition of none holds");
    }
    resource_type::check(&mut reader, document);
    contents.apis.sort_by_key(|export| export.logical_id.span.start);
    diagnostics.extend(reader.diagnostics);
    (contents, diagnostics)
}
