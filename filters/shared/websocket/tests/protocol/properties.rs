use proptest::prelude::*;
use websocket::{Event, write};

use crate::{frame, read, read_in_pieces};

/// A message cut into frames, with pings in between.
fn fragmented(message: &str, cuts: &[usize], ping: bool) -> Vec<u8> {
    let bytes = message.as_bytes();
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let mut out = Vec::new();
    let parts: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
    for (at, part) in parts.iter().enumerate() {
        let opcode = if at == 0 { 1 } else { 0 };
        let fin = if at + 1 == parts.len() { 0x80 } else { 0 };
        out.extend(frame(fin | opcode, part));
        if ping {
            out.extend(frame(0x89, b"?"));
        }
    }
    out
}

proptest! {
    #[test]
    fn fragments_and_pieces_do_not_matter(
        messages in proptest::collection::vec((".{0,200}", proptest::collection::vec(any::<usize>(), 0..6), any::<bool>()), 1..5),
        piece in 1usize..50,
    ) {
        let mut bytes = Vec::new();
        for (message, cuts, ping) in &messages {
            bytes.extend(fragmented(message, cuts, *ping));
        }
        let (events, violation) = read_in_pieces(&bytes, piece);
        prop_assert_eq!(violation, None);
        let texts: Vec<_> = events.into_iter().filter(|event| matches!(event, Event::Text(_))).collect();
        let expected: Vec<_> = messages.into_iter().map(|(message, ..)| Event::Text(message)).collect();
        prop_assert_eq!(texts, expected);
    }

    #[test]
    fn any_bytes_are_read_alike_in_any_pieces(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..20) {
        let (whole, pieces) = (read(&bytes), read_in_pieces(&bytes, piece));
        prop_assert_eq!(whole.0, pieces.0);
        prop_assert_eq!(whole.1.is_some(), pieces.1.is_some());
    }

    #[test]
    fn any_payload_of_valid_frames(
        frames in proptest::collection::vec((0u8..16, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..140)), 0..8),
    ) {
        let bytes: Vec<_> = frames
            .iter()
            .flat_map(|(opcode, fin, payload)| frame(opcode | if *fin { 0x80 } else { 0 }, payload))
            .collect();
        let (whole, pieces) = (read(&bytes), read_in_pieces(&bytes, 1));
        prop_assert_eq!(whole.0, pieces.0);
        prop_assert_eq!(whole.1, pieces.1);
    }

    /// What is written, with a mask of zeros put in, is what a client would send.
    #[test]
    fn what_is_written_can_be_read(message in "\\PC{0,3000}") {
        let mut out = Vec::new();
        write::text(&mut out, &message);
        let header = if message.len() < 126 { 2 } else { 4 };
        out[1] |= 0x80;
        for zero in 0..4 {
            out.insert(header + zero, 0);
        }
        prop_assert_eq!(read(&out), (vec![Event::Text(message)], None));
    }
}
