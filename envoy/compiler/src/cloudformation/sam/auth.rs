//! `Auth` of an API and of its events: authorizers, API keys, the resource policy.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html>

use super::{Api, invocation_uri};
use crate::cloudformation::scheme::{api_key_scheme, authorizer_scheme, iam_scheme, no_scopes, security};
use crate::read::{Fields, Reader};
use crate::source::{Key, Map, Node, Span, Spanned, Value};

/// SAM's names of schemes without an authorizer.
const IAM: &str = "AWS_IAM";
const API_KEY: &str = "api_key";
const NONE: &str = "NONE";

/// Credentials of a Lambda integration that is invoked as the caller.
const CALLER_CREDENTIALS: &str = "arn:aws:iam::*:user/*";

/// `Auth` of an API.
#[derive(Default)]
pub struct Auth<'a> {
    default_authorizer: Option<Spanned<String>>,
    /// Names of the authorizers, with the scopes that they ask for.
    authorizers: Vec<(&'a str, Option<&'a Node>)>,
    api_key_required: bool,
    invoke_role: Option<Spanned<String>>,
    /// Whether preflights demand the default authorizer, too. SAM's default.
    preflights: bool,
    /// Whether they demand the API key where it is required. SAM's default.
    preflights_need_key: bool,
    /// The resource policy.
    pub policy: Option<Node>,
    /// `UsagePlan`.
    pub usage_plan: Option<&'a Node>,
}

impl<'a> Auth<'a> {
    /// Reads `Auth` and adds the schemes of its authorizers to the body.
    pub fn read(reader: &mut Reader<'a>, api: &mut Api<'a>, of_api: &mut Fields<'a>) -> Self {
        let mut auth = Self { preflights: true, preflights_need_key: true, ..Self::default() };
        let Some(node) = of_api.take("Auth") else { return auth };
        let Some(mut fields) = reader.fields(node) else { return auth };
        auth.default_authorizer = fields.take("DefaultAuthorizer").and_then(|node| reader.filled(node));
        auth.invoke_role = fields.take("InvokeRole").and_then(|node| reader.filled(node));
        let mut flag = |name| fields.take(name).and_then(|node| reader.boolean(node)).map(|flag| *flag);
        auth.api_key_required = flag("ApiKeyRequired").unwrap_or(false);
        auth.preflights = flag("AddDefaultAuthorizerToCorsPreflight").unwrap_or(true);
        auth.preflights_need_key = flag("AddApiKeyRequiredToCorsPreflight").unwrap_or(true);
        auth.usage_plan = fields.take("UsagePlan");
        auth.policy = fields.take("ResourcePolicy").and_then(|node| policy(reader, node));
        for entry in fields.take("Authorizers").and_then(|node| reader.map(node)).map(Map::entries).unwrap_or_default()
        {
            let name = &*entry.key.text;
            if let Some((scheme, scopes)) = authorizer(reader, api, &entry.value, entry.key.span) {
                api.document.set_scheme(entry.key.clone(), scheme);
                auth.authorizers.push((name, scopes));
            }
        }
        fields.finish(reader);
        if let Some(name) = &auth.default_authorizer {
            auth.check(reader, name);
        }
        auth
    }

    fn check(&self, reader: &mut Reader<'a>, name: &Spanned<String>) {
        let known = self.authorizers.iter().any(|(known, _)| *known == **name);
        if !known && !matches!(&***name, IAM | NONE) {
            reader.error(name.span, format!("the API has no authorizer `{}`", **name));
        }
    }

    /// Sets `security` of an event's operation; gives the credentials of its integration.
    pub(super) fn set_security(
        &self,
        reader: &mut Reader<'a>,
        api: &mut Api<'a>,
        own: Option<&'a Node>,
        operation: &mut Map,
        span: Span,
    ) -> Option<Node> {
        let mut authorizer = self.default_authorizer.clone();
        let mut scopes = None;
        let mut role = self.invoke_role.clone();
        let mut api_key = self.api_key_required;
        if let Some(node) = own
            && let Some(mut fields) = reader.fields(node)
        {
            if let Some(name) = fields.take("Authorizer").and_then(|node| reader.filled(node)) {
                self.check(reader, &name);
                authorizer = Some(name);
            }
            scopes = fields.take("AuthorizationScopes");
            if let Some(entry) = node.as_map().and_then(|map| map.entry("InvokeRole")) {
                // `InvokeRole:` without a value takes the API's back.
                fields.ignore(&["InvokeRole"]);
                role = reader_text(reader, &entry.value).or(Some(Spanned { value: NONE.into(), span: entry.key.span }));
            }
            if let Some(flag) = fields.take("ApiKeyRequired").and_then(|node| reader.boolean(node)) {
                api_key = *flag;
            }
            if let Some(node) = fields.take("ResourcePolicy") {
                reader.error(node.span, "a resource policy of a single event is not supported: give it at the API");
            }
            fields.ignore(&["OverrideApiAuth"]);
            fields.finish(reader);
        }
        let mut requirement = Map::default();
        let mut credentials = None;
        match authorizer.as_ref().map(|name| (name.value.as_str(), name.span)) {
            None | Some((NONE, _)) => {}
            Some((IAM, at)) => {
                api.document.add_iam_scheme(Key::new(IAM, at));
                requirement.set(Key::new(IAM, at), no_scopes(at));
                credentials = match role.as_ref().map(|role| (role.value.as_str(), role.span)) {
                    Some((NONE, _)) => None,
                    None | Some(("CALLER_CREDENTIALS", _)) => Some(Node::string(span, CALLER_CREDENTIALS)),
                    Some((role, at)) => Some(Node::string(at, role)),
                };
            }
            Some((name, at)) => {
                let of_authorizer = self.authorizers.iter().find(|(known, _)| *known == name);
                let scopes = scopes.or_else(|| of_authorizer.and_then(|(_, scopes)| *scopes));
                requirement.set(Key::new(name, at), scopes.cloned().unwrap_or_else(|| no_scopes(at)));
            }
        }
        if api_key {
            api.document.add_api_key_scheme(Key::new(API_KEY, span));
            requirement.set(Key::new(API_KEY, span), no_scopes(span));
        }
        operation.set(Key::new("security", span), security(span, requirement));
        credentials
    }

