//! Who sees which part of a body when.

use chain::Action;
use gateway::{Edits, Step};

use crate::support::{Bench, answer, at, call, passes, refusal};

#[test]
fn a_member_may_count_what_a_later_one_holds() {
    let bench = Bench::new(&[("a", passes()), ("b", at("request", || Step::Buffer)), ("c", passes())]);
    let mut stream = bench.chain.stream();
    assert_eq!(stream.on_request_headers(&bench.proxy, false), Action::Pause);
    assert_eq!(stream.on_request_body(&bench.proxy, 10, false), Action::Pause);
    assert_eq!(stream.on_request_body(&bench.proxy, 30, false), Action::Pause);
    assert_eq!(bench.journal(), ["a request", "b request", "a body 10", "a body 20"]);
    assert_eq!(stream.on_request_body(&bench.proxy, 35, true), Action::Continue);
    assert_eq!(bench.journal(), ["a body 5 end", "b body 35 end", "c request", "c body 35 end"]);
}

#[test]
fn a_member_may_refuse_what_a_later_one_holds() {
    let bench = Bench::new(&[("a", at("body", refusal)), ("b", at("request", || Step::Buffer))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, false);
    assert_eq!(stream.on_request_body(&bench.proxy, 10, false), Action::Pause);
    let journal = bench.journal();
    assert_eq!(journal[..3], ["a request", "b request", "a body 10"]);
    assert_eq!(journal.last().map(String::as_str), Some("respond 401"));
}

#[test]
fn trailers_end_a_held_body() {
    let bench = Bench::new(&[("a", at("request", || Step::Buffer))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, false);
    stream.on_request_body(&bench.proxy, 10, false);
    assert_eq!(stream.on_request_trailers(&bench.proxy), Action::Continue);
    assert_eq!(bench.journal(), ["a request", "a body 10 end"]);
}

#[test]
fn the_whole_body_is_there_after_a_call_that_it_came_during() {
    let bench = Bench::new(&[("a", at("request", || call("x"))), ("b", at("request", || Step::Buffer))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, false);
    assert_eq!(stream.on_request_body(&bench.proxy, 4, true), Action::Pause);
    assert_eq!(stream.on_callout(&bench.proxy, answer()), Action::Continue);
    let expected = ["a request", "call x", "a answer", "b request", "a body 4 end", "b body 4 end"];
    assert_eq!(bench.journal(), expected);
}

#[test]
fn streamed_bodies_are_not_counted_twice() {
    let bench = Bench::new(&[("a", passes()), ("b", passes())]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, false);
    bench.journal();
    stream.on_request_body(&bench.proxy, 4, false);
    stream.on_request_body(&bench.proxy, 4, false);
    stream.on_request_body(&bench.proxy, 0, true);
    assert_eq!(bench.journal(), ["a body 4", "b body 4", "a body 4", "b body 4", "a body 0 end", "b body 0 end"]);
}

#[test]
fn a_held_response_is_seen_in_reverse() {
    let bench = Bench::new(&[("a", passes()), ("b", at("response", || Step::Buffer)), ("c", passes())]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    bench.journal();
    assert_eq!(stream.on_response_headers(&bench.proxy, false), Action::Pause);
    assert_eq!(stream.on_response_body(&bench.proxy, 3, false), Action::Pause);
    assert_eq!(stream.on_response_body(&bench.proxy, 8, true), Action::Continue);
    let expected = [
        "c response",
        "b response",
        "c response body 3",
        "c response body 5 end",
        "b response body 8 end",
        "a response",
        "a response body 8 end",
    ];
    assert_eq!(bench.journal(), expected);
}

#[test]
fn a_response_without_a_body_is_not_held() {
    let bench = Bench::new(&[("a", at("response", || Step::Buffer))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    assert_eq!(stream.on_response_headers(&bench.proxy, true), Action::Continue);
}

#[test]
fn a_replaced_body_is_what_the_following_members_see() {
    let replace = || Step::Edit(Box::new(Edits { body: Some(b"new".to_vec()), ..Edits::default() }));
    let replaces = std::rc::Rc::new(move |event: &str, _: &dyn gateway::Host| match event {
        "request" => Step::Buffer,
        "body" => replace(),
        _ => Step::Continue,
    });
    let bench = Bench::new(&[("a", replaces), ("b", passes())]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, false);
    assert_eq!(stream.on_request_body(&bench.proxy, 100, true), Action::Continue);
    assert_eq!(bench.journal(), ["a request", "a body 100 end", "edit Request None", "b request", "b body 3 end"]);
}
