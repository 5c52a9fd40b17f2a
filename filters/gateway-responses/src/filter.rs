//! One request's way through the filter.

use std::rc::Rc;

use gateway::attribute::VIA_UPSTREAM;
use gateway::{
    Body, ConfigError, Context, Edits, Filter, GatewayError, Host, Ids, LogLevel, MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES,
    MAX_URL_BYTES, METHOD_HEADER, Metric, Property, Reply, ResponseType, Source, Step, Stream, clean_value, of_route,
    trace_id,
};
use sigv4::{Claim, RefusalKind, Request};

use crate::config::{GatewayResponse, GatewayResponses, RawConfig, RawResponsesRoute, Refusal, SAMPLING_HEADER};
use crate::failure::Answerer;
use crate::http_api::{CorsHeader, HttpApi};
use crate::template::{Scope, variable_of_error};
use crate::websocket_api::{self, Handshake};

/// Headers that Envoy itself adds before the filters see a request; they do not count as the client's.
pub(crate) const ADDED_BY_ENVOY: [&[u8]; 6] = [
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-request-id",
    b"x-envoy-external-address",
    METHOD_HEADER.as_bytes(),
    SAMPLING_HEADER.as_bytes(),
];
/// Headers that a customised response cannot change.
const NOT_CUSTOMISABLE: [&str; 2] = ["x-amzn-requestid", "x-amz-apigw-id"];

impl Filter for GatewayResponses {
    const NAME: &'static str = "gateway-responses";
    type Raw = RawConfig;
    type Stream = ResponsesStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> ResponsesStream {
        ResponsesStream {
            filter: Rc::clone(self),
            ids: None,
            route: None,
            trace_id: None,
            cors: None,
            handshake: None,
            received_bytes: 0,
        }
    }
}

/// One request.
pub struct ResponsesStream {
    filter: Rc<GatewayResponses>,
    ids: Option<Ids>,
    route: Option<Rc<RawResponsesRoute>>,
    trace_id: Option<String>,
    /// What CORS adds to the response.
    cors: Option<Vec<CorsHeader>>,
    /// The request is a WebSocket API's handshake.
    handshake: Option<Handshake>,
    received_bytes: usize,
}

