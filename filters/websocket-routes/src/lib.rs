//! The `websocket-routes` filter: a WebSocket API in one Envoy, with no process beside it.
//!
//! It has two halves in one module. [`WebSocketRoutes`] is the HTTP filter of the public listener: it runs the
//! `$connect` route of a handshake and lets an accepted one on to the internal listener, and it serves `@connections`.
//! [`WebSocketConnections`] is the network filter of the internal listener: the WebSocket endpoint itself, which finds
//! each message's route and calls its integration. Both run in the same VM, since an internal connection stays on its
//! worker, and share what they know of its connections ([`worker`]).
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html>

mod announced;
mod answer;
mod config;
mod connection;
mod error;
mod event;
mod execution;
mod filter;
mod fleet;
mod handshake;
mod head;
mod integration;
mod journal;
mod lambda_event;
mod last_calls;
mod management;
mod metrics;
mod raw;
mod request;
mod templates;
mod throttle;
mod unread;
mod validation;
mod worker;

pub use config::WebSocketConfig;
pub use connection::SocketConnection;
pub use filter::{CONNECT_ROUTE, CONNECTIONS_ROUTE, RoutesStream, WebSocketConnections, WebSocketRoutes};
pub use raw::{
    Authorization, LoggingLevel, RawAccessLog, RawConfig, RawConnections, RawExecutionLog, RawIntegration,
    RawIntegrationResponse, RawLimits, RawMapping, RawMessageRoute, RawThrottle, RawWebSocketAws, RawWebSocketFunction,
    RawWebSocketHttp,
};
