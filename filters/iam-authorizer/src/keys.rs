//! The keys that conditions and policy variables may ask for.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>

use std::borrow::Cow;

use gateway::policy::RequestKeys;
use gateway::{Context, RawVpcEndpoint};
use iam_policy::Keys;

use crate::config::Credential;

/// Keys of a request, of the endpoint that it came through, and of its caller.
pub(crate) struct AllKeys<'a> {
    pub(crate) request: RequestKeys<'a>,
    pub(crate) context: &'a Context<'a>,
    pub(crate) vpc_endpoint: Option<&'a RawVpcEndpoint>,
    /// `None` for anonymous callers, who have none of the principal's keys.
    pub(crate) caller: Option<&'a Credential>,
}

impl Keys for AllKeys<'_> {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        let value: Cow<'_, str> = match (self.vpc_endpoint, key) {
            // A request through an endpoint has an address in the VPC, and none in the internet.
            (Some(_), "aws:sourceip") => return None,
            (Some(_), "aws:vpcsourceip") => self.context.get("identity.sourceIp")?.into(),
            (Some(endpoint), "aws:sourcevpce") => endpoint.vpc_endpoint_id.as_str().into(),
            (Some(endpoint), "aws:sourcevpc") => endpoint.vpc_id.as_deref()?.into(),
            _ => match self.caller.and_then(|caller| of_caller(caller, key)) {
                Some(value) => value.into(),
                None => return self.request.values(key),
            },
        };
        Some(vec![value])
    }
}

fn of_caller<'c>(caller: &'c Credential, key: &str) -> Option<&'c str> {
    let principal = &caller.principal;
    match key {
        "aws:principalaccount" => Some(&principal.account_id),
        // Of a session, the role.
        "aws:principalarn" => Some(principal.role_arn().unwrap_or(&principal.arn)),
        "aws:principaltype" => Some(principal.principal_type()),
        "aws:principalorgid" => caller.org_id.as_deref(),
        "aws:userid" => Some(&caller.user_id),
        "aws:username" => principal.user_name(),
        _ => key.strip_prefix("aws:principaltag/").and_then(|tag| caller.tags.get(tag)).map(String::as_str),
    }
}
