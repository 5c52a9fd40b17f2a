//! The WebSocket protocol as a server speaks it, without sockets: bytes in, messages out, and the other way round.
//!
//! API Gateway's rules are built in: text only, frames of at most 32 KB, messages of at most 128 KB, no extensions.
//!
//! ```
//! use websocket::{Event, Reader, write};
//!
//! let mut reader = Reader::default();
//! // "hi", masked with zeros.
//! let mut input = &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'][..];
//! assert_eq!(reader.read(&mut input), Ok(Some(Event::Text("hi".to_owned()))));
//!
//! let mut output = Vec::new();
//! write::text(&mut output, "hello");
//! assert_eq!(output, b"\x81\x05hello");
//! ```
//!
//! Source: RFC 6455, <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

mod end;
mod handshake;
mod header;
mod id;
mod reader;
pub mod write;

pub use end::{End, Violation};
pub use handshake::accept_key;
pub use id::{ConnectionId, ParsedId, event_id};
pub use reader::{Event, Reader};

/// Largest payload of a frame, in bytes (32 KB).
pub const MAX_FRAME_BYTES: usize = 32_768;
/// Largest payload of a message, all its frames together, in bytes (128 KB).
pub const MAX_MESSAGE_BYTES: usize = 131_072;
/// Largest payload of a ping, pong or close frame, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL_BYTES: usize = 125;

/// Whether a request with this `upgrade` header wants a connection. Envoy shows HTTP/2's extended CONNECT so, too.
pub fn is_upgrade(header: Option<&[u8]>) -> bool {
    header.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}
