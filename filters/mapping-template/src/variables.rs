//! `$context` as templates see it: a map with maps in it, set up as far as a template names its members.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference>

use gateway::Property;
use gateway::event::{IDENTITY, SOMETIMES_IN_IDENTITY};
use vtl::{Map, MapKind, Value};

use crate::overrides::Overrides;
use crate::request::Request;
use crate::texts;

/// The members of `$context`, in the order in which the service was seen to list them; what it shows only sometimes
/// comes last.
const NAMES: [&str; 30] = [
    "resourceId",
    "resourcePath",
    "httpMethod",
    "extendedRequestId",
    "requestTime",
    "path",
    "accountId",
    "protocol",
    REQUEST_OVERRIDE,
    "stage",
    "domainPrefix",
    "requestTimeEpoch",
    "requestId",
    "identity",
    "domainName",
    "deploymentId",
    RESPONSE_OVERRIDE,
    "apiId",
    "authorizer",
    "isCanaryRequest",
    "operationName",
    "awsEndpointRequestId",
    // Those of WebSocket APIs.
    "connectionId",
    "connectedAt",
    "eventType",
    "messageId",
    "messageDirection",
    "routeKey",
    "disconnectStatusCode",
    "disconnectReason",
];
/// Member of `$context`: what a request template decides about the request.
pub(crate) const REQUEST_OVERRIDE: &str = "requestOverride";
/// Member of `$context`: what templates decide about the response.
pub(crate) const RESPONSE_OVERRIDE: &str = "responseOverride";

/// Which members of `$context` a template names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variables {
    /// Any of them, for all we know: the template lists them, or computes a name.
    All,
    /// These.
    Some(Vec<&'static str>),
}

impl Variables {
    /// Looks for `$context.NAME` in a template's text.
    pub(crate) fn named_in(template: &str) -> Self {
        const VARIABLE: &str = "context";
        let mut named = Vec::new();
        for (at, _) in template.match_indices(VARIABLE) {
            let before = template.get(..at).unwrap_or_default();
            let after = template.get(at.saturating_add(VARIABLE.len())..).unwrap_or_default();
            if !before.ends_with(['$', '!', '{']) || after.starts_with(is_identifier) {
                continue;
            }
            let member =
                after.strip_prefix('.').map(|member| member.split(|c| !is_identifier(c)).next().unwrap_or_default());
            match NAMES.iter().find(|name| Some(**name) == member) {
                Some(name) => named.push(*name),
                None => return Self::All,
            }
        }
        Self::Some(named)
    }

    /// `$context` for one request; `None` for a template that does not name it.
    pub(crate) fn map(&self, request: &Request<'_>, overrides: &mut Overrides) -> Option<Map> {
        let named = match self {
            Self::Some(named) if named.is_empty() => return None,
            Self::Some(named) => Some(named),
            Self::All => None,
        };
        let map = Map::new(MapKind::Context);
        for name in NAMES.into_iter().filter(|name| named.is_none_or(|named| named.contains(name))) {
            match name {
                "identity" => map.insert(name, identity(request)),
                REQUEST_OVERRIDE => map.insert(name, overrides.request()),
                RESPONSE_OVERRIDE => map.insert(name, overrides.response()),
                "authorizer" => {
                    if let Some(authorizer) = authorizer(request) {
                        map.insert(name, authorizer);
                    }
                }
                _ => {
                    if let Some(value) = request.context.get(name) {
                        map.insert(name, value);
                    }
                }
            }
        }
        Some(map)
    }
}

/// Whether a reference goes on with this character.
fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// `$context.identity`: most members are always there, without a value where there is none.
fn identity(request: &Request<'_>) -> Map {
    let map = Map::new(MapKind::Context);
    for name in IDENTITY {
        map.insert(name, request.context.get(&format!("identity.{name}")).map_or(Value::Null, Value::from));
    }
    for name in SOMETIMES_IN_IDENTITY {
        if let Some(value) = request.context.get(&format!("identity.{name}")) {
            map.insert(name, value);
        }
    }
    let certificate = request.context.client_certificate();
    if let Some(certificate) = certificate.and_then(|certificate| texts::of_json(certificate.to_string().as_bytes())) {
        map.insert("clientCert", certificate);
    }
    map
}

/// `$context.authorizer`: what the authorizer has said, as text.
fn authorizer(request: &Request<'_>) -> Option<Map> {
    match texts::of_json(&request.json(Property::Authorizer)?)? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: &[&'static str]) {
        assert_eq!(Variables::named_in(template), Variables::Some(expected.to_vec()), "{template}");
    }

    #[test]
    fn named_members() {
        check("$context.stage ${context.requestId}$!context.path", &["stage", "requestId", "path"]);
        check("$context.identity.sourceIp", &["identity"]);
        check("#set($context.responseOverride.status = 400)", &["responseOverride"]);
        check("no context, $contexts, $my.context $my-context", &[]);
    }

    #[test]
    fn members_that_cannot_be_foreseen() {
        for template in [
            "$context",
            "$context['stage']",
            "$context.keySet()",
            "$context.get('x')",
            "#set($m = $context)",
            "$context.unknown",
        ] {
            assert_eq!(Variables::named_in(template), Variables::All, "{template}");
        }
    }
}
