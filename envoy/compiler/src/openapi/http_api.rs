//! HTTP APIs: which documents describe one, and what is in them.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::paths::OPERATIONS;
use super::security::Scheme;
use super::{ProtocolType, Version, integration, rest_only, security};
use crate::api::{Authorization, Cors, HttpApi, HttpMethod, HttpRoute, PathError, PathPart};
use crate::read::Reader;
use crate::source::{Document, Entry, Map, Node, Span, Spanned};

/// What makes a document an HTTP API: what the settings or its template say, else something that only HTTP APIs have.
pub fn evidence(document: &Document, version: Version, protocol: Option<ProtocolType>) -> Option<Spanned<String>> {
    const VERSION: &str = "x-amazon-apigateway-importexport-version";
    let root = document.root()?;
    let because = |span: Span, text: &str| Some(Spanned { value: text.to_owned(), span });
    match protocol {
        Some(ProtocolType::Rest) => return None,
        // In a template's document the mark stands for the template.
        Some(ProtocolType::Http) => {
            return match root.as_map().and_then(|map| map.entry(VERSION)) {
                Some(mark) => because(mark.key.span, &format!("`{VERSION}`")),
                None => because(root.span, "`protocolType: HTTP` in the settings"),
            };
        }
        // HTTP APIs are imported from OpenAPI 3 only.
        None if version == Version::V2 => return None,
        None => {}
    }
    const CORS: &str = "x-amazon-apigateway-cors";
    if let Some(entry) = root.as_map()?.entry(CORS) {
        return because(entry.key.span, &format!("`{CORS}`"));
    }
    let schemes = root.get("components").and_then(|node| node.get("securitySchemes")).and_then(Node::as_map);
    for scheme in schemes.map(|map| map.entries()).unwrap_or_default() {
        let kind = scheme.value.get("x-amazon-apigateway-authorizer").and_then(|node| node.get("type"));
        if let Some(kind) = kind.filter(|kind| kind.as_str().is_some_and(|text| text.eq_ignore_ascii_case("jwt"))) {
            return because(kind.span, "an authorizer of type `jwt`");
        }
    }
    for path in root.get("paths").and_then(Node::as_map).map(|map| map.entries()).unwrap_or_default() {
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
    // Exports of HTTP APIs have it. By itself it does not make one of what REST APIs alone can be.
    let version = root.as_map()?.entry(VERSION).filter(|_| !rest_only::has_any(document, root))?;
    because(version.key.span, &format!("`{VERSION}`"))
}

/// What the operations of a document share.
struct Context<'d> {
    schemes: HashMap<String, Scheme>,
    /// `security` of the document.
    security: Option<&'d Node>,
}

/// Reads a document as an HTTP API.
pub fn read<'d>(reader: &mut Reader<'d>, root: &'d Node, evidence: Spanned<String>) -> Option<HttpApi> {
    let mut fields = reader.fields(root)?;
    fields.ignore(&[
        "openapi",
        "tags",
        "externalDocs",
        "components",
        "x-amazon-apigateway-importexport-version",
        "x-amazon-apigateway-documentation",
    ]);
    let info = fields.take("info");
    let name = info.and_then(|info| info.get("title")).and_then(|node| reader.text(node));
    let mut api = HttpApi {
        span: root.span,
        name: name.map(|text| text.value),
        evidence,
        routes: Vec::new(),
        authorizers: IndexMap::new(),
        cors: fields.take("x-amazon-apigateway-cors").and_then(|node| read_cors(reader, node)),
        disable_execute_api_endpoint: None,
    };
    for server in fields.take("servers").map(|node| reader.list(node)).unwrap_or_default() {
        let endpoint = server.get("x-amazon-apigateway-endpoint-configuration");
        if let Some(flag) = endpoint.and_then(|node| node.get("disableExecuteApiEndpoint")) {
            api.disable_execute_api_endpoint = reader.boolean(flag);
        }
    }
    let schemes = security::read_schemes(reader, root, Version::V3, ProtocolType::Http);
    for (name, scheme) in &schemes {
        if let Scheme::Authorizer(authorizer) = scheme {
            api.authorizers.insert(name.clone(), (**authorizer).clone());
        }
    }
    let context = Context { schemes: schemes.into_iter().collect(), security: fields.take("security") };
    for entry in
        fields.required(reader, "paths").and_then(|node| reader.map(node)).map(Map::entries).unwrap_or_default()
    {
        if !entry.key.text.starts_with("x-") {
            read_path(reader, &context, &mut api, entry);
        }
    }
    fields.finish_extensible(reader);
    Some(api)
}

