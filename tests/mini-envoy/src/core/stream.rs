//! One request on its way through the filters: Envoy's filter manager, in its order of events.

use std::time::Duration;

use ::host::{HeaderMap, LocalReply};
use chain::{Action, ChainStream};

use super::host::Surroundings;
use super::{Configured, Cores};
use crate::exchange::{Answered, Forwarded, Stream, Upstream};

/// How often a held stream is woken, or gets an answer, before it is given up.
const MAX_EVENTS_OF_A_HOLD: usize = 60;

/// What a filter does with a message.
enum Verdict {
    /// Lets it on.
    Go,
    /// Keeps it until more of it is there.
    Hold,
    /// Answers.
    Reply(LocalReply),
}

struct Running<'a> {
    cores: &'a Cores,
    host: Surroundings,
    filters: Vec<(&'a Configured, ChainStream)>,
    /// The filter that holds the request, and what it has of the body.
    holder: Option<(usize, Vec<u8>)>,
    /// The request has come to its end.
    complete: bool,
    /// What has reached the router.
    forwarded: Option<Vec<u8>>,
}

/// Leads a request through the filters.
pub fn run(cores: &Cores, stream: Stream<'_>) -> Result<Answered, String> {
    let host = Surroundings::new(&cores.world, stream.headers, &stream.source);
    if let Some(route) = stream.route {
        host.set_attribute("xds.route_name", route.as_bytes().to_vec());
    }
    let on = cores.filters.iter().filter(|filter| !stream.disabled.contains(&filter.name.as_str()));
    let filters = on.map(|filter| (filter, filter.chain.stream())).collect();
    let mut running = Running { cores, host, filters, holder: None, complete: false, forwarded: None };
    let has_body = !stream.frames.is_empty();
    if let Some((from, reply)) = running.request(stream.frames, stream.reply_of_router) {
        return running.reply(from, reply);
    }
    let all = running.filters.len();
    let body = running.forwarded.take().filter(|_| running.holder.is_none());
    let body = body.ok_or("a filter holds the request for ever")?;
    let headers = running.host.request.borrow().clone();
    let body = has_body.then_some(body);
    let property = |key: &str| running.host.property_named(key);
    let forwarded = Forwarded { route: stream.route, headers: &headers, body, property: &property };
    match (stream.router)(forwarded)? {
        Upstream::Reply(reply) => running.reply(all, reply),
        Upstream::Answer { headers, body } => {
            running.host.set_attribute("response.code_details", b"via_upstream".to_vec());
            running.response(all, headers, body)
        }
    }
}

