//! The AWS signing test suite: every case is signed and verified, and refused once any bit of it changes.
//!
//! `$CONFORMANCE_DIR` (`../shared/conformance` beside the repository where unset) holds the suite in `sigv4/`. Without
//! that folder nothing runs here; `vectors.rs` has this project's own cases.

use std::path::PathBuf;
use std::{env, fs};

use crate::support::{Gateway, Message};
use serde::Deserialize;
use sigv4::{Credentials, KeyCache, PathStyle, Refusal, Signer, Timestamp};

#[derive(Deserialize)]
struct Case {
    id: String,
    context: Context,
    request: String,
    header: Signed,
    query: Signed,
}

#[derive(Deserialize)]
struct Context {
    credentials: Keys,
    normalize: bool,
    #[serde(default)]
    omit_session_token: bool,
    region: String,
    service: String,
    sign_body: bool,
    timestamp: String,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Signed {
    canonical_request: String,
    string_to_sign: String,
    signature: String,
    signed_request: String,
}

impl Context {
    fn now(&self) -> Timestamp {
        Timestamp::parse(&self.timestamp.replace(['-', ':'], "")).unwrap()
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.credentials.access_key_id.clone(),
            secret_access_key: self.credentials.secret_access_key.clone(),
            session_token: self.credentials.token.clone(),
        }
    }

    fn gateway(&self) -> Gateway {
        Gateway {
            region: self.region.clone(),
            service: self.service.clone(),
            credentials: self.credentials(),
            now: self.now(),
            keys: KeyCache::default(),
        }
    }

    /// Whether two paths are one: no path is `/`, and some signers resolve dots and doubled slashes.
    fn same_path(&self, one: &[u8], other: &[u8]) -> bool {
        let full = |path: &[u8]| if path.is_empty() { b"/".to_vec() } else { path.to_vec() };
        full(one) == full(other) || (self.normalize && resolved(one) == resolved(other))
    }
}

fn cases() -> Vec<Case> {
    let folder = env::var_os("CONFORMANCE_DIR").map(PathBuf::from);
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/conformance");
    let file = folder.unwrap_or_else(|| beside.into()).join("sigv4/aws-signing-test-suite.jsonl");
    let Ok(text) = fs::read_to_string(&file) else {
        println!("{} is not there: the AWS signing test suite does not run", file.display());
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_case_is_signed() {
    for case in cases() {
        let mut credentials = case.context.credentials();
        if case.context.omit_session_token {
            credentials.session_token = None;
        }
        let style = if case.context.normalize { PathStyle::Normalized } else { PathStyle::AsSent };
        let signer = Signer::new(credentials, &case.context.region, &case.context.service)
            .with_path_style(style)
            .with_content_sha256(case.context.sign_body);
        let message = Message::parse(case.request.as_bytes()).unwrap();
        let headers = signer.sign(&message.request(), &message.body, case.context.now()).unwrap();
        let (_, authorization) = headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert!(authorization.ends_with(&format!(", Signature={}", case.header.signature)), "{}", case.id);
        let line = format!("\nAuthorization:{authorization}\n");
        assert!(case.header.signed_request.contains(&line), "{}: {authorization}", case.id);
    }
}

#[test]
fn every_case_is_verified() {
    let cases = cases();
    for case in &cases {
        let gateway = case.context.gateway();
        for signed in [&case.header, &case.query] {
            let message = Message::parse(signed.signed_request.as_bytes()).unwrap();
            assert_eq!(gateway.verify(&message), Ok(()), "{}", case.id);
        }
    }
    if !cases.is_empty() {
        let passed = cases.len();
        println!("conformance sigv4/aws-signing-test-suite: {passed} passed, 0 failed, 0 known differences, 0 not run");
    }
}

/// A wrong secret is answered with what should have been signed: the suite's canonical request and string to sign.
#[test]
fn every_refusal_shows_what_should_have_been_signed() {
    for case in cases() {
        let mut gateway = case.context.gateway();
        gateway.credentials.secret_access_key.push('x');
        for signed in [&case.header, &case.query] {
            let message = Message::parse(signed.signed_request.as_bytes()).unwrap();
            let Err(Refusal::Mismatch { canonical_request, string_to_sign }) = gateway.verify(&message) else {
                panic!("{}: a wrong secret was accepted", case.id)
            };
            let shows_path_as_sent = !case.context.normalize || !has_dots(&message.path);
            let shows_all_parameters = !(case.context.omit_session_token && signed.signature == case.query.signature);
            if shows_path_as_sent && shows_all_parameters {
                assert_eq!(canonical_request, signed.canonical_request, "{}", case.id);
                assert_eq!(string_to_sign, signed.string_to_sign, "{}", case.id);
            }
        }
    }
}

#[test]
fn every_changed_bit_is_refused() {
    let (mut refused, mut same) = (0, 0);
    for case in cases() {
        let gateway = case.context.gateway();
        for signed in [&case.header, &case.query] {
            let original = Message::parse(signed.signed_request.as_bytes()).unwrap();
            for at in 0..signed.signed_request.len() {
                for bit in 0..8 {
                    let mut changed = signed.signed_request.clone().into_bytes();
                    changed[at] ^= 1 << bit;
                    let accepted = Message::parse(&changed).filter(|message| gateway.verify(message).is_ok());
                    match accepted {
                        None => refused += 1,
                        Some(message) if means_the_same(&case.context, &message, &original) => same += 1,
                        Some(_) => panic!(
                            "{}: accepted with bit {bit} of byte {at} changed: {}",
                            case.id,
                            String::from_utf8_lossy(&changed)
                        ),
                    }
                }
            }
        }
    }
    println!("{refused} changed requests refused, {same} that mean the same accepted");
}

/// Whether two requests differ only in what HTTP or the signature's own rules do not tell apart: letter case of header
/// names (lost in reading already) and of `%2f`, and paths that resolve to the same one where the signer resolves them.
fn means_the_same(context: &Context, one: &Message, other: &Message) -> bool {
    let escapes = |query: &[u8]| {
        let text = String::from_utf8(query.to_vec()).unwrap();
        let mut parts = text.split('%');
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |all, part| {
            let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            format!("{all}%{}{rest}", escape.to_ascii_uppercase())
        })
    };
    context.same_path(&one.path, &other.path)
        && escapes(&one.query) == escapes(&other.query)
        && (&one.method, &one.headers, &one.body) == (&other.method, &other.headers, &other.body)
}

fn has_dots(path: &[u8]) -> bool {
    let text = String::from_utf8(path.to_vec()).unwrap();
    text.contains("//") || text.split('/').any(|segment| segment == "." || segment == "..")
}

fn resolved(path: &[u8]) -> Vec<&[u8]> {
    let mut kept = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if path.ends_with(b"/") || kept.is_empty() {
        kept.push(b"");
    }
    kept
}
