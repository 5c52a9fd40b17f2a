//! Calls over kept HTTP/1.1 connections, without sockets.
//!
//! A [`Pool`] says which connection a [`Request`] goes to and what has come of it; whoever owns the sockets moves the
//! bytes. Heads and chunk sizes are read by `httparse`.
//!
//! Source: RFC 9112.

mod body;
mod pool;
mod request;
mod response;

pub use pool::{Ended, Expired, Opened, Outcome, Place, Pool, Received};
pub use request::Request;
pub use response::{Malformed, Reader, Response};
