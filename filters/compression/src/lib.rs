//! The coding `deflate` of `minimumCompressionSize`, both ways. Envoy itself knows gzip, and not this one.
//!
//! The filter stands behind `gateway-responses`: those behind it see what a request means, and it sees what they have
//! made of an answer.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html>

mod accept;
mod config;
mod filter;

pub use config::{Compression, RawConfig};
pub use filter::MEDIA_TYPES;
