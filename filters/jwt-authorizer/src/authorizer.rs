//! An authorizer's verdict on a token.

use std::cell::OnceCell;
use std::rc::Rc;

use gateway::Host;
use jwt::{Algorithm, ClaimError, Claims, Clock, HOST_FUNCTION, Key, LastHeader, Token, bearer};
use regex_lite::Regex;
use serde_json::Value;

use crate::cache::{TokenCache, TokenHash, hash};
use crate::denial::Denial;
use crate::identity::IdentitySource;
use crate::keys::{Issuer, Keys};

/// An authorizer, configured.
#[derive(Debug)]
pub(crate) struct Authorizer {
    pub identity_source: IdentitySource,
    pub kind: Kind,
    pub issuers: Vec<TrustedIssuer>,
    pub clock_skew_seconds: u32,
    pub last_header: LastHeader,
}

/// What tokens it takes.
#[derive(Debug)]
pub(crate) enum Kind {
    Jwt,
    Cognito { identity_validation: Option<Regex> },
}

/// An issuer whose tokens it takes.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    pub issuer: Rc<Issuer>,
    pub audience: Vec<String>,
    pub algorithms: Vec<Algorithm>,
}

/// A token whose signature is good.
#[derive(Debug)]
pub(crate) struct Verified {
    issuer: Rc<Issuer>,
    algorithm: Algorithm,
    /// Of the keys that it was verified with; others may not have its key any more.
    generation: u64,
    claims: Claims,
    /// The claims as the backend sees them, as JSON, once somebody asks for them.
    text: OnceCell<String>,
    /// The token's scopes, as JSON, likewise.
    scopes: OnceCell<String>,
    cognito: bool,
    expires_millis: u64,
}

/// What comes of a token.
pub(crate) enum Verdict {
    Allowed(Rc<Verified>),
    Denied(Denial),
    /// Keys are being fetched.
    Pending,
}

impl From<Denial> for Verdict {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Authorizer {
    pub(crate) fn is_cognito(&self) -> bool {
        matches!(self.kind, Kind::Cognito { .. })
    }

    /// Judges the value of the identity source for a route with these scopes.
    pub(crate) fn judge(
        &self,
        host: &dyn Host,
        cache: &TokenCache<Verified>,
        value: &[u8],
        scopes: &[String],
    ) -> Verdict {
        let token = bearer(value);
        let hash = hash(token);
        let now_millis = host.now().0;
        let verified = match self.remembered(host, cache, &hash, now_millis) {
            Some(verified) => verified,
            None => match self.verify(host, token) {
                Ok(Ok(verified)) => {
                    let verified = Rc::new(verified);
                    if now_millis < verified.expires_millis {
                        cache.insert(hash, Rc::clone(&verified), token.len());
                    }
                    verified
                }
                Ok(Err(denial)) => return denial.into(),
                Err(StillComing) => return Verdict::Pending,
            },
        };
        match self.check(&verified, scopes, now_millis) {
            Ok(()) => Verdict::Allowed(verified),
            Err(denial) => denial.into(),
        }
    }

    /// A token that was verified before, by the keys that still hold.
    fn remembered(
        &self,
        host: &dyn Host,
        cache: &TokenCache<Verified>,
        hash: &TokenHash,
        now_millis: u64,
    ) -> Option<Rc<Verified>> {
        let verified = cache.get(hash)?;
        let trusted = self.issuers.iter().find(|trusted| Rc::ptr_eq(&trusted.issuer, &verified.issuer))?;
        let same = verified.cognito == self.is_cognito() && trusted.algorithms.contains(&verified.algorithm);
        let fresh = now_millis < verified.expires_millis
            && matches!(trusted.issuer.keys(host), Keys::Known(_, generation) if generation == verified.generation);
        if !fresh {
            cache.remove(hash);
        }
        (same && fresh).then_some(verified)
    }

