//! API keys, usage plans, throttles and quotas of a REST API: who may call, how fast, how often.
//!
//! Pure logic. [`Plans::from_raw`] compiles the configuration; [`Plans::admit`] decides a request, given the time and
//! [`Counters`] that all workers share. How a key comes out of a request and what a refusal looks like to the client
//! is not known here.
//!
//! The order of the checks is AWS's: key, plan, plan throttle, method throttle of the stage, account throttle, quota.
//! A request that is refused costs no quota, and nothing at all on the throttles behind the one that refused it; a
//! token taken on one before is not given back (not documented either way).
//!
//! # Shared state
//!
//! There is a counter for each (plan, key), with its bucket and what it has used of the quota, for each throttled
//! method, and one for the account. Each is a value of its own under a name made only of configuration, so what traffic
//! can create is bounded, and a new configuration finds the counts of the old one. A counter comes into being with its first request, by a compare-and-set on a
//! version that no value ever has: of two workers that both find nothing, one creates the value and the other starts
//! over, so not even the first request of a counter is lost. [`Counters::store`] says what this asks of a host.
//!
//! The alternatives were worse. Creating 100,000 values at start costs time and some 20 MB for keys that may never
//! call; a table of many buckets in one value makes all its keys contend for one version and copies kilobytes for
//! every request.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>

mod admit;
mod bucket;
mod calendar;
mod counters;
mod digest;
mod history;
mod keys;
pub mod log;
mod methods;
mod plans;
mod problems;
mod quota;
mod raw;
mod recall;
mod report;
mod route;
mod subscription;

pub use admit::{Call, Checks, Denial, Identity, Level, ThrottleCheck};
pub use bucket::{Bucket, Limit};
pub use calendar::{Day, Period, UnixMicros};
pub use counters::{CounterError, Counters};
pub use digest::KeyDigest;
pub use history::DayUsage;
pub use plans::Plans;
pub use quota::{Quota, Usage};
pub use raw::{
    RawApiKey, RawApiKeys, RawApiStage, RawMethodSetting, RawPlans, RawQuota, RawStage, RawThrottle, RawUsagePlan,
};
pub use recall::{Recall, Recalled};
pub use report::{MAX_REPORT_DAYS, MAX_REPORT_KEYS, UsageError, UsageReport, UsageRequest};
pub use route::RouteThrottle;

/// First part of all counters' names. The number changes with the form of the values: shared data outlives a module.
const COUNTERS: &str = "usage-plan/2";
