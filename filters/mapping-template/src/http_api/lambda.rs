//! AWS_PROXY: the function gets the request as an event.

use std::collections::BTreeMap;

use gateway::{Callout, ConfigError, Edits, Headers, Host, Reply};

use super::parameters::Parameters;
use super::raw::{PayloadFormat, RawHttpApiLambda};
use super::value::{Response, Scope};
use super::{event, reply};
use crate::answer::Outcome;
use crate::failure::Failure;
use crate::lambda::{self, Invocable};
use crate::request::Request;

/// A Lambda integration, compiled.
#[derive(Debug)]
pub(crate) struct Lambda {
    function: Invocable,
    format: PayloadFormat,
    responses: BTreeMap<u16, Parameters>,
}

impl Lambda {
    pub(crate) fn from_raw(raw: RawHttpApiLambda) -> Result<Self, ConfigError> {
        Ok(Self {
            function: Invocable::from_raw(raw.endpoint, &raw.function)?,
            format: raw.payload_format_version,
            responses: Parameters::of_responses(&raw.response_parameters)
                .map_err(|error| error.below("responseParameters"))?,
        })
    }

    /// The call for one request.
    pub(crate) fn call(&self, host: &dyn Host, request: &Request<'_>) -> Result<Callout, Failure> {
        self.function.call(host, request, || match self.format {
            PayloadFormat::V1 => event::version_1(request),
            PayloadFormat::V2 => event::version_2(request),
        })
    }

    /// What the client gets for the function's result.
    pub(crate) fn reply(&self, request: &Request<'_>, outcome: Outcome) -> Result<Reply, Failure> {
        let mut reply = reply::read(&lambda::result(outcome)?, self.format)?;
        if let Some(parameters) = self.responses.get(&reply.status) {
            let pairs: Vec<(&[u8], &[u8])> =
                reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_ref())).collect();
            let present = Headers::from_pairs(&pairs);
            map_response(parameters, request, &present, &mut reply)?;
        }
        Ok(reply)
    }
}

/// Maps the headers and the status of a reply; `present` are the headers of the integration's answer.
///
/// # Errors
/// 500: what is mapped is too long.
pub(super) fn map_response(
    parameters: &Parameters,
    request: &Request<'_>,
    present: &Headers,
    reply: &mut Reply,
) -> Result<(), Failure> {
    let scope = Scope { request, response: Some(Response { headers: present, body: &reply.body }) };
    let mut edits = Edits::default();
    parameters.map_headers(&scope, present, &mut edits)?;
    let status = parameters.status(&scope);
    for name in edits.remove {
        reply.headers.retain(|(other, _)| *other != name);
    }
    for (name, value) in edits.set {
        reply.set_header(name, value);
    }
    reply.status = status.unwrap_or(reply.status);
    Ok(())
}
