//! Envoy's attributes that are no text.
//!
//! Source: <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>

use crate::Host;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// `response.code_details` of what Envoy's router got from a backend.
pub const VIA_UPSTREAM: &[u8] = b"via_upstream";

/// A number: eight bytes, little-endian. A negative one is `None`.
pub fn number(host: &dyn Host, path: &[&str]) -> Option<u64> {
    u64::try_from(i64::from_le_bytes(host.attribute(path)?.as_slice().try_into().ok()?)).ok()
}

/// A duration, or a time since 1970, in milliseconds; Envoy gives nanoseconds.
pub fn millis(host: &dyn Host, path: &[&str]) -> Option<u64> {
    Some(number(host, path)? / NANOS_PER_MILLI)
}

/// Whether the response is what Envoy's router got from a backend.
pub fn is_forwarded(host: &dyn Host) -> bool {
    host.attribute(&["response", "code_details"]).as_deref() == Some(VIA_UPSTREAM)
}
