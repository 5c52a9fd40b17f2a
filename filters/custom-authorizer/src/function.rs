//! Asking: the Lambda Invoke API, or any HTTP service.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::time::Duration;

use endpoint::{BackendRequest, Endpoint, Function, RawEndpoint, TimeoutMillis};
use gateway::{Api, Callout, ConfigError, Host};

use crate::raw::RawTarget;

/// How an authorizer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The Lambda Invoke API.
    Invoke,
    /// The event goes in, the document comes out.
    Http,
}

/// What answers for an authorizer.
#[derive(Debug)]
pub(crate) struct Respondent {
    endpoint: Endpoint,
    target: Target,
    api_id: String,
}

#[derive(Debug)]
enum Target {
    Function(Function),
    /// Path and query.
    Http(String),
}

impl Respondent {
    pub(crate) fn from_raw(
        api: &Api,
        endpoint: RawEndpoint,
        target: RawTarget,
        default_timeout_millis: u32,
    ) -> Result<Self, ConfigError> {
        let timeout = TimeoutMillis { default: default_timeout_millis, min: 1 };
        let is_path = |path: &str| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(Self {
            endpoint: Endpoint::from_raw(endpoint, timeout).map_err(|error| error.below("endpoint"))?,
            target: match target {
                RawTarget::Function(function) if function.function_name.is_empty() => {
                    return Err(ConfigError::new("target.function.functionName", "is empty"));
                }
                RawTarget::Function(function) => Target::Function(Function::from_raw(&function)),
                RawTarget::Http(path) if is_path(&path) => Target::Http(path),
                RawTarget::Http(_) => return Err(ConfigError::new("target.http", "is no path")),
            },
            api_id: api.api_id.clone(),
        })
    }

    pub(crate) fn protocol(&self) -> Protocol {
        match self.target {
            Target::Function(_) => Protocol::Invoke,
            Target::Http(_) => Protocol::Http,
        }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.endpoint.timeout()
    }

    /// The call with an event; `None` when it cannot be signed.
    pub(crate) fn call(&self, host: &dyn Host, event: String) -> Option<Callout> {
        let request = match &self.target {
            Target::Function(function) => {
                let mut request = function.invocation(&self.api_id, event);
                request.set("x-amz-invocation-type", "RequestResponse");
                request.set("x-amz-log-type", "None");
                request
            }
            Target::Http(path) => BackendRequest::post_json(path.as_bytes(), &self.api_id, event),
        };
        self.endpoint.callout(host, request).ok()
    }
}
