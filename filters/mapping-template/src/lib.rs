//! The `mapping-template` filter: what runs behind a method.
//!
//! Last in the chain before Envoy's router. An HTTP_PROXY integration goes on to the router with its path, query and
//! headers mapped; every other integration is answered from here.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html>

mod answer;
mod backend;
mod body;
mod config;
mod content;
mod endpoint;
mod event;
mod failure;
mod filter;
mod headers;
mod http_proxy;
mod lambda;
mod lambda_proxy;
mod mapping;
mod media;
mod mock;
mod overrides;
mod parameters;
mod raw;
mod request;
mod response;
mod selection;
mod signing;
mod template;
mod uri;
mod variables;

pub use config::MappingTemplate;
pub use filter::MappingStream;
pub use headers::{UPSTREAM_MARKER, removable_by_route};
pub use raw::{
    ContentHandling, DEFAULT_TIMEOUT_MILLIS, PassthroughBehavior, RawAction, RawAws, RawAwsProxy, RawAwsTarget,
    RawConfig, RawEndpoint, RawFunction, RawHttp, RawHttpProxy, RawIntegration, RawIntegrationResponse, RawMapping,
    RawMappingRoute, RawSigning,
};
pub use selection::SelectionPattern;
pub use uri::expand_stage_variables;
