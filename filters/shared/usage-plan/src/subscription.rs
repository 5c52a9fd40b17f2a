//! What a key has taken of a plan: the bucket of the plan's throttle and the use of its quota, in one value, so that a
//! request changes one value and not two.

use crate::bucket::{Bucket, Limit};
use crate::counters::{CounterError, Counters, update};
use crate::quota::{Quota, Usage};
use crate::{COUNTERS, UnixMicros};

/// What a key has taken of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subscription {
    bucket: Bucket,
    /// `None` as long as no request was counted.
    usage: Option<Usage>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// It passes.
    Passed,
    /// The bucket has no token.
    Throttled,
    /// The quota is used up. The token is taken all the same.
    QuotaExceeded,
}

/// The name of what a key has taken of a plan.
pub(crate) fn counter(usage_plan_id: &str, api_key_id: &str) -> String {
    [COUNTERS, "/plan/", usage_plan_id, "/", api_key_id].concat()
}

/// Takes a token, where there is a throttle, and then counts the request, where there is a quota.
pub(crate) fn draw(
    counters: &(impl Counters + ?Sized),
    counter: &str,
    throttle: Option<Limit>,
    quota: Option<&Quota>,
    now: UnixMicros,
) -> Result<Drawn, CounterError> {
    update(counters, counter, |found| {
        let before = found.and_then(Subscription::decode).unwrap_or(Subscription::none(now));
        let mut after = before.clone();
        let drawn = after.draw(throttle, quota, now);
        // A throttled request writes only when the clock was set back, or the state would never come out of the future.
        (drawn, (before != after).then(|| after.encode()))
    })
}

/// What has been used of the quota, as far as the counter says.
pub(crate) fn usage(counter: &[u8]) -> Option<Usage> {
    Subscription::decode(counter)?.usage
}

impl Subscription {
    /// Nothing taken yet.
    fn none(now: UnixMicros) -> Self {
        Self { bucket: Bucket::full(now), usage: None }
    }

    fn draw(&mut self, throttle: Option<Limit>, quota: Option<&Quota>, now: UnixMicros) -> Drawn {
        if throttle.is_some_and(|limit| !self.bucket.take(limit, now)) {
            return Drawn::Throttled;
        }
        let Some(quota) = quota else { return Drawn::Passed };
        let today = now.day();
        let mut usage = self.usage.clone().unwrap_or_else(|| Usage::none(quota, today));
        let counted = usage.charge(quota, today);
        if counted || self.usage.is_some() {
            self.usage = Some(usage);
        }
        if counted { Drawn::Passed } else { Drawn::QuotaExceeded }
    }

    /// The form in shared data: the bucket's, then the usage's if there is any.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Bucket::BYTES.saturating_add(self.usage.as_ref().map_or(0, Usage::size)));
        self.bucket.write(&mut bytes);
        if let Some(usage) = &self.usage {
            usage.write(&mut bytes);
        }
        bytes
    }

    /// Reads [`Subscription::encode`]'s form. `None` for anything else, which counts as nothing taken.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (bucket, usage) = bytes.split_at_checked(Bucket::BYTES)?;
        let usage = if usage.is_empty() { None } else { Some(Usage::decode(usage)?) };
        Some(Self { bucket: Bucket::decode(bucket)?, usage })
    }
}
