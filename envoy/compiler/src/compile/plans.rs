//! Keys, usage plans and method settings as the `api-key` filter takes them.

use std::collections::BTreeMap;

use gateway::RawApi;
use usage_plan::{
    KeyDigest, Period, RawApiKey, RawApiKeys, RawApiStage, RawMethodSetting, RawPlans, RawQuota, RawStage, RawThrottle,
    RawUsagePlan,
};

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
