//! Who may call a method, as the authorizers' filters take it.
//!
//! Each kind of authorization fills in the configuration of one filter, in a file of its own. What no filter checks is
//! an error: a method never becomes open because its authorization cannot be translated.

pub(super) mod custom;
pub(super) mod iam;
pub(super) mod jwt;

use custom_authorizer::CustomAuthorizer;
use filters::RawFilter;
use gateway::{Filter, RawApi, RawRoute};
use iam_authorizer::IamAuthorizer;
use indexmap::IndexMap;
use jwt_authorizer::ProtocolType;
use serde_json::Value;

use super::cluster::Clusters;
use crate::api::{Authorization, Authorizer};
use crate::check::Model;
use crate::source::Spanned;

/// What authorizers are compiled against.
pub struct Surroundings<'a> {
    /// The whole model.
    pub model: &'a Model,
    /// The definition's authorizers by name.
    pub authorizers: &'a IndexMap<String, Authorizer>,
    /// Where clusters are collected.
    pub clusters: &'a mut Clusters,
}

/// The authorizers' filters, filled in method by method.
pub struct Authorizers {
    jwt: jwt::JwtAuthorizers,
    custom: custom_authorizer::RawConfig,
    iam: iam_authorizer::RawConfig,
    protocol_type: ProtocolType,
}

impl Authorizers {
    /// The filters in the order of the chain: each route leaves out those that it does not use. A resource policy counts
    /// once a token is good, so the filter that decides by it is the last one.
    pub const NAMES: [&'static str; 3] = [jwt::JwtAuthorizers::NAME, CustomAuthorizer::NAME, IamAuthorizer::NAME];

    /// Filters without any method. `policy` is the API's resource policy.
    ///
    /// # Errors
    /// Something cannot be translated: a mistake that `check` should have found.
    pub fn new(
        api: &RawApi,
        model: &Model,
        protocol_type: ProtocolType,
        policy: Option<&Spanned<Value>>,
    ) -> Result<Self, String> {
        let iam = iam::configuration(api, model, policy)?;
        let custom = custom::configuration(api, iam.deny_messages, iam.resource_policy.clone());
        Ok(Self { jwt: jwt::JwtAuthorizers::new(protocol_type, api), custom, iam, protocol_type })
    }

    /// Sets the method up that Envoy's route `key` stands for. Returns the filters that it does not use.
    ///
    /// # Errors
    /// Nothing can check what the method demands.
    pub fn add(
        &mut self,
        key: &str,
        route: &RawRoute,
        authorization: &Authorization,
        surroundings: &mut Surroundings<'_>,
    ) -> Result<Vec<&'static str>, String> {
        let mut used: Vec<&'static str> = Vec::new();
        let policy_alone = self.iam.resource_policy.as_ref().map(|_| iam::resource_policy_alone(route));
        let iam = match authorization {
            Authorization::None => policy_alone,
            // It evaluates the resource policy itself, before its function is called and together with the answer.
            Authorization::Custom(name) => {
                custom::add(&mut self.custom, self.protocol_type, key, route, name, surroundings)
                    .map_err(|error| format!("authorizer `{}`: {error}", **name))?;
                used.push(CustomAuthorizer::NAME);
                None
            }
            Authorization::CognitoUserPools { authorizer, scopes } | Authorization::Jwt { authorizer, scopes } => {
                let mut network = jwt::Network { model: surroundings.model, clusters: surroundings.clusters };
                self.jwt.add(key, authorizer, scopes, surroundings.authorizers, &mut network)?;
                used.push(jwt::JwtAuthorizers::NAME);
                policy_alone
            }
            Authorization::AwsIam(_) => Some(iam::signed(route)),
        };
        if let Some(iam) = iam {
            self.iam.routes.insert(key.to_owned(), iam);
            used.push(IamAuthorizer::NAME);
        }
        Ok(Self::NAMES.into_iter().filter(|name| !used.contains(name)).collect())
    }

    /// The filters with their configurations, in the order of the chain; those that no method uses are left out.
    pub fn into_filters(self) -> Vec<RawFilter> {
        let iam = (!self.iam.routes.is_empty()).then_some(RawFilter::IamAuthorizer(self.iam));
        let custom = (!self.custom.routes.is_empty()).then_some(RawFilter::CustomAuthorizer(self.custom));
        self.jwt.into_filter().into_iter().chain(custom).chain(iam).collect()
    }
}
