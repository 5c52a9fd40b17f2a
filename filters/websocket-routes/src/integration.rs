//! Integrations: an event becomes a call, and the answer to it what the client gets.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integrations.html>

use endpoint::{BackendRequest, Endpoint};
use gateway::{Answer, Api, Callout, ConfigError, GatewayError, ResponseType, Source};
use indexmap::IndexMap;
use jsonpath::json::{self, Json};
use mapping_template::parts::{
    Failure, Invocable, Kind as HeaderKind, MAX_LAMBDA_BYTES, Mapped, Outcome, Overrides, Request, RequestParameters,
    Target, backend_method, base64_decode, check_invocation, error_message, note_answer, note_call, status_code,
};
use mapping_template::{ContentHandling, PassthroughBehavior, TIMEOUT};
use selection::{Subject, Use};

use crate::answer::{Given, IntegrationResponse};
use crate::event::{Event, Kind};
use crate::lambda_event::lambda_event;
use crate::raw::{RawIntegration, RawMapping};
use crate::templates::Templates;

const JSON: &str = "application/json";

/// An integration, compiled.
#[derive(Debug)]
pub enum Integration {
    /// AWS_PROXY
    Function(Box<Invocable>),
    /// HTTP_PROXY, HTTP, AWS
    Backend(Box<Backend>),
    /// MOCK
    Mock(Box<Mapping>),
    /// It fails.
    Misconfigured(String),
}

/// A backend that is called over HTTP.
#[derive(Debug)]
pub struct Backend {
    endpoint: Endpoint,
    method: String,
    target: Target,
    mapping: Mapping,
    /// HTTP_PROXY: payloads pass both ways.
    proxy: bool,
}

/// What is sent, and what the answer turns into.
#[derive(Debug)]
pub struct Mapping {
    parameters: RequestParameters,
    /// Those that a message has which is no JSON.
    of_text: OfText,
    templates: Templates,
    passthrough: PassthroughBehavior,
    content_handling: Option<ContentHandling>,
    responses: Vec<IntegrationResponse>,
}

/// How an integration begins.
#[derive(Debug)]
pub enum Begun {
    /// It has to be called.
    Call(Box<Callout>),
    /// It has answered by itself.
    Given(Given),
}

