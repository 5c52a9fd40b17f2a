//! Which connection a call goes to, and what has come of it.

use std::collections::HashMap;

use crate::{Malformed, Reader, Request, Response};

/// Most connections at a time; calls beyond them are not for the pool.
const MAX_CONNECTIONS: usize = 4096;
/// How long a connection may take new calls, in milliseconds: where the backend's addresses have changed, calls follow
/// after that.
const MAX_AGE_MILLIS: u64 = 60_000;

/// Connections to backends, each with one call at a time or none. Times are milliseconds on any one clock.
#[derive(Debug, Default)]
pub struct Pool {
    last_id: u32,
    /// By id. A connection that is asked to close is none any more.
    connections: HashMap<u32, Connection>,
    /// The id of each open connection, by the handle of its owner.
    ids: HashMap<u32, u32>,
    /// Ids of the open connections without a call, by backend, the latest last.
    idle: HashMap<String, Vec<u32>>,
}

#[derive(Debug)]
struct Connection {
    backend: String,
    state: State,
    call: Option<Call>,
}

#[derive(Debug)]
enum State {
    /// With the request that it is opened for.
    Opening(Request),
    Open {
        handle: u32,
        since: u64,
    },
}

#[derive(Debug)]
struct Call {
    caller: u32,
    until: u64,
    reader: Reader,
}

/// Where a call goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// Write these bytes to the connection with that handle.
    Write(u32, Vec<u8>),
    /// Open a connection with this id; the call waits for it.
    Open(u32),
    /// There are too many connections.
    None,
}

/// What to do with a connection that is open now.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Nothing; it waits for a call.
    Idle,
    /// Close it; nobody knows it.
    Close,
}

/// What has come of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A response.
    Response(Response),
    /// Something that is none.
    Malformed(Malformed),
    /// The connection could not be opened, or ended before the whole response.
    Lost,
    /// Nothing, or not all of it, in time.
    TimedOut,
}

/// A call that is over: who has made it, and what has come of it.
pub type Ended = (u32, Outcome);

/// What bytes from a backend have led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The call that is over.
    pub ended: Option<Ended>,
    /// The connection has to be closed; the pool knows it no more.
    pub close: bool,
}

/// What time has led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Who has made calls that took too long.
    pub callers: Vec<u32>,
    /// Handles of connections to close; the pool knows them no more.
    pub close: Vec<u32>,
}

impl Pool {
    /// Finds a connection for a call. `until` is when it has taken too long.
    pub fn call(&mut self, backend: &str, request: Request, caller: u32, now: u64, until: u64) -> Place {
        let call = Call { caller, until, reader: Reader::new(request.is_head) };
        while let Some(id) = self.idle.get_mut(backend).and_then(Vec::pop) {
            match self.connections.get_mut(&id) {
                Some(Connection { state: State::Open { handle, since }, call: free @ None, .. })
                    if now < since.saturating_add(MAX_AGE_MILLIS) =>
                {
                    *free = Some(call);
                    return Place::Write(*handle, request.bytes);
                }
                // Too old; it is closed when its time is looked at.
                _ => {}
            }
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            return Place::None;
        }
        self.last_id = self.last_id.wrapping_add(1);
        let state = State::Opening(request);
        self.connections.insert(self.last_id, Connection { backend: backend.to_owned(), state, call: Some(call) });
        Place::Open(self.last_id)
    }

    /// A connection is open; `handle` is its owner's name for it.
    pub fn opened(&mut self, id: u32, handle: u32, now: u64) -> Opened {
        let Some(connection) = self.connections.get_mut(&id) else { return Opened::Close };
        let State::Opening(request) = &mut connection.state else { return Opened::Close };
        let bytes = std::mem::take(&mut request.bytes);
        connection.state = State::Open { handle, since: now };
        self.ids.insert(handle, id);
        if connection.call.is_some() {
            return Opened::Write(bytes);
        }
        self.free(id);
        Opened::Idle
    }

    /// A connection could not be opened. What has come of its call.
    pub fn failed(&mut self, id: u32) -> Option<Ended> {
        let is_opening = |connection: &Connection| matches!(connection.state, State::Opening(_));
        self.connections.get(&id).filter(|connection| is_opening(connection))?;
        self.forget(id).map(|call| (call.caller, Outcome::Lost))
    }

    /// Bytes have come.
    pub fn received(&mut self, handle: u32, bytes: &[u8]) -> Received {
        let close = Received { ended: None, close: true };
        let Some(id) = self.ids.get(&handle).copied() else { return close };
        let Some(call) = self.connections.get_mut(&id).and_then(|connection| connection.call.as_mut()) else {
            // Nobody has asked for it.
            self.forget(id);
            return close;
        };
        let caller = call.caller;
        match call.reader.read(bytes) {
            Ok(None) => Received::default(),
            Ok(Some(response)) if response.reusable => {
                self.free(id);
                Received { ended: Some((caller, Outcome::Response(response))), close: false }
            }
            Ok(Some(response)) => {
                self.forget(id);
                Received { ended: Some((caller, Outcome::Response(response))), close: true }
            }
            Err(malformed) => {
                self.forget(id);
                Received { ended: Some((caller, Outcome::Malformed(malformed))), close: true }
            }
        }
    }

    /// An open connection has ended. What has come of its call.
    pub fn ended(&mut self, handle: u32) -> Option<Ended> {
        let id = self.ids.get(&handle).copied()?;
        let mut call = self.forget(id)?;
        let outcome = call.reader.end().map_or(Outcome::Lost, Outcome::Response);
        Some((call.caller, outcome))
    }

    /// Ends calls that have taken too long, and idle connections that have been open for long; at most `max` of each.
    pub fn expire(&mut self, now: u64, max: usize) -> Expired {
        let is_due = |connection: &Connection| match (&connection.call, &connection.state) {
            (Some(call), _) => call.until <= now,
            (None, State::Open { since, .. }) => since.saturating_add(MAX_AGE_MILLIS) <= now,
            (None, State::Opening(_)) => false,
        };
        let due = self.connections.iter().filter(|(_, connection)| is_due(connection)).map(|(id, _)| *id);
        let due: Vec<u32> = due.take(max).collect();
        let mut expired = Expired::default();
        for id in due {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            match connection.state {
                State::Open { handle, .. } => {
                    expired.close.push(handle);
                    expired.callers.extend(self.forget(id).map(|call| call.caller));
                }
                // It may still be opened, for the next call.
                State::Opening(_) => expired.callers.extend(connection.call.take().map(|call| call.caller)),
            }
        }
        expired
    }

    /// Whether there is anything that time could end.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// The connection takes the next call.
    fn free(&mut self, id: u32) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.call = None;
            match self.idle.get_mut(&connection.backend) {
                Some(idle) => idle.push(id),
                None => drop(self.idle.insert(connection.backend.clone(), vec![id])),
            }
        }
    }

    /// The connection is none any more; its call.
    fn forget(&mut self, id: u32) -> Option<Call> {
        let connection = self.connections.remove(&id)?;
        if let State::Open { handle, .. } = connection.state {
            self.ids.remove(&handle);
        }
        if connection.call.is_none()
            && let Some(idle) = self.idle.get_mut(&connection.backend)
        {
            idle.retain(|other| *other != id);
            if idle.is_empty() {
                self.idle.remove(&connection.backend);
            }
        }
        connection.call
    }
}
