//! Runs the cases: the repo's own (`tests/cases`) and those of the conformance folder, through `apigw run` and a real
//! Envoy.
//!
//! [`own`] reads and runs case files, [`localstack`] recorded ones. [`gateway`] is a running gateway, [`client`] sends exact bytes to it, and
//! [`backend`] stands in for what is behind it.

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
pub mod client;
pub mod gateway;
mod http;
pub mod localstack;
pub mod own;
pub mod paths;
pub mod robustness;
pub mod separate;
pub mod tally;
pub mod validate;
pub mod websocket;
