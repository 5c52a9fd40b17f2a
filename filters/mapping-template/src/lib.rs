//! The `mapping-template` filter: what runs behind a method.
//!
//! Last in the chain before Envoy's router. An HTTP_PROXY integration goes on to the router with its path, query and
//! headers mapped; every other integration is answered from here.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html>

mod body;
mod config;
mod failure;
mod filter;
mod headers;
mod http_proxy;
mod mapping;
mod media;
mod mock;
mod parameters;
mod raw;
mod request;
mod response;
mod selection;
mod template;
mod uri;

pub use config::MappingTemplate;
pub use filter::MappingStream;
pub use headers::{UPSTREAM_MARKER, removable_by_route};
pub use raw::{
    ContentHandling, PassthroughBehavior, RawConfig, RawHttpProxy, RawIntegration, RawIntegrationResponse, RawMapping,
    RawMappingRoute,
};
pub use selection::SelectionPattern;
pub use uri::expand_stage_variables;
