//! Requests, responses and the pool.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod pool;
mod requests;
mod responses;
