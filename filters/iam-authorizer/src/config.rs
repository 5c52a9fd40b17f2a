//! The filter, configured.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::policy::{DenyMessages, partition};
use gateway::{Api, ConfigError, Host, RawRoute, of_route};
use iam_policy::{ExecuteApi, Kind, Policy, PolicyError};
use sigv4::{KeyCache, Timestamp};

use crate::principal::Principal;
use crate::raw::{AuthorizationType, RawConfig, RawCredential, RawIamRoute, RawTarget};

/// The filter, configured.
#[derive(Debug)]
pub struct IamAuthorizer {
    pub(crate) api: Api,
    pub(crate) resource_policy: Option<Policy>,
    pub(crate) deny_messages: DenyMessages,
    pub(crate) echo_canonical_string: bool,
    pub(crate) strict_signed_headers: bool,
    pub(crate) keys: KeyCache,
    credentials: BTreeMap<String, Rc<Credential>>,
    routes: BTreeMap<String, Rc<Route>>,
}

/// An access key and who it belongs to.
pub(crate) struct Credential {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) principal: Principal,
    pub(crate) user_id: String,
    pub(crate) org_id: Option<String>,
    /// By lower-case name.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) policies: Vec<Policy>,
}

/// What happens on a route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) authorization: AuthorizationType,
    pub(crate) method: Option<RawRoute>,
    pub(crate) target: RawTarget,
}

impl IamAuthorizer {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let api = ExecuteApi {
            partition: partition(&raw.api.region),
            region: &raw.api.region,
            account_id: &raw.api.account_id,
            api_id: &raw.api.api_id,
        };
        let policy = raw.resource_policy.as_ref().map(|policy| Policy::compile(policy, Kind::Resource(api)));
        let resource_policy = policy.transpose().map_err(|error| of_policy(error).below("resourcePolicy"))?;
        let mut credentials = BTreeMap::new();
        for (index, raw) in raw.credentials.into_iter().enumerate() {
            let below = |error: ConfigError| error.below(&format!("credentials[{index}]"));
            let credential = Credential::from_raw(raw).map_err(below)?;
            if credentials.insert(credential.access_key_id.clone(), Rc::new(credential)).is_some() {
                return Err(below(ConfigError::new("accessKeyId", "stands there twice")));
            }
        }
        let route = |raw: RawIamRoute| {
            Rc::new(Route { authorization: raw.authorization_type, method: raw.method, target: raw.target })
        };
        Ok(Self {
            resource_policy,
            deny_messages: raw.deny_messages,
            echo_canonical_string: raw.echo_canonical_string,
            strict_signed_headers: raw.strict_signed_headers,
            keys: KeyCache::default(),
            credentials,
            routes: raw.routes.into_iter().map(|(name, raw)| (name, route(raw))).collect(),
            api: raw.api,
        })
    }

    /// What happens on the Envoy route of that name; `None` where the configuration does not say.
    pub(crate) fn route(&self, host: &dyn Host) -> Option<Rc<Route>> {
        of_route(&self.routes, host).map(Rc::clone)
    }

    /// Who has an access key.
    pub(crate) fn credential(&self, access_key_id: &str) -> Option<Rc<Credential>> {
        self.credentials.get(access_key_id).map(Rc::clone)
    }
}

impl Credential {
    fn from_raw(raw: RawCredential) -> Result<Self, ConfigError> {
        for (field, value) in [("accessKeyId", &raw.access_key_id), ("secretAccessKey", &raw.secret_access_key)] {
            if value.is_empty() {
                return Err(ConfigError::new(field, "is empty"));
            }
        }
        let mut principal = Principal::parse(&raw.principal_arn).ok_or_else(|| {
            let message = format!(
                "`{}` is not the ARN of a user, a role's session, a federated user, or the root of an account",
                raw.principal_arn.escape_debug()
            );
            ConfigError::new("principalArn", message)
        })?;
        if let Some(role_arn) = &raw.role_arn {
            principal = principal.of_role(role_arn).ok_or_else(|| {
                let message = format!("`{}` is not the role of principalArn", role_arn.escape_debug());
                ConfigError::new("roleArn", message)
            })?;
        }
        let mut policies = Vec::with_capacity(raw.policies.len());
        for (index, policy) in raw.policies.iter().enumerate() {
            let compiled = Policy::compile(policy, Kind::Identity);
            policies.push(compiled.map_err(|error| of_policy(error).below(&format!("policies[{index}]")))?);
        }
        Ok(Self {
            access_key_id: raw.access_key_id,
            secret_access_key: raw.secret_access_key,
            session_token: raw.session_token,
            expires: raw.expiration.map(Timestamp::from_seconds),
            user_id: raw.user_id.unwrap_or_else(|| principal.made_up_id()),
            principal,
            org_id: raw.principal_org_id,
            tags: raw.tags.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            policies,
        })
    }
}

/// Not the secret, and not the token.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("principal", &self.principal).finish_non_exhaustive()
    }
}

fn of_policy(error: PolicyError) -> ConfigError {
    ConfigError::new(error.path, error.reason.to_string())
}
