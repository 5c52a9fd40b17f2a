use websocket::{End, Event, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, Violation};

use crate::{frame, read};

const TEXT: u8 = 0x81;
const TEXT_GOES_ON: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const LAST: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

fn events(frames: &[Vec<u8>], expected: &[Event]) {
    assert_eq!(read(&frames.concat()), (expected.to_vec(), None));
}

/// The connection ends with this close code, after `before` events.
fn ends(frames: &[Vec<u8>], before: usize, code: u16) {
    let (events, violation) = read(&frames.concat());
    let violation = violation.unwrap_or_else(|| panic!("nothing wrong found in {events:?}"));
    assert_eq!((events.len(), End::Violation(violation).status()), (before, code), "{violation:?}");
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

#[test]
fn messages_and_fragments() {
    events(&[frame(TEXT, b"")], &[text("")]);
    for length in [125, 126, 127, 128, 255, 256, 32_767, 32_768] {
        events(&[frame(TEXT, &vec![b'*'; length])], &[text(&"*".repeat(length))]);
    }
    events(&[frame(TEXT_GOES_ON, b"a"), frame(GOES_ON, b""), frame(LAST, b"b")], &[text("ab")]);
    events(&[frame(TEXT_GOES_ON, b""), frame(GOES_ON, b""), frame(LAST, b"")], &[text("")]);
    events(
        &[frame(TEXT_GOES_ON, b"a"), frame(PING, b"p"), frame(LAST, b"b"), frame(PONG, b"")],
        &[Event::Ping(b"p".to_vec()), text("ab"), Event::Pong(Vec::new())],
    );
    // A character over the border of two frames.
    events(&[frame(TEXT_GOES_ON, b"\xce"), frame(LAST, b"\xba")], &[text("κ")]);
}

#[test]
fn sizes() {
    let part = vec![b'x'; MAX_FRAME_BYTES];
    let whole = [frame(TEXT_GOES_ON, &part), frame(GOES_ON, &part), frame(GOES_ON, &part), frame(LAST, &part)];
    events(&whole, &[text(&"x".repeat(MAX_MESSAGE_BYTES))]);
    ends(&[whole[..3].concat(), frame(GOES_ON, &part), frame(LAST, b"x")], 0, 1009);
    ends(&[frame(TEXT, &vec![b'x'; MAX_FRAME_BYTES + 1])], 0, 1009);
    ends(&[frame(TEXT, &vec![b'x'; 70_000])], 0, 1009);
    // Refused by its header alone.
    ends(&[vec![TEXT, 0x80 | 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]], 0, 1009);
    ends(&[vec![0x82, 0x80 | 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]], 0, 1009);
}

#[test]
fn binary_is_refused() {
    ends(&[frame(TEXT, b"a"), frame(0x82, b"")], 1, 1003);
    ends(&[frame(0x02, b"a")], 0, 1003);
}

#[test]
fn broken_frames() {
    for reserved in [0x10, 0x20, 0x40, 0x70] {
        ends(&[frame(TEXT, b"a"), frame(TEXT | reserved, b"b")], 1, 1002);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        ends(&[frame(0x80 | opcode, b"a")], 0, 1002);
    }
    ends(&[vec![TEXT, 0x01, b'a']], 0, 1002);
    ends(&[frame(LAST, b"a")], 0, 1002);
    ends(&[frame(GOES_ON, b"a")], 0, 1002);
    for other in [TEXT, 0x82, 0x02] {
        ends(&[frame(TEXT_GOES_ON, b"a"), frame(other, b"b")], 0, 1002);
    }
    ends(&[frame(PING, &[0; 126])], 0, 1002);
    ends(&[frame(0x09, b"")], 0, 1002);
    ends(&[frame(0x08, b"")], 0, 1002);
    // Lengths that a shorter form could hold, and one beyond 63 bits.
    ends(&[vec![TEXT, 0x80 | 126, 0, 5, 0, 0, 0, 0]], 0, 1002);
    ends(&[vec![TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0]], 0, 1002);
    ends(&[vec![TEXT, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0]], 0, 1002);
}

#[test]
fn text_that_is_not_utf8() {
    ends(&[frame(TEXT, b"\xce\xba\xed\xa0\x80")], 0, 1007);
    ends(&[frame(TEXT, b"\xce")], 0, 1007);
    // Told before the message is whole.
    ends(&[frame(TEXT_GOES_ON, b"\xf4\x90")], 0, 1007);
    let cut = frame(TEXT, b"ab\xff and more");
    ends(&[cut[..10].to_vec()], 0, 1007);
    events(&[frame(PING, b"\xff")], &[Event::Ping(b"\xff".to_vec())]);
}

#[test]
fn closing() {
    let close = |code: u16, reason: &[u8]| frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat());
    events(&[frame(CLOSE, b"")], &[Event::Close(None)]);
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
        events(&[close(code, b"bye")], &[Event::Close(Some((code, "bye".to_owned())))]);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        ends(&[close(code, b"")], 0, 1002);
    }
    ends(&[frame(CLOSE, b"\x03")], 0, 1002);
    ends(&[close(1000, b"\xce\xba\xff")], 0, 1007);
    ends(&[frame(CLOSE, &[3, 0xe8].repeat(63))], 0, 1002);
}

#[test]
fn ends_as_apis_see_them() {
    let seen = |end: End| (end.status(), end.reason().into_owned());
    assert_eq!(seen(End::ByClient(Some((1001, String::new())))), (1001, String::new()));
    assert_eq!(seen(End::ByClient(None)), (1005, "Client-side close frame status not set".to_owned()));
    assert_eq!(seen(End::Deleted), (1000, "Connection Closed Normally".to_owned()));
    assert_eq!(seen(End::GoingAway), (1001, "Going away".to_owned()));
    assert_eq!(seen(End::Violation(Violation::TooBig)), (1009, "Message too big".to_owned()));
}
