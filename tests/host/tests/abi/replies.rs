//! Local replies, and how streams end.

use crate::common::*;
use host::{Chain, Host, LocalReply, Request, Response, Root, State};

/// A filter that logs the responses it sees, with its name first.
fn observer(name: &'static str) -> Script {
    Script::new().on("response_headers", 0, [log(name), get(2, ":status")]).on("response_body", 0, [log(name), body(1)])
}

fn add_filter(host: &Host, script: Script) -> Root {
    host.vm(script.build()).unwrap().start().unwrap().configure("test", "").unwrap()
}

#[test]
fn a_reply_passes_the_filters_that_saw_the_request_from_last_to_first() {
    let (host, _, first) = observer("first").start();
    let second = add_filter(
        &host,
        observer("second").on("request_headers", 0, [reply(403, "no", &[("x-e", "1")], "my details")]),
    );
    let third = add_filter(&host, observer("third"));
    let exchange = Chain::of([&first, &second, &third]).send(Request::get("/"));
    let lines = ["reply=0", "second", "get=0", "403", "first", "get=0", "403"];
    let bodies = ["second", "body=0", "no", "first", "body=0", "no"];
    check(&host, &[lines.as_slice(), &bodies].concat());
    assert!(exchange.upstream_request().is_none());
    assert_eq!(exchange.details().as_deref(), Some("my_details"));
    let response = exchange.response().unwrap();
    let headers: Vec<String> =
        response.headers.iter().map(|(n, v)| format!("{n}: {}", String::from_utf8_lossy(v))).collect();
    assert_eq!(headers, [":status: 403", "x-e: 1", "content-length: 2", "content-type: text/plain"]);
    assert_eq!(response.bytes(), b"no");
}

#[test]
fn whatever_the_callback_returns_a_reply_stops_the_request() {
    for result in [0, 1] {
        let (_, _, root) = Script::new().on("request_headers", result, [reply(200, "x", &[], "")]).start();
        let exchange = root.send(Request::post("/").body("hello"));
        assert_eq!((exchange.state(), exchange.response().unwrap().status()), (State::Answered, 200));
    }
}

#[test]
fn the_first_of_two_replies_counts() {
    let twice = [reply(400, "first", &[], ""), reply(500, "second", &[], "")];
    let (_, _, root) = Script::new().on("request_headers", 0, twice).start();
    assert_eq!(root.send(Request::get("/")).response().unwrap().text(), "first");
}

#[test]
fn an_empty_reply_loses_its_content_type() {
    let headers = [("content-type", "application/json"), ("content-length", "5")];
    let (_, _, root) = Script::new().on("request_headers", 0, [reply(204, "", &headers, "")]).start();
    assert_eq!(root.send(Request::get("/")).response().unwrap().headers.len(), 1);
}

#[test]
fn a_reply_to_head_has_the_length_but_no_body() {
    let (_, _, root) = Script::new().on("request_headers", 0, [reply(200, "body", &[], "")]).start();
    let response = root.send(Request::new("HEAD", "/")).response().unwrap();
    assert_eq!((response.headers.text("content-length").as_deref(), response.text().as_str()), (Some("4"), ""));
}

#[test]
fn a_reply_can_be_rewritten_by_an_earlier_filter() {
    let renders = Script::new().on("response_headers", 1, [set(2, "content-length", "8")]).on(
        "response_body",
        0,
        [body(1), replace(1, "rendered")],
    );
    let (host, _, first) = renders.start();
    let second = add_filter(&host, Script::new().on("request_headers", 1, [reply(403, "original", &[], "")]));
    let exchange = Chain::of([&first, &second]).send(Request::get("/"));
    assert_eq!(exchange.response().unwrap().text(), "rendered");
    assert_eq!(exchange.local_reply().unwrap().body, b"original");
    assert_eq!(exchange.problems(), Vec::<String>::new());
}

