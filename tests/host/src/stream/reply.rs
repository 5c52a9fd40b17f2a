//! Local replies: responses of filters and of Envoy itself. And the end of a stream.

use std::sync::Arc;

use super::{Direction, End, StreamCore};
use crate::{HeaderMap, MapKind};

/// Bits of property `response.flags`.
pub mod flags {
    /// `UH`: no healthy upstream.
    pub const NO_HEALTHY_UPSTREAM: i64 = 0x2;
    /// `UT`: the upstream did not answer in time.
    pub const UPSTREAM_REQUEST_TIMEOUT: i64 = 0x4;
    /// `UF`: the connection to the upstream failed.
    pub const UPSTREAM_CONNECTION_FAILURE: i64 = 0x20;
    /// `UC`: the upstream closed the connection.
    pub const UPSTREAM_CONNECTION_TERMINATION: i64 = 0x40;
    /// `UO`: a circuit breaker is open.
    pub const UPSTREAM_OVERFLOW: i64 = 0x80;
    /// `NR`: no route.
    pub const NO_ROUTE_FOUND: i64 = 0x100;
    /// `UPE`: the upstream's answer is not HTTP.
    pub const UPSTREAM_PROTOCOL_ERROR: i64 = 0x80_0000;
    /// `NC`: the route's cluster does not exist.
    pub const NO_CLUSTER_FOUND: i64 = 0x100_0000;
}

/// A response that does not come from the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// Status code.
    pub status: u16,
    /// Headers besides `:status`, `content-length`, and `content-type: text/plain` where there is no other.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// Property `response.code_details`; white space is replaced by `_`.
    pub details: String,
    /// Property `response.flags`.
    pub flags: i64,
    /// gRPC status, where a filter gave one.
    pub grpc_status: Option<u32>,
}

impl LocalReply {
    /// A reply with a body.
    pub fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref().to_vec();
        Self { status, headers: Vec::new(), body, details: String::new(), flags: 0, grpc_status: None }
    }

    /// Sets the details.
    pub fn details(mut self, details: &str) -> Self {
        self.details = details.to_owned();
        self
    }

    fn flags(mut self, flags: i64) -> Self {
        self.flags = flags;
        self
    }

    /// No route matches: 404.
    pub fn no_route() -> Self {
        Self::new(404, "").details("route_not_found").flags(flags::NO_ROUTE_FOUND)
    }

    /// The route's cluster does not exist: 503.
    pub fn no_cluster() -> Self {
        Self::new(503, "").details("cluster_not_found").flags(flags::NO_CLUSTER_FOUND)
    }

    /// The cluster has no healthy host: 503.
    pub fn no_healthy_upstream() -> Self {
        Self::new(503, "no healthy upstream").details("no_healthy_upstream").flags(flags::NO_HEALTHY_UPSTREAM)
    }

    /// Nobody listens at the upstream's address: 503.
    pub fn connection_refused() -> Self {
        let body = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure";
        let details = "upstream_reset_before_response_started{remote_connection_failure|\
                       delayed_connect_error:_Connection_refused}";
        Self::new(503, body).details(details).flags(flags::UPSTREAM_CONNECTION_FAILURE)
    }

    /// The upstream closed the connection before it answered: 503.
    pub fn connection_closed() -> Self {
        let body = "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
        let details = "upstream_reset_before_response_started{connection_termination}";
        Self::new(503, body).details(details).flags(flags::UPSTREAM_CONNECTION_TERMINATION)
    }

    /// The upstream's answer is not HTTP: 502.
    pub fn protocol_error() -> Self {
        let body = "upstream connect error or disconnect/reset before headers. reset reason: protocol error";
        let details = "upstream_reset_before_response_started{protocol_error}";
        Self::new(502, body).details(details).flags(flags::UPSTREAM_PROTOCOL_ERROR)
    }

    /// The upstream did not answer within the route's timeout: 504.
    pub fn timeout() -> Self {
        Self::new(504, "upstream request timeout").details("response_timeout").flags(flags::UPSTREAM_REQUEST_TIMEOUT)
    }

    /// The headers are larger than Envoy accepts: 431, before any filter.
    pub fn headers_too_large() -> Self {
        Self::new(431, "Request Header Fields Too Large").details("http1.headers_too_large")
    }

    /// A filter buffers more of the request than the listener's limit: 413.
    pub fn request_too_large() -> Self {
        Self::new(413, "Payload Too Large").details("request_payload_too_large")
    }

    /// A filter buffers more of the response than the listener's limit: 500.
    pub fn response_too_large() -> Self {
        Self::new(500, "Internal Server Error").details("response_payload_too_large")
    }

    /// Its headers as the filters see them.
    pub fn header_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new(MapKind::Response);
        map.add(":status", self.status.to_string());
        for (name, value) in &self.headers {
            map.add(name, value);
        }
        if self.body.is_empty() {
            map.remove("content-type");
            map.remove("content-length");
        } else {
            map.set("content-length", self.body.len().to_string());
            if !map.contains("content-type") {
                map.add("content-type", "text/plain");
            }
        }
        map
    }
}

