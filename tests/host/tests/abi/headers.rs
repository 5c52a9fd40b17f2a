//! Header maps: which exist when, and what their functions return.

use crate::common::*;
use host::{Request, Response, State};

#[test]
fn a_missing_header_is_not_found_and_a_missing_map_a_bad_argument() {
    let (host, _, root) = Script::new()
        .on("request_headers", 0, [get(0, "X-A"), get(0, "nope"), get(2, ":status"), get(9, "x-a")])
        .start();
    root.send(Request::get("/").header("x-a", "1").header("x-a", "2"));
    check(&host, &["get=0", "1", "get=1", "get=2", "get=2"]);
}

#[test]
fn a_map_without_entries_and_one_that_is_not_there_look_the_same() {
    let all = |map| call("pairs", "proxy_get_header_map_pairs", vec![I(map), Out]);
    let (host, _, root) = Script::new().on("request_headers", 0, [all(2), all(6)]).start();
    root.send(Request::get("/"));
    check(&host, &["pairs=0", "pairs=0"]);
}

#[test]
fn headers_that_went_on_are_out_of_reach() {
    let (host, _, root) = Script::new()
        .on("request_headers", 0, [])
        .on("request_body", 0, [get(0, ":path"), set(0, "x-late", "1")])
        .start();
    root.send(Request::post("/").body("hello").end_with_last_frame());
    check(&host, &["get=2", "set=2"]);
}

#[test]
fn headers_that_are_held_can_be_changed_until_they_go_on() {
    let (host, _, root) = Script::new()
        .on("request_headers", 1, [])
        .on("request_body", 0, [get(0, ":path"), set(0, "x-late", "1")])
        .start();
    let exchange = root.send(Request::post("/").body("hello").end_with_last_frame());
    check(&host, &["get=0", "/", "set=0"]);
    assert_eq!(exchange.upstream_request().unwrap().headers.text("x-late").as_deref(), Some("1"));
}

#[test]
fn a_map_can_be_replaced_and_pseudo_headers_come_first() {
    let all = pairs(&[("x-b", "1"), (":path", "/new"), ("x-forwarded-proto", "http"), (":method", "GET")]);
    let set_all = call("set_pairs", "proxy_set_header_map_pairs", vec![I(0), T(all)]);
    let (_, _, root) = Script::new().on("request_headers", 0, [set_all]).start();
    let request = root.send(Request::get("/")).upstream_request().unwrap();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, [":path", ":method", "x-b", "x-forwarded-proto"]);
}

#[test]
fn headers_that_cannot_be_read_are_none() {
    let broken = vec![I(200), T(Vec::new()), T(b"ok".to_vec()), T(b"\x05\0\0\0".to_vec()), I(-1)];
    let reply = call("reply", "proxy_send_local_response", broken);
    let (host, _, root) = Script::new().on("request_headers", 0, [reply]).start();
    let response = root.send(Request::get("/")).response().unwrap();
    check(&host, &["reply=0"]);
    assert_eq!(response.headers.len(), 3, "{:?}", response.headers);
}

#[test]
fn sizes_are_in_bytes_and_of_the_streams_own_maps_only() {
    let size = |map| call("size", "proxy_get_header_map_size", vec![I(map), Slot]);
    let (host, _, root) = Script::new().on("request_headers", 0, [size(0), size(2), size(6)]).start();
    root.send(Request::get("/"));
    check(&host, &["size=0", "size=2", "size=2"]);
}

#[test]
fn response_headers_can_be_changed_on_their_way() {
    let (host, _, root) = Script::new()
        .on("response_headers", 0, [get(0, ":path"), set(2, ":status", "201"), add(2, "vary", "b")])
        .start();
    let upstream = |_| Response::new(200).header("vary", "a").body("hello");
    let exchange = root.exchange(Request::get("/"), upstream);
    check(&host, &["get=2", "set=0", "add=0"]);
    assert_eq!(exchange.state(), State::Answered);
    let response = exchange.response().unwrap();
    assert_eq!((response.status(), response.headers.text("vary").as_deref()), (201, Some("a,b")));
}

#[test]
fn pointers_outside_the_memory_are_refused() {
    let outside = vec![I(0), I(i32::MAX), I(4), Out];
    let (host, _, root) =
        Script::new().on("request_headers", 0, [call("get", "proxy_get_header_map_value", outside)]).start();
    root.send(Request::get("/"));
    check(&host, &["get=6"]);
}
