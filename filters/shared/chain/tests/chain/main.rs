//! Chains of scripted filters in front of a scripted proxy.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod answers;
mod bodies;
mod periodic;
mod sharing;
mod support;
