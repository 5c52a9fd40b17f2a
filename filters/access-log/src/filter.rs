//! One request's way through the filter.

use std::rc::Rc;

use gateway::{ConfigError, Filter, Host, Property, Step, Stream, of_route};

use crate::config::{AccessLog, RawConfig, RawLoggedRoute};
use crate::exchange::Exchange;

impl Filter for AccessLog {
    const NAME: &'static str = "access-log";
    type Raw = RawConfig;
    type Stream = LogStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> LogStream {
        LogStream { filter: Rc::clone(self), route: None }
    }
}

/// One request.
pub struct LogStream {
    filter: Rc<AccessLog>,
    route: Option<Rc<RawLoggedRoute>>,
}

impl Stream for LogStream {
    /// Takes note of what later filters, and Envoy's router, may change: the headers stay known as they are now.
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        self.route = Some(Rc::clone(of_route(&self.filter.routes, host).unwrap_or(&self.filter.default)));
        let _ = host.request_headers();
        Step::Continue
    }

    fn on_log(&mut self, host: &dyn Host) {
        let Some(route) = self.route.take().filter(|route| !route.silent) else { return };
        let exchange = Exchange::new(&self.filter.api, route.method.as_ref(), host);
        let line = self.filter.format.render(|variable| exchange.get(variable));
        host.set_property(Property::AccessLog, line.as_bytes());
    }
}
