//! Identifiers that API Gateway gives each request.

use crate::{Host, Property, UnixMillis};

/// Longest request id that is taken over from a client's `x-amzn-RequestId`, in bytes.
/// Not documented: four times a UUID leaves room for any scheme and keeps logs and headers small.
const MAX_CLIENT_REQUEST_ID_BYTES: usize = 144;

/// `$context.requestId` and `$context.extendedRequestId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// A UUID, or what the client sent as `x-amzn-RequestId`; response header `x-amzn-RequestId`.
    pub request_id: String,
    /// 16 characters of base64, always generated; response header `x-amz-apigw-id`.
    pub extended_request_id: String,
}

impl Ids {
    /// Ids for a new request; `from_client` is its `x-amzn-RequestId` header, taken when it is plain visible ASCII.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>
    pub fn generate(host: &dyn Host, from_client: Option<&[u8]>) -> Self {
        let chosen = from_client
            .filter(|id| {
                !id.is_empty() && id.len() <= MAX_CLIENT_REQUEST_ID_BYTES && id.iter().all(u8::is_ascii_graphic)
            })
            .and_then(|id| std::str::from_utf8(id).ok());
        Self {
            request_id: chosen.map_or_else(|| uuid(host.random(), host.random()), str::to_owned),
            extended_request_id: Self::generate_extended(host),
        }
    }

    /// An extended id for a new request.
    pub fn generate_extended(host: &dyn Host) -> String {
        base64_of_11_bytes(host.random(), host.random())
    }

    /// The ids of the request under way: those that `gateway-responses` has left, or new ones where it is not in the
    /// chain, which are then left for others.
    pub fn of_request(host: &dyn Host) -> Self {
        let left = host.property(Property::Request);
        left.and_then(|text| Self::from_text(std::str::from_utf8(&text).ok()?)).unwrap_or_else(|| {
            let ids = Self::generate(host, host.request_header("x-amzn-requestid").as_deref());
            host.set_property(Property::Request, ids.to_text().as_bytes());
            ids
        })
    }

    /// The text form in which filters hand the ids on.
    pub fn to_text(&self) -> String {
        format!("{} {}", self.request_id, self.extended_request_id)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (request_id, extended_request_id) = text.split_once(' ')?;
        Some(Self { request_id: request_id.to_owned(), extended_request_id: extended_request_id.to_owned() })
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn push_hex(out: &mut String, bits: u64, digits: u32) {
    for digit in (0..digits).rev() {
        let nibble = bits.checked_shr(digit.wrapping_mul(4)).unwrap_or_default() & 0xf;
        let index = usize::try_from(nibble).unwrap_or_default();
        out.push(char::from(HEX.get(index).copied().unwrap_or(b'0')));
    }
}

/// A version 4 UUID (RFC 9562) from 128 random bits.
fn uuid(high: u64, low: u64) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | (0b10 << 62);
    let mut out = String::with_capacity(36);
    push_hex(&mut out, high >> 32, 8);
    out.push('-');
    push_hex(&mut out, high >> 16, 4);
    out.push('-');
    push_hex(&mut out, high, 4);
    out.push('-');
    push_hex(&mut out, low >> 48, 4);
    out.push('-');
    push_hex(&mut out, low, 12);
    out
}

/// Base64 of 11 bytes: 15 characters and one `=`, as the service's ids look.
fn base64_of_11_bytes(high: u64, low: u64) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // 88 bits; the last character carries four of them and two zero bits.
    let bits = (u128::from(high) << 64 | u128::from(low)) & ((1 << 88) - 1);
    let bits = bits << 2;
    let mut out = String::with_capacity(16);
    for character in (0..15u32).rev() {
        let index = bits.checked_shr(character.wrapping_mul(6)).unwrap_or_default() & 0x3f;
        let index = usize::try_from(index).unwrap_or_default();
        out.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'A')));
    }
    out.push('=');
    out
}

/// The `X-Amzn-Trace-Id` that goes to the backend.
///
/// `received` is the client's header. A well-formed one that names `Root`, `Parent` and `Sampled` is kept; one with a
/// `Root` gets what it lacks of the other two; anything else is replaced. `sampled` is the stage's decision, `None` when
/// it does not trace: a new id is then a `Root` alone. A decision of the client's goes before the stage's, as for Envoy's
/// sampler.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
pub fn trace_id(host: &dyn Host, received: Option<&[u8]>, sampled: Option<bool>, now: UnixMillis) -> String {
    let received = received.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    let field = |name: &str| {
        received
            .split(';')
            .filter_map(|part| part.split_once('='))
            .find(|(key, value)| key.trim().eq_ignore_ascii_case(name) && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    };
    let root = field("Root").filter(|root| is_trace_root(root));
    if root.is_some() && field("Parent").is_some() && field("Sampled").is_some() {
        return received.to_owned();
    }
    let mut out = String::with_capacity(74);
    out.push_str("Root=");
    match root {
        Some(root) => out.push_str(root),
        None => {
            out.push_str("1-");
            push_hex(&mut out, now.seconds(), 8);
            out.push('-');
            push_hex(&mut out, host.random(), 16);
            push_hex(&mut out, host.random(), 8);
        }
    }
    if root.is_some() || sampled.is_some() {
        out.push_str(";Parent=");
        push_hex(&mut out, host.random(), 16);
        let sampled = match field("Sampled") {
            Some("1") => true,
            Some("0") => false,
            _ => sampled == Some(true),
        };
        out.push_str(if sampled { ";Sampled=1" } else { ";Sampled=0" });
    }
    out
}

/// `1-` 8 hexadecimal digits `-` 24 hexadecimal digits.
fn is_trace_root(root: &str) -> bool {
    let mut parts = root.split('-');
    let hex = |part: Option<&str>, digits| {
        part.is_some_and(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    parts.next() == Some("1") && hex(parts.next(), 8) && hex(parts.next(), 24) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn uuid_has_version_and_variant() {
        assert_eq!(uuid(0, 0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u64::MAX, u64::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(0x0123_4567_89ab_cdef, 0x0123_4567_89ab_cdef), "01234567-89ab-4def-8123-456789abcdef");
    }

    #[test]
    fn extended_id_is_base64_of_eleven_bytes() {
        assert_eq!(base64_of_11_bytes(0, 0), "AAAAAAAAAAAAAAA=");
        assert_eq!(base64_of_11_bytes(u64::MAX, u64::MAX), "//////////////8=");
    }

    #[test]
    fn trace_roots() {
        assert!(is_trace_root("1-5759e988-bd862e3fe1be46a994272793"));
        for wrong in ["", "1-5759e988", "2-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272793-1"]
        {
            assert!(!is_trace_root(wrong), "{wrong}");
        }
    }
}