#[test]
fn a_reply_to_a_response_goes_straight_to_the_client() {
    let (host, _, first) = observer("first").start();
    let second = add_filter(&host, Script::new().on("response_headers", 0, [reply(502, "changed", &[], "")]));
    let third = add_filter(&host, observer("third"));
    let exchange = Chain::of([&first, &second, &third])
        .exchange(Request::get("/"), |_| Response::new(200).body("ok").end_with_last_frame());
    check(&host, &["third", "get=0", "200", "reply=0"]);
    assert_eq!(exchange.response().unwrap().status(), 502);
    assert_eq!(exchange.response().unwrap().text(), "changed");
}

#[test]
fn a_reply_after_the_headers_closes_the_connection() {
    let (_, _, root) = Script::new().on("response_body", 0, [reply(502, "late", &[], "")]).start();
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200).body("ok"));
    assert_eq!(exchange.state(), State::Reset);
    assert_eq!(exchange.response().unwrap().status(), 200);
}

#[test]
fn envoys_own_failures_pass_the_filters_as_well() {
    let script = Script::new().on(
        "response_headers",
        0,
        [get(2, ":status"), property("response/code_details"), property("response/flags"), property("xds/route_name")],
    );
    let (host, _, root) = script.start();
    let exchange = Chain::of([&root]).router_replies(LocalReply::no_route()).send(Request::get("/"));
    assert_eq!(exchange.response().unwrap().status(), 404);
    let flags = "\0\u{1}\0\0\0\0\0\0";
    let details = ["response/code_details=0", "route_not_found", "response/flags=0", flags, "xds/route_name=1"];
    check(&host, &[["get=0", "404"].as_slice(), &details].concat());

    let mut exchange = root.send(Request::get("/"));
    exchange.fail(LocalReply::timeout());
    assert_eq!(exchange.response().unwrap().text(), "upstream request timeout");
    assert_eq!(exchange.details().as_deref(), Some("response_timeout"));
}

#[test]
fn a_request_that_the_codec_refuses_is_only_logged() {
    let script = Script::new()
        .on("request_headers", 0, [log("request")])
        .on("response_headers", 0, [log("response")])
        .on("log", 0, [get(2, ":status"), get(0, "x-a")]);
    let (host, _, root) = script.start();
    let exchange = Chain::of([&root]).refuse(Request::get("/"), LocalReply::headers_too_large());
    assert_eq!(exchange.response().unwrap().status(), 431);
    check(&host, &["get=0", "431", "get=1"]);
}

#[test]
fn a_stream_ends_with_log_done_and_delete_and_leaves_nothing() {
    let script = Script::new()
        .on("context_create", 0, [log("create")])
        .on("log", 0, [get(0, ":path"), get(2, ":status")])
        .on("done", 1, [log("done")])
        .on("delete", 0, [log("delete")]);
    let (host, worker, root) = script.start();
    let contexts = worker.contexts();
    root.exchange(Request::get("/pets"), |_| Response::new(200));
    let end = ["get=0", "/pets", "get=0", "200", "done", "delete"];
    check(&host, &[["create"].as_slice(), &end].concat());
    assert_eq!(worker.contexts(), contexts);

    // A client that goes away ends the stream too.
    drop(root.send(Request::get("/pets")));
    assert_eq!(worker.contexts(), contexts);
}

#[test]
fn a_filter_can_close_the_connection() {
    let close = call("close", "proxy_close_stream", vec![I(0)]);
    let (_, _, root) = Script::new().on("request_headers", 1, [close]).start();
    let exchange = root.send(Request::get("/"));
    assert_eq!((exchange.state(), exchange.response().is_none()), (State::Reset, true));
}

#[test]
fn resuming_within_the_callback_is_reported() {
    let (_, _, root) = Script::new().on("request_headers", 0, [resume(0)]).start();
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200));
    let problems = exchange.problems();
    assert!(problems.iter().any(|problem| problem.contains("sent on 2 times")), "{problems:?}");
}
