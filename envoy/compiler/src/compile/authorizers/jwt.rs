//! Authorizers of types COGNITO_USER_POOLS and JWT, as the `jwt-authorizer` filter takes them.

use std::collections::BTreeMap;

use filters::RawFilter;
use gateway::{Filter, RawApi};
use indexmap::IndexMap;
use jwt_authorizer::{
    JwtAuthorizer, ProtocolType, RawAuthorizer, RawConfig, RawIssuer, RawJwt, RawJwtIssuer, RawJwtRoute, RawKeys,
    RawUserPools,
};

use crate::api::{Authorizer, AuthorizerType};
use crate::check::Model;
use crate::compile::cluster::{Backend, Clusters};
use crate::settings::{BackendUrl, TokenIssuer};
use crate::source::Spanned;
use crate::token_issuer::{identity_source, issuer_of, jwks_uri_of_pool};
use crate::uri::BackendUri;

/// How long REST APIs keep keys, in seconds.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-jwt-authorizer.html>
const REST_CACHE_SECONDS: u32 = 3600;
/// How long HTTP APIs keep keys, in seconds.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
const HTTP_CACHE_SECONDS: u32 = 7200;
/// How long keys serve while their issuer is down: the filter's default, which settings may change.
const STALE_SECONDS: u32 = 86_400;

/// Where issuers are.
pub(in crate::compile) struct Network<'a> {
    /// The whole model.
    pub(in crate::compile) model: &'a Model,
    /// Where clusters are collected.
    pub(in crate::compile) clusters: &'a mut Clusters,
}

/// The filter's configuration, while methods are added to it.
pub(in crate::compile) struct JwtAuthorizers(RawConfig);

impl JwtAuthorizers {
    pub(in crate::compile) const NAME: &'static str = JwtAuthorizer::NAME;

    pub(in crate::compile) fn new(protocol_type: ProtocolType, api: &RawApi) -> Self {
        let api = (protocol_type == ProtocolType::Rest).then(|| api.clone());
        Self(RawConfig { protocol_type, api, ..RawConfig::default() })
    }

    /// Adds a method that the authorizer `name` guards.
    pub(in crate::compile) fn add(
        &mut self,
        key: &str,
        name: &str,
        scopes: &[Spanned<String>],
        authorizers: &IndexMap<String, Authorizer>,
        network: &mut Network<'_>,
    ) -> Result<(), String> {
        let authorizer = authorizers.get(name).ok_or_else(|| format!("there is no authorizer {name}"))?;
        if !self.0.authorizers.contains_key(name) {
            let raw = self.authorizer(authorizer, network)?;
            self.0.authorizers.insert(name.to_owned(), raw);
        }
        let route = RawJwtRoute {
            authorizer: Some(name.to_owned()),
            authorization_scopes: scopes.iter().map(|scope| scope.value.clone()).collect(),
        };
        self.0.routes.insert(key.to_owned(), route);
        Ok(())
    }

    /// The filter; none where no method needs it.
    pub(in crate::compile) fn into_filter(self) -> Option<RawFilter> {
        (!self.0.routes.is_empty()).then_some(RawFilter::JwtAuthorizer(self.0))
    }

    fn authorizer(&mut self, authorizer: &Authorizer, network: &mut Network<'_>) -> Result<RawAuthorizer, String> {
        let mut raw =
            RawAuthorizer { identity_source: identity_source(authorizer), jwt: None, cognito_user_pools: None };
        match (*authorizer.kind, &authorizer.jwt) {
            (AuthorizerType::CognitoUserPools, _) => {
                let mut issuers = Vec::new();
                for provider in &authorizer.provider_arns {
                    let issuer = issuer_of(provider).ok_or_else(|| format!("{} is no user pool", **provider))?;
                    self.add_issuer(&issuer, network)?;
                    issuers.push(issuer);
                }
                let expression = authorizer.identity_validation_expression.as_ref();
                raw.cognito_user_pools = Some(RawUserPools {
                    issuers,
                    identity_validation_expression: expression.map(|expression| expression.value.clone()),
                });
            }
            (AuthorizerType::Jwt, Some(jwt)) => {
                let issuer = jwt.issuer.as_ref().ok_or("the authorizer has no issuer")?.value.clone();
                self.add_issuer(&issuer, network)?;
                let settings = network.model.settings.token_issuers.get(&issuer);
                let trusted = RawJwtIssuer {
                    issuer,
                    audience: jwt.audience.iter().map(|audience| audience.value.clone()).collect(),
                    allowed_algorithms: settings.map_or_else(TokenIssuer::default_algorithms, TokenIssuer::algorithms),
                };
                let clock_skew_seconds = settings.map_or(0, |settings| settings.clock_skew_seconds);
                raw.jwt = Some(RawJwt { issuers: vec![trusted], clock_skew_seconds });
            }
            _ => return Err("the authorizer takes no tokens".to_owned()),
        }
        Ok(raw)
    }

    fn add_issuer(&mut self, issuer: &str, network: &mut Network<'_>) -> Result<(), String> {
        if self.0.issuers.contains_key(issuer) {
            return Ok(());
        }
        let settings = network.model.settings.token_issuers.get(issuer).cloned().unwrap_or_default();
        let keys = match (settings.jwks, settings.jwks_uri.or_else(|| jwks_uri_of_pool(issuer))) {
            (Some(jwks), _) => RawKeys::Inline(jwks.value),
            (None, Some(uri)) => RawKeys::Jwks { cluster: cluster(&uri, network)?.1, jwks_uri: uri },
            (None, None) => {
                let mut clusters = BTreeMap::from([cluster(issuer, network)?]);
                // Discovery may lead to another host; those that the settings name can be reached.
                let model = network.model;
                for (authority, url) in &model.settings.endpoints.hosts {
                    let backend = Backend::new(&url.value, &authority.host, false);
                    let name = network.clusters.add(backend);
                    clusters.insert(authority.to_string(), name);
                }
                RawKeys::Discovery { clusters, allow_http: false }
            }
        };
        let cache_seconds = match self.0.protocol_type {
            ProtocolType::Rest => REST_CACHE_SECONDS,
            ProtocolType::Http => HTTP_CACHE_SECONDS,
        };
        let raw = RawIssuer {
            keys,
            cache_seconds: settings.cache_seconds.unwrap_or(cache_seconds),
            stale_seconds: settings.stale_seconds.unwrap_or(STALE_SECONDS),
        };
        self.0.issuers.insert(issuer.to_owned(), raw);
        Ok(())
    }
}

/// The `host:port` of a URL, and the cluster where it really is.
fn cluster(url: &str, network: &mut Network<'_>) -> Result<(String, String), String> {
    let uri = BackendUri::parse(url).map_err(|error| format!("{url}: {error}"))?;
    let real = network.model.settings.endpoints.hosts.get(&uri.authority);
    let named = || BackendUrl { tls: uri.tls, authority: uri.authority.clone() };
    let backend = Backend::new(&real.map_or_else(named, |real| real.value.clone()), &uri.authority.host, false);
    Ok((uri.authority.to_string(), network.clusters.add(backend)))
}
