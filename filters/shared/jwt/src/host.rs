//! Verification by Envoy's foreign function `verify_signature`, some thirty times as fast as in WebAssembly.
//!
//! It takes RSA with PKCS #1 v1.5 padding and ECDSA, as protobuf messages: hash function (1), public key as DER (2),
//! signature (3) and text (4); the answer has the result (1) and, when it is false, a reason (2).
//!
//! Source: <https://github.com/envoyproxy/envoy/blob/main/source/extensions/common/wasm/ext/verify_signature.proto>

use crate::algorithm::{Algorithm, Hash};
use crate::der;
use crate::key::Key;
use crate::signature::fits;

/// Name of the host's function.
pub const HOST_FUNCTION: &str = "verify_signature";

/// What to ask the host. `None` where it cannot tell, or need not be asked: [`crate::verify`] answers then.
pub fn host_argument(key: &Key, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    use Algorithm::*;
    if !fits(key, algorithm, signature) {
        return None;
    }
    let hash = match algorithm.hash()? {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    };
    let ecdsa;
    let signature = match algorithm {
        RS256 | RS384 | RS512 => signature,
        ES256 | ES384 | ES512 => {
            let (r, s) = signature.split_at_checked(signature.len() / 2)?;
            ecdsa = der::ecdsa_signature(r, s);
            &ecdsa
        }
        PS256 | PS384 | PS512 | EdDSA => return None,
    };
    let size = [hash.len(), key.der.len(), signature.len(), text.len(), 16].iter().sum();
    let mut message = Vec::with_capacity(size);
    field(&mut message, 1, hash.as_bytes());
    field(&mut message, 2, &key.der);
    field(&mut message, 3, signature);
    field(&mut message, 4, text);
    Some(message)
}

/// What the host has answered; `None` when that is no answer.
pub fn host_answer(message: &[u8]) -> Option<bool> {
    const RESULT: u8 = 1 << 3;
    const REASON: u8 = 2 << 3 | 2;
    match message {
        // A field that is false is not written.
        [] | [RESULT, 0, ..] | [REASON, ..] => Some(false),
        [RESULT, 1, ..] => Some(true),
        _ => None,
    }
}

/// Appends a field of bytes.
fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    const LENGTH_DELIMITED: u8 = 2;
    message.push(number << 3 | LENGTH_DELIMITED);
    let mut size = bytes.len();
    while size >= 0x80 {
        message.push(0x80 | u8::try_from(size & 0x7f).unwrap_or_default());
        size >>= 7;
    }
    message.push(u8::try_from(size).unwrap_or_default());
    message.extend_from_slice(bytes);
}
