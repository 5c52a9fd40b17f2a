//! Connection ids, and the ids of requests and messages.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

/// Names a connection: the Envoy that it is on, the worker there, and the connection. Worker and connection are random
/// numbers of 64 bits each, so an id that finds a connection was issued by this gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId {
    /// Which Envoy of a fleet.
    pub node: u16,
    /// The worker: a random number that is new for each VM.
    pub worker: u64,
    /// The connection on the worker.
    pub serial: u64,
}

/// What a text that should be a connection id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParsedId {
    /// An id of this gateway.
    Id(ConnectionId),
    /// An id of the service's own form, which is never issued here.
    Foreign,
    /// None at all.
    Malformed,
}

/// How many bytes an id of the service has.
const SERVICE_BYTES: usize = 11;

impl ConnectionId {
    /// Reads an id.
    pub fn parse(text: &str) -> ParsedId {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')) else { return ParsedId::Malformed };
        match bytes.as_slice() {
            [n0, n1, w0, w1, w2, w3, w4, w5, w6, w7, s0, s1, s2, s3, s4, s5, s6, s7] => ParsedId::Id(Self {
                node: u16::from_be_bytes([*n0, *n1]),
                worker: u64::from_be_bytes([*w0, *w1, *w2, *w3, *w4, *w5, *w6, *w7]),
                serial: u64::from_be_bytes([*s0, *s1, *s2, *s3, *s4, *s5, *s6, *s7]),
            }),
            bytes if bytes.len() == SERVICE_BYTES => ParsedId::Foreign,
            _ => ParsedId::Malformed,
        }
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(18);
        bytes.extend_from_slice(&self.node.to_be_bytes());
        bytes.extend_from_slice(&self.worker.to_be_bytes());
        bytes.extend_from_slice(&self.serial.to_be_bytes());
        f.write_str(&URL_SAFE.encode(bytes))
    }
}

/// An id of a request or message, of the service's form: 11 random bytes, 16 characters.
pub fn event_id(random: [u64; 2]) -> String {
    let random = random.map(u64::to_be_bytes).concat();
    URL_SAFE.encode(random.get(..SERVICE_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        let id = ConnectionId { node: 3, worker: u64::MAX, serial: 7 };
        let text = id.to_string();
        assert_eq!((text.len(), ConnectionId::parse(&text)), (24, ParsedId::Id(id)));
    }

    #[test]
    fn other_texts() {
        assert_eq!(ConnectionId::parse("R1kmxc2VNjMCFIA="), ParsedId::Foreign);
        assert_eq!(ConnectionId::parse("R1kmxc2VNjMCFIA"), ParsedId::Foreign);
        for wrong in ["", "abc", "R1kmxc2VNjMCFIA!", "é", "R1kmxc2VNjMCFIAR1kmxc2VNjMCFIA"] {
            assert_eq!(ConnectionId::parse(wrong), ParsedId::Malformed, "{wrong}");
        }
    }
}
