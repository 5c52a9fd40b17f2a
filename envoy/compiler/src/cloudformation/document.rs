//! The OpenAPI document of an API of the template, while it is written.

use super::scheme::{api_key_scheme, iam_scheme};
use crate::openapi::Version;
use crate::read::Reader;
use crate::source::{Key, Map, Node, Span, Value};

/// A document on its way.
pub struct ApiDocument {
    /// What it is written in.
    pub version: Version,
    /// Its members.
    pub root: Map,
}

/// The body of a request.
pub struct RequestBody {
    /// Where it is declared.
    pub span: Span,
    /// Its name in Swagger 2.
    pub name: String,
    /// Whether there has to be one; `None` says nothing.
    pub required: Option<bool>,
    /// Its schema for each media type.
    pub content: Vec<(Key, Node)>,
}

impl ApiDocument {
    /// A document without methods.
    pub fn empty(title: &Node, span: Span) -> Self {
        let mut root = Map::default();
        root.set(Key::new("openapi", span), Node::string(span, "3.0.1"));
        root.child(Key::new("info", span)).set(Key::new("title", span), title.clone());
        root.child(Key::new("paths", span));
        Self { version: Version::V3, root }
    }

    /// A document that the template brings.
    pub fn of_body(root: Map) -> Self {
        let version = if root.get("swagger").is_some() { Version::V2 } else { Version::V3 };
        Self { version, root }
    }

    /// Adds the operation of `verb` and `path`. `false`: there is one already.
    pub fn add_operation(&mut self, path: &Key, verb: &Key, operation: Map) -> bool {
        let item = self.root.child(Key::new("paths", verb.span)).child(path.clone());
        if item.get(&verb.text).is_some() {
            return false;
        }
        item.set(verb.clone(), Node::new(verb.span, Value::Map(operation)));
        true
    }

    /// Sets a field of the operation of `verb` and `path`. `false`: there is none.
    pub fn set_in_operation(&mut self, path: &str, verb: &str, field: &Key, value: &Node) -> bool {
        let item = self.root.get("paths").and_then(|paths| paths.get(path));
        let known = item.is_some_and(|item| item.get(verb).is_some());
        if known {
            let child = |name| Key::new(name, field.span);
            let operation = self.root.child(child("paths")).child(child(path)).child(child(verb));
            operation.set(field.clone(), value.clone());
        }
        known
    }

    /// Goes through all operations: their verb, and the operation.
    pub fn for_each_operation(&mut self, span: Span, mut change: impl FnMut(&str, &mut Map)) {
        let paths = self.root.child(Key::new("paths", span));
        let keys: Vec<Key> = paths.entries().iter().map(|entry| entry.key.clone()).collect();
        for path in keys {
            let item = paths.child(path);
            let verbs = item.entries().iter().map(|entry| entry.key.clone());
            let verbs: Vec<Key> = verbs.filter(|key| crate::openapi::is_operation(&key.text)).collect();
            for verb in verbs {
                change(&verb.text, item.child(verb.clone()));
            }
        }
    }

    /// Adds a model.
    pub fn add_model(&mut self, name: &str, span: Span, schema: Node) {
        self.shared("schemas", "definitions", span).set(Key::new(name, span), schema);
    }

    /// Whether there is a model of that name.
    pub fn has_model(&self, name: &str) -> bool {
        let models = match self.version {
            Version::V3 => self.root.get("components").and_then(|components| components.get("schemas")),
            Version::V2 => self.root.get("definitions"),
        };
        models.is_some_and(|models| models.get(name).is_some())
    }

    /// Adds a security scheme in the place of one of that name.
    pub fn set_scheme(&mut self, name: Key, scheme: Node) {
        self.shared("securitySchemes", "securityDefinitions", name.span).set(name, scheme);
    }

    /// Adds a security scheme, unless the document has it.
    pub fn add_scheme(&mut self, name: Key, scheme: impl FnOnce() -> Node) {
        self.shared("securitySchemes", "securityDefinitions", name.span).get_or_insert(name, scheme);
    }

