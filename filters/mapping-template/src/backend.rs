//! HTTP and AWS integrations: the mapping makes a request for a backend, and a reply of its answer.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html>

use endpoint::{BackendRequest, Endpoint, Function};
use gateway::media::{self, BinaryMediaTypes};
use gateway::{Api, Callout, ConfigError, GatewayError, Host, Reply, ResponseType};
use jsonpath::json;

use crate::answer::Outcome;
use crate::content::Payload;
use crate::failure::Failure;
use crate::headers::{self, Kind};
use crate::http_proxy::{MAX_MAPPED_BYTES, backend_method, push_query_parameters};
use crate::lambda;
use crate::mapping::{Mapping, Prepared};
use crate::overrides::Overrides;
use crate::parameters::Mapped;
use crate::raw::{RawAction, RawAws, RawAwsTarget, RawHttp, TIMEOUT};
use crate::request::Request;
use crate::uri::{UriTemplate, expand_stage_variables};

/// An HTTP or AWS integration, compiled.
#[derive(Debug)]
pub(crate) struct Backend {
    endpoint: Endpoint,
    /// `None`: the client's.
    method: Option<String>,
    target: Target,
    mapping: Mapping,
}

/// What is called at an endpoint.
#[derive(Debug)]
pub enum Target {
    /// A URI behind the authority.
    Http(UriTemplate),
    /// A path of an AWS service.
    Path(UriTemplate),
    /// An action of an AWS service.
    Action(RawAction),
    /// A Lambda function.
    Function(Function),
}

/// Services whose actions are named in a header, with the prefix there and the media type of their JSON.
const JSON_ACTIONS: [(&str, &str, &str); 3] = [
    ("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"),
    ("kinesis", "Kinesis_20131202", "application/x-amz-json-1.1"),
    ("states", "AWSStepFunctions", "application/x-amz-json-1.0"),
];

impl Backend {
    pub(crate) fn from_raw_http(raw: RawHttp, api: &Api) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?,
            method: backend_method(raw.http_method)?,
            target: Target::http(&raw.path, api),
            mapping: Mapping::from_raw(raw.mapping, Kind::Http).map_err(|error| error.below("mapping"))?,
        })
    }

    pub(crate) fn from_raw_aws(raw: RawAws, api: &Api) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?,
            method: backend_method(raw.http_method)?,
            target: Target::aws(raw.target, api),
            mapping: Mapping::from_raw(raw.mapping, Kind::Aws).map_err(|error| error.below("mapping"))?,
        })
    }

    /// The mapping.
    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The call for one request.
    pub(crate) fn call(
        &self,
        host: &dyn Host,
        request: &mut Request<'_>,
        binary: &BinaryMediaTypes,
        overrides: &mut Overrides,
    ) -> Result<Callout, Failure> {
        let Prepared { mapped, payload } = self.mapping.prepare(request, binary, overrides)?;
        let mut to_backend = BackendRequest {
            method: self.method.clone().unwrap_or_else(|| String::from_utf8_lossy(request.method()).into_owned()),
            ..BackendRequest::default()
        };
        self.add_default_headers(request, &mut to_backend);
        self.target.write(mapped, &mut to_backend)?;
        to_backend.body = match &self.target {
            Target::Function(_) if to_backend.method != "POST" => {
                return Err(Failure::configuration("a function is invoked with POST only"));
            }
            Target::Function(_) => event(payload)?,
            Target::Http(_) | Target::Path(_) | Target::Action(_) => payload.into_bytes(),
        };
        Ok(self.endpoint.callout(host, to_backend)?)
    }

    /// What the client gets for the backend's answer.
    pub(crate) fn reply(
        &self,
        request: &Request<'_>,
        outcome: Outcome,
        binary: &BinaryMediaTypes,
        overrides: &mut Overrides,
    ) -> Result<Reply, Failure> {
        let subject = match &self.target {
            Target::Function(_) => {
                lambda::check_invocation(&outcome)?;
                lambda::error_message(&outcome.body).unwrap_or_default()
            }
            Target::Http(_) | Target::Path(_) | Target::Action(_) => outcome.status.to_string(),
        };
        let response = self.mapping.select(&subject, i64::from(outcome.status))?;
        let of_function = matches!(self.target, Target::Function(_));
        let mut reply = response.reply(request, outcome, of_function, binary, overrides)?;
        if let Some(trace_id) = request.trace_id() {
            reply.headers.push(("x-amzn-trace-id".into(), trace_id.to_vec().into()));
        }
        Ok(reply)
    }

    /// The headers that the service sends to a backend of its own accord. Of the client's it is only the content type,
    /// and that only for verbs that have a body.
    fn add_default_headers(&self, request: &Request<'_>, to_backend: &mut BackendRequest) {
        to_backend.set("accept", media::JSON);
        if !matches!(request.method(), b"GET" | b"HEAD" | b"OPTIONS") {
            let content_type = request.headers.last("content-type").unwrap_or(media::JSON.as_bytes());
            to_backend.set("content-type", content_type);
        }
        let api_id = request.context.api().api_id.as_str();
        to_backend.set("user-agent", format!("AmazonAPIGateway_{api_id}"));
        if self.target.kind() == Kind::Http {
            to_backend.set("x-amzn-apigateway-api-id", api_id);
        }
        if let Some(trace_id) = request.trace_id() {
            to_backend.set("x-amzn-trace-id", trace_id);
        }
    }
}

