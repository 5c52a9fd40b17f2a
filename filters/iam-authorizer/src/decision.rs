//! What the policies of caller and API say together, and how a refusal reads.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use gateway::policy::{DenyMessages, INVOKE, RequestKeys, method_arn};
use gateway::{Context, GatewayError, Host, METHOD_HEADER, ResponseType};
use iam_policy::{
    Caller, Decision, Request, Verdict, cross_account, evaluate, mask_account, resource_policy_alone, same_account,
};

use crate::config::{Credential, IamAuthorizer, Route};
use crate::keys::AllKeys;

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
        let context = Context::new(&self.api, route.method.as_ref(), host);
        let verb = host.request_header(METHOD_HEADER).or_else(|| host.request_header(":method")).unwrap_or_default();
        let arn = method_arn(&self.api, &verb, context.resource_path_as_sent());
        let same = caller.is_none_or(|caller| caller.principal.account_id == self.api.account_id);
        let keys = AllKeys {
            request: RequestKeys::new(&context, host),
            context: &context,
            vpc_endpoint: self.vpc_endpoint.as_ref(),
            caller,
        };
        let request = Request {
            action: INVOKE,
            resource: &arn,
            caller: caller.map_or(Caller::Anonymous, |caller| Caller::Iam {
                account_id: &caller.principal.account_id,
                arn: &caller.principal.arn,
                role_arn: caller.principal.role_arn(),
                same_account: same,
            }),
            keys: &keys,
        };
        let of_resource = self.resource_policy.as_ref().map(|policy| policy.evaluate(&request));
        let of_caller = caller.map(|caller| evaluate(&caller.policies, &request));
        let verdict = match &of_caller {
            None => resource_policy_alone(of_resource.as_ref()),
            Some(identity) if same => same_account(identity, of_resource.as_ref()),
            Some(identity) => cross_account(identity, of_resource.as_ref()),
        };
        let denied_by_caller = matches!(of_caller, Some(Decision::Deny(_)));
        let reason = match verdict {
            Verdict::Allow => return Ok(()),
            verdict => self.reason(verdict, caller.is_some(), denied_by_caller),
        };
        let name = caller.map_or("anonymous", |caller| caller.principal.arn.as_str());
        let message =
            format!("User: {name} is not authorized to perform: {INVOKE} on resource: {}{reason}", mask_account(&arn));
        Err(GatewayError::new(ResponseType::AccessDenied).with_message(message))
    }

    /// The end of the refusal's sentence.
    fn reason(&self, verdict: Verdict, is_signed: bool, denied_by_caller: bool) -> &'static str {
        match (self.deny_messages, verdict) {
            (_, Verdict::Allow) => "",
            (DenyMessages::Classic, Verdict::ExplicitDeny) => " with an explicit deny",
            (DenyMessages::Classic, Verdict::ImplicitDeny) => "",
            (DenyMessages::Current, Verdict::ExplicitDeny) if denied_by_caller => {
                " with an explicit deny in an identity-based policy"
            }
            (DenyMessages::Current, Verdict::ExplicitDeny) => " with an explicit deny in a resource-based policy",
            (DenyMessages::Current, Verdict::ImplicitDeny) if is_signed => {
                " because no identity-based policy allows the execute-api:Invoke action"
            }
            (DenyMessages::Current, Verdict::ImplicitDeny) => {
                " because no resource-based policy allows the execute-api:Invoke action"
            }
        }
    }
}
