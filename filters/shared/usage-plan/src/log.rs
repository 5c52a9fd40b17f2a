//! The lines of the execution log.
//!
//! AWS shows the last six characters of a key's value. Values never reach a log here, so these lines show the end of the
//! key's id in their place.
//!
//! Not documented: the lines follow what users of API Gateway report.

use crate::admit::{Call, Denial, Identity, Level};

/// How many characters of a key's id are shown.
const SHOWN: usize = 6;

/// The request needs no key and passes.
pub fn key_not_required(call: &Call) -> String {
    format!(
        "API Key authorized because method '{} {}' does not require API Key. \
         Request will not contribute to throttle or quota limits",
        call.method, call.resource_path
    )
}

/// The request passes with a key.
pub fn succeeded(identity: &Identity, call: &Call) -> String {
    format!(
        "Usage Plan check succeeded for API Key {} and API Stage {}/{}",
        masked(identity.api_key_id),
        call.api_id,
        call.stage
    )
}

/// The request is refused. `resource_id` is `$context.resourceId`.
pub fn denied(denial: &Denial, call: &Call, resource_id: &str) -> String {
    let Call { api_id, stage, resource_path, method, .. } = call;
    let unauthorized = |key: &str, reason: &str| {
        format!("API Key {key} not authorized because method '{method} {resource_path}' requires API Key and {reason}")
    };
    let exceeded = |key: &str, reason: &str| {
        format!("API Key {} exceeded throttle limit for API Stage {api_id}/{stage}: {reason}", masked(key))
    };
    match denial {
        Denial::MissingKey => unauthorized("", "API Key was not given"),
        Denial::UnknownKey => unauthorized("", "API Key is not known"),
        Denial::Disabled { api_key_id } => unauthorized(&masked(api_key_id), "API Key is not enabled"),
        Denial::NoPlan { api_key_id } => unauthorized(
            &masked(api_key_id),
            &format!("API Key is not associated with a Usage Plan for API Stage {api_id}/{stage}"),
        ),
        Denial::Throttled { level, limit, identity } => {
            let limit = format!("Limit: {:.2} Burst: {}", limit.rate(), limit.burst());
            let place = format!("RestApi {api_id}, Stage {stage}, Resource {resource_id}, HttpMethod {method}");
            match (level, identity) {
                (Level::PlanMethod | Level::Plan, Some(Identity { api_key_id, usage_plan_id })) => exceeded(
                    api_key_id,
                    &format!("Key throttle limit exceeded for Usage Plan ID {usage_plan_id}, {place}. {limit}"),
                ),
                (Level::Account, _) => format!("Account throttle limit exceeded. {limit}"),
                _ => format!("Method throttle limit exceeded for {place}. {limit}"),
            }
        }
        Denial::QuotaExceeded { limit, period, identity } => exceeded(
            identity.api_key_id,
            &format!(
                "Key quota exhausted for Usage Plan ID {}. Limit: {limit} Period: {}",
                identity.usage_plan_id,
                period.name()
            ),
        ),
        Denial::CheckFailed { error, .. } => format!("Usage Plan check failed due to an internal error: {error}"),
    }
}

/// An id with all but its last six characters as stars.
pub fn masked(id: &str) -> String {
    let hidden = id.chars().count().saturating_sub(SHOWN);
    id.chars().enumerate().map(|(i, c)| if i < hidden { '*' } else { c }).collect()
}
