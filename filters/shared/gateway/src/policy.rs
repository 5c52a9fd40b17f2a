//! A request as policies see it: the ARN of its method, and the keys that conditions may ask for.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>

use std::borrow::Cow;

use iam_policy::Keys;
use serde::{Deserialize, Serialize};

use crate::{Api, Context, Host};

/// The action of a request to a method, and of a handshake.
pub const INVOKE: &str = "execute-api:Invoke";
/// The action of a call of `@connections`.
pub const MANAGE_CONNECTIONS: &str = "execute-api:ManageConnections";

/// The action of replacing a cache entry.
pub const INVALIDATE_CACHE: &str = "execute-api:InvalidateCache";

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

/// The keys of conditions that every request has, whoever sends it.
pub struct RequestKeys<'a> {
    context: &'a Context<'a>,
    host: &'a dyn Host,
}

impl<'a> RequestKeys<'a> {
    /// The keys of the request that `host` holds.
    pub fn new(context: &'a Context<'a>, host: &'a dyn Host) -> Self {
        Self { context, host }
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
}
