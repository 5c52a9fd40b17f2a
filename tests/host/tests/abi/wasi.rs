//! The part of WASI that a Rust module for `wasm32-wasip1` needs.

use host::{Host, Level, Request};

/// Runs the calls in a request's headers callback; `$errno` takes a result and logs it as a digit.
fn run(calls: &str) -> Host {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\20\00\00\00\06\00\00\00") (data (i32.const 32) "hello\n")
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
            (func $errno (param i32)
              (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (local.get 0)))
              (drop (call $log (i32.const 2) (i32.const 1024) (i32.const 1))))
            (func $show (param i32 i32) (drop (call $log (i32.const 2) (local.get 0) (local.get 1))))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {calls} (i32.const 0)))"#
    );
    let host = Host::new();
    host.set_unix_millis(0);
    let vm = host.vm(wat::parse_str(text).unwrap()).unwrap().environment("A", "b").environment("CC", "");
    let root = vm.start().unwrap().configure("test", "").unwrap();
    root.send(Request::get("/"));
    host
}

fn lines(calls: &str) -> Vec<String> {
    run(calls).logs().into_iter().map(|line| line.text).collect()
}

#[test]
fn standard_output_and_error_are_the_log() {
    let host = run("(call $errno (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64)))
                    (call $errno (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
                    (call $errno (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 64)))");
    let logged: Vec<_> = host.logs().into_iter().map(|line| (line.level, line.text)).collect();
    let expected =
        [(Level::Error, "hello"), (Level::Info, "0"), (Level::Info, "hello"), (Level::Info, "0"), (Level::Info, "8")];
    assert_eq!(logged, expected.map(|(level, text)| (level, text.to_owned())));
}

#[test]
fn clocks_are_the_hosts() {
    // Unix time 0, and no clock of the process.
    let calls = "(call $errno (call $clock (i32.const 0) (i64.const 0) (i32.const 64)))
                 (call $show (i32.const 64) (i32.const 8))
                 (call $errno (call $clock (i32.const 9) (i64.const 0) (i32.const 64)))";
    assert_eq!(lines(calls), ["0", "\0\0\0\0\0\0\0\0", "j"]);
}

#[test]
fn random_numbers_come_from_the_seed() {
    let calls = "(call $errno (call $random (i32.const 64) (i32.const 11))) (call $show (i32.const 64) (i32.const 11))";
    assert_eq!(lines(calls), lines(calls));
    assert_ne!(lines(calls)[1], "\0".repeat(11));
    assert_eq!(lines("(call $errno (call $random (i32.const 64) (i32.const 65537)))"), ["L"]);
}

#[test]
fn the_environment_is_the_vms() {
    let calls = "(call $errno (call $sizes (i32.const 64) (i32.const 68)))
                 (call $show (i32.const 64) (i32.const 8))
                 (call $errno (call $environ (i32.const 64) (i32.const 128)))
                 (call $show (i32.const 128) (i32.const 8))";
    assert_eq!(lines(calls), ["0", "\u{2}\0\0\0\u{8}\0\0\0", "0", "A=b\0CC=\0"]);
}

#[test]
fn exit_returns() {
    assert_eq!(lines("(call $exit (i32.const 1)) (call $errno (i32.const 7))"), ["7"]);
}
