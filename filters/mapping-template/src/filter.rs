//! One request's way through the filter.

use std::rc::Rc;

use gateway::{
    Answer, Body, Callout, ConfigError, Edits, Filter, GatewayError, HeaderValue, Host, LogLevel, MAX_PAYLOAD_BYTES,
    Metric, Reply, ResponseType, Step, Stream, attribute, of_route,
};

use crate::answer::Outcome;
use crate::config::{Integration, MappingTemplate, Route};
use crate::execution;
use crate::failure::Failure;
use crate::http_api;
use crate::http_proxy::HttpProxy;
use crate::overrides::Overrides;
use crate::raw::RawConfig;
use crate::record::Record;
use crate::request::Request;

impl Filter for MappingTemplate {
    const NAME: &'static str = "mapping-template";
    type Raw = RawConfig;
    type Stream = MappingStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    /// Says which templates are broken. The service takes them, and fails the requests that need them; so do we.
    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        for (name, route) in &self.routes {
            for problem in route.problems() {
                host.log(LogLevel::Error, &format!("routes.{name}: {problem}"));
            }
        }
        Ok(())
    }

    fn stream(self: &Rc<Self>) -> MappingStream {
        MappingStream {
            filter: Rc::clone(self),
            route: None,
            waiting: false,
            response_waiting: false,
            drops_response_body: false,
            overrides: Overrides::default(),
            record: None,
        }
    }
}

/// One request.
pub struct MappingStream {
    filter: Rc<MappingTemplate>,
    route: Option<Rc<Route>>,
    /// The request is held until its body is whole.
    waiting: bool,
    /// The response is.
    response_waiting: bool,
    /// The response has got a status that has no body.
    drops_response_body: bool,
    /// What the request template has decided for the response.
    overrides: Overrides,
    /// The call under way, for logs and metrics.
    record: Option<Record>,
}

impl Stream for MappingStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let route = Rc::clone(of_route(&self.filter.routes, host).unwrap_or(&self.filter.default));
        let Some(integration) = &route.integration else { return Step::Continue };
        self.waiting = integration.needs_body() && !end_of_stream;
        self.route = Some(Rc::clone(&route));
        if self.waiting { Step::Buffer } else { self.integrate(host, &route, Vec::new()) }
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if !self.waiting {
            return Step::Continue;
        }
        self.waiting = false;
        let Some(route) = self.route.clone() else { return Step::Continue };
        if body.bytes > MAX_PAYLOAD_BYTES {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::new(ResponseType::RequestTooLarge));
        }
        let body = host.request_body(MAX_PAYLOAD_BYTES);
        self.integrate(host, &route, body)
    }

    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Step {
        let Some(route) = self.route.clone() else { return Step::Continue };
        let mut record = self.record.take();
        if let Some(record) = &mut record {
            record.answered(host, &answer);
        }
        let outcome = Outcome::read(answer).map_err(|failure| match &route.integration {
            Some(Integration::HttpApiService(_)) => http_api::Service::failure(failure),
            _ => failure,
        });
        if let (Some(log), Ok(outcome)) = (host.execution_log().filter(|log| log.wants_info()), &outcome) {
            execution::note_answer(log, outcome, record.as_ref().map_or(0, |record| record.millis(host)));
        }
        let request_id = record.as_ref().and_then(Record::request_id);
        let reply = outcome.and_then(|outcome| self.reply(host, &route, outcome, request_id));
        if let Some(record) = record {
            let of_function =
                matches!(route.integration, Some(Integration::LambdaProxy(_) | Integration::HttpApiLambda(_)));
            record.end(host, of_function, reply.as_ref());
        }
        self.finish(host, reply.and_then(respond))
    }

    fn on_response_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let Some(route) = self.route.clone() else { return Step::Continue };
        let proxy = match &route.integration {
            Some(Integration::HttpProxy(_)) => None,
            Some(Integration::HttpApiProxy(proxy)) => Some(proxy),
            _ => return Step::Continue,
        };
        // What Envoy or another filter answers has no backend's headers.
        if !attribute::is_forwarded(host) {
            return Step::Continue;
        }
        match proxy {
            Some(proxy) if !end_of_stream && proxy.needs_response_body(host) => {
                self.response_waiting = true;
                Step::Buffer
            }
            Some(proxy) => self.map_response(host, &route, proxy, &[]),
            None => HttpProxy::response_edits(host).into(),
        }
    }

    fn on_response_body(&mut self, host: &dyn Host, _body: Body) -> Step {
        if self.drops_response_body {
            return Edits { body: Some(Vec::new()), ..Edits::default() }.into();
        }
        if !std::mem::take(&mut self.response_waiting) {
            return Step::Continue;
        }
        let Some(route) = self.route.clone() else { return Step::Continue };
        let Some(Integration::HttpApiProxy(proxy)) = &route.integration else { return Step::Continue };
        let body = host.response_body(MAX_PAYLOAD_BYTES);
        let mut edits = match self.map_response(host, &route, proxy, &body) {
            Step::Edit(edits) => *edits,
            step => return step,
        };
        if self.drops_response_body {
            edits.body = Some(Vec::new());
        }
        edits.into()
    }
}