    /// Verifies a token's signature.
    fn verify(&self, host: &dyn Host, text: &[u8]) -> Result<Result<Verified, Denial>, StillComing> {
        let parsed = Token::parse_after(text, &self.last_header);
        let (token, claims) = match parsed.and_then(|token| token.claims().map(|claims| (token, claims))) {
            Ok(parts) => parts,
            Err(error) => return Ok(Err(Denial::Token(error))),
        };
        let trusted = match self.issuer_of(&claims) {
            Ok(trusted) => trusted,
            Err(denial) => return Ok(Err(denial)),
        };
        let algorithm = token.header.algorithm;
        if !trusted.algorithms.contains(&algorithm) {
            return Ok(Err(Denial::Algorithm(algorithm.name())));
        }
        let Some(key_id) = token.header.key_id.as_deref() else { return Ok(Err(Denial::UnknownKey)) };
        let mut found = trusted.issuer.keys(host);
        if let Keys::Known(keys, _) = &found
            && !keys.contains(key_id)
        {
            found = trusted.issuer.newer_keys(host);
        }
        let (keys, generation) = match found {
            Keys::Known(keys, generation) => (keys, generation),
            Keys::Coming => return Err(StillComing),
            Keys::Unknown(denial) => return Ok(Err(denial)),
        };
        let mut candidates = keys.candidates(key_id, algorithm).peekable();
        if candidates.peek().is_none() {
            return Ok(Err(Denial::UnknownKey));
        }
        if !candidates.any(|key| is_signed(host, key, &token)) {
            return Ok(Err(Denial::Signature));
        }
        Ok(Ok(Verified {
            issuer: Rc::clone(&trusted.issuer),
            algorithm,
            generation,
            expires_millis: claims.expires_millis(),
            text: OnceCell::new(),
            scopes: OnceCell::new(),
            cognito: self.is_cognito(),
            claims,
        }))
    }

    /// The issuer whose keys verify a token. Of several, the token's claim decides; what it says is checked later.
    fn issuer_of(&self, claims: &Claims) -> Result<&TrustedIssuer, Denial> {
        match self.issuers.as_slice() {
            [only] => Ok(only),
            several => {
                let claimed = claims.issuer();
                let trusted = several.iter().find(|trusted| Some(trusted.issuer.name.as_str()) == claimed);
                trusted.ok_or(Denial::Claim(ClaimError::Issuer))
            }
        }
    }

    /// Checks claims, time and scopes. This is done for every request.
    fn check(&self, verified: &Verified, scopes: &[String], now_millis: u64) -> Result<(), Denial> {
        let claims = &verified.claims;
        let clock = Clock { now_millis, skew_seconds: self.clock_skew_seconds };
        let trusted = self.issuers.iter().find(|trusted| Rc::ptr_eq(&trusted.issuer, &verified.issuer));
        let trusted = trusted.ok_or(Denial::Claim(ClaimError::Issuer))?;
        claims.check_issuer(&trusted.issuer.name).map_err(Denial::Claim)?;
        let has_scope = match &self.kind {
            Kind::Jwt => {
                claims.check_audience(&trusted.audience).map_err(Denial::Claim)?;
                claims.check_expiry(clock).map_err(Denial::Claim)?;
                claims.check_start(clock).map_err(Denial::Claim)?;
                claims.has_scope_of(scopes)
            }
            Kind::Cognito { identity_validation } => {
                claims.check_expiry(clock).map_err(Denial::Claim)?;
                // A method without scopes takes ID tokens, one with scopes access tokens.
                let wanted = if scopes.is_empty() { "id" } else { "access" };
                let validated = |pattern: &Regex| claims.audience().is_some_and(|aud| pattern.is_match(aud));
                if claims.token_use() != Some(wanted) || !identity_validation.as_ref().is_none_or(validated) {
                    return Err(Denial::TokenUse);
                }
                claims.has_scope_claim_of(scopes)
            }
        };
        if has_scope { Ok(()) } else { Err(Denial::Scope) }
    }
}

impl Verified {
    /// `$context.authorizer`: the claims, and on HTTP APIs the token's scopes where the route has some.
    pub(crate) fn context(&self, with_scopes: bool, route_scopes: &[String]) -> String {
        let claims = self.text.get_or_init(|| {
            let texts = if self.cognito { jwt::cognito_claims(&self.claims) } else { jwt::http_claims(&self.claims) };
            Value::Object(texts).to_string()
        });
        if !with_scopes {
            return ["{\"claims\":", claims, "}"].concat();
        }
        let of_token = || Value::from(self.claims.scopes().collect::<Vec<_>>()).to_string();
        let scopes = if route_scopes.is_empty() { "null" } else { self.scopes.get_or_init(of_token) };
        ["{\"claims\":", claims, ",\"scopes\":", scopes, "}"].concat()
    }
}

/// The keys are not here yet.
struct StillComing;

/// Whether the key has signed the token: the host says, or this worker computes.
fn is_signed(host: &dyn Host, key: &Key, token: &Token<'_>) -> bool {
    let algorithm = token.header.algorithm;
    let argument = jwt::host_argument(key, algorithm, token.signed, &token.signature);
    let answer = argument.and_then(|argument| host.foreign_function(HOST_FUNCTION, &argument));
    match answer.as_deref().and_then(jwt::host_answer) {
        Some(signed) => signed,
        None => jwt::verify(key, algorithm, token.signed, &token.signature),
    }
}
