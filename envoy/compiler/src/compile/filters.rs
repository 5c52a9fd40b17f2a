//! The model as the filters' own configurations, and as routes and clusters.

use std::collections::BTreeMap;

use ::metrics::Metrics;
use api_key::{ApiKey, RawKeyRoute};
use filters::RawFilter;
use gateway::{Filter, RawApi, RawRoute};
use gateway_responses::{RawGatewayResponse, RawResponsesRoute, Refusal};
use jwt_authorizer::ProtocolType;
use mapping_template::{RawIntegration, RawMappingRoute};
use request_validator::RequestValidator;
use response_cache::ResponseCache;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::authorizers::{Authorizers, Surroundings};
use super::cache::Caches;
use super::cluster::Clusters;
use super::deployment::Deployment;
use super::execution_log::ExecutionLogs;
use super::integrations::Integrations;
use super::plans::{has_limits, raw_plans};
use super::routes::{MethodRoute, refusal, routes};
use super::validation::Validators;
use super::{access_log, metrics, tracing};
use crate::api::{self, ApiKeySource, Method};
use crate::aws_uri::{DEFAULT_REGION, function_arn};
use crate::check::{Api, Model, mount};
use crate::routes::Route;

/// Id of the API when the settings give none: the same definition always gets the same.
const API_ID_LENGTH: usize = 10;
const RESOURCE_ID_LENGTH: usize = 6;
const DEPLOYMENT_ID_LENGTH: usize = 6;

/// What the account and region are when neither settings nor definition say so.
const DEFAULT_ACCOUNT: &str = "123456789012";

