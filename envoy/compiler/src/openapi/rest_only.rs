//! What only documents of REST APIs have.

use super::paths::OPERATIONS;
use crate::source::{Document, Node};

/// Extensions at the top of a document.
const EXTENSIONS: [&str; 9] = [
    "x-amazon-apigateway-api-key-source",
    "x-amazon-apigateway-binary-media-types",
    "x-amazon-apigateway-documentation",
    "x-amazon-apigateway-endpoint-configuration",
    "x-amazon-apigateway-gateway-responses",
    "x-amazon-apigateway-minimum-compression-size",
    "x-amazon-apigateway-policy",
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-request-validators",
];
/// Types of integrations.
const INTEGRATIONS: [&str; 3] = ["aws", "http", "mock"];
/// Types of authorizers.
const AUTHORIZERS: [&str; 2] = ["cognito_user_pools", "token"];
/// Fields of integrations.
const MAPPINGS: [&str; 4] = ["cacheKeyParameters", "passthroughBehavior", "requestTemplates", "responses"];

/// Whether something in a document is none of an HTTP API's.
pub(super) fn has_any(document: &Document, root: &Node) -> bool {
    let is_one_of = |node: Option<&Node>, words: &[&str]| {
        node.and_then(Node::as_str).is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    let schemes = root.get("components").and_then(|node| node.get("securitySchemes"));
    let mut authorizers = entries(schemes).filter_map(|scheme| scheme.get("x-amazon-apigateway-authorizer"));
    let of_rest = |integration: &Node| {
        is_one_of(integration.get("type"), &INTEGRATIONS) || MAPPINGS.iter().any(|name| integration.get(name).is_some())
    };
    let operations = entries(root.get("paths")).flat_map(|item| {
        let item = document.follow(item).unwrap_or(item);
        OPERATIONS.iter().filter_map(|(name, _)| item.get(name))
    });
    let mut operations = operations.filter(|operation| operation.as_map().is_some());
    EXTENSIONS.iter().any(|name| root.get(name).is_some())
        || authorizers.any(|authorizer| is_one_of(authorizer.get("type"), &AUTHORIZERS))
        || operations.any(|operation| {
            let integration = operation.get("x-amazon-apigateway-integration");
            operation.get("x-amazon-apigateway-request-validator").is_some()
                || integration.and_then(|node| document.follow(node).ok()).is_some_and(of_rest)
        })
}

fn entries(map: Option<&Node>) -> impl Iterator<Item = &Node> {
    map.and_then(Node::as_map).map(|map| map.entries()).unwrap_or_default().iter().map(|entry| &entry.value)
}