impl Target {
    /// A URI behind the authority, stage variables put in.
    pub fn http(path: &str, api: &Api) -> Self {
        Self::Http(UriTemplate::parse(&expand_stage_variables(path, &api.stage_variables)))
    }

    /// What an AWS integration calls.
    pub fn aws(raw: RawAwsTarget, api: &Api) -> Self {
        match raw {
            RawAwsTarget::Lambda(function) => Self::Function(Function::from_raw(&function)),
            RawAwsTarget::Path(path) => {
                Self::Path(UriTemplate::parse(&expand_stage_variables(&path, &api.stage_variables)))
            }
            RawAwsTarget::Action(action) => Self::Action(action),
        }
    }

    /// Writes path, query and headers of a call: the target's own, and what is mapped.
    ///
    /// # Errors
    /// The mapped values are too long.
    pub fn write(&self, mapped: Mapped, to_backend: &mut BackendRequest) -> Result<(), Failure> {
        self.add_to(&mapped, to_backend);
        add_mapped_headers(mapped, self.kind(), to_backend)
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Target::Http(_) => Kind::Http,
            Target::Path(_) | Target::Action(_) | Target::Function(_) => Kind::Aws,
        }
    }

    fn add_to(&self, mapped: &Mapped, to_backend: &mut BackendRequest) {
        let mut query = Vec::new();
        match self {
            Target::Http(uri) | Target::Path(uri) => {
                uri.push_path(&mut to_backend.target, |name| mapped.path_value(name));
                uri.push_query(&mut query, |name| mapped.query_value(name));
            }
            Target::Function(function) => to_backend.target = function.path().to_vec(),
            Target::Action(RawAction { service, action }) => {
                to_backend.target = b"/".to_vec();
                query = format!("Action={action}").into_bytes();
                let row = JSON_ACTIONS.iter().find(|(name, _, _)| name == service);
                if let Some((_, prefix, media_type)) = row {
                    to_backend.set("x-amz-target", format!("{prefix}.{action}"));
                    to_backend.set("content-type", *media_type);
                }
            }
        }
        push_query_parameters(&mut query, mapped);
        if !query.is_empty() {
            let separator = if to_backend.target.contains(&b'?') { b'&' } else { b'?' };
            to_backend.target.push(separator);
            to_backend.target.extend(query);
        }
    }
}

fn add_mapped_headers(mapped: Mapped, kind: Kind, to_backend: &mut BackendRequest) -> Result<(), Failure> {
    for (name, values) in mapped.headers {
        if headers::is_dropped_destination(&name, kind) {
            continue;
        }
        to_backend.headers.retain(|(other, _)| *other != name);
        to_backend.headers.extend(values.into_iter().map(|value| (name.clone().into(), value)));
    }
    let sizes = to_backend.headers.iter().map(|(_, value)| value.len());
    if sizes.fold(to_backend.target.len(), usize::saturating_add) > MAX_MAPPED_BYTES {
        return Err(Failure::configuration("the mapped path, query and headers are too long"));
    }
    Ok(())
}

/// The event of a function: JSON, or the function is not called.
fn event(payload: Payload) -> Result<Vec<u8>, Failure> {
    let text = match payload {
        Payload::Text(text) => text,
        Payload::Binary(bytes) => crate::content::text(bytes),
    };
    if text.is_empty() {
        return Ok(b"{}".to_vec());
    }
    match json::parse(&text) {
        Ok(_) => Ok(text.into_bytes()),
        Err(reason) => {
            let error = GatewayError::new(ResponseType::Default4xx)
                .with_message(format!("Could not parse request body into json: {reason}"));
            Err(Failure::of_request(error, "the payload for a function is no JSON"))
        }
    }
}