    /// What the API demands of operations that its body brought: SAM adds it to each that names no authorizer itself.
    pub(super) fn apply_defaults(&self, api: &mut Api<'a>) {
        let span = api.span;
        let mut schemes = Map::default();
        api.document.for_each_operation(span, |verb, operation| {
            let preflight = verb == "options";
            let mut requirement = Map::default();
            for named in operation.get("security").and_then(Node::as_list).unwrap_or_default() {
                for entry in named.as_map().map(Map::entries).unwrap_or_default() {
                    requirement.set(entry.key.clone(), entry.value.clone());
                }
            }
            let authorized = self.authorizers.iter().map(|(name, _)| *name).chain([IAM, NONE]);
            let authorized = authorized.into_iter().any(|name| requirement.get(name).is_some());
            if !authorized && (self.preflights || !preflight) {
                self.demand_default(&mut requirement, &mut schemes);
            }
            if (self.preflights_need_key || !preflight) && requirement.get(API_KEY).is_none() {
                self.demand_key(span, &mut requirement, &mut schemes);
            }
            if !requirement.entries().is_empty() {
                operation.set(Key::new("security", span), security(span, requirement));
            }
        });
        add_schemes(api, &schemes);
    }

    /// `security` of a preflight that SAM adds.
    pub(super) fn preflight_security(&self, api: &mut Api<'a>) -> Node {
        let (mut requirement, mut schemes) = (Map::default(), Map::default());
        if self.preflights {
            self.demand_default(&mut requirement, &mut schemes);
        }
        if self.preflights_need_key {
            self.demand_key(api.span, &mut requirement, &mut schemes);
        }
        add_schemes(api, &schemes);
        security(api.span, requirement)
    }

    fn demand_key(&self, span: Span, requirement: &mut Map, schemes: &mut Map) {
        if self.api_key_required {
            requirement.set(Key::new(API_KEY, span), no_scopes(span));
            schemes.set(Key::new(API_KEY, span), api_key_scheme(span));
        }
    }

    fn demand_default(&self, requirement: &mut Map, schemes: &mut Map) {
        let Some(name) = self.default_authorizer.as_ref().filter(|name| name.as_str() != NONE) else { return };
        let scopes = self.authorizers.iter().find(|(known, _)| *known == name.as_str()).and_then(|found| found.1);
        let scopes = scopes.cloned().unwrap_or_else(|| no_scopes(name.span));
        requirement.set(Key::new(name, name.span), scopes);
        if name.as_str() == IAM {
            schemes.set(Key::new(IAM, name.span), iam_scheme(name.span));
        }
    }
}

fn reader_text(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    if node.is_null() { None } else { reader.filled(node) }
}

/// Adds security schemes that the body does not have.
fn add_schemes(api: &mut Api<'_>, schemes: &Map) {
    for entry in schemes.entries() {
        api.document.add_scheme(entry.key.clone(), || entry.value.clone());
    }
}

