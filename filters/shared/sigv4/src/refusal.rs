//! Why a signature is refused, in the service's words.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>

use std::fmt;

use gateway::{GatewayError, ResponseType};

use crate::Timestamp;

/// Why a signature is refused. Its text is the message that the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is not signed.
    MissingAuthenticationToken,
    /// The list in `Authorization` has a part without `=`.
    NotKeyValue {
        /// SHA-256 of the header's value, in base64.
        header_hash: String,
    },
    /// `Authorization` does not begin with an algorithm.
    NoAlgorithm,
    /// `Authorization` lacks something, or there is no date.
    MissingParts {
        /// A sentence for each missing part.
        missing: String,
        /// SHA-256 of the header's value, in base64.
        header_hash: String,
    },
    /// The query string lacks something.
    MissingParameters {
        /// A sentence for each missing parameter.
        missing: String,
    },
    /// The algorithm is another one.
    UnsupportedAlgorithm(String),
    /// The credential does not have five parts.
    MalformedCredential(String),
    /// The date cannot be read.
    MalformedDate(String),
    /// `X-Amz-Expires` is no number of seconds from 1 to 604,800.
    MalformedExpires,
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// A header that has to be signed is not, under `strictSignedHeaders`.
    HeadersNotSigned,
    /// Region, service, terminator or day are wrong.
    WrongScope(String),
    /// Nobody has this access key, or it goes with another session token.
    UnknownAccessKey,
    /// The session is over.
    ExpiredToken,
    /// The signature was made too long ago.
    Expired {
        /// When it was made.
        signed: Timestamp,
        /// The earliest time that would do.
        earliest: Timestamp,
        /// The time here.
        now: Timestamp,
        /// How long it was good for.
        validity_seconds: u64,
    },
    /// The signature is from the future.
    NotYetCurrent {
        /// When it was made.
        signed: Timestamp,
        /// The latest time that would do.
        latest: Timestamp,
        /// The time here.
        now: Timestamp,
        /// How far clocks may be apart.
        skew_seconds: u64,
    },
    /// The signature is wrong.
    Mismatch {
        /// What should have been signed.
        canonical_request: String,
        /// What should have been signed, hashed.
        string_to_sign: String,
    },
}

/// The kinds of refusals, as the service's errors tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// `MissingAuthenticationTokenException`
    MissingAuthenticationToken,
    /// `IncompleteSignatureException`
    IncompleteSignature,
    /// `InvalidSignatureException`
    InvalidSignature,
    /// `UnrecognizedClientException`
    UnrecognizedClient,
    /// `ExpiredTokenException`
    ExpiredToken,
}

impl RefusalKind {
    /// The value of `x-amzn-ErrorType`.
    pub fn error_type(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
        }
    }
}

impl Refusal {
    /// The gateway response. `echo` shows what should have been signed.
    pub fn gateway_error(&self, echo: bool) -> GatewayError {
        let kind = self.kind();
        let response_type = match kind {
            RefusalKind::MissingAuthenticationToken => ResponseType::MissingAuthenticationToken,
            RefusalKind::ExpiredToken => ResponseType::ExpiredToken,
            // Not documented: incomplete signatures and unknown keys have no type of their own.
            RefusalKind::InvalidSignature | RefusalKind::IncompleteSignature | RefusalKind::UnrecognizedClient => {
                ResponseType::InvalidSignature
            }
        };
        let mut message = self.to_string();
        if let (Self::Mismatch { .. }, false) = (self, echo) {
            let end = message.find("\n\n").unwrap_or(message.len());
            message.truncate(end);
        }
        let mut error = GatewayError::new(response_type).with_message(message);
        error.error_type = Some(kind.error_type());
        error
    }

    /// Its kind.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::MissingAuthenticationToken => RefusalKind::MissingAuthenticationToken,
            Self::NotKeyValue { .. }
            | Self::NoAlgorithm
            | Self::MissingParts { .. }
            | Self::MissingParameters { .. }
            | Self::UnsupportedAlgorithm(_)
            | Self::MalformedCredential(_)
            | Self::MalformedDate(_)
            | Self::MalformedExpires => RefusalKind::IncompleteSignature,
            Self::HostNotSigned
            | Self::HeadersNotSigned
            | Self::WrongScope(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::Mismatch { .. } => RefusalKind::InvalidSignature,
            Self::UnknownAccessKey => RefusalKind::UnrecognizedClient,
            Self::ExpiredToken => RefusalKind::ExpiredToken,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingAuthenticationToken => f.write_str("Missing Authentication Token"),
            Self::NotKeyValue { header_hash } => write!(
                f,
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
                 with Base64): '{header_hash}'."
            ),
            Self::NoAlgorithm => f.write_str(
                "Authorization header must begin with the algorithm name, which cannot include an equal-sign",
            ),
            Self::MissingParts { missing, header_hash } => {
                write!(f, "{missing}(Hashed with SHA-256 and encoded with Base64) Authorization={header_hash}")
            }
            Self::MissingParameters { missing } => {
                write!(f, "{missing}Re-examine the query-string parameters.")
            }
            Self::UnsupportedAlgorithm(algorithm) => write!(f, "Unsupported AWS 'algorithm': '{algorithm}'."),
            Self::MalformedCredential(credential) => write!(
                f,
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got: \
                 '{credential}'."
            ),
            Self::MalformedDate(date) => write!(
                f,
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
            Self::MalformedExpires => f.write_str("'X-Amz-Expires' must be a number of seconds from 1 to 604800."),
            Self::HostNotSigned => {
                f.write_str("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
            }
            Self::HeadersNotSigned => f.write_str("There were headers present in the request which were not signed"),
            Self::WrongScope(wrong) => f.write_str(wrong),
            Self::UnknownAccessKey => f.write_str("The security token included in the request is invalid."),
            Self::ExpiredToken => f.write_str("The security token included in the request is expired"),
            Self::Expired { signed, earliest, now, validity_seconds } => {
                let validity = Span(*validity_seconds);
                write!(f, "Signature expired: {signed} is now earlier than {earliest} ({now} - {validity}.)")
            }
            Self::NotYetCurrent { signed, latest, now, skew_seconds } => {
                let skew = Span(*skew_seconds);
                write!(f, "Signature not yet current: {signed} is still later than {latest} ({now} + {skew}.)")
            }
            Self::Mismatch { canonical_request, string_to_sign } => write!(
                f,
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
                 for this request should have been\n'{canonical_request}'\n\nThe String-to-Sign should have \
                 been\n'{string_to_sign}'\n"
            ),
        }
    }
}

/// `5 min`, or `90 sec`.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 60 {
            0 => write!(f, "{} min", self.0 / 60),
            _ => write!(f, "{} sec", self.0),
        }
    }
}