fn read_path<'d>(reader: &mut Reader<'d>, context: &Context<'d>, api: &mut HttpApi, entry: &'d Entry) {
    let key = &*entry.key.text;
    let is_default = matches!(key, "$default" | "/$default");
    let parts: Result<Vec<PathPart>, PathError> = match key {
        "/" => Ok(Vec::new()),
        _ if is_default => Ok(Vec::new()),
        _ => match key.strip_prefix('/') {
            Some(rest) => rest.split('/').map(PathPart::parse).collect(),
            None => Err(PathError::NoLeadingSlash),
        },
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return reader.error(entry.key.span, error.to_string()),
    };
    let greedy = parts.iter().position(|part| matches!(part, PathPart::Greedy(_)));
    if greedy.is_some_and(|at| at + 1 < parts.len()) {
        return reader.error(entry.key.span, "a greedy variable (`{name+}`) is the last part of a path");
    }
    let Some(item) = reader.follow(&entry.value).and_then(|node| reader.map(node)) else { return };
    for operation in item.entries() {
        let Some((_, verb)) = OPERATIONS.into_iter().find(|(name, _)| *name == &*operation.key.text) else {
            let known = matches!(&*operation.key.text, "parameters" | "summary" | "description" | "servers");
            if !known && !operation.key.text.starts_with("x-") {
                reader.error(operation.key.span, format!("`{}` is no verb of API Gateway", operation.key.text));
            }
            continue;
        };
        let route = HttpRoute {
            span: operation.key.span,
            path: if is_default { "$default".to_owned() } else { key.to_owned() },
            parts: parts.clone(),
            http_method: if is_default { HttpMethod::Any } else { verb },
            authorization: Authorization::None,
            operation_name: None,
            integration: None,
        };
        if let Some(route) = read_operation(reader, context, route, &operation.value) {
            api.routes.push(route);
        }
    }
}

fn read_operation<'d>(
    reader: &mut Reader<'d>,
    context: &Context<'d>,
    mut route: HttpRoute,
    node: &'d Node,
) -> Option<HttpRoute> {
    let mut fields = reader.fields(node)?;
    // Models and declared parameters are for readers: an HTTP API checks none of them.
    fields.ignore(&[
        "tags",
        "summary",
        "description",
        "externalDocs",
        "deprecated",
        "callbacks",
        "servers",
        "parameters",
        "requestBody",
        "responses",
        // What SAM writes beside the path `$default`.
        "isDefaultRoute",
    ]);
    route.operation_name = fields.take("operationId").and_then(|node| reader.filled(node)).map(|text| text.value);
    let (authorization, api_key) = security::of_operation(reader, &context.schemes, context.security, &mut fields);
    route.authorization = authorization;
    if let Some(span) = api_key {
        reader.error(span, "HTTP APIs have no API keys");
    }
    if let Some(node) = fields.take("x-amazon-apigateway-integration") {
        route.integration = reader.follow(node).and_then(|node| integration::read(reader, node));
    }
    fields.finish_extensible(reader);
    Some(route)
}

fn read_cors<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Cors> {
    let mut fields = reader.fields(node)?;
    let mut texts = |name| fields.take(name).map(|node| reader.texts(node)).unwrap_or_default();
    let (allow_origins, allow_methods) = (texts("allowOrigins"), texts("allowMethods"));
    let (allow_headers, expose_headers) = (texts("allowHeaders"), texts("exposeHeaders"));
    let max_age = fields.take("maxAge").and_then(|node| reader.integer(node, -1..=86_400));
    let allow_credentials = fields.take("allowCredentials").and_then(|node| reader.boolean(node));
    fields.finish(reader);
    let all = allow_origins.iter().any(|origin| **origin == "*");
    if let Some(flag) = allow_credentials.filter(|flag| **flag && all) {
        reader.error(flag.span, "credentials are not allowed for the origin `*`");
    }
    Some(Cors {
        span: node.span,
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age: max_age.map(|age| age.map(|age| i32::try_from(age).unwrap_or(0))),
        allow_credentials,
    })
}