impl Integration {
    /// Checks and compiles an integration.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn from_raw(raw: RawIntegration, api: &Api) -> Result<Self, ConfigError> {
        Ok(match raw {
            RawIntegration::AwsProxy(raw) => {
                let function = Invocable::from_raw(raw.endpoint, &raw.function);
                Self::Function(Box::new(function.map_err(|error| error.below("awsProxy"))?))
            }
            RawIntegration::Aws(raw) => {
                let below = |error: ConfigError| error.below("aws");
                Self::Backend(Box::new(Backend {
                    endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT)
                        .map_err(|error| below(error.below("endpoint")))?,
                    method: method(raw.http_method).map_err(below)?,
                    target: Target::aws(raw.target, api),
                    mapping: Mapping::from_raw(raw.mapping, HeaderKind::Aws)
                        .map_err(|error| below(error.below("mapping")))?,
                    proxy: false,
                }))
            }
            RawIntegration::Http(raw) | RawIntegration::HttpProxy(raw) if raw.path.contains(['\r', '\n']) => {
                return Err(ConfigError::new("path", format!("`{}` is no path", raw.path.escape_debug())));
            }
            RawIntegration::Http(raw) => Self::http(raw, api, false).map_err(|error| error.below("http"))?,
            RawIntegration::HttpProxy(raw) => Self::http(raw, api, true).map_err(|error| error.below("httpProxy"))?,
            RawIntegration::Mock(raw) => {
                let mapping = Mapping::from_raw(raw, HeaderKind::Http).map_err(|error| error.below("mock"))?;
                Self::Mock(Box::new(mapping))
            }
            RawIntegration::Misconfigured(reason) => Self::Misconfigured(reason),
        })
    }

    fn http(raw: crate::RawWebSocketHttp, api: &Api, proxy: bool) -> Result<Self, ConfigError> {
        Ok(Self::Backend(Box::new(Backend {
            endpoint: Endpoint::from_raw(raw.endpoint, TIMEOUT).map_err(|error| error.below("endpoint"))?,
            method: method(raw.http_method)?,
            target: Target::http(&raw.path, api),
            mapping: Mapping::from_raw(raw.mapping, HeaderKind::Http).map_err(|error| error.below("mapping"))?,
            proxy,
        })))
    }

    /// The templates that cannot be rendered: where they stand, and why.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Backend(backend) => backend.mapping.problems(),
            Self::Mock(mapping) => mapping.problems(),
            Self::Function(_) | Self::Misconfigured(_) => Vec::new(),
        }
    }

    /// What the service behind the integration has answered with, when the integration's status is `status`: Lambda
    /// itself says 200, whatever the function does.
    pub fn service_status(&self, status: u16) -> u16 {
        if matches!(self, Self::Function(_)) { 200 } else { status }
    }

    /// Begins with an event, whose text is `body`. `used` says whether somebody gets what the integration gives; on
    /// one-way routes and `$disconnect` nobody does, and integration responses are not looked at.
    ///
    /// # Errors
    /// There is nothing to call, or a mapping or template fails.
    pub fn begin(&self, api: &Api, event: &Event<'_>, body: &str, used: bool) -> Result<Begun, Failure> {
        let mut request = Request::read(api, None, event, body.as_bytes().to_vec());
        let callout = match self {
            Self::Function(function) => function.call(event, &request, || lambda_event(event, &request))?,
            Self::Backend(backend) => backend.call(api, event, &mut request, body)?,
            Self::Mock(mapping) => {
                let message = json::parse(body).ok();
                let (_, payload) = mapping.prepare(&request, message.as_ref(), body)?;
                let status = u16::try_from(status_code(&payload)?).ok().filter(|status| (100..=599).contains(status));
                let status = status.ok_or_else(|| Failure::configuration("the MOCK statusCode is no HTTP status"))?;
                if !used {
                    return Ok(Begun::Given(Given::unused(status)));
                }
                let response = IntegrationResponse::select(&mapping.responses, &status.to_string())?;
                let outcome = Outcome { status, ..Outcome::default() };
                return response.give(&request, message.as_ref(), outcome, status, false).map(Begun::Given);
            }
            Self::Misconfigured(reason) => return Err(Failure::configuration(reason.as_str())),
        };
        if let Some(log) = &event.facts.log {
            note_call(log, &callout);
        }
        Ok(Begun::Call(Box::new(callout)))
    }

    /// Ends with the answer to the call; `used` as in [`Integration::begin`].
    ///
    /// # Errors
    /// There is no answer, or none that can be used.
    pub fn end(&self, api: &Api, event: &Event<'_>, body: &str, answer: Answer, used: bool) -> Result<Given, Failure> {
        let outcome = Outcome::read(answer)?;
        if let Some(log) = &event.facts.log {
            note_answer(log, &outcome, event.host.now().0.saturating_sub(event.facts.time.0));
        }
        match self {
            Self::Function(_) => {
                check_invocation(&outcome)?;
                if outcome.body.len() > MAX_LAMBDA_BYTES {
                    return Err(Failure::configuration("the function's result is larger than 6 MB"));
                }
                Given::of_function(&outcome)
            }
            Self::Backend(backend) if backend.proxy => Ok(Given::of_backend(outcome)),
            Self::Backend(backend) => {
                let request = Request::read(api, None, event, Vec::new());
                let message = json::parse(body).ok();
                backend.end(&request, message.as_ref(), outcome, used)
            }
            Self::Mock(_) | Self::Misconfigured(_) => {
                Err(Failure::configuration("an answer to a call that was never made"))
            }
        }
    }
}

