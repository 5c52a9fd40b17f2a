//! The canary of a stage: a second deployment that gets a part of the requests, each drawn by itself.
//!
//! Its routes stand before the stage's own, each behind the same `runtime_fraction`. Envoy draws one random number for
//! a request and compares it with every fraction, also when a filter's change makes it match the route again: either
//! all routes of the canary are there for a request, or none. The one for paths that the canary does not have is among
//! them, so no request falls through to the other deployment.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html>

use serde_json::{Value, json};

/// What precedes the names of a canary's routes.
pub(super) const PREFIX: &str = "canary ";
/// Steps of a percentage: four digits behind the point.
const MILLION: f64 = 1_000_000.0;

/// Puts a canary's routes behind its part of the traffic. `percent` is 0 to 100.
pub(super) fn behind_fraction(routes: &mut [Value], percent: f64) {
    for route in routes {
        route["match"]["runtime_fraction"] = json!({
            "default_value": {"numerator": (percent / 100.0 * MILLION).round() as u64, "denominator": "MILLION"},
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_requests() {
        let mut routes = [json!({"name": "GET /", "match": {"path": "/"}})];
        behind_fraction(&mut routes, 12.345);
        let fraction = json!({"default_value": {"numerator": 123_450, "denominator": "MILLION"}});
        assert_eq!(routes, [json!({"name": "GET /", "match": {"path": "/", "runtime_fraction": fraction}})]);
    }
}
