//! What the two levels have in common: filters that a request passes.

use std::time::Duration;

use host::{HeaderMap, LocalReply};

/// The filters of a listener.
pub trait Filters {
    /// Leads a request through the filters and to the router, and the response back.
    ///
    /// # Errors
    /// The connection is closed without an answer.
    fn exchange(&mut self, stream: Stream<'_>) -> Result<Answered, String>;

    /// Unix time, in seconds.
    fn now(&self) -> u64;

    /// Lets time pass.
    fn pass(&mut self, time: Duration);

    /// What would go wrong on Envoy though no answer shows it.
    fn problems(&mut self) -> Vec<String>;
}

/// A request as it comes to the first filter.
pub struct Stream<'a> {
    /// Name of its route.
    pub route: Option<&'a str>,
    /// Address of the client.
    pub source: String,
    /// Filters that the route switches off.
    pub disabled: Vec<&'a str>,
    /// Answers of the router itself, as soon as the headers are there.
    pub reply_of_router: Option<LocalReply>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub frames: Vec<Vec<u8>>,
    /// The router.
    pub router: &'a mut dyn FnMut(Forwarded<'_>) -> Result<Upstream, String>,
}

/// A request that has passed all filters.
pub struct Forwarded<'a> {
    /// Name of the route that the filters saw.
    pub route: Option<&'a str>,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body; `None` when the headers ended the request.
    pub body: Option<Vec<u8>>,
    /// Filter state by key.
    pub property: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// What the router comes back with.
pub enum Upstream {
    /// An answer.
    Answer {
        /// Headers, `:status` among them.
        headers: HeaderMap,
        /// Body.
        body: Vec<u8>,
    },
    /// A reply of its own.
    Reply(LocalReply),
}

/// What the client gets.
pub struct Answered {
    /// Headers, `:status` among them.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}
