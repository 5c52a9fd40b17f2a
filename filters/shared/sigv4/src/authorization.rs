//! A signature in the header `Authorization`.
//!
//! ```text
//! AWS4-HMAC-SHA256 Credential=KEY/20150830/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=…
//! ```

use crate::claim::{Claim, Form, read_credential};
use crate::hash::sha256_base64;
use crate::string_to_sign::ALGORITHM;
use crate::{Refusal, Request, Timestamp};

/// What HTTP allows around values.
const BLANKS: [char; 2] = [' ', '\t'];

const MISSING_CREDENTIAL: &str = "Authorization header requires 'Credential' parameter. ";
const MISSING_SIGNATURE: &str = "Authorization header requires 'Signature' parameter. ";
const MISSING_SIGNED_HEADERS: &str = "Authorization header requires 'SignedHeaders' parameter. ";
const MISSING_DATE: &str = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

/// Reads it.
pub(crate) fn read(request: &Request<'_>) -> Result<Claim, Refusal> {
    // Several headers are one list, which then has each part twice and is refused.
    let values: Vec<&[u8]> = request.values(b"authorization").collect();
    let header = values.join(&b", "[..]);
    let hash = || sha256_base64(&header);
    let text = std::str::from_utf8(&header).map_err(|_| Refusal::NotKeyValue { header_hash: hash() })?;
    let (algorithm, list) = text.trim_matches(BLANKS).split_once(' ').unwrap_or(("", text));
    if algorithm.contains('=') {
        return Err(Refusal::NoAlgorithm);
    }
    let parts = Parts::read(list).ok_or_else(|| Refusal::NotKeyValue { header_hash: hash() })?;
    let date = read_date(request);
    let mut missing = String::new();
    let mut check = |is_missing: bool, text: &str| {
        if is_missing {
            missing.push_str(text);
        }
    };
    check(parts.credential.is_none(), MISSING_CREDENTIAL);
    check(parts.signature.is_none(), MISSING_SIGNATURE);
    check(parts.signed_headers.is_none(), MISSING_SIGNED_HEADERS);
    check(date.is_none(), MISSING_DATE);
    let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (parts.credential, parts.signature, parts.signed_headers, date)
    else {
        return Err(Refusal::MissingParts { missing, header_hash: hash() });
    };
    if algorithm != ALGORITHM {
        return Err(Refusal::UnsupportedAlgorithm(algorithm.to_owned()));
    }
    let (access_key_id, scope, terminator) = read_credential(credential)?;
    Ok(Claim {
        form: Form::Header,
        access_key_id,
        scope,
        terminator,
        signed_headers: signed_headers.to_owned(),
        signature: signature.to_owned(),
        time: date?,
        session_token: request.only(b"x-amz-security-token").map(<[u8]>::to_vec),
    })
}

/// The three parts, in any order; a part that stands there twice is none.
#[derive(Default)]
struct Parts<'a> {
    credential: Option<&'a str>,
    signature: Option<&'a str>,
    signed_headers: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// `None` where something in the list is no `key=value`.
    fn read(list: &'a str) -> Option<Self> {
        let mut pairs = Vec::new();
        for part in list.split(',').map(|part| part.trim_matches(BLANKS)).filter(|part| !part.is_empty()) {
            pairs.push(part.split_once('=')?);
        }
        let only = |key: &str| {
            let mut values = pairs.iter().filter(|(other, _)| *other == key).map(|(_, value)| *value);
            let value = values.next()?;
            (values.next().is_none() && !value.is_empty()).then_some(value)
        };
        Some(Self {
            credential: only("Credential"),
            signature: only("Signature"),
            signed_headers: only("SignedHeaders"),
        })
    }
}

/// The time of `X-Amz-Date`, else of `Date`; `None` where there is neither, or several.
fn read_date(request: &Request<'_>) -> Option<Result<Timestamp, Refusal>> {
    let has_own = request.values(b"x-amz-date").next().is_some();
    let name: &[u8] = if has_own { b"x-amz-date" } else { b"date" };
    let text = String::from_utf8_lossy(request.only(name)?);
    let text = text.trim_matches(BLANKS);
    let time = if has_own { Timestamp::parse(text) } else { Timestamp::parse_date_header(text) };
    Some(time.ok_or_else(|| Refusal::MalformedDate(text.to_owned())))
}
