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
mod event;
mod execution;
mod failure;
mod filter;
mod headers;
mod http_api;
mod http_proxy;
mod lambda;
mod lambda_proxy;
mod lambda_result;
mod mapping;
mod mock;
mod overrides;
mod parameters;
mod raw;
mod record;
mod request;
mod response;
mod selection;
mod template;
mod texts;
mod uri;
mod variables;

/// Pieces of integrations, for APIs of another kind that put them together in their own way.
pub mod parts {
    pub use crate::answer::Outcome;
    pub use crate::backend::Target;
    pub use crate::content::{base64_decode, base64_encode, text};
    pub use crate::execution::{note_answer, note_call};
    pub use crate::failure::Failure;
    pub use crate::headers::{Kind, clean_value, is_internal};
    pub use crate::http_proxy::backend_method;
    pub use crate::lambda::{Invocable, MAX_LAMBDA_BYTES, check_invocation, error_message};
    pub use crate::mock::status_code;
    pub use crate::overrides::Overrides;
    pub use crate::parameters::{Mapped, RequestParameters};
    pub use crate::request::Request;
    pub use crate::response::ResponseParameters;
    pub use crate::template::Template;
}

pub use config::MappingTemplate;
pub use filter::MappingStream;
pub use headers::{UPSTREAM_MARKER, removable_by_route};
pub use http_api::{
    AppendedPath, Parameters as HttpApiParameters, PayloadFormat, RawHttpApiLambda, RawHttpApiProxy, RawHttpApiService,
    Service as HttpApiService, ServiceCall, ServiceParameter,
};
pub use raw::{
    ContentHandling, DEFAULT_TIMEOUT_MILLIS, PassthroughBehavior, RawAction, RawAws, RawAwsProxy, RawAwsTarget,
    RawConfig, RawHttp, RawHttpProxy, RawIntegration, RawIntegrationResponse, RawMapping, RawMappingRoute, TIMEOUT,
};
pub use selection::SelectionPattern;
pub use uri::expand_stage_variables;
