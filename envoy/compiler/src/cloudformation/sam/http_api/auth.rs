//! `Auth` of an HTTP API and of its events.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapiauth.html>

use super::HttpApi;
use crate::cloudformation::rest_api::rename;
use crate::cloudformation::sam::invocation_uri;
use crate::cloudformation::scheme::{authorizer_scheme, iam_scheme, no_scopes, security};
use crate::read::{Fields, Reader};
use crate::source::{Entry, Key, Map, Node, Span, Spanned, Value};

/// SAM's name of the scheme of signed requests.
const IAM: &str = "AWS_IAM";
/// What takes the API's authorizer back.
const NONE: &str = "NONE";

/// `Auth` of an API.
#[derive(Default)]
pub struct Auth<'a> {
    default_authorizer: Option<Spanned<String>>,
    /// Names of the authorizers, with the scopes that they ask for.
    authorizers: Vec<(&'a str, Option<&'a Node>)>,
    /// Whether requests may be signed.
    iam: bool,
}

impl<'a> Auth<'a> {
    /// Reads `Auth` and adds the schemes of its authorizers to the body.
    pub fn read(reader: &mut Reader<'a>, api: &mut HttpApi<'a>, of_api: &mut Fields<'a>) -> Self {
        let mut auth = Self::default();
        let Some(mut fields) = of_api.take("Auth").and_then(|node| reader.fields(node)) else { return auth };
        auth.default_authorizer = fields.take("DefaultAuthorizer").and_then(|node| reader.filled(node));
        auth.iam = fields
            .entry("EnableIamAuthorizer")
            .and_then(|entry| Some((entry.key.span, reader.boolean(&entry.value)?)))
            .filter(|(_, flag)| **flag)
            .inspect(|(span, _)| api.document.set_scheme(Key::new(IAM, *span), iam_scheme(*span)))
            .is_some();
        let authorizers = fields.take("Authorizers").and_then(|node| reader.map(node));
        for Entry { key, value } in authorizers.map(Map::entries).unwrap_or_default() {
            if let Some((scheme, scopes)) = authorizer(reader, api.region, value, key.span) {
                api.document.set_scheme(key.clone(), scheme);
                auth.authorizers.push((&*key.text, scopes));
            }
        }
        fields.finish(reader);
        if let Some(name) = &auth.default_authorizer {
            auth.check(reader, name);
        }
        auth
    }

    fn check(&self, reader: &mut Reader<'a>, name: &Spanned<String>) {
        let known = match name.as_str() {
            NONE => true,
            IAM if !self.iam => {
                reader.error(name.span, "`AWS_IAM` needs `EnableIamAuthorizer: true` in the API's `Auth`");
                return;
            }
            IAM => true,
            name => self.authorizers.iter().any(|(known, _)| *known == name),
        };
        if !known {
            reader.error(name.span, format!("the API has no authorizer `{}`", **name));
        }
    }

    /// What an event's operation demands, where the event itself says who may call it.
    pub fn of_event(&self, reader: &mut Reader<'a>, node: Option<&'a Node>) -> Option<Node> {
        let node = node?;
        let mut fields = reader.fields(node)?;
        let authorizer = fields.take("Authorizer").and_then(|node| reader.filled(node));
        let scopes = fields.take("AuthorizationScopes");
        fields.finish(reader);
        let authorizer = match authorizer {
            Some(name) => {
                self.check(reader, &name);
                name
            }
            None => self.default_authorizer.clone().or_else(|| {
                if let Some(scopes) = scopes {
                    reader.error(scopes.span, "scopes are an authorizer's: name one");
                }
                None
            })?,
        };
        let mut requirement = Map::default();
        self.demand(&authorizer, scopes, &mut requirement);
        Some(Node::new(node.span, Value::Map(requirement)))
    }

