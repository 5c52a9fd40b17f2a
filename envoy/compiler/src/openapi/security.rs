//! Security schemes to authorizers, and `security` to what a method demands.
//!
//! A scheme that API Gateway does not enforce (a bearer token without an authorizer, an API key in the query string) is
//! an error where a method asks for it: import would drop it and leave the method open.

use std::collections::HashMap;

use super::{ProtocolType, Version};
use crate::api::{Authorization, Authorizer, AuthorizerType, JwtConfiguration};
use crate::read::{Fields, Reader};
use crate::source::{Node, Span, Spanned};

/// What a security scheme is to API Gateway.
#[derive(Debug)]
pub enum Scheme {
    /// The header `x-api-key`.
    ApiKey,
    /// AWS Signature Version 4.
    AwsIam,
    /// A Lambda or Cognito authorizer.
    Authorizer(Box<Authorizer>),
    /// Something that API Gateway does not look at.
    NotEnforced,
    /// It could not be read, which is reported.
    Invalid,
}

const AUTHORIZER_TYPES: [(&str, AuthorizerType); 4] = [
    ("token", AuthorizerType::Token),
    ("request", AuthorizerType::Request),
    ("cognito_user_pools", AuthorizerType::CognitoUserPools),
    ("jwt", AuthorizerType::Jwt),
];

/// Reads the security schemes of a document, in its order.
pub fn read_schemes<'d>(
    reader: &mut Reader<'d>,
    root: &'d Node,
    version: Version,
    protocol: ProtocolType,
) -> Vec<(String, Scheme)> {
    let node = match version {
        Version::V2 => root.get("securityDefinitions"),
        Version::V3 => root.get("components").and_then(|node| node.get("securitySchemes")),
    };
    let Some(map) = node.and_then(|node| reader.map(node)) else { return Vec::new() };
    let mut schemes = Vec::new();
    for entry in map.entries() {
        let node = reader.follow(&entry.value);
        let scheme = node.and_then(|node| read_scheme(reader, node, entry.key.span, protocol));
        schemes.push((entry.key.text.to_string(), scheme.unwrap_or(Scheme::Invalid)));
    }
    schemes
}

fn read_scheme<'d>(reader: &mut Reader<'d>, node: &'d Node, span: Span, protocol: ProtocolType) -> Option<Scheme> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&[
        "description",
        "scheme",
        "bearerFormat",
        "flow",
        "flows",
        "authorizationUrl",
        "tokenUrl",
        "scopes",
        "openIdConnectUrl",
    ]);
    let mut text = |name| fields.take(name).and_then(|node| reader.text(node));
    let (kind, name, place) = (text("type"), text("name"), text("in"));
    let auth_type = text("x-amazon-apigateway-authtype");
    let authorizer = fields.take("x-amazon-apigateway-authorizer");
    fields.finish_extensible(reader);

    let is = |text: &Option<Spanned<String>>, value: &str| {
        text.as_ref().is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    let header = name.as_ref().filter(|_| is(&place, "header"));
    if let Some(node) = authorizer {
        let authorizer = read_authorizer(reader, node, span, auth_type.map(|text| text.value), header)?;
        check_authorizer(reader, &authorizer, protocol);
        return Some(Scheme::Authorizer(Box::new(authorizer)));
    }
    if auth_type.is_some_and(|text| text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("aws"))) {
        return Some(Scheme::AwsIam);
    }
    let api_key = is(&kind, "apiKey") && is(&place, "header") && is(&name, "x-api-key");
    Some(if api_key { Scheme::ApiKey } else { Scheme::NotEnforced })
}

