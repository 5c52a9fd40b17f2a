//! Properties of streams.

use crate::common::*;
use host::{Chain, Request, Response};

fn properties(paths: &[&str]) -> Vec<Op> {
    paths.iter().map(|path| property(path)).collect()
}

#[test]
fn a_stream_has_the_properties_that_envoy_derives() {
    let paths = [
        "request/path",
        "request/url_path",
        "request/query",
        "request/host",
        "request/method",
        "request/protocol",
        "request/headers/x-a",
        "request/headers/nope",
        "source/address",
        "xds/route_name",
        "plugin_root_id",
        "plugin_vm_id",
        "route_name",
        "source",
        "request/path/more",
    ];
    let (host, _, root) = Script::new().on("request_headers", 0, properties(&paths)).start();
    let request = Request::get("/pets?a=b").header("x-a", "1").header("x-a", "2");
    root.send(request.route("GET /pets").source("192.0.2.1", 4711));
    let expected = [
        "request/path=0",
        "/pets?a=b",
        "request/url_path=0",
        "/pets",
        "request/query=0",
        "a=b",
        "request/host=0",
        "example.com",
        "request/method=0",
        "GET",
        "request/protocol=0",
        "HTTP/1.1",
        "request/headers/x-a=0",
        "1,2",
        "request/headers/nope=1",
        "source/address=0",
        "192.0.2.1:4711",
        "xds/route_name=0",
        "GET /pets",
        "plugin_root_id=0",
        "test",
        "plugin_vm_id=0",
        "apigw",
        "route_name=1",
        "source=3",
        "request/path/more=1",
    ];
    check(&host, &expected);
}

#[test]
fn numbers_are_binary() {
    let (host, _, root) = Script::new()
        .on("request_headers", 0, properties(&["source/port", "connection/mtls", "connection/id", "request/time"]))
        .start();
    host.set_unix_millis(1);
    root.send(Request::get("/").source("::1", 513));
    // 1 ms is 1,000,000 ns, 0x0f4240, of which the host's log keeps what is UTF-8.
    let time = String::from_utf8_lossy(&1_000_000_i64.to_le_bytes()).into_owned();
    let expected = [
        "source/port=0",
        "\u{1}\u{2}\0\0\0\0\0\0",
        "connection/mtls=0",
        "\0",
        "connection/id=0",
        "\u{1}\0\0\0\0\0\0\0",
        "request/time=0",
        &time,
    ];
    check(&host, &expected);
}

#[test]
fn a_plugin_has_no_stream_while_it_is_configured() {
    let script = Script::new().on("configure", 1, [property("request/path"), set_property("apigw.x", "1")]);
    let host = host::Host::new();
    host.vm(script.build()).unwrap().start().unwrap().configure("test", "").unwrap();
    assert_eq!(logged(&host), ["request/path=1", "set_property=1"]);
}

#[test]
fn what_one_filter_sets_the_others_see() {
    let (host, _, first) =
        Script::new().on("request_headers", 0, [set_property("apigw.x", "1"), set_property("apigw.x", "2")]).start();
    let reads = properties(&["apigw.x", "filter_state/wasm.apigw.x", "filter_state/apigw.x", "wasm.apigw.x"]);
    let script = Script::new().on("request_headers", 0, reads);
    let second = host.vm(script.build()).unwrap().start().unwrap().configure("second", "").unwrap();
    let mut exchange = Chain::of([&first, &second]).send(Request::get("/"));
    let found = ["apigw.x=0", "2", "filter_state/wasm.apigw.x=0", "2", "filter_state/apigw.x=1", "wasm.apigw.x=1"];
    check(&host, &[["set_property=0", "set_property=0"].as_slice(), &found].concat());
    assert_eq!(exchange.property("apigw.x").unwrap(), b"2");
    exchange.set_property("apigw.y", "3");
    assert_eq!(exchange.property("apigw.y").unwrap(), b"3");
}

#[test]
fn request_properties_go_when_the_headers_go() {
    let script = Script::new().on(
        "response_headers",
        0,
        properties(&[
            "request/path",
            "response/code",
            "response/code_details",
            "response/headers/x-u",
            "upstream/address",
        ]),
    );
    let (host, _, root) = script.start();
    root.exchange(Request::get("/"), |_| Response::new(7).header("x-u", "1"));
    let expected = [
        "request/path=1",
        "response/code=0",
        "\u{7}\0\0\0\0\0\0\0",
        "response/code_details=0",
        "via_upstream",
        "response/headers/x-u=0",
        "1",
        "upstream/address=0",
        "127.0.0.1:9000",
    ];
    check(&host, &expected);
}

#[test]
fn tests_can_set_any_property() {
    let (host, _, root) = Script::new().on("request_headers", 0, properties(&["metadata/a/b", "xds/node/id"])).start();
    host.set_property(&["xds", "node", "id"], "node-1");
    root.send(Request::get("/").property(&["metadata", "a", "b"], "mine"));
    check(&host, &["metadata/a/b=0", "mine", "xds/node/id=0", "node-1"]);
}
