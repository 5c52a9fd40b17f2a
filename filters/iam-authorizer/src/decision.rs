//! What the policies of caller and API say together, and how a refusal reads.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use std::slice::from_ref;

use gateway::policy::{
    DenyMessages, INVALIDATE_CACHE, INVOKE, MANAGE_CONNECTIONS, MAX_METHOD_ARN_BYTES, RequestKeys, connections_arn,
    evaluate, method_arn, route_arn,
};
use gateway::{Context, GatewayError, Host, METHOD_HEADER, ResponseType};
use iam_policy::{
    Caller, Decision, Request, Verdict, cross_account, mask_account, resource_policy_alone, same_account,
};

use crate::config::{Credential, IamAuthorizer, Route};
use crate::keys::AllKeys;
use crate::raw::RawTarget;

impl IamAuthorizer {
    /// Whether the policies let a request on. `caller` is who has signed it, `None` an anonymous caller.
    pub(crate) fn decide(
        &self,
        host: &dyn Host,
        route: &Route,
        caller: Option<&Credential>,
    ) -> Result<(), GatewayError> {
        if caller.is_none() && self.resource_policy.is_none() {
            return Ok(());
        }
        self.decide_on(host, route, caller, None)
    }

    /// Whether the caller may replace cache entries: only where a policy says so.
    pub(crate) fn may_invalidate(&self, host: &dyn Host, route: &Route, caller: Option<&Credential>) -> bool {
        (caller.is_some() || self.resource_policy.is_some())
            && self.decide_on(host, route, caller, Some(INVALIDATE_CACHE)).is_ok()
    }

    fn decide_on(
        &self,
        host: &dyn Host,
        route: &Route,
        caller: Option<&Credential>,
        other_action: Option<&str>,
    ) -> Result<(), GatewayError> {
        let context = Context::new(&self.api, route.method.as_ref(), host);
        let verb = host.request_header(METHOD_HEADER).or_else(|| host.request_header(":method")).unwrap_or_default();
        let (action, arn) = match route.target {
            RawTarget::Method => (INVOKE, method_arn(&self.api, &verb, context.resource_path_as_sent())),
            RawTarget::Connect => (INVOKE, route_arn(&self.api, "$connect")),
            RawTarget::ManageConnections => (MANAGE_CONNECTIONS, connections_arn(&self.api, &verb)),
        };
        // Not documented for HTTP APIs, whose callers know no other refusal than 403.
        if caller.is_some() && arn.len() > MAX_METHOD_ARN_BYTES && context.get("routeKey").is_none() {
            return Err(GatewayError::uri_too_long());
        }
        let action = other_action.unwrap_or(action);
        let same = caller.is_none_or(|caller| caller.principal.account_id == self.api.account_id);
        let keys = AllKeys { request: RequestKeys::new(&context, host), api: &self.api, caller };
        let request = Request {
            action,
            resource: &arn,
            caller: caller.map_or(Caller::Anonymous, |caller| Caller::Iam {
                account_id: &caller.principal.account_id,
                arn: &caller.principal.arn,
                role_arn: caller.principal.role_arn(),
                same_account: same,
            }),
            keys: &keys,
        };
        let of_resource = self.resource_policy.as_ref().map(|policy| evaluate(from_ref(policy), &request, &context));
        let of_caller = caller.map(|caller| evaluate(&caller.policies, &request, &context));
        let verdict = match &of_caller {
            None => resource_policy_alone(of_resource.as_ref()),
            Some(identity) if same => same_account(identity, of_resource.as_ref()),
            Some(identity) => cross_account(identity, of_resource.as_ref()),
        };
        let denied_by_caller = matches!(of_caller, Some(Decision::Deny(_)));
        let reason = match verdict {
            Verdict::Allow => return Ok(()),
            verdict => self.reason(verdict, action, caller.is_some(), denied_by_caller),
        };
        let name = caller.map_or("anonymous", |caller| caller.principal.arn.as_str());
        let message =
            format!("User: {name} is not authorized to perform: {action} on resource: {}{reason}", mask_account(&arn));
        Err(GatewayError::new(ResponseType::AccessDenied).with_message(message))
    }

    /// The end of the refusal's sentence.
    fn reason(&self, verdict: Verdict, action: &str, is_signed: bool, denied_by_caller: bool) -> String {
        let of_policy = |of_caller: bool| if of_caller { "identity-based policy" } else { "resource-based policy" };
        match (self.deny_messages, verdict) {
            (_, Verdict::Allow) | (DenyMessages::Classic, Verdict::ImplicitDeny) => String::new(),
            (DenyMessages::Classic, Verdict::ExplicitDeny) => " with an explicit deny".to_owned(),
            (DenyMessages::Current, Verdict::ExplicitDeny) => {
                let article = if denied_by_caller { "an" } else { "a" };
                format!(" with an explicit deny in {article} {}", of_policy(denied_by_caller))
            }
            (DenyMessages::Current, Verdict::ImplicitDeny) => {
                format!(" because no {} allows the {action} action", of_policy(is_signed))
            }
        }
    }
}
