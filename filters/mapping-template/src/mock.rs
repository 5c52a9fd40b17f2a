//! MOCK integrations: the rendered request template says which status the backend would have had.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html>. The service reads
//! what is no JSON leniently, as seen on it; the rules follow those observations.

use serde_json::Value;

use crate::failure::Failure;

/// The `statusCode` in a rendered request template.
///
/// # Errors
/// There is none, or it is no integer.
pub fn status_code(rendered: &[u8]) -> Result<i64, Failure> {
    let code = match serde_json::from_slice::<Value>(rendered) {
        Ok(value) => value.get("statusCode").and_then(Value::as_i64),
        Err(_) => std::str::from_utf8(rendered).ok().and_then(lenient_status_code),
    };
    code.ok_or_else(|| {
        Failure::configuration("no integer statusCode in the rendered request template of a MOCK integration")
            .logged_as("Unable to parse statusCode. It should be an integer that is defined in the request template.")
    })
}

/// Reads `{statusCode: 200, other: 'x'}` and worse.
fn lenient_status_code(text: &str) -> Option<i64> {
    let inside = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut code = None;
    for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        if name.starts_with(['{', '[']) || !closes(name) || !closes(value) {
            return None;
        }
        if unquoted(name) == "statusCode" {
            code = Some(integer(value)?);
        }
    }
    code
}

/// Whether a text that opens with a quote or bracket ends with its partner.
fn closes(text: &str) -> bool {
    let partner = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('[') => ']',
        Some('{') => '}',
        _ => return true,
    };
    text.len() > 1 && text.ends_with(partner)
}

/// The inside of one matching pair of quotes.
fn unquoted(name: &str) -> &str {
    let inside = |quote: char| name.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(name)
}

fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_bare = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_bare { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(rendered: &str, expected: Option<i64>) {
        assert_eq!(status_code(rendered.as_bytes()).ok(), expected, "{rendered}");
    }

    #[test]
    fn json() {
        check(r#"{"statusCode": 200}"#, Some(200));
        check(r#"{"statusCode": -1000, "other": "x"}"#, Some(-1000));
        check(r#"{"statusCode": "200"}"#, None);
        check(r#"{"statusCode": 200.5}"#, None);
        check(r#"{"statusCode": true}"#, None);
        for nothing in ["{}", "", "200", "[]", "null", "plain text", "statusCode: 200"] {
            check(nothing, None);
        }
    }

    #[test]
    fn nearly_json() {
        check("{statusCode: 200}", Some(200));
        check(" {'statusCode': 200 }\n", Some(200));
        check(r#"{"statusCode": 200 ,, }"#, Some(200));
        check("{statusCode: 200, foo}: [ba r]}", Some(200));
        check("{statusCode: 200, }foo: ''}", Some(200));
        check("{statusCode: 200, {foo: [ba r]}", None);
        check("{statusCode: 200, foo}", None);
        check("{statusCode: 200, foo: [ba r}", None);
        check("{statusCode: 200, foo: \"}", None);
        check(r#"{"statusCode": 200"#, None);
        check(r#"{"statusCode': 200}"#, None);
        check("{'statusCode: 200}", None);
        check("{statusCode: +200}", None);
        check("{statusCode: 99999999999999999999}", None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[{}\\[\\]'\",:a-z0-9 -]{0,40}") {
            let _ = status_code(text.as_bytes());
        }
    }
}
