//! One stream in a test's hand.

use std::{fmt, sync::Arc};

use crate::{
    Callout, Direction, GrpcCallout, HeaderMap, LocalReply, Request, Response,
    property::filter_state_key,
    stream::{End, StreamCore},
};

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Some filter holds it, or more of the request or response has to come.
    Waiting,
    /// The whole request has passed all filters; the upstream's answer is due.
    AtUpstream,
    /// The client has the whole response.
    Answered,
    /// The connection was closed without (the rest of) a response.
    Reset,
}

/// A request on its way through a chain, and its response.
///
/// Dropping it closes the client's connection.
pub struct Exchange {
    pub(crate) stream: Arc<StreamCore>,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Exchange");
        shown.field("state", &self.state()).field("paused_by", &self.paused_by()).field("details", &self.details());
        shown.field("upstream_request", &self.upstream_request()).field("response", &self.response());
        shown.field("problems", &self.problems()).finish()
    }
}

impl Exchange {
    /// Where it stands.
    pub fn state(&self) -> State {
        let state = self.stream.lock();
        match state.end {
            Some(End::Complete) => State::Answered,
            Some(End::Reset) => State::Reset,
            None if state.lanes[0].out_complete && state.lanes[1].headers.is_none() => State::AtUpstream,
            None => State::Waiting,
        }
    }

    /// The filter that holds the stream back, by plugin name, and the half that it holds.
    pub fn paused_by(&self) -> Option<(String, Direction)> {
        let state = self.stream.lock();
        if state.end.is_some() {
            return None;
        }
        [Direction::Response, Direction::Request].into_iter().find_map(|direction| {
            let filter = state.filters.iter().find(|filter| filter.is_stopped(direction))?;
            Some((filter.name.clone(), direction))
        })
    }

    /// The request as far as it has passed all filters; none before its headers have.
    pub fn upstream_request(&self) -> Option<Request> {
        let state = self.stream.lock();
        let lane = &state.lanes[Direction::Request as usize];
        Some(Request {
            headers: lane.out_headers.clone()?,
            frames: if lane.out_body.is_empty() { Vec::new() } else { vec![lane.out_body.clone()] },
            trailers: lane.out_trailers.clone(),
            properties: Vec::new(),
            end_with_last_frame: false,
        })
    }

    /// The response as far as the client has it; none before its headers.
    pub fn response(&self) -> Option<Response> {
        let state = self.stream.lock();
        let lane = &state.lanes[Direction::Response as usize];
        Some(Response {
            headers: lane.out_headers.clone()?,
            frames: if lane.out_body.is_empty() { Vec::new() } else { vec![lane.out_body.clone()] },
            trailers: lane.out_trailers.clone(),
            end_with_last_frame: false,
        })
    }

    /// The local reply of a filter or of Envoy, as it was before the filters saw it on its way out.
    pub fn local_reply(&self) -> Option<LocalReply> {
        self.stream.lock().reply.clone()
    }

    /// Property `response.code_details`.
    pub fn details(&self) -> Option<String> {
        self.stream.lock().details.clone()
    }

    /// Answers as the upstream.
    ///
    /// # Panics
    /// When the stream is not at the upstream.
    pub fn respond(&mut self, response: Response) {
        assert_eq!(self.state(), State::AtUpstream, "the request is not at the upstream: {:?}", self.paused_by());
        let Response { headers, mut frames, mut trailers, end_with_last_frame } = response;
        let head = self.upstream_request().is_some_and(|request| request.method() == "HEAD");
        if head || matches!(headers.get(":status"), Some(b"204" | b"304")) {
            // The codec knows that there is no body, whatever the test says.
            (frames, trailers) = (Vec::new(), None);
        }
        let end = frames.is_empty() && trailers.is_none();
        self.respond_headers(headers, end);
        feed(&self.stream, Direction::Response, frames, trailers, end_with_last_frame);
        self.stream.host.settle();
    }

    /// Fails as the upstream, or as Envoy's router.
    pub fn fail(&mut self, reply: LocalReply) {
        self.stream.local_reply(reply);
        self.stream.host.settle();
    }

    /// Sends the headers of the upstream's response.
    pub fn respond_headers(&mut self, headers: HeaderMap, end: bool) {
        {
            let mut state = self.stream.lock();
            if state.end.is_some() {
                return;
            }
            state.upstream_chosen = true;
            state.details = Some("via_upstream".to_owned());
            state.code = headers.text(":status").and_then(|status| status.parse().ok());
        }
        self.stream.headers_in(Direction::Response, headers, end);
        self.stream.host.settle();
    }

