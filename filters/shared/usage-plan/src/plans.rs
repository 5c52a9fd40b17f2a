//! The configuration compiled: keys, plans and stages as requests look them up.

use std::collections::{BTreeMap, BTreeSet};

use gateway::ConfigError;

use crate::bucket::Limit;
use crate::keys::{KeyIds, KeyIndex, KeyTable};
use crate::methods::{MethodKey, MethodLimits};
use crate::problems::Problems;
use crate::quota::Quota;
use crate::raw::{RawApiStage, RawMethodSetting, RawPlans, RawQuota, RawStage, RawUsagePlan};
use crate::{Period, UnixMicros};

/// What AWS fills in for the other of rate and burst when a stage sets only one of them.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const DEFAULT_STAGE_RATE: f64 = 10_000.0;
/// See [`DEFAULT_STAGE_RATE`].
const DEFAULT_STAGE_BURST: f64 = 5_000.0;

/// API keys, usage plans and throttles, ready to decide requests.
#[derive(Debug)]
pub struct Plans {
    pub(crate) keys: KeyTable,
    pub(crate) plans: Vec<Plan>,
    stages: Stages,
    pub(crate) account: Option<Limit>,
    warnings: Vec<String>,
}

/// A usage plan.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) id: Box<str>,
    pub(crate) throttle: Option<Limit>,
    pub(crate) quota: Option<Quota>,
    /// The throttles of methods in each stage of the plan.
    pub(crate) stages: BTreeMap<StageIndex, MethodLimits>,
}

/// A stage that the configuration mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StageIndex(usize);

#[derive(Debug, Default)]
struct Stages {
    by_name: BTreeMap<Box<str>, BTreeMap<Box<str>, StageIndex>>,
    settings: Vec<StageSettings>,
}

/// The throttles that all callers of a stage share, each method for itself.
#[derive(Debug, Default)]
pub(crate) struct StageSettings {
    /// For methods without an entry.
    pub(crate) default: Option<Limit>,
    pub(crate) methods: MethodLimits,
}

impl Plans {
    /// Checks and compiles a configuration.
    ///
    /// # Errors
    /// Everything that is wrong, up to a hundred problems, at least one.
    pub fn from_raw(raw: &RawPlans) -> Result<Self, Vec<ConfigError>> {
        let mut problems = Problems::default();
        let mut stages = Stages::default();
        for (i, stage) in raw.stages.iter().enumerate() {
            stages.configure(stage, &format!("stages[{i}]"), &mut problems);
        }
        let mut keys = KeyTable::build(&raw.api_keys, &mut problems);
        let mut plans = Vec::new();
        let mut members = Vec::new();
        let mut warnings = Vec::new();
        let mut plan_ids = BTreeSet::new();
        {
            let key_ids = KeyIds::new(&keys, &mut problems);
            for (i, plan) in raw.usage_plans.iter().enumerate() {
                let path = format!("usagePlans[{i}]");
                problems.check_name(&plan.id, || format!("{path}.id"));
                if !plan_ids.insert(plan.id.as_str()) {
                    problems.add(format!("{path}.id"), format!("the id `{}` occurs twice", plan.id));
                }
                let Ok(index) = u16::try_from(i) else {
                    problems.add(path, "too many usage plans");
                    break;
                };
                enter_keys(plan, index, &key_ids, &mut members, &mut problems);
                plans.push(Plan::build(plan, &path, &mut stages, &mut problems, &mut warnings));
            }
        }
        keys.set_plans(members);
        check_one_plan_per_stage(&keys, &plans, &stages, &mut problems);
        let account = raw
            .account
            .and_then(|t| limit((t.rate_limit, "rateLimit"), (t.burst_limit, "burstLimit"), "account", &mut problems));
        problems.finish()?;
        Ok(Self { keys, plans, stages, account, warnings })
    }

    /// What is odd about the configuration but does not keep it from working; for the log, once.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn stage(&self, api_id: &str, stage: &str) -> Option<StageIndex> {
        self.stages.by_name.get(api_id)?.get(stage).copied()
    }

    pub(crate) fn stage_settings(&self, stage: StageIndex) -> Option<&StageSettings> {
        self.stages.settings.get(stage.0)
    }

    /// The plan of a key for a stage.
    pub(crate) fn plan_for(&self, key: KeyIndex, stage: StageIndex) -> Option<&Plan> {
        let mut plans = self.keys.plans(key).iter().filter_map(|plan| self.plans.get(usize::from(*plan)));
        plans.find(|plan| plan.stages.contains_key(&stage))
    }
}

