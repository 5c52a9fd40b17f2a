//! A client's bytes are read whole and in pieces alike, and no event is larger than a message may be. The first byte is
//! the size of the pieces, the rest is what the client sends.

#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket::{Event, MAX_MESSAGE_BYTES, Reader, Violation};

/// The largest payload of a control frame (RFC 6455 §5.5).
const MAX_CONTROL_BYTES: usize = 125;

fn read(input: &[u8], piece: usize) -> (Vec<Event>, Option<Violation>) {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for mut piece in input.chunks(piece) {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation)),
            }
        }
        assert!(piece.is_empty(), "bytes are left though nothing is complete");
    }
    (events, None)
}

fuzz_target!(|input: &[u8]| {
    let Some((piece, bytes)) = input.split_first() else { return };
    let (whole, violation) = read(bytes, usize::MAX);
    for event in &whole {
        match event {
            Event::Text(text) => assert!(text.len() <= MAX_MESSAGE_BYTES),
            Event::Ping(payload) | Event::Pong(payload) => assert!(payload.len() <= MAX_CONTROL_BYTES),
            Event::Close(status) => {
                assert!(
                    status.as_ref().is_none_or(|(code, reason)| *code >= 1000 && reason.len() <= MAX_CONTROL_BYTES)
                );
            }
        }
    }
    let (pieces, in_pieces) = read(bytes, usize::from(*piece).max(1));
    assert_eq!(whole, pieces);
    assert_eq!(violation.is_some(), in_pieces.is_some());
});