/// A REST API at its stage.
pub(super) fn deployment(model: &Model, clusters: &mut Clusters) -> Result<Deployment, String> {
    let [api] = model.apis.as_slice() else { return Err("expected one API".to_owned()) };
    let raw_api = raw_api(model, api);
    let plans = raw_plans(model, &raw_api);
    let limited = has_limits(&plans);
    let mut responses = gateway_responses::RawConfig {
        api: raw_api.clone(),
        gateway_responses: raw_gateway_responses(api),
        http_api: None,
        web_socket_api: None,
        tracing: tracing::raw_tracing(&model.settings),
        compression: api.rest.minimum_compression_size.is_some(),
        routes: BTreeMap::new(),
        // A route that the configuration does not know belongs to a definition that is on its way in or out.
        default: RawResponsesRoute {
            refuse: Some(Refusal::MissingAuthenticationToken),
            ..RawResponsesRoute::default()
        },
    };
    let refuse = |refusal| RawResponsesRoute { refuse: Some(refusal), ..RawResponsesRoute::default() };
    responses.routes.insert(super::routes::UNMATCHED.to_owned(), refuse(Refusal::MissingAuthenticationToken));
    responses.routes.insert(super::routes::OUTSIDE.to_owned(), refuse(Refusal::Forbidden));
    let mut keys = api_key::RawConfig {
        api: raw_api.clone(),
        api_key_source: match api.rest.api_key_source.map(|source| source.value) {
            Some(ApiKeySource::Authorizer) => api_key::ApiKeySource::Authorizer,
            Some(ApiKeySource::Header) | None => api_key::ApiKeySource::Header,
        },
        plans,
        default: RawKeyRoute { api_key_required: true, ..RawKeyRoute::default() },
        ..api_key::RawConfig::default()
    };
    let mut mappings = mapping_template::RawConfig {
        api: raw_api.clone(),
        binary_media_types: api.rest.binary_media_types.iter().map(|media_type| media_type.value.clone()).collect(),
        routes: BTreeMap::new(),
        default: RawMappingRoute {
            method: None,
            integration: Some(RawIntegration::Misconfigured("the route is not configured".to_owned())),
        },
    };
    let mut authorizers = Authorizers::new(&raw_api, model, ProtocolType::Rest, api.rest.policy.as_ref())?;
    let mut validators = Validators::new(&api.rest, &raw_api, model.settings.api_id.is_some());
    let mut caches = Caches::new(model, &raw_api);
    let mut logs = ExecutionLogs::new(model, &raw_api, &api.rest);
    // Filters that a route does not pass. One that is not named here passes all of them, and they refuse it.
    let mut without: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut methods = Vec::new();
    let mut metrics = metrics::rest(api.rest.name.as_deref().unwrap_or_default(), &raw_api.stage);
    for route in &api.routes {
        let Some(method) = api.rest.resources.get(route.resource).methods.get(&route.key.http_method) else { continue };
        let key = route.key.to_string();
        let raw_route = raw_route(&raw_api, route, method);
        let mut integrations = Integrations { model, api: &raw_api, clusters };
        let backend = method.integration.as_ref().map(|integration| integrations.compile(method, integration));
        let (integration, upstream) = match backend {
            Some((integration, upstream)) => (integration, upstream),
            None => (RawIntegration::Misconfigured("the method has no integration".to_owned()), None),
        };
        let needs_key = method.api_key_required.is_some();
        let (path, verb) = (&route.key.resource_path, route.key.http_method);
        if model.settings.stage.of_method(path, verb, |settings| settings.metrics_enabled).is_some_and(|on| *on) {
            metrics::add_method(&mut metrics, &key, path, verb.as_str());
        }
        let mut surroundings = Surroundings { model, authorizers: &api.rest.authorizers, clusters };
        let unused = authorizers.add(&key, &raw_route, &method.authorization, &mut surroundings);
        let mut unused = unused.map_err(|error| format!("{key}: {error}"))?;
        if needs_key || limited {
            let entry = RawKeyRoute {
                api_key_required: needs_key,
                resource_path: route.key.resource_path.clone(),
                http_method: route.key.http_method.as_str().to_owned(),
                usage_report: false,
            };
            keys.routes.insert(key.clone(), entry);
        } else {
            unused.push(ApiKey::NAME);
        }
        if !validators.add(&key, &route.key.resource_path, method) {
            unused.push(RequestValidator::NAME);
        }
        if !caches.add(&key, &raw_route, verb, method) {
            unused.push(ResponseCache::NAME);
        }
        if !logs.add(&key, &raw_route, verb) {
            unused.push(execution_log::ExecutionLogs::NAME);
        }
        without.insert(key.clone(), unused);
        // MOCK methods call nothing, but their templates and authorizers see the header.
        let entry = RawResponsesRoute { method: Some(raw_route.clone()), refuse: None, trace_id: true };
        responses.routes.insert(key.clone(), entry);
        let entry = RawMappingRoute { method: Some(raw_route), integration: Some(integration) };
        mappings.routes.insert(key.clone(), entry);
        methods.push(MethodRoute { key, parts: route.parts.iter().collect(), verb: route.key.http_method, upstream });
    }
    let mut filters = vec![RawFilter::Metrics(metrics)];
    filters.extend(access_log::filter(&model.settings, &raw_api, &responses.routes));
    let execution_log = logs.sink();
    filters.extend(logs.into_filter());
    filters.push(RawFilter::GatewayResponses(responses));
    let compression =
        api.rest.minimum_compression_size.map(|size| compression::RawConfig { minimum_compression_size: *size });
    filters.extend(compression.map(RawFilter::Compression));
    filters.extend(authorizers.into_filters());
    filters.push(RawFilter::ApiKey(keys));
    filters.extend(validators.into_config().map(RawFilter::RequestValidator));
    filters.extend(caches.into_config().map(RawFilter::ResponseCache));
    filters.push(RawFilter::MappingTemplate(mappings));
    without.insert(super::routes::UNMATCHED.to_owned(), not_for_unmatched(&filters));
    // A request that no stage was found for is none of this stage's.
    let mut not_for_outside = not_for_unmatched(&filters);
    not_for_outside.push(Metrics::NAME);
    without.insert(super::routes::OUTSIDE.to_owned(), not_for_outside);
    let routes = routes(&raw_api.base_path, &methods);
    Ok(Deployment {
        api: raw_api,
        title: api.rest.name.clone().unwrap_or_default(),
        compressed_from: api.rest.minimum_compression_size.map(|size| *size),
        log: access_log::sink(&model.settings),
        execution_log,
        hosts: Vec::new(),
        needs_certificate: false,
        routes,
        fallback: Some(refusal(super::routes::OUTSIDE, Refusal::Forbidden, json!({"prefix": "/"}))),
        filters,
        without,
    })
}