impl Stream for ResponsesStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let handshake = self.filter.web_socket_api.and_then(|api| Handshake::begin(api, host));
        let (handshake, ids) = match (handshake, &self.filter.http_api) {
            (Some((handshake, ids)), _) => (Some(handshake), ids),
            (None, Some(_)) => (None, HttpApi::ids(host)),
            (None, None) => (None, Ids::generate(host, host.request_header("x-amzn-requestid").as_deref())),
        };
        self.handshake = handshake;
        host.set_property(Property::Request, ids.to_text().as_bytes());
        self.ids = Some(ids);
        self.cors = self.filter.http_api.as_ref().and_then(|http_api| http_api.cors_headers(host));
        let route = self.route_of(host);
        if let Some(Refusal::Forbidden) = route.refuse {
            // No API is known, so neither are its limits.
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::forbidden());
        }
        if self.filter.web_socket_api.is_some() && self.handshake.is_none() && websocket_api::is_connect_route(host) {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::forbidden());
        }
        let refused = match &self.filter.http_api {
            Some(_) => HttpApi::too_large(host, end_of_stream).map(|reply| Step::Respond(Box::new(reply))),
            None => too_large(host, end_of_stream),
        };
        if let Some(refused) = refused {
            host.count(Metric::Denied);
            return refused;
        }
        if let Some(refusal) = route.refuse {
            host.count(Metric::Denied);
            return match (refusal, &self.filter.http_api) {
                (Refusal::NotFound, Some(http_api)) => Step::Respond(Box::new(http_api.unmatched(host))),
                (Refusal::MissingAuthenticationToken | Refusal::NotFound, _) => Step::refuse(unmatched(host)),
                (Refusal::Forbidden, _) => Step::refuse(GatewayError::forbidden()),
            };
        }
        if self.filter.compression && is_coded(host) {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::new(ResponseType::UnsupportedMediaType));
        }
        if route.trace_id {
            // Where the stage does not trace, a parent is only made up for a root that the client sent.
            let sampled = self.filter.tracing.as_ref().map(|tracing| {
                let drawn = host.request_header(SAMPLING_HEADER);
                drawn.is_some_and(|drawn| drawn.as_slice() < tracing.sampled_below.as_bytes())
            });
            let trace = trace_id(host, host.request_header("x-amzn-trace-id").as_deref(), sampled, host.now());
            host.set_property(Property::TraceId, trace.as_bytes());
            if trace.contains("Sampled=1") {
                host.set_property(Property::Sampled, b"1");
            }
            self.trace_id = Some(trace);
        }
        if !self.filter.responses.is_empty() {
            // A gateway response may speak of them, and once the request has gone on, Envoy does not give them any more.
            host.request_headers();
        }
        Step::Continue
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if self.handshake.is_some() {
            // A connection's frames.
            return Step::Continue;
        }
        self.received_bytes = self.received_bytes.saturating_add(body.bytes);
        if self.received_bytes > MAX_PAYLOAD_BYTES {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::new(ResponseType::RequestTooLarge));
        }
        Step::Continue
    }

    fn on_response_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let details = host.attribute(&["response", "code_details"]);
        let ids = self.ids.get_or_insert_with(|| Ids::of_request(host)).clone();
        // The status tells Envoy's own answers apart, and only those; reading it costs a host call.
        let status = if matches!(details.as_deref(), None | Some(VIA_UPSTREAM)) { 0 } else { status(host) };
        let answerer = Answerer::of(details.as_deref(), status);
        let of_filter = answerer == Answerer::Filter;
        let (error, rewrite) = match answerer {
            Answerer::Upstream if !end_of_stream && is_too_large(host.response_header("content-length")) => {
                host.count(Metric::Error);
                host.log(LogLevel::Warn, "the backend's answer is larger than 10 MB");
                (Some(GatewayError::new(ResponseType::ApiConfigurationError)), true)
            }
            Answerer::Upstream => (None, false),
            // No error left: an integration's own answer.
            Answerer::Filter => {
                (host.property(Property::Error).and_then(|json| GatewayError::from_property(&json)), false)
            }
            Answerer::Envoy(error) => {
                host.count(Metric::Error);
                host.log(
                    LogLevel::Info,
                    &format!("{} became {}", String::from_utf8_lossy(&details.unwrap_or_default()), error.status),
                );
                (Some(error), true)
            }
        };
        if self.filter.http_api.is_some() {
            let cors = self.cors.take();
            return match error {
                Some(error) => Step::Respond(Box::new(HttpApi::error(&error, rewrite, &ids, cors))),
                None => HttpApi::edits(host, ids, cors).into(),
            };
        }
        if self.filter.web_socket_api.is_some() {
            return match (error, &self.handshake) {
                (Some(error), Some(handshake)) => Step::Respond(Box::new(handshake.refusal(&error, &ids))),
                (Some(error), None) => Step::Respond(Box::new(websocket_api::refusal(&error, &ids))),
                // Its integration's answer, or the connection.
                (None, Some(_)) => Step::Continue,
                (None, None) => with_ids(ids),
            };
        }
        let custom = error.as_ref().and_then(|error| self.customised(error));
        match (error, custom) {
            (Some(error), custom) if rewrite || custom.is_some() => {
                Step::Respond(Box::new(self.gateway_response(host, error, custom, &ids)))
            }
            (error, _) => {
                let mut edits = Edits::default();
                edits.set("x-amzn-requestid", ids.request_id.into_bytes());
                edits.set("x-amz-apigw-id", ids.extended_request_id.into_bytes());
                // Envoy takes the type away from a local reply without a body; API Gateway always sends one.
                if of_filter && end_of_stream && host.response_header("content-type").is_none() {
                    edits.set("content-type", &b"application/json"[..]);
                }
                if let Some(trace) = error.and_then(|error| self.shown_trace_id(&error)) {
                    edits.set("x-amzn-trace-id", trace.into_bytes());
                }
                edits.into()
            }
        }
    }
}

impl ResponsesStream {
    fn route_of(&mut self, host: &dyn Host) -> Rc<RawResponsesRoute> {
        let route = Rc::clone(of_route(&self.filter.routes, host).unwrap_or(&self.filter.default));
        self.route = Some(Rc::clone(&route));
        route
    }

    /// The entry of the error's type alone, else the entry of its family.
    fn customised(&self, error: &GatewayError) -> Option<&GatewayResponse> {
        let own = self.filter.responses.get(&error.response_type?);
        let family = if error.status < 500 { ResponseType::Default4xx } else { ResponseType::Default5xx };
        own.or_else(|| self.filter.responses.get(&family))
    }

