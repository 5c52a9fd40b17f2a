//! The one table of what filters leave for each other within a request.

use serde::{Deserialize, Serialize};

/// A value that one filter sets and later ones read. Envoy keeps it as filter state, so an access log shows it as
/// `%FILTER_STATE(wasm.<name>:PLAIN)%`, routes may refer to it, and no client can send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Property {
    /// Request ids, set by `gateway-responses`: [`crate::Ids`] in its text form.
    Request,
    /// `X-Amzn-Trace-Id` of this request, set by `gateway-responses`, added to the upstream request by the route.
    TraceId,
    /// The request is sampled, set by `gateway-responses`: what Envoy's tracer asks for the span of the backend.
    Sampled,
    /// The gateway response that a filter has answered with: [`crate::GatewayError`] as JSON.
    Error,
    /// `$context.identity.*` beyond what Envoy knows: a JSON object, set by `api-key` and `iam-authorizer`.
    Identity,
    /// `$context.authorizer.*`: a JSON object, set by the authorizers.
    Authorizer,
    /// The value that the authorizer gives as API key (`usageIdentifierKey`).
    UsageIdentifierKey,
    /// `$context` variables of a WebSocket API's handshake, its connection's id among them: a JSON object, set by
    /// `gateway-responses`, or by `websocket-routes` where that is not in the chain.
    WebSocket,
    /// Path of the upstream request of an HTTP_PROXY integration, without the query, taken by the route's `path_rewrite`.
    UpstreamPath,
    /// `Host` of the upstream request of an HTTP_PROXY integration that maps it, taken by the route's `host_rewrite`.
    UpstreamHost,
    /// What an integration has answered: [`crate::IntegrationResult`] as JSON, set by `mapping-template`.
    Integration,
    /// How long a filter's call of an integration took, in milliseconds, as text: what `metrics` counts as
    /// `IntegrationLatency`. Of a request that its router forwards, Envoy knows the time itself.
    IntegrationLatency,
    /// The caller may replace cache entries, set by `iam-authorizer`.
    MayInvalidateCache,
    /// The response comes from the cache, set by `response-cache`.
    CacheHit,
    /// The cache had no response, set by `response-cache`.
    CacheMiss,
    /// The request's line for the access log, with its line break, set by `access-log`.
    AccessLog,
    /// The request's lines for the execution log, each with its line break, set by `execution-log`.
    ExecutionLog,
}

impl Property {
    /// The name under which Envoy keeps it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "apigw.request",
            Self::TraceId => "apigw.trace_id",
            Self::Sampled => "apigw.sampled",
            Self::Error => "apigw.error",
            Self::Identity => "apigw.identity",
            Self::Authorizer => "apigw.authorizer",
            Self::UsageIdentifierKey => "apigw.usage_identifier_key",
            Self::WebSocket => "apigw.websocket",
            Self::UpstreamPath => "apigw.upstream_path",
            Self::UpstreamHost => "apigw.upstream_host",
            Self::Integration => "apigw.integration",
            Self::IntegrationLatency => "apigw.integration_latency",
            Self::MayInvalidateCache => "apigw.may_invalidate_cache",
            Self::CacheHit => "apigw.cache_hit",
            Self::CacheMiss => "apigw.cache_miss",
            Self::AccessLog => "apigw.access_log",
            Self::ExecutionLog => "apigw.execution_log",
        }
    }

    /// Whether routes and loggers take the value up, so that Envoy has to have it.
    pub fn is_taken_by_envoy(self) -> bool {
        matches!(
            self,
            Self::TraceId
                | Self::Sampled
                | Self::UpstreamPath
                | Self::UpstreamHost
                | Self::AccessLog
                | Self::ExecutionLog
        )
    }
}
