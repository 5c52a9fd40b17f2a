//! A function's result as the client's answer, payload formats 1.0 and 2.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response>

use gateway::{Reply, media};
use serde_json::{Map, Value};

use super::raw::PayloadFormat;
use crate::content::base64_decode;
use crate::failure::Failure;
use crate::headers;
use crate::lambda_result::{header_name, is_base64_encoded, malformed, members, status};

/// Headers that the gateway writes itself, and those that end at one connection.
const DROPPED: [&str; 9] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Type of a 2.0 result with a status and without a type.
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// Reads a result.
///
/// # Errors
/// 500: it is no JSON, or its members are not of the documented types.
pub(super) fn read(result: &[u8], format: PayloadFormat) -> Result<Reply, Failure> {
    let value: Value = serde_json::from_slice(result).map_err(|_| malformed("the function's result is no JSON"))?;
    match (format, value) {
        (_, Value::Object(members)) if members.contains_key("statusCode") => proxied(members, format),
        (PayloadFormat::V1, _) => Err(malformed("the function's result has no statusCode")),
        (PayloadFormat::V2, Value::String(text)) => Ok(inferred(text.into_bytes())),
        // Its text as it is.
        (PayloadFormat::V2, _) => Ok(inferred(result.trim_ascii().to_vec())),
    }
}

/// A 2.0 result that says nothing of a response is the body of one.
fn inferred(body: Vec<u8>) -> Reply {
    let mut reply = Reply { status: 200, body, ..Reply::default() };
    reply.set_header("content-type", media::JSON.as_bytes());
    reply
}

fn proxied(mut members: Map<String, Value>, format: PayloadFormat) -> Result<Reply, Failure> {
    let status = status(members.get("statusCode").unwrap_or(&Value::Null))?;
    let mut reply = Reply { status, ..Reply::default() };
    if format == PayloadFormat::V2 {
        add_cookies(&members, &mut reply)?;
    }
    add_headers(&members, format, &mut reply)?;
    let encoded = is_base64_encoded(&members)?;
    reply.body = match members.remove("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if encoded => {
            base64_decode(text.as_bytes()).ok_or_else(|| malformed("the function's body is no base64"))?
        }
        Some(Value::String(text)) => text.into_bytes(),
        Some(_) => return Err(malformed("the function's body is no string")),
    };
    if reply.header("content-type").is_none() {
        reply.set_header("content-type", PLAIN_TEXT.as_bytes());
    }
    Ok(reply)
}

/// One `set-cookie` for each, before any of `headers`.
fn add_cookies(members: &Map<String, Value>, reply: &mut Reply) -> Result<(), Failure> {
    let cookies = match members.get("cookies") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(cookies)) => cookies,
        Some(_) => return Err(malformed("cookies is no list")),
    };
    for cookie in cookies {
        let Value::String(cookie) = cookie else { return Err(malformed("a cookie is no string")) };
        let value = headers::clean_value(cookie.clone().into_bytes());
        reply.headers.push(("set-cookie".into(), value.into()));
    }
    Ok(())
}

/// In format 1.0, `multiValueHeaders` go before the same names in `headers`.
fn add_headers(result: &Map<String, Value>, format: PayloadFormat, reply: &mut Reply) -> Result<(), Failure> {
    let mut several: Vec<String> = Vec::new();
    if format == PayloadFormat::V1 {
        for (name, values) in members(result, "multiValueHeaders")? {
            let Value::Array(values) = values else {
                return Err(malformed("a member of multiValueHeaders is no list"));
            };
            let name = header_name(name)?;
            for value in values {
                push(reply, &name, value)?;
            }
            several.push(name);
        }
    }
    for (name, value) in members(result, "headers")? {
        let name = header_name(name)?;
        if !several.contains(&name) {
            push(reply, &name, value)?;
        }
    }
    Ok(())
}

fn push(reply: &mut Reply, name: &str, value: &Value) -> Result<(), Failure> {
    let value = match value {
        Value::String(text) => headers::clean_value(text.clone().into_bytes()),
        Value::Bool(flag) => flag.to_string().into_bytes(),
        Value::Number(number) => number.to_string().into_bytes(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(malformed("a header's value is no string")),
    };
    if !DROPPED.contains(&name) && !headers::is_internal(name) {
        reply.headers.push((name.to_owned().into(), value.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn version_2(result: &str) -> (u16, Vec<String>, String) {
        let reply = read(result.as_bytes(), PayloadFormat::V2).unwrap();
        let headers = reply.headers.iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
        (reply.status, headers, String::from_utf8(reply.body).unwrap())
    }

    /// The table of the specification.
    #[test]
    fn results_of_format_2() {
        let json = vec!["content-type: application/json".to_owned()];
        for (result, body) in [
            ("\"Hello from Lambda!\"", "Hello from Lambda!"),
            ("{\"message\":\"hi\"}", "{\"message\":\"hi\"}"),
            ("[1,2]", "[1,2]"),
            ("null", "null"),
            ("5", "5"),
            (" {\"a\": 1e3, \"a\": \"\\u00e9\"}\n", "{\"a\": 1e3, \"a\": \"\\u00e9\"}"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(version_2(result), (200, json.clone(), body.to_owned()), "{result}");
        }
        let (status, headers, body) = version_2(
            r#"{"statusCode": 201, "cookies": ["a=1", "b=2; Path=/"], "headers": {"Set-Cookie": "c=3", "X": 5}, "body": "x"}"#,
        );
        let expected = [
            "set-cookie: a=1",
            "set-cookie: b=2; Path=/",
            "set-cookie: c=3",
            "x: 5",
            "content-type: text/plain; charset=utf-8",
        ];
        assert_eq!((status, body.as_str()), (201, "x"));
        assert_eq!(headers, expected);
        let decoded = version_2(r#"{"statusCode": "200", "body": "aGk=", "isBase64Encoded": true}"#);
        assert_eq!(decoded.2, "hi");
    }

    #[test]
    fn malformed_results() {
        for result in [
            "{",
            r#"{"statusCode": "abc"}"#,
            r#"{"statusCode": 99}"#,
            r#"{"statusCode": 200, "body": 5}"#,
            r#"{"statusCode": 200, "headers": {"a": null}}"#,
            r#"{"statusCode": 200, "headers": []}"#,
            r#"{"statusCode": 200, "cookies": "a=1"}"#,
            r#"{"statusCode": 200, "isBase64Encoded": true, "body": "a"}"#,
        ] {
            let failure = read(result.as_bytes(), PayloadFormat::V2).unwrap_err();
            assert_eq!(failure.error.status, 502, "{result}: an HTTP API answers 500 for it");
        }
        for result in ["\"text\"", "{}", "{\"body\": \"x\"}"] {
            assert!(read(result.as_bytes(), PayloadFormat::V1).is_err(), "{result}");
        }
    }

    #[test]
    fn several_values_of_format_1() {
        let result = br#"{"statusCode": 200, "headers": {"A": "1", "B": "2"}, "multiValueHeaders": {"a": ["3", "4"]}}"#;
        let reply = read(result, PayloadFormat::V1).unwrap();
        let of = |wanted: &str| {
            let found = reply.headers.iter().filter(|(name, _)| name == wanted);
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!((of("a"), of("b")), (vec!["3".to_owned(), "4".to_owned()], vec!["2".to_owned()]));
    }
}