impl Running<'_> {
    /// The request's way; the place of the filter that answers, and its answer.
    fn request(&mut self, frames: Vec<Vec<u8>>, mut router: Option<LocalReply>) -> Option<(usize, LocalReply)> {
        self.complete = frames.is_empty();
        if let Some(reply) = self.headers(0, &mut router) {
            return Some(reply);
        }
        let count = frames.len();
        // Envoy's codec ends a body with an empty part.
        for (index, frame) in frames.into_iter().chain((count > 0).then(Vec::new)).enumerate() {
            self.complete = index == count;
            if let Some(reply) = self.data(frame, &mut router) {
                return Some(reply);
            }
        }
        None
    }

    fn headers(&mut self, from: usize, router: &mut Option<LocalReply>) -> Option<(usize, LocalReply)> {
        for place in from..self.filters.len() {
            let end = self.complete;
            match self.event(place, |stream, host| stream.on_request_headers(host, end)) {
                Verdict::Go => {}
                Verdict::Hold => {
                    self.holder = Some((place, Vec::new()));
                    return None;
                }
                Verdict::Reply(reply) => return Some((place, reply)),
            }
        }
        self.forwarded = Some(Vec::new());
        router.take().map(|reply| (self.filters.len(), reply))
    }

    fn data(&mut self, mut data: Vec<u8>, router: &mut Option<LocalReply>) -> Option<(usize, LocalReply)> {
        for place in 0..self.filters.len() {
            let held = self.holder.take_if(|(holder, _)| *holder == place);
            let holds = held.is_some();
            if let Some((_, mut held)) = held {
                held.append(&mut data);
                data = held;
            }
            match self.body(place, &mut data) {
                Verdict::Go => {}
                Verdict::Hold if data.len() > self.cores.buffer_limit => {
                    return Some((self.filters.len(), LocalReply::request_too_large()));
                }
                Verdict::Hold => {
                    self.holder = Some((place, data));
                    return None;
                }
                Verdict::Reply(reply) => return Some((place, reply)),
            }
            if holds {
                // What follows sees the request only now, with its body behind it.
                let complete = std::mem::replace(&mut self.complete, false);
                let reply = self.headers(place + 1, router);
                self.complete = complete;
                if reply.is_some() {
                    return reply;
                }
            }
        }
        if let Some(forwarded) = &mut self.forwarded {
            forwarded.append(&mut data);
        }
        None
    }

    fn body(&mut self, place: usize, data: &mut Vec<u8>) -> Verdict {
        let (bytes, end) = (data.len(), self.complete);
        self.host.request_body.replace(std::mem::take(data));
        let verdict = self.event(place, |stream, host| stream.on_request_body(host, bytes, end));
        *data = self.host.request_body.take();
        verdict
    }

    /// An event of the request, and what the filter then waits for: calls, and its periodic work.
    fn event(&mut self, place: usize, event: impl FnOnce(&mut ChainStream, &Surroundings) -> Action) -> Verdict {
        let (configured, stream) = &mut self.filters[place];
        let mut action = event(stream, &self.host);
        for _ in 0..MAX_EVENTS_OF_A_HOLD {
            if let Some(reply) = self.host.reply.take() {
                return Verdict::Reply(reply);
            }
            if let Some(callout) = self.host.callout.take() {
                action = stream.on_callout(&self.host, self.cores.call(&callout));
            } else if self.host.waits.take() {
                self.cores.world.pass(Duration::from_millis(configured.chain.tick_millis().into()));
                self.cores.tick(configured);
                action = stream.on_wake(&self.host);
            } else {
                break;
            }
        }
        if action == Action::Continue { Verdict::Go } else { Verdict::Hold }
    }

    /// Sends a local reply of the filter at `from`, or of the router behind them all.
    fn reply(&mut self, from: usize, reply: LocalReply) -> Result<Answered, String> {
        self.host.set_attribute("response.code_details", reply.details.clone().into_bytes());
        self.host.set_attribute("response.flags", reply.flags.to_le_bytes().to_vec());
        let headers = reply.header_map();
        self.response((from + 1).min(self.filters.len()), headers, reply.body)
    }

    /// The response's way, through the filters before `from`, the last one first.
    fn response(&mut self, from: usize, headers: HeaderMap, body: Vec<u8>) -> Result<Answered, String> {
        let head = self.host.request.borrow().get(":method") == Some(b"HEAD");
        let mut body = if head { Vec::new() } else { body };
        self.host.response.replace(headers);
        let mut seen = Vec::new();
        for place in (0..from).rev() {
            let end = body.is_empty();
            match self.event(place, |stream, host| stream.on_response_headers(host, end)) {
                Verdict::Go => {}
                Verdict::Reply(reply) => return Ok(replaced(reply)),
                Verdict::Hold => match self.response_body(place, &mut body) {
                    Verdict::Go => seen.push(place),
                    Verdict::Hold => return Err("a filter holds the response for ever".to_owned()),
                    Verdict::Reply(reply) => return Ok(replaced(reply)),
                },
            }
        }
        for place in (0..from).rev().filter(|place| !seen.contains(place)) {
            if body.is_empty() {
                break;
            }
            match self.response_body(place, &mut body) {
                Verdict::Go => {}
                Verdict::Hold => return Err("a filter holds the response for ever".to_owned()),
                Verdict::Reply(_) => return Err("the connection is closed".to_owned()),
            }
        }
        Ok(Answered { headers: self.host.response.borrow().clone(), body })
    }

    fn response_body(&mut self, place: usize, body: &mut Vec<u8>) -> Verdict {
        let bytes = body.len();
        self.host.response_body.replace(std::mem::take(body));
        let verdict = self.event(place, |stream, host| stream.on_response_body(host, bytes, true));
        *body = self.host.response_body.take();
        verdict
    }
}

/// A reply in the place of a response; no further filter sees it.
fn replaced(reply: LocalReply) -> Answered {
    Answered { headers: reply.header_map(), body: reply.body }
}
