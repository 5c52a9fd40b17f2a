//! Signed requests and resource policies, as the `iam-authorizer` filter takes them.

use std::collections::BTreeMap;

use gateway::{RawApi, RawRoute};
use iam_authorizer::{AuthorizationType, RawConfig, RawCredential, RawIamRoute};
use iam_policy::RawPolicy;
use serde_json::Value;

use crate::check::Model;
use crate::settings::Credential;
use crate::source::Spanned;

/// The filter without any route.
///
/// # Errors
/// A policy is none: a mistake that `check` should have found.
pub fn configuration(api: &RawApi, model: &Model, policy: Option<&Spanned<Value>>) -> Result<RawConfig, String> {
    let settings = &model.settings;
    let credentials: Result<Vec<RawCredential>, String> = settings.credentials.iter().map(raw_credential).collect();
    let resource_policy = policy.map(|policy| raw_policy(&policy.value)).transpose()?;
    Ok(RawConfig {
        api: api.clone(),
        credentials: credentials?,
        resource_policy,
        deny_messages: settings.deny_messages,
        echo_canonical_string: !settings.hides_canonical_string,
        strict_signed_headers: settings.strict_signed_headers,
        routes: BTreeMap::new(),
    })
}

/// A route whose callers sign.
pub fn signed(route: &RawRoute) -> RawIamRoute {
    RawIamRoute { authorization_type: AuthorizationType::AwsIam, method: Some(route.clone()), ..RawIamRoute::default() }
}

/// A route for which the resource policy alone has to allow.
pub fn resource_policy_alone(route: &RawRoute) -> RawIamRoute {
    RawIamRoute { authorization_type: AuthorizationType::None, method: Some(route.clone()), ..RawIamRoute::default() }
}

fn raw_credential(credential: &Credential) -> Result<RawCredential, String> {
    let policies: Result<Vec<RawPolicy>, String> =
        credential.policies.iter().map(|policy| raw_policy(&policy.value)).collect();
    Ok(RawCredential {
        access_key_id: credential.access_key_id.value.clone(),
        secret_access_key: credential.secret_access_key.clone(),
        session_token: credential.session_token.clone(),
        expiration: credential.expiration,
        principal_arn: credential.principal_arn.value.clone(),
        role_arn: credential.role_arn.clone(),
        user_id: credential.user_id.clone(),
        principal_org_id: credential.principal_org_id.clone(),
        tags: credential.tags.iter().map(|(name, tag)| (name.clone(), tag.clone())).collect(),
        policies: policies?,
    })
}

fn raw_policy(document: &Value) -> Result<RawPolicy, String> {
    serde_json::from_value(document.clone()).map_err(|error| format!("policy: {error}"))
}