impl Backend {
    fn call(&self, api: &Api, event: &Event<'_>, request: &mut Request<'_>, body: &str) -> Result<Callout, Failure> {
        let mut call = BackendRequest { method: self.method.clone(), ..BackendRequest::default() };
        let (mapped, payload) = if self.proxy {
            (self.mapping.map(request, body)?, self.mapping.payload(body)?)
        } else {
            self.mapping.prepare(request, json::parse(body).ok().as_ref(), body)?
        };
        call.set("accept", JSON);
        if self.method != "GET" && self.method != "HEAD" {
            call.set("content-type", JSON);
        }
        call.set("user-agent", format!("AmazonAPIGateway_{}", api.api_id));
        if self.proxy && event.facts.kind == Kind::Connect {
            pass_handshake_headers(request, &mut call);
        }
        call.set("x-amzn-apigateway-api-id", api.api_id.as_str());
        if let Some(trace_id) = request.trace_id() {
            call.set("x-amzn-trace-id", trace_id);
        }
        self.target.write(mapped, &mut call)?;
        call.body = match &self.target {
            Target::Function(_) if payload.is_empty() => b"{}".to_vec(),
            _ => payload,
        };
        Ok(self.endpoint.callout(event, call)?)
    }

    fn end(
        &self,
        request: &Request<'_>,
        message: Option<&Json<'_>>,
        outcome: Outcome,
        used: bool,
    ) -> Result<Given, Failure> {
        let of_function = matches!(self.target, Target::Function(_));
        let subject = if of_function {
            check_invocation(&outcome)?;
            error_message(&outcome.body).unwrap_or_default()
        } else {
            outcome.status.to_string()
        };
        if !used {
            return Ok(Given::unused(match (of_function, subject.is_empty()) {
                (true, true) => 200,
                (true, false) => 500,
                (false, _) => outcome.status,
            }));
        }
        let response = IntegrationResponse::select(&self.mapping.responses, &subject)?;
        // A function has no status of its own.
        let status = match (of_function, response.is_default()) {
            (true, true) => 200,
            (true, false) if subject.is_empty() => 200,
            (true, false) => 500,
            (false, _) => outcome.status,
        };
        response.give(request, message, outcome, status, of_function)
    }
}

impl Mapping {
    fn from_raw(raw: RawMapping, kind: HeaderKind) -> Result<Self, ConfigError> {
        let mut responses = Vec::new();
        for (index, response) in raw.integration_responses.into_iter().enumerate() {
            let compiled = IntegrationResponse::from_raw(response)
                .map_err(|error| error.below(&format!("integrationResponses[{index}]")))?;
            responses.push(compiled);
        }
        let parameters = as_method_sources(&raw.request_parameters);
        let wrong = |error: ConfigError| error.below("requestParameters");
        Ok(Self {
            parameters: RequestParameters::from_raw(&parameters, kind).map_err(wrong)?,
            of_text: OfText::from_raw(&parameters, kind).map_err(wrong)?,
            templates: Templates::from_raw(
                raw.template_selection_expression.as_deref(),
                raw.request_templates,
                Use::RequestTemplate,
            )?,
            passthrough: raw.passthrough_behavior,
            content_handling: raw.content_handling_strategy,
            responses,
        })
    }

    fn problems(&self) -> Vec<String> {
        let of_request = self.templates.problems().map(|(key, why)| format!("requestTemplates.{key}: {why}"));
        let of_responses = self.responses.iter().flat_map(|response| response.templates().problems());
        of_request.chain(of_responses.map(|(key, why)| format!("responseTemplates.{key}: {why}"))).collect()
    }

    /// Mapped parameters.
    fn map(&self, request: &Request<'_>, body: &str) -> Result<Mapped, Failure> {
        let is_json = || body.is_empty() || json::parse(body).is_ok();
        if !self.parameters.needs_body() || self.parameters.illegal().is_some() || is_json() {
            return self.parameters.map(request);
        }
        self.of_text.map(request, body)
    }

