use http1::{Malformed, Reader, Response};
use proptest::prelude::*;

/// Reads a response in pieces of so many bytes, and then the end of the connection.
fn read(bytes: &[u8], piece: usize, is_head: bool) -> Result<Option<Response>, Malformed> {
    let mut reader = Reader::new(is_head);
    let mut pieces = bytes.chunks(piece);
    while let Some(piece) = pieces.next() {
        if let Some(response) = reader.read(piece)? {
            let reusable = response.reusable && pieces.next().is_none();
            return Ok(Some(Response { reusable, ..response }));
        }
    }
    Ok(reader.end())
}

/// The same in all pieces.
fn response(text: &str) -> Response {
    let whole = read(text.as_bytes(), usize::MAX, false).unwrap().unwrap();
    for piece in 1..text.len() {
        assert_eq!(read(text.as_bytes(), piece, false), Ok(Some(whole.clone())), "{text:?} in pieces of {piece}");
    }
    whole
}

fn body(text: &str) -> (u16, String, bool) {
    let response = response(text);
    (response.status, String::from_utf8(response.body).unwrap(), response.reusable)
}

fn of(status: u16, body: &str, reusable: bool) -> (u16, String, bool) {
    (status, body.to_owned(), reusable)
}

#[test]
fn framings() {
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), of(200, "hi", true));
    assert_eq!(body("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n"), of(200, "", true));
    assert_eq!(body("HTTP/1.1 500 No\nContent-Length: 1\n\nx"), of(500, "x", true));
    assert_eq!(
        body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;a=b\r\n ho\r\n0\r\nX: y\r\n\r\n"),
        of(200, "hi ho", true)
    );
    assert_eq!(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"), of(200, "", true));
    assert_eq!(body("HTTP/1.1 204 No\r\n\r\n"), of(204, "", true));
    assert_eq!(body("HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n"), of(304, "", true));
    // The body is what comes before the end of the connection.
    assert_eq!(body("HTTP/1.1 200 OK\r\n\r\nall of it"), of(200, "all of it", false));
}

#[test]
fn connections_that_end_with_the_response() {
    assert_eq!(body("HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 2\r\n\r\nhi"), of(200, "hi", false));
    assert_eq!(body("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"), of(200, "hi", false));
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    assert_eq!(body(both), of(200, "x", false));
    // What comes behind a response nobody has asked for.
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n"), of(200, "hi", false));
}

#[test]
fn interim_responses_are_passed_over() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    assert_eq!(body(&format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")), of(200, "hi", true));
    let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    assert_eq!(read(many.as_bytes(), usize::MAX, false), Err(Malformed("too many interim responses")));
}

#[test]
fn headers() {
    let text = "HTTP/1.1 200 OK\r\nX-A:  1 \r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n";
    let expected = [("x-a", "1"), ("set-cookie", "a"), ("set-cookie", "b"), ("content-length", "0")];
    let expected: Vec<_> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    assert_eq!(response(text).headers, expected);
}

#[test]
fn the_response_to_head_has_no_body() {
    let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for piece in 1..text.len() {
        let response = read(text, piece, true).unwrap().unwrap();
        assert_eq!((response.body.len(), response.reusable), (0, true));
    }
}

#[test]
fn responses_that_are_cut_off_are_none() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ] {
        assert_eq!(read(text.as_bytes(), usize::MAX, false), Ok(None), "{text:?}");
    }
}

