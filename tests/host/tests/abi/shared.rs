//! What the VMs of a host share: data, queues, statistics, the clock.

use std::{thread, time::Duration};

use crate::common::*;
use host::{Host, Request, Status};

fn data(import: &str, arguments: Vec<Arg>) -> Op {
    call(if import.contains("get") { "sget" } else { "sset" }, import, arguments)
}

fn key() -> Arg {
    T(b"key".to_vec())
}

#[test]
fn workers_of_one_vm_id_share_data() {
    let writes =
        Script::new().on("request_headers", 0, [data("proxy_set_shared_data", vec![key(), T(b"v".to_vec()), I(0)])]);
    let reads = Script::new().on("request_headers", 0, [data("proxy_get_shared_data", vec![key(), Out, Slot])]);
    let (host, worker, writer) = writes.start();
    let reader = host.vm(reads.build()).unwrap().start().unwrap().configure("r", "").unwrap();
    let foreign = host.vm(reads.build()).unwrap().vm_id("other").start().unwrap().configure("r", "").unwrap();
    reader.send(Request::get("/"));
    writer.send(Request::get("/"));
    reader.send(Request::get("/"));
    foreign.send(Request::get("/"));
    check(&host, &["sget=1", "sset=0", "sget=0", "v", "sget=1"]);
    assert_eq!(host.shared_data("apigw").keys(), [b"key"]);
    // The data are gone with the last VM.
    drop((worker, writer, reader));
    assert_eq!(host.shared_data("apigw").get("key"), None);
}

#[test]
fn compare_and_set_fails_when_somebody_was_faster() {
    let script = Script::new().on(
        "request_headers",
        0,
        [
            data("proxy_set_shared_data", vec![key(), T(b"1".to_vec()), I(0)]),
            data("proxy_get_shared_data", vec![key(), Out, Slot]),
            data("proxy_set_shared_data", vec![key(), T(b"2".to_vec()), Loaded]),
            data("proxy_set_shared_data", vec![key(), T(b"3".to_vec()), Loaded]),
            data("proxy_set_shared_data", vec![key(), T(b"4".to_vec()), I(0)]),
        ],
    );
    let (host, _, root) = script.start();
    root.send(Request::get("/"));
    check(&host, &["sset=0", "sget=0", "1", "sset=0", "sset=8", "sset=0"]);
    host.shared_data("apigw").contend(1);
    root.send(Request::get("/"));
    check(&host, &["sset=0", "sget=0", "1", "sset=8", "sset=8", "sset=0"]);
    assert_eq!(host.shared_data("apigw").get("key").unwrap(), b"4");
}

/// Counts every request in shared data, with as many attempts as it takes.
const COUNTER: &str = r#"(module
    (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "n")
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) (i32.const 64))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (loop $again
        (drop (call $get (i32.const 0) (i32.const 1) (i32.const 16) (i32.const 20) (i32.const 24)))
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (br_if $again
          (call $set (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 4) (i32.load (i32.const 24)))))
      (i32.const 0)))"#;

#[test]
fn workers_on_two_threads_do_not_lose_updates() {
    let host = Host::new();
    let wasm = wat::parse_str(COUNTER).unwrap();
    host.shared_data("apigw").set("n", 0_u32.to_le_bytes());
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (host, wasm) = (host.clone(), wasm.clone());
            thread::spawn(move || {
                let worker = host.vm(wasm).unwrap().start().unwrap();
                let root = worker.configure("counter", "").unwrap();
                (0..500).for_each(|_| drop(root.send(Request::get("/"))));
                worker
            })
        })
        .collect();
    let workers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(host.shared_data("apigw").get("n").unwrap(), 1000_u32.to_le_bytes());
    drop(workers);
}

