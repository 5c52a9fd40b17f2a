//! `Cors`: an OPTIONS method with a MOCK integration for each path that has none.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-corsconfiguration.html>

use super::Api;
use super::auth::Auth;
use crate::read::Reader;
use crate::source::{Key, Map, Node, Span, Spanned, Value};

/// What a preflight answers, quotes included.
#[derive(Default)]
struct Cors {
    origin: Option<Spanned<String>>,
    methods: Option<Spanned<String>>,
    headers: Option<Spanned<String>>,
    max_age: Option<Spanned<String>>,
    credentials: bool,
}

impl<'a> Api<'a> {
    /// Adds the preflights.
    pub(super) fn add_preflights(&mut self, reader: &mut Reader<'a>, node: &'a Node, auth: &Auth<'a>) {
        let Some(cors) = read(reader, node) else { return };
        let security = auth.preflight_security(self);
        let span = node.span;
        let paths = self.document.root.child(Key::new("paths", span));
        let keys: Vec<Key> = paths.entries().iter().map(|entry| entry.key.clone()).collect();
        for path in keys {
            let item = paths.child(path);
            if item.get("options").is_none() {
                let methods = allowed_methods(item);
                let mut operation = preflight(&cors, &methods, span);
                operation.set(Key::new("security", span), security.clone());
                item.set(Key::new("options", span), Node::new(span, Value::Map(operation)));
            }
        }
    }
}

fn read<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Cors> {
    if node.as_map().is_none() {
        return Some(Cors { origin: Some(reader.filled(node)?), ..Cors::default() });
    }
    let mut fields = reader.fields(node)?;
    let mut text = |name| {
        let node = fields.take(name)?;
        // A number needs no quotes: `MaxAge: 600`.
        let number = matches!(node.value, Value::Number(_));
        reader.filled(node).map(|text| if number { text.map(|text| format!("'{text}'")) } else { text })
    };
    let mut cors = Cors {
        // SAM's default.
        origin: text("AllowOrigin").or_else(|| Some(Spanned { value: "'*'".to_owned(), span: node.span })),
        methods: text("AllowMethods"),
        headers: text("AllowHeaders"),
        max_age: text("MaxAge"),
        credentials: false,
    };
    let credentials = fields.take("AllowCredentials").and_then(|node| reader.boolean(node));
    cors.credentials = credentials.is_some_and(|flag| *flag);
    fields.finish(reader);
    if cors.credentials && cors.origin.as_ref().is_none_or(|origin| **origin == "'*'") {
        reader.error(node.span, "credentials are not allowed for the origin `'*'`");
    }
    Some(cors)
}

/// The path's own methods and OPTIONS; ANY stands for all.
fn allowed_methods(item: &Map) -> String {
    let mut methods: Vec<String> = match item.get("x-amazon-apigateway-any-method") {
        Some(_) => ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"].map(str::to_owned).to_vec(),
        None => {
            let verbs = item.entries().iter().filter(|entry| crate::openapi::is_operation(&entry.key.text));
            verbs.map(|entry| entry.key.text.to_ascii_uppercase()).collect()
        }
    };
    methods.push("OPTIONS".to_owned());
    methods.sort();
    format!("'{}'", methods.join(","))
}

fn preflight(cors: &Cors, methods: &str, span: Span) -> Map {
    let string = |text: &str| Node::string(span, text);
    let key = |text: &str| Key::new(text, span);
    let mut parameters = Map::default();
    let mut headers = Map::default();
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|text| text.value.clone());
    for (name, value) in [
        ("Access-Control-Allow-Origin", text(&cors.origin)),
        ("Access-Control-Allow-Headers", text(&cors.headers)),
        ("Access-Control-Allow-Methods", text(&cors.methods).or_else(|| Some(methods.to_owned()))),
        ("Access-Control-Max-Age", text(&cors.max_age)),
        ("Access-Control-Allow-Credentials", cors.credentials.then(|| "'true'".to_owned())),
    ] {
        if let Some(value) = value {
            parameters.set(key(&format!("method.response.header.{name}")), string(&value));
            headers.child(key(name)).child(key("schema")).set(key("type"), string("string"));
        }
    }
    let mut response = Map::default();
    response.set(key("statusCode"), string("200"));
    response.set(key("responseParameters"), Node::new(span, Value::Map(parameters)));
    response.child(key("responseTemplates")).set(key("application/json"), string("{}\n"));
    let mut integration = Map::default();
    integration.set(key("type"), string("mock"));
    integration.child(key("requestTemplates")).set(key("application/json"), string("{\n  \"statusCode\" : 200\n}\n"));
    integration.child(key("responses")).set(key("default"), Node::new(span, Value::Map(response)));
    let mut operation = Map::default();
    operation.set(key("x-amazon-apigateway-integration"), Node::new(span, Value::Map(integration)));
    let answer = operation.child(key("responses")).child(key("200"));
    answer.set(key("description"), string("Default response for CORS method"));
    answer.set(key("headers"), Node::new(span, Value::Map(headers)));
    operation
}