    /// Sends a frame of the upstream's response.
    pub fn respond_data(&mut self, frame: impl AsRef<[u8]>, end: bool) {
        self.stream.data_in(Direction::Response, frame.as_ref().to_vec(), end);
        self.stream.host.settle();
    }

    /// Sends the trailers of the upstream's response.
    pub fn respond_trailers(&mut self, trailers: HeaderMap) {
        self.stream.trailers_in(Direction::Response, trailers);
        self.stream.host.settle();
    }

    /// Sends a frame of the request, where [`Chain::open`](crate::Chain::open) began it.
    pub fn send_data(&mut self, frame: impl AsRef<[u8]>, end: bool) {
        self.stream.data_in(Direction::Request, frame.as_ref().to_vec(), end);
        self.stream.host.settle();
    }

    /// Sends the trailers of the request.
    pub fn send_trailers(&mut self, trailers: HeaderMap) {
        self.stream.trailers_in(Direction::Request, trailers);
        self.stream.host.settle();
    }

    /// Open HTTP callouts that filters made for this stream, by filter, oldest first.
    pub fn callouts(&self) -> Vec<Callout> {
        self.vms().iter().flat_map(|vm| vm.callouts(|call| call.belongs_to(&self.stream))).collect()
    }

    /// The only open HTTP callout.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn callout(&self) -> Callout {
        let mut callouts = self.callouts();
        assert_eq!(callouts.len(), 1, "open callouts in state {:?}; log:\n{}", self.state(), self.log());
        callouts.remove(0)
    }

    /// Open gRPC calls and streams that filters made for this stream, by filter, oldest first.
    pub fn grpc_callouts(&self) -> Vec<GrpcCallout> {
        self.vms().iter().flat_map(|vm| vm.grpc_callouts(|call| call.belongs_to(&self.stream))).collect()
    }

    /// The only open gRPC call.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn grpc_callout(&self) -> GrpcCallout {
        let mut callouts = self.grpc_callouts();
        assert_eq!(callouts.len(), 1, "open gRPC calls in state {:?}; log:\n{}", self.state(), self.log());
        callouts.remove(0)
    }

    /// What a filter set with `proxy_set_property`, by the path that it used (its parts joined by zero bytes).
    pub fn property(&self, path: &str) -> Option<Vec<u8>> {
        self.stream.lock().filter_state.get(&filter_state_key(path.as_bytes())).cloned()
    }

    /// Sets what a filter could have set with `proxy_set_property`.
    pub fn set_property(&mut self, path: &str, value: impl AsRef<[u8]>) {
        let key = filter_state_key(path.as_bytes());
        self.stream.lock().filter_state.insert(key, value.as_ref().to_vec());
    }

    /// How often a filter has cleared the route cache by foreign function.
    pub fn route_cleared(&self) -> usize {
        self.stream.lock().route_cleared
    }

    /// What looks fine here and would go wrong on Envoy: a `content-length` that is not the body's, a stream resumed in
    /// its own callback, a line break in a header value. Complete once the stream has ended.
    pub fn problems(&self) -> Vec<String> {
        self.stream.lock().problems.clone()
    }

    /// Closes the client's connection.
    pub fn cancel(&mut self) {
        self.stream.reset("downstream_remote_disconnect");
        self.stream.host.settle();
    }

    fn vms(&self) -> Vec<Arc<crate::vm::Vm>> {
        let mut vms: Vec<Arc<crate::vm::Vm>> = Vec::new();
        for (vm, _) in self.stream.lock().filters.iter().filter_map(|filter| filter.vm.as_ref()) {
            if !vms.iter().any(|known| Arc::ptr_eq(known, vm)) {
                vms.push(vm.clone());
            }
        }
        vms
    }

    fn log(&self) -> String {
        self.stream.host.logs.lock().unwrap().iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Sends a body and trailers after the headers.
pub(crate) fn feed(
    stream: &Arc<StreamCore>,
    direction: Direction,
    frames: Vec<Vec<u8>>,
    trailers: Option<HeaderMap>,
    end_with_last_frame: bool,
) {
    if frames.is_empty() && trailers.is_none() {
        return;
    }
    let count = frames.len();
    for (index, frame) in frames.into_iter().enumerate() {
        let last = index + 1 == count && trailers.is_none() && end_with_last_frame;
        stream.data_in(direction, frame, last);
    }
    match trailers {
        Some(trailers) => stream.trailers_in(direction, trailers),
        None if !end_with_last_frame => stream.data_in(direction, Vec::new(), true),
        None => {}
    }
}
