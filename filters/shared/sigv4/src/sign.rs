//! Signing of requests to AWS services: the header form.

use std::fmt;

use crate::canonical::{PathStyle, QueryParts, canonical_request};
use crate::hash::hex;
use crate::string_to_sign::{ALGORITHM, string_to_sign};
use crate::{KeyCache, PayloadHash, Request, Scope, Timestamp};

/// Headers that are not signed because proxies on the way change them.
const NOT_SIGNED: [&[u8]; 10] = [
    b"authorization",
    b"connection",
    b"expect",
    b"keep-alive",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"user-agent",
    b"x-amzn-trace-id",
];

/// An access key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
}

/// Not the secret, and not the token.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Signs requests to one service in one region.
#[derive(Debug)]
pub struct Signer {
    credentials: Credentials,
    region: String,
    service: String,
    path_style: PathStyle,
    /// Whether a header says the hash of the body.
    content_sha256: bool,
    keys: KeyCache,
}

impl Signer {
    /// A signer as `service` wants it: for S3 the path is encoded only once, and a header says the hash of the body.
    pub fn new(credentials: Credentials, region: impl Into<String>, service: impl Into<String>) -> Self {
        let service = service.into();
        let is_s3 = matches!(service.as_str(), "s3" | "s3-outposts" | "s3-object-lambda" | "s3express");
        Self {
            credentials,
            region: region.into(),
            service,
            path_style: if is_s3 { PathStyle::EncodedOnce } else { PathStyle::Normalized },
            content_sha256: is_s3,
            keys: KeyCache::default(),
        }
    }

    /// The same signer with another form of the path.
    #[must_use]
    pub fn with_path_style(mut self, path_style: PathStyle) -> Self {
        self.path_style = path_style;
        self
    }

    /// The same signer, with or without the header `x-amz-content-sha256`.
    #[must_use]
    pub fn with_content_sha256(mut self, content_sha256: bool) -> Self {
        self.content_sha256 = content_sha256;
        self
    }

    /// The headers that sign `request`, to be set in place of those of the same names. All of the request's headers
    /// are signed, those left out that proxies change; `host` has to be among them.
    ///
    /// `None` where the key cannot be derived, which does not happen.
    pub fn sign(&self, request: &Request<'_>, body: &[u8], now: Timestamp) -> Option<Vec<(&'static str, String)>> {
        let payload = PayloadHash::of(body);
        let mut added = vec![("x-amz-date", now.to_string())];
        if let Some(token) = &self.credentials.session_token {
            added.push(("x-amz-security-token", token.clone()));
        }
        if self.content_sha256 {
            added.push(("x-amz-content-sha256", payload.as_str().to_owned()));
        }
        let is_added = |name: &[u8]| added.iter().any(|(other, _)| name.eq_ignore_ascii_case(other.as_bytes()));
        let mut signed = Request { headers: Vec::new(), ..request.clone() };
        signed.headers.extend(request.headers.iter().filter(|(name, _)| is_signed(name) && !is_added(name)));
        signed.headers.extend(added.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        let signed_headers = signed_headers(&signed);
        let canonical = canonical_request(&signed, self.path_style, QueryParts::All, &signed_headers, &payload);
        let scope = Scope { date: now.date(), region: self.region.clone(), service: self.service.clone() };
        let Credentials { access_key_id, secret_access_key, .. } = &self.credentials;
        let key = self.keys.key(access_key_id, secret_access_key, &scope)?;
        let signature = hex(&key.sign(&string_to_sign(&canonical, now, &scope))?);
        let authorization = format!(
            "{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
        );
        added.push(("authorization", authorization));
        Some(added)
    }
}

fn is_signed(name: &[u8]) -> bool {
    !name.starts_with(b":") && !NOT_SIGNED.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The names of all headers, each once, sorted, in lower case.
fn signed_headers(request: &Request<'_>) -> String {
    let lower = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_lowercase();
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| lower(name)).collect();
    names.sort();
    names.dedup();
    names.join(";")
}