impl Plan {
    fn build(
        raw: &RawUsagePlan,
        path: &str,
        stages: &mut Stages,
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) -> Self {
        let mut own_stages = BTreeMap::new();
        for (i, api_stage) in raw.api_stages.iter().enumerate() {
            let path = format!("{path}.apiStages[{i}]");
            let stage = stages.enter(&api_stage.api_id, &api_stage.stage, &path, problems);
            if own_stages.insert(stage, method_throttles(api_stage, &path, problems)).is_some() {
                problems.add(path, format!("the stage {}/{} occurs twice", api_stage.api_id, api_stage.stage));
            }
        }
        let throttle = raw.throttle.and_then(|t| {
            limit((t.rate_limit, "rateLimit"), (t.burst_limit, "burstLimit"), &format!("{path}.throttle"), problems)
        });
        let created = raw.created_date.map(|seconds| UnixMicros(seconds.saturating_mul(1_000_000)).day());
        if let Some(quota) = raw.quota {
            check_offset(quota, path, problems);
            if quota.offset > 0 && created.is_none() {
                warnings.push(format!(
                    "{path}.quota.offset is ignored: usage plan `{}` has no createdDate, so no period is its first",
                    raw.id
                ));
            }
        }
        let quota = raw.quota.map(|q| Quota { limit: q.limit, period: q.period, offset: q.offset, created });
        Self { id: raw.id.as_str().into(), throttle, quota, stages: own_stages }
    }
}

impl Stages {
    /// The stage's index, a new one if nothing has mentioned it yet.
    fn enter(&mut self, api_id: &str, stage: &str, path: &str, problems: &mut Problems) -> StageIndex {
        problems.check_name(api_id, || format!("{path}.apiId"));
        problems.check_name(stage, || format!("{path}.stage"));
        *self.by_name.entry(api_id.into()).or_default().entry(stage.into()).or_insert_with(|| {
            self.settings.push(StageSettings::default());
            StageIndex(self.settings.len().saturating_sub(1))
        })
    }

    fn configure(&mut self, raw: &RawStage, path: &str, problems: &mut Problems) {
        let known = self.settings.len();
        let stage = self.enter(&raw.api_id, &raw.stage, path, problems);
        if stage.0 < known {
            return problems.add(path, format!("the stage {}/{} occurs twice", raw.api_id, raw.stage));
        }
        let all = raw.method_settings.iter().find(|(key, _)| MethodKey::parse(key) == Ok(MethodKey::All));
        let all = all.map(|(_, setting)| *setting).unwrap_or_default();
        let mut settings = StageSettings::default();
        let mut default_entries = 0u32;
        for (key, setting) in &raw.method_settings {
            let path = format!("{path}.methodSettings[\"{}\"]", key.escape_debug());
            let limit = stage_limit(*setting, all, &path, problems);
            let new = match (MethodKey::parse(key), limit) {
                (Err(message), _) => {
                    problems.add(path, message);
                    continue;
                }
                (Ok(MethodKey::All), limit) => {
                    settings.default = limit;
                    default_entries = default_entries.saturating_add(1);
                    default_entries == 1
                }
                // An entry that sets no throttle anywhere is like none.
                (Ok(MethodKey::One { .. }), None) => true,
                (Ok(MethodKey::One { resource_path, method }), Some(limit)) => {
                    settings.methods.add(resource_path, method, limit)
                }
            };
            if !new {
                problems.add(path, "the method has another entry, spelt differently");
            }
        }
        if let Some(entry) = self.settings.get_mut(stage.0) {
            *entry = settings;
        }
    }

    /// `apiId/stage`, for messages.
    fn name(&self, wanted: StageIndex) -> String {
        let all =
            self.by_name.iter().flat_map(|(api_id, stages)| stages.iter().map(move |(name, i)| (api_id, name, *i)));
        all.filter(|(_, _, index)| *index == wanted).map(|(api_id, name, _)| format!("{api_id}/{name}")).collect()
    }
}

