//! Lines that have been rendered elsewhere: WebSocket messages are no exchanges of Envoy's, so nothing would log them.
//!
//! A request of an internal listener brings many of them as its body, and Envoy's access logger there writes them.

use std::rc::Rc;

use gateway::{Body, ConfigError, Filter, Host, Property, Reply, Step, Stream};
use serde::{Deserialize, Serialize};

/// Most bytes of lines that one request brings; a sender sends them long before.
const MAX_LINES_BYTES: usize = 1 << 20;

/// The filter's configuration. It has nothing to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLines {}

/// The filter of the internal listener.
#[derive(Debug)]
pub struct AccessLogLines;

impl Filter for AccessLogLines {
    const NAME: &'static str = "access-log-lines";
    type Raw = RawLines;
    type Stream = LinesStream;

    fn configure(_raw: RawLines) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn stream(self: &Rc<Self>) -> LinesStream {
        LinesStream
    }
}

/// One request.
pub struct LinesStream;

impl Stream for LinesStream {
    fn on_request_headers(&mut self, _host: &dyn Host, end_of_stream: bool) -> Step {
        if end_of_stream { taken() } else { Step::Buffer }
    }

    fn on_request_body(&mut self, host: &dyn Host, _body: Body) -> Step {
        host.set_property(Property::AccessLog, &host.request_body(MAX_LINES_BYTES));
        taken()
    }
}

fn taken() -> Step {
    Step::Respond(Box::new(Reply { status: 204, ..Reply::default() }))
}
