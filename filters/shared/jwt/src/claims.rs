//! What a token claims, and what is demanded of it.

use std::fmt;

use serde_json::{Map, Value};

/// The payload of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

/// What an authorizer demands of a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// `iss`, to the byte.
    pub issuer: &'a str,
    /// One of these must be in `aud`, or be the `client_id` of a token without `aud`. `None`: any audience will do.
    pub audience: Option<&'a [String]>,
    /// The time, in milliseconds since 1970.
    pub now_millis: u64,
    /// How far the issuer's clock may be off, in seconds.
    pub clock_skew_seconds: u32,
}

/// Why a token with a good signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// `iss` is missing or another.
    Issuer,
    /// Neither `aud` nor `client_id` is one of the audiences.
    Audience,
    /// `exp` is missing, is no number, or has passed.
    Expired,
    /// `nbf` is no number, or is to come.
    NotYetValid,
    /// `iat` is no number, or is to come.
    UsedBeforeIssued,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => "the token does not have a valid issuer",
            Self::Audience => "the token does not have a valid audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::UsedBeforeIssued => "the token was used before it was issued",
        })
    }
}

impl std::error::Error for ClaimError {}

impl From<Map<String, Value>> for Claims {
    fn from(claims: Map<String, Value>) -> Self {
        Self(claims)
    }
}

impl Claims {
    /// A claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// All claims in the token's order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Checks the claims, in API Gateway's order.
    ///
    /// # Errors
    /// The first claim that does not fit.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), ClaimError> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(ClaimError::Issuer);
        }
        if expected.audience.is_some_and(|audience| !self.is_for(audience)) {
            return Err(ClaimError::Audience);
        }
        self.check_times(expected)
    }

    /// Whether one of `audience` is meant. `client_id` counts only where there is no `aud`.
    fn is_for(&self, audience: &[String]) -> bool {
        let meant = |value: &Value| value.as_str().is_some_and(|name| audience.iter().any(|known| known == name));
        match (self.get("aud"), self.get("client_id")) {
            (Some(Value::Array(names)), _) => names.iter().any(meant),
            (Some(name), _) | (None, Some(name)) => meant(name),
            (None, None) => false,
        }
    }

    /// Times count to the fraction of a second; a number beyond all integers is far away, not wrong.
    fn check_times(&self, expected: &Expected<'_>) -> Result<(), ClaimError> {
        // Exact for the next 280,000 years.
        #[allow(clippy::cast_precision_loss)]
        let now = expected.now_millis as f64 / 1000.0;
        let skew = f64::from(expected.clock_skew_seconds);
        match self.get("exp").and_then(Value::as_f64) {
            Some(exp) if now < exp + skew => {}
            _ => return Err(ClaimError::Expired),
        }
        let has_come = |name| match self.get(name) {
            None => true,
            Some(time) => time.as_f64().is_some_and(|time| time - skew <= now),
        };
        if !has_come("nbf") {
            return Err(ClaimError::NotYetValid);
        }
        if !has_come("iat") {
            return Err(ClaimError::UsedBeforeIssued);
        }
        Ok(())
    }

    /// When the token expires, in milliseconds since 1970; 0 when it never was valid.
    pub fn expires_millis(&self) -> u64 {
        // A float becomes the nearest integer, and the largest or smallest one where there is none.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        self.get("exp").and_then(Value::as_f64).map_or(0, |seconds| (seconds * 1000.0) as u64)
    }

    /// The token's scopes: those of `scope`, a text with blanks, then those of `scp`, a list or such a text.
    pub fn scopes(&self) -> Vec<&str> {
        let mut scopes = Vec::new();
        for name in ["scope", "scp"] {
            match self.get(name) {
                Some(Value::String(text)) => scopes.extend(text.split(' ').filter(|scope| !scope.is_empty())),
                Some(Value::Array(list)) if name == "scp" => scopes.extend(list.iter().filter_map(Value::as_str)),
                _ => {}
            }
        }
        scopes
    }

    /// Whether the token has one of a route's scopes. A route without scopes asks for none.
    pub fn has_scope_of(&self, route: &[String]) -> bool {
        if route.is_empty() {
            return true;
        }
        self.scopes().iter().any(|scope| route.iter().any(|wanted| wanted == scope))
    }
}
