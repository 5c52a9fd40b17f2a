//! A filter of a stream: the callbacks of its module, and what their results mean.

use std::sync::Arc;

use super::{Direction, LocalReply, StreamCore};
use crate::{
    context::{Body, Context, Target},
    plugin::{Acquired, Plugin, RootCore},
    vm::{Called, Vm},
};

/// A filter of one stream.
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) plugin: Arc<Plugin>,
    /// The VM and the stream's context in it; none: the VM was dead already.
    pub(crate) vm: Option<(Arc<Vm>, u32)>,
    /// The module knows of the stream.
    created: bool,
    /// The VM died on this stream.
    failed: bool,
    failure_reply_sent: bool,
    ways: [Way; 2],
}

/// Where a filter stands on one way.
#[derive(Default)]
pub(crate) struct Way {
    pub(super) iteration: Iteration,
    pub(super) headers_continued: bool,
    /// The filter has seen the end of the stream.
    pub(super) end_stream: bool,
}

/// Whether a filter lets things pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Iteration {
    #[default]
    Go,
    /// Nothing passes, but the filter sees what comes next.
    StopSingle,
    /// Nothing passes, and the filter sees nothing more.
    StopAll { streaming: bool },
}

/// Result of a headers callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadersStatus {
    Continue,
    Stop,
    StopAllAndBuffer,
    StopAllAndWatermark,
}

/// Result of a data callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataStatus {
    Continue,
    StopAndBuffer,
    StopAndWatermark,
    StopNoBuffer,
}

/// Result of a trailers callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrailersStatus {
    Continue,
    Stop,
}

/// A body on its way.
pub(super) enum Data {
    Frame(Vec<u8>),
    /// What the stream has buffered, in place.
    Buffered,
}

/// What came of a callback.
enum Result {
    /// The module wants no such callback, or is dead and its plugin lets everything pass.
    Pass,
    Value(u32),
    /// A local response was sent.
    Stopped,
    /// The VM is dead, and the stream was answered for it.
    Dead,
}

impl Filter {
    /// The filter for a new stream; none where it lets everything pass because its VM is dead.
    pub(crate) fn new(root: &RootCore, stream: &Arc<StreamCore>, index: usize) -> Option<Self> {
        let vm = match root.acquire() {
            Acquired::Live(vm, context) => {
                let target = Target::Http(stream.clone(), index);
                let id = vm.with(|state| state.create_context(Some(context), root.plugin.clone(), target));
                Some((vm, id))
            }
            Acquired::Closed => None,
            Acquired::Open => return None,
        };
        let (name, plugin) = (root.plugin.name.clone(), root.plugin.clone());
        let (created, failed, failure_reply_sent) = (false, false, false);
        Some(Self { name, plugin, vm, created, failed, failure_reply_sent, ways: Default::default() })
    }

    pub(super) fn way(&mut self, direction: Direction) -> &mut Way {
        &mut self.ways[direction as usize]
    }

    /// Whether the filter holds something back on this way.
    pub(crate) fn is_stopped(&self, direction: Direction) -> bool {
        self.ways[direction as usize].iteration != Iteration::Go
    }

    fn with_context<T: Default>(&self, work: impl FnOnce(&mut Context) -> T) -> T {
        let Some((vm, id)) = &self.vm else { return T::default() };
        vm.with(|state| state.contexts.get_mut(id).map(work)).unwrap_or_default()
    }
}

impl StreamCore {
    pub(super) fn filter_headers(self: &Arc<Self>, direction: Direction, place: usize, end: bool) -> HeadersStatus {
        if direction == Direction::Request {
            self.create(place);
        } else if self.is_deaf(direction, place) {
            return HeadersStatus::Continue;
        }
        let count = {
            let mut state = self.lock();
            let count = state.lane(direction).headers.as_ref().map_or(0, crate::HeaderMap::len);
            state.at(direction, place).with_context(|context| {
                context.http.headers[direction as usize] = true;
                context.http.end_of_stream = end;
            });
            count as u32
        };
        let export = match direction {
            Direction::Request => "proxy_on_request_headers",
            Direction::Response => "proxy_on_response_headers",
        };
        let status = match self.run(direction, place, export, &[count, u32::from(end)]) {
            Result::Value(0 | 2) | Result::Pass => HeadersStatus::Continue,
            Result::Value(1) if self.lock().at(direction, place).plugin.stop_iteration => HeadersStatus::Stop,
            Result::Value(3) => HeadersStatus::StopAllAndBuffer,
            Result::Value(_) | Result::Stopped | Result::Dead => HeadersStatus::StopAllAndWatermark,
        };
        if status == HeadersStatus::Continue {
            self.lock().at(direction, place).with_context(|context| context.http.headers[direction as usize] = false);
        }
        status
    }