/// The filters that have nothing to do with requests that match nothing: `gateway-responses` answers them.
pub(super) fn not_for_unmatched(filters: &[RawFilter]) -> Vec<&'static str> {
    let meets_all =
        |f: &RawFilter| matches!(f, RawFilter::Metrics(_) | RawFilter::AccessLog(_) | RawFilter::GatewayResponses(_));
    let others = filters.iter().filter(|filter| !meets_all(filter));
    others.map(RawFilter::name).collect()
}

fn raw_api(model: &Model, api: &Api) -> RawApi {
    let title = api.rest.name.as_deref().unwrap_or_default();
    raw_api_of(model, title, first_arn(api), &format!("{:?}", api.rest))
}

/// The API and stage as filters take them. `arn` is one of the definition's ARNs, `deployment` something that changes
/// with the definition.
pub(super) fn raw_api_of(model: &Model, title: &str, arn: Option<&str>, deployment: &str) -> RawApi {
    let settings = &model.settings;
    let of_arn = |part: usize| arn.and_then(|arn| arn.split(':').nth(part)).filter(|part| !part.is_empty());
    let text = |setting: &Option<crate::source::Spanned<String>>| setting.as_ref().map(|setting| setting.value.clone());
    let variables = settings.stage.variables.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect();
    RawApi {
        api_id: text(&settings.api_id).unwrap_or_else(|| short_hash(title, API_ID_LENGTH)),
        stage: model.stage_name.clone(),
        account_id: text(&settings.account_id).unwrap_or_else(|| of_arn(4).unwrap_or(DEFAULT_ACCOUNT).to_owned()),
        region: text(&settings.region).unwrap_or_else(|| of_arn(3).unwrap_or(DEFAULT_REGION).to_owned()),
        deployment_id: short_hash(deployment, DEPLOYMENT_ID_LENGTH),
        base_path: mount(model.base_path.as_deref(), &model.stage_name),
        base_path_matched: model.base_path_matched.clone(),
        stage_variables: variables,
        canary: model.is_canary,
        mutual_tls: settings.asks_for_certificates(),
        vpc_endpoint: settings.vpc_endpoint.clone(),
    }
}

/// The ARN of the first function that the definition names, as an integration or as an authorizer.
fn first_arn(api: &Api) -> Option<&str> {
    let integrations = api.rest.methods().filter_map(|(_, method)| method.integration.as_ref()?.uri.as_ref());
    let authorizers = api.rest.authorizers.values().filter_map(|authorizer| authorizer.authorizer_uri.as_ref());
    integrations.chain(authorizers).find_map(|uri| function_arn(&uri.value))
}

fn raw_route(api: &RawApi, route: &Route, method: &Method) -> RawRoute {
    RawRoute {
        resource_id: short_hash(&format!("{}{}", api.api_id, route.key.resource_path), RESOURCE_ID_LENGTH),
        resource_path: route.key.resource_path.clone(),
        operation_name: method.operation_name.clone(),
    }
}

/// Letters and digits that stand for a text, as the service's ids look.
fn short_hash(text: &str, length: usize) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(text.as_bytes());
    let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).copied().map_or('a', char::from);
    digest.iter().take(length).map(letter).collect()
}

fn raw_gateway_responses(api: &Api) -> BTreeMap<String, RawGatewayResponse> {
    let text = |(name, value): (&String, &crate::source::Spanned<String>)| (name.clone(), value.value.clone());
    let raw = |response: &api::GatewayResponse| RawGatewayResponse {
        status_code: response.status_code.as_ref().map(|status| status.value),
        response_parameters: response.response_parameters.iter().map(text).collect(),
        response_templates: response.response_templates.iter().map(text).map(|(k, v)| (k, Value::String(v))).collect(),
    };
    api.rest.gateway_responses.iter().map(|(name, response)| (name.clone(), raw(response))).collect()
}
