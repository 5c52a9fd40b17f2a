//! Who sees what when a member answers, calls or waits.

use std::rc::Rc;

use chain::Action;
use gateway::{Answer, Edits, Host, Reply, Step};

use crate::support::{Bench, Decide, answer, at, call, edit, passes, refusal};

#[test]
fn requests_pass_in_order_and_responses_in_reverse() {
    let bench = Bench::new(&[("a", passes()), ("b", at("request", || edit("x"))), ("c", passes())]);
    let mut stream = bench.chain.stream();
    assert_eq!(stream.on_request_headers(&bench.proxy, true), Action::Continue);
    assert_eq!(bench.journal(), ["a request end", "b request end", "edit Request Some(\"x\")", "c request end"]);
    assert_eq!(stream.on_response_headers(&bench.proxy, false), Action::Continue);
    assert_eq!(stream.on_response_body(&bench.proxy, 2, true), Action::Continue);
    let expected = ["c response", "b response", "a response", "c response body 2 end", "b response body 2 end"];
    assert_eq!(bench.journal()[..5], expected);
}

#[test]
fn an_answer_passes_the_members_that_have_seen_the_request() {
    let bench = Bench::new(&[("a", passes()), ("b", at("request", refusal)), ("c", passes())]);
    let mut stream = bench.chain.stream();
    assert_eq!(stream.on_request_headers(&bench.proxy, false), Action::Pause);
    let bytes = bench.proxy.replies.borrow()[0].0.body.len();
    let body = format!("response body {bytes} end");
    let seen = ["b response", "a response", &format!("b {body}"), &format!("a {body}")];
    assert_eq!(bench.journal(), [&["a request", "b request"], &seen[..], &["respond 401"]].concat());
    assert_eq!(stream.on_request_body(&bench.proxy, 3, true), Action::Pause, "nobody looks at it any more");
    assert_eq!(stream.on_response_headers(&bench.proxy, false), Action::Continue);
    assert_eq!(stream.on_response_body(&bench.proxy, bytes, true), Action::Continue);
    assert!(bench.journal().is_empty(), "they have seen it");
    let replies = bench.proxy.replies.borrow();
    assert_eq!(replies[0].1, "apigw.UNAUTHORIZED");
    assert!(replies[0].0.header("x-amzn-requestid").is_some(), "nobody else gives it ids");
}

