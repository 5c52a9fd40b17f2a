//! The vocabulary that every filter shares: what a filter is, what it may do next, and API Gateway's own words
//! for requests, `$context` and errors.
//!
//! Nothing here knows proxy-wasm. A filter core takes events and a [`Host`] and returns a [`Step`]; the `shell`
//! package turns Envoy's callbacks into those events and carries the steps out, and tests do the same in memory.

pub mod attribute;
pub mod client;
mod config;
mod context;
mod error;
pub mod event;
pub mod execution;
mod filter;
pub mod flush;
mod headers;
mod host;
mod ids;
mod integration;
pub mod json;
mod mapping;
pub mod media;
mod network;
mod path;
mod peer_certificate;
pub mod policy;
mod property;
mod protocol;
mod route;
mod seen;
mod statistic;
mod step;
mod struct_value;
mod time;

pub use config::{ConfigError, parse};
pub use context::{Api, Context, LAMBDA_CONTEXT, METHOD_HEADER, RawApi, RawRoute, RawVpcEndpoint};
pub use error::{GatewayError, Layer, ResponseType};
pub use filter::{Body, Filter, Root, Stream, configure, root};
pub use headers::{Headers, clean_value, is_header_name};
pub use host::{Cas, Host, LogLevel, Metric, SharedDataError};
pub use ids::{Ids, trace_id};
pub use integration::IntegrationResult;
pub use mapping::{Destination, ResponseSource, Source};
pub use network::{Address, Connection, NetworkFilter, NetworkRoot, Output, UPSTREAM_CONNECTIONS, network_root};
pub use path::{PathParameters, Query, percent_decode, push_percent_encoded, split_target};
pub use peer_certificate::{PEER_CERTIFICATE, PeerCertificate};
pub use property::Property;
pub use protocol::ProtocolType;
pub use route::{ROUTE_NAME, of_route, route_name};
pub use seen::{KeyedHash, Seen};
pub use statistic::{DIMENSIONS, dimension_regex, statistic};
pub use step::{Answer, Callout, Edits, HeaderValue, Reply, Step};
pub use time::{Civil, UnixMillis};

/// The largest request or response payload, in bytes (10 MB).
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_PAYLOAD_BYTES: usize = 10_485_760;
/// The most that the header names and values of a request may add up to, in bytes.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_HEADER_BYTES: usize = 10_240;
/// The longest request URL (path and query as sent), in bytes, for Regional APIs.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub const MAX_URL_BYTES: usize = 10_240;
