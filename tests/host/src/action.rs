//! What a module asks for during a callback and Envoy does after it.

use std::sync::Arc;

use crate::{
    Direction, LocalReply,
    context::Target,
    vm::{Called, Vm},
};

/// Halves of streams, by their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Request = 0,
    Response = 1,
    Downstream = 2,
    Upstream = 3,
}

impl Half {
    pub(crate) fn from_abi(number: u32) -> Option<Self> {
        [Self::Request, Self::Response, Self::Downstream, Self::Upstream].get(number as usize).copied()
    }
}

/// A deferred request of a module.
pub(crate) enum Action {
    /// `proxy_continue_stream`.
    Continue(Target, Half),
    /// `proxy_close_stream`.
    Close(Target, Half),
    /// `proxy_send_local_response`.
    Reply(Target, LocalReply),
    /// `proxy_done` of a root context.
    Delete(u32),
}

impl Action {
    pub(crate) fn perform(self, vm: &Arc<Vm>) {
        match self {
            Self::Continue(Target::Http(stream, filter), Half::Request) => {
                stream.resume(Direction::Request, filter);
            }
            Self::Continue(Target::Http(stream, filter), Half::Response) => {
                stream.resume(Direction::Response, filter);
            }
            Self::Continue(Target::Tcp(connection), Half::Downstream) => connection.release(),
            Self::Close(Target::Http(stream, _), Half::Request | Half::Response) => stream.reset("wasm_close_stream"),
            Self::Close(Target::Tcp(connection), Half::Downstream | Half::Upstream) => connection.close_by_filter(),
            Self::Reply(Target::Http(stream, _), reply) => stream.local_reply(reply),
            Self::Delete(root) => {
                if !matches!(vm.call(root, "proxy_on_delete", &[root]), Called::Trapped) {
                    vm.with(|state| state.forget(root));
                }
            }
            Self::Continue(..) | Self::Close(..) | Self::Reply(..) => {}
        }
    }
}
