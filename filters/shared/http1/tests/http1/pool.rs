use std::borrow::Cow;

use http1::{Expired, Malformed, Opened, Outcome, Place, Pool, Received, Request, Response};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const MINUTE: u64 = 60_000;

fn request(path: &str) -> Request {
    let header = |name: &'static str, value: &str| (Cow::Borrowed(name), value.as_bytes().to_vec());
    Request::write(&[header(":method", "GET"), header(":path", path), header(":authority", "a")], b"").unwrap()
}

fn bytes(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes()
}

fn opening(pool: &mut Pool, backend: &str, caller: u32, now: u64) -> u32 {
    match pool.call(backend, request("/"), caller, now, now + 1000) {
        Place::Open(id) => id,
        other => panic!("expected a new connection, got {other:?}"),
    }
}

/// A pool with an open connection to `b`, whose handle is 7, after a call at 0.
fn with_idle() -> Pool {
    let mut pool = Pool::default();
    let id = opening(&mut pool, "b", 1, 0);
    assert_eq!(pool.opened(id, 7, 0), Opened::Write(bytes("/")));
    assert_eq!(pool.received(7, OK), Received { ended: Some((1, hi())), close: false });
    pool
}

fn hi() -> Outcome {
    let headers = vec![("content-length".to_owned(), b"2".to_vec())];
    Outcome::Response(Response { status: 200, headers, body: b"hi".to_vec(), reusable: true })
}

#[test]
fn a_connection_takes_one_call_after_the_other() {
    let mut pool = with_idle();
    assert_eq!(pool.call("b", request("/2"), 2, 10, 1010), Place::Write(7, bytes("/2")));
    let second = opening(&mut pool, "b", 3, 10);
    assert_eq!(pool.received(7, &OK[..20]), Received::default());
    assert_eq!(pool.opened(second, 8, 11), Opened::Write(bytes("/")));
    assert_eq!(pool.received(8, OK), Received { ended: Some((3, hi())), close: false });
    assert_eq!(pool.received(7, &OK[20..]), Received { ended: Some((2, hi())), close: false });
    // The one that was used last comes first.
    assert_eq!(pool.call("b", request("/4"), 4, 12, 1012), Place::Write(7, bytes("/4")));
    assert_eq!(pool.call("b", request("/5"), 5, 12, 1012), Place::Write(8, bytes("/5")));
}

#[test]
fn a_connection_is_opened_once() {
    let mut pool = Pool::default();
    let id = opening(&mut pool, "b", 1, 0);
    assert_eq!(pool.opened(id, 7, 0), Opened::Write(bytes("/")));
    assert_eq!(pool.opened(id, 8, 0), Opened::Close);
    assert_eq!(pool.received(8, OK), Received { ended: None, close: true });
    assert_eq!(pool.received(7, OK), Received { ended: Some((1, hi())), close: false });
}

#[test]
fn backends_have_their_own_connections() {
    let mut pool = with_idle();
    opening(&mut pool, "c", 2, 0);
    assert!(matches!(pool.call("b", request("/"), 3, 0, 1), Place::Write(7, _)));
}

#[test]
fn calls_whose_connection_fails_or_ends_are_lost() {
    let mut pool = with_idle();
    let id = opening(&mut pool, "c", 2, 0);
    assert_eq!(pool.failed(id), Some((2, Outcome::Lost)));
    assert_eq!(pool.failed(id), None);
    assert_eq!(pool.opened(id, 9, 0), Opened::Close, "it was given up");
    pool.call("b", request("/"), 3, 0, 1000);
    assert_eq!(pool.received(7, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"), Received::default());
    assert_eq!(pool.ended(7), Some((3, Outcome::Lost)));
    assert_eq!(pool.ended(7), None);
    assert!(pool.is_empty());
    opening(&mut pool, "b", 4, 0);
}

#[test]
fn a_response_may_end_with_its_connection() {
    let mut pool = with_idle();
    pool.call("b", request("/"), 2, 0, 1000);
    assert_eq!(pool.received(7, b"HTTP/1.1 200 OK\r\n\r\nall"), Received::default());
    let all = Response { status: 200, headers: Vec::new(), body: b"all".to_vec(), reusable: false };
    assert_eq!(pool.ended(7), Some((2, Outcome::Response(all))));
}

#[test]
fn an_idle_connection_that_ends_is_forgotten() {
    let mut pool = with_idle();
    assert_eq!(pool.ended(7), None);
    assert!(pool.is_empty());
    opening(&mut pool, "b", 2, 0);
}

#[test]
fn what_cannot_be_reused_is_closed() {
    let mut pool = with_idle();
    pool.call("b", request("/"), 2, 0, 1000);
    let received = pool.received(7, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert!(matches!(received, Received { ended: Some((2, Outcome::Response(_))), close: true }), "{received:?}");
    assert!(pool.is_empty());

    let mut pool = with_idle();
    pool.call("b", request("/"), 2, 0, 1000);
    let ended = Some((2, Outcome::Malformed(Malformed("no head of a response"))));
    assert_eq!(pool.received(7, b"nonsense\r\n\r\n"), Received { ended, close: true });
    assert!(pool.is_empty());

    // A response that nobody has asked for must not answer the next call.
    let mut pool = with_idle();
    assert_eq!(pool.received(7, OK), Received { ended: None, close: true });
    assert!(pool.is_empty());
    assert_eq!(pool.received(7, OK), Received { ended: None, close: true }, "an unknown one");
}

#[test]
fn calls_that_take_too_long() {
    let mut pool = with_idle();
    pool.call("b", request("/"), 2, 0, 1000);
    let id = opening(&mut pool, "c", 3, 0);
    assert_eq!(pool.expire(999, 64), Expired::default());
    let mut expired = pool.expire(1000, 64);
    expired.callers.sort_unstable();
    assert_eq!(expired, Expired { callers: vec![2, 3], close: vec![7] });
    assert_eq!(pool.expire(1000, 64), Expired::default());
    assert_eq!(pool.received(7, OK), Received { ended: None, close: true }, "too late");
    // The connection to `c` comes in time for the next call.
    assert_eq!(pool.opened(id, 9, 1001), Opened::Idle);
    assert!(matches!(pool.call("c", request("/"), 4, 1002, 2002), Place::Write(9, _)));
}

#[test]
fn old_connections_take_no_calls_and_are_closed() {
    let mut pool = with_idle();
    assert!(matches!(pool.call("b", request("/"), 2, MINUTE - 1, MINUTE + 5), Place::Write(7, _)));
    assert_eq!(pool.expire(MINUTE, 64), Expired::default(), "it has a call");
    assert!(matches!(pool.received(7, OK), Received { ended: Some(_), close: false }));
    opening(&mut pool, "b", 3, MINUTE);
    assert_eq!(pool.expire(MINUTE, 64), Expired { callers: Vec::new(), close: vec![7] });
    assert_eq!(pool.ended(7), None);
}

#[test]
fn expiry_is_bounded_for_each_turn() {
    let mut pool = Pool::default();
    let ids: Vec<u32> = (0..100).map(|caller| opening(&mut pool, "b", caller, 0)).collect();
    for id in &ids {
        pool.opened(*id, id + 1000, 0);
    }
    assert_eq!(pool.expire(1000, 64).callers.len(), 64);
    assert_eq!(pool.expire(1000, 64).callers.len(), 36);
    assert!(pool.is_empty());
}

#[test]
fn connections_are_bounded() {
    let mut pool = Pool::default();
    let opened = (0..5000).filter(|caller| pool.call("b", request("/"), *caller, 0, 1000) != Place::None).count();
    assert_eq!(opened, 4096);
}
