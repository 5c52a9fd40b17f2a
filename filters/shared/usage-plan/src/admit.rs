//! Whether a request may pass.

use crate::bucket::{Bucket, Limit};
use crate::counters::{CounterError, Counters, update};
use crate::plans::{Plan, Plans, StageIndex};
use crate::quota::Quota;
use crate::subscription::{self, Drawn, draw};
use crate::{COUNTERS, Period, UnixMicros};

/// The longest key value, in bytes. A longer one is unknown without a look.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html>
const MAX_KEY_BYTES: usize = 128;

/// A request, as far as usage plans are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The API's id.
    pub api_id: &'a str,
    /// The stage's name.
    pub stage: &'a str,
    /// The resource that the request was routed to, with its parameters as written: `/pets/{petId}`.
    pub resource_path: &'a str,
    /// The resource's method that the request was routed to: a verb, or `ANY`.
    pub method: &'a str,
    /// The request's own verb.
    pub request_method: &'a str,
    /// Whether the method requires a key. If not, a key is ignored, and no plan applies.
    pub api_key_required: bool,
    /// The key's value, if the request brought one.
    pub key: Option<&'a [u8]>,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'p> {
    /// `$context.identity.apiKeyId`.
    pub api_key_id: &'p str,
    /// The plan that lets the key into this stage.
    pub usage_plan_id: &'p str,
}

/// Which throttle it is, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A method of a plan, for each key: `apiStages[].throttle`. It stands in for the plan's throttle.
    PlanMethod,
    /// A plan, for each key, over all its stages.
    Plan,
    /// A method of a stage, all callers together: `methodSettings`.
    StageMethod,
    /// All requests.
    Account,
}

/// Why a request is refused. The client sees a gateway response: `INVALID_API_KEY` for the first four, whichever it
/// was, `THROTTLED`, or `QUOTA_EXCEEDED`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Denial<'p> {
    /// The method requires a key, and the request has none, or an empty one.
    MissingKey,
    /// There is no such key.
    UnknownKey,
    /// The key is not enabled.
    Disabled {
        /// The key's id.
        api_key_id: &'p str,
    },
    /// No plan of the key has this stage.
    NoPlan {
        /// The key's id.
        api_key_id: &'p str,
    },
    /// `THROTTLED`: less than one token is left.
    Throttled {
        /// Whose tokens.
        level: Level,
        /// How many there could be.
        limit: Limit,
        /// Whose request.
        identity: Option<Identity<'p>>,
    },
    /// `THROTTLED`: a counter could not be changed. A check that cannot be completed refuses.
    CheckFailed {
        /// Why.
        error: CounterError,
        /// Whose request.
        identity: Option<Identity<'p>>,
    },
    /// `QUOTA_EXCEEDED`: the quota is used up.
    QuotaExceeded {
        /// Requests per period.
        limit: u64,
        /// The period.
        period: Period,
        /// Whose request.
        identity: Identity<'p>,
    },
}

/// What a request is counted against, once its key is known to be good: throttles in their order, then the quota.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks<'p> {
    /// Whose request it is; `None` where the method requires no key.
    pub identity: Option<Identity<'p>>,
    /// At most one of the plan's, one of the stage's, and the account's.
    pub throttles: Vec<ThrottleCheck>,
    /// The plan's quota. Its count stands beside the plan's bucket, under the same name.
    pub quota: Option<Quota>,
}

/// A throttle that applies to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ThrottleCheck {
    /// Which one.
    pub level: Level,
    /// The name of its bucket.
    pub counter: String,
    /// Rate and burst.
    pub limit: Limit,
}

impl Plans {
    /// Decides a request and counts it.
    ///
    /// # Errors
    /// The first check that refuses it.
    pub fn admit<'p>(
        &'p self,
        call: &Call,
        now: impl Into<UnixMicros>,
        counters: &(impl Counters + ?Sized),
    ) -> Result<Option<Identity<'p>>, Denial<'p>> {
        self.checks(call)?.run(now.into(), counters)
    }

    /// Checks the key, and tells what else applies.
    ///
    /// # Errors
    /// The key is not one that may call this stage.
    pub fn checks<'p>(&'p self, call: &Call) -> Result<Checks<'p>, Denial<'p>> {
        let stage = self.stage(call.api_id, call.stage);
        let subscriber = if call.api_key_required { Some(self.subscriber(call.key, stage)?) } else { None };
        let mut throttles = Vec::with_capacity(3);
        if let Some((identity, plan)) = subscriber {
            throttles.extend(plan.throttle_for(call, stage, identity.api_key_id));
        }
        throttles.extend(stage.and_then(|stage| self.stage_throttle(call, stage)));
        throttles.extend(self.account.map(|limit| ThrottleCheck {
            level: Level::Account,
            counter: account_counter(),
            limit,
        }));
        let quota = subscriber.and_then(|(_, plan)| plan.quota);
        Ok(Checks { identity: subscriber.map(|(identity, _)| identity), throttles, quota })
    }

    fn subscriber(&self, key: Option<&[u8]>, stage: Option<StageIndex>) -> Result<(Identity<'_>, &Plan), Denial<'_>> {
        let value = key.filter(|value| !value.is_empty()).ok_or(Denial::MissingKey)?;
        if value.len() > MAX_KEY_BYTES {
            return Err(Denial::UnknownKey);
        }
        let key = self.keys.find_value(value).ok_or(Denial::UnknownKey)?;
        let api_key_id = self.keys.id(key);
        if !self.keys.enabled(key) {
            return Err(Denial::Disabled { api_key_id });
        }
        let plan = stage.and_then(|stage| self.plan_for(key, stage)).ok_or(Denial::NoPlan { api_key_id })?;
        Ok((Identity { api_key_id, usage_plan_id: &plan.id }, plan))
    }

    fn stage_throttle(&self, call: &Call, stage: StageIndex) -> Option<ThrottleCheck> {
        let settings = self.stage_settings(stage)?;
        let own = settings.methods.find(call.resource_path, call.request_method, call.method);
        // The values of `*/*` apply to each method separately.
        let (method, limit) = own.or(settings.default.map(|limit| (call.method, limit)))?;
        let Call { api_id, stage, resource_path, .. } = call;
        let counter = [COUNTERS, "/stage/", api_id, "/", stage, resource_path, "/", method].concat();
        Some(ThrottleCheck { level: Level::StageMethod, counter, limit })
    }
}

