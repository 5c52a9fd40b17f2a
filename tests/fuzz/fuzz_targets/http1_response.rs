//! A backend's bytes on a kept connection are read whole and in pieces alike, and no response is larger than it may be.
//! The first byte is the size of the pieces and whether the request was a HEAD, the rest is what the backend sends before it
//! ends the connection.

#![no_main]

use http1::{Malformed, Reader, Response};
use libfuzzer_sys::fuzz_target;

/// The response, and how many pieces it took.
fn read(input: &[u8], piece: usize, is_head: bool) -> (Result<Option<Response>, Malformed>, usize) {
    let mut reader = Reader::new(is_head);
    for (number, bytes) in input.chunks(piece).enumerate() {
        match reader.read(bytes) {
            Ok(None) => {}
            result => return (result, number + 1),
        }
    }
    (Ok(reader.end()), input.len().div_ceil(piece))
}

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let (is_head, piece) = (first & 1 == 1, usize::from(first >> 1).max(1));
    let (whole, _) = read(bytes, usize::MAX, is_head);
    let (pieces, taken) = read(bytes, piece, is_head);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            // What comes behind a response may be in a piece of its own.
            let of_pieces = pieces.map(|response| Response {
                reusable: response.reusable && taken * piece >= bytes.len(),
                ..response
            });
            if let Some(response) = &whole {
                assert!((200..600).contains(&response.status) && response.headers.len() <= 100);
                assert!(!is_head || response.body.is_empty());
                assert!(response.body.len() <= bytes.len());
            }
            assert_eq!(whole, of_pieces);
        }
        (Err(_), Err(_)) => {}
        (whole, pieces) => panic!("{whole:?}, in pieces {pieces:?}"),
    }
});
