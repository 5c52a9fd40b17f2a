//! Verification in Rust, for what the host does not verify and for hosts that verify nothing.

use p256::ecdsa::signature::Verifier;
use rsa::{pkcs1v15, pss, sha2};

use crate::algorithm::Algorithm;
use crate::key::{Key, Material};

/// Whether `signature` is the key's signature of `text` by `algorithm`. An algorithm that the key does not allow is
/// never verified.
pub fn verify(key: &Key, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
    if !fits(key, algorithm, signature) {
        return false;
    }
    match &key.material {
        Material::Rsa(public) => rsa(public, algorithm, text, signature),
        Material::P256(public) => {
            p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| public.verify(text, &signature).is_ok())
        }
        Material::P384(public) => {
            p384::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| public.verify(text, &signature).is_ok())
        }
        Material::P521(public) => {
            p521::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| public.verify(text, &signature).is_ok())
        }
        Material::Ed25519(public) => ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| public.verify_strict(text, &signature).is_ok()),
    }
}

/// Whether the key may have made a signature of this form. Each algorithm has one length.
pub(crate) fn fits(key: &Key, algorithm: Algorithm, signature: &[u8]) -> bool {
    key.allows(algorithm) && signature.len() == key.signature_bytes()
}

fn rsa(public: &rsa::RsaPublicKey, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
    use Algorithm::*;
    let public = public.clone();
    let pkcs1 = || pkcs1v15::Signature::try_from(signature);
    let pss = || pss::Signature::try_from(signature);
    let verified = match algorithm {
        RS256 => pkcs1().and_then(|s| pkcs1v15::VerifyingKey::<sha2::Sha256>::new(public).verify(text, &s)),
        RS384 => pkcs1().and_then(|s| pkcs1v15::VerifyingKey::<sha2::Sha384>::new(public).verify(text, &s)),
        RS512 => pkcs1().and_then(|s| pkcs1v15::VerifyingKey::<sha2::Sha512>::new(public).verify(text, &s)),
        PS256 => pss().and_then(|s| pss::VerifyingKey::<sha2::Sha256>::new(public).verify(text, &s)),
        PS384 => pss().and_then(|s| pss::VerifyingKey::<sha2::Sha384>::new(public).verify(text, &s)),
        PS512 => pss().and_then(|s| pss::VerifyingKey::<sha2::Sha512>::new(public).verify(text, &s)),
        ES256 | ES384 | ES512 | EdDSA => return false,
    };
    verified.is_ok()
}
