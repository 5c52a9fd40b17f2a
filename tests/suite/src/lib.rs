//! Runs the cases: the repo's own (`tests/cases`) and those of the conformance folder, on any level.
//!
//! [`own`] reads and runs case files, [`localstack`] recorded ones. A [`level::Level`] starts a gateway for them;
//! the one here is `apigw run` with a real Envoy, which [`gateway`] starts and [`client`] sends exact bytes to. The levels
//! without sockets are in the package `mini-envoy`. [`backend`] stands in for what is behind a gateway.

// Never runs inside Envoy; a test that goes wrong may panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

pub mod backend;
pub mod base64;
pub mod bytes;
pub mod client;
mod envoy;
pub mod gateway;
pub mod hostile;
mod http;
pub mod level;
pub mod localstack;
mod misses;
pub mod own;
pub mod paths;
mod progress;
pub mod robustness;
pub mod separate;
pub mod tally;
mod tls;
pub mod tokens;
pub mod validate;
pub mod websocket;