#[test]
fn members_change_an_answer_before_envoy_has_it() {
    let looks: Decide = Rc::new(|event, host| match event {
        "response" => {
            assert_eq!(host.response_header(":status").as_deref(), Some(&b"401"[..]));
            assert_eq!(host.attribute(&["response", "code_details"]).as_deref(), Some(&b"apigw.UNAUTHORIZED"[..]));
            Step::Buffer
        }
        "response body" => {
            assert_eq!(host.response_header("x").as_deref(), Some(&b"x"[..]), "what `b` has set");
            assert_eq!(host.response_body(10), br#"{"message""#);
            Edits { body: Some(b"other".to_vec()), remove: vec!["x-amzn-errortype".into()], ..Edits::default() }.into()
        }
        _ => Step::Continue,
    });
    let refuses: Decide = Rc::new(|event, _| match event {
        "request" => refusal(),
        "response" => edit("x"),
        _ => Step::Continue,
    });
    let bench = Bench::new(&[("a", looks), ("b", refuses)]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    let replies = bench.proxy.replies.borrow();
    let (reply, _) = &replies[0];
    assert_eq!((reply.status, reply.body.as_slice()), (401, &b"other"[..]));
    assert_eq!((reply.header("x"), reply.header("x-amzn-errortype")), (Some(&b"x"[..]), None));
    assert!(!bench.proxy.asked.borrow().iter().any(|asked| asked.contains("response")), "Envoy knows nothing of it");
}

#[test]
fn an_answer_to_an_answer_is_the_only_one() {
    let refuses_both = Rc::new(|event: &str, _: &dyn Host| match event {
        "request" => Step::Respond(Box::new(Reply { status: 200, ..Reply::default() })),
        "response" => refusal(),
        _ => Step::Continue,
    });
    let bench = Bench::new(&[("a", passes()), ("b", refuses_both)]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    assert_eq!(bench.journal(), ["a request end", "b request end", "b response end", "respond 401"]);
}

#[test]
fn an_answer_without_a_body_keeps_its_type() {
    let empty = || {
        let mut reply = Reply { status: 200, ..Reply::default() };
        reply.set_header("content-type", &b"text/xml"[..]);
        Step::Respond(Box::new(reply))
    };
    let bench = Bench::new(&[("a", at("request", empty))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    bench.journal();
    stream.on_response_headers(&bench.proxy, true);
    assert_eq!(bench.journal(), ["edit Response Some(\"content-type\")"]);
}

#[test]
fn an_answer_on_the_way_out_replaces_the_response_and_no_other_member_sees_it() {
    let bench = Bench::new(&[("a", passes()), ("b", at("response", refusal)), ("c", passes())]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    bench.journal();
    assert_eq!(stream.on_response_headers(&bench.proxy, false), Action::Pause);
    stream.on_response_body(&bench.proxy, 9, true);
    assert_eq!(bench.journal(), ["c response", "b response", "respond 401"]);
}

#[test]
fn a_call_holds_the_request_and_the_answer_lets_it_on_to_the_following_members() {
    let bench = Bench::new(&[("a", passes()), ("b", at("request", || call("lambda"))), ("c", passes())]);
    let mut stream = bench.chain.stream();
    assert_eq!(stream.on_request_headers(&bench.proxy, true), Action::Pause);
    assert_eq!(bench.journal(), ["a request end", "b request end", "call lambda"]);
    assert_eq!(stream.on_callout(&bench.proxy, answer()), Action::Continue);
    assert_eq!(bench.journal(), ["b answer", "c request end"]);
    assert_eq!(stream.on_callout(&bench.proxy, answer()), Action::Pause, "no call is under way");
    assert!(bench.journal().is_empty());
}

#[test]
fn a_call_that_cannot_be_sent_has_failed_at_once() {
    let bench = Bench::new(&[("a", at("request", || call("lambda"))), ("b", passes())]);
    bench.proxy.calls_fail.set(true);
    assert_eq!(bench.chain.stream().on_request_headers(&bench.proxy, true), Action::Continue);
    assert_eq!(bench.journal(), ["a request end", "call lambda", "a answer failed", "b request end"]);
}

#[test]
fn several_members_call_one_after_the_other() {
    let bench = Bench::new(&[("a", at("request", || call("x"))), ("b", at("request", || call("y")))]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    assert_eq!(stream.on_callout(&bench.proxy, Answer::Failed), Action::Pause);
    assert_eq!(stream.on_callout(&bench.proxy, answer()), Action::Continue);
    let expected = ["a request end", "call x", "a answer failed", "b request end", "call y", "b answer"];
    assert_eq!(bench.journal(), expected);
}

#[test]
fn a_member_that_waits_is_woken() {
    let bench = Bench::new(&[("a", at("request", || Step::Wait)), ("b", passes())]);
    let mut stream = bench.chain.stream();
    assert_eq!(stream.on_request_headers(&bench.proxy, true), Action::Pause);
    assert_eq!(stream.on_callout(&bench.proxy, answer()), Action::Pause);
    assert_eq!(stream.on_wake(&bench.proxy), Action::Continue);
    assert_eq!(bench.journal(), ["a request end", "wait", "a wake", "b request end"]);
}

#[test]
fn a_member_that_never_decides_is_refused() {
    let bench = Bench::new(&[("a", std::rc::Rc::new(|_, _| Step::Buffer)), ("b", passes())]);
    assert_eq!(bench.chain.stream().on_request_headers(&bench.proxy, true), Action::Pause);
    assert_eq!(bench.journal().last().unwrap(), "respond 500");
}

#[test]
fn calls_on_the_way_out_fail() {
    let bench = Bench::new(&[("a", at("response", || call("x"))), ("b", passes())]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    assert_eq!(stream.on_response_headers(&bench.proxy, true), Action::Pause);
    assert_eq!(bench.journal().last().unwrap(), "respond 500");
}
