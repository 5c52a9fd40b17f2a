//! Refused signatures as the client sees them.

use gateway::{GatewayError, ResponseType};
use sigv4::{Refusal, RefusalKind};

/// The gateway response of a refused signature. `echo` shows what should have been signed.
pub(crate) fn gateway_error(refusal: &Refusal, echo: bool) -> GatewayError {
    let kind = refusal.kind();
    let response_type = match kind {
        RefusalKind::MissingAuthenticationToken => ResponseType::MissingAuthenticationToken,
        RefusalKind::ExpiredToken => ResponseType::ExpiredToken,
        // Not documented: incomplete signatures and unknown keys have no type of their own.
        RefusalKind::InvalidSignature | RefusalKind::IncompleteSignature | RefusalKind::UnrecognizedClient => {
            ResponseType::InvalidSignature
        }
    };
    let mut message = refusal.to_string();
    if let (Refusal::Mismatch { .. }, false) = (refusal, echo) {
        let end = message.find("\n\n").unwrap_or(message.len());
        message.truncate(end);
    }
    let mut error = GatewayError::new(response_type).with_message(message);
    error.error_type = Some(kind.error_type());
    error
}
