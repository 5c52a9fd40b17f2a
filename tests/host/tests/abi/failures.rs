//! Modules that do not load, plugins that do not start, VMs that die.

use std::time::Duration;

use crate::common::*;
use host::{Chain, Error, FailurePolicy, Host, Level, Request, Response, State};

#[test]
fn modules_that_envoy_would_not_load_are_refused() {
    let load =
        |text: &str| Host::new().vm(wat::parse_str(text).unwrap()).and_then(|vm| vm.start()).unwrap_err().to_string();
    let abi = "(func (export \"proxy_abi_version_0_2_1\"))";
    assert!(load("(module)").contains("proxy_abi_version_0_2_0"));
    assert!(load(&format!("(module (import \"env\" \"proxy_fly\" (func)) {abi})")).contains("proxy_fly"));
    assert!(load(&format!("(module {abi})")).contains("no memory"));
    assert!(load(&format!("(module (memory (export \"memory\") 1) {abi})")).contains("malloc"));
    assert!(matches!(Host::new().vm(b"not a module"), Err(Error::Load(_))));
    assert!(matches!(Host::new().worker("/nonexistent.wasm"), Err(Error::Read(..))));
}

#[test]
fn a_module_initialises_itself_without_the_proxy() {
    let module = |calls: &str| {
        let text = format!(
            "(module
               (import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
               (import \"env\" \"proxy_set_tick_period_milliseconds\" (func $tick (param i32) (result i32)))
               (memory (export \"memory\") 1) (data (i32.const 0) \"hi\")
               (func (export \"proxy_abi_version_0_2_0\"))
               (func (export \"malloc\") (param i32) (result i32) (i32.const 64))
               (func (export \"_initialize\") {calls}))"
        );
        let host = Host::new();
        let started = host.vm(wat::parse_str(text).unwrap()).unwrap().start().map(|_| ());
        (host, started)
    };
    let (host, started) = module("(drop (call $log (i32.const 2) (i32.const 0) (i32.const 2)))");
    started.unwrap();
    assert_eq!(logged(&host), ["hi"]);
    let (_, started) = module("(drop (call $tick (i32.const 2)))");
    assert!(started.unwrap_err().to_string().contains("restricted_callback"));
}

#[test]
fn a_plugin_that_refuses_its_configuration_says_why() {
    let script = Script::new().on("configure", 0, [body(7)]).on("vm_start", 1, [body(6), body(7)]);
    let host = Host::new();
    let worker = host.vm(script.build()).unwrap().vm_configuration("vm").start().unwrap();
    let error = worker.configure("test", r#"{"bad": 1}"#).unwrap_err();
    assert!(error.reason.contains("proxy_on_configure returned 0"), "{error}");
    assert!(error.mentions(r#"{"bad": 1}"#));
    // The configuration can be read while it is configured, and only then.
    assert_eq!(logged(&host), ["body=0", "vm", "body=1", "body=0", r#"{"bad": 1}"#]);

    let worker = host.vm(Script::new().on("vm_start", 0, []).build()).unwrap().start().unwrap();
    assert!(worker.configure("test", "").is_err_and(|error| error.reason.contains("proxy_on_vm_start")));
}

#[test]
fn several_plugins_share_a_vm() {
    let script = Script::new().on("configure", 1, [body(7), property("plugin_root_id")]);
    let host = Host::new();
    let worker = host.vm(script.build()).unwrap().start().unwrap();
    let (a, b) = (worker.configure("a", "1").unwrap(), worker.configure("b", "2").unwrap());
    assert_eq!(logged(&host), ["body=0", "1", "plugin_root_id=0", "a", "body=0", "2", "plugin_root_id=0", "b"]);
    assert_ne!(a.context(), b.context());
    assert_eq!(Chain::of([&a, &b]).send(Request::get("/")).state(), State::AtUpstream);
}

#[test]
fn a_dead_vm_answers_503_for_ever() {
    let (host, worker, root) = Script::new().on("request_headers", 0, [trap()]).start();
    for _ in 0..2 {
        let exchange = root.send(Request::get("/"));
        assert_eq!(exchange.response().unwrap().status(), 503);
        assert_eq!(exchange.details().as_deref(), Some("wasm_fail_stream"));
        host.advance(Duration::from_secs(60));
    }
    assert!(worker.failure().unwrap().contains("proxy_on_request_headers"));
    assert_eq!(host.logs()[0].level, Level::Critical);
}

#[test]
fn a_plugin_can_let_everything_pass_when_it_is_dead() {
    let host = Host::new();
    let wasm = Script::new().on("request_headers", 0, [trap()]).build();
    let worker = host.vm(wasm).unwrap().failure_policy(FailurePolicy::Open).start().unwrap();
    let root = worker.configure("test", "").unwrap();
    for _ in 0..2 {
        assert_eq!(root.send(Request::get("/")).state(), State::AtUpstream);
    }
}

#[test]
fn a_plugin_can_be_loaded_anew_a_second_after_the_last_time() {
    let host = Host::new();
    let script = Script::new().on("configure", 1, [log("configured")]).on("request_body", 0, [trap()]);
    let worker = host.vm(script.build()).unwrap().failure_policy(FailurePolicy::Reload).start().unwrap();
    let root = worker.configure("test", "").unwrap();
    let bad = || root.send(Request::post("/").body("x")).response().unwrap().status();
    let good = || root.send(Request::get("/")).state();
    assert_eq!(bad(), 503);
    host.advance(Duration::from_millis(999));
    assert_eq!(good(), State::Answered);
    host.advance(Duration::from_millis(1));
    assert_eq!(good(), State::AtUpstream);
    assert_eq!(logged(&host).iter().filter(|line| *line == "configured").count(), 2);
    // The next death has to wait again.
    assert_eq!(bad(), 503);
    assert_eq!(good(), State::Answered);
}

#[test]
fn a_stream_that_waits_when_its_vm_dies_is_never_answered() {
    let script = Script::new().on("request_headers", 1, [http_call("side", "/", "", 1000)]).on(
        "http_call_response",
        0,
        [trap()],
    );
    let (_, _, root) = script.start();
    let exchange = root.send(Request::get("/"));
    exchange.callout().answer(Response::new(200));
    assert_eq!(exchange.state(), State::Waiting);
}

#[test]
fn a_trap_in_the_response_replaces_it_while_the_client_has_nothing() {
    let (_, _, root) = Script::new().on("response_headers", 1, []).on("response_body", 0, [trap()]).start();
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200).body("ok"));
    assert_eq!(exchange.response().unwrap().status(), 503);

    let (_, _, root) = Script::new().on("response_body", 0, [trap()]).start();
    let exchange = root.exchange(Request::get("/"), |_| Response::new(200).body("ok"));
    assert_eq!((exchange.state(), exchange.response().unwrap().status()), (State::Reset, 200));
}

#[test]
fn a_plugin_shuts_down_when_it_says_so() {
    let done = || call("done", "proxy_done", vec![]);
    let script = Script::new()
        .on("configure", 1, [done(), call("tick", "proxy_set_tick_period_milliseconds", vec![I(10)])])
        .on("done", 0, [log("asked to end")])
        .on("tick", 0, [done()])
        .on("delete", 0, [log("deleted")]);
    let (host, worker, root) = script.start();
    let contexts = worker.contexts();
    root.shut_down();
    check(&host, &["asked to end"]);
    host.advance(Duration::from_millis(10));
    check(&host, &["done=0", "deleted"]);
    assert_eq!(worker.contexts(), contexts - 1);
    host.advance(Duration::from_secs(1));
    check(&host, &[]);
}
