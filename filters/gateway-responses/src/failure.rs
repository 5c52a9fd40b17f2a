//! Envoy's own failures in API Gateway's words.

use gateway::attribute::VIA_UPSTREAM;
use gateway::{GatewayError, ResponseType};

/// Who has answered a request, told from Envoy's `response.code_details`.
///
/// Source: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details>
#[derive(Debug, PartialEq, Eq)]
pub enum Answerer {
    /// The upstream.
    Upstream,
    /// One of our filters.
    Filter,
    /// Envoy itself; the gateway response that says the same.
    Envoy(GatewayError),
}

impl Answerer {
    /// Reads `response.code_details`; our filters' answers begin with `apigw.` or, from other modules, have none.
    /// `status` is what is about to be sent.
    pub fn of(code_details: Option<&[u8]>, status: u16) -> Self {
        let details = std::str::from_utf8(code_details.unwrap_or_default()).unwrap_or_default();
        if details.is_empty() || details.starts_with("apigw.") {
            return Self::Filter;
        }
        // Envoy appends specifics in braces: `upstream_reset_before_response_started{connection_timeout}`.
        let (reason, specifics) = details.split_once('{').unwrap_or((details, ""));
        if reason.as_bytes() == VIA_UPSTREAM {
            return Self::Upstream;
        }
        let response_type = match (reason, status) {
            ("upstream_reset_before_response_started", _) if specifics.starts_with("connection_timeout") => {
                ResponseType::IntegrationFailure
            }
            ("wasm_fail_stream", _) => ResponseType::ApiConfigurationError,
            ("response_timeout" | "upstream_response_timeout" | "upstream_per_try_timeout", _) | (_, 504) => {
                ResponseType::IntegrationTimeout
            }
            (_, 413) => ResponseType::RequestTooLarge,
            ("route_not_found", _) | (_, 404) => ResponseType::MissingAuthenticationToken,
            (_, 502 | 503) => ResponseType::IntegrationFailure,
            (_, 400..=499) => {
                let message = format!("Bad Request: {}", reason.replace('_', " "));
                return Self::Envoy(
                    GatewayError::new(ResponseType::Default4xx).with_status(status).with_message(message),
                );
            }
            _ => ResponseType::ApiConfigurationError,
        };
        Self::Envoy(GatewayError::new(response_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(details: &str, status: u16, expected: ResponseType) {
        match Answerer::of(Some(details.as_bytes()), status) {
            Answerer::Envoy(error) => assert_eq!(error.response_type, Some(expected), "{details}"),
            other => assert_eq!(other, Answerer::Envoy(GatewayError::new(expected)), "{details}"),
        }
    }

    #[test]
    fn failures_of_envoy() {
        check("response_timeout", 504, ResponseType::IntegrationTimeout);
        check(
            "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
            503,
            ResponseType::IntegrationFailure,
        );
        check("upstream_reset_before_response_started{connection_timeout}", 503, ResponseType::IntegrationFailure);
        check("no_healthy_upstream", 503, ResponseType::IntegrationFailure);
        check("request_payload_too_large", 413, ResponseType::RequestTooLarge);
        check("cluster_not_found", 503, ResponseType::IntegrationFailure);
        check("upstream_reset_before_response_started{protocol_error}", 502, ResponseType::IntegrationFailure);
        check("route_not_found", 404, ResponseType::MissingAuthenticationToken);
        check("wasm_fail_stream", 503, ResponseType::ApiConfigurationError);
        check("low_version", 426, ResponseType::Default4xx);
        check("\u{fffd}", 500, ResponseType::ApiConfigurationError);
    }

    #[test]
    fn answers_of_others() {
        assert_eq!(Answerer::of(Some(b"via_upstream"), 503), Answerer::Upstream);
        assert_eq!(Answerer::of(Some(b"apigw.THROTTLED"), 429), Answerer::Filter);
        assert_eq!(Answerer::of(None, 429), Answerer::Filter);
    }
}
