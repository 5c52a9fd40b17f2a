//! The response cache of a stage, as the configuration of `response-cache`; and what its listener for operators empties.

use custom_authorizer::Form;
use filters::RawFilter;
use gateway::{ProtocolType, RawApi, RawRoute};
use response_cache::{CacheControlStrategy, RawCacheRoute, RawConfig, RawFlush};

use crate::api::{HttpMethod, Integration, Method};
use crate::check::{Model, cache_key};
use crate::settings::UnauthorizedCacheControl;

/// The smallest cache of API Gateway, in GB.
const LEAST_GIGABYTES: f64 = 0.5;
const GIGABYTE: f64 = 1_000_000_000.0;
/// For how long a response serves, in seconds. [API Gateway]
const DEFAULT_TTL_SECONDS: u32 = 300;

/// Collects the methods whose responses are cached.
pub(super) struct Caches<'m> {
    model: &'m Model,
    config: RawConfig,
}

impl<'m> Caches<'m> {
    /// No method yet.
    pub(super) fn new(model: &'m Model, api: &RawApi) -> Self {
        let stage = &model.settings.stage;
        let size = stage.cache_cluster_size.as_ref().and_then(|size| size.parse::<f64>().ok());
        let canary = if model.is_canary == Some(true) && !stage.shares_cache() { "/canary" } else { "" };
        let config = RawConfig {
            api: api.clone(),
            name: format!("{}/{}{canary}", api.api_id, api.stage),
            capacity_bytes: (size.unwrap_or(LEAST_GIGABYTES) * GIGABYTE) as u64,
            ..RawConfig::default()
        };
        Self { model, config }
    }

    /// Adds a method; `false` when its responses are not cached, and its route need not pass the filter.
    pub(super) fn add(&mut self, key: &str, route: &RawRoute, verb: HttpMethod, method: &Method) -> bool {
        let stage = &self.model.settings.stage;
        let Some(integration) = method.integration.as_ref() else { return false };
        if !stage.caches(&route.resource_path, verb) {
            return false;
        }
        let ttl = stage.of_method(&route.resource_path, verb, |settings| settings.cache_ttl_in_seconds);
        let ttl = ttl.map_or(DEFAULT_TTL_SECONDS, |ttl| *ttl);
        if ttl == 0 {
            return false;
        }
        let required =
            stage.of_method(&route.resource_path, verb, |settings| settings.require_authorization_for_cache_control);
        let strategy =
            stage.of_method(&route.resource_path, verb, |settings| settings.unauthorized_cache_control_header_strategy);
        let route = RawCacheRoute {
            method: route.clone(),
            cache_namespace: integration.cache_namespace.as_ref().map(|namespace| namespace.value.clone()),
            cache_key_parameters: parameters(integration),
            cache_ttl_in_seconds: ttl,
            open_cache_control: required.is_some_and(|required| !*required),
            unauthorized_cache_control_header_strategy: match strategy.map(|strategy| *strategy) {
                Some(UnauthorizedCacheControl::FailWith403) => CacheControlStrategy::FailWith403,
                Some(UnauthorizedCacheControl::SucceedWithoutResponseHeader) => {
                    CacheControlStrategy::SucceedWithoutResponseHeader
                }
                Some(UnauthorizedCacheControl::SucceedWithResponseHeader) | None => {
                    CacheControlStrategy::SucceedWithResponseHeader
                }
            },
        };
        self.config.routes.insert(key.to_owned(), route);
        true
    }

    /// The configuration; `None` when nothing is cached.
    pub(super) fn into_config(self) -> Option<RawConfig> {
        (!self.config.routes.is_empty()).then_some(self.config)
    }
}

/// The stages that have response caches, with those of their canaries, or authorizers whose answers are kept.
pub(super) fn flushes<'f>(filters: impl Iterator<Item = &'f RawFilter>) -> Vec<RawFlush> {
    let mut stages: Vec<RawFlush> = Vec::new();
    for filter in filters {
        let (api, protocol_type, name) = match filter {
            RawFilter::ResponseCache(cache) => (&cache.api, ProtocolType::Rest, Some(&cache.name)),
            RawFilter::CustomAuthorizer(config) => {
                let protocol = config.authorizers.values().find_map(|authorizer| match authorizer.form {
                    Form::Token | Form::Request => Some(ProtocolType::Rest),
                    Form::HttpV1 | Form::HttpV2 | Form::HttpV2Simple => Some(ProtocolType::Http),
                    Form::WebSocket => None,
                });
                let Some(protocol) = protocol else { continue };
                (&config.api, protocol, None)
            }
            _ => continue,
        };
        let at = stages.iter().position(|known| known.api_id == api.api_id && known.stage == api.stage);
        let at = at.unwrap_or_else(|| {
            let (api_id, stage) = (api.api_id.clone(), api.stage.clone());
            stages.push(RawFlush { api_id, stage, protocol_type, caches: Vec::new() });
            stages.len() - 1
        });
        let known = &mut stages[at].caches;
        known.extend(name.filter(|name| !known.contains(name)).cloned());
    }
    stages
}

/// What tells entries apart. Parts that are the same for all requests do not.
fn parameters(integration: &Integration) -> Vec<String> {
    let keys = integration.cache_key_parameters.iter().filter_map(|text| cache_key(text, integration).ok()?);
    keys.collect()
}