    /// What the API demands of operations that say nothing of their callers, those of its body included. As in SAM, not
    /// of OPTIONS: browsers send no credentials with preflights.
    pub fn apply_default(&self, api: &mut HttpApi<'a>) {
        let Some(name) = self.default_authorizer.as_ref().filter(|name| name.as_str() != NONE) else { return };
        let span = api.span;
        api.document.for_each_operation(span, |verb, operation| {
            let own = operation.get("security").and_then(Node::as_list).unwrap_or_default();
            if verb != "options" && own.is_empty() {
                let mut requirement = Map::default();
                self.demand(name, None, &mut requirement);
                operation.set(Key::new("security", span), security(span, requirement));
            }
        });
    }

    /// `NONE` stands there as well: it takes back what the API demands.
    fn demand(&self, name: &Spanned<String>, scopes: Option<&Node>, requirement: &mut Map) {
        let of_authorizer = self.authorizers.iter().find(|(known, _)| *known == name.as_str());
        let scopes = scopes.or_else(|| of_authorizer.and_then(|(_, scopes)| *scopes));
        requirement.set(Key::new(name, name.span), scopes.cloned().unwrap_or_else(|| no_scopes(name.span)));
    }
}

/// An authorizer as a security scheme, and the scopes that it asks for.
fn authorizer<'a>(
    reader: &mut Reader<'a>,
    region: &str,
    node: &'a Node,
    span: Span,
) -> Option<(Node, Option<&'a Node>)> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["EnableFunctionDefaultPermissions"]);
    let scopes = fields.take("AuthorizationScopes");
    let function = fields.take("FunctionArn").and_then(|node| reader.filled(node));
    let jwt = fields.take("JwtConfiguration");
    let mut authorizer = Map::default();
    match (&function, jwt) {
        (Some(function), None) => {
            authorizer.set(Key::new("type", span), Node::string(span, "request"));
            let uri = Node::string(function.span, &invocation_uri(region, function));
            authorizer.set(Key::new("authorizerUri", function.span), uri);
            rename(
                &mut fields,
                &mut authorizer,
                &[
                    ("AuthorizerPayloadFormatVersion", "authorizerPayloadFormatVersion"),
                    ("EnableSimpleResponses", "enableSimpleResponses"),
                    ("FunctionInvokeRole", "authorizerCredentials"),
                ],
            );
            if let Some(identity) = fields.take("Identity") {
                read_identity(reader, identity, &mut authorizer);
            }
        }
        (None, Some(jwt)) => {
            authorizer.set(Key::new("type", span), Node::string(span, "jwt"));
            rename(&mut fields, &mut authorizer, &[("IdentitySource", "identitySource")]);
            // SAM takes the names in any case.
            let mut configuration = Map::default();
            for Entry { key, value } in reader.map(jwt).map(Map::entries).unwrap_or_default() {
                configuration.set(Key::new(&key.text.to_lowercase(), key.span), value.clone());
            }
            authorizer.set(Key::new("jwtConfiguration", jwt.span), Node::new(jwt.span, Value::Map(configuration)));
        }
        _ => {
            reader.error(span, "an authorizer has either a `FunctionArn` or a `JwtConfiguration`");
            return None;
        }
    }
    fields.finish(reader);
    Some((authorizer_scheme(span, authorizer), scopes))
}

/// `Identity`: what identifies the caller, and for how long an answer is kept.
fn read_identity<'a>(reader: &mut Reader<'a>, node: &'a Node, authorizer: &mut Map) {
    let Some(mut fields) = reader.fields(node) else { return };
    let mut sources = Vec::new();
    for (property, prefix) in [
        ("Headers", "$request.header"),
        ("QueryStrings", "$request.querystring"),
        ("StageVariables", "$stageVariables"),
        ("Context", "$context"),
    ] {
        let names = fields.take(property).map(|node| reader.texts(node)).unwrap_or_default();
        sources.extend(names.iter().map(|name| Node::string(name.span, &format!("{prefix}.{}", **name))));
    }
    rename(&mut fields, authorizer, &[("ReauthorizeEvery", "authorizerResultTtlInSeconds")]);
    fields.finish(reader);
    if !sources.is_empty() {
        authorizer.set(Key::new("identitySource", node.span), Node::new(node.span, Value::List(sources)));
    }
}
