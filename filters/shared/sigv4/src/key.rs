//! The third stage: the signing key of a day, region and service, and signatures with it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Scope;
use crate::scope::TERMINATOR;

/// A key that signs for one scope. It cannot be turned back into the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// Derives the key of a scope from a secret access key.
    pub fn derive(secret_access_key: &str, scope: &Scope) -> Option<Self> {
        let date = hmac(format!("AWS4{secret_access_key}").as_bytes(), scope.date.as_bytes())?;
        let region = hmac(&date, scope.region.as_bytes())?;
        let service = hmac(&region, scope.service.as_bytes())?;
        hmac(&service, TERMINATOR.as_bytes()).map(Self)
    }

    /// The signature of a string to sign.
    pub(crate) fn sign(&self, string_to_sign: &str) -> Option<[u8; 32]> {
        hmac(&self.0, string_to_sign.as_bytes())
    }
}

/// Not the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// HMAC takes keys of any length; `None` never comes, and would refuse.
fn hmac(key: &[u8], message: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    /// Key of the project's own vectors.
    #[test]
    fn derived() {
        let scope = Scope { date: "20260102".into(), region: "us-east-1".into(), service: "execute-api".into() };
        let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &scope);
        let expected = "65ac28712094173a4786d5536657505cfb429c8aa153f7c34db1d4281d87e9f3";
        assert_eq!(key.map(|key| hex(&key.0)).as_deref(), Some(expected));
    }
}
