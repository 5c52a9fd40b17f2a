//! A proxy-wasm host for tests, as Envoy 1.40 implements the ABI (0.2.0 and 0.2.1).
//!
//! It runs a filter's real `.wasm` with everything around it in the test's hand: the clock, the other workers, the
//! answers to callouts, the upstream. What a filter can observe (statuses, which maps and buffers exist when, the order
//! of callbacks, what pausing means) follows Envoy; the statuses and orders were compared with Envoy 1.40.
//!
//! ```no_run
//! use host::{Host, Request, Response};
//!
//! let host = Host::new();
//! let worker = host.worker("target/wasm32-wasip1/release/api_key.wasm").unwrap();
//! let filter = worker.configure("api-key", r#"{"plans": []}"#).unwrap();
//! let mut exchange = filter.send(Request::get("/pets").header("x-api-key", "k").route("GET /pets"));
//! assert!(exchange.upstream_request().is_some());
//! exchange.respond(Response::new(200).body("[]"));
//! assert_eq!(exchange.response().unwrap().status(), 200);
//! ```
//!
//! A [`Host`] is one Envoy: clock, shared data, queues, statistics, log. A [`Worker`] is one of its VMs, a [`Root`] a
//! plugin in a VM, a [`Chain`] the HTTP filters of a listener, an [`Exchange`] one stream, a [`Connection`] one TCP
//! connection through a network filter.
//!
//! What is left out: routing (a request says the name of its route), retries, flow control (a paused stream may hold
//! any amount that its buffer limit allows), the headers that Envoy's connection manager adds to a response (`date`,
//! `server`), and the configuration canary (Envoy starts and configures every plugin on its main thread as well; see
//! [`WorkerBuilder::canary`]).

// Never runs inside Envoy; a test that goes wrong may panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod abi;
mod action;
mod callout;
mod chain;
mod clock;
mod connection;
mod context;
mod error;
mod exchange;
mod foreign;
mod grpc;
mod headers;
mod host;
mod log;
mod message;
mod metrics;
mod module;
mod pairs;
mod plugin;
mod property;
mod protobuf;
mod queues;
mod shared_data;
mod status;
mod stream;
mod vm;
mod worker;

pub use callout::{Answer, Callout, HttpCall};
pub use chain::Chain;
pub use connection::{Connection, Peer, Terminal};
pub use error::{Error, StartError};
pub use exchange::{Exchange, State};
pub use grpc::{GrpcCall, GrpcCallout};
pub use headers::{HeaderMap, MapKind};
pub use host::Host;
pub use log::{Level, LogLine};
pub use message::{Request, Response};
pub use plugin::{PluginBuilder, Root};
pub use property::Property;
pub use shared_data::SharedData;
pub use status::Status;
pub use stream::{Direction, LocalReply, flags};
pub use worker::{FailurePolicy, Worker, WorkerBuilder};
