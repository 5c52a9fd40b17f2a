//! SHA-256 in the forms that signatures use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What the last line of a canonical request says about the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadHash(String);

impl PayloadHash {
    /// The hash of a body; that of an empty one where there is none.
    pub fn of(body: &[u8]) -> Self {
        Self(sha256_hex(body))
    }

    /// `UNSIGNED-PAYLOAD`: the signature does not cover the body.
    pub fn unsigned() -> Self {
        Self(UNSIGNED_PAYLOAD.to_owned())
    }

    /// As it stands in the canonical request.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client writes instead of a hash when it does not sign the body.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 in base64.
pub(crate) fn sha256_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
