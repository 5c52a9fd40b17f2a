//! What a filter has decided, for the shell to carry out.

use std::borrow::Cow;
use std::time::Duration;

use crate::{GatewayError, Headers, Ids, Property};

/// What happens next to a request or response.
#[derive(Debug, Default)]
pub enum Step {
    /// Let it on, unchanged.
    #[default]
    Continue,
    /// Let it on with these changes.
    Edit(Box<Edits>),
    /// Hold it until the whole body is here; the body event then comes once, with the end of the stream.
    Buffer,
    /// Hold it, send this HTTP call, and go on in `on_callout`.
    Callout(Box<Callout>),
    /// Hold it until the filter's periodic work (`Filter::on_tick`, `Filter::on_callout`) has run again on this worker,
    /// or another request has got the answer to its call, and go on in `on_wake`. Only on the way in.
    Wait,
    /// Answer the client here. On the way in, nothing reaches the upstream; on the way out, at the response's headers,
    /// the whole response is replaced.
    Respond(Box<Reply>),
}

impl Step {
    /// Answers with a gateway response in its built-in form.
    pub fn refuse(error: GatewayError) -> Self {
        Self::Respond(Box::new(Reply::from_error(error)))
    }
}

/// A header's value; values are bytes.
pub type HeaderValue = Cow<'static, [u8]>;

/// Changes to the message under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Headers to set, replacing all values of the same name.
    pub set: Vec<(Cow<'static, str>, HeaderValue)>,
    /// Headers to add beside those of the same name.
    pub add: Vec<(Cow<'static, str>, HeaderValue)>,
    /// Headers to take away.
    pub remove: Vec<Cow<'static, str>>,
    /// Replaces the part of the body that Envoy holds now.
    pub body: Option<Vec<u8>>,
    /// Properties to set.
    pub properties: Vec<(Property, Vec<u8>)>,
}

impl Edits {
    /// Sets one header.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<HeaderValue>) {
        self.set.push((name.into(), value.into()));
    }

    /// Whether headers change.
    pub fn changes_headers(&self) -> bool {
        !(self.set.is_empty() && self.add.is_empty() && self.remove.is_empty())
    }

    /// Takes one header away.
    pub fn remove(&mut self, name: impl Into<Cow<'static, str>>) {
        self.remove.push(name.into());
    }
}

impl From<Edits> for Step {
    fn from(edits: Edits) -> Self {
        if edits == Edits::default() { Self::Continue } else { Self::Edit(Box::new(edits)) }
    }
}

/// An HTTP call that a filter makes while it holds a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callout {
    /// Envoy cluster to call.
    pub cluster: String,
    /// Envoy cluster that opens connections to the backend for [`crate::UPSTREAM_CONNECTIONS`], over which a network
    /// filter's calls go; `None`: Envoy's HTTP client makes them, as it makes those of requests, with their trace.
    pub connections: Option<String>,
    /// Request headers with `:method`, `:path` and `:authority`.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// Request body; empty for none.
    pub body: Vec<u8>,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

/// What came of a [`Callout`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer arrived. Envoy makes one up for its own failures: 504 on timeout, 503 on a refused or reset
    /// connection, 502 for garbage.
    Response {
        /// Response headers, `:status` included.
        headers: Headers,
        /// Response body.
        body: Vec<u8>,
    },
    /// The call could not be sent, or its answer was cut short or too large.
    Failed,
}

/// An answer to the client that does not come from the upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// HTTP status, 100–599.
    pub status: u16,
    /// Headers. Without a `content-type`, Envoy adds `text/plain` to a body.
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
    /// Body; the exact bytes.
    pub body: Vec<u8>,
    /// The gateway response this is, for `gateway-responses` to customise; `None` for an integration's answer.
    pub error: Option<GatewayError>,
}

impl Reply {
    /// A gateway response in its built-in form.
    pub fn from_error(error: GatewayError) -> Self {
        let mut headers: Vec<(Cow<'static, str>, HeaderValue)> =
            vec![("content-type".into(), HeaderValue::Borrowed(b"application/json"))];
        if let Some(error_type) = error.error_type {
            headers.push(("x-amzn-errortype".into(), HeaderValue::Borrowed(error_type.as_bytes())));
        }
        Self { status: error.status, headers, body: error.builtin_body().into_bytes(), error: Some(error) }
    }

    /// Sets a header, replacing all values of the same name.
    pub fn set_header(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<HeaderValue>) {
        let name = name.into();
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
    }

    /// Adds the headers that every response carries.
    #[must_use]
    pub fn with_ids(mut self, ids: &Ids) -> Self {
        self.headers.push(("x-amzn-requestid".into(), ids.request_id.clone().into_bytes().into()));
        self.headers.push(("x-amz-apigw-id".into(), ids.extended_request_id.clone().into_bytes().into()));
        self
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}
