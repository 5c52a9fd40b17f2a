//! What a token claims, and what is demanded of it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::object::{self, Checked};

/// The payload of a token: the claims that decide, and the text with all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    decisive: Decisive,
    payload: Vec<u8>,
}

/// The claims that decide, each as it stands in the token.
#[derive(Clone, Debug, Default, PartialEq)]
struct Decisive {
    iss: Option<Value>,
    aud: Option<Value>,
    client_id: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iat: Option<Value>,
    scope: Option<Value>,
    scp: Option<Value>,
    token_use: Option<Value>,
}

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

impl Clock {
    fn seconds(self) -> f64 {
        // Exact for the next 280,000 years.
        #[allow(clippy::cast_precision_loss)]
        let millis = self.now_millis as f64;
        millis / 1000.0
    }
}

impl Claims {
    /// Reads a payload; of claims with one name, the last counts. `None` for what is no JSON object.
    pub(crate) fn parse(payload: Vec<u8>) -> Option<Self> {
        let decisive = object::read(&payload)?;
        Some(Self { decisive, payload })
    }

    /// `iss`, where it is a text.
    pub fn issuer(&self) -> Option<&str> {
        self.decisive.iss.as_ref()?.as_str()
    }

    /// `aud`, where it is a text.
    pub fn audience(&self) -> Option<&str> {
        self.decisive.aud.as_ref()?.as_str()
    }

    /// `token_use`, where it is a text.
    pub fn token_use(&self) -> Option<&str> {
        self.decisive.token_use.as_ref()?.as_str()
    }

    /// All claims in the token's order.
    pub(crate) fn all(&self) -> Map<String, Value> {
        object::object(&self.payload).unwrap_or_default()
    }

    /// Checks `iss`, to the byte.
    ///
    /// # Errors
    /// [`ClaimError::Issuer`] when it is missing or another.
    pub fn check_issuer(&self, issuer: &str) -> Result<(), ClaimError> {
        if self.issuer() == Some(issuer) { Ok(()) } else { Err(ClaimError::Issuer) }
    }

    /// Checks that one of `audience` is meant. `client_id` counts only where there is no `aud`.
    ///
    /// # Errors
    /// [`ClaimError::Audience`] when the token is for others, or for nobody.
    pub fn check_audience(&self, audience: &[String]) -> Result<(), ClaimError> {
        let meant = |value: &Value| value.as_str().is_some_and(|name| audience.iter().any(|known| known == name));
        let fits = match (&self.decisive.aud, &self.decisive.client_id) {
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
        match self.decisive.exp.as_ref().and_then(Value::as_f64) {
            Some(exp) if clock.seconds() < exp + f64::from(clock.skew_seconds) => Ok(()),
            _ => Err(ClaimError::Expired),
        }
    }

    /// Checks `nbf` and `iat`, where they are.
    ///
    /// # Errors
    /// [`ClaimError::NotYetValid`] and [`ClaimError::UsedBeforeIssued`] when the time is to come, or is no number.
    pub fn check_start(&self, clock: Clock) -> Result<(), ClaimError> {
        let has_come = |time: &Option<Value>| match time {
            None => true,
            Some(time) => time.as_f64().is_some_and(|time| time - f64::from(clock.skew_seconds) <= clock.seconds()),
        };
        match (has_come(&self.decisive.nbf), has_come(&self.decisive.iat)) {
            (false, _) => Err(ClaimError::NotYetValid),
            (true, false) => Err(ClaimError::UsedBeforeIssued),
            (true, true) => Ok(()),
        }
    }

    /// When the token expires, in milliseconds since 1970; 0 when it never was valid.
    pub fn expires_millis(&self) -> u64 {
        // A float becomes the nearest integer, and the largest or smallest one where there is none.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        self.decisive.exp.as_ref().and_then(Value::as_f64).map_or(0, |seconds| (seconds * 1000.0) as u64)
    }

    /// The token's scopes: those of `scope`, a text with blanks, then those of `scp`, a list or such a text.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let Decisive { scope, scp, .. } = &self.decisive;
        let list = scp.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        words(scope.as_ref()).chain(words(scp.as_ref())).chain(list)
    }

