//! How far a message has come through the members, and whose turn it is.

use gateway::Body;

/// What a member holds a message for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The body's end.
    WholeBody,
    /// The answer to a callout.
    Answer,
    /// The filter's periodic work.
    Wake,
}

/// An event for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The message's headers.
    Headers {
        /// There is no body.
        end_of_stream: bool,
    },
    /// A part of the body, or all of it.
    Body(Body),
}

/// A message on its way through members, which are named by their position on it.
///
/// Headers go first, through all members; parts of the body follow. What a member holds, those behind it do not see
/// yet, and then see as one part.
#[derive(Debug, Default)]
pub struct Way {
    members: usize,
    /// Members that have let the headers on.
    passed: usize,
    hold: Option<(usize, Hold)>,
    /// Bytes of the body that Envoy holds now.
    held: usize,
    /// The end of the message is here.
    complete: bool,
    /// How much of the held body each member has seen; empty as long as there is no body.
    seen: Vec<Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    bytes: usize,
    end: bool,
}

impl Way {
    /// A message whose headers are here.
    pub fn new(members: usize, end_of_stream: bool) -> Self {
        Self { members, complete: end_of_stream, ..Self::default() }
    }

    /// A part of the body is here. `bytes` are all that Envoy holds.
    pub fn body(&mut self, bytes: usize, end_of_stream: bool) {
        self.seen.resize(self.members, Seen::default());
        self.held = bytes;
        self.complete |= end_of_stream;
    }

    /// Trailers are here, so the body has ended before.
    pub fn trailers(&mut self) {
        self.complete = true;
    }

    /// The next event, and the member that gets it. `None`: the message is held, or through.
    pub fn next(&mut self) -> Option<(usize, Task)> {
        match self.hold {
            None if self.passed < self.members => {
                let end_of_stream = self.complete && self.seen.is_empty();
                Some((self.passed, Task::Headers { end_of_stream }))
            }
            None => self.unseen_before(self.members),
            Some((holder, hold)) => self.unseen_before(holder).or_else(|| {
                if hold != Hold::WholeBody || !self.complete {
                    return None;
                }
                self.hold = None;
                let bytes = self.held;
                if let Some(seen) = self.seen.get_mut(holder) {
                    *seen = Seen { bytes, end: true };
                }
                Some((holder, Task::Body(Body { bytes, end_of_stream: true })))
            }),
        }
    }

    /// The part of the body that a member before `limit` has not seen.
    fn unseen_before(&mut self, limit: usize) -> Option<(usize, Task)> {
        let (held, complete) = (self.held, self.complete);
        let unseen = |(_, seen): &(usize, &mut Seen)| seen.bytes < held || (complete && !seen.end);
        let (member, seen) = self.seen.iter_mut().enumerate().take(limit).find(unseen)?;
        let bytes = held.saturating_sub(seen.bytes);
        *seen = Seen { bytes: held, end: complete };
        Some((member, Task::Body(Body { bytes, end_of_stream: complete })))
    }

    /// A member lets on what it has got.
    pub fn continued(&mut self, member: usize) {
        if member == self.passed {
            self.passed = self.passed.saturating_add(1);
        }
    }

    /// A member holds the message.
    pub fn hold(&mut self, member: usize, hold: Hold) {
        self.hold = Some((member, hold));
    }

    /// The member whose wait for `hold` is over.
    pub fn release(&mut self, hold: Hold) -> Option<usize> {
        let (member, _) = self.hold.filter(|(_, held_for)| *held_for == hold)?;
        self.hold = None;
        Some(member)
    }

    /// A member has replaced the part of the body that Envoy holds.
    pub fn replaced_body(&mut self, member: usize, bytes: usize) {
        self.held = bytes;
        for (position, seen) in self.seen.iter_mut().enumerate() {
            seen.bytes = if position <= member { bytes } else { 0 };
        }
    }

    /// Whether a member holds the message.
    pub fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// Whether the message has ended with its headers.
    pub fn has_no_body(&self) -> bool {
        self.complete && self.seen.is_empty()
    }

    /// Envoy takes what it has held, so nothing of it is seen again.
    pub fn moves_on(&mut self) {
        self.held = 0;
        for seen in &mut self.seen {
            seen.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize, end_of_stream: bool) -> Task {
        Task::Body(Body { bytes, end_of_stream })
    }

    /// What `way` gives until it stops, each event let on.
    fn run(way: &mut Way) -> Vec<(usize, Task)> {
        let mut events = Vec::new();
        while let Some((member, task)) = way.next() {
            events.push((member, task));
            way.continued(member);
        }
        events
    }

    #[test]
    fn headers_alone() {
        let mut way = Way::new(2, true);
        let headers = Task::Headers { end_of_stream: true };
        assert_eq!(run(&mut way), [(0, headers), (1, headers)]);
        assert!(!way.is_held());
    }

    #[test]
    fn parts_go_through_all_members_one_after_the_other() {
        let mut way = Way::new(2, false);
        run(&mut way);
        way.moves_on();
        way.body(3, false);
        assert_eq!(run(&mut way), [(0, body(3, false)), (1, body(3, false))]);
        way.moves_on();
        way.body(2, true);
        assert_eq!(run(&mut way), [(0, body(2, true)), (1, body(2, true))]);
    }

    /// The first member counts, the second one wants the whole body, the third one comes after it.
    #[test]
    fn a_held_body_is_seen_in_parts_before_the_holder_and_whole_behind_it() {
        let headers = Task::Headers { end_of_stream: false };
        let mut way = Way::new(3, false);
        assert_eq!(way.next(), Some((0, headers)));
        way.continued(0);
        assert_eq!(way.next(), Some((1, headers)));
        way.hold(1, Hold::WholeBody);
        assert_eq!(way.next(), None);
        // Envoy says how much it holds in all.
        way.body(3, false);
        assert_eq!(run(&mut way), [(0, body(3, false))]);
        way.body(5, true);
        assert_eq!(run(&mut way), [(0, body(2, true)), (1, body(5, true)), (2, headers), (2, body(5, true))]);
        assert!(!way.is_held());
    }

    #[test]
    fn a_request_without_a_body_is_whole_at_once() {
        let mut way = Way::new(2, true);
        assert_eq!(way.next(), Some((0, Task::Headers { end_of_stream: true })));
        way.hold(0, Hold::WholeBody);
        assert_eq!(run(&mut way), [(0, body(0, true)), (1, Task::Headers { end_of_stream: true })]);
    }

    #[test]
    fn a_body_that_comes_while_a_call_is_under_way_is_seen_after_it() {
        let headers = Task::Headers { end_of_stream: false };
        let mut way = Way::new(3, false);
        assert_eq!(way.next(), Some((0, headers)));
        way.continued(0);
        assert_eq!(way.next(), Some((1, headers)));
        way.hold(1, Hold::Answer);
        way.body(4, true);
        assert_eq!(run(&mut way), [(0, body(4, true))]);
        assert_eq!(way.release(Hold::WholeBody), None);
        assert_eq!(way.release(Hold::Answer), Some(1));
        way.continued(1);
        assert_eq!(run(&mut way), [(2, headers), (1, body(4, true)), (2, body(4, true))]);
    }

    #[test]
    fn a_replaced_body_is_what_later_members_see() {
        let mut way = Way::new(2, false);
        run(&mut way);
        way.body(9, true);
        assert_eq!(way.next(), Some((0, body(9, true))));
        way.replaced_body(0, 4);
        way.continued(0);
        assert_eq!(run(&mut way), [(1, body(4, true))]);
    }
}
