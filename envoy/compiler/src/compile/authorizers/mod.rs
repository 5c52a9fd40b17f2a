//! Who may call a method, as the authorizers' filters take it.
//!
//! Each kind of authorization fills in the configuration of one filter, in a file of its own. What no filter checks is
//! an error: a method never becomes open because its authorization cannot be translated.

mod jwt;

use filters::RawFilter;
use gateway::{RawApi, RawRoute};

use super::cluster::Clusters;
use crate::api::{Authorization, Method, RestApi};
use crate::check::Model;

/// What authorizers are compiled against.
#[allow(dead_code, reason = "read by the kinds of authorizers, as they are added")]
pub struct Surroundings<'a> {
    /// The whole model.
    pub model: &'a Model,
    /// The definition.
    pub rest: &'a RestApi,
    /// Where clusters are collected.
    pub clusters: &'a mut Clusters,
}

/// The authorizers' filters, filled in method by method.
pub struct Authorizers {
    jwt: jwt::JwtAuthorizers,
}

impl Authorizers {
    /// The filters in the order of the chain: each route leaves out those that it does not use.
    pub const NAMES: [&'static str; 1] = [jwt::JwtAuthorizers::NAME];

    /// Filters without any method.
    pub fn new(_api: &RawApi) -> Self {
        Self { jwt: jwt::JwtAuthorizers::new() }
    }

    /// Sets the method up that Envoy's route `key` stands for. Returns the filters that it does not use.
    ///
    /// # Errors
    /// Nothing can check what the method demands.
    pub fn add(
        &mut self,
        key: &str,
        _route: &RawRoute,
        method: &Method,
        surroundings: &mut Surroundings<'_>,
    ) -> Result<Vec<&'static str>, String> {
        let used: Option<&'static str> = match &method.authorization {
            Authorization::None => None,
            Authorization::Custom(_) => return Err(unknown("a Lambda authorizer")),
            Authorization::CognitoUserPools { authorizer, scopes } | Authorization::Jwt { authorizer, scopes } => {
                self.jwt.add(key, authorizer, scopes, surroundings)?;
                Some(jwt::JwtAuthorizers::NAME)
            }
            Authorization::AwsIam(_) => return Err(unknown("AWS_IAM")),
        };
        Ok(Self::NAMES.into_iter().filter(|name| Some(*name) != used).collect())
    }

    /// The filters with their configurations, in the order of the chain; those that no method uses are left out.
    pub fn into_filters(self) -> Vec<RawFilter> {
        self.jwt.into_filter().into_iter().collect()
    }
}

fn unknown(what: &str) -> String {
    format!("no filter checks {what}, the method would be open")
}