impl MappingStream {
    /// Runs the integration on the whole request, or on its headers when it does not look at the body.
    fn integrate(&mut self, host: &dyn Host, route: &Route, body: Vec<u8>) -> Step {
        let filter = Rc::clone(&self.filter);
        let (binary, overrides) = (&filter.binary, &mut self.overrides);
        let mut request = Request::read(&filter.api, route.method.as_ref(), host, body);
        let step = match &route.integration {
            None => Ok(Step::Continue),
            Some(Integration::Mock(mapping)) => mapping.mock(&mut request, binary, overrides).and_then(respond),
            Some(Integration::HttpProxy(proxy)) => proxy.edits(&request).map(Step::from),
            Some(Integration::Backend(backend)) => backend.call(host, &mut request, binary, overrides).map(call),
            Some(Integration::LambdaProxy(proxy)) => proxy.call(host, &request, binary).map(call),
            Some(Integration::HttpApiProxy(proxy)) => proxy.edits(&request).map(Step::from),
            Some(Integration::HttpApiLambda(lambda)) => lambda.call(host, &request).map(call),
            Some(Integration::HttpApiService(service)) => service.call(host, &request).map(call),
            Some(Integration::Misconfigured(reason)) => {
                Err(Failure::configuration(reason.as_str()).logged_as("Invalid endpoint address"))
            }
        };
        if let (Some(log), Ok(step)) = (host.execution_log().filter(|log| log.wants_info()), &step) {
            let authority = match &route.integration {
                Some(Integration::HttpProxy(proxy)) => proxy.authority(),
                _ => "",
            };
            execution::note_endpoint(host, log, authority, step, &request.body);
        }
        drop(request);
        self.record = matches!(step, Ok(Step::Callout(_))).then(|| Record::begin(host));
        self.finish(host, step)
    }

    /// Makes the client's reply of a backend's answer.
    fn reply(
        &mut self,
        host: &dyn Host,
        route: &Route,
        outcome: Outcome,
        aws_endpoint_request_id: Option<String>,
    ) -> Result<Reply, Failure> {
        let filter = Rc::clone(&self.filter);
        let mut request = Request::read(&filter.api, route.method.as_ref(), host, Vec::new());
        request.context.set_aws_endpoint_request_id(aws_endpoint_request_id);
        match &route.integration {
            Some(Integration::Backend(backend)) => {
                backend.reply(&request, outcome, &filter.binary, &mut self.overrides)
            }
            Some(Integration::LambdaProxy(proxy)) => proxy.reply(&request, outcome, &filter.binary),
            Some(Integration::HttpApiLambda(lambda)) => lambda.reply(&request, outcome),
            Some(Integration::HttpApiService(service)) => service.reply(&request, outcome),
            _ => Err(Failure::configuration("an answer to a call that was never made")),
        }
    }

    /// Makes the client's response of a backend's, whose body is held where there is one here.
    fn map_response(&mut self, host: &dyn Host, route: &Route, proxy: &http_api::Proxy, body: &[u8]) -> Step {
        let request = || Request::read(&self.filter.api, route.method.as_ref(), host, Vec::new());
        let mut edits = match proxy.response_edits(host, body, request) {
            Ok(edits) => edits,
            Err(failure) => match (failure.into_step(host), body) {
                (step, []) => return step,
                _ => http_api::internal_server_error(&host.response_headers()),
            },
        };
        // A body with one of these would be taken for the next response.
        let has_no_body = |(name, value): &(_, HeaderValue)| name == ":status" && matches!(&**value, b"204" | b"304");
        self.drops_response_body = edits.set.iter().any(has_no_body);
        if self.drops_response_body {
            edits.remove("content-length");
        }
        edits.into()
    }

    fn finish(&self, host: &dyn Host, step: Result<Step, Failure>) -> Step {
        match step {
            // A call decides nothing yet.
            Ok(step @ Step::Callout(_)) => step,
            Ok(step) => {
                host.count(Metric::Allowed);
                step
            }
            Err(failure) => failure.into_step(host),
        }
    }
}

/// Answers the client with what an integration gives.
fn respond(mut reply: Reply) -> Result<Step, Failure> {
    // These have no body, whatever the integration says; one would be taken for the next response.
    if matches!(reply.status, 204 | 304) {
        reply.body.clear();
    }
    if !(200..=599).contains(&reply.status) {
        return Err(Failure::configuration("a status outside 200-599 ends no request"));
    }
    if reply.body.len() > MAX_PAYLOAD_BYTES {
        return Err(Failure::configuration("the response is larger than 10 MB"));
    }
    Ok(Step::Respond(Box::new(reply)))
}

fn call(callout: Callout) -> Step {
    Step::Callout(Box::new(callout))
}
