//! Whether a request may go on: the authorizer's rule, and the resource policy of the API where it has one.

use std::slice::from_ref;

use gateway::policy::{INVOKE, RequestKeys, evaluate};
use gateway::{Context, Host};
use iam_policy::{Caller, Decision, Policy, Request, Verdict, same_account};

use crate::document::Rule;

/// A request, as policies see it.
pub(crate) struct Call<'a> {
    /// ARN of the method, with the path as it was sent.
    pub(crate) method_arn: &'a str,
    pub(crate) context: &'a Context<'a>,
    pub(crate) host: &'a dyn Host,
}

/// What was decided, and what decided it.
pub(crate) struct Decided {
    pub(crate) verdict: Verdict,
    /// For the log.
    pub(crate) by: String,
}

impl Call<'_> {
    /// Whether the rule, together with the resource policy, lets the request on.
    pub(crate) fn decide(&self, rule: &Rule, resource_policy: Option<&Policy>) -> Decided {
        let policy = match rule {
            Rule::Simple(true) => return Decided { verdict: Verdict::Allow, by: String::new() },
            Rule::Simple(false) => return Decided { verdict: Verdict::ExplicitDeny, by: "isAuthorized".to_owned() },
            Rule::Policy(policy) => policy,
        };
        let of_authorizer = self.evaluate(policy);
        let of_api = resource_policy.map(|policy| self.evaluate(policy));
        let verdict = same_account(&of_authorizer, of_api.as_ref());
        let by = match (verdict, &of_authorizer, &of_api) {
            (Verdict::ExplicitDeny, Decision::Deny(statement), _) => format!("{statement} of the authorizer's policy"),
            (Verdict::ExplicitDeny, _, Some(Decision::Deny(statement))) => {
                format!("{statement} of the resource policy")
            }
            (Verdict::ImplicitDeny, ..) => "no statement".to_owned(),
            _ => String::new(),
        };
        Decided { verdict, by }
    }

    /// What one policy says.
    pub(crate) fn evaluate<'p>(&self, policy: &'p Policy) -> Decision<'p> {
        let keys = RequestKeys::new(self.context, self.host);
        let request = Request { action: INVOKE, resource: self.method_arn, caller: Caller::Anonymous, keys: &keys };
        evaluate(from_ref(policy), &request, self.context)
    }
}
