//! AWS_PROXY: the function gets the request as an event.

use std::collections::BTreeMap;

use endpoint::{Endpoint, Function};
use gateway::{Callout, ConfigError, Edits, Headers, Host, Reply};

use super::parameters::Parameters;
use super::raw::{PayloadFormat, RawHttpApiLambda};
use super::value::Scope;
use super::{event, reply};
use crate::answer::Outcome;
use crate::failure::Failure;
use crate::lambda;
use crate::lambda_proxy::MAX_LAMBDA_BYTES;
use crate::raw::TIMEOUT;
use crate::request::Request;

/// A Lambda integration, compiled.
#[derive(Debug)]
pub(crate) struct Lambda {
    endpoint: Endpoint,
    function: Function,
    format: PayloadFormat,
    responses: BTreeMap<u16, Parameters>,
}

impl Lambda {
    pub(crate) fn from_raw(raw: RawHttpApiLambda) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?,
            function: Function::from_raw(&raw.function),
            format: raw.payload_format_version,
            responses: Parameters::of_responses(&raw.response_parameters)
                .map_err(|error| error.below("responseParameters"))?,
        })
    }

    /// The call for one request.
    pub(crate) fn call(&self, host: &dyn Host, request: &Request<'_>) -> Result<Callout, Failure> {
        if request.body.len() > MAX_LAMBDA_BYTES {
            return Err(lambda::too_large());
        }
        let event = match self.format {
            PayloadFormat::V1 => event::version_1(request),
            PayloadFormat::V2 => event::version_2(request),
        };
        if event.len() > MAX_LAMBDA_BYTES {
            return Err(lambda::too_large());
        }
        let mut to_function = self.function.invocation(&request.context.api().api_id, event);
        if let Some(trace_id) = request.trace_id() {
            to_function.set("x-amzn-trace-id", trace_id);
        }
        Ok(self.endpoint.callout(host, to_function)?)
    }

    /// What the client gets for the function's result.
    pub(crate) fn reply(&self, request: &Request<'_>, outcome: Outcome) -> Result<Reply, Failure> {
        lambda::check_invocation(&outcome)?;
        if outcome.headers.first("x-amz-function-error").is_some() {
            return Err(reply::malformed("the function failed"));
        }
        if outcome.body.len() > MAX_LAMBDA_BYTES {
            return Err(reply::malformed("the function's result is larger than 6 MB"));
        }
        let mut reply = reply::read(&outcome.body, self.format)?;
        if let Some(parameters) = self.responses.get(&reply.status) {
            map_response(parameters, request, &mut reply);
        }
        Ok(reply)
    }
}

fn map_response(parameters: &Parameters, request: &Request<'_>, reply: &mut Reply) {
    let pairs: Vec<(&[u8], &[u8])> =
        reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_ref())).collect();
    let present = Headers::from_pairs(&pairs);
    let scope = Scope { request, response: Some(&present) };
    let mut edits = Edits::default();
    parameters.map_headers(&scope, &present, &mut edits);
    let status = parameters.status(&scope);
    for name in edits.remove {
        reply.headers.retain(|(other, _)| *other != name);
    }
    for (name, value) in edits.set {
        reply.set_header(name, value);
    }
    reply.status = status.unwrap_or(reply.status);
}
