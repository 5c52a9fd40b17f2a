//! One public key of an issuer.

use std::fmt;

use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::{base64url, der, roca};

/// Shorter RSA keys can be broken.
const MIN_RSA_BITS: usize = 2048;
/// Longer ones only cost time; what verifies with one of these takes sixteen times as long as with 2048 bits.
const MAX_RSA_BITS: usize = 8192;
/// What both verifiers take: BoringSSL and the `rsa` package refuse exponents of more than 33 bits.
const MAX_RSA_EXPONENT_BITS: usize = 33;

/// A key that can verify signatures.
#[derive(Clone)]
pub struct Key {
    /// `kid`, by which a token names it.
    pub id: Option<String>,
    /// `alg`: the only algorithm that it may be used with.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) material: Material,
    /// SubjectPublicKeyInfo, for the host; empty for keys that it does not take.
    pub(crate) der: Vec<u8>,
}

#[derive(Clone)]
pub(crate) enum Material {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(Box<p521::ecdsa::VerifyingKey>),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Why a JWK cannot verify signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// `kty` or `crv` is missing or none that signs tokens; `oct` is a shared secret.
    Type,
    /// `use`, `key_ops` or `alg` says that the key is for something else.
    Purpose,
    /// A number is missing, is not base64url, or is no valid key.
    Material,
    /// An RSA key has fewer than 2048 bits, or more than 8192.
    Size,
    /// An RSA key can be factored.
    Weak,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "the key's type does not sign tokens",
            Self::Purpose => "the key is for something else",
            Self::Material => "the key is not valid",
            Self::Size => "the key's size is not between 2048 and 8192 bits",
            Self::Weak => "the key can be factored",
        })
    }
}

impl std::error::Error for KeyError {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Key {
    /// Reads a JSON Web Key. Its private part, if there is one, is not looked at.
    ///
    /// # Errors
    /// The key cannot verify the signature of a token.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        let algorithm = purpose(jwk)?;
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let (material, der) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => rsa(jwk)?,
            (Some("EC"), Some("P-256")) => {
                let (point, der) = point(jwk, der::P256, 32)?;
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| KeyError::Material)?;
                (Material::P256(key), der)
            }
            (Some("EC"), Some("P-384")) => {
                let (point, der) = point(jwk, der::P384, 48)?;
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| KeyError::Material)?;
                (Material::P384(key), der)
            }
            (Some("EC"), Some("P-521")) => {
                let (point, der) = point(jwk, der::P521, 66)?;
                let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| KeyError::Material)?;
                (Material::P521(Box::new(key)), der)
            }
            (Some("OKP"), Some("Ed25519")) => {
                let x = number(jwk, "x")?.try_into().map_err(|_| KeyError::Material)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x).map_err(|_| KeyError::Material)?;
                (Material::Ed25519(key), Vec::new())
            }
            _ => return Err(KeyError::Type),
        };
        Ok(Self { id: text("kid").map(str::to_owned), algorithm, material, der })
    }

    /// Whether a token with this algorithm may be signed by this key.
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        use Algorithm::*;
        let fits = match &self.material {
            Material::Rsa(_) => matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512),
            Material::P256(_) => algorithm == ES256,
            Material::P384(_) => algorithm == ES384,
            Material::P521(_) => algorithm == ES512,
            Material::Ed25519(_) => algorithm == EdDSA,
        };
        fits && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// How long each of its signatures is, in bytes.
    pub(crate) fn signature_bytes(&self) -> usize {
        match &self.material {
            Material::Rsa(key) => key.size(),
            Material::P256(_) | Material::Ed25519(_) => 64,
            Material::P384(_) => 96,
            Material::P521(_) => 132,
        }
    }
}

/// What a key is for; returns its `alg`.
fn purpose(jwk: &Map<String, Value>) -> Result<Option<Algorithm>, KeyError> {
    let for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig");
    let verifies = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    let algorithm = match jwk.get("alg") {
        None => None,
        Some(name) => Some(name.as_str().and_then(Algorithm::from_name).ok_or(KeyError::Purpose)?),
    };
    if for_signatures && verifies { Ok(algorithm) } else { Err(KeyError::Purpose) }
}

fn number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyError> {
    jwk.get(name).and_then(Value::as_str).and_then(base64url).ok_or(KeyError::Material)
}

fn rsa(jwk: &Map<String, Value>) -> Result<(Material, Vec<u8>), KeyError> {
    let (modulus, exponent) = (number(jwk, "n")?, number(jwk, "e")?);
    let (n, e) = (BigUint::from_bytes_be(&modulus), BigUint::from_bytes_be(&exponent));
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&n.bits()) {
        return Err(KeyError::Size);
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if e.bits() < 2 || e.bits() > MAX_RSA_EXPONENT_BITS || !odd(&exponent) || !odd(&modulus) {
        return Err(KeyError::Material);
    }
    if roca::has_fingerprint(&modulus) {
        return Err(KeyError::Weak);
    }
    let der = der::rsa_key(&modulus, &exponent);
    let key = RsaPublicKey::new_with_max_size(n, e, MAX_RSA_BITS).map_err(|_| KeyError::Material)?;
    Ok((Material::Rsa(key), der))
}

/// A point of a curve whose coordinates have `size` bytes: in SEC1's uncompressed form, and as SubjectPublicKeyInfo.
fn point(jwk: &Map<String, Value>, curve: &[u8], size: usize) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    const UNCOMPRESSED: u8 = 4;
    let (x, y) = (number(jwk, "x")?, number(jwk, "y")?);
    if x.len() != size || y.len() != size {
        return Err(KeyError::Material);
    }
    Ok(([&[UNCOMPRESSED][..], &x, &y].concat(), der::ec_key(curve, &x, &y)))
}
