//! One request's way through the filter.

use std::rc::Rc;

use gateway::execution::{ExecutionLog, Part, Redaction};
use gateway::{
    Body, ConfigError, Context, Filter, GatewayError, Headers, Host, IntegrationResult, METHOD_HEADER, Property, Step,
    Stream, attribute, media, of_route,
};

use crate::config::{ExecutionLogs, RawConfig, RawExecutionRoute};
use crate::excerpt::Excerpt;
use crate::failure;

impl Filter for ExecutionLogs {
    const NAME: &'static str = "execution-log";
    type Raw = RawConfig;
    type Stream = ExecutionStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> ExecutionStream {
        ExecutionStream {
            filter: Rc::clone(self),
            route: None,
            request: Excerpt::default(),
            response: Excerpt::default(),
            headers: Headers::default(),
        }
    }
}

/// One request.
pub struct ExecutionStream {
    filter: Rc<ExecutionLogs>,
    /// The method, where it has a log.
    route: Option<Rc<RawExecutionRoute>>,
    request: Excerpt,
    response: Excerpt,
    /// Of the response.
    headers: Headers,
}

impl Stream for ExecutionStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let Some(route) = of_route(&self.filter.routes, host).map(Rc::clone) else { return Step::Continue };
        let redaction = Redaction::new(Rc::clone(&self.filter.secrets));
        host.begin_execution_log(ExecutionLog::new(route.verbosity(), redaction));
        if let Some(log) = host.execution_log() {
            self.filter.begin(host, log, &route);
        }
        self.route = Some(route);
        Step::Continue
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if host.execution_log().is_some_and(ExecutionLog::wants_data) {
            self.request.add(body, |most| host.request_body(most));
        }
        Step::Continue
    }

    fn on_response_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        if host.execution_log().is_some_and(ExecutionLog::wants_data) {
            self.headers = host.response_headers();
        }
        Step::Continue
    }

    fn on_response_body(&mut self, host: &dyn Host, body: Body) -> Step {
        if host.execution_log().is_some_and(ExecutionLog::wants_data) {
            self.response.add(body, |most| host.response_body(most));
        }
        Step::Continue
    }

    fn on_log(&mut self, host: &dyn Host) {
        let (Some(route), Some(log)) = (self.route.take(), host.execution_log()) else { return };
        let context = Context::new(&self.filter.api, Some(&route.method), host);
        let ids = context.ids();
        let error = host.property(Property::Error).and_then(|json| GatewayError::from_property(&json));
        if let Some(error) = error.filter(|_| !log.has(Part::Failure)) {
            let headers = host.request_headers();
            let content_type = headers.last("content-type").map_or_else(|| media::JSON.to_owned(), media::first);
            log.note(Part::Failure, &failure::line(&error, &ids.request_id, &content_type));
        }
        let failed = log.has(Part::Failure);
        if !failed && !log.wants_info() {
            return;
        }
        self.end(host, log);
        let mut first = vec![format!("Extended Request Id: {}", ids.extended_request_id)];
        let mut last = Vec::new();
        if log.wants_info() {
            first.push(format!("Starting execution for request: {}", ids.request_id));
            last.extend((!failed).then(|| "Successfully completed execution".to_owned()));
        }
        let status = attribute::number(host, &["response", "code"]).unwrap_or_default();
        last.push(format!("Method completed with status: {status}"));
        host.set_property(Property::ExecutionLog, log.render(&ids.request_id, &first, &last).as_bytes());
    }
}

impl ExecutionLogs {
    /// What is known of a request when it comes.
    fn begin(&self, host: &dyn Host, log: &ExecutionLog, route: &RawExecutionRoute) {
        let context = Context::new(&self.api, Some(&route.method), host);
        let (headers, query) = (host.request_headers(), context.query());
        for (name, value) in headers.iter() {
            log.redaction().learn(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        }
        query.iter().for_each(|(name, value)| log.redaction().learn(name, value));
        if !log.wants_info() {
            return;
        }
        let verb = headers.first(METHOD_HEADER).or_else(|| headers.first(":method")).unwrap_or_default();
        let (verb, path) = (String::from_utf8_lossy(verb), String::from_utf8_lossy(context.resource_path_as_sent()));
        log.note(Part::Request, &format!("HTTP Method: {verb}, Resource Path: {path}"));
        log.note_map(Part::Request, "Method request path", context.path_parameters().iter());
        let query = query.iter().map(|(name, value)| (name, value.as_bytes()));
        log.note_map(Part::Request, "Method request query string", query);
        if log.wants_data() {
            log.note_headers(Part::Request, "Method request headers", headers.iter());
        }
    }
}

impl ExecutionStream {
    /// What is known when all is over.
    fn end(&self, host: &dyn Host, log: &ExecutionLog) {
        // What Envoy's router has forwarded; calls of filters are noted by them.
        let forwarded = IntegrationResult::of_router(host);
        if let Some(result) = forwarded.as_ref().filter(|_| log.wants_info()) {
            let (status, millis) = (result.status.unwrap_or_default(), result.latency.unwrap_or_default());
            log.note(Part::Answer, &format!("Received response. Status: {status}, Integration latency: {millis} ms"));
        }
        if !log.wants_data() {
            return;
        }
        let body = self.response.text();
        if forwarded.is_some() {
            log.note_headers(Part::Answer, "Endpoint response headers", self.headers.iter());
            log.note_body(Part::Answer, "Endpoint response body before transformations", body);
        }
        log.note_body(Part::RequestBody, "Method request body before transformations", self.request.text());
        if !log.has(Part::Response) {
            log.note_response(self.headers.iter(), body);
        }
    }
}
