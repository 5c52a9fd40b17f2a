//! One connection of a network filter: Envoy's callbacks in, the core's output carried out.
//!
//! The filter stands before Envoy's `echo` filter and never lets a byte on. Bytes from the client are taken out of
//! Envoy's read buffer; bytes for the client are put into it, and the stream is resumed, so that `echo` writes them. Since
//! every data callback ends with "pause", Envoy keeps the buffer within reach of any later callback: an answer to a
//! call, a message, the clock.

use std::rc::Rc;

use gateway::{Answer, Callout, Connection, Host, LogLevel, Output, UnixMillis};

use crate::abi::{self, Buffer, Half};
use crate::host::{Counters, Envoy};
use crate::stream::send;
use crate::{mailbox, upstream, vm};

/// How many outputs one callback may give before the filter is taken to be stuck: each comes of a call that failed at
/// once, or of bytes that Envoy held.
const MAX_OUTPUTS_PER_CALLBACK: usize = 256;

/// One connection in one network filter.
pub struct ConnectionContext {
    connection: Box<dyn Connection>,
    counters: Rc<[Counters]>,
    /// Envoy's read buffer has bytes that the core had no use for.
    held: bool,
    /// It is closed as soon as what was written is on its way.
    closing: bool,
    closed: bool,
}

impl ConnectionContext {
    /// A new connection.
    pub fn new(connection: Box<dyn Connection>, counters: Rc<[Counters]>) -> Self {
        Self { connection, counters, held: false, closing: false, closed: false }
    }

    /// `proxy_on_downstream_data`. Bytes that the core has no use for yet stay in Envoy.
    pub fn on_data(&mut self, end: bool) {
        if self.closed || self.closing {
            return;
        }
        if !(end || self.connection.wants_data()) {
            self.held = true;
            return;
        }
        let output = self.take_data(end);
        self.act(output);
    }

    /// A call is answered.
    pub fn on_callout(&mut self, answer: Answer) {
        let output = self.with_host(|connection, envoy| connection.on_callout(envoy, answer));
        self.act(output);
    }

    /// A message.
    pub fn on_message(&mut self, message: &[u8]) {
        let output = self.with_host(|connection, envoy| connection.on_message(envoy, message));
        self.act(output);
    }

    /// The core's time has come.
    pub fn on_due(&mut self) {
        let output = self.with_host(|connection, envoy| connection.on_due(envoy));
        self.act(output);
    }

    /// When [`ConnectionContext::on_due`] is wanted.
    pub fn due(&self) -> Option<UnixMillis> {
        if self.closed || self.closing { None } else { self.connection.due() }
    }

    /// `proxy_on_downstream_connection_close`.
    pub fn on_close(&mut self) -> Option<Callout> {
        self.closed = true;
        self.with_host(|connection, envoy| connection.on_close(envoy))
    }

    fn with_host<T>(&mut self, run: impl FnOnce(&mut dyn Connection, &Envoy<'_>) -> T) -> T {
        run(&mut *self.connection, &Envoy::new(&self.counters))
    }

    /// Hands over what Envoy's read buffer holds, and empties it.
    fn take_data(&mut self, end: bool) -> Output {
        self.held = false;
        let data = abi::buffer(Buffer::Downstream, usize::MAX).unwrap_or_default();
        if !data.is_empty() {
            let _ = abi::replace_buffer(Buffer::Downstream, &[]);
        }
        self.with_host(|connection, envoy| connection.on_data(envoy, &data, end))
    }

    fn act(&mut self, output: Output) {
        if self.closed || self.closing {
            return;
        }
        let (mut write, mut close) = (Vec::new(), false);
        let mut next = Some(output);
        for _ in 0..MAX_OUTPUTS_PER_CALLBACK {
            let Some(mut output) = next.take() else { break };
            if write.is_empty() {
                write = output.write
            } else {
                write.append(&mut output.write)
            }
            close |= output.close;
            let failed = output.callout.is_some_and(|callout| !(upstream::send(&callout) || send(&callout)));
            if failed {
                next = Some(self.with_host(|connection, envoy| connection.on_callout(envoy, Answer::Failed)));
            } else if !close && self.held && (!write.is_empty() || self.connection.wants_data()) {
                // Nothing of the client's may be in the buffer when it goes out.
                next = Some(self.take_data(false));
            }
        }
        if next.is_some() {
            self.with_host(|_, envoy| envoy.log(LogLevel::Error, "a connection does not come to rest; it is closed"));
            close = true;
        }
        if close {
            let _ = abi::replace_buffer(Buffer::Downstream, &[]);
        }
        let writes = !write.is_empty() && abi::append_buffer(Buffer::Downstream, &write).is_ok();
        if writes {
            let _ = abi::continue_stream(Half::Downstream);
        }
        self.closing = close;
        // Envoy does what a callback asks for once that is over. A write calls `proxy_on_upstream_data`, and at its end
        // Envoy would run the close in the midst of the write: it comes with the next callback.
        if close && !(writes && vm::running().is_some_and(mailbox::close_soon)) {
            let _ = abi::close_stream(Half::Downstream);
        }
    }
}
