use websocket::{End, MAX_FRAME_BYTES, accept_key, write};

/// RFC 6455 §1.3.
#[test]
fn the_handshakes_proof() {
    assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn lengths() {
    let header = |length: usize| {
        let mut out = Vec::new();
        write::text(&mut out, &"x".repeat(length));
        out[..out.len() - length].to_vec()
    };
    assert_eq!(header(0), [0x81, 0]);
    assert_eq!(header(125), [0x81, 125]);
    assert_eq!(header(126), [0x81, 126, 0, 126]);
    assert_eq!(header(MAX_FRAME_BYTES), [0x81, 126, 0x80, 0]);
}

#[test]
fn long_messages_are_fragmented() {
    let mut out = Vec::new();
    write::text(&mut out, &"x".repeat(MAX_FRAME_BYTES * 2 + 1));
    assert_eq!(out[..4], [0x01, 126, 0x80, 0]);
    let second = 4 + MAX_FRAME_BYTES;
    assert_eq!(out[second..second + 4], [0x00, 126, 0x80, 0]);
    assert_eq!(out[2 * second..], [0x80, 1, b'x']);
    let mut even = Vec::new();
    write::text(&mut even, &"x".repeat(MAX_FRAME_BYTES * 2));
    assert_eq!(even[second..second + 4], [0x80, 126, 0x80, 0]);
}

#[test]
fn control_frames() {
    let mut out = Vec::new();
    write::ping(&mut out, b"p");
    write::pong(&mut out, b"");
    write::close(&mut out, None);
    write::close(&mut out, Some((1000, "bye")));
    assert_eq!(out, b"\x89\x01p\x8a\x00\x88\x00\x88\x05\x03\xe8bye");
    let mut long = Vec::new();
    write::close(&mut long, Some((1000, &"é".repeat(100))));
    assert_eq!((long[1], long.len()), (2 + 122, 126));
}

#[test]
fn close_frames_of_ends() {
    let of = |end: End| {
        let mut out = Vec::new();
        end.write(&mut out);
        out
    };
    assert_eq!(of(End::Lost), b"");
    assert_eq!(of(End::ByClient(None)), b"\x88\x00");
    assert_eq!(of(End::ByClient(Some((4000, "x".to_owned())))), b"\x88\x03\x0f\xa0x");
    assert_eq!(of(End::GoingAway), b"\x88\x0c\x03\xe9Going away");
}