/// An authorizer as a security scheme, and the scopes that it asks for.
fn authorizer<'a>(
    reader: &mut Reader<'a>,
    api: &Api<'_>,
    node: &'a Node,
    span: Span,
) -> Option<(Node, Option<&'a Node>)> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["DisableFunctionDefaultPermissions"]);
    let scopes = fields.take("AuthorizationScopes");
    let function = fields.take("FunctionArn").and_then(|node| reader.filled(node));
    let pools = fields.take("UserPoolArn");
    let payload = fields
        .take("FunctionPayloadType")
        .and_then(|node| reader.choice(node, &[("TOKEN", "token"), ("REQUEST", "request")]));
    let role = fields.take("FunctionInvokeRole").and_then(|node| reader.filled(node)).filter(|role| ***role != *NONE);
    let identity = fields.take("Identity");
    fields.finish(reader);

    let mut authorizer = Map::default();
    let mut set = |key: &str, node: Node| authorizer.set(Key::new(key, node.span), node);
    let kind = match (&function, pools) {
        (Some(function), None) => {
            let kind = payload.map_or("token", |payload| *payload);
            set("type", Node::string(span, kind));
            set("authorizerUri", Node::string(function.span, &invocation_uri(api.region, function)));
            if let Some(role) = role {
                set("authorizerCredentials", Node::string(role.span, &role));
            }
            kind
        }
        (None, Some(pools)) => {
            set("type", Node::string(span, "cognito_user_pools"));
            let list = match pools.as_list() {
                Some(items) => items.to_vec(),
                None => vec![pools.clone()],
            };
            set("providerARNs", Node::new(pools.span, Value::List(list)));
            "cognito_user_pools"
        }
        _ => {
            reader.error(span, "an authorizer has either a `FunctionArn` or a `UserPoolArn`");
            return None;
        }
    };
    let source = read_identity(reader, identity, kind, &mut authorizer, span);
    if let Some(source) = source {
        authorizer.set(Key::new("identitySource", source.span), Node::string(source.span, &source));
    }
    Some((authorizer_scheme(span, authorizer), scopes))
}

/// `Identity`: where the token stands, and what it must look like.
fn read_identity<'a>(
    reader: &mut Reader<'a>,
    node: Option<&'a Node>,
    kind: &str,
    authorizer: &mut Map,
    span: Span,
) -> Option<Spanned<String>> {
    let mut sources: Vec<String> = Vec::new();
    let mut header = "Authorization".to_owned();
    let mut at = span;
    if let Some(node) = node {
        let mut fields = reader.fields(node)?;
        at = node.span;
        if let Some(name) = fields.take("Header").and_then(|node| reader.filled(node)) {
            header = name.value;
        }
        for (property, name) in [
            ("ValidationExpression", "identityValidationExpression"),
            ("ReauthorizeEvery", "authorizerResultTtlInSeconds"),
        ] {
            if let Some(entry) = fields.entry(property) {
                authorizer.set(Key::new(name, entry.key.span), entry.value.clone());
            }
        }
        for (property, prefix) in [
            ("Headers", "method.request.header"),
            ("QueryStrings", "method.request.querystring"),
            ("StageVariables", "stageVariables"),
            ("Context", "context"),
        ] {
            let names = fields.take(property).map(|node| reader.texts(node)).unwrap_or_default();
            sources.extend(names.iter().map(|name| format!("{prefix}.{}", **name)));
        }
        fields.finish(reader);
    }
    if kind != "request" {
        sources = vec![format!("method.request.header.{header}")];
    }
    (!sources.is_empty()).then(|| Spanned { value: sources.join(", "), span: at })
}

/// `ResourcePolicy` as a policy document.
fn policy<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Node> {
    let span = node.span;
    let mut fields = reader.fields(node)?;
    let mut statements: Vec<Node> = Vec::new();
    if let Some(custom) = fields.take("CustomStatements") {
        match custom.as_list() {
            Some(items) => statements.extend(items.iter().cloned()),
            None => statements.push(custom.clone()),
        }
    }
    let json = |value: serde_json::Value| from_json(&value, span);
    let mut texts = |name| fields.take(name).map(|node| reader.texts(node)).unwrap_or_default();
    let list = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    for (property, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
        let accounts = list(&texts(property));
        if !accounts.is_empty() {
            statements.push(json(serde_json::json!({
                "Effect": effect, "Principal": {"AWS": accounts},
                "Action": "execute-api:Invoke", "Resource": ["execute-api:/*"],
            })));
        }
    }
    for (property, condition) in [("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")] {
        let ranges = list(&texts(property));
        if !ranges.is_empty() {
            for statement in [
                serde_json::json!({"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*"]}),
                serde_json::json!({
                    "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*"],
                    "Condition": {condition: {"aws:SourceIp": ranges}},
                }),
            ] {
                statements.push(json(statement));
            }
        }
    }
    for name in [
        "SourceVpcWhitelist",
        "SourceVpcBlacklist",
        "IntrinsicVpcWhitelist",
        "IntrinsicVpcBlacklist",
        "IntrinsicVpceWhitelist",
        "IntrinsicVpceBlacklist",
    ] {
        if let Some(node) = fields.take(name) {
            reader.error(node.span, format!("`{name}` is not supported: write it as one of `CustomStatements`"));
        }
    }
    fields.finish(reader);
    let mut policy = Map::default();
    policy.set(Key::new("Version", span), Node::string(span, "2012-10-17"));
    policy.set(Key::new("Statement", span), Node::new(span, Value::List(statements)));
    Some(Node::new(span, Value::Map(policy)))
}

/// A small JSON value of this file as a node.
fn from_json(json: &serde_json::Value, span: Span) -> Node {
    let value = match json {
        serde_json::Value::Array(items) => Value::List(items.iter().map(|item| from_json(item, span)).collect()),
        serde_json::Value::Object(members) => {
            let mut map = Map::default();
            for (key, value) in members {
                map.set(Key::new(key, span), from_json(value, span));
            }
            Value::Map(map)
        }
        other => Value::String(other.as_str().unwrap_or_default().into()),
    };
    Node::new(span, value)
}
