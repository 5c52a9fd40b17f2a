//! The keys of an issuer.

use std::fmt;

use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::key::Key;
use crate::object;

/// The longest key set, in bytes.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
pub const MAX_KEY_SET_BYTES: usize = 150_000;

/// How many keys of a set are read. A key of 2048 bits takes some 400 bytes, so this is more than fits.
const MAX_KEYS: usize = 1000;

/// How many keys of the same id a token is tried with. Issuers give every key its own.
const MAX_KEYS_OF_ONE_ID: usize = 4;

/// A JSON Web Key Set.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// Why a text is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// It is longer than [`MAX_KEY_SET_BYTES`].
    TooLong,
    /// It is no JSON object with a list of `keys`.
    Malformed,
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the key set has more than {MAX_KEY_SET_BYTES} bytes"),
            Self::Malformed => f.write_str("no JSON object with a list of `keys`"),
        }
    }
}

impl std::error::Error for KeySetError {}

impl KeySet {
    /// Reads a key set. Keys that cannot verify a token's signature, or that have no id, are left out.
    ///
    /// # Errors
    /// The text is no key set.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        if text.len() > MAX_KEY_SET_BYTES {
            return Err(KeySetError::TooLong);
        }
        let set = object::object(text).ok_or(KeySetError::Malformed)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        let keys = keys.iter().take(MAX_KEYS).filter_map(|jwk| Key::from_jwk(jwk.as_object()?).ok());
        Ok(Self { keys: keys.filter(|key| key.id.is_some()).collect() })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether there is a key of that id, whatever it is good for.
    pub fn contains(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The keys that a token with this key id and algorithm may be signed by.
    pub fn candidates(&self, id: &str, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        let fits = move |key: &&Key| key.id.as_deref() == Some(id) && key.allows(algorithm);
        self.keys.iter().filter(fits).take(MAX_KEYS_OF_ONE_ID)
    }
}
