//! Configuration of the filter.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{Api, ConfigError, ProtocolType, RawApi, RawRoute};
use serde::{Deserialize, Serialize};

use crate::key::Parameter;
use crate::store::Store;

/// The longest time to live, in seconds. [API Gateway quotas]
const MAX_TTL_SECONDS: u32 = 3600;

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// The API and stage.
    pub api: RawApi,
    /// The cache: deployments with the same name share their entries.
    pub name: String,
    /// How many bytes of entries it may hold.
    pub capacity_bytes: u64,
    /// Methods whose responses are cached, by Envoy route name. Those of other routes never are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RawCacheRoute>,
    /// Stages whose caches a request empties. With any, the filter answers every request: it belongs on a listener that
    /// only operators reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flush: Vec<RawFlush>,
}

/// A stage whose caches a request empties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawFlush {
    /// The API.
    pub api_id: String,
    /// The stage.
    pub stage: String,
    /// Whether it is a REST API or an HTTP API, which has other calls.
    pub protocol_type: ProtocolType,
    /// The names of its response caches: its own, and its canary's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caches: Vec<String>,
}

/// How a method's responses are cached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawCacheRoute {
    /// The method.
    pub method: RawRoute,
    /// Methods with the same namespace share their entries; absent: the resource's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_namespace: Option<String>,
    /// What tells entries apart: `method.request.querystring.NAME`, `header`, `path` and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache_key_parameters: Vec<String>,
    /// For how long an entry serves, 1 to 3600.
    pub cache_ttl_in_seconds: u32,
    /// Anybody may replace an entry by `Cache-Control: max-age=0`, not only callers that `iam-authorizer` lets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_cache_control: bool,
    /// What becomes of callers that may not.
    #[serde(default)]
    pub unauthorized_cache_control_header_strategy: CacheControlStrategy,
}

/// What becomes of a caller that asks for a fresh response and may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CacheControlStrategy {
    /// 403.
    #[serde(rename = "FAIL_WITH_403")]
    FailWith403,
    /// It is served as any other, and a `Warning` says so.
    #[default]
    SucceedWithResponseHeader,
    /// It is served as any other.
    SucceedWithoutResponseHeader,
}

/// The filter, configured.
#[derive(Debug)]
pub struct ResponseCache {
    pub(crate) api: Api,
    pub(crate) store: Store,
    pub(crate) routes: BTreeMap<String, Rc<Route>>,
    pub(crate) flush: Vec<RawFlush>,
}

/// A method whose responses are cached.
#[derive(Debug)]
pub(crate) struct Route {
    pub method: RawRoute,
    pub namespace: String,
    pub parameters: Vec<Parameter>,
    pub ttl_millis: u64,
    pub open_cache_control: bool,
    pub strategy: CacheControlStrategy,
}

impl ResponseCache {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        let mut routes = BTreeMap::new();
        for (name, raw) in raw.routes {
            let route = Route::from_raw(raw).map_err(|error| error.below(&format!("routes.{name}")))?;
            routes.insert(name, Rc::new(route));
        }
        Ok(Self { api: raw.api, store: Store::new(&raw.name, raw.capacity_bytes), routes, flush: raw.flush })
    }
}

impl Route {
    fn from_raw(raw: RawCacheRoute) -> Result<Self, ConfigError> {
        let ttl = raw.cache_ttl_in_seconds;
        if !(1..=MAX_TTL_SECONDS).contains(&ttl) {
            let message = format!("found {ttl}, expected 1 to {MAX_TTL_SECONDS}");
            return Err(ConfigError::new("cacheTtlInSeconds", message));
        }
        let mut parameters = Vec::new();
        for (place, text) in raw.cache_key_parameters.iter().enumerate() {
            let Some(parameter) = Parameter::parse(text) else {
                let message = "expected `method.request.` and `header`, `path` or `querystring`, and a name";
                return Err(ConfigError::new(format!("cacheKeyParameters[{place}]"), message));
            };
            parameters.push(parameter);
        }
        Ok(Self {
            namespace: raw.cache_namespace.unwrap_or_else(|| raw.method.resource_id.clone()),
            method: raw.method,
            parameters,
            ttl_millis: u64::from(ttl).saturating_mul(1000),
            open_cache_control: raw.open_cache_control,
            strategy: raw.unauthorized_cache_control_header_strategy,
        })
    }
}
