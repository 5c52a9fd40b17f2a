//! A caller's or authorizer's policy together with the resource policy of a REST API.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use crate::policy::Decision;

/// What two policies together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request goes on.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement allows it.
    ImplicitDeny,
}

/// Table A: a Lambda authorizer's policy, or that of a caller in the API's own account, and the resource policy
/// (`None` where the API has none). Either may allow.
pub fn same_account(identity: &Decision<'_>, resource: Option<&Decision<'_>>) -> Verdict {
    use Decision::{Allow, Deny, Neither};
    match (identity, resource) {
        (Deny(_), _) | (_, Some(Deny(_))) => Verdict::ExplicitDeny,
        (Allow(_), _) | (_, Some(Allow(_))) => Verdict::Allow,
        (Neither, None | Some(Neither)) => Verdict::ImplicitDeny,
    }
}

/// Table B: the policy of a caller in another account, and the resource policy (`None` where the API has none, which
/// lets in nobody from outside). Both have to allow.
pub fn cross_account(identity: &Decision<'_>, resource: Option<&Decision<'_>>) -> Verdict {
    use Decision::{Allow, Deny};
    match (identity, resource) {
        (Deny(_), _) | (_, Some(Deny(_))) => Verdict::ExplicitDeny,
        (Allow(_), Some(Allow(_))) => Verdict::Allow,
        _ => Verdict::ImplicitDeny,
    }
}

/// Methods without authorization, and those of user pools once the token is good: the resource policy alone has to
/// allow. Without one (`None`) the method is open.
pub fn resource_policy_alone(resource: Option<&Decision<'_>>) -> Verdict {
    match resource {
        None | Some(Decision::Allow(_)) => Verdict::Allow,
        Some(Decision::Deny(_)) => Verdict::ExplicitDeny,
        Some(Decision::Neither) => Verdict::ImplicitDeny,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::StatementId;

    /// Both tables of the developer guide, row by row.
    #[test]
    fn tables() {
        const BY: StatementId<'static> = StatementId { policy: 0, index: 0, sid: None };
        let (allow, deny, neither) = (Decision::Allow(BY), Decision::Deny(BY), Decision::Neither);
        use Verdict::{Allow, ExplicitDeny, ImplicitDeny};
        for (identity, resource, a, b) in [
            (&allow, &allow, Allow, Allow),
            (&allow, &neither, Allow, ImplicitDeny),
            (&allow, &deny, ExplicitDeny, ExplicitDeny),
            (&neither, &allow, Allow, ImplicitDeny),
            (&neither, &neither, ImplicitDeny, ImplicitDeny),
            (&neither, &deny, ExplicitDeny, ExplicitDeny),
            (&deny, &allow, ExplicitDeny, ExplicitDeny),
            (&deny, &neither, ExplicitDeny, ExplicitDeny),
            (&deny, &deny, ExplicitDeny, ExplicitDeny),
        ] {
            assert_eq!(same_account(identity, Some(resource)), a, "A {identity:?} {resource:?}");
            assert_eq!(cross_account(identity, Some(resource)), b, "B {identity:?} {resource:?}");
        }
        assert_eq!(same_account(&allow, None), Allow);
        assert_eq!(same_account(&neither, None), ImplicitDeny);
        assert_eq!(cross_account(&allow, None), ImplicitDeny);
        assert_eq!(resource_policy_alone(None), Allow);
        assert_eq!(resource_policy_alone(Some(&neither)), ImplicitDeny);
        assert_eq!(resource_policy_alone(Some(&deny)), ExplicitDeny);
    }
}
