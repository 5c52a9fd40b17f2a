//! The protocol from a client's side: what RFC 6455, API Gateway's limits and Autobahn's cases ask for.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::string_slice
)]

mod autobahn;
mod properties;
mod reading;
mod writing;

use websocket::{Event, Reader, Violation};

/// A client's frame, masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(0x80 | short as u8),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    out
}

/// All events of `input`, fed in pieces of at most `piece` bytes, up to the first violation.
pub fn read_in_pieces(input: &[u8], piece: usize) -> (Vec<Event>, Option<Violation>) {
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

/// All events of `input`, up to the first violation.
pub fn read(input: &[u8]) -> (Vec<Event>, Option<Violation>) {
    read_in_pieces(input, usize::MAX)
}
