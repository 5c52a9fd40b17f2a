//! A request as policies see it: the ARN of its method, the keys that conditions may ask for, and what they say of it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>

use std::borrow::Cow;

use iam_policy::{Decision, Keys, Policy, Request};
use serde::{Deserialize, Serialize};

use crate::{Api, Context, Host};

/// The action of a request to a method, and of a handshake.
pub const INVOKE: &str = "execute-api:Invoke";
/// The action of a call of `@connections`.
pub const MANAGE_CONNECTIONS: &str = "execute-api:ManageConnections";

/// The action of replacing a cache entry.
pub const INVALIDATE_CACHE: &str = "execute-api:InvalidateCache";

/// Longest ARN of a method with authorization, with the values of its path parameters, in bytes. More is answered with
/// [`GatewayError::uri_too_long`](crate::GatewayError::uri_too_long).
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_METHOD_ARN_BYTES: usize = 1600;

/// Wording of refusals by a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DenyMessages {
    /// `… with an explicit deny`
    #[default]
    Classic,
    /// `… with an explicit deny in an identity-based policy`, which the service says since 2025.
    Current,
}

/// The partition that a region belongs to.
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The ARN of what a request calls: `…/stage/GET/pets/42`, with the actual verb, and the actual path behind the stage as
/// it was sent.
pub fn method_arn(api: &Api, verb: &[u8], path: &[u8]) -> String {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let (verb, path) = (String::from_utf8_lossy(verb), String::from_utf8_lossy(path));
    [stage_arn(api).as_str(), "/", &verb, "/", &path].concat()
}

/// The ARN of a WebSocket API's route: `…/stage/$connect`.
pub fn route_arn(api: &Api, route_key: &str) -> String {
    format!("{}/{route_key}", stage_arn(api))
}

/// The ARN of calls of `@connections`, whichever connection they are about: `…/stage/POST/@connections/{connectionId}`.
pub fn connections_arn(api: &Api, verb: &[u8]) -> String {
    format!("{}/{}/@connections/{{connectionId}}", stage_arn(api), String::from_utf8_lossy(verb))
}

fn stage_arn(api: &Api) -> String {
    let Api { region, account_id, api_id, stage, .. } = api;
    ["arn:", partition(region), ":execute-api:", region, ":", account_id, ":", api_id, "/", stage].concat()
}

/// What several policies of one owner say together about a request, whose ARN has the path as it was sent.
///
/// In a REST API, a path with a slash at its end reaches the same method, so a statement that denies the method denies
/// it in both spellings. In an HTTP API it is another path. Not documented: refusing is the safe side.
pub fn evaluate<'p>(policies: &'p [Policy], request: &Request<'_>, context: &Context<'_>) -> Decision<'p> {
    let decision = iam_policy::evaluate(policies, request);
    let of_rest_api = || context.get("routeKey").is_none();
    let Some(resource) = without_slash(request.resource).filter(|_| of_rest_api()) else { return decision };
    match (decision, iam_policy::evaluate(policies, &Request { resource, ..*request })) {
        (denied @ Decision::Deny(_), _) | (_, denied @ Decision::Deny(_)) => denied,
        (as_sent, _) => as_sent,
    }
}

/// An ARN without the slashes at its end; `None` where it has none, or is that of the root, `…/stage/GET/`.
fn without_slash(arn: &str) -> Option<&str> {
    let trimmed = arn.trim_end_matches('/');
    let is_root = trimmed.bytes().filter(|byte| *byte == b'/').count() < 3;
    (trimmed.len() < arn.len() && !is_root).then_some(trimmed)
}

/// The keys of conditions that every request has, whoever sends it, and those of the endpoint that it came through.
pub struct RequestKeys<'a> {
    context: &'a Context<'a>,
    host: &'a dyn Host,
}

impl<'a> RequestKeys<'a> {
    /// The keys of the request that `host` holds.
    pub fn new(context: &'a Context<'a>, host: &'a dyn Host) -> Self {
        Self { context, host }
    }

    fn is_private(&self) -> bool {
        self.context.api().vpc_endpoint.is_some()
    }

    fn header(&self, name: &str) -> Option<String> {
        let value = self.host.request_headers().last(name)?.to_vec();
        Some(String::from_utf8_lossy(&value).into_owned())
    }
}

impl Keys for RequestKeys<'_> {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        let now = || self.context.request_time().unwrap_or_else(|| self.host.now());
        let value = match key {
            // A request through an endpoint has an address in the VPC, and none in the internet.
            "aws:vpcsourceip" if self.is_private() => self.context.get("identity.sourceIp"),
            "aws:sourceip" if self.is_private() => None,
            "aws:sourcevpce" => self.context.get("identity.vpceId"),
            "aws:sourcevpc" => self.context.get("identity.vpcId"),
            "aws:currenttime" => Some(now().iso8601()),
            "aws:epochtime" => Some(now().seconds().to_string()),
            // Envoy's listener writes the header anew, unless it is told to trust a proxy before it.
            "aws:securetransport" => Some((self.header("x-forwarded-proto").as_deref() == Some("https")).to_string()),
            "aws:sourceip" => self.context.get("identity.sourceIp"),
            "aws:useragent" => self.header("user-agent"),
            "aws:referer" => self.header("referer"),
            _ => None,
        };
        value.map(|value| vec![Cow::Owned(value)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        let api = Api {
            api_id: "abc".to_owned(),
            stage: "test".to_owned(),
            account_id: "123456789012".to_owned(),
            region: "us-gov-west-1".to_owned(),
            ..Api::default()
        };
        let arn = "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc/test/GET/";
        assert_eq!(method_arn(&api, b"GET", b"/"), arn);
        assert_eq!(method_arn(&api, b"GET", b"/a%20b/c/"), format!("{arn}a%20b/c/"));
        let stage = arn.trim_end_matches("/GET/");
        assert_eq!(route_arn(&api, "$connect"), format!("{stage}/$connect"));
        assert_eq!(connections_arn(&api, b"POST"), format!("{stage}/POST/@connections/{{connectionId}}"));
    }

    #[test]
    fn slashes_at_the_end() {
        let check = |path: &str, expected: Option<&str>| {
            let arn = |path: &str| format!("arn:aws:execute-api:us-east-1:123456789012:abc/test/{path}");
            assert_eq!(without_slash(&arn(path)), expected.map(arn).as_deref(), "{path}");
        };
        check("GET/pets", None);
        check("GET/pets/", Some("GET/pets"));
        check("GET/pets/42//", Some("GET/pets/42"));
        check("GET/", None);
        check("$connect", None);
    }
}
