//! The compact form of a token: header, payload and signature, with dots between them.

use std::cell::RefCell;
use std::fmt;

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::{base64url, object};

/// The longest token, in bytes. The headers of a request may have 10,240 bytes all in all.
pub const MAX_TOKEN_BYTES: usize = 16_384;

/// A token, read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'a> {
    /// What the header says about the signature.
    pub header: Header,
    /// What is signed.
    pub signed: &'a [u8],
    /// The signature, decoded.
    pub signature: Vec<u8>,
    /// The payload, decoded.
    payload: Vec<u8>,
}

/// The header of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Algorithm of the signature.
    pub algorithm: Algorithm,
    /// Id of the key.
    pub key_id: Option<String>,
}

/// Why a text is no token that could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It has not three parts.
    Segments,
    /// A part is not base64url, or not a JSON object; or the token is too long, or has a header that must be understood.
    Malformed,
    /// The algorithm is `none`, a shared secret's, or unknown; its name, where it is a well-known one.
    Algorithm(Option<&'static str>),
}

/// Names that an answer may repeat; any other text of a token never leaves.
const REFUSED: [&str; 4] = ["none", "HS256", "HS384", "HS512"];

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segments => f.write_str("token contains an invalid number of segments"),
            Self::Malformed => f.write_str("token is malformed"),
            Self::Algorithm(Some(name)) => write!(f, "signing method {name} is invalid"),
            Self::Algorithm(None) => f.write_str("signing method is invalid"),
        }
    }
}

impl std::error::Error for TokenError {}

impl<'a> Token<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order in which API Gateway looks.
    pub fn parse(text: &'a [u8]) -> Result<Self, TokenError> {
        Self::parse_after(text, &LastHeader::default())
    }

    /// Reads a token whose header may be that of the one before.
    ///
    /// # Errors
    /// As [`Token::parse`].
    pub fn parse_after(text: &'a [u8], last: &LastHeader) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let mut dots = text.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(TokenError::Segments);
        };
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let decoded = |from, to| base64url(part(from, to)).ok_or(TokenError::Malformed);
        let known = last.get(part(0, first));
        let header = if known.is_none() { decoded(0, first)? } else { Vec::new() };
        let payload = decoded(first.saturating_add(1), second)?;
        let signature = decoded(second.saturating_add(1), text.len())?;
        let header = match known {
            Some(known) => known,
            None => last.remember(part(0, first), Header::parse(&header)?),
        };
        Ok(Self { header, signed: part(0, second), signature, payload })
    }

    /// What the token claims. Nothing of it is true before the signature is verified.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] when the payload is no JSON object.
    pub fn claims(&self) -> Result<Claims, TokenError> {
        Claims::parse(self.payload.clone()).ok_or(TokenError::Malformed)
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, TokenError> {
        let header = object::object_without_duplicates(json).ok_or(TokenError::Malformed)?;
        // Whoever writes `crit` wants more understood than there is to understand here.
        if header.contains_key("crit") {
            return Err(TokenError::Malformed);
        }
        let name = header.get("alg").and_then(|name| name.as_str()).unwrap_or_default();
        let refused = || TokenError::Algorithm(REFUSED.iter().find(|known| **known == name).copied());
        let algorithm = Algorithm::from_name(name).ok_or_else(refused)?;
        let key_id = header.get("kid").and_then(|id| id.as_str()).map(str::to_owned);
        Ok(Self { algorithm, key_id })
    }
}

/// The header that was read last. The tokens of an issuer mostly have the same one, to the byte.
#[derive(Debug, Default)]
pub struct LastHeader(RefCell<Option<(Vec<u8>, Header)>>);

impl LastHeader {
    fn get(&self, part: &[u8]) -> Option<Header> {
        let last = self.0.try_borrow().ok()?;
        last.as_ref().filter(|(known, _)| known == part).map(|(_, header)| header.clone())
    }

    fn remember(&self, part: &[u8], header: Header) -> Header {
        if let Ok(mut last) = self.0.try_borrow_mut() {
            *last = Some((part.to_vec(), header.clone()));
        }
        header
    }
}

/// The token in the value of a header or query parameter: the value itself, or what follows the scheme `Bearer`. Another
/// scheme is taken for a part of the token, and fails as one.
pub fn bearer(value: &[u8]) -> &[u8] {
    const SCHEME: &[u8] = b"bearer";
    let value = value.trim_ascii();
    match value.split_at_checked(SCHEME.len()) {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case(SCHEME) && token.first().is_some_and(u8::is_ascii_whitespace) =>
        {
            token.trim_ascii()
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_header_is_taken_for_the_last_one_only_where_it_is_the_same() {
        let last = LastHeader::default();
        let read = |header: &str| {
            let text = format!("{}.e30.", URL_SAFE_NO_PAD.encode(header));
            Token::parse_after(text.as_bytes(), &last).map(|token| (token.header.algorithm, token.header.key_id))
        };
        let (a, b) = (r#"{"alg":"RS256","kid":"a"}"#, r#"{"alg":"ES256","kid":"b"}"#);
        let of_a = Ok((Algorithm::RS256, Some("a".to_owned())));
        for _ in 0..2 {
            assert_eq!(read(a), of_a);
        }
        assert_eq!(read(b), Ok((Algorithm::ES256, Some("b".to_owned()))));
        assert_eq!(read(r#"{"alg":"none","kid":"b"}"#), Err(TokenError::Algorithm(Some("none"))));
        assert_eq!(read(r#"{"alg":"ES256","kid":"b","crit":[]}"#), Err(TokenError::Malformed));
        assert_eq!(read(a), of_a);
    }
}
