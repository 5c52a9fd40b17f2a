//! The `Principal` and `NotPrincipal` elements of resource policies.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use std::borrow::Cow;

use crate::error::{PolicyError, Reason};
use crate::raw::{Effect, RawPrincipal};
use crate::request::Caller;

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// Everybody, anonymous callers included.
    Everybody,
    /// Any principal of an account. Within the API's own account an `Allow` only lets identity policies decide.
    Account(String),
    /// A user, role or session by its ARN; a role's without its path.
    Arn(String),
    /// Services, federated and canonical users: no client of a gateway.
    Nobody,
}

impl Principal {
    pub(crate) fn list(raw: &RawPrincipal) -> Result<Vec<Self>, PolicyError> {
        let types = match raw {
            RawPrincipal::Everybody => return Ok(vec![Self::Everybody]),
            RawPrincipal::Typed(types) => &types.0,
        };
        let mut principals = Vec::new();
        for (kind, entries) in types {
            for (index, entry) in entries.0.iter().enumerate() {
                let principal = match kind.as_str() {
                    "AWS" => Self::aws(entry).map_err(|reason| reason.at(format!("AWS[{index}]")))?,
                    "Service" | "Federated" | "CanonicalUser" => Self::Nobody,
                    _ => {
                        let accepted = "expected `AWS`, `Service`, `Federated` or `CanonicalUser`";
                        return Err(
                            Reason::Grammar(format!("unknown field `{}`, {accepted}", kind.escape_debug())).at("")
                        );
                    }
                };
                principals.push(principal);
            }
        }
        if principals.is_empty() { Err(Reason::Empty.at("")) } else { Ok(principals) }
    }

    fn aws(entry: &str) -> Result<Self, Reason> {
        let refused = || Reason::Principal(entry.to_owned());
        if entry == "*" {
            return Ok(Self::Everybody);
        }
        if is_account(entry) {
            return Ok(Self::Account(entry.to_owned()));
        }
        let parts: Vec<&str> = entry.splitn(6, ':').collect();
        let ["arn", _, "iam" | "sts", "", account, name] = parts.as_slice() else { return Err(refused()) };
        // Only a lone `*` is a wildcard; a partial one would match nobody, which a Deny must not.
        if !is_account(account) || name.contains(['*', '?']) {
            return Err(refused());
        }
        match *name {
            "root" => Ok(Self::Account((*account).to_owned())),
            _ => Ok(Self::Arn(without_path(entry).into_owned())),
        }
    }

    /// Whether the statement's effect reaches `caller`.
    pub(crate) fn matches(&self, caller: Caller<'_>, effect: Effect) -> bool {
        match (self, caller) {
            (Self::Everybody, _) => true,
            (Self::Nobody, _) | (_, Caller::Anonymous) => false,
            (Self::Account(account), Caller::Iam { account_id, same_account, .. }) => {
                account == account_id && !(same_account && effect == Effect::Allow)
            }
            (Self::Arn(arn), Caller::Iam { arn: own, role_arn, .. }) => {
                arn == own || role_arn.is_some_and(|role_arn| without_path(role_arn) == *arn)
            }
        }
    }

    /// Whether `NotPrincipal` lists `caller`. Each principal has to be listed itself: an account, which policies list
    /// beside its user or role, stands for its root user alone.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
    pub(crate) fn lists(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Account(_), Caller::Iam { arn, .. }) if !arn.ends_with(":root") => false,
            _ => self.matches(caller, Effect::Deny),
        }
    }
}

/// The ARN of a role without the role's path; any other ARN as it is. A session names the role alone, and no other role of
/// the account has that name under another path.
fn without_path(arn: &str) -> Cow<'_, str> {
    match arn.split_once(":role/") {
        Some((account, role)) => match role.rsplit_once('/') {
            Some((_, name)) => Cow::Owned(format!("{account}:role/{name}")),
            None => Cow::Borrowed(arn),
        },
        None => Cow::Borrowed(arn),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
