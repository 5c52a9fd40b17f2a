//! HTTP and gRPC callouts.

use std::time::Duration;

use crate::common::*;
use host::{Answer, Request, Response, State};

/// Holds every request until a callout is answered, and then replies with its status.
fn asks() -> Script {
    let answer = [
        get(6, ":status"),
        call("size", "proxy_get_buffer_status", vec![I(4), Slot, Slot]),
        body(4),
        call("status", "proxy_get_status", vec![Slot, Out]),
        on_stream(),
        resume(0),
    ];
    Script::new().on("request_headers", 1, [http_call("side", "/s?a=b", "ask", 1000)]).on(
        "http_call_response",
        0,
        answer,
    )
}

#[test]
fn the_test_sees_what_the_filter_asks_and_answers() {
    let (host, _, root) = asks().start();
    let exchange = root.send(Request::get("/"));
    assert_eq!(exchange.state(), State::Waiting);
    let callout = exchange.callout();
    assert_eq!((callout.cluster.as_str(), callout.path().as_str()), ("side", "/s?a=b"));
    assert_eq!((callout.text().as_str(), callout.timeout), ("ask", Some(Duration::from_secs(1))));
    assert_eq!(callout.headers.text("content-length").as_deref(), Some("3"));
    assert_eq!(callout.token, 4);
    callout.clone().answer(Response::new(201).body("yes"));
    check(&host, &["http_call=0", "get=0", "201", "size=0", "body=0", "yes", "status=0", "on_stream=0", "resume=0"]);
    assert_eq!(exchange.state(), State::AtUpstream);
    assert!(!callout.is_open());
    callout.answer(Response::new(500));
    check(&host, &[]);
}

#[test]
fn envoy_makes_up_answers_for_clusters_that_fail() {
    for (answer, status, text) in [
        (Answer::TimedOut, "504", "upstream request timeout"),
        (
            Answer::Refused,
            "503",
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
        ),
        (
            Answer::Garbage,
            "502",
            "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
        ),
    ] {
        let (host, _, root) = asks().start();
        let exchange = root.send(Request::get("/"));
        exchange.callout().answer(answer);
        let lines = logged(&host);
        assert_eq!(lines[1..3], ["get=0", status]);
        assert_eq!(lines[5], text);
    }
}

#[test]
fn an_answer_that_ends_early_comes_without_headers() {
    let (host, _, root) = asks().start();
    let exchange = root.send(Request::get("/"));
    exchange.callout().answer(Answer::CutShort);
    check(&host, &["http_call=0", "get=2", "size=1", "body=1", "status=0", "reset", "on_stream=0", "resume=0"]);
}

#[test]
fn a_callout_times_out_by_the_clock() {
    let (host, _, root) = asks().start();
    let exchange = root.send(Request::get("/"));
    host.advance(Duration::from_millis(999));
    assert_eq!(exchange.callouts().len(), 1);
    host.advance(Duration::from_millis(1));
    assert_eq!(exchange.state(), State::AtUpstream);
    assert!(logged(&host).contains(&"504".to_owned()));
}

#[test]
fn a_server_answers_when_the_callback_is_over() {
    let (host, _, root) = asks().start();
    host.serve("side", |call| Response::new(200).body(call.path()).into());
    let exchange = root.send(Request::get("/"));
    assert_eq!(exchange.state(), State::AtUpstream);
    assert!(logged(&host).contains(&"/s?a=b".to_owned()));
}

#[test]
fn wrong_callouts_are_refused_at_once() {
    let no_host =
        vec![T(b"side".to_vec()), T(pairs(&[(":method", "GET"), (":path", "/")])), T(vec![]), T(vec![]), I(0), Slot];
    let calls = [
        http_call("nowhere", "/", "", 1000),
        http_call("side", "/", "", -1),
        call("no_host", "proxy_http_call", no_host),
        http_call("empty", "/", "", 1000),
        http_call("side", "/", "", 0),
    ];
    let (host, worker, root) = Script::new().on("request_headers", 0, calls).start();
    host.set_clusters(["side", "empty"]);
    host.take_down("empty");
    let _exchange = root.send(Request::get("/"));
    // 10 is `InternalFailure`, logged as a hexadecimal digit.
    check(&host, &["http_call=2", "http_call=2", "no_host=2", "http_call=a", "http_call=0"]);
    assert_eq!(worker.callouts().len(), 1);
    assert_eq!(worker.callouts()[0].timeout, None);
}

#[test]
fn an_answer_after_the_end_of_the_stream_finds_no_context() {
    let script = asks().on("request_headers", 0, [http_call("side", "/", "", 1000)]);
    let (host, worker, root) = script.start();
    drop(root.exchange(Request::get("/"), |_| Response::new(200)));
    host.clear_logs();
    let callout = worker.callouts().remove(0);
    callout.answer(Response::new(200));
    let lines = logged(&host);
    assert!(lines.contains(&"on_stream=2".to_owned()), "{lines:?}");
}

fn grpc_call(target: &[u8]) -> Op {
    let text = |text: &str| T(text.as_bytes().to_vec());
    let arguments = vec![T(target.to_vec()), text("svc"), text("Do"), T(pairs(&[])), text("msg"), I(100), Slot];
    call("grpc_call", "proxy_grpc_call", arguments)
}

fn asks_grpc(target: &[u8]) -> Script {
    Script::new()
        .on("request_headers", 1, [grpc_call(target)])
        .on("grpc_receive", 0, [body(5), on_stream(), resume(0)])
        .on("grpc_close", 0, [call("status", "proxy_get_status", vec![Slot, Out]), on_stream(), resume(0)])
}

#[test]
fn a_grpc_call_is_answered_with_a_message() {
    let (host, _, root) = asks_grpc(b"\x0a\x06\x0a\x04side").start();
    let exchange = root.send(Request::get("/"));
    let callout = exchange.grpc_callout();
    assert_eq!((callout.cluster().as_str(), callout.service.as_str(), callout.method.as_str()), ("side", "svc", "Do"));
    assert_eq!((&callout.messages, callout.token), (&vec![b"msg".to_vec()], 5));
    callout.answer("reply");
    check(&host, &["grpc_call=0", "body=0", "reply", "on_stream=0", "resume=0"]);
    assert_eq!(exchange.state(), State::AtUpstream);
    assert!(!callout.is_open());
}

#[test]
fn a_grpc_call_fails_with_a_status() {
    let (host, _, root) = asks_grpc(b"side-cluster").start();
    let exchange = root.send(Request::get("/"));
    exchange.grpc_callout().fail(8, "too much");
    check(&host, &["grpc_call=0", "status=0", "too much", "on_stream=0", "resume=0"]);
    let exchange = root.send(Request::get("/"));
    host.advance(Duration::from_millis(100));
    assert_eq!(exchange.state(), State::AtUpstream);
    assert!(logged(&host).contains(&"upstream request timeout{response_timeout}".to_owned()));
}

#[test]
fn a_grpc_target_that_would_abort_envoy_kills_the_vm() {
    let (_, worker, root) = asks_grpc(b"empty").start();
    let exchange = root.send(Request::get("/"));
    assert_eq!(exchange.response().unwrap().status(), 503);
    assert!(worker.failure().unwrap().contains("Envoy aborts"));
}

#[test]
fn grpc_targets_are_looked_up() {
    let (host, _, root) = asks_grpc(b"nowhere").start();
    host.set_clusters(["side"]);
    let _exchange = root.send(Request::get("/"));
    check(&host, &["grpc_call=4"]);
}
