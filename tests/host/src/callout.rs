//! HTTP callouts (`proxy_http_call`): what a filter asked, and the answers that a test can give.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, Weak},
    time::Duration,
};

use crate::{HeaderMap, Response, stream::StreamCore, vm::Vm};

/// An HTTP callout, as the filter made it.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// The cluster.
    pub cluster: String,
    /// Headers, with the `content-length` that Envoy adds where there is a body.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: HeaderMap,
    /// After this time Envoy answers by itself; `None` where the filter set 0: never.
    pub timeout: Option<Duration>,
    /// Number of the callout in its VM: 4, 8, 12, …
    pub token: u32,
    pub(crate) root: u32,
    pub(crate) stream: Option<Weak<StreamCore>>,
    /// Monotonic time at which it times out.
    pub(crate) deadline: Option<Duration>,
}

impl HttpCall {
    /// `:method`.
    pub fn method(&self) -> String {
        self.headers.text(":method").unwrap_or_default()
    }

    /// `:path`.
    pub fn path(&self) -> String {
        self.headers.text(":path").unwrap_or_default()
    }

    /// The body as text, bytes that are not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn belongs_to(&self, stream: &Arc<StreamCore>) -> bool {
        self.stream.as_ref().is_some_and(|own| std::ptr::eq(own.as_ptr(), Arc::as_ptr(stream)))
    }
}

/// How a callout ends.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The cluster answers.
    Response(Response),
    /// It does not within the timeout: Envoy makes up a 504.
    TimedOut,
    /// Nobody listens: Envoy makes up a 503.
    Refused,
    /// The connection ends before the answer: Envoy makes up a 503.
    Closed,
    /// What comes is not HTTP: Envoy makes up a 502.
    Garbage,
    /// The answer ends early, or is larger than Envoy buffers: a callback without headers.
    CutShort,
    /// Not now; the callout stays open.
    Later,
}

impl Answer {
    /// What the filter is given, or `None` for a callback without headers.
    pub fn into_response(self) -> Option<Response> {
        let reset = |reason| {
            format!("upstream connect error or disconnect/reset before headers. reset reason: {reason}").into_bytes()
        };
        let (status, body) = match self {
            Self::Response(response) => return Some(response),
            Self::CutShort | Self::Later => return None,
            Self::TimedOut => (504, b"upstream request timeout".to_vec()),
            Self::Refused => (503, reset("remote connection failure")),
            Self::Closed => (503, reset("connection termination")),
            Self::Garbage => (502, reset("protocol error")),
        };
        Some(Response::new(status).body(body).header("content-type", "text/plain"))
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

/// A callout that waits for its answer.
#[derive(Clone)]
pub struct Callout {
    pub(crate) vm: Arc<Vm>,
    pub(crate) call: HttpCall,
}

impl fmt::Debug for Callout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl Callout {
    /// Ends the callout. Does nothing when it has ended already.
    pub fn answer(self, answer: impl Into<Answer>) {
        self.vm.answer_http_call(self.call.token, answer.into());
        self.vm.host.settle();
    }

    /// Whether it still waits.
    pub fn is_open(&self) -> bool {
        self.vm.with(|state| state.http_calls.contains_key(&self.call.token))
    }
}

impl Deref for Callout {
    type Target = HttpCall;

    fn deref(&self) -> &HttpCall {
        &self.call
    }
}
