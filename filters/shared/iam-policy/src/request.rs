//! What is asked of a policy.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// One request, as policies see it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Action, such as `execute-api:Invoke`.
    pub action: &'a str,
    /// ARN of the method with the request's actual path.
    pub resource: &'a str,
    /// Who asks; only resource policies look at it.
    pub caller: Caller<'a>,
    /// Keys of conditions and policy variables.
    pub keys: &'a dyn Keys,
}

/// Who makes a request, for the `Principal` of a resource policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller<'a> {
    /// Nobody that IAM knows: methods without authorization, with a Lambda authorizer or a user pool.
    #[default]
    Anonymous,
    /// Somebody who signed the request.
    Iam {
        /// Account that the caller belongs to.
        account_id: &'a str,
        /// The caller's own ARN: a user, the root of an account, or the session of a role.
        arn: &'a str,
        /// The ARN of the role, for a session.
        role_arn: Option<&'a str>,
        /// Whether this is the account of the API.
        same_account: bool,
    },
}

/// Keys of conditions and policy variables.
pub trait Keys {
    /// The values of a key, `None` when the request does not have it. `key` is in lower case: `aws:sourceip`,
    /// `aws:principaltag/team`.
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>>;
}

/// No key at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn values(&self, _key: &str) -> Option<Vec<Cow<'_, str>>> {
        None
    }
}

/// Keys kept in a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMap(BTreeMap<String, Vec<String>>);

impl KeyMap {
    /// The same with one key more; letter case of its name does not count.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.0.insert(key.to_ascii_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }
}

impl Keys for KeyMap {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        self.0.get(key).map(|values| values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
    }
}
