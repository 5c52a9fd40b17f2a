//! `AWS::ApiGateway::Method` and `AWS::ApiGateway::Resource` as operations under paths.

use super::document::RequestBody;
use super::rest_api::{API_KEY_SCHEME, Api, IAM_SCHEME, rename};
use super::scheme::{self, no_scopes};
use super::{Resource, Template};
use crate::models::built_in;
use crate::openapi::Version;
use crate::read::Reader;
use crate::source::{Entry, Key, Map, Node, Span, Spanned, Value};

/// Deepest resource. API Gateway has no limit of its own, but paths have 8,192 characters.
const MAX_RESOURCE_DEPTH: usize = 256;

/// Adds all methods of the API to its document.
pub fn add<'t>(reader: &mut Reader<'t>, api: &mut Api<'t>, template: &'t Template) {
    for (_, resource) in api.members(template, "AWS::ApiGateway::Method") {
        let Some(id) = resource.text("ResourceId") else {
            reader.error(resource.span, "the field `ResourceId` is missing");
            continue;
        };
        let Some(path) = path(reader, api, template, &id) else { continue };
        let Some((verb, operation)) = operation(reader, api, resource) else { continue };
        let (path, verb) = (Key::new(&path, id.span), Key::new(&verb, resource.span));
        if !api.document.add_operation(&path, &verb, operation) {
            reader.error(resource.span, format!("{} {} is there already", verb.text, path.text));
        }
    }
}

/// The path of a resource, from its parents' parts.
fn path(reader: &mut Reader<'_>, api: &Api<'_>, template: &Template, id: &Spanned<String>) -> Option<String> {
    let root = format!("{}.RootResourceId", api.id.value);
    let mut parts: Vec<String> = Vec::new();
    let mut at = id.value.clone();
    while at != root {
        let resource = template.resources.get(&at).filter(|found| *found.kind == "AWS::ApiGateway::Resource");
        let found = resource.and_then(|resource| Some((resource.text("PathPart")?, resource.text("ParentId")?)));
        let Some((part, parent)) = found.filter(|_| parts.len() < MAX_RESOURCE_DEPTH) else {
            reader.error(id.span, format!("`{}` is no resource below the API's root", **id));
            return None;
        };
        parts.push(part.value);
        at = parent.value;
    }
    parts.reverse();
    Some(format!("/{}", parts.join("/")))
}

/// The operation and the key under which it stands.
fn operation<'t>(reader: &mut Reader<'t>, api: &mut Api<'t>, resource: &'t Resource) -> Option<(String, Map)> {
    let span = resource.span;
    let mut fields = reader.fields(&resource.properties)?;
    fields.ignore(&["RestApiId", "ResourceId"]);
    let verb = fields.required(reader, "HttpMethod").and_then(|node| reader.text(node))?;
    let key = match &**verb {
        "ANY" => "x-amazon-apigateway-any-method".to_owned(),
        verb => verb.to_ascii_lowercase(),
    };
    let mut operation = Map::default();
    rename(&mut fields, &mut operation, &[("OperationName", "operationId")]);
    let mut word = |name| fields.take(name).and_then(|node| reader.text(node));
    let (kind, authorizer) = (word("AuthorizationType"), word("AuthorizerId"));
    let validator = word("RequestValidatorId");
    let scopes = fields.take("AuthorizationScopes");
    let api_key = fields.take("ApiKeyRequired").and_then(|node| reader.boolean(node)).filter(|flag| **flag);
    let mut security = security(reader, api, span, kind, authorizer, scopes);
    if let Some(flag) = api_key {
        api.document.add_api_key_scheme(Key::new(API_KEY_SCHEME, flag.span));
        security.set(Key::new(API_KEY_SCHEME, flag.span), no_scopes(flag.span));
    }
    operation.set(Key::new("security", span), scheme::security(span, security));
    if let Some(validator) = validator {
        let name = named(reader, api, &validator, "request validator");
        operation.set(Key::new("x-amazon-apigateway-request-validator", validator.span), name);
    }
    let mut parameters = Vec::new();
    for entry in
        fields.take("RequestParameters").and_then(|node| reader.map(node)).map(Map::entries).unwrap_or_default()
    {
        let Entry { key, value } = entry;
        api.document.add_request_parameter(reader, &key.text, key.span, value, &mut parameters);
    }
    if let Some(node) = fields.take("RequestModels") {
        models(reader, api, node, &mut operation, &mut parameters);
    }
    operation.set(Key::new("parameters", span), Node::new(span, Value::List(parameters)));
    let responses = fields.take("MethodResponses").map(|node| responses(reader, api, node)).unwrap_or_default();
    operation.set(Key::new("responses", span), Node::new(span, Value::Map(responses)));
    if let Some(entry) = fields.entry("Integration")
        && let Some(integration) = integration(reader, &entry.value)
    {
        let node = Node::new(entry.value.span, Value::Map(integration));
        operation.set(Key::new("x-amazon-apigateway-integration", entry.key.span), node);
    }
    fields.finish(reader);
    Some((key, operation))
}