fn read_authorizer<'d>(
    reader: &mut Reader<'d>,
    node: &'d Node,
    span: Span,
    auth_type: Option<String>,
    header: Option<&Spanned<String>>,
) -> Option<Authorizer> {
    let mut fields = reader.fields(node)?;
    let kind = fields.required(reader, "type").and_then(|node| reader.choice(node, &AUTHORIZER_TYPES));
    let mut text = |name| fields.take(name).and_then(|node| reader.filled(node));
    let authorizer_uri = text("authorizerUri");
    let authorizer_credentials = text("authorizerCredentials");
    let identity_validation_expression = text("identityValidationExpression");
    let payload_format_version = text("authorizerPayloadFormatVersion");
    let identity_source = fields.take("identitySource").map(|node| expressions(reader, node)).unwrap_or_default();
    let ttl = fields.take("authorizerResultTtlInSeconds").and_then(|node| reader.integer(node, 0..=3600));
    let provider_arns = fields.take("providerARNs").map(|node| reader.texts(node)).unwrap_or_default();
    let enable_simple_responses = fields.take("enableSimpleResponses").and_then(|node| reader.boolean(node));
    let jwt = fields.take("jwtConfiguration").and_then(|node| read_jwt(reader, node));
    fields.finish(reader);

    let kind = kind?;
    let mut authorizer = Authorizer {
        span,
        kind,
        auth_type,
        identity_source,
        authorizer_uri,
        authorizer_credentials,
        identity_validation_expression,
        result_ttl_seconds: ttl.map(|ttl| ttl.map(|ttl| u32::try_from(ttl).unwrap_or(u32::MAX))),
        provider_arns,
        jwt,
        payload_format_version,
        enable_simple_responses,
    };
    // These look at one header, by default the scheme's own.
    let one_header = !matches!(*kind, AuthorizerType::Request);
    if let (true, true, Some(header)) = (one_header, authorizer.identity_source.is_empty(), header) {
        authorizer.identity_source.push(header.clone().map(|name| format!("method.request.header.{name}")));
    }
    Some(authorizer)
}

fn check_authorizer(reader: &mut Reader<'_>, authorizer: &Authorizer, protocol: ProtocolType) {
    let (kind, span) = (*authorizer.kind, authorizer.kind.span);
    let lambda = matches!(kind, AuthorizerType::Token | AuthorizerType::Request);
    if lambda && authorizer.authorizer_uri.is_none() {
        reader.error(span, format!("an authorizer of type {} needs an `authorizerUri`", kind.as_str()));
    }
    if kind == AuthorizerType::CognitoUserPools && authorizer.provider_arns.is_empty() {
        reader.error(span, "an authorizer of type COGNITO_USER_POOLS needs `providerARNs`");
    }
    let caches = match protocol {
        ProtocolType::Rest => authorizer.result_ttl_seconds.is_none_or(|ttl| *ttl > 0),
        // Without identity sources nothing is kept, unless it is asked for.
        ProtocolType::Http => authorizer.result_ttl_seconds.is_some_and(|ttl| *ttl > 0),
    };
    match kind {
        AuthorizerType::Token if authorizer.identity_source.is_empty() => {
            reader.error(span, "the header with the token is not known: give the scheme `in: header` and a `name`");
        }
        AuthorizerType::Request if authorizer.identity_source.is_empty() && caches => {
            reader.error(span, "an authorizer of type REQUEST needs an `identitySource` while its answers are cached");
        }
        _ => {}
    }
}

/// Identity sources: expressions with commas between them, or a list (HTTP APIs).
fn expressions<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<Spanned<String>> {
    if node.as_list().is_some() {
        return reader.texts(node);
    }
    let Some(text) = reader.text(node) else { return Vec::new() };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Spanned { value: part.to_owned(), span: text.span }).collect()
}

fn read_jwt<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<JwtConfiguration> {
    let mut fields = reader.fields(node)?;
    let issuer = fields.take("issuer").and_then(|node| reader.filled(node));
    let audience = fields.take("audience").map(|node| match node.as_list() {
        Some(_) => reader.texts(node),
        None => reader.text(node).into_iter().collect(),
    });
    fields.finish(reader);
    Some(JwtConfiguration { issuer, audience: audience.unwrap_or_default() })
}

