//! Bodies: frames, buffering, replacement, limits.

use crate::common::*;
use host::{Chain, Direction, HeaderMap, MapKind, Request, Response, State};

/// A filter that only logs the body it is given.
fn observer() -> Script {
    Script::new().on("request_headers", 0, [log("headers")]).on("request_body", 0, [body(0)])
}

#[test]
fn a_filter_that_stops_in_headers_still_gets_the_body() {
    let (host, worker, _) = Script::new().on("request_headers", 1, []).on("request_body", 1, [body(0)]).start();
    let root = worker.plugin("test").start().unwrap();
    let exchange = root.send(Request::post("/").frames(["ab", "cd"]));
    // The third frame is empty and ends the stream, as Envoy's HTTP/1 codec has it.
    check(&host, &["body=0", "ab", "body=0", "abcd", "body=0", "abcd"]);
    assert_eq!(exchange.state(), State::Waiting);
    assert_eq!(exchange.paused_by(), Some(("test".to_owned(), Direction::Request)));
    assert!(exchange.upstream_request().is_none());
}

#[test]
fn without_allow_on_headers_stop_iteration_it_waits_for_ever() {
    let (host, worker, _) = Script::new().on("request_headers", 1, []).on("request_body", 0, [body(0)]).start();
    let root = worker.plugin("test").allow_on_headers_stop_iteration(false).start().unwrap();
    let exchange = root.send(Request::post("/").body("hello"));
    check(&host, &[]);
    assert_eq!(exchange.state(), State::Waiting);
}

#[test]
fn what_was_held_back_comes_in_one_piece_once_resumed() {
    let script = Script::new()
        .on("request_headers", 1, [http_call("side", "/", "", 0)])
        .on("request_body", 0, [body(0)])
        .on("http_call_response", 0, [on_stream(), resume(0), get(0, ":path")]);
    let (host, worker, _) = script.start();
    let root = worker.plugin("test").allow_on_headers_stop_iteration(false).start().unwrap();
    let exchange = root.send(Request::post("/").frames(["ab", "cd"]));
    exchange.callout().answer(Response::new(200));
    // The request is out of reach from the moment the filter resumes it.
    check(&host, &["http_call=0", "on_stream=0", "resume=0", "get=2", "body=0", "abcd"]);
    assert_eq!(exchange.upstream_request().unwrap().text(), "abcd");
    assert_eq!(exchange.state(), State::AtUpstream);
}

#[test]
fn a_buffered_body_can_be_replaced() {
    let changer = Script::new().on("request_headers", 1, []).on("request_body", 1, []);
    let last = changer.clone().on("request_body", 0, [replace(0, "new body")]);
    let (host, _, first) = last.start();
    let second = host.vm(observer().build()).unwrap().start().unwrap().configure("second", "").unwrap();
    let exchange = Chain::of([&first, &second]).send(Request::post("/").body("hello").end_with_last_frame());
    check(&host, &["replace=0", "headers", "body=0", "new body"]);
    assert_eq!(exchange.upstream_request().unwrap().text(), "new body");
}

#[test]
fn a_forgotten_content_length_is_reported() {
    let script = Script::new().on("request_headers", 1, []).on("request_body", 0, [replace(0, "longer body")]);
    let (_, _, root) = script.start();
    let exchange = root.exchange(Request::post("/").body("hello").end_with_last_frame(), |_| Response::new(200));
    assert_eq!(exchange.problems(), ["the Request announces content-length 5 and has 11 bytes"]);
}

#[test]
fn there_is_no_body_to_set_where_there_is_none() {
    let (host, _, root) = Script::new().on("request_headers", 0, [body(0), replace(0, "x")]).start();
    let exchange = root.send(Request::get("/"));
    check(&host, &["body=0", "replace=2"]);
    assert_eq!(exchange.upstream_request().unwrap().frames.len(), 0);
}

