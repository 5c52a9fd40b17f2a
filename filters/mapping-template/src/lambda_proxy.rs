//! AWS_PROXY: the function gets the request as an event and answers for itself.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use gateway::media::{self, BinaryMediaTypes};
use gateway::{Callout, ConfigError, Host, Reply};
use serde_json::{Map, Value};

use crate::answer::Outcome;
use crate::content::base64_decode;
use crate::event::event;
use crate::failure::Failure;
use crate::headers::{self, Fate, Kind};
use crate::http_proxy::backend_method;
use crate::lambda::{self, Invocable};
use crate::lambda_result::{header_name, is_base64_encoded, malformed, members, status};
use crate::parameters::RequestParameters;
use crate::raw::RawAwsProxy;
use crate::request::Request;

/// An AWS_PROXY integration, compiled.
#[derive(Debug)]
pub(crate) struct LambdaProxy {
    function: Invocable,
    /// Why every request fails.
    unusable: Option<String>,
    /// Functions are invoked with the client's verb, which only `POST` gets through with.
    takes_clients_verb: bool,
}

impl LambdaProxy {
    pub(crate) fn from_raw(raw: RawAwsProxy) -> Result<Self, ConfigError> {
        let parameters = RequestParameters::from_raw(&raw.request_parameters, Kind::AwsProxy)
            .map_err(|error| error.below("requestParameters"))?;
        let takes_clients_verb = raw.http_method.as_ref().is_some_and(|method| method.eq_ignore_ascii_case("ANY"));
        let method = backend_method(raw.http_method)?.filter(|method| method != "POST");
        let by_method = method.map(|method| format!("a function is invoked with POST only, not with {method}"));
        Ok(Self {
            function: Invocable::from_raw(raw.endpoint, &raw.function)?,
            unusable: parameters.illegal().map(|name| format!("`{name}` must not be mapped")).or(by_method),
            takes_clients_verb,
        })
    }

    /// The call for one request.
    pub(crate) fn call(
        &self,
        host: &dyn Host,
        request: &Request<'_>,
        binary: &BinaryMediaTypes,
    ) -> Result<Callout, Failure> {
        if let Some(reason) = &self.unusable {
            return Err(Failure::configuration(reason.as_str()));
        }
        if self.takes_clients_verb && request.method() != b"POST" {
            return Err(Failure::configuration("a function is invoked with POST only"));
        }
        let binary = binary.matches_content_type(request.headers.last("content-type"));
        self.function.call(host, request, || event(request, binary))
    }

    /// What the client gets for the function's result.
    pub(crate) fn reply(
        &self,
        request: &Request<'_>,
        outcome: Outcome,
        binary: &BinaryMediaTypes,
    ) -> Result<Reply, Failure> {
        let result = lambda::result(outcome)?;
        let wants_bytes = binary.matches_accept(request.headers.first("accept"));
        let mut reply = read_result(&result, wants_bytes)?;
        if let Some(trace_id) = request.trace_id() {
            reply.headers.push(("x-amzn-trace-id".into(), trace_id.to_vec().into()));
        }
        Ok(reply)
    }
}

/// Reads `{"statusCode": 200, "headers": {…}, "multiValueHeaders": {…}, "body": "…", "isBase64Encoded": false}`.
pub(crate) fn read_result(result: &[u8], wants_bytes: bool) -> Result<Reply, Failure> {
    const MEMBERS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];
    let Ok(Value::Object(mut result)) = serde_json::from_slice(result) else {
        return Err(malformed("the function's result is no JSON object"));
    };
    if let Some(unknown) = result.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(malformed(format!("the function's result has an unknown member of {} bytes", unknown.len())));
    }
    let status = match result.get("statusCode") {
        None | Some(Value::Null) => 200,
        Some(value) => status(value)?,
    };
    let mut reply = Reply { status, ..Reply::default() };
    let encoded = is_base64_encoded(&result)?;
    add_headers(&result, &mut reply)?;
    reply.body = match result.remove("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if encoded && wants_bytes => base64_decode(text.as_bytes())
            .ok_or_else(|| Failure::configuration("the function's body is to be decoded and is no base64"))?,
        Some(Value::String(text)) => text.into_bytes(),
        Some(_) => return Err(malformed("the function's body is no string")),
    };
    Ok(reply)
}

/// Headers with several values come first, then those with one, each name in one place.
fn add_headers(result: &Map<String, Value>, reply: &mut Reply) -> Result<(), Failure> {
    let mut merged: indexmap::IndexMap<String, Vec<Vec<u8>>> = indexmap::IndexMap::new();
    for (name, values) in members(result, "multiValueHeaders")? {
        let Value::Array(values) = values else { return Err(malformed("a member of multiValueHeaders is no list")) };
        for value in values {
            merged.entry(header_name(name)?).or_default().extend(header_value(value)?);
        }
    }
    for (name, value) in members(result, "headers")? {
        merged.entry(header_name(name)?).or_default().extend(header_value(value)?);
    }
    if merged.get("content-type").is_none_or(Vec::is_empty) {
        reply.headers.push(("content-type".into(), media::JSON.as_bytes().into()));
    }
    for (name, values) in merged {
        let name = match headers::function_response_header(&name) {
            Fate::Passed => name,
            Fate::Remapped => headers::remapped(&name),
            Fate::Dropped => continue,
        };
        for value in values {
            reply.headers.push((name.clone().into(), value.into()));
        }
    }
    Ok(())
}

/// Not documented: a header that is `null` is left out, as a function's way to unset it.
fn header_value(value: &Value) -> Result<Option<Vec<u8>>, Failure> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(headers::clean_value(text.clone().into_bytes()))),
        Value::Bool(value) => Ok(Some(value.to_string().into_bytes())),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(malformed("a header's value is no string")),
    }
}
