//! What a token claims, and what is demanded of it.

use std::fmt;

use serde_json::{Map, Value};

/// The payload of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

/// The time that claims are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds since 1970.
    pub now_millis: u64,
    /// How far the issuer's clock may be off, in seconds.
    pub skew_seconds: u32,
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

impl Clock {
    fn seconds(self) -> f64 {
        // Exact for the next 280,000 years.
        #[allow(clippy::cast_precision_loss)]
        let millis = self.now_millis as f64;
        millis / 1000.0
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

    /// Checks `iss`, to the byte.
    ///
    /// # Errors
    /// [`ClaimError::Issuer`] when it is missing or another.
    pub fn check_issuer(&self, issuer: &str) -> Result<(), ClaimError> {
        if self.text("iss") == Some(issuer) { Ok(()) } else { Err(ClaimError::Issuer) }
    }

    /// Checks that one of `audience` is meant. `client_id` counts only where there is no `aud`.
    ///
    /// # Errors
    /// [`ClaimError::Audience`] when the token is for others, or for nobody.
    pub fn check_audience(&self, audience: &[String]) -> Result<(), ClaimError> {
        let meant = |value: &Value| value.as_str().is_some_and(|name| audience.iter().any(|known| known == name));
        let fits = match (self.get("aud"), self.get("client_id")) {
            (Some(Value::Array(names)), _) => names.iter().any(meant),
            (Some(name), _) | (None, Some(name)) => meant(name),
            (None, None) => false,
        };
        if fits { Ok(()) } else { Err(ClaimError::Audience) }
    }

    /// Checks `exp`, to the fraction of a second. A number beyond all integers is far away, not wrong.
    ///
    /// # Errors
    /// [`ClaimError::Expired`] when the time has come, or the claim is missing or no number.
    pub fn check_expiry(&self, clock: Clock) -> Result<(), ClaimError> {
        match self.get("exp").and_then(Value::as_f64) {
            Some(exp) if clock.seconds() < exp + f64::from(clock.skew_seconds) => Ok(()),
            _ => Err(ClaimError::Expired),
        }
    }

    /// Checks `nbf` and `iat`, where they are.
    ///
    /// # Errors
    /// [`ClaimError::NotYetValid`] and [`ClaimError::UsedBeforeIssued`] when the time is to come, or is no number.
    pub fn check_start(&self, clock: Clock) -> Result<(), ClaimError> {
        let has_come = |name| match self.get(name) {
            None => true,
            Some(time) => time.as_f64().is_some_and(|time| time - f64::from(clock.skew_seconds) <= clock.seconds()),
        };
        match (has_come("nbf"), has_come("iat")) {
            (false, _) => Err(ClaimError::NotYetValid),
            (true, false) => Err(ClaimError::UsedBeforeIssued),
            (true, true) => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLOCK: Clock = Clock { now_millis: 1_750_000_000_000, skew_seconds: 0 };

    fn claims(json: Value) -> Claims {
        Claims::from(json.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn audience() {
        let audience = ["a".to_owned(), "b".to_owned()];
        for (json, fits) in [
            (json!({"aud": "a"}), true),
            (json!({"aud": ["x", "b"]}), true),
            (json!({"aud": [1, "b"]}), true),
            (json!({"client_id": "a"}), true),
            (json!({"aud": "x", "client_id": "a"}), false),
            (json!({"aud": null, "client_id": "a"}), false),
            (json!({"aud": [], "client_id": "a"}), false),
            (json!({"aud": {"a": "a"}}), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(json.clone()).check_audience(&audience).is_ok(), fits, "{json}");
        }
    }

    #[test]
    fn expiry() {
        for (exp, valid) in [
            (json!(1_750_000_001), true),
            (json!(1_750_000_000.5), true),
            (json!(1e300), true),
            (json!(u64::MAX), true),
            (json!(1_750_000_000), false),
            (json!(1_749_999_999.5), false),
            (json!(-1), false),
            (json!("1750003600"), false),
            (json!(null), false),
            (json!(true), false),
        ] {
            let claims = claims(json!({"exp": exp}));
            assert_eq!(claims.check_expiry(CLOCK).is_ok(), valid, "{exp}");
            assert_eq!(claims.expires_millis() > CLOCK.now_millis, valid, "{exp}");
        }
        let skewed = Clock { skew_seconds: 60, ..CLOCK };
        assert_eq!(claims(json!({"exp": 1_749_999_941})).check_expiry(skewed), Ok(()));
        assert_eq!(claims(json!({"exp": 1_749_999_940})).check_expiry(skewed), Err(ClaimError::Expired));
    }

    #[test]
    fn start() {
        let check = |json: Value| claims(json).check_start(CLOCK);
        assert_eq!(check(json!({})), Ok(()));
        assert_eq!(check(json!({"nbf": 1_750_000_000, "iat": 1_750_000_000})), Ok(()));
        assert_eq!(check(json!({"nbf": 1_750_000_001})), Err(ClaimError::NotYetValid));
        assert_eq!(check(json!({"iat": 1_750_000_000.5})), Err(ClaimError::UsedBeforeIssued));
        assert_eq!(check(json!({"nbf": null})), Err(ClaimError::NotYetValid));
    }

    #[test]
    fn scopes() {
        let both = claims(json!({"scope": "a  b", "scp": ["c", 1]}));
        assert_eq!(both.scopes(), ["a", "b", "c"]);
        assert_eq!(claims(json!({"scp": "x y"})).scopes(), ["x", "y"]);
        assert_eq!(claims(json!({"scope": ["x"], "scp": null})).scopes(), Vec::<&str>::new());
        assert!(both.has_scope_of(&[]));
        assert!(both.has_scope_of(&["z".to_owned(), "c".to_owned()]));
        assert!(!both.has_scope_of(&["A".to_owned()]));
    }
}