impl Plan {
    /// Not documented whether a method's throttle comes on top of the plan's: here it stands in for it, as "per-client
    /// or per-method" suggests.
    fn throttle_for(&self, call: &Call, stage: Option<StageIndex>, api_key_id: &str) -> Option<ThrottleCheck> {
        let id = &self.id;
        let methods = stage.and_then(|stage| self.stages.get(&stage));
        if let Some((method, limit)) =
            methods.and_then(|methods| methods.find(call.resource_path, call.request_method, call.method))
        {
            let Call { api_id, stage, resource_path, .. } = call;
            let plan = [COUNTERS, "/method/", id, "/", api_key_id, "/"];
            let method = [api_id, "/", stage, resource_path, "/", method];
            let counter = [plan, method].concat().concat();
            return Some(ThrottleCheck { level: Level::PlanMethod, counter, limit });
        }
        let counter = || subscription::counter(id, api_key_id);
        self.throttle.map(|limit| ThrottleCheck { level: Level::Plan, counter: counter(), limit })
    }
}

impl<'p> Checks<'p> {
    /// Counts the request on each level, as far as it passes.
    ///
    /// # Errors
    /// The first level that refuses it, or that could not be asked.
    pub fn run(
        &self,
        now: UnixMicros,
        counters: &(impl Counters + ?Sized),
    ) -> Result<Option<Identity<'p>>, Denial<'p>> {
        let identity = self.identity;
        let failed = |error| Denial::CheckFailed { error, identity };
        let mut quota = self.quota.as_ref().zip(identity);
        let exceeded =
            |quota: &Quota, identity| Err(Denial::QuotaExceeded { limit: quota.limit, period: quota.period, identity });
        for (place, ThrottleCheck { level, counter, limit }) in self.throttles.iter().enumerate() {
            // The plan's bucket and its quota are one value: with nothing between them, both are asked at once.
            let is_last = place.saturating_add(1) == self.throttles.len();
            let with = quota.take_if(|_| *level == Level::Plan && is_last);
            let drawn = match level {
                Level::Plan => draw(counters, counter, Some(*limit), with.map(|(quota, _)| quota), now),
                Level::PlanMethod | Level::StageMethod | Level::Account => take(counters, counter, *limit, now)
                    .map(|taken| if taken { Drawn::Passed } else { Drawn::Throttled }),
            };
            match (drawn.map_err(failed)?, with) {
                (Drawn::Passed, _) => {}
                (Drawn::QuotaExceeded, Some((quota, identity))) => return exceeded(quota, identity),
                _ => return Err(Denial::Throttled { level: *level, limit: *limit, identity }),
            }
        }
        if let Some((quota, identity)) = quota {
            let counter = subscription::counter(identity.usage_plan_id, identity.api_key_id);
            if draw(counters, &counter, None, Some(quota), now).map_err(failed)? != Drawn::Passed {
                return exceeded(quota, identity);
            }
        }
        Ok(identity)
    }
}

/// The name of the account's bucket.
pub(crate) fn account_counter() -> String {
    [COUNTERS, "/account"].concat()
}

/// Takes a token of a bucket; `false` when there is none.
pub(crate) fn take(
    counters: &(impl Counters + ?Sized),
    counter: &str,
    limit: Limit,
    now: UnixMicros,
) -> Result<bool, CounterError> {
    update(counters, counter, |found| {
        let before = found.and_then(Bucket::decode);
        let mut bucket = before.unwrap_or(Bucket::full(now));
        let taken = bucket.take(limit, now);
        // A refused request writes only when the clock was set back.
        let write = taken || before.is_some_and(|before| before != bucket);
        (taken, write.then(|| bucket.encode()))
    })
}
