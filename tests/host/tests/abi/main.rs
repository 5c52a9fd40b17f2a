//! What modules observe, and what tests see of it. The expected values are those of Envoy 1.40, where the same calls
//! were made by a module of the same kind.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::write_with_newline
)]

mod bodies;
mod callouts;
mod common;
mod failures;
mod headers;
mod network;
mod properties;
mod replies;
mod shared;
mod wasi;
