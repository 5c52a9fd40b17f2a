//! A signature in the query string: presigned URLs, and the handshake of WebSockets in browsers.

use crate::canonical::percent_decode;
use crate::claim::{Claim, Form, MAX_EXPIRES_SECONDS, read_credential};
use crate::string_to_sign::ALGORITHM;
use crate::{Refusal, Request, Timestamp};

/// The parameters that have to be there, in the order in which a refusal lists them.
const REQUIRED: [&str; 6] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires"];

/// Whether the query string has a signature.
pub(crate) fn is_presigned(request: &Request<'_>) -> bool {
    values(request, "X-Amz-Signature").next().is_some()
}

/// Reads it.
pub(crate) fn read(request: &Request<'_>) -> Result<Claim, Refusal> {
    let [algorithm, credential, signature, signed_headers, date, expires] = REQUIRED.map(|name| only(request, name));
    let (Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date), Some(expires)) =
        (algorithm, credential, signature, signed_headers, date, expires)
    else {
        let missing = REQUIRED.iter().filter(|name| only(request, name).is_none());
        let missing = missing.map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
        return Err(Refusal::MissingParameters { missing });
    };
    if algorithm != ALGORITHM {
        return Err(Refusal::UnsupportedAlgorithm(algorithm));
    }
    let (access_key_id, scope, terminator) = read_credential(&credential)?;
    let time = Timestamp::parse(&date).ok_or(Refusal::MalformedDate(date))?;
    let is_number = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    let expires_seconds = if is_number { expires.parse::<u64>().ok() } else { None };
    let expires_seconds = expires_seconds.filter(|seconds| (1..=MAX_EXPIRES_SECONDS).contains(seconds));
    Ok(Claim {
        form: Form::Query { expires_seconds: expires_seconds.ok_or(Refusal::MalformedExpires)? },
        access_key_id,
        scope,
        terminator,
        signed_headers,
        signature,
        time,
        session_token: values(request, "X-Amz-Security-Token").next(),
    })
}

/// The value of a parameter that is there just once, and is text.
fn only(request: &Request<'_>, name: &str) -> Option<String> {
    let mut values = values(request, name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    String::from_utf8(value).ok().filter(|value| !value.is_empty())
}

fn values(request: &Request<'_>, name: &str) -> impl Iterator<Item = Vec<u8>> {
    request.query.split(|byte| *byte == b'&').filter_map(move |pair| {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let found = percent_decode(sides.next()?) == name.as_bytes();
        found.then(|| percent_decode(sides.next().unwrap_or_default()))
    })
}
