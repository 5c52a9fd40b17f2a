//! Token issuers: what a definition cannot say of them.
//!
//! ```yaml
//! tokenIssuers:
//!   https://issuer.example/:
//!     jwks: {keys: [{kty: RSA, kid: k1, n: …, e: AQAB}]}    # nothing is fetched; or the name of a file beside this one
//!     allowedAlgorithms: [RS256, ES256]
//! ```

use indexmap::IndexMap;
use jwt::{Algorithm, KeySet};
use serde_json::Value;

use crate::diagnostics::Diagnostics;
use crate::read::Reader;
use crate::source::{Document, Entry, Node, Spanned};
use crate::uri::BackendUri;

/// What is known of an issuer beside its URL.
#[derive(Clone, Debug, Default)]
pub struct TokenIssuer {
    /// Its keys, which then are not fetched.
    pub jwks: Option<Spanned<Value>>,
    /// The file with them, beside that of the settings.
    pub jwks_file: Option<Spanned<String>>,
    /// Where its keys are, instead of discovery.
    pub jwks_uri: Option<String>,
    /// Algorithms of its signatures; empty: API Gateway's own.
    pub allowed_algorithms: Vec<Algorithm>,
    /// How far its clock may be off, in seconds.
    pub clock_skew_seconds: u32,
    /// For how long its keys are used before they are fetched again, in seconds.
    pub cache_seconds: Option<u32>,
    /// For how much longer while it cannot be reached, in seconds.
    pub stale_seconds: Option<u32>,
}

impl TokenIssuer {
    /// The algorithms of an issuer that the settings do not name.
    pub fn default_algorithms() -> Vec<Algorithm> {
        Algorithm::API_GATEWAY.to_vec()
    }

    /// The algorithms of its signatures.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        if self.allowed_algorithms.is_empty() { Self::default_algorithms() } else { self.allowed_algorithms.clone() }
    }
}

/// Reads `tokenIssuers`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, TokenIssuer> {
    reader.map_of(node, read_issuer)
}

fn read_issuer<'d>(reader: &mut Reader<'d>, entry: &'d Entry) -> Option<TokenIssuer> {
    const DAYS_30: i64 = 30 * 86_400;
    if BackendUri::parse(&entry.key.text).is_err() {
        reader.error(entry.key.span, "expected the URL of an issuer, to the byte as its tokens have it in `iss`");
    }
    let mut fields = reader.fields(&entry.value)?;
    let (jwks, jwks_file) = match fields.take("jwks") {
        Some(node) if node.as_str().is_some() => (None, reader.filled(node)),
        Some(node) => (read_jwks(reader, node), None),
        None => (None, None),
    };
    let jwks_uri = fields.take("jwksUri").and_then(|node| read_uri(reader, node));
    let algorithms = fields.take("allowedAlgorithms").map(|node| read_algorithms(reader, node));
    let mut seconds = |name, most| {
        let node = fields.take(name)?;
        reader.integer(node, 0..=most).and_then(|seconds| u32::try_from(seconds.value).ok())
    };
    let clock_skew_seconds = seconds("clockSkewSeconds", 300).unwrap_or_default();
    let (cache_seconds, stale_seconds) = (seconds("cacheSeconds", DAYS_30), seconds("staleSeconds", DAYS_30));
    fields.finish(reader);
    let allowed_algorithms = algorithms.unwrap_or_default();
    Some(TokenIssuer {
        jwks,
        jwks_file,
        jwks_uri,
        allowed_algorithms,
        clock_skew_seconds,
        cache_seconds,
        stale_seconds,
    })
}

/// Reads a file of keys alone: a JSON Web Key Set.
pub fn read_key_file(document: &Document) -> (Option<Spanned<Value>>, Diagnostics) {
    let mut reader = Reader::new(document);
    let jwks = document.root().and_then(|root| read_jwks(&mut reader, root));
    (jwks, reader.diagnostics)
}

fn read_jwks(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<Value>> {
    let jwks = node.to_json();
    match KeySet::parse(jwks.to_string().as_bytes()) {
        Ok(keys) if !keys.is_empty() => Some(Spanned { value: jwks, span: node.span }),
        Ok(_) => {
            reader.error(node.span, "no key here can verify a token: each needs a `kid`, and RSA keys 2048 bits");
            None
        }
        Err(error) => {
            reader.error(node.span, error.to_string());
            None
        }
    }
}

fn read_uri(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.filled(node)?;
    if BackendUri::parse(&text).is_err() {
        reader.error(node.span, "expected the URL of a key set");
        return None;
    }
    Some(text.value)
}

fn read_algorithms<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<Algorithm> {
    let mut algorithms = Vec::new();
    for name in reader.texts(node) {
        match Algorithm::from_name(&name) {
            Some(algorithm) => algorithms.push(algorithm),
            None => {
                let text =
                    format!("found `{}`, expected `RS256`, `PS256`, `ES256` (or with 384 or 512) or `EdDSA`", *name);
                reader.error(name.span, text);
            }
        }
    }
    algorithms
}
