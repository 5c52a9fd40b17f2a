//! Security schemes and requirements, as the extensions of OpenAPI write them.

use crate::source::{Key, Map, Node, Span, Value};

/// The scheme of `AWS_IAM`.
pub fn iam_scheme(span: Span) -> Node {
    scheme(span, "Authorization", Some(("x-amazon-apigateway-authtype", Node::string(span, "awsSigv4"))))
}

/// The scheme of API keys.
pub fn api_key_scheme(span: Span) -> Node {
    scheme(span, "x-api-key", None)
}

/// The scheme of an authorizer. The header of TOKEN and Cognito authorizers stands in their identity source.
pub fn authorizer_scheme(span: Span, authorizer: Map) -> Node {
    let authorizer = Node::new(span, Value::Map(authorizer));
    scheme(span, "Authorization", Some(("x-amazon-apigateway-authorizer", authorizer)))
}

fn scheme(span: Span, header: &str, extension: Option<(&str, Node)>) -> Node {
    let mut scheme = Map::default();
    for (key, value) in [("type", "apiKey"), ("in", "header"), ("name", header)] {
        scheme.set(Key::new(key, span), Node::string(span, value));
    }
    if let Some((name, value)) = extension {
        scheme.set(Key::new(name, span), value);
    }
    Node::new(span, Value::Map(scheme))
}

/// `security`: one requirement, or none where it names no scheme.
pub fn security(span: Span, requirement: Map) -> Node {
    let empty = requirement.entries().is_empty();
    let list = if empty { vec![] } else { vec![Node::new(span, Value::Map(requirement))] };
    Node::new(span, Value::List(list))
}

/// A scheme's scopes in a requirement: none.
pub fn no_scopes(span: Span) -> Node {
    Node::new(span, Value::List(Vec::new()))
}
