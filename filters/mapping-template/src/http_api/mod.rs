//! Integrations of HTTP APIs: no templates, other events, and parameters mapped by `append`, `overwrite` and `remove`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations.html>

mod event;
mod lambda;
mod parameters;
mod proxy;
mod raw;
mod reply;
mod service;
mod subtype;
mod value;

pub(crate) use lambda::Lambda;
pub use parameters::Parameters;
pub(crate) use proxy::{Proxy, internal_server_error};
pub use raw::{AppendedPath, PayloadFormat, RawHttpApiLambda, RawHttpApiProxy, RawHttpApiService};
pub use service::Service;
pub use subtype::{ServiceCall, ServiceParameter};
