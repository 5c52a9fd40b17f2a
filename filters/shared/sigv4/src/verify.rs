//! Verification: all stages for one request.

use crate::canonical::{PathStyle, QueryParts, canonical_request, has_other_forms, in_order};
use crate::claim::Form;
use crate::comparison::{is_signature, is_token};
use crate::hash::UNSIGNED_PAYLOAD;
use crate::string_to_sign::string_to_sign;
use crate::{Claim, PayloadHash, Refusal, Request, SigningKey, Timestamp};

impl Claim {
    /// Whether the signature covers the body of `request`, so that it can only be verified once the body is here.
    pub fn covers_body(&self, request: &Request<'_>) -> bool {
        !self.leaves_body_out(request)
    }

    /// Verifies the signature. `body` is what was received.
    ///
    /// # Errors
    /// [`Refusal::Mismatch`], with what should have been signed.
    pub fn verify(&self, request: &Request<'_>, body: &[u8], key: &SigningKey) -> Result<(), Refusal> {
        // The body counts as received, whatever a client says that its hash is.
        let payload = if self.leaves_body_out(request) { PayloadHash::unsigned() } else { PayloadHash::of(body) };
        let path_styles: &[PathStyle] = match has_other_forms(request.path) {
            true => &[PathStyle::AsSent, PathStyle::Normalized],
            false => &[PathStyle::AsSent],
        };
        // Some clients append the token to a URL that they have signed before.
        let query_parts: &[QueryParts] = match (self.form, &self.session_token) {
            (Form::Header, _) => &[QueryParts::All],
            (Form::Query { .. }, None) => &[QueryParts::WithoutSignature],
            (Form::Query { .. }, Some(_)) => &[QueryParts::WithoutSignature, QueryParts::WithoutSignatureAndToken],
        };
        // A list in another order, or with a name twice, fits no signature.
        let signed_headers = in_order(&self.signed_headers);
        let may_fit = signed_headers == self.signed_headers;
        let mut expected = None;
        for query_parts in query_parts {
            for path_style in path_styles {
                let canonical = canonical_request(request, *path_style, *query_parts, &signed_headers, &payload);
                let to_sign = string_to_sign(&canonical, self.time, &self.scope);
                let fits = key.sign(&to_sign).is_some_and(|signature| is_signature(&self.signature, &signature));
                if fits && may_fit {
                    return Ok(());
                }
                expected.get_or_insert((canonical, to_sign));
            }
        }
        let (canonical_request, string_to_sign) = expected.unwrap_or_default();
        let canonical_request = String::from_utf8_lossy(&canonical_request).into_owned();
        Err(Refusal::Mismatch { canonical_request, string_to_sign })
    }

    /// Whether the token that came along is that of the credentials, which may have none.
    ///
    /// # Errors
    /// [`Refusal::UnknownAccessKey`] for another token, [`Refusal::ExpiredToken`] behind `expires`.
    pub fn check_token(&self, stored: Option<&str>, expires: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
        let right = match (self.session_token(), stored) {
            (None, None) => true,
            (Some(claimed), Some(stored)) => is_token(claimed, stored),
            _ => false,
        };
        match expires {
            _ if !right => Err(Refusal::UnknownAccessKey),
            Some(expires) if now >= expires => Err(Refusal::ExpiredToken),
            _ => Ok(()),
        }
    }

    fn leaves_body_out(&self, request: &Request<'_>) -> bool {
        self.signs("x-amz-content-sha256")
            && request.only(b"x-amz-content-sha256").is_some_and(|value| value == UNSIGNED_PAYLOAD.as_bytes())
    }
}