#[test]
fn what_is_no_response() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n");
    let chunked = |chunks: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    for text in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(),
        "\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 99 Low\r\n\r\n".to_owned(),
        "HTTP/1.1 600 High\r\n\r\n".to_owned(),
        "HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(),
        head("Content-Length: -1"),
        head("Content-Length: +1"),
        head("Content-Length: 1, 1"),
        head("Content-Length: 99999999999999999999"),
        head("Content-Length: 1\r\nContent-Length: 2"),
        head("Transfer-Encoding: gzip, chunked"),
        head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        head("No colon"),
        head(&"a: b\r\n".repeat(101)),
        chunked("x\r\n"),
        chunked("-1\r\n"),
        chunked("2\r\nhi there"),
        chunked("fffffffffffffffffffff\r\n"),
        chunked("\r\n"),
    ] {
        let whole = read(text.as_bytes(), usize::MAX, false);
        assert!(whole.is_err(), "{text:?}: {whole:?}");
        for piece in 1..text.len() {
            assert!(read(text.as_bytes(), piece, false).is_err(), "{text:?} in pieces of {piece}");
        }
    }
}

#[test]
fn sizes_are_bounded() {
    let fed = |begin: &str, more: &str| {
        let mut reader = Reader::new(false);
        let mut result = reader.read(begin.as_bytes());
        let mut bytes = 0;
        while result == Ok(None) && bytes < 64 << 20 {
            result = reader.read(more.as_bytes());
            bytes += more.len();
        }
        (result.unwrap_err(), bytes)
    };
    let kilobyte = "a".repeat(1024);
    let megabyte = "a".repeat(1 << 20);
    let (error, bytes) = fed("HTTP/1.1 200 OK\r\nX: ", &kilobyte);
    assert_eq!((error, bytes <= 61 << 10), (Malformed("a head is too large"), true));
    let (error, bytes) = fed("HTTP/1.1 200 OK\r\n\r\n", &megabyte);
    assert_eq!((error, bytes), (Malformed("a body is too large"), 33 << 20));
    let (error, _) = fed("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", &megabyte);
    assert_eq!(error, Malformed("a body is too large"));
    let (error, _) = fed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &format!("100000\r\n{megabyte}\r\n"));
    assert_eq!(error, Malformed("a body is too large"));
    let (error, bytes) = fed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", &kilobyte);
    assert_eq!((error, bytes <= 5 << 10), (Malformed("a line of a chunked body is too long"), true));
    let (error, bytes) =
        fed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", &format!("X: {kilobyte}\r\n"));
    assert_eq!((error, bytes <= 62 << 10), (Malformed("too many trailers"), true));
}

#[test]
fn a_head_in_the_smallest_pieces_is_looked_at_once() {
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "a".repeat(60_000));
    // Every byte would be read sixty thousand times.
    assert!(read(head.as_bytes(), 1, false).unwrap().is_some());
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        chunks in proptest::collection::vec(1_usize..100, 0..5),
        interim in any::<bool>(),
        piece in 1_usize..60,
    ) {
        let mut text = Vec::new();
        if interim {
            text.extend(b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n");
        }
        if chunks.is_empty() {
            text.extend(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes());
            text.extend(&body);
        } else {
            text.extend(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            let mut rest = body.as_slice();
            for size in chunks.iter().cycle() {
                let (chunk, behind) = rest.split_at((*size).min(rest.len()));
                rest = behind;
                text.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                text.extend(chunk);
                text.extend(b"\r\n");
                if chunk.is_empty() {
                    break;
                }
            }
        }
        let response = read(&text, piece, false).unwrap().unwrap();
        prop_assert_eq!((response.body, response.reusable), (body, true));
    }

    #[test]
    fn whatever_comes_is_read_alike_in_pieces(
        text in "(HTTP/1\\.[01] [1-6][0-9]{2}( OK)?\r?\n)?((Content-Length|Transfer-Encoding|Connection): ?([0-9]{1,2}|chunked|close)\r?\n){0,2}(\r?\n)?[0-9a-f\r\n;]{0,30}",
        piece in 1_usize..40,
    ) {
        let whole = read(text.as_bytes(), usize::MAX, false);
        let pieces = read(text.as_bytes(), piece, false);
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => prop_assert_eq!(whole, pieces),
            (Err(_), Err(_)) => {}
            (whole, pieces) => prop_assert!(false, "{:?}, in pieces {:?}", whole, pieces),
        }
    }
}
