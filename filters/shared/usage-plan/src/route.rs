//! Limits outside of usage plans: of a WebSocket API's route, and of the account.

use crate::admit::{account_counter, take};
use crate::{COUNTERS, CounterError, Counters, Limit, RawThrottle, UnixMicros};

/// A limit of a route, or the account's, which all requests and messages share.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteThrottle {
    counter: String,
    limit: Limit,
}

impl RouteThrottle {
    /// The limit of one route; `None` when rate and burst are none.
    pub fn of_route(api_id: &str, stage: &str, route_key: &str, throttle: RawThrottle) -> Option<Self> {
        let limit = Limit::new(throttle.rate_limit, throttle.burst_limit)?;
        Some(Self { counter: format!("{COUNTERS}/route/{api_id}/{stage}/{route_key}"), limit })
    }

    /// The account's limit; `None` when rate and burst are none.
    pub fn of_account(throttle: RawThrottle) -> Option<Self> {
        let limit = Limit::new(throttle.rate_limit, throttle.burst_limit)?;
        Some(Self { counter: account_counter(), limit })
    }

    /// Takes a token at `now`; `false` when less than one is left, and nothing is taken.
    ///
    /// # Errors
    /// The counter could not be changed: who asks has to refuse.
    pub fn admit(&self, now: UnixMicros, counters: &(impl Counters + ?Sized)) -> Result<bool, CounterError> {
        take(counters, &self.counter, self.limit, now)
    }
}