    /// Mapped parameters, and the payload.
    fn prepare(
        &self,
        request: &Request<'_>,
        message: Option<&Json<'_>>,
        body: &str,
    ) -> Result<(Mapped, Vec<u8>), Failure> {
        let mut mapped = self.map(request, body)?;
        let subject = message.map(Subject::message);
        let template = match (self.templates.select(subject.as_ref()), self.passthrough) {
            (Some(template), _) => template,
            (None, PassthroughBehavior::WhenNoMatch) => None,
            (None, PassthroughBehavior::WhenNoTemplates) if self.templates.is_empty() => None,
            (None, PassthroughBehavior::WhenNoTemplates | PassthroughBehavior::Never) => {
                let error = GatewayError::new(ResponseType::UnsupportedMediaType);
                return Err(Failure::of_request(error, "no request template for this message"));
            }
        };
        let payload = match template {
            Some(template) => {
                let mut overrides = Overrides::default();
                let payload = template.render(request, body, &mut overrides)?.into_bytes();
                overrides.apply_to_request(&mut mapped);
                payload
            }
            None => self.payload(body)?,
        };
        Ok((mapped, payload))
    }

    /// The payload that a text is without a template.
    fn payload(&self, body: &str) -> Result<Vec<u8>, Failure> {
        match self.content_handling {
            Some(ContentHandling::ConvertToBinary) => base64_decode(body.as_bytes())
                .ok_or_else(|| Failure::configuration("a message that has to be base64 is none")),
            _ => Ok(body.as_bytes().to_vec()),
        }
    }
}

/// Parameters of a message that is no JSON: a path into it finds nothing, and drops its parameter. The mappings of methods
/// refuse such a body.
#[derive(Debug)]
struct OfText {
    /// Those that do not look at the message.
    others: RequestParameters,
    /// Where the whole message goes.
    whole: Vec<String>,
    kind: HeaderKind,
}

impl OfText {
    fn from_raw(raw: &IndexMap<String, String>, kind: HeaderKind) -> Result<Self, ConfigError> {
        let (mut others, mut whole) = (IndexMap::new(), Vec::new());
        for (destination, source) in raw {
            match Source::parse(source) {
                Some(Source::Body) => whole.push(destination.clone()),
                Some(Source::BodyPath(_)) => {}
                _ => drop(others.insert(destination.clone(), source.clone())),
            }
        }
        Ok(Self { others: RequestParameters::from_raw(&others, kind)?, whole, kind })
    }

    fn map(&self, request: &Request<'_>, body: &str) -> Result<Mapped, Failure> {
        let mut mapped = self.others.map(request)?;
        if !self.whole.is_empty() {
            let literals = self.whole.iter().map(|destination| (destination.clone(), format!("'{body}'"))).collect();
            let literals = RequestParameters::from_raw(&literals, self.kind);
            let of_body = literals.map_err(|error| Failure::configuration(error.to_string()))?.map(request)?;
            mapped.path.extend(of_body.path);
            mapped.query.extend(of_body.query);
            mapped.headers.extend(of_body.headers);
        }
        Ok(mapped)
    }
}

/// A handshake's headers for an HTTP_PROXY backend, in place of the gateway's own, and without those of the handshake
/// itself, which some servers refuse.
fn pass_handshake_headers(request: &Request<'_>, call: &mut BackendRequest) {
    let passes =
        |name: &str| name != "host" && (!name.starts_with("sec-websocket-") || name == "sec-websocket-protocol");
    let headers = request.visible_headers().map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()));
    let headers: Vec<_> = headers.filter(|(name, _)| passes(name)).collect();
    call.headers.retain(|(own, _)| !headers.iter().any(|(name, _)| *name == **own));
    call.headers.extend(headers.into_iter().map(|(name, value)| (name.into(), value)));
}

/// Mapping sources as the mappings of methods spell them: `route.request.…` is `method.request.…` there.
fn as_method_sources(raw: &IndexMap<String, String>) -> IndexMap<String, String> {
    let source = |source: &String| match source.strip_prefix("route.request.") {
        Some(rest) => format!("method.request.{rest}"),
        None => source.clone(),
    };
    raw.iter().map(|(destination, from)| (destination.clone(), source(from))).collect()
}

fn method(raw: Option<String>) -> Result<String, ConfigError> {
    Ok(backend_method(raw)?.unwrap_or_else(|| "POST".to_owned()))
}
