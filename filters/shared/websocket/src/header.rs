//! The header of a frame (RFC 6455 §5.2).

use crate::{MAX_CONTROL_BYTES, MAX_FRAME_BYTES, Violation};

/// Longest header: two bytes, a length of eight, a mask of four.
pub(crate) const MAX_HEADER_BYTES: usize = 14;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// A client's frame, before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// The last frame of its message.
    pub(crate) fin: bool,
    pub(crate) mask: [u8; 4],
    pub(crate) payload_bytes: usize,
}

impl Header {
    /// Reads the header at the beginning of `bytes`, and how long it is; `None` when more bytes are needed.
    ///
    /// # Errors
    /// The frame is none that a client may send.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (fin, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        let (masked, short_length) = (second & 0x80 != 0, second & 0x7f);
        if reserved != 0 {
            return Err(Violation::Protocol("reserved bits are set"));
        }
        if !masked {
            return Err(Violation::Protocol("a frame is not masked"));
        }
        let is_control = opcode & 0x8 != 0;
        if is_control && (!fin || usize::from(short_length) > MAX_CONTROL_BYTES) {
            return Err(Violation::Protocol("a control frame is fragmented or too long"));
        }
        let (length, rest) = match (short_length, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
            (127, [a, b, c, d, e, f, g, h, rest @ ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest),
            (126 | 127, _) => return Ok(None),
            (short, rest) => (u64::from(short), rest),
        };
        let shortest = match short_length {
            126 => 126,
            127 => 0x1_0000,
            _ => 0,
        };
        if length < shortest || length >> 63 != 0 {
            return Err(Violation::Protocol("a frame's length is not written in the shortest form"));
        }
        let kind = match opcode {
            0x0 => Kind::Continuation,
            0x1 => Kind::Text,
            0x2 => Kind::Binary,
            0x8 => Kind::Close,
            0x9 => Kind::Ping,
            0xa => Kind::Pong,
            _ => return Err(Violation::Protocol("an opcode is reserved")),
        };
        let payload_bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= MAX_FRAME_BYTES);
        let payload_bytes = payload_bytes.ok_or(Violation::TooBig)?;
        let [a, b, c, d, rest @ ..] = rest else { return Ok(None) };
        let header = Self { kind, fin, mask: [*a, *b, *c, *d], payload_bytes };
        Ok(Some((header, bytes.len().saturating_sub(rest.len()))))
    }

    pub(crate) fn is_control(&self) -> bool {
        matches!(self.kind, Kind::Close | Kind::Ping | Kind::Pong)
    }
}

/// Appends masked bytes, unmasked; `offset` is where in the payload they begin.
pub(crate) fn unmask_into(out: &mut Vec<u8>, masked: &[u8], mask: [u8; 4], offset: usize) {
    let rotation = u32::try_from(offset & 3).unwrap_or_default().wrapping_mul(8);
    let mask = u32::from_be_bytes(mask).rotate_left(rotation);
    let wide = (u64::from(mask) << 32 | u64::from(mask)).to_be_bytes();
    out.reserve(masked.len());
    let mut chunks = masked.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.try_into().map_or(0, u64::from_be_bytes) ^ u64::from_be_bytes(wide);
        out.extend_from_slice(&word.to_be_bytes());
    }
    out.extend(chunks.remainder().iter().zip(wide).map(|(byte, mask)| byte ^ mask));
}
