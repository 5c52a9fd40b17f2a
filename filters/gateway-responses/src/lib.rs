//! The `gateway-responses` filter: every error that the gateway itself answers, in the API's own words.
//!
//! First in the chain, so first to see a request and last to see a response. On the way in it gives the request its
//! ids, enforces the limits on URL, headers and body, and answers where no method matched. On the way out it applies
//! the API's customised gateway responses to what later filters answered, and turns Envoy's own failures (upstream
//! unreachable, timeout, body too large) into API Gateway's.
//!
//! For HTTP APIs it does the same in their words, which no API can customise, and CORS beside it; for WebSocket APIs in
//! theirs, and gives each handshake its connection's id.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>

mod config;
mod cors;
mod failure;
mod filter;
mod http_api;
mod template;
mod websocket_api;

pub use config::{
    GatewayResponses, RawConfig, RawGatewayResponse, RawResponsesRoute, RawTracing, Refusal, SAMPLING_HEADER,
};
pub use cors::RawCors;
pub use http_api::RawHttpApi;
pub use websocket_api::RawWebSocketApi;
