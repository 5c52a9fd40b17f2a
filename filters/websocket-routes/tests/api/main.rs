//! A WebSocket API from the outside: handshakes, messages, pushes and ends, without Envoy.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod admission;
mod endings;
mod execution;
mod facts;
mod fleet;
mod handshakes;
mod journal;
mod management;
mod messages;
mod pressure;
mod properties;
mod support;
