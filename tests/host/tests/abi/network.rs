//! Network filters.

use std::time::Duration;

use crate::common::*;
use host::{Peer, Request, Response, Terminal};

#[test]
fn echo_sends_back_what_the_filter_lets_pass_both_ways() {
    let script = Script::new()
        .on("downstream_data", 0, [body(2), replace(2, "in")])
        .on("upstream_data", 0, [body(3), replace(3, "out")])
        .on("downstream_connection_close", 0, [log("closed")]);
    let (host, worker, root) = script.start();
    let contexts = worker.contexts();
    let mut connection = root.connect(Terminal::Echo);
    connection.send("hello");
    assert_eq!(connection.received(), b"out");
    connection.close(Peer::Remote);
    check(&host, &["body=0", "hello", "replace=0", "body=0", "in", "replace=0", "closed"]);
    assert_eq!(worker.contexts(), contexts);
}

#[test]
fn a_filter_that_holds_everything_can_write_at_any_time() {
    let append = call("append", "proxy_set_buffer_bytes", vec![I(2), I(1 << 30), I(0), T(b"frame".to_vec())]);
    let script = Script::new()
        .on("configure", 1, [call("tick", "proxy_set_tick_period_milliseconds", vec![I(1000)])])
        .on("new_connection", 0, [])
        .on("downstream_data", 1, [body(2), replace(2, "")])
        .on("tick", 0, [on_stream(), append, resume(2)]);
    let (host, _, root) = script.start();
    let mut connection = root.connect(Terminal::Echo);
    connection.send("hello");
    assert_eq!(connection.received(), b"");
    host.advance(Duration::from_secs(1));
    assert_eq!(connection.received(), b"frame");
    check(&host, &["body=0", "hello", "replace=0", "on_stream=0", "append=0", "resume=0"]);
}

#[test]
fn a_close_overtakes_what_was_resumed_in_the_same_callback() {
    // Envoy runs the second request while it is still busy with the first, whose write calls the module again.
    let close = call("close", "proxy_close_stream", vec![I(2)]);
    let script = Script::new().on("downstream_data", 1, [resume(2), close]).on("upstream_data", 0, [log("write")]);
    let (host, _, root) = script.start();
    let mut connection = root.connect(Terminal::Echo);
    connection.send("hello");
    check(&host, &["resume=0", "close=0", "write"]);
    assert!(connection.is_closed_by_filter());
    assert_eq!(connection.received(), b"");
}

#[test]
fn what_is_held_grows() {
    let (host, _, root) = Script::new().on("downstream_data", 1, [body(2)]).start();
    let mut connection = root.connect(Terminal::Upstream);
    connection.send("ab");
    connection.send("cd");
    check(&host, &["body=0", "ab", "body=0", "abcd"]);
    assert_eq!(connection.upstream_received(), b"");
    connection.respond("answer", true);
    assert_eq!(connection.received(), b"answer");
}

#[test]
fn a_connection_dies_with_its_vm() {
    let (_, _, root) = Script::new().on("downstream_data", 0, [trap()]).start();
    let mut connection = root.connect(Terminal::Echo);
    connection.send("hello");
    assert!(connection.is_closed());
    assert!(root.connect(Terminal::Echo).is_closed());
    assert_eq!(root.exchange(Request::get("/"), |_| Response::new(200)).response().unwrap().status(), 503);
}
