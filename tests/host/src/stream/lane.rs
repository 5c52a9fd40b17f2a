//! How headers, data and trailers pass the filters of one way.

use std::sync::Arc;

use super::{
    Direction, End, StreamCore,
    filter::{Data, DataStatus, HeadersStatus, Iteration, TrailersStatus},
    reply::LocalReply,
};
use crate::HeaderMap;

impl StreamCore {
    /// Headers come in.
    pub(crate) fn headers_in(self: &Arc<Self>, direction: Direction, headers: HeaderMap, end: bool) {
        {
            let mut state = self.lock();
            let lane = state.lane(direction);
            lane.headers = Some(headers);
            lane.complete = end;
        }
        self.pass_headers(direction, 0, end);
    }

    /// A frame of the body comes in.
    pub(crate) fn data_in(self: &Arc<Self>, direction: Direction, frame: Vec<u8>, end: bool) {
        {
            let mut state = self.lock();
            if state.end.is_some() {
                return;
            }
            let lane = state.lane(direction);
            lane.received += frame.len();
            lane.complete |= end;
        }
        self.pass_data(direction, 0, Data::Frame(frame), end);
    }

    /// Trailers come in.
    pub(crate) fn trailers_in(self: &Arc<Self>, direction: Direction, trailers: HeaderMap) {
        {
            let mut state = self.lock();
            if state.end.is_some() {
                return;
            }
            let lane = state.lane(direction);
            lane.trailers = Some(trailers);
            lane.complete = true;
        }
        self.pass_trailers(direction, 0);
    }

    /// A filter that had stopped goes on.
    pub(crate) fn resume(self: &Arc<Self>, direction: Direction, filter: usize) {
        let place = {
            let mut state = self.lock();
            if state.end.is_some() || state.lane(direction).headers.is_none() {
                return;
            }
            let place = state.index(direction, filter);
            if state.lane(direction).calling > 0 {
                let name = state.at(direction, place).name.clone();
                state.problems.push(format!(
                    "{name} resumes the {direction:?} while one of its callbacks runs: Envoy lets it pass twice"
                ));
            }
            place
        };
        self.go_on(direction, place);
    }

    fn pass_headers(self: &Arc<Self>, direction: Direction, from: usize, end: bool) {
        let count = self.lock().filters.len();
        for place in from..count {
            {
                let mut state = self.lock();
                state.at(direction, place).way(direction).end_stream = end;
                state.lane(direction).calling += 1;
            }
            let status = self.filter_headers(direction, place, end);
            if !self.called(direction) {
                return;
            }
            let mut state = self.lock();
            let way = state.at(direction, place).way(direction);
            match status {
                HeadersStatus::Continue => way.headers_continued = true,
                HeadersStatus::Stop => way.iteration = Iteration::StopSingle,
                HeadersStatus::StopAllAndBuffer => way.iteration = Iteration::StopAll { streaming: false },
                HeadersStatus::StopAllAndWatermark => way.iteration = Iteration::StopAll { streaming: true },
            }
            if status != HeadersStatus::Continue {
                return;
            }
        }
        self.headers_out(direction, end);
    }

    fn pass_data(self: &Arc<Self>, direction: Direction, from: usize, mut data: Data, end: bool) {
        if self.lock().is_aborted(direction) {
            return;
        }
        let count = self.lock().filters.len();
        let mut trailers_added = None;
        let mut passed = true;
        for place in from..count {
            let (trailers_before, last) = {
                let mut state = self.lock();
                if let Iteration::StopAll { streaming } = state.at(direction, place).way(direction).iteration {
                    state.lane(direction).streaming = streaming;
                    drop(state);
                    self.buffer(direction, data);
                    return;
                }
                if state.at(direction, place).way(direction).end_stream {
                    return;
                }
                let lane = state.lane(direction);
                lane.calling += 1;
                let trailers = lane.trailers.is_some();
                state.at(direction, place).way(direction).end_stream = end && !trailers;
                (trailers, end && !trailers)
            };
            let status = self.filter_data(direction, place, &mut data, last);
            if !self.called(direction) {
                return;
            }
            if !trailers_before && self.lock().lane(direction).trailers.is_some() {
                trailers_added.get_or_insert(place);
            }
            match self.after_data(direction, place, status, data) {
                Some(same) => data = same,
                None if direction == Direction::Response => return,
                None => {
                    passed = false;
                    data = Data::Frame(Vec::new());
                    break;
                }
            }
        }
        if passed {
            self.data_out(direction, data, end && trailers_added.is_none());
        }
        if let Some(place) = trailers_added {
            self.pass_trailers(direction, place + 1);
        }
    }

    fn pass_trailers(self: &Arc<Self>, direction: Direction, from: usize) {
        if self.lock().is_aborted(direction) {
            return;
        }
        let count = self.lock().filters.len();
        for place in from..count {
            {
                let mut state = self.lock();
                if let Iteration::StopAll { .. } = state.at(direction, place).way(direction).iteration {
                    return;
                }
                state.lane(direction).calling += 1;
            }
            let status = self.filter_trailers(direction, place);
            if !self.called(direction) {
                return;
            }
            let stopped = {
                let mut state = self.lock();
                let way = state.at(direction, place).way(direction);
                way.end_stream = true;
                way.iteration == Iteration::StopSingle
            };
            match status {
                TrailersStatus::Continue if stopped => return self.go_on(direction, place),
                TrailersStatus::Continue => {}
                TrailersStatus::Stop => return,
            }
        }
        self.trailers_out(direction);
    }

