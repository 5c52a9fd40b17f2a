//! Claims as the backend sees them: every one a text.

use gateway::UnixMillis;
use serde_json::{Map, Value};

use crate::claims::Claims;

/// Claims of a JWT authorizer. Lists lose their commas and quotes: `[a b]`.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
pub fn http_claims(claims: &Claims) -> Map<String, Value> {
    texts(claims, |_, value| match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(text).collect();
            Some(format!("[{}]", items.join(" ")))
        }
        other => text(other),
    })
}

/// Claims of a Cognito authorizer: `exp` and `iat` are dates, lists have commas.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html>
pub fn cognito_claims(claims: &Claims) -> Map<String, Value> {
    texts(claims, |name, value| match value {
        Value::Array(items) => Some(items.iter().filter_map(text).collect::<Vec<String>>().join(",")),
        Value::Number(_) if matches!(name, "exp" | "iat") => date(value).or_else(|| text(value)),
        other => text(other),
    })
}

fn texts(claims: &Claims, text: impl Fn(&str, &Value) -> Option<String>) -> Map<String, Value> {
    let mut claims = claims.all();
    claims.retain(|name, value| match text(name, value) {
        Some(text) => {
            *value = Value::String(text);
            true
        }
        None => false,
    });
    claims
}

/// A single value as text. Whole numbers have no exponent and no fraction.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
        other => Some(other.to_string()),
    }
}

/// A date of the years 1970 to 9999.
fn date(seconds: &Value) -> Option<String> {
    const LAST: u64 = 253_402_300_799;
    let seconds = seconds.as_u64().filter(|seconds| *seconds <= LAST)?;
    Some(UnixMillis(seconds.saturating_mul(1000)).java_date())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn claims(json: Value) -> Claims {
        Claims::parse(json.to_string().into_bytes()).unwrap()
    }

    #[test]
    fn http() {
        let claims = claims(json!({
            "s": "abc", "i": 1_714_000_000, "f": 1.5, "b": true, "list": ["a", "b"], "empty": [], "null": null,
            "object": {"k": 1}, "large": 1e20, "whole": 1e3, "mixed": [1, true, null, "x"],
        }));
        let expected = json!({
            "s": "abc", "i": "1714000000", "f": "1.5", "b": "true", "list": "[a b]", "empty": "[]",
            "object": "{\"k\":1}", "large": "100000000000000000000", "whole": "1000", "mixed": "[1 true x]",
        });
        assert_eq!(Value::Object(http_claims(&claims)), expected);
    }

    #[test]
    fn cognito() {
        let claims = claims(json!({
            "exp": 1_654_115_623, "iat": 1_717_273_223, "auth_time": 1_654_115_623, "email_verified": true,
            "cognito:groups": ["group-a", "group-b"],
        }));
        let expected = json!({
            "exp": "Wed Jun 01 20:33:43 UTC 2022", "iat": "Sat Jun 01 20:20:23 UTC 2024", "auth_time": "1654115623",
            "email_verified": "true", "cognito:groups": "group-a,group-b",
        });
        assert_eq!(Value::Object(cognito_claims(&claims)), expected);
    }
}
