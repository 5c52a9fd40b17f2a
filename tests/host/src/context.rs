//! Contexts: what the module can see at the moment, a root context for each plugin and one for each stream.

use std::sync::Arc;

use crate::{HeaderMap, Response, connection::ConnectionCore, plugin::Plugin, stream::StreamCore};

/// A context of a VM. Context 0 is the VM's own.
#[derive(Default)]
pub(crate) struct Context {
    /// The root context's id; its own for a root context.
    pub(crate) root: u32,
    /// The plugin; none for the VM's own context.
    pub(crate) plugin: Option<Arc<Plugin>>,
    /// The stream that it belongs to.
    pub(crate) target: Target,
    /// What an HTTP stream lends it.
    pub(crate) http: HttpView,
    /// What a TCP connection lends it.
    pub(crate) tcp: TcpView,
    /// What only root contexts have.
    pub(crate) root_view: RootView,
}

/// The stream of a context.
#[derive(Clone, Default)]
pub(crate) enum Target {
    /// Root contexts have none.
    #[default]
    None,
    /// The filter at this place of an HTTP filter chain.
    Http(Arc<StreamCore>, usize),
    /// A network filter.
    Tcp(Arc<ConnectionCore>),
}

/// Which parts of an HTTP stream a context may touch now; indexed by direction.
#[derive(Default)]
pub(crate) struct HttpView {
    pub(crate) headers: [bool; 2],
    pub(crate) trailers: [bool; 2],
    pub(crate) body: [Body; 2],
    /// The filter has stopped and what has come of the body lies in the stream's buffer.
    pub(crate) buffering: [bool; 2],
    pub(crate) end_of_stream: bool,
    pub(crate) access_log: bool,
}

/// The body that a callback is given.
#[derive(Default)]
pub(crate) enum Body {
    /// None.
    #[default]
    None,
    /// The frame that just arrived.
    Frame(Vec<u8>),
    /// What the stream has buffered so far.
    Buffered,
}

/// The buffers of a TCP connection that a context may touch now.
#[derive(Default)]
pub(crate) struct TcpView {
    pub(crate) downstream: bool,
    pub(crate) upstream: Option<Vec<u8>>,
}

/// What only root contexts have.
#[derive(Default)]
pub(crate) struct RootView {
    /// The plugin configuration can be read.
    pub(crate) configuring: bool,
    /// Shut down, and waiting for `proxy_done`.
    pub(crate) pending_done: bool,
    /// The answer to a callout, while its callback runs.
    pub(crate) call_response: Option<Response>,
    /// The message of a gRPC call, while its callback runs.
    pub(crate) grpc_message: Option<Vec<u8>>,
    /// Metadata of a gRPC stream, while its callback runs.
    pub(crate) grpc_initial: Option<HeaderMap>,
    pub(crate) grpc_trailing: Option<HeaderMap>,
    /// Status of the last callout that failed. Envoy clears the message only.
    pub(crate) status: (u32, String),
}