    /// What follows a data callback. The data come back where they go on to the next filter.
    fn after_data(
        self: &Arc<Self>,
        direction: Direction,
        place: usize,
        status: DataStatus,
        data: Data,
    ) -> Option<Data> {
        let mut state = self.lock();
        let way = state.at(direction, place).way(direction);
        match status {
            DataStatus::Continue if way.iteration == Iteration::StopSingle => {
                drop(state);
                self.buffer(direction, data);
                self.go_on(direction, place);
                return None;
            }
            DataStatus::Continue => return Some(data),
            DataStatus::StopAndBuffer | DataStatus::StopAndWatermark => {
                way.iteration = Iteration::StopSingle;
                state.lane(direction).streaming = status == DataStatus::StopAndWatermark;
                drop(state);
                self.buffer(direction, data);
            }
            DataStatus::StopNoBuffer => {
                way.iteration = Iteration::StopSingle;
                let lane = state.lane(direction);
                if lane.complete && lane.trailers.is_none() {
                    lane.buffered.get_or_insert_default();
                }
            }
        }
        None
    }

    /// Keeps data for later. Too many of them end the stream.
    pub(super) fn buffer(self: &Arc<Self>, direction: Direction, data: Data) {
        let limit = *self.host.buffer_limit.lock().unwrap();
        let too_large = {
            let mut state = self.lock();
            let lane = state.lane(direction);
            if let Data::Frame(frame) = data {
                lane.buffered.get_or_insert_default().extend(frame);
            }
            let over = lane.buffered.as_ref().is_some_and(|buffered| buffered.len() > limit);
            let crossed = over && !lane.too_large;
            lane.too_large = over;
            crossed && !lane.streaming
        };
        if too_large {
            self.local_reply(match direction {
                Direction::Request => LocalReply::request_too_large(),
                Direction::Response => LocalReply::response_too_large(),
            });
        }
    }

    /// Goes on where the filter at `place` had stopped.
    fn go_on(self: &Arc<Self>, direction: Direction, place: usize) {
        let (headers_end, start) = {
            let mut state = self.lock();
            if state.is_aborted(direction) {
                return;
            }
            let way = state.at(direction, place).way(direction);
            // A filter that had stopped everything sees the body now.
            let start = if matches!(way.iteration, Iteration::StopAll { .. }) { place } else { place + 1 };
            way.iteration = Iteration::Go;
            let first = !std::mem::replace(&mut way.headers_continued, true);
            let lane = state.lane(direction);
            let end = lane.complete && lane.buffered.is_none() && lane.trailers.is_none();
            (first.then_some(end), start)
        };
        if let Some(end) = headers_end {
            self.pass_headers(direction, place + 1, end);
        }
        let (buffered, end) = {
            let mut state = self.lock();
            let lane = state.lane(direction);
            (lane.buffered.is_some(), lane.complete && lane.trailers.is_none())
        };
        if buffered {
            self.pass_data(direction, start, Data::Buffered, end);
        }
        if self.lock().lane(direction).trailers.is_some() {
            self.pass_trailers(direction, start);
        }
    }

    /// Notes that a callback is over. False: this half is.
    fn called(self: &Arc<Self>, direction: Direction) -> bool {
        let mut state = self.lock();
        let lane = state.lane(direction);
        lane.calling = lane.calling.saturating_sub(1);
        if !state.is_aborted(direction) {
            return true;
        }
        drop(state);
        self.send_prepared();
        false
    }

    fn headers_out(self: &Arc<Self>, direction: Direction, end: bool) {
        let router = {
            let mut state = self.lock();
            let lane = state.lane(direction);
            lane.out_headers = lane.headers.clone();
            lane.out_count += 1;
            lane.out_complete |= end;
            state.router.clone().filter(|_| direction == Direction::Request)
        };
        if let Some(reply) = router {
            self.local_reply(reply);
        } else if end && direction == Direction::Response {
            self.finish(End::Complete);
        }
    }

    fn data_out(self: &Arc<Self>, direction: Direction, data: Data, end: bool) {
        {
            let mut state = self.lock();
            let lane = state.lane(direction);
            match data {
                Data::Frame(frame) => lane.out_body.extend(frame),
                Data::Buffered => {
                    let buffered = lane.buffered.as_mut().map(std::mem::take).unwrap_or_default();
                    lane.too_large = false;
                    lane.out_body.extend(buffered);
                }
            }
            lane.out_complete |= end;
        }
        if end && direction == Direction::Response {
            self.finish(End::Complete);
        }
    }

    fn trailers_out(self: &Arc<Self>, direction: Direction) {
        {
            let mut state = self.lock();
            let lane = state.lane(direction);
            lane.out_trailers = lane.trailers.clone();
            lane.out_complete = true;
        }
        if direction == Direction::Response {
            self.finish(End::Complete);
        }
    }
}