#[test]
fn a_queue_tells_the_vm_that_registered_it() {
    let name = || T(b"work".to_vec());
    let dequeue = || call("deq", "proxy_dequeue_shared_queue", vec![I(1), Out]);
    let consumer = Script::new()
        .on("configure", 1, [call("register", "proxy_register_shared_queue", vec![name(), Slot])])
        .on("queue_ready", 0, [dequeue(), dequeue()]);
    let producer = Script::new().on(
        "request_headers",
        0,
        [
            call("resolve", "proxy_resolve_shared_queue", vec![T(Vec::new()), name(), Slot]),
            call("enq", "proxy_enqueue_shared_queue", vec![Loaded, T(b"item".to_vec())]),
            call("resolve", "proxy_resolve_shared_queue", vec![T(b"other".to_vec()), name(), Slot]),
            call("enq", "proxy_enqueue_shared_queue", vec![I(99), T(b"item".to_vec())]),
        ],
    );
    let (host, _worker, _root) = consumer.start();
    let root = host.vm(producer.build()).unwrap().start().unwrap().configure("p", "").unwrap();
    root.send(Request::get("/"));
    check(&host, &["resolve=0", "enq=0", "resolve=1", "enq=1", "deq=0", "item", "deq=7"]);
    assert!(host.enqueue("apigw", "work", "from the test"));
    check(&host, &["deq=0", "from the test", "deq=7"]);
    assert!(!host.enqueue("apigw", "unknown", ""));
}

#[test]
fn statistics_are_summed_over_the_workers() {
    let define =
        |kind, name: &str| call("define", "proxy_define_metric", vec![I(kind), T(name.as_bytes().to_vec()), Slot]);
    let script = Script::new().on(
        "request_headers",
        0,
        [
            define(0, "c"),
            call("inc", "proxy_increment_metric", vec![Loaded, L(2)]),
            call("inc", "proxy_increment_metric", vec![Loaded, L(-1)]),
            call("inc", "proxy_increment_metric", vec![I(400), L(1)]),
            define(1, "g"),
            call("rec", "proxy_record_metric", vec![Loaded, L(7)]),
            call("inc", "proxy_increment_metric", vec![Loaded, L(-2)]),
            define(2, "h"),
            call("inc", "proxy_increment_metric", vec![Loaded, L(1)]),
            call("rec", "proxy_record_metric", vec![Loaded, L(8)]),
            define(3, "x"),
        ],
    );
    let (host, _, a) = script.start();
    let b = host.vm(script.build()).unwrap().start().unwrap().configure("b", "").unwrap();
    a.send(Request::get("/"));
    check(
        &host,
        &[
            "define=0", "inc=0", "inc=2", "inc=1", "define=0", "rec=0", "inc=0", "define=0", "inc=2", "rec=0",
            "define=2",
        ],
    );
    b.send(Request::get("/"));
    assert_eq!((host.metric("c"), host.metric("g"), host.metric("none")), (4, 5, 0));
    assert_eq!(host.histogram("h"), [8, 8]);
}

#[test]
fn ticks_follow_the_clock() {
    let tick = |period| call("tick", "proxy_set_tick_period_milliseconds", vec![I(period)]);
    let script = Script::new().on("configure", 1, [tick(100)]).on("tick", 0, [log("tick")]);
    let (host, worker, _root) = script.start();
    host.advance(Duration::from_millis(99));
    check(&host, &[]);
    host.advance(Duration::from_millis(201));
    check(&host, &["tick", "tick", "tick"]);
    assert!(worker.failure().is_none());
}

#[test]
fn the_clock_moves_only_when_told() {
    let script =
        Script::new().on("request_headers", 0, [call("now", "proxy_get_current_time_nanoseconds", vec![Out8])]);
    let (host, _, root) = script.start();
    assert_eq!(host.unix_millis(), 1_704_067_200_000);
    host.set_unix_millis(0);
    host.advance(Duration::from_millis(1));
    assert_eq!(host.unix_millis(), 1);
    root.send(Request::get("/"));
    // 1,000,000 ns are 0x0f4240.
    check(&host, &["now=0", "@B\u{f}\0\0\0\0\0"]);
}

#[test]
fn foreign_functions_are_the_tests() {
    let foreign =
        |name: &str| call(name, "proxy_call_foreign_function", vec![T(name.into()), T(b"argument".to_vec()), Out]);
    let script = Script::new().on(
        "request_headers",
        0,
        [foreign("double"), foreign("refuse"), foreign("none"), foreign("clear_route_cache")],
    );
    let (host, _, root) = script.start();
    host.foreign_function("double", |argument| Ok([argument, argument].concat()));
    host.foreign_function("refuse", |_| Err(Status::BadArgument));
    let exchange = root.send(Request::get("/"));
    check(&host, &["double=0", "argumentargument", "refuse=2", "none=1", "clear_route_cache=0"]);
    assert_eq!(exchange.route_cleared(), 1);
}
