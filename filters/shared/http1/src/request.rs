//! A request as it goes out.

use std::borrow::Cow;

/// A request, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Its response has no body.
    pub(crate) is_head: bool,
}

/// Framing and the connection are this crate's; a request that says something of them is not for it.
const OF_CONNECTIONS: [&str; 8] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];
/// Without a body they have no `content-length` either.
const WITHOUT_BODY: [&[u8]; 4] = [b"GET", b"HEAD", b"DELETE", b"TRACE"];

impl Request {
    /// Writes a request; `headers` have `:method`, `:path` and `:authority`. Names go out in lower case.
    ///
    /// `None` when it cannot be written without doubt how it is read: a control character in a value, a name that is
    /// none, a header that is the connection's business.
    pub fn write(headers: &[(Cow<'static, str>, Vec<u8>)], body: &[u8]) -> Option<Self> {
        let pseudo = |name: &str| headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_slice());
        let (method, path, authority) = (pseudo(":method")?, pseudo(":path")?, pseudo(":authority")?);
        let is_plain = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
        if !(is_token(method) && method != b"CONNECT" && is_plain(path) && is_plain(authority)) {
            return None;
        }
        let mut bytes = Vec::with_capacity(body.len().saturating_add(512));
        for part in [method, b" ", path, b" HTTP/1.1\r\nhost: ", authority, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
        for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with(':')) {
            let name = name.to_ascii_lowercase();
            if OF_CONNECTIONS.contains(&name.as_str()) || !is_token(name.as_bytes()) || !is_value(value) {
                return None;
            }
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        if !(body.is_empty() && WITHOUT_BODY.contains(&method)) {
            bytes.extend_from_slice(b"content-length: ");
            bytes.extend_from_slice(body.len().to_string().as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Some(Self { bytes, is_head: method == b"HEAD" })
    }
}

/// RFC 9110 §5.6.2
fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// RFC 9110 §5.5, without blanks at either end.
fn is_value(value: &[u8]) -> bool {
    value.trim_ascii() == value && value.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control())
}