/// Who may call an operation, and where an API key is asked for: its own `security` or the document's, and
/// `x-amazon-apigateway-auth`.
pub fn of_operation<'d>(
    reader: &mut Reader<'d>,
    schemes: &HashMap<String, Scheme>,
    of_document: Option<&'d Node>,
    fields: &mut Fields<'d>,
) -> (Authorization, Option<Span>) {
    let own = fields.take("security");
    let (mut authorization, api_key) = match own.or(of_document) {
        Some(node) => demands(reader, schemes, node),
        None => (Authorization::None, None),
    };
    let Some(node) = fields.take("x-amazon-apigateway-auth") else { return (authorization, api_key) };
    let Some(mut auth) = reader.fields(node) else { return (authorization, api_key) };
    let kind =
        auth.required(reader, "type").and_then(|node| reader.choice(node, &[("NONE", false), ("AWS_IAM", true)]));
    auth.finish(reader);
    match (kind, &authorization) {
        (Some(kind), Authorization::None | Authorization::AwsIam(_)) if *kind => {
            authorization = Authorization::AwsIam(kind.span);
        }
        (Some(kind), _) if *kind => {
            reader.error(kind.span, "a method has one authorizer, and `security` names one besides `AWS_IAM`");
        }
        (Some(_), Authorization::None) | (None, _) => {}
        // Stands at the operation itself, so it takes back what the whole document demands.
        (Some(_), _) if own.is_none() => authorization = Authorization::None,
        (Some(kind), _) => {
            reader.error(kind.span, "`NONE` contradicts the operation's `security`, which names an authorizer");
        }
    }
    (authorization, api_key)
}

/// What `security` demands of callers: the authorization, and where an API key is asked for. All alternatives count
/// together, so that none of them opens a method.
fn demands<'d>(
    reader: &mut Reader<'d>,
    schemes: &HashMap<String, Scheme>,
    node: &'d Node,
) -> (Authorization, Option<Span>) {
    let mut authorization = Authorization::None;
    let mut api_key = None;
    for requirement in reader.list(node) {
        let Some(map) = reader.map(requirement) else { continue };
        for entry in map.entries() {
            let (name, span) = (&*entry.key.text, entry.key.span);
            let named = Spanned { value: name.to_owned(), span };
            let demanded = match schemes.get(name) {
                // What SAM writes where a method takes back the API's authorizer; no scheme has this name.
                None if name == "NONE" => continue,
                None => {
                    reader.error(span, format!("there is no security scheme `{name}`"));
                    continue;
                }
                Some(Scheme::Invalid) => continue,
                Some(Scheme::NotEnforced) => {
                    let text = format!(
                        "API Gateway does not enforce the security scheme `{name}`, the method would be open; expected a \
                         scheme with `x-amazon-apigateway-authorizer` or `x-amazon-apigateway-authtype: awsSigv4`, or the \
                         API key in the header `x-api-key`"
                    );
                    reader.error(span, text);
                    continue;
                }
                Some(Scheme::ApiKey) => {
                    api_key = Some(span);
                    continue;
                }
                Some(Scheme::AwsIam) => Authorization::AwsIam(span),
                Some(Scheme::Authorizer(authorizer)) => match *authorizer.kind {
                    AuthorizerType::CognitoUserPools => {
                        Authorization::CognitoUserPools { authorizer: named, scopes: reader.texts(&entry.value) }
                    }
                    AuthorizerType::Jwt => Authorization::Jwt { authorizer: named, scopes: reader.texts(&entry.value) },
                    AuthorizerType::Token | AuthorizerType::Request => Authorization::Custom(named),
                },
            };
            authorization = combine(reader, authorization, demanded, name, span);
        }
    }
    (authorization, api_key)
}

/// A method has one authorizer.
fn combine(
    reader: &mut Reader<'_>,
    first: Authorization,
    second: Authorization,
    name: &str,
    span: Span,
) -> Authorization {
    use Authorization::{AwsIam, CognitoUserPools, Custom, Jwt, None};
    match (first, second) {
        (None, second) => second,
        (first @ AwsIam(_), AwsIam(_)) => first,
        (Custom(a), Custom(b)) if *a == *b => Custom(a),
        (CognitoUserPools { authorizer, mut scopes }, CognitoUserPools { authorizer: again, scopes: more })
            if *authorizer == *again =>
        {
            scopes.extend(more);
            CognitoUserPools { authorizer, scopes }
        }
        (Jwt { authorizer, mut scopes }, Jwt { authorizer: again, scopes: more }) if *authorizer == *again => {
            scopes.extend(more);
            Jwt { authorizer, scopes }
        }
        (first, _) => {
            reader.error(span, format!("a method has one authorizer, `{name}` would be a second one"));
            first
        }
    }
}
