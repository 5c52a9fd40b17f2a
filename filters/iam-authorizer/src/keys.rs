//! The keys that conditions and policy variables may ask for.

use std::borrow::Cow;

use gateway::Api;
use gateway::policy::RequestKeys;
use iam_policy::Keys;

use crate::config::Credential;

/// Keys of a request and of its caller.
pub(crate) struct AllKeys<'a> {
    pub(crate) request: RequestKeys<'a>,
    pub(crate) api: &'a Api,
    /// `None` for anonymous callers, who have none of the principal's keys.
    pub(crate) caller: Option<&'a Credential>,
}

impl Keys for AllKeys<'_> {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        match self.caller.and_then(|caller| of_caller(caller, key).or_else(|| of_signed_request(self.api, key))) {
            Some(value) => Some(vec![value.into()]),
            None => self.request.values(key),
        }
    }
}

/// Keys that every request has whose caller is known. No service of AWS calls here for somebody else.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
fn of_signed_request<'a>(api: &'a Api, key: &str) -> Option<&'a str> {
    match key {
        "aws:requestedregion" => Some(&api.region),
        "aws:resourceaccount" => Some(&api.account_id),
        "aws:viaawsservice" | "aws:principalisawsservice" => Some("false"),
        _ => None,
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
