//! Signatures, verified and made: the AWS signing test suite, and cases of our own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod aws_suite;
mod support;
mod vectors;
