//! Chains: the HTTP filters of a listener, in the order of its configuration.

use std::sync::Arc;

use crate::{
    Connection, Direction, Exchange, LocalReply, Request, Response, Root, State, Terminal,
    connection::ConnectionCore,
    exchange::feed,
    host::HostCore,
    stream::{Filter, StreamCore},
};

/// An ordered list of filters.
#[derive(Clone, Default)]
pub struct Chain {
    filters: Vec<Root>,
    router: Option<LocalReply>,
}

impl Chain {
    /// No filters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The filters in their order.
    pub fn of<'a>(filters: impl IntoIterator<Item = &'a Root>) -> Self {
        Self { filters: filters.into_iter().cloned().collect(), router: None }
    }

    /// Adds a filter at the end.
    pub fn then(mut self, filter: &Root) -> Self {
        self.filters.push(filter.clone());
        self
    }

    /// Lets the router behind the filters answer every request as soon as the headers reach it, without an upstream.
    pub fn router_replies(mut self, reply: LocalReply) -> Self {
        self.router = Some(reply);
        self
    }

    /// Sends a whole request. The exchange stands where the filters have brought it: at the upstream, answered, or
    /// held by one of them.
    pub fn send(&self, request: Request) -> Exchange {
        let end = request.frames.is_empty() && request.trailers.is_none();
        let stream = self.stream(&request);
        let Request { headers, frames, trailers, end_with_last_frame, .. } = request;
        stream.headers_in(Direction::Request, headers, end);
        feed(&stream, Direction::Request, frames, trailers, end_with_last_frame);
        stream.host.settle();
        Exchange { stream }
    }

    /// Sends the headers of a request whose body comes later.
    pub fn open(&self, request: Request) -> Exchange {
        let stream = self.stream(&request);
        stream.headers_in(Direction::Request, request.headers, false);
        stream.host.settle();
        Exchange { stream }
    }

    /// Sends a whole request to an upstream that answers at once, if the request gets there.
    pub fn exchange(&self, request: Request, mut upstream: impl FnMut(Request) -> Response) -> Exchange {
        let mut exchange = self.send(request);
        if exchange.state() == State::AtUpstream {
            let request = exchange.upstream_request().expect("a request at the upstream");
            exchange.respond(upstream(request));
        }
        exchange
    }

    /// Refuses a request before any filter sees it, as Envoy's codec does with one that is malformed or too large. The
    /// filters do not see the reply either; only their access log callbacks run.
    pub fn refuse(&self, request: Request, reply: LocalReply) -> Exchange {
        let stream = self.stream(&request);
        stream.lock().lanes[Direction::Request as usize].headers = Some(request.headers);
        stream.local_reply(reply);
        stream.host.settle();
        Exchange { stream }
    }

    fn host(&self) -> Arc<HostCore> {
        self.filters.first().expect("a chain has a filter").core.worker.host.clone()
    }

    fn stream(&self, request: &Request) -> Arc<StreamCore> {
        let stream = StreamCore::new(&self.host(), request);
        let mut filters = Vec::new();
        for root in &self.filters {
            filters.extend(Filter::new(&root.core, &stream, filters.len()));
        }
        let mut state = stream.lock();
        state.filters = filters;
        state.router = self.router.clone();
        drop(state);
        stream
    }
}

/// Opens a TCP connection through a network filter.
pub(crate) fn connect(root: &Root, terminal: Terminal) -> Connection {
    let core = ConnectionCore::open(&root.core, terminal);
    core.host.settle();
    Connection { core }
}