impl StreamCore {
    /// Answers the client from here. Where the response has not begun the reply passes all filters that saw the
    /// request, from last to first; where its headers are on their way the reply goes to the client directly; where
    /// the client has them the stream is reset.
    pub(crate) fn local_reply(self: &Arc<Self>, reply: LocalReply) {
        let mut state = self.lock();
        if state.end.is_some() || state.prepared.is_some() {
            return;
        }
        let in_request = state.lane(Direction::Request).calling > 0;
        if state.lane(Direction::Response).calling > 0 {
            state.lane(Direction::Response).aborted = true;
        }
        state.lane(Direction::Request).aborted = true;
        let begun = state.lane(Direction::Response).headers.is_some();
        let sent = state.lane(Direction::Response).out_headers.is_some();
        if sent {
            state.details = Some(reply.details);
            drop(state);
            return self.finish(End::Reset);
        }
        state.details = Some(reply.details.clone());
        state.flags |= reply.flags;
        if !begun && in_request {
            state.prepared = Some(reply);
        } else if !begun {
            drop(state);
            self.send_through_filters(reply);
        } else {
            drop(state);
            self.send_directly(reply);
        }
    }

    /// Sends the reply that a callback prepared.
    pub(super) fn send_prepared(self: &Arc<Self>) {
        let reply = {
            let mut state = self.lock();
            if state.lane(Direction::Request).calling > 0 {
                return;
            }
            state.prepared.take()
        };
        if let Some(reply) = reply {
            self.send_through_filters(reply);
        }
    }

    fn send_through_filters(self: &Arc<Self>, reply: LocalReply) {
        let (headers, body) = (reply.header_map(), reply.body.clone());
        let end = {
            let mut state = self.lock();
            state.code = Some(reply.status);
            state.reply = Some(reply);
            body.is_empty() || state.is_head()
        };
        self.headers_in(Direction::Response, headers, end);
        if !end {
            self.data_in(Direction::Response, body, true);
        }
    }

    fn send_directly(self: &Arc<Self>, reply: LocalReply) {
        {
            let mut state = self.lock();
            let headers = reply.header_map();
            let body = if state.is_head() { Vec::new() } else { reply.body.clone() };
            let lane = state.lane(Direction::Response);
            lane.headers = Some(headers.clone());
            lane.aborted = true;
            lane.out_headers = Some(headers);
            lane.out_body = body;
            lane.out_complete = true;
            state.code = Some(reply.status);
            state.reply = Some(reply);
        }
        self.finish(End::Complete);
    }

    /// Closes the connection.
    pub(crate) fn reset(self: &Arc<Self>, details: &str) {
        self.lock().details.get_or_insert_with(|| details.to_owned());
        self.finish(End::Reset);
    }

    /// Ends the stream: the access log of every filter, those included that never saw it, and then the contexts.
    pub(crate) fn finish(self: &Arc<Self>, end: End) {
        let count = {
            let mut state = self.lock();
            if state.end.replace(end).is_some() {
                return;
            }
            state.check();
            state.filters.len()
        };
        let vms = |index: usize| self.lock().filters[index].vm.clone();
        for index in 0..count {
            self.create(index);
            let Some((vm, id)) = vms(index) else { continue };
            let set_log_phase = |on| {
                vm.with(|state| {
                    if let Some(context) = state.contexts.get_mut(&id) {
                        context.http.access_log = on;
                    }
                });
            };
            set_log_phase(true);
            vm.notify(id, "proxy_on_log", &[id]);
            set_log_phase(false);
        }
        for index in 0..count {
            let Some((vm, id)) = vms(index) else { continue };
            vm.notify(id, "proxy_on_done", &[id]);
            vm.notify(id, "proxy_on_delete", &[id]);
            vm.with(|state| state.forget(id));
        }
    }
}

impl super::StreamState {
    fn is_head(&self) -> bool {
        let headers = self.lanes[Direction::Request as usize].headers.as_ref();
        headers.and_then(|headers| headers.get(":method")) == Some(b"HEAD")
    }

    /// Looks for what Envoy would send to its peers and these would not understand.
    fn check(&mut self) {
        for direction in [Direction::Request, Direction::Response] {
            let lane = &self.lanes[direction as usize];
            let Some(headers) = &lane.out_headers else { continue };
            if lane.out_count > 1 {
                self.problems.push(format!("the {direction:?} was sent on {} times", lane.out_count));
            }
            let status = headers.text(":status").unwrap_or_default();
            let bodyless = direction == Direction::Response && (self.is_head() || status == "304");
            let announced = headers.text("content-length");
            if let Some(announced) = announced.filter(|announced| *announced != lane.out_body.len().to_string())
                && lane.out_complete
                && !bodyless
            {
                let size = lane.out_body.len();
                self.problems
                    .push(format!("the {direction:?} announces content-length {announced} and has {size} bytes"));
            }
            if direction == Direction::Request && !headers.contains("x-forwarded-proto") {
                self.problems.push("x-forwarded-proto is gone: Envoy finds no route any more".to_owned());
            }
            if headers.iter().any(|(_, value)| value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))) {
                self.problems.push(format!("a header value of the {direction:?} has a line break or zero byte"));
            }
        }
    }
}
