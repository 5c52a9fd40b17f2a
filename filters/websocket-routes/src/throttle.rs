//! Limits: of a route, and of the account.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>

use gateway::{Api, ConfigError, Host, LogLevel};
use usage_plan::{Recall, RouteThrottle, UnixMicros};

use crate::raw::RawThrottle;

/// What a client that is too fast is told.
pub const TOO_MANY_REQUESTS: &str = "Too Many Requests";

/// The limit of a route, compiled.
pub fn of_route(raw: RawThrottle, api: &Api, route_key: &str) -> Result<RouteThrottle, ConfigError> {
    RouteThrottle::of_route(&api.api_id, &api.stage, route_key, raw).ok_or_else(wrong)
}

/// The account's limit, compiled.
pub fn of_account(raw: RawThrottle) -> Result<RouteThrottle, ConfigError> {
    RouteThrottle::of_account(raw).ok_or_else(wrong)
}

fn wrong() -> ConfigError {
    ConfigError::new("", "rate and burst are numbers that are zero or more")
}

/// Takes a token of each limit. A limit that cannot be asked refuses.
pub fn admit<'t>(limits: impl IntoIterator<Item = &'t RouteThrottle>, recall: &Recall, host: &dyn Host) -> bool {
    let counters = recall.of(host);
    limits.into_iter().all(|limit| match limit.admit(UnixMicros(host.now_micros()), &counters) {
        Ok(admitted) => admitted,
        Err(error) => {
            host.log(LogLevel::Warn, &format!("a limit cannot be asked: {error}"));
            false
        }
    })
}
