//! The signature algorithms.

use serde::{Deserialize, Serialize};

/// An algorithm by its name in a token's header. There is no `none` and no HMAC: a public key must never serve as a
/// shared secret.
///
/// Source: RFC 7518 section 3.1, RFC 8037 section 3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
}

/// The hash function that an algorithm signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The algorithms that API Gateway itself accepts.
    pub const API_GATEWAY: [Self; 3] = [Self::RS256, Self::RS384, Self::RS512];

    const ALL: [(&'static str, Self); 10] = [
        ("RS256", Self::RS256),
        ("RS384", Self::RS384),
        ("RS512", Self::RS512),
        ("PS256", Self::PS256),
        ("PS384", Self::PS384),
        ("PS512", Self::PS512),
        ("ES256", Self::ES256),
        ("ES384", Self::ES384),
        ("ES512", Self::ES512),
        ("EdDSA", Self::EdDSA),
    ];

    /// The algorithm of that name, letter case included.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// The name in headers and keys.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, algorithm)| *algorithm == self).map_or("", |(name, _)| name)
    }

    /// What is signed is the hash of the text; EdDSA signs the text itself.
    pub fn hash(self) -> Option<Hash> {
        match self {
            Self::RS256 | Self::PS256 | Self::ES256 => Some(Hash::Sha256),
            Self::RS384 | Self::PS384 | Self::ES384 => Some(Hash::Sha384),
            Self::RS512 | Self::PS512 | Self::ES512 => Some(Hash::Sha512),
            Self::EdDSA => None,
        }
    }
}