/// The requirement of a method's authorization. What cannot be understood is an error, never no authorization.
fn security(
    reader: &mut Reader<'_>,
    api: &mut Api<'_>,
    span: Span,
    kind: Option<Spanned<String>>,
    authorizer: Option<Spanned<String>>,
    scopes: Option<&Node>,
) -> Map {
    let mut requirement = Map::default();
    let Some(kind) = kind else {
        if let Some(authorizer) = authorizer {
            reader.error(authorizer.span, "an `AuthorizerId` needs an `AuthorizationType`");
        }
        return requirement;
    };
    match (&**kind, authorizer) {
        ("NONE", None) => {}
        ("AWS_IAM", None) => {
            api.document.add_iam_scheme(Key::new(IAM_SCHEME, kind.span));
            requirement.set(Key::new(IAM_SCHEME, kind.span), no_scopes(kind.span));
        }
        ("CUSTOM" | "COGNITO_USER_POOLS", Some(authorizer)) => {
            let name = named(reader, api, &authorizer, "authorizer");
            let scopes = scopes.cloned().unwrap_or_else(|| no_scopes(span));
            requirement.set(Key::new(name.as_str().unwrap_or_default(), authorizer.span), scopes);
        }
        ("CUSTOM" | "COGNITO_USER_POOLS", None) => {
            reader.error(kind.span, format!("`AuthorizationType: {}` needs an `AuthorizerId`", *kind));
        }
        ("NONE" | "AWS_IAM", Some(authorizer)) => {
            reader.error(authorizer.span, format!("an authorizer has no effect with `AuthorizationType: {}`", *kind));
        }
        _ => {
            let text = "expected `AWS_IAM`, `COGNITO_USER_POOLS`, `CUSTOM` or `NONE`";
            reader.error(kind.span, format!("found `{}`, {text}", *kind));
        }
    }
    requirement
}

/// The name in the document of what a logical id stands for.
fn named(reader: &mut Reader<'_>, api: &Api<'_>, id: &Spanned<String>, what: &str) -> Node {
    let name = api.names.get(id.as_str());
    if name.is_none() {
        reader.error(id.span, format!("there is no {what} `{}` of this API in the template", **id));
    }
    Node::string(id.span, name.unwrap_or(&id.value))
}

/// `RequestModels`: the model of the body for each media type.
fn models<'t>(reader: &mut Reader<'t>, api: &Api<'_>, node: &'t Node, operation: &mut Map, parameters: &mut Vec<Node>) {
    let mut content = Vec::new();
    for entry in reader.map(node).map(Map::entries).unwrap_or_default() {
        let Some(id) = reader.text(&entry.value) else { continue };
        let Some(model) = model_name(reader, api, &id) else { continue };
        content.push((entry.key.clone(), api.document.schema_reference(&model, id.span)));
    }
    if content.is_empty() {
        return;
    }
    if api.document.version == Version::V2 {
        let types = content.iter().map(|(key, _)| Node::string(key.span, &key.text)).collect();
        operation.set(Key::new("consumes", node.span), Node::new(node.span, Value::List(types)));
    }
    let body = RequestBody { span: node.span, name: "body".to_owned(), required: None, content };
    api.document.set_request_body(body, operation, parameters);
}

