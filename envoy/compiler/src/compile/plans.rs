//! Keys, usage plans and method settings as the `api-key` filter takes them.

use std::collections::BTreeMap;

use api_key::RawKeyRoute;
use gateway::RawApi;
use usage_plan::{
    KeyDigest, Period, RawApiKey, RawApiKeys, RawApiStage, RawMethodSetting, RawPlans, RawQuota, RawStage, RawThrottle,
    RawUsagePlan,
};

use crate::api::{HttpApi, HttpRoute};
use crate::check::Model;
use crate::settings::{self, MethodKey, Throttle, ThrottleKey, UsagePlan};

/// Keys in one string of the configuration; one string for all would make every message about them unreadable.
const KEYS_PER_STRING: usize = 1000;
/// What AWS sets when only the other one is given.
const DEFAULT_RATE: f64 = 10_000.0;
const DEFAULT_BURST: f64 = 5000.0;

/// Everything that limits callers.
pub fn raw_plans(model: &Model, api: &RawApi) -> RawPlans {
    let settings = &model.settings;
    let (enabled, disabled): (Vec<_>, Vec<_>) = settings.api_keys.iter().partition(|key| key.enabled);
    let mut api_keys: Vec<RawApiKeys> = enabled
        .chunks(KEYS_PER_STRING)
        .map(|keys| RawApiKeys::pack(keys.iter().map(|key| (key.id.as_str(), KeyDigest::of(key.value.as_bytes())))))
        .collect();
    api_keys.extend(disabled.into_iter().map(|key| {
        RawApiKeys::One(RawApiKey {
            id: key.id.value.clone(),
            name: None,
            enabled: false,
            value_sha256: KeyDigest::of(key.value.as_bytes()),
        })
    }));
    RawPlans {
        api_keys,
        usage_plans: settings.usage_plans.iter().map(raw_plan).collect(),
        stages: raw_stage(model, api).into_iter().collect(),
        account: settings.throttle_settings.as_ref().map(raw_throttle),
    }
}

/// The limits of an HTTP API's routes, which have no keys.
pub fn raw_route_plans(model: &Model, http_api: &HttpApi, api: &RawApi) -> RawPlans {
    let settings = &model.settings;
    let setting = |throttle: &Throttle| RawMethodSetting {
        throttling_rate_limit: throttle.rate_limit.map(|rate| rate.value),
        throttling_burst_limit: throttle.burst_limit.map(|burst| burst.value),
    };
    let of_all = settings.stage.default_route_settings.as_ref().and_then(|settings| settings.throttle.as_ref());
    let mut method_settings: BTreeMap<String, RawMethodSetting> =
        of_all.map(|throttle| ("*/*".to_owned(), setting(throttle))).into_iter().collect();
    for route in &http_api.routes {
        let own = settings.stage.route_settings.get(&route.to_string());
        if let Some(throttle) = own.and_then(|own| own.throttle.as_ref()) {
            let key = route_key(route);
            method_settings.insert(format!("{}/{}", key.resource_path, key.http_method), setting(throttle));
        }
    }
    let stage = RawStage { api_id: api.api_id.clone(), stage: api.stage.clone(), method_settings };
    RawPlans {
        stages: Some(stage).filter(|stage| !stage.method_settings.is_empty()).into_iter().collect(),
        account: settings.throttle_settings.as_ref().map(raw_throttle),
        ..RawPlans::default()
    }
}

/// A route of an HTTP API, as limits name it. No path of another one begins like that of `$default`.
pub fn route_key(route: &HttpRoute) -> RawKeyRoute {
    RawKeyRoute {
        resource_path: if route.is_default() { "/$default".to_owned() } else { route.path.clone() },
        http_method: route.http_method.as_str().to_owned(),
        ..RawKeyRoute::default()
    }
}

/// Whether there is a limit on methods that need no key.
pub fn has_limits(plans: &RawPlans) -> bool {
    plans.account.is_some() || !plans.stages.is_empty()
}

fn raw_plan(plan: &UsagePlan) -> RawUsagePlan {
    RawUsagePlan {
        id: plan.id.value.clone(),
        name: plan.name.clone(),
        api_stages: plan.api_stages.iter().map(raw_api_stage).collect(),
        throttle: plan.throttle.as_ref().map(raw_throttle),
        quota: plan.quota.as_ref().map(|quota| RawQuota {
            limit: quota.limit.value,
            offset: quota.offset.map_or(0, |offset| u64::from(offset.value)),
            period: match quota.period.value {
                settings::Period::Day => Period::Day,
                settings::Period::Week => Period::Week,
                settings::Period::Month => Period::Month,
            },
        }),
        key_ids: plan.key_ids.chunks(KEYS_PER_STRING).map(join).collect(),
        created_date: plan.created.and_then(|created| u64::try_from(created.as_second()).ok()),
    }
}

fn join(ids: &[crate::source::Spanned<String>]) -> String {
    ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
}

fn raw_api_stage(stage: &settings::ApiStage) -> RawApiStage {
    let name = |key: &ThrottleKey| format!("{}/{}", key.resource_path, key.http_method);
    RawApiStage {
        api_id: stage.api_id.value.clone(),
        stage: stage.stage.value.clone(),
        throttle: stage.throttle.iter().map(|(key, (_, throttle))| (name(key), raw_throttle(throttle))).collect(),
    }
}

fn raw_stage(model: &Model, api: &RawApi) -> Option<RawStage> {
    let mut method_settings = BTreeMap::new();
    for (key, method) in &model.settings.stage.method_settings {
        let (rate_limit, burst_limit) = (method.throttling_rate_limit, method.throttling_burst_limit);
        if rate_limit.is_none() && burst_limit.is_none() {
            continue;
        }
        let name = match key {
            MethodKey::All => "*/*".to_owned(),
            MethodKey::Method { resource_path, http_method } => format!("{resource_path}/{http_method}"),
        };
        let setting = RawMethodSetting {
            throttling_rate_limit: rate_limit.map(|rate| rate.value),
            throttling_burst_limit: burst_limit.map(|burst| burst.value),
        };
        method_settings.insert(name, setting);
    }
    let stage = RawStage { api_id: api.api_id.clone(), stage: api.stage.clone(), method_settings };
    (!stage.method_settings.is_empty()).then_some(stage)
}

/// Rate and burst; what AWS sets where one is not given.
pub fn raw_throttle(throttle: &Throttle) -> RawThrottle {
    RawThrottle {
        rate_limit: throttle.rate_limit.map_or(DEFAULT_RATE, |rate| rate.value),
        burst_limit: throttle.burst_limit.map_or(DEFAULT_BURST, |burst| burst.value),
    }
}