    /// The whole answer for `error`, customised or built in.
    fn gateway_response(
        &self,
        host: &dyn Host,
        error: GatewayError,
        custom: Option<&GatewayResponse>,
        ids: &Ids,
    ) -> Reply {
        let mut reply = Reply::from_error(error.clone());
        if let Some(trace) = self.shown_trace_id(&error) {
            reply.set_header("x-amzn-trace-id", trace.into_bytes());
        }
        if let Some(custom) = custom {
            self.customise(host, &error, custom, ids, &mut reply);
        }
        reply.with_ids(ids)
    }

    fn shown_trace_id(&self, error: &GatewayError) -> Option<String> {
        self.trace_id.clone().filter(|_| error.shows_trace_id())
    }

    fn customise(&self, host: &dyn Host, error: &GatewayError, custom: &GatewayResponse, ids: &Ids, reply: &mut Reply) {
        let method = self.route.as_ref().and_then(|route| route.method.as_ref());
        let context = Context::new(&self.filter.api, method, host).with_ids(ids);
        let headers = host.request_headers();
        let accept = headers.first("accept").and_then(|accept| std::str::from_utf8(accept).ok());
        if let Some(status) = custom.status {
            reply.status = status;
        }
        if let Some((media_type, template)) = custom.template(accept) {
            reply.body = template.render(&Scope { context: &context, error, headers: &headers, host }).into_bytes();
            reply.set_header("content-type", media_type.clone().into_bytes());
        }
        for (name, source) in custom.headers.iter().filter(|(name, _)| !NOT_CUSTOMISABLE.contains(&name.as_str())) {
            let values = match source {
                Source::Context(variable) if variable.starts_with("error.") => {
                    variable_of_error(error, variable).map(String::into_bytes).into_iter().collect()
                }
                source => source.values(&context, host),
            };
            if !values.is_empty() {
                reply.set_header(name.clone(), clean_value(values.join(&b","[..])));
            }
        }
    }
}

/// Adds the ids to a response that stays.
fn with_ids(ids: Ids) -> Step {
    let mut edits = Edits::default();
    edits.set("x-amzn-requestid", ids.request_id.into_bytes());
    edits.set("x-amz-apigw-id", ids.extended_request_id.into_bytes());
    edits.into()
}

fn status(host: &dyn Host) -> u16 {
    let status = host.response_header(":status").unwrap_or_default();
    std::str::from_utf8(&status).ok().and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Whether the body has a coding that neither Envoy has taken away nor the filter `compression` will.
fn is_coded(host: &dyn Host) -> bool {
    let coding = host.request_header("content-encoding").unwrap_or_default();
    !coding.is_empty() && ![&b"identity"[..], b"deflate"].iter().any(|known| coding.eq_ignore_ascii_case(known))
}

/// The answer of a REST API to a request that no method is for. The service takes what it finds in `Authorization` for
/// a signature there, and says first what that lacks.
fn unmatched(host: &dyn Host) -> GatewayError {
    match Claim::read(&Request::from(&host.request_headers())) {
        Err(refusal) if refusal.kind() == RefusalKind::IncompleteSignature => refusal.gateway_error(false),
        _ => GatewayError::new(ResponseType::MissingAuthenticationToken),
    }
}

/// The answer to a request over one of the limits that headers show.
fn too_large(host: &dyn Host, end_of_stream: bool) -> Option<Step> {
    if host.request_headers_size() > MAX_HEADER_BYTES.min(MAX_URL_BYTES) {
        let headers = host.request_headers();
        if headers.first(":path").unwrap_or_default().len() > MAX_URL_BYTES {
            return Some(Step::refuse(GatewayError::uri_too_long()));
        }
        let of_client = headers.iter().filter(|(name, _)| !name.starts_with(b":") && !ADDED_BY_ENVOY.contains(name));
        let bytes =
            of_client.fold(0usize, |sum, (name, value)| sum.saturating_add(name.len()).saturating_add(value.len()));
        if bytes > MAX_HEADER_BYTES {
            // Not a gateway response: the service answers before it knows the API.
            return Some(Step::Respond(Box::new(Reply { status: 431, ..Reply::default() })));
        }
    }
    let too_large = !end_of_stream && is_too_large(host.request_header("content-length"));
    too_large.then(|| Step::refuse(GatewayError::new(ResponseType::RequestTooLarge)))
}

/// Whether this `content-length` is more than API Gateway takes, from clients and from backends.
pub(crate) fn is_too_large(content_length: Option<Vec<u8>>) -> bool {
    let announced = content_length.and_then(|digits| std::str::from_utf8(&digits).ok()?.parse::<u64>().ok());
    announced.is_some_and(|bytes| bytes > MAX_PAYLOAD_BYTES as u64)
}
