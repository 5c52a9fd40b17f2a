//! HTTP APIs: which documents describe one, and what is in them.

use super::paths::OPERATIONS;
use super::{ProtocolType, Version, integration};
use crate::api::{HttpApi, HttpMethod, HttpRoute};
use crate::read::Reader;
use crate::source::{Document, Node, Span, Spanned};

/// What makes a document an HTTP API: what the settings say, else something that only HTTP APIs have.
pub fn evidence(document: &Document, version: Version, protocol: Option<ProtocolType>) -> Option<Spanned<String>> {
    let root = document.root()?;
    let because = |span: Span, text: &str| Some(Spanned { value: text.to_owned(), span });
    match protocol {
        Some(ProtocolType::Rest) => return None,
        Some(ProtocolType::Http) => return because(root.span, "`protocolType: HTTP` in the settings"),
        // HTTP APIs are imported from OpenAPI 3 only.
        None if version == Version::V2 => return None,
        None => {}
    }
    for name in ["x-amazon-apigateway-importexport-version", "x-amazon-apigateway-cors"] {
        if let Some(entry) = root.as_map()?.entry(name) {
            return because(entry.key.span, &format!("`{name}`"));
        }
    }
    let schemes = root.get("components").and_then(|node| node.get("securitySchemes")).and_then(Node::as_map);
    for scheme in schemes.map(|map| map.entries()).unwrap_or_default() {
        let kind = scheme.value.get("x-amazon-apigateway-authorizer").and_then(|node| node.get("type"));
        if let Some(kind) = kind.filter(|kind| kind.as_str().is_some_and(|text| text.eq_ignore_ascii_case("jwt"))) {
            return because(kind.span, "an authorizer of type `jwt`");
        }
    }
    for path in root.get("paths")?.as_map()?.entries() {
        if &*path.key.text == "$default" || &*path.key.text == "/$default" {
            return because(path.key.span, "the path `$default`");
        }
        let item = document.follow(&path.value).unwrap_or(&path.value);
        for (name, _) in OPERATIONS {
            let integration = item.get(name).and_then(|node| node.get("x-amazon-apigateway-integration"));
            let integration = integration.and_then(|node| document.follow(node).ok());
            if let Some(found) = integration.and_then(|node| node.as_map()?.entry("payloadFormatVersion")) {
                return because(found.key.span, "`payloadFormatVersion`");
            }
        }
    }
    None
}

/// Reads an HTTP API. What is wrong in it is not reported while HTTP APIs are not run.
pub fn read(document: &Document, root: &Node, evidence: Spanned<String>) -> HttpApi {
    let mut reader = Reader::new(document);
    let name = root.get("info").and_then(|info| info.get("title")).and_then(|node| reader.text(node));
    let mut routes = Vec::new();
    let paths = root.get("paths").and_then(Node::as_map).map(|map| map.entries()).unwrap_or_default();
    for path in paths {
        let item = document.follow(&path.value).unwrap_or(&path.value);
        for (key, verb) in OPERATIONS {
            let Some(operation) = item.as_map().and_then(|map| map.entry(key)) else { continue };
            let integration = operation.value.get("x-amazon-apigateway-integration");
            let integration = integration.and_then(|node| reader.follow(node));
            routes.push(HttpRoute {
                span: operation.key.span,
                path: path.key.text.to_string(),
                http_method: if &*path.key.text == "$default" { HttpMethod::Any } else { verb },
                integration: integration.and_then(|node| integration::read(&mut reader, node)),
            });
        }
    }
    HttpApi { span: root.span, name: name.map(|text| text.value), evidence, routes }
}
