//! The top level of a document to a REST API.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::security::{self, Scheme};
use super::{Options, ProtocolType, Version, base_path, gateway_responses, paths, schemas};
use crate::api::{ApiKeySource, RequestValidator, ResourceTree, RestApi};
use crate::diagnostics::Diagnostic;
use crate::read::{Fields, Reader};
use crate::source::{Node, Position, Role, Sources, Spanned};

/// Largest value of `minimumCompressionSize`, in bytes.
const MAX_COMPRESSION_SIZE: i64 = 10_485_760;

/// Largest resource policy, in characters as JSON without blanks. [API Gateway quotas]
const MAX_POLICY_CHARACTERS: usize = 8192;

/// What the operations of a document share.
pub struct Context<'d> {
    pub version: Version,
    pub schemes: HashMap<String, Scheme>,
    /// `security` of the document.
    pub security: Option<&'d Node>,
    /// Validator of the document.
    pub request_validator: Option<Spanned<String>>,
    /// Media types of bodies (Swagger 2).
    pub consumes: Vec<Spanned<String>>,
    /// Media types of answers (Swagger 2).
    pub produces: Vec<Spanned<String>>,
    /// What stands before every path.
    pub path_prefix: String,
}

/// Reads a document as a REST API.
pub fn read<'d>(reader: &mut Reader<'d>, root: &'d Node, version: Version, options: &Options) -> Option<RestApi> {
    let mut fields = reader.fields(root)?;
    fields.ignore(&["swagger", "openapi", "host", "schemes", "tags", "externalDocs"]);
    let mut api = RestApi {
        span: root.span,
        name: None,
        version: None,
        description: None,
        resources: ResourceTree::new(root.span),
        models: schemas::read_models(reader, root, version),
        request_validators: IndexMap::new(),
        authorizers: IndexMap::new(),
        gateway_responses: IndexMap::new(),
        binary_media_types: Vec::new(),
        minimum_compression_size: None,
        api_key_source: None,
        policy: None,
        disable_execute_api_endpoint: None,
        vpc_endpoint_ids: Vec::new(),
    };
    match version {
        Version::V2 => fields.ignore(&["basePath", "definitions", "securityDefinitions", "parameters", "responses"]),
        Version::V3 => fields.ignore(&["servers", "components"]),
    }
    if let Some(info) = fields.take("info") {
        let mut text = |name| info.get(name).and_then(|node| reader.text(node)).map(|text| text.value);
        api.name = text("title");
        api.version = text("version");
        api.description = text("description");
    }
    read_extensions(reader, &mut fields, &mut api);
    read_endpoint(reader, &mut fields, root, &mut api);

    let mut texts = |name| fields.take(name).map(|node| reader.texts(node)).unwrap_or_default();
    let (consumes, produces) = (texts("consumes"), texts("produces"));
    let base_path = base_path::base_path(reader, root, version);
    let schemes = security::read_schemes(reader, root, version, ProtocolType::Rest);
    for (name, scheme) in &schemes {
        if let Scheme::Authorizer(authorizer) = scheme {
            api.authorizers.insert(name.clone(), (**authorizer).clone());
        }
    }
    let request_validator = fields.take("x-amazon-apigateway-request-validator").and_then(|node| reader.filled(node));
    if let Some(name) = &request_validator {
        check_validator(reader, &api, name);
    }
    let context = Context {
        version,
        schemes: schemes.into_iter().collect(),
        security: fields.take("security"),
        request_validator,
        consumes,
        produces,
        path_prefix: options.base_path.prefix(&base_path.map(|(path, _)| path).unwrap_or_default()),
    };
    if let Some(node) = fields.required(reader, "paths") {
        paths::read(reader, &context, &mut api, node);
    }
    fields.finish_extensible(reader);
    Some(api)
}

fn read_extensions<'d>(reader: &mut Reader<'d>, fields: &mut Fields<'d>, api: &mut RestApi) {
    // No effect at run time.
    fields.ignore(&[
        "x-amazon-apigateway-documentation",
        "x-amazon-apigateway-importexport-version",
        "x-amazon-apigateway-security-policy",
        "x-amazon-apigateway-endpoint-access-mode",
    ]);
    if let Some(entry) = fields.entry("x-amazon-apigateway-cors") {
        let text = "this extension is for HTTP APIs; in a REST API it has no effect, CORS takes OPTIONS methods";
        reader.warning(entry.key.span, text);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-api-key-source") {
        let words = [("HEADER", ApiKeySource::Header), ("AUTHORIZER", ApiKeySource::Authorizer)];
        api.api_key_source = reader.choice(node, &words);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-binary-media-types") {
        api.binary_media_types = reader.texts(node);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-minimum-compression-size") {
        let size = reader.integer(node, 0..=MAX_COMPRESSION_SIZE);
        api.minimum_compression_size = size.map(|size| size.map(|size| u32::try_from(size).unwrap_or(u32::MAX)));
    }
    if let Some(node) = fields.take("x-amazon-apigateway-policy") {
        api.policy = read_policy(reader, node);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-gateway-responses") {
        api.gateway_responses = gateway_responses::read(reader, node);
    }
    if let Some(node) = fields.take("x-amazon-apigateway-request-validators") {
        api.request_validators = reader.map_of(node, |reader, entry| {
            let mut fields = reader.fields(&entry.value)?;
            let mut flag = |name| fields.take(name).and_then(|node| reader.boolean(node)).is_some_and(|flag| *flag);
            let validate_request_body = flag("validateRequestBody");
            let validate_request_parameters = flag("validateRequestParameters");
            fields.finish(reader);
            Some(RequestValidator { span: entry.key.span, validate_request_body, validate_request_parameters })
        });
    }
}

