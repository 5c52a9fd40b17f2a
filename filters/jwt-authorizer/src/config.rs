//! The filter, configured.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::policy::{MAX_METHOD_ARN_BYTES, method_arn};
use gateway::{Api, ConfigError, Host, Property, ProtocolType, of_route};
use jwt::{Algorithm, LastHeader};
use regex_lite::Regex;

use crate::authorizer::{Authorizer, Kind, TrustedIssuer, Verified};
use crate::cache::TokenCache;
use crate::identity::IdentitySource;
use crate::keys::{Fetcher, Issuer};
use crate::raw::{RawAuthorizer, RawConfig, RawJwt, RawJwtRoute, RawUserPools};

/// The filter, configured.
#[derive(Debug)]
pub struct JwtAuthorizer {
    pub(crate) protocol_type: ProtocolType,
    /// The REST API, and how many bytes of a method's ARN its verb and path may take; absent: as many as they like.
    pub(crate) api: Option<(Api, usize)>,
    pub(crate) published: Option<Vec<Property>>,
    pub(crate) issuers: BTreeMap<String, Rc<Issuer>>,
    pub(crate) routes: BTreeMap<String, Rc<Route>>,
    pub(crate) default: Option<Rc<Route>>,
    pub(crate) cache: TokenCache<Verified>,
    pub(crate) fetcher: Fetcher,
    /// How many requests wait for keys.
    pub(crate) waiting: Rc<std::cell::Cell<usize>>,
}

/// A route, configured.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) authorizer: Option<Rc<Authorizer>>,
    pub(crate) scopes: Vec<String>,
}

impl JwtAuthorizer {
    /// Whether a token may come from there: one header, or one query parameter.
    pub fn is_identity_source(expression: &str) -> bool {
        IdentitySource::parse(expression).is_some()
    }

    pub(crate) fn from_raw(raw: &RawConfig) -> Result<Self, ConfigError> {
        let mut issuers = BTreeMap::new();
        for (name, issuer) in &raw.issuers {
            let issuer = Issuer::from_raw(name, issuer).map_err(|error| error.below(&format!("issuers[{name}]")))?;
            issuers.insert(name.clone(), Rc::new(issuer));
        }
        let mut authorizers = BTreeMap::new();
        for (name, authorizer) in &raw.authorizers {
            let authorizer =
                compile(authorizer, &issuers).map_err(|error| error.below(&format!("authorizers[{name}]")))?;
            authorizers.insert(name.as_str(), Rc::new(authorizer));
        }
        let route = |raw: &RawJwtRoute| match &raw.authorizer {
            None if !raw.authorization_scopes.is_empty() => {
                Err(ConfigError::new("authorizationScopes", "scopes need an authorizer"))
            }
            None => Ok(Rc::new(Route { authorizer: None, scopes: Vec::new() })),
            Some(name) => {
                let unknown = || ConfigError::new("authorizer", format!("there is no authorizer `{name}`"));
                let authorizer = Rc::clone(authorizers.get(name.as_str()).ok_or_else(unknown)?);
                Ok(Rc::new(Route { authorizer: Some(authorizer), scopes: raw.authorization_scopes.clone() }))
            }
        };
        let mut routes = BTreeMap::new();
        for (name, raw) in &raw.routes {
            routes.insert(name.clone(), route(raw).map_err(|error| error.below(&format!("routes[{name}]")))?);
        }
        let default = raw.default.as_ref().map(route).transpose().map_err(|error| error.below("default"))?;
        Ok(Self {
            protocol_type: raw.protocol_type,
            api: raw.api.clone().map(with_room),
            published: raw.published.clone(),
            issuers,
            routes,
            default,
            cache: TokenCache::default(),
            fetcher: Fetcher::default(),
            waiting: Rc::default(),
        })
    }

    /// The settings of the request's route. Where there is only one set of them, the route does not matter.
    pub(crate) fn route(&self, host: &dyn Host) -> Option<Rc<Route>> {
        of_route(&self.routes, host).or(self.default.as_ref()).map(Rc::clone)
    }
}

impl RawUserPools {
    /// Checks an `identityValidationExpression`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_expression(expression: &str) -> Result<(), String> {
        Regex::new(expression).map(drop).map_err(|error| error.to_string())
    }
}

/// What all ARNs of an API's methods begin with is as long for each request.
fn with_room(api: Api) -> (Api, usize) {
    let room = MAX_METHOD_ARN_BYTES.saturating_sub(method_arn(&api, b"", b"").len());
    (api, room)
}

fn compile(raw: &RawAuthorizer, issuers: &BTreeMap<String, Rc<Issuer>>) -> Result<Authorizer, ConfigError> {
    let source = &raw.identity_source;
    let identity_source = IdentitySource::parse(source).ok_or_else(|| {
        let message = format!(
            "found `{source}`, expected `$request.header.NAME`, `$request.querystring.NAME` or \
             `method.request.header.NAME`"
        );
        ConfigError::new("identitySource", message)
    })?;
    let known = |name: &str| {
        issuers.get(name).cloned().ok_or_else(|| ConfigError::new("issuers", format!("there is no issuer `{name}`")))
    };
    let (kind, trusted, clock_skew_seconds) = match (&raw.jwt, &raw.cognito_user_pools) {
        (Some(jwt), None) => {
            let trusted = jwt_issuers(jwt, known).map_err(|error| error.below("jwt"))?;
            (Kind::Jwt, trusted, jwt.clock_skew_seconds)
        }
        (None, Some(pools)) => {
            let (kind, trusted) = user_pools(pools, known).map_err(|error| error.below("cognitoUserPools"))?;
            (kind, trusted, 0)
        }
        _ => return Err(ConfigError::new("", "expected either `jwt` or `cognitoUserPools`")),
    };
    if trusted.is_empty() {
        return Err(ConfigError::new("issuers", "names no issuer"));
    }
    Ok(Authorizer { identity_source, kind, issuers: trusted, clock_skew_seconds, last_header: LastHeader::default() })
}

fn jwt_issuers(
    raw: &RawJwt,
    known: impl Fn(&str) -> Result<Rc<Issuer>, ConfigError>,
) -> Result<Vec<TrustedIssuer>, ConfigError> {
    let trusted = raw.issuers.iter().map(|raw| {
        if raw.audience.is_empty() {
            return Err(ConfigError::new("audience", format!("no audience for `{}`", raw.issuer)));
        }
        let (audience, algorithms) = (raw.audience.clone(), raw.allowed_algorithms.clone());
        Ok(TrustedIssuer { issuer: known(&raw.issuer)?, audience, algorithms })
    });
    trusted.collect()
}

fn user_pools(
    raw: &RawUserPools,
    known: impl Fn(&str) -> Result<Rc<Issuer>, ConfigError>,
) -> Result<(Kind, Vec<TrustedIssuer>), ConfigError> {
    let pattern = raw.identity_validation_expression.as_deref().map(Regex::new).transpose();
    let identity_validation =
        pattern.map_err(|error| ConfigError::new("identityValidationExpression", error.to_string()))?;
    let trusted = raw.issuers.iter().map(|name| {
        Ok(TrustedIssuer { issuer: known(name)?, audience: Vec::new(), algorithms: vec![Algorithm::RS256] })
    });
    Ok((Kind::Cognito { identity_validation }, trusted.collect::<Result<_, _>>()?))
}