    pub(super) fn filter_data(
        self: &Arc<Self>,
        direction: Direction,
        place: usize,
        data: &mut Data,
        end: bool,
    ) -> DataStatus {
        if self.is_deaf(direction, place) {
            return DataStatus::Continue;
        }
        let side = direction as usize;
        let buffering = self.lock().at(direction, place).with_context(|context| context.http.buffering[side]);
        if buffering && let Data::Frame(frame) = data {
            let frame = std::mem::take(frame);
            self.lock().lane(direction).streaming = false;
            self.buffer(direction, Data::Frame(frame));
        }
        let size = {
            let mut state = self.lock();
            let buffered = state.lane(direction).buffered.as_ref().map_or(0, Vec::len);
            let (body, size) = match data {
                Data::Frame(frame) => {
                    let size = if buffering { buffered } else { frame.len() };
                    (Body::Frame(std::mem::take(frame)), size)
                }
                Data::Buffered => (Body::Buffered, buffered),
            };
            state.at(direction, place).with_context(|context| {
                context.http.body[side] = body;
                context.http.end_of_stream = end;
            });
            size as u32
        };
        let export = match direction {
            Direction::Request => "proxy_on_request_body",
            Direction::Response => "proxy_on_response_body",
        };
        let status = match self.run(direction, place, export, &[size, u32::from(end)]) {
            Result::Value(0) | Result::Pass => DataStatus::Continue,
            Result::Value(1) => DataStatus::StopAndBuffer,
            Result::Value(2) => DataStatus::StopAndWatermark,
            Result::Value(_) | Result::Stopped | Result::Dead => DataStatus::StopNoBuffer,
        };
        let body = self.lock().at(direction, place).with_context(|context| {
            context.http.buffering[side] = status == DataStatus::StopAndBuffer;
            std::mem::take(&mut context.http.body[side])
        });
        if let (Data::Frame(frame), Body::Frame(changed)) = (data, body) {
            *frame = changed;
        }
        status
    }

    pub(super) fn filter_trailers(self: &Arc<Self>, direction: Direction, place: usize) -> TrailersStatus {
        if self.is_deaf(direction, place) {
            return TrailersStatus::Continue;
        }
        let side = direction as usize;
        let count = {
            let mut state = self.lock();
            let count = state.lane(direction).trailers.as_ref().map_or(0, crate::HeaderMap::len);
            state.at(direction, place).with_context(|context| context.http.trailers[side] = true);
            count as u32
        };
        let export = match direction {
            Direction::Request => "proxy_on_request_trailers",
            Direction::Response => "proxy_on_response_trailers",
        };
        let status = match self.run(direction, place, export, &[count]) {
            Result::Value(0) | Result::Pass => TrailersStatus::Continue,
            Result::Value(_) | Result::Stopped | Result::Dead => TrailersStatus::Stop,
        };
        if status == TrailersStatus::Continue {
            self.lock().at(direction, place).with_context(|context| context.http.trailers[side] = false);
        }
        status
    }

    /// Filters that never saw the request do not see the response, nor those whose VM died on this stream.
    fn is_deaf(&self, direction: Direction, place: usize) -> bool {
        let mut state = self.lock();
        let filter = state.at(direction, place);
        !filter.created || (direction == Direction::Response && filter.failure_reply_sent)
    }

    /// Tells the module of the stream.
    pub(super) fn create(self: &Arc<Self>, index: usize) {
        let vm = {
            let mut state = self.lock();
            let filter = &mut state.filters[index];
            if std::mem::replace(&mut filter.created, true) {
                return;
            }
            filter.vm.clone()
        };
        if let Some((vm, id)) = vm {
            let root = vm.with(|state| state.contexts.get(&id).map_or(0, |context| context.root));
            vm.notify(id, "proxy_on_context_create", &[id, root]);
        }
    }

    /// Runs a callback, and what it asked for. A dead VM answers the stream with 503, or lets it pass.
    fn run(self: &Arc<Self>, direction: Direction, place: usize, export: &'static str, arguments: &[u32]) -> Result {
        let (vm, open) = {
            let mut state = self.lock();
            let filter = state.at(direction, place);
            (filter.vm.clone(), filter.plugin.policy == crate::FailurePolicy::Open)
        };
        let dead = || {
            if open {
                return Result::Pass;
            }
            self.fail(direction, place);
            Result::Dead
        };
        let Some((vm, id)) = vm.filter(|(vm, _)| !vm.is_failed()) else { return dead() };
        let result = match vm.call(id, export, &[&[id], arguments].concat()) {
            Called::Not => return Result::Pass,
            Called::Trapped => dead(),
            Called::Returned { stopped: true, .. } => Result::Stopped,
            Called::Returned { value, .. } => Result::Value(value),
        };
        vm.run_actions();
        result
    }

    fn fail(self: &Arc<Self>, direction: Direction, place: usize) {
        {
            let mut state = self.lock();
            let filter = state.at(direction, place);
            if std::mem::replace(&mut filter.failed, true) {
                return;
            }
            filter.failure_reply_sent = true;
        }
        self.local_reply(LocalReply::new(503, "").details("wasm_fail_stream"));
    }
}
