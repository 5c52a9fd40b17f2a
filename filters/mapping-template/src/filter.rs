//! One request's way through the filter.

use std::rc::Rc;

use gateway::{
    Body, ConfigError, Filter, GatewayError, Host, MAX_PAYLOAD_BYTES, Metric, Reply, ResponseType, Step, Stream,
};

use crate::config::{Integration, MappingTemplate, Route};
use crate::failure::Failure;
use crate::raw::RawConfig;
use crate::request::Request;

impl Filter for MappingTemplate {
    const NAME: &'static str = "mapping-template";
    type Raw = RawConfig;
    type Stream = MappingStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> MappingStream {
        MappingStream { filter: Rc::clone(self), route: None, waiting: false }
    }
}

/// One request.
pub struct MappingStream {
    filter: Rc<MappingTemplate>,
    route: Option<Rc<Route>>,
    /// The request is held until its body is whole.
    waiting: bool,
}

impl Stream for MappingStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let name = host.attribute(&["xds", "route_name"]).unwrap_or_default();
        let route = std::str::from_utf8(&name).ok().and_then(|name| self.filter.routes.get(name));
        let route = Rc::clone(route.unwrap_or(&self.filter.default));
        let Some(integration) = &route.integration else { return Step::Continue };
        self.waiting = integration.needs_body() && !end_of_stream;
        let waiting = self.waiting;
        self.route = Some(Rc::clone(&route));
        if waiting { Step::Buffer } else { self.integrate(host, &route, Vec::new()) }
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

    fn on_response_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let Some(Integration::HttpProxy(proxy)) = self.route.as_ref().and_then(|route| route.integration.as_ref())
        else {
            return Step::Continue;
        };
        // What Envoy or another filter answers has no backend's headers.
        match host.attribute(&["response", "code_details"]).as_deref() {
            Some(b"via_upstream") => proxy.response_edits(host).into(),
            _ => Step::Continue,
        }
    }
}

impl MappingStream {
    /// Runs the integration on the whole request, or on its headers when it does not look at the body.
    fn integrate(&self, host: &dyn Host, route: &Route, body: Vec<u8>) -> Step {
        let request = Request::read(&self.filter.api, route.method.as_ref(), host, body);
        let step = match &route.integration {
            None => Ok(Step::Continue),
            Some(Integration::Mock(mapping)) => mapping.mock(&request).map(respond),
            Some(Integration::HttpProxy(proxy)) => proxy.edits(&request).map(Step::from),
            Some(Integration::Misconfigured(reason)) => Err(Failure::configuration(reason.as_str())),
        };
        match step {
            Ok(step) => {
                host.count(Metric::Allowed);
                step
            }
            Err(failure) => failure.into_step(host),
        }
    }
}

fn respond(reply: Reply) -> Step {
    Step::Respond(Box::new(reply))
}