/// A method's throttle in a stage: its own values, then those of `*/*`, then AWS's defaults. `None` when neither rate
/// nor burst is set.
fn stage_limit(setting: RawMethodSetting, all: RawMethodSetting, path: &str, problems: &mut Problems) -> Option<Limit> {
    let rate = setting.throttling_rate_limit.or(all.throttling_rate_limit);
    let burst = setting.throttling_burst_limit.or(all.throttling_burst_limit);
    if rate.is_none() && burst.is_none() {
        return None;
    }
    let (rate, burst) = (rate.unwrap_or(DEFAULT_STAGE_RATE), burst.unwrap_or(DEFAULT_STAGE_BURST));
    limit((rate, "throttlingRateLimit"), (burst, "throttlingBurstLimit"), path, problems)
}

fn method_throttles(raw: &RawApiStage, path: &str, problems: &mut Problems) -> MethodLimits {
    let mut limits = MethodLimits::default();
    for (key, throttle) in &raw.throttle {
        let path = format!("{path}.throttle[\"{}\"]", key.escape_debug());
        let rate_and_burst = ((throttle.rate_limit, "rateLimit"), (throttle.burst_limit, "burstLimit"));
        let limit = limit(rate_and_burst.0, rate_and_burst.1, &path, problems);
        match (MethodKey::parse(key), limit) {
            (Ok(MethodKey::One { resource_path, method }), Some(limit)) => {
                if !limits.add(resource_path, method, limit) {
                    problems.add(path, "the method has another entry, spelt differently");
                }
            }
            (Ok(MethodKey::One { .. }), None) => {}
            (Ok(MethodKey::All), _) => {
                problems.add(path, "a plan throttles single methods, all of them by its `throttle`")
            }
            (Err(message), _) => problems.add(path, message),
        }
    }
    limits
}

/// A limit of rate and burst, each with its field's name.
fn limit(rate: (f64, &str), burst: (f64, &str), path: &str, problems: &mut Problems) -> Option<Limit> {
    for (number, field) in [rate, burst] {
        if !(number.is_finite() && number >= 0.0) {
            problems
                .add(format!("{path}.{field}"), format!("{number} is not a limit, expected a number of at least 0"));
        }
    }
    Limit::new(rate.0, burst.0)
}

/// The offsets that the control plane accepts.
fn check_offset(quota: RawQuota, path: &str, problems: &mut Problems) {
    let max = match quota.period {
        Period::Day => 0,
        Period::Week => 6,
        Period::Month => 27,
    };
    if quota.offset > max {
        let message = format!("{} is out of range, expected at most {max} with {}", quota.offset, quota.period.name());
        problems.add(format!("{path}.quota.offset"), message);
    }
}

fn enter_keys(
    plan: &RawUsagePlan,
    index: u16,
    keys: &KeyIds,
    members: &mut Vec<(KeyIndex, u16)>,
    problems: &mut Problems,
) {
    for (i, ids) in plan.key_ids.iter().enumerate() {
        for id in ids.split_ascii_whitespace() {
            match keys.find(id) {
                Some(key) => members.push((key, index)),
                None => problems.add(
                    format!("usagePlans[{index}].keyIds[{i}]"),
                    format!("there is no API key `{}`", id.escape_debug()),
                ),
            }
        }
    }
}

/// A key may have several plans, but for each stage only one.
fn check_one_plan_per_stage(keys: &KeyTable, plans: &[Plan], stages: &Stages, problems: &mut Problems) {
    // Many keys have the same pair of plans.
    let mut shared: BTreeMap<(u16, u16), Option<StageIndex>> = BTreeMap::new();
    for key in keys.all() {
        let own = keys.plans(key);
        for (i, first) in own.iter().enumerate() {
            for second in own.iter().skip(i.saturating_add(1)) {
                let stage = *shared.entry((*first, *second)).or_insert_with(|| {
                    let (a, b) = (plans.get(usize::from(*first))?, plans.get(usize::from(*second))?);
                    a.stages.keys().find(|stage| b.stages.contains_key(stage)).copied()
                });
                let (Some(stage), Some(other)) = (stage, plans.get(usize::from(*first))) else { continue };
                problems.add(
                    format!("usagePlans[{second}].keyIds"),
                    format!(
                        "the key `{}` is in usage plan `{}`, too, for stage {}",
                        keys.id(key),
                        other.id,
                        stages.name(stage)
                    ),
                );
            }
        }
    }
}