#[test]
fn a_request_that_does_not_fit_the_buffer_is_answered_with_413() {
    let script = Script::new().on("request_headers", 1, []).on("request_body", 1, []).on(
        "response_headers",
        0,
        [get(2, ":status"), property("response/code_details")],
    );
    let (host, _, root) = script.start();
    host.set_buffer_limit(10);
    let exchange = root.send(Request::post("/").body("0123456789").end_with_last_frame());
    assert_eq!(exchange.state(), State::Waiting);
    let exchange = root.send(Request::post("/").body("0123456789a"));
    assert_eq!(exchange.response().unwrap().status(), 413);
    assert_eq!(exchange.response().unwrap().text(), "Payload Too Large");
    check(&host, &["get=0", "413", "response/code_details=0", "request_payload_too_large"]);
}

#[test]
fn a_response_that_does_not_fit_the_buffer_becomes_500() {
    let (host, _, root) = Script::new().on("response_headers", 1, []).on("response_body", 1, []).start();
    host.set_buffer_limit(10);
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200).body("0123456789a"));
    assert_eq!(exchange.response().unwrap().status(), 500);
    assert_eq!(exchange.details().as_deref(), Some("response_payload_too_large"));
}

#[test]
fn a_response_body_can_be_replaced() {
    let script = Script::new()
        .on(
            "response_headers",
            1,
            [call("del", "proxy_remove_header_map_value", vec![I(2), T(b"content-length".into())])],
        )
        .on("response_body", 0, [body(1), replace(1, "changed"), set(2, ":status", "299")]);
    let (host, _, root) = script.start();
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200).body("hello").end_with_last_frame());
    check(&host, &["del=0", "body=0", "hello", "replace=0", "set=0"]);
    let response = exchange.response().unwrap();
    assert_eq!((response.status(), response.text().as_str()), (299, "changed"));
    assert_eq!(exchange.problems(), Vec::<String>::new());
}

#[test]
fn bodies_stream_through_a_filter_that_does_not_stop() {
    let (host, _, root) = observer().start();
    let mut exchange = Chain::of([&root]).open(Request::post("/"));
    exchange.send_data("ab", false);
    assert_eq!(exchange.upstream_request().unwrap().text(), "ab");
    exchange.send_data("cd", true);
    assert_eq!(exchange.upstream_request().unwrap().text(), "abcd");
    assert_eq!(exchange.state(), State::AtUpstream);
    check(&host, &["headers", "body=0", "ab", "body=0", "cd"]);
    let mut headers = HeaderMap::new(MapKind::Response);
    headers.add(":status", "200");
    exchange.respond_headers(headers, false);
    exchange.respond_data("x", false);
    assert_eq!((exchange.state(), exchange.response().unwrap().text().as_str()), (State::Waiting, "x"));
    exchange.respond_data("y", true);
    assert_eq!((exchange.state(), exchange.response().unwrap().text().as_str()), (State::Answered, "xy"));
}

#[test]
fn trailers_pass_and_can_be_added_with_the_last_frame() {
    let trailer = |map, name| call("get", "proxy_get_header_map_value", vec![I(map), T(name), Out]);
    let script = Script::new().on("request_trailers", 0, [trailer(1, b"x-t".to_vec()), set(1, "x-u", "2")]);
    let (host, _, root) = script.start();
    let request = root.send(Request::post("/").frames(["ab"]).trailer("x-t", "1")).upstream_request().unwrap();
    check(&host, &["get=0", "1", "set=0"]);
    assert_eq!(request.trailers.unwrap().text("x-u").as_deref(), Some("2"));

    let (_, _, root) = Script::new().on("request_body", 0, [add(1, "x-t", "1")]).start();
    let exchange = root.send(Request::post("/").frames(["ab"]).end_with_last_frame());
    assert_eq!(exchange.upstream_request().unwrap().trailers.unwrap().text("x-t").as_deref(), Some("1"));
}