    /// Whether the token has one of a route's scopes. A route without scopes asks for none.
    pub fn has_scope_of(&self, route: &[String]) -> bool {
        is_of(route, self.scopes())
    }

    /// Whether one of a route's scopes stands in `scope`, the claim of user pools. `scp` does not count.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>
    pub fn has_scope_claim_of(&self, route: &[String]) -> bool {
        is_of(route, words(self.decisive.scope.as_ref()))
    }
}

/// The words of a claim that is a text.
fn words(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let text = claim.and_then(Value::as_str).unwrap_or_default();
    text.split(' ').filter(|word| !word.is_empty())
}

fn is_of<'a>(route: &[String], mut scopes: impl Iterator<Item = &'a str>) -> bool {
    route.is_empty() || scopes.any(|scope| route.iter().any(|wanted| wanted == scope))
}

impl<'de> Deserialize<'de> for Decisive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Decisive;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Decisive, A::Error> {
                let mut decisive = Decisive::default();
                while let Some(Name(place)) = claims.next_key()? {
                    match place {
                        Some(place) => *place(&mut decisive) = Some(claims.next_value()?),
                        None => {
                            claims.next_value::<Checked>()?;
                        }
                    }
                }
                Ok(decisive)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A claim's name: where its value goes, if it decides.
struct Name(Option<fn(&mut Decisive) -> &mut Option<Value>>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name(match name {
                    "iss" => Some(|claims| &mut claims.iss),
                    "aud" => Some(|claims| &mut claims.aud),
                    "client_id" => Some(|claims| &mut claims.client_id),
                    "exp" => Some(|claims| &mut claims.exp),
                    "nbf" => Some(|claims| &mut claims.nbf),
                    "iat" => Some(|claims| &mut claims.iat),
                    "scope" => Some(|claims| &mut claims.scope),
                    "scp" => Some(|claims| &mut claims.scp),
                    "token_use" => Some(|claims| &mut claims.token_use),
                    _ => None,
                }))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    const CLOCK: Clock = Clock { now_millis: 1_750_000_000_000, skew_seconds: 0 };

    fn claims(json: Value) -> Claims {
        Claims::parse(json.to_string().into_bytes()).unwrap()
    }

    #[test]
    fn payloads() {
        let read = |text: &[u8]| Claims::parse(text.to_vec());
        assert_eq!(
            read(br#"{"iss":"a","x":[1,{"iss":"b"}],"iss":"c"}"#).unwrap().issuer(),
            Some("c"),
            "the last counts"
        );
        assert_eq!(read(br#"{"iss":"a","iss":null}"#).unwrap().issuer(), None);
        // What decides nothing has to be right as well.
        let deep = format!("{{\"x\":{}1{}}}", "[".repeat(64), "]".repeat(64));
        for wrong in [
            &b"[]"[..],
            b"{\"x\":1e999}",
            b"{\"x\":[{\"y\":1e999}]}",
            b"{\"x\":\"\xff\"}",
            b"{\"x\":01}",
            deep.as_bytes(),
        ] {
            assert_eq!(read(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
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
        assert_eq!(both.scopes().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(claims(json!({"scp": "x y"})).scopes().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(claims(json!({"scope": ["x"], "scp": null})).scopes().next(), None);
        assert!(both.has_scope_of(&[]));
        assert!(both.has_scope_of(&["z".to_owned(), "c".to_owned()]));
        assert!(!both.has_scope_of(&["A".to_owned()]));
        assert!(both.has_scope_claim_of(&[]));
        assert!(both.has_scope_claim_of(&["z".to_owned(), "b".to_owned()]));
        assert!(!both.has_scope_claim_of(&["c".to_owned()]));
    }
}
