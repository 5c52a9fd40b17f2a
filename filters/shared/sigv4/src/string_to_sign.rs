//! The second stage: the string to sign.

use crate::hash::sha256_hex;
use crate::{Scope, Timestamp};

/// The only algorithm there is here. SigV4a has `AWS4-ECDSA-P256-SHA256`.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The string to sign for a canonical request.
pub(crate) fn string_to_sign(canonical_request: &[u8], time: Timestamp, scope: &Scope) -> String {
    format!("{ALGORITHM}\n{time}\n{scope}\n{}", sha256_hex(canonical_request))
}
