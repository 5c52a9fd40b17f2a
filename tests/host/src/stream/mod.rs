//! HTTP streams: a request and its response on their way through the filters of a chain, as Envoy's filter manager
//! leads them.
//!
//! The request passes the filters from first to last and then the router, the response from last to first and then the
//! client. Both ways work alike, so there is one implementation with a [`Direction`]; *place* means the how-manieth a
//! filter is on that way.

pub(crate) mod filter;
mod lane;
mod reply;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

pub(crate) use filter::Filter;
pub use reply::{LocalReply, flags};

use crate::{HeaderMap, Property, Request, host::HostCore};

/// A half of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the upstream.
    Request = 0,
    /// From the upstream to the client.
    Response = 1,
}

/// One half of a stream.
#[derive(Default)]
pub(crate) struct Lane {
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) trailers: Option<HeaderMap>,
    /// What a filter that stopped has buffered; emptied, not removed, when it goes on.
    pub(crate) buffered: Option<Vec<u8>>,
    /// Bytes of the body that came in.
    pub(crate) received: usize,
    /// The headers as they left the last filter.
    pub(crate) out_headers: Option<HeaderMap>,
    /// The body as far as it left the last filter.
    pub(crate) out_body: Vec<u8>,
    pub(crate) out_trailers: Option<HeaderMap>,
    /// Everything left the last filter.
    pub(crate) out_complete: bool,
    /// How often the headers left the last filter: a filter that resumes within its own callback sends them twice.
    out_count: usize,
    /// Everything came in.
    complete: bool,
    /// Filters get nothing more of this half.
    aborted: bool,
    /// What is buffered is meant to flow, and so has no limit.
    streaming: bool,
    too_large: bool,
    /// Callbacks of this half that run now.
    calling: usize,
}

/// What is known of a stream.
#[derive(Default)]
pub(crate) struct StreamState {
    pub(crate) filters: Vec<Filter>,
    pub(crate) lanes: [Lane; 2],
    pub(crate) filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) properties: BTreeMap<Vec<u8>, Property>,
    /// Unix time at which it began.
    pub(crate) started: Duration,
    pub(crate) code: Option<u16>,
    pub(crate) details: Option<String>,
    pub(crate) flags: i64,
    pub(crate) upstream_chosen: bool,
    pub(crate) route_cleared: usize,
    /// The local reply that was sent.
    pub(crate) reply: Option<LocalReply>,
    /// How it ended, if it has.
    pub(crate) end: Option<End>,
    /// What would go wrong on Envoy though nothing shows here.
    pub(crate) problems: Vec<String>,
    /// The router's own reply to every request.
    pub(crate) router: Option<LocalReply>,
    prepared: Option<LocalReply>,
}

/// End of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client has the whole response.
    Complete,
    /// The connection was closed.
    Reset,
}

/// A stream. Nothing is locked while a module runs.
pub(crate) struct StreamCore {
    pub(crate) host: Arc<HostCore>,
    state: Mutex<StreamState>,
}

impl StreamCore {
    /// A stream before anything of the request has come.
    pub(crate) fn new(host: &Arc<HostCore>, request: &Request) -> Arc<Self> {
        let properties = request.properties.iter().map(|(path, value)| (path.join("\0").into_bytes(), value.clone()));
        let state =
            StreamState { properties: properties.collect(), started: host.clock.wall(), ..StreamState::default() };
        Arc::new(Self { host: host.clone(), state: Mutex::new(state) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap()
    }
}

impl StreamState {
    fn lane(&mut self, direction: Direction) -> &mut Lane {
        &mut self.lanes[direction as usize]
    }

    /// The filter at a place of a way.
    fn at(&mut self, direction: Direction, place: usize) -> &mut Filter {
        let index = self.index(direction, place);
        &mut self.filters[index]
    }

    /// Index of the filter at a place of a way, and the other way round.
    fn index(&self, direction: Direction, place: usize) -> usize {
        match direction {
            Direction::Request => place,
            Direction::Response => self.filters.len() - 1 - place,
        }
    }

    /// A local reply or a reset has taken the place of this half.
    fn is_aborted(&self, direction: Direction) -> bool {
        self.end.is_some() || self.lanes[direction as usize].aborted
    }
}