    /// Adds the scheme of `AWS_IAM`, unless the document has it.
    pub fn add_iam_scheme(&mut self, name: Key) {
        let span = name.span;
        self.add_scheme(name, || iam_scheme(span));
    }

    /// Adds the scheme of API keys, unless the document has it.
    pub fn add_api_key_scheme(&mut self, name: Key) {
        let span = name.span;
        self.add_scheme(name, || api_key_scheme(span));
    }

    /// The part of the document that holds what is shared: `components.schemas` or `definitions`.
    fn shared(&mut self, version_3: &str, version_2: &str, span: Span) -> &mut Map {
        match self.version {
            Version::V3 => self.root.child(Key::new("components", span)).child(Key::new(version_3, span)),
            Version::V2 => self.root.child(Key::new(version_2, span)),
        }
    }

    /// `$ref` to a model.
    pub fn schema_reference(&self, model: &str, span: Span) -> Node {
        let mut schema = Map::default();
        schema.set(Key::new("$ref", span), Node::string(span, &format!("{}{model}", self.version.schema_prefix())));
        Node::new(span, Value::Map(schema))
    }

    /// Adds `method.request.querystring.page` to the parameters of an operation.
    ///
    /// OpenAPI has one parameter for one value and for many: it is required when any declaration of it says so.
    pub fn add_request_parameter(
        &self,
        reader: &mut Reader<'_>,
        expression: &str,
        span: Span,
        required: &Node,
        parameters: &mut Vec<Node>,
    ) {
        let parts = expression.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
        let (place, name) = match parts {
            Some(("querystring" | "multivaluequerystring", name)) => ("query", name),
            Some(("header" | "multivalueheader", name)) => ("header", name),
            Some(("path", name)) => ("path", name),
            _ => {
                let text = format!(
                    "`{expression}` is no request parameter, expected \
                     `method.request.{{header,multivalueheader,multivaluequerystring,path,querystring}}.NAME`"
                );
                reader.error(span, text);
                return;
            }
        };
        let is = |parameter: &Node, field: &str, text: &str| parameter.get(field).and_then(Node::as_str) == Some(text);
        let same = parameters.iter().position(|found| is(found, "name", name) && is(found, "in", place));
        if let Some(found) = same {
            if !matches!(&required.value, Value::Bool(true)) && required.as_str() != Some("true") {
                return;
            }
            parameters.remove(found);
        }
        let mut parameter = Map::default();
        parameter.set(Key::new("name", span), Node::string(span, name));
        parameter.set(Key::new("in", span), Node::string(span, place));
        let required = if place == "path" { Node::new(required.span, Value::Bool(true)) } else { required.clone() };
        parameter.set(Key::new("required", span), required);
        self.set_text_type(&mut parameter, span);
        parameters.push(Node::new(span, Value::Map(parameter)));
    }

    /// Says of a parameter or header that it is text.
    pub fn set_text_type(&self, of: &mut Map, span: Span) {
        match self.version {
            Version::V2 => of.set(Key::new("type", span), Node::string(span, "string")),
            Version::V3 => {
                of.child(Key::new("schema", span)).set(Key::new("type", span), Node::string(span, "string"));
            }
        }
    }

    /// Declares the body of an operation's requests: for Swagger 2 a parameter, with the last schema.
    pub fn set_request_body(&self, body: RequestBody, operation: &mut Map, parameters: &mut Vec<Node>) {
        let span = body.span;
        let key = |name: &str| Key::new(name, span);
        let mut declared = Map::default();
        if let Some(required) = body.required {
            declared.set(key("required"), Node::new(span, Value::Bool(required)));
        }
        match self.version {
            Version::V3 => {
                let content = declared.child(key("content"));
                for (media_type, schema) in body.content {
                    content.child(media_type).set(key("schema"), schema);
                }
                operation.set(key("requestBody"), Node::new(span, Value::Map(declared)));
            }
            Version::V2 => {
                let Some((_, schema)) = body.content.into_iter().next_back() else { return };
                declared.set(key("in"), Node::string(span, "body"));
                declared.set(key("name"), Node::string(span, &body.name));
                declared.set(key("schema"), schema);
                parameters.push(Node::new(span, Value::Map(declared)));
            }
        }
    }
}
