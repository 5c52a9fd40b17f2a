//! The filter in a host in memory.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod caching;
mod events;
mod outcomes;
mod robustness;
mod support;
