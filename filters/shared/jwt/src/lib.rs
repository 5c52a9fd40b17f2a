//! JSON Web Tokens as API Gateway reads them: the compact form, key sets, signatures, claims, and how claims look in
//! `$context` and events.
//!
//! Where libraries differ, the stricter reading counts. Nothing here knows requests, Envoy or a clock.
//!
//! Sources: RFC 7515 (JWS), 7517 (JWK), 7518 (algorithms), 7519 (JWT), 8037 (EdDSA), and
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>

mod algorithm;
mod claim_text;
mod claims;
mod der;
mod host;
mod key;
mod key_set;
mod object;
mod roca;
mod signature;
mod token;

pub use algorithm::{Algorithm, Hash};
pub use claim_text::{cognito_claims, http_claims};
pub use claims::{ClaimError, Claims, Clock};
pub use host::{HOST_FUNCTION, host_answer, host_argument};
pub use key::{Key, KeyError};
pub use key_set::{KeySet, KeySetError, MAX_KEY_SET_BYTES};
pub use signature::verify;
pub use token::{Header, LastHeader, MAX_TOKEN_BYTES, Token, TokenError, bearer};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes base64url: no padding, no other alphabet, no unused bits that are set.
fn base64url(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
