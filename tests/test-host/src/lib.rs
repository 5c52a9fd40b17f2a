//! A filter's surroundings in memory: one request, and what its filter leaves behind.
//!
//! Tests set the fields and read them. Whole ways through chains and Envoy's own part in them are `mini-envoy`'s.
#![allow(clippy::arithmetic_side_effects)]

mod host;
mod shared_data;

pub use host::{NOW_MILLIS, TestHost, edit};
pub use shared_data::SharedData;