/// The resource policy: a JSON object, or its text.
fn read_policy(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<serde_json::Value>> {
    let value = match node.as_str() {
        Some(text) if node.cloudformation_function().is_none() => match policy_of_text(text) {
            Ok(value) => value,
            Err(problems) => {
                for problem in problems {
                    reader.error(node.span, problem);
                }
                return None;
            }
        },
        _ => node.to_json(),
    };
    if !value.is_object() || node.cloudformation_function().is_some() {
        reader.error(node.span, format!("found {}, expected a policy document", node.description()));
        return None;
    }
    let length = value.to_string().chars().count();
    if length > MAX_POLICY_CHARACTERS {
        let text = format!("the policy has {length} characters, at most {MAX_POLICY_CHARACTERS} are accepted");
        reader.error(node.span, text);
    }
    Some(Spanned { value, span: node.span })
}

/// What stands in the text of a policy. A key that stands there twice makes the policy invalid, and JSON readers keep
/// the last one, so the text is read as a document as well.
fn policy_of_text(text: &str) -> Result<serde_json::Value, Vec<String>> {
    let value = serde_json::from_str(text).map_err(|error| vec![format!("this is no JSON: {error}")])?;
    let mut sources = Sources::default();
    let (id, diagnostics) = sources.add("policy", Role::Definition, text.as_bytes().to_vec());
    let Some(document) = sources.document(id).filter(|_| !diagnostics.is_empty()) else { return Ok(value) };
    let problem = |diagnostic: &Diagnostic| {
        let Position { line, column } = document.position(diagnostic.span);
        format!("{}, at line {line} column {column} of the text", diagnostic.message)
    };
    Err(diagnostics.iter().map(problem).collect())
}

/// The endpoint configuration stands at the top level (2.0) or with a server (3.0).
fn read_endpoint<'d>(reader: &mut Reader<'d>, fields: &mut Fields<'d>, root: &'d Node, api: &mut RestApi) {
    const NAME: &str = "x-amazon-apigateway-endpoint-configuration";
    let servers = root.get("servers").and_then(Node::as_list).unwrap_or_default();
    let nodes: Vec<&Node> =
        fields.take(NAME).into_iter().chain(servers.iter().filter_map(|node| node.get(NAME))).collect();
    for node in nodes {
        let Some(mut fields) = reader.fields(node) else { continue };
        fields.ignore(&["ipAddressType"]);
        if let Some(node) = fields.take("types") {
            check_types(reader, node, root);
        }
        if let Some(node) = fields.take("disableExecuteApiEndpoint") {
            api.disable_execute_api_endpoint = reader.boolean(node);
        }
        if let Some(node) = fields.take("vpcEndpointIds") {
            api.vpc_endpoint_ids = reader.texts(node);
        }
        fields.finish(reader);
    }
}

/// Everybody may call a Regional API without a resource policy, and nobody a private one: served as the former, it would
/// be open.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>
fn check_types<'d>(reader: &mut Reader<'d>, node: &'d Node, root: &'d Node) {
    let types = node.as_list().unwrap_or(std::slice::from_ref(node));
    let private = types.iter().find(|node| node.as_str() == Some("PRIVATE"));
    if let Some(node) = private.filter(|_| root.get("x-amazon-apigateway-policy").is_none()) {
        let text = "a private API needs a resource policy: API Gateway answers every call 403 without one";
        reader.error(node.span, text);
    }
}

/// Reports a validator that the document does not define.
pub fn check_validator(reader: &mut Reader<'_>, api: &RestApi, name: &Spanned<String>) {
    if api.request_validators.contains_key(&**name) {
        return;
    }
    let names: Vec<&str> = api.request_validators.keys().map(String::as_str).collect();
    let expected = match crate::read::one_of(&names) {
        names if names.is_empty() => "the document defines none".to_owned(),
        names => format!("expected {names}"),
    };
    reader.error(name.span, format!("there is no request validator `{}`, {expected}", **name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_policies() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let read = policy_of_text(text).map(|value| value.to_string()).map_err(|problems| problems.join("; "));
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{text}");
        };
        check(r#"{"Id": "a\/b", "Statement": []}"#, Ok(r#"{"Id":"a/b","Statement":[]}"#));
        check(r#"{"Id": "a", "Id": "b"}"#, Err("the key `Id` stands here twice, at line 1 column 13 of the text"));
        check(
            "{\"a\": 1,\n \"\\u0061\": 1, \"b\": {\"c\": 1, \"c\": 2}}",
            Err("the key `a` stands here twice, at line 2 column 2 of the text; \
                 the key `c` stands here twice, at line 2 column 29 of the text"),
        );
        check("Statement: []", Err("this is no JSON: expected value at line 1 column 1"));
    }
}
