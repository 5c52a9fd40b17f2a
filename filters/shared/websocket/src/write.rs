//! Frames to a client: unmasked, appended to a buffer.

use crate::{MAX_CONTROL_BYTES, MAX_FRAME_BYTES};

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// Appends a text message, in several frames when it is longer than one may be.
pub fn text(out: &mut Vec<u8>, message: &str) {
    let mut rest = message.as_bytes();
    let mut opcode = TEXT;
    while let Some((part, behind)) = rest.split_at_checked(MAX_FRAME_BYTES).filter(|(_, behind)| !behind.is_empty()) {
        frame(out, opcode, part);
        opcode = CONTINUATION;
        rest = behind;
    }
    frame(out, FIN | opcode, rest);
}

/// Appends a ping. A payload that is too long is cut.
pub fn ping(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, FIN | PING, payload.get(..MAX_CONTROL_BYTES).unwrap_or(payload));
}

/// Appends a pong. A payload that is too long is cut.
pub fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, FIN | PONG, payload.get(..MAX_CONTROL_BYTES).unwrap_or(payload));
}

/// Appends a close frame with a code and reason. A reason that is too long is cut.
pub fn close(out: &mut Vec<u8>, status: Option<(u16, &str)>) {
    let mut payload = Vec::new();
    if let Some((code, reason)) = status {
        const MAX_REASON_BYTES: usize = MAX_CONTROL_BYTES.saturating_sub(2);
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(
            reason.get(..reason.floor_char_boundary(MAX_REASON_BYTES)).unwrap_or_default().as_bytes(),
        );
    }
    frame(out, FIN | CLOSE, &payload);
}

fn frame(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => out.push(short),
        (_, Ok(length)) => {
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}
