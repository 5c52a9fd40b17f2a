//! What an integration gives: status and headers for a handshake, a body for the client.

use std::borrow::Cow;

use gateway::{ConfigError, GatewayError, Headers, is_header_name};
use jsonpath::json::Json;
use mapping_template::parts::{
    Failure, Outcome, Overrides, Request, ResponseParameters, base64_decode, base64_encode, clean_value, is_internal,
    text,
};
use mapping_template::{ContentHandling, SelectionPattern};
use selection::{DEFAULT, Response, Subject, Use};
use serde_json::Value;

use crate::raw::RawIntegrationResponse;
use crate::templates::Templates;

/// What an integration gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The status that a handshake ends with.
    pub status: u16,
    /// Headers by lower-case names.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The text for the client.
    pub body: Vec<u8>,
}

impl Given {
    /// What nobody gets; the status is for logs and metrics.
    pub fn unused(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The last value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    /// What an HTTP backend behind HTTP_PROXY gives.
    pub fn of_backend(outcome: Outcome) -> Self {
        /// They belong to the connection to the backend.
        const NOT_PASSED: [&str; 6] =
            ["connection", "content-length", "keep-alive", "te", "transfer-encoding", "upgrade"];
        let headers = outcome.headers.iter().filter_map(|(name, value)| {
            let name = std::str::from_utf8(name).ok()?;
            let passes = !name.starts_with(':') && !is_internal(name) && !NOT_PASSED.contains(&name);
            passes.then(|| (name.to_owned(), value.to_vec()))
        });
        Self { status: outcome.status, headers: headers.collect(), body: outcome.body }
    }

    /// What a function's result says: `{"statusCode": 200, "headers": {…}, "body": "…", "isBase64Encoded": false}`.
    ///
    /// # Errors
    /// The result is no such object.
    pub fn of_function(outcome: &Outcome) -> Result<Self, Failure> {
        if outcome.headers.first("x-amz-function-error").is_some() {
            let error = GatewayError::malformed_proxy_response();
            return Err(Failure::of_request(error, "the function failed"));
        }
        let malformed = |reason: &str| Failure::configuration(format!("malformed Lambda proxy response: {reason}"));
        let Ok(Value::Object(mut result)) = serde_json::from_slice(&outcome.body) else {
            return Err(malformed("the function's result is no JSON object"));
        };
        let status = result.get("statusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let status = status.filter(|status| (100..=599).contains(status));
        let encoded = result.get("isBase64Encoded") == Some(&Value::Bool(true));
        let body = match result.remove("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if encoded => {
                base64_decode(text.as_bytes()).ok_or_else(|| malformed("the body is no base64"))?
            }
            Some(Value::String(text)) => text.into_bytes(),
            Some(_) => return Err(malformed("the body is no string")),
        };
        let mut headers = Vec::new();
        for name in ["headers", "multiValueHeaders"] {
            if let Some(Value::Object(members)) = result.get(name) {
                headers.extend(members.iter().flat_map(|(name, value)| header_lines(name, value)));
            }
        }
        Ok(Self { status: status.ok_or_else(|| malformed("statusCode is no HTTP status"))?, headers, body })
    }
}

fn header_lines(name: &str, value: &Value) -> Vec<(String, Vec<u8>)> {
    let name = name.to_ascii_lowercase();
    let values = match value {
        Value::Array(values) => values.as_slice(),
        other => std::slice::from_ref(other),
    };
    let line = |value: &Value| match value {
        Value::String(text) => Some((name.clone(), clean_value(text.clone().into_bytes()))),
        Value::Number(_) | Value::Bool(_) => Some((name.clone(), value.to_string().into_bytes())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let passes =
        is_header_name(&name) && !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection");
    if passes { values.iter().filter_map(line).collect() } else { Vec::new() }
}

/// An integration response, compiled.
#[derive(Debug)]
pub struct IntegrationResponse {
    /// `None` for the default one.
    pattern: Option<SelectionPattern>,
    parameters: ResponseParameters,
    templates: Templates,
    content_handling: Option<ContentHandling>,
}

impl IntegrationResponse {
    /// Checks and compiles one.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_raw(raw: RawIntegrationResponse) -> Result<Self, ConfigError> {
        let key = raw.integration_response_key.as_str();
        let wrong = |message: String| ConfigError::new("integrationResponseKey", message);
        let pattern = match key.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => Some(
                SelectionPattern::compile(pattern)
                    .map_err(|reason| wrong(format!("`{pattern}` cannot be used: {reason}")))?,
            ),
            None if key == DEFAULT => None,
            None => return Err(wrong(format!("`{key}` is no key, expected `$default` or `/PATTERN/`"))),
        };
        Ok(Self {
            pattern,
            parameters: ResponseParameters::from_raw(&raw.response_parameters, "route.response.header.")
                .map_err(|error| error.below("responseParameters"))?,
            templates: Templates::from_raw(
                raw.template_selection_expression.as_deref(),
                raw.response_templates,
                Use::ResponseTemplate,
            )?,
            content_handling: raw.content_handling_strategy,
        })
    }

    /// The response for a backend's answer: the first whose pattern matches `subject`, else the default one.
    ///
    /// # Errors
    /// There is none.
    pub fn select<'r>(responses: &'r [Self], subject: &str) -> Result<&'r Self, Failure> {
        let matching =
            responses.iter().find(|response| response.pattern.as_ref().is_some_and(|pattern| pattern.matches(subject)));
        let default = || responses.iter().find(|response| response.pattern.is_none());
        matching.or_else(default).ok_or_else(|| Failure::configuration("no integration response fits the output"))
    }

    /// Whether it is the default one.
    pub fn is_default(&self) -> bool {
        self.pattern.is_none()
    }

    /// The templates that cannot be rendered.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// What `outcome` turns into; `status` is what a handshake ends with.
    ///
    /// # Errors
    /// A mapping or template fails.
    pub fn give(
        &self,
        request: &Request<'_>,
        message: Option<&Json<'_>>,
        outcome: Outcome,
        status: u16,
        of_function: bool,
    ) -> Result<Given, Failure> {
        let headers = self.parameters.map(request, &outcome, of_function)?;
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let template = {
            let answer = OutcomeHeaders { status: outcome.status, headers: &outcome.headers };
            self.templates.select(Some(&Subject::answer(message, &answer)))
        };
        let body = match self.content_handling {
            Some(ContentHandling::ConvertToText) => base64_encode(&outcome.body),
            Some(ContentHandling::ConvertToBinary) => base64_decode(&outcome.body)
                .map(text)
                .ok_or_else(|| Failure::configuration("a body that has to be base64 is none"))?,
            None => text(outcome.body),
        };
        let body = match template.flatten() {
            Some(template) => template.render(request, &body, &mut Overrides::default())?,
            None => body,
        };
        Ok(Given { status, headers, body: body.into_bytes() })
    }
}

struct OutcomeHeaders<'a> {
    status: u16,
    headers: &'a Headers,
}

impl Response for OutcomeHeaders<'_> {
    fn status(&self) -> u16 {
        self.status
    }

    fn header_values(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.headers.all(name).map(String::from_utf8_lossy).collect()
    }
}
