//! The head of the request that Envoy sends to the internal listener.

/// Largest head, in bytes. Envoy lets 60 KiB of headers in, and adds a few of its own.
pub const MAX_HEAD_BYTES: usize = 96 << 10;
/// The header with the connection's id, which the HTTP filter writes over whatever a client sends.
pub const CONNECTION_HEADER: &str = "x-apigw-connection-id";

/// What the endpoint reads of a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `x-apigw-connection-id`
    pub connection_id: Option<String>,
    /// `Sec-WebSocket-Key`; a client over HTTP/2 sends none.
    pub key: Option<Vec<u8>>,
    /// How long the head is, in bytes.
    pub bytes: usize,
}

impl Head {
    /// Reads a head; `None` while its end is not here.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        const END: &[u8] = b"\r\n\r\n";
        let end = bytes.windows(END.len()).position(|window| window == END)?;
        let mut head = Self { bytes: end.saturating_add(END.len()), ..Self::default() };
        for line in bytes.get(..end).unwrap_or_default().split(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = line.get(..colon).unwrap_or_default();
            let value = line.get(colon.saturating_add(1)..).unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(CONNECTION_HEADER.as_bytes()) {
                head.connection_id = std::str::from_utf8(value).ok().map(str::to_owned);
            } else if name.eq_ignore_ascii_case(b"sec-websocket-key") {
                head.key = Some(value.to_vec());
            }
        }
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn heads() {
        let text = b"GET /prod HTTP/1.1\r\nhost: x\r\nX-Apigw-Connection-Id: abc=\r\nsec-websocket-key:k \r\n\r\nrest";
        let head = Head::parse(text).unwrap();
        assert_eq!(head.connection_id.as_deref(), Some("abc="));
        assert_eq!(head.key.as_deref(), Some(&b"k"[..]));
        assert_eq!(text.get(head.bytes..), Some(&b"rest"[..]));
        assert_eq!(Head::parse(text.get(..60).unwrap()), None);
        assert_eq!(Head::parse(b"\r\n\r\n").map(|head| head.bytes), Some(4));
    }
}