/// The name of a model, from its logical id or from its name itself. `Empty` and `Error` are in every API, whether the
/// template has them or not.
fn model_name(reader: &mut Reader<'_>, api: &Api<'_>, id: &Spanned<String>) -> Option<String> {
    if let Some(name) = api.names.get(id.as_str()).or_else(|| api.names.values().find(|name| **name == **id)) {
        return Some(name.clone());
    }
    if built_in(id).is_some() {
        return Some(id.value.clone());
    }
    reader.error(id.span, format!("there is no model `{}` of this API in the template", **id));
    None
}

fn responses<'t>(reader: &mut Reader<'t>, api: &Api<'_>, node: &'t Node) -> Map {
    let mut responses = Map::default();
    for item in reader.list(node) {
        let Some(mut fields) = reader.fields(item) else { continue };
        fields.ignore(&["ResponseModels"]);
        let status = fields.required(reader, "StatusCode").and_then(|node| reader.text(node));
        let parameters = fields.take("ResponseParameters");
        fields.finish(reader);
        let Some(status) = status else { continue };
        let response = responses.child(Key::new(&status, status.span));
        response.set(Key::new("description", item.span), Node::string(item.span, ""));
        for entry in parameters.and_then(|node| reader.map(node)).map(Map::entries).unwrap_or_default() {
            let Some(name) = entry.key.text.strip_prefix("method.response.header.") else {
                let text =
                    format!("`{}` is no response header, expected `method.response.header.NAME`", entry.key.text);
                reader.error(entry.key.span, text);
                continue;
            };
            let span = entry.key.span;
            api.document.set_text_type(response.child(Key::new("headers", span)).child(Key::new(name, span)), span);
        }
    }
    responses
}

/// `Integration` under the names of `x-amazon-apigateway-integration`.
fn integration<'t>(reader: &mut Reader<'t>, node: &'t Node) -> Option<Map> {
    let mut fields = reader.fields(node)?;
    let mut integration = Map::default();
    rename(
        &mut fields,
        &mut integration,
        &[
            ("Type", "type"),
            ("IntegrationHttpMethod", "httpMethod"),
            ("Uri", "uri"),
            ("Credentials", "credentials"),
            ("ConnectionType", "connectionType"),
            ("ConnectionId", "connectionId"),
            ("PassthroughBehavior", "passthroughBehavior"),
            ("RequestParameters", "requestParameters"),
            ("RequestTemplates", "requestTemplates"),
            ("ContentHandling", "contentHandling"),
            ("TimeoutInMillis", "timeoutInMillis"),
            ("CacheKeyParameters", "cacheKeyParameters"),
            ("CacheNamespace", "cacheNamespace"),
            ("IntegrationTarget", "integrationTarget"),
            ("ResponseTransferMode", "responseTransferMode"),
        ],
    );
    if let Some(entry) = fields.entry("TlsConfig") {
        let mut tls = Map::default();
        if let Some(mut fields) = reader.fields(&entry.value) {
            rename(&mut fields, &mut tls, &[("InsecureSkipVerification", "insecureSkipVerification")]);
            fields.finish(reader);
        }
        integration.set(Key::new("tlsConfig", entry.key.span), Node::new(entry.value.span, Value::Map(tls)));
    }
    let mut responses = Map::default();
    for item in fields.take("IntegrationResponses").map(|node| reader.list(node)).unwrap_or_default() {
        let Some(mut fields) = reader.fields(item) else { continue };
        let pattern = fields.take("SelectionPattern").and_then(|node| reader.filled(node));
        let mut response = Map::default();
        rename(
            &mut fields,
            &mut response,
            &[
                ("StatusCode", "statusCode"),
                ("ResponseParameters", "responseParameters"),
                ("ResponseTemplates", "responseTemplates"),
                ("ContentHandling", "contentHandling"),
            ],
        );
        fields.finish(reader);
        let (key, span) = pattern.map_or(("default".to_owned(), item.span), |text| (text.value, text.span));
        if responses.get(&key).is_some() {
            reader.error(span, format!("there is an integration response for `{key}` already"));
            continue;
        }
        responses.set(Key::new(&key, span), Node::new(item.span, Value::Map(response)));
    }
    if !responses.entries().is_empty() {
        integration.set(Key::new("responses", node.span), Node::new(node.span, Value::Map(responses)));
    }
    fields.finish(reader);
    Some(integration)
}
