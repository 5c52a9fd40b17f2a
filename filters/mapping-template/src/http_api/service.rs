//! AWS_PROXY with a subtype: an AWS service is called with mapped parameters, and its answer passed on.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html>

use std::collections::BTreeMap;

use endpoint::{BackendRequest, Endpoint};
use gateway::{Callout, ConfigError, GatewayError, Host, MAX_PAYLOAD_BYTES, Reply, ResponseType};
use serde_json::{Map, Value as Json, json};

use super::lambda::map_response;
use super::parameters::Parameters;
use super::raw::RawHttpApiService;
use super::subtype::{Form, Kind, ServiceCall, ServiceParameter};
use super::value::{Scope, Value};
use crate::answer::Outcome;
use crate::failure::Failure;
use crate::raw::TIMEOUT;
use crate::request::Request;
use crate::uri::push_query_value;

/// A service integration, compiled.
#[derive(Debug)]
pub struct Service {
    endpoint: Endpoint,
    call: &'static ServiceCall,
    parameters: Vec<(&'static ServiceParameter, Value)>,
    responses: BTreeMap<u16, Parameters>,
}

impl Service {
    pub(crate) fn from_raw(raw: RawHttpApiService) -> Result<Self, ConfigError> {
        let name = &raw.integration_subtype;
        let call = ServiceCall::find(name)
            .ok_or_else(|| ConfigError::new("integrationSubtype", format!("`{name}` is no call to a service")))?;
        let mut parameters = Vec::new();
        for (name, text) in &raw.request_parameters {
            let wrong = |message: String| ConfigError::new(name, message).below("requestParameters");
            let parameter = call.parameter(name);
            let parameter = parameter.ok_or_else(|| wrong(format!("{} has no such parameter", call.name)))?;
            let value = compile(text).map_err(wrong)?;
            parameters.push((parameter, value));
        }
        let given = |wanted: &ServiceParameter| parameters.iter().any(|(parameter, _)| *parameter == wanted);
        if let Some(missing) = call.parameters.iter().find(|parameter| parameter.required && !given(parameter)) {
            let message = format!("{} needs `{}`", call.name, missing.name);
            return Err(ConfigError::new("requestParameters", message));
        }
        Ok(Self {
            endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?,
            call,
            parameters,
            responses: Parameters::of_responses(&raw.response_parameters)
                .map_err(|error| error.below("responseParameters"))?,
        })
    }

    /// Says why a parameter's value is none; for compilers, which know where it stands.
    ///
    /// # Errors
    /// The reason.
    pub fn check_value(text: &str) -> Result<(), String> {
        compile(text).map(drop)
    }

    /// The call for one request.
    pub(crate) fn call(&self, host: &dyn Host, request: &Request<'_>) -> Result<Callout, Failure> {
        let scope = Scope { request, response: None };
        let mut members = Map::new();
        let mut bytes = 0usize;
        for (parameter, value) in &self.parameters {
            let Some(text) = value.text(&scope) else {
                if parameter.required {
                    return Err(bad_request(parameter));
                }
                continue;
            };
            bytes = bytes.saturating_add(text.len());
            if bytes > MAX_PAYLOAD_BYTES {
                let error = GatewayError::new(ResponseType::RequestTooLarge);
                return Err(Failure::of_request(error, "the parameters for the service are larger than 10 MB"));
            }
            let text = String::from_utf8_lossy(&text).into_owned();
            let value = parameter.kind.value(text).ok_or_else(|| bad_request(parameter))?;
            members.insert(parameter.member.to_owned(), value);
        }
        let mut to_service = self.request(members);
        to_service.set("user-agent", format!("AmazonAPIGateway_{}", request.context.api().api_id));
        if let Some(trace_id) = request.trace_id() {
            to_service.set("x-amzn-trace-id", trace_id);
        }
        Ok(self.endpoint.callout(host, to_service)?)
    }

    fn request(&self, members: Map<String, Json>) -> BackendRequest {
        let (target, content_type, body) = match self.call.form {
            Form::Json(target, content_type) => (target, content_type, Json::Object(members)),
            Form::ListOf(list, target, content_type) => (target, content_type, json!({list: [members]})),
            Form::Configuration => return configuration(&members),
        };
        let mut request = BackendRequest {
            method: "POST".to_owned(),
            target: b"/".to_vec(),
            body: body.to_string().into_bytes(),
            ..BackendRequest::default()
        };
        request.set("x-amz-target", target);
        request.set("content-type", content_type);
        request
    }

