use std::borrow::Cow;

use http1::{Place, Pool, Request};

type Headers = Vec<(Cow<'static, str>, Vec<u8>)>;

fn headers(method: &str, path: &str, more: &[(&'static str, &str)]) -> Headers {
    let pseudo = [(":method", method), (":path", path), (":authority", "a.example")];
    let all = pseudo.iter().chain(more);
    all.map(|(name, value)| (Cow::Borrowed(*name), value.as_bytes().to_vec())).collect()
}

/// What is written for a request.
fn written(request: Request) -> String {
    let mut pool = Pool::default();
    let Place::Open(id) = pool.call("b", request, 1, 0, 1) else { panic!("no connection") };
    let http1::Opened::Write(bytes) = pool.opened(id, 2, 0) else { panic!("nothing to write") };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn as_envoy_writes_them() {
    let post = Request::write(&headers("POST", "/a?b=c", &[("accept", "*/*"), ("X-A", "1")]), b"{}");
    assert_eq!(
        post.map(written).unwrap(),
        "POST /a?b=c HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-a: 1\r\ncontent-length: 2\r\n\r\n{}"
    );
    let empty = |method: &str| Request::write(&headers(method, "/", &[]), b"").map(written).unwrap();
    assert_eq!(empty("POST"), "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 0\r\n\r\n");
    for method in ["GET", "HEAD", "DELETE", "TRACE"] {
        assert_eq!(empty(method), format!("{method} / HTTP/1.1\r\nhost: a.example\r\n\r\n"));
    }
    let get = Request::write(&headers("GET", "/", &[]), b"x").map(written).unwrap();
    assert!(get.ends_with("\r\ncontent-length: 1\r\n\r\nx"), "{get}");
}

#[test]
fn what_could_be_read_in_two_ways_is_not_written() {
    let refused = |method: &str, path: &str, more: &[(&'static str, &str)]| {
        assert_eq!(Request::write(&headers(method, path, more), b""), None, "{method} {path} {more:?}");
    };
    for value in ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\u{7f}", " a", "a ", "\ta"] {
        refused("GET", "/", &[("x-a", value)]);
    }
    for name in ["", "a b", "a:", "a\r\nb"] {
        refused("GET", "/", &[(name, "1")]);
    }
    for path in ["", "/a b", "/a\r\nb", "/ä"] {
        refused("GET", path, &[]);
    }
    for method in ["", "GET /", "CONNECT", "G\r\nT"] {
        refused(method, "/", &[]);
    }
    for name in ["connection", "content-length", "expect", "host", "te", "Transfer-Encoding", "upgrade"] {
        refused("GET", "/", &[(name, "1")]);
    }
    assert_eq!(Request::write(&[], b""), None, "no method");
}

#[test]
fn values_are_bytes() {
    let mut all = headers("GET", "/", &[("x-tab", "a\tb"), ("x-empty", "")]);
    all.push((Cow::Borrowed("x-bytes"), vec![0xe4, 0xff]));
    let Some(request) = Request::write(&all, b"") else { panic!("refused") };
    let mut pool = Pool::default();
    let Place::Open(id) = pool.call("b", request, 1, 0, 1) else { panic!("no connection") };
    let http1::Opened::Write(bytes) = pool.opened(id, 2, 0) else { panic!("nothing to write") };
    assert_eq!(bytes, b"GET / HTTP/1.1\r\nhost: a.example\r\nx-tab: a\tb\r\nx-empty: \r\nx-bytes: \xe4\xff\r\n\r\n");
}