    /// What the client gets for the service's answer.
    ///
    /// # Errors
    /// 500: what is mapped is too long.
    pub(crate) fn reply(&self, request: &Request<'_>, outcome: Outcome) -> Result<Reply, Failure> {
        let mut reply = Reply { status: outcome.status, body: outcome.body, ..Reply::default() };
        if let Some(content_type) = outcome.headers.last("content-type") {
            reply.set_header("content-type", content_type.to_vec());
        }
        if let Some(parameters) = self.responses.get(&reply.status) {
            map_response(parameters, request, &outcome.headers, &mut reply)?;
        }
        Ok(reply)
    }

    /// A service that cannot be reached is a fault of the integration.
    pub(crate) fn failure(failure: Failure) -> Failure {
        match failure.error.response_type {
            Some(ResponseType::IntegrationFailure) => Failure::configuration(failure.reason),
            _ => failure,
        }
    }
}

fn compile(text: &str) -> Result<Value, String> {
    let value = Value::parse(text).map_err(|variable| format!("there is no variable `{variable}`"))?;
    if value.reads_response() {
        return Err("a request cannot be mapped from a response".to_owned());
    }
    Ok(value)
}

/// `GET /applications/{A}/environments/{E}/configurations/{C}?client_id=…`
fn configuration(members: &Map<String, Json>) -> BackendRequest {
    let mut target = Vec::new();
    let mut push = |before: &str, name: &str| {
        if let Some(value) = members.get(name).and_then(Json::as_str) {
            target.extend_from_slice(before.as_bytes());
            push_query_value(&mut target, value.as_bytes());
        }
    };
    push("/applications/", "Application");
    push("/environments/", "Environment");
    push("/configurations/", "Configuration");
    push("?client_id=", "client_id");
    push("&client_configuration_version=", "client_configuration_version");
    BackendRequest { method: "GET".to_owned(), target, ..BackendRequest::default() }
}

impl Kind {
    /// The text of a parameter as its service takes it; `None` where it cannot be that.
    fn value(self, text: String) -> Option<Json> {
        match self {
            Self::Text => Some(Json::String(text)),
            Self::Number => serde_json::from_str(text.trim()).ok().filter(Json::is_number),
            Self::Object => serde_json::from_str(&text).ok().filter(Json::is_object),
            Self::List if text.trim_start().starts_with('[') => serde_json::from_str(&text).ok().filter(Json::is_array),
            Self::List => Some(text.split(',').map(str::trim).collect()),
        }
    }
}

fn bad_request(parameter: &ServiceParameter) -> Failure {
    let reason = format!("the parameter `{}` has no value that the service takes", parameter.name);
    Failure::of_request(GatewayError::new(ResponseType::Default4xx), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let value = |kind: Kind, text: &str| kind.value(text.to_owned());
        assert_eq!(value(Kind::Text, "1"), Some(json!("1")));
        assert_eq!(value(Kind::Number, " 10 "), Some(json!(10)));
        assert_eq!(value(Kind::Object, r#"{"a": {"DataType": "String"}}"#), Some(json!({"a": {"DataType": "String"}})));
        assert_eq!(value(Kind::List, "a, b"), Some(json!(["a", "b"])));
        assert_eq!(value(Kind::List, r#"["a,b"]"#), Some(json!(["a,b"])));
        for (kind, text) in [
            (Kind::Number, "ten"),
            (Kind::Number, "\"1\""),
            (Kind::Number, ""),
            (Kind::Object, "[]"),
            (Kind::Object, "{"),
            (Kind::List, "[1"),
        ] {
            assert_eq!(value(kind, text), None, "{text}");
        }
    }

    #[test]
    fn calls() {
        for name in ServiceCall::names() {
            assert!(ServiceCall::find(name).is_some_and(|call| call.parameter("Region").is_none()), "{name}");
        }
        let sync = ServiceCall::find("StepFunctions-StartSyncExecution");
        assert_eq!(sync.map(|call| call.host_in("eu-west-1")).as_deref(), Some("sync-states.eu-west-1.amazonaws.com"));
        assert_eq!(ServiceCall::find("SQS-Nothing"), None);
    }
}
