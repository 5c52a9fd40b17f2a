//! Stand-ins for the backends of the recorded cases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use gateway::{Answer, Query, split_target};
use serde_json::{Map, Value, json};

use super::support::answer;

/// What a backend received.
pub struct Received {
    /// Pseudo headers included.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> String {
        let of_name = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>().join(",")
    }

    fn path(&self) -> String {
        let target = self.header(":path");
        String::from_utf8_lossy(split_target(target.as_bytes()).0).into_owned()
    }

    /// Query parameters, the values of a name joined with `,`.
    fn args(&self) -> Value {
        let target = self.header(":path");
        let mut args = Map::new();
        for (name, value) in Query::parse(split_target(target.as_bytes()).1.unwrap_or_default()).iter() {
            let joined = match args.get(name).and_then(Value::as_str) {
                Some(before) => format!("{before},{value}"),
                None => value.to_owned(),
            };
            args.insert(name.to_owned(), json!(joined));
        }
        Value::Object(args)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `null` when it is none.
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn plain_headers(&self, spell: fn(&str) -> String) -> Value {
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            let name = if name == ":authority" { "host" } else { name.as_str() };
            if !name.starts_with(':') {
                headers.insert(spell(name), json!(String::from_utf8_lossy(value)));
            }
        }
        if self.body.is_empty() && !headers.contains_key(&spell("content-length")) {
            headers.insert(spell("content-length"), json!("0"));
        } else {
            headers.insert(spell("content-length"), json!(self.body.len().to_string()));
        }
        Value::Object(headers)
    }
}

const JSON: [(&str, &str); 2] = [("content-type", "application/json"), ("x-apigw-upstream", "1")];

/// What a backend of this behaviour answers; `None` when there is no stand-in.
pub fn answer_of(behaviour: &str, given: Option<&Value>, sent: &Received) -> Option<Answer> {
    if let Some(stub) = given {
        let headers = stub["headers"].as_object().into_iter().flatten();
        let headers: Vec<(&str, &str)> = headers.map(|(n, v)| (n.as_str(), v.as_str().unwrap())).collect();
        let body = match stub["body_base64"].as_str() {
            Some(text) => base64(text),
            None => stub["body"].as_str().unwrap_or_default().as_bytes().to_vec(),
        };
        return Some(answer(u16::try_from(stub["status"].as_u64().unwrap()).unwrap(), &headers, &body));
    }
    let ok = |value: Value| Some(answer(200, &JSON, value.to_string().as_bytes()));
    let error = |message: &str| {
        let headers = [("content-type", "application/json"), ("x-amz-function-error", "Unhandled")];
        let line = format!(
            "  File \"/var/task/lambda_select_pattern.py\", line 7, in handler\n    raise Exception(\"{message}\")\n"
        );
        let payload =
            json!({"errorMessage": message, "errorType": "Exception", "requestId": "r", "stackTrace": [line]});
        Some(answer(200, &headers, payload.to_string().as_bytes()))
    };
    let event = sent.json();
    match behaviour {
        "lambda-proxy-echo-event" => ok(json!({"statusCode": 200, "body": sent.text(), "isBase64Encoded": false})),
        "lambda-return-request-body" => {
            let mut body = event["body"].as_str().unwrap_or_default().to_owned();
            if event["isBase64Encoded"] == true {
                body = String::from_utf8(base64(&body)).unwrap();
            }
            match serde_json::from_str::<Value>(&body) {
                Ok(result) => ok(result),
                Err(_) => error("no JSON"),
            }
        }
        "lambda-echo-event" => ok(event),
        "lambda-mapping-responses" => {
            let status = &event["body"]["httpStatus"];
            let status: i64 = status.as_i64().or_else(|| status.as_str()?.parse().ok()).unwrap();
            ok(json!({"statusCode": 200, "body": if status >= 400 { "customerror" } else { "noerror" }}))
        }
        "lambda-select-pattern" => match event["statusCode"].as_str().unwrap() {
            "200" => ok(json!("Pass")),
            "400" => error("Error: Raising four hundred from within the Lambda function"),
            _ => error("Error: Raising five hundred from within the Lambda function"),
        },
        "lambda-proxy-format" => match event["path"].as_str().unwrap() {
            "/no-body" => ok(json!({"statusCode": 200})),
            "/only-headers" => ok(json!({"statusCode": 200, "headers": {"test-header": "value"}})),
            "/wrong-format" => ok(json!({"statusCode": 200, "wrongValue": "value"})),
            _ => ok(json!({})),
        },
        "lambda-fixed-300-xml" => ok(json!({
            "statusCode": 300, "headers": {"content-type": "application/xml"}, "body": "<message>completed</message>",
        })),
        "http-lambda-url-echo" => {
            let headers = [
                ("content-type", "application/json"),
                ("connection", "keep-alive"),
                ("date", "Mon"),
                ("content-length", "1"),
                ("x-amzn-requestid", "theirs"),
                ("x-amzn-trace-id", "theirs"),
                ("x-apigw-upstream", "1"),
            ];
            let data = serde_json::from_slice(&sent.body).unwrap_or_else(|_| json!(sent.text()));
            let body = json!({
                "args": sent.args(), "data": data, "domain": sent.header(":authority"),
                "headers": sent.plain_headers(str::to_owned), "method": sent.header(":method"), "origin": "203.0.113.9",
                "path": sent.path(),
            });
            Some(answer(200, &headers, body.to_string().as_bytes()))
        }
        "http-httpbin-echo" => {
            let headers = [
                ("content-type", "application/json"),
                ("connection", "keep-alive"),
                ("date", "Mon"),
                ("content-length", "1"),
                ("server", "gunicorn/19.9.0"),
                ("access-control-allow-origin", "*"),
                ("access-control-allow-credentials", "true"),
                ("x-apigw-upstream", "1"),
            ];
            let body = json!({
                "args": sent.args(), "data": sent.text(), "files": {}, "form": {}, "headers": sent.plain_headers(capitalised),
                "json": sent.json(), "origin": "203.0.113.9", "url": format!("https://{}{}", sent.header(":authority"), sent.header(":path")),
            });
            Some(answer(200, &headers, body.to_string().as_bytes()))
        }
        "http-echo-body" => Some(answer(200, &JSON, &sent.body)),
        "http-status-echo" | "http-status-from-path" => {
            let status: u16 = sent.path().rsplit('/').next()?.parse().ok()?;
            Some(answer(status, &JSON, json!({"status_code": status, "message": ""}).to_string().as_bytes()))
        }
        // What reached the service is all that such a case can show.
        _ if behaviour.starts_with("aws-service:s3") => Some(answer(200, &JSON, b"")),
        _ => None,
    }
}

fn capitalised(name: &str) -> String {
    let word = |word: &str| match word {
        "te" => "TE".to_owned(),
        "md5" => "MD5".to_owned(),
        word => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    };
    name.split('-').map(word).collect::<Vec<String>>().join("-")
}

/// Whether a value is what was recorded: placeholders `<…>` stand for anything, header names have no case, and what
/// only exists at the service's own front is left out.
pub fn same(actual: &Value, expected: &Value, place: &str) -> Result<(), String> {
    let differs = || Err(format!("{place}: {actual}, expected {expected}"));
    match (actual, expected) {
        (_, Value::String(text)) if text.contains('<') && text.contains('>') => Ok(()),
        (Value::String(text), Value::Object(_) | Value::Array(_)) => match serde_json::from_str::<Value>(text) {
            Ok(parsed) => same(&parsed, expected, place),
            Err(_) => differs(),
        },
        (Value::Object(actual_members), Value::Object(expected_members)) => {
            let of_front = |name: &str| {
                let name = name.to_ascii_lowercase();
                name.starts_with("cloudfront")
                    || name.starts_with("x-amz-cf")
                    || name == "via"
                    || name.starts_with("x-amzn-tls")
            };
            let lower = |members: &Map<String, Value>| -> Map<String, Value> {
                let kept = members.iter().filter(|(name, _)| !of_front(name));
                let headers = place.to_ascii_lowercase().contains("headers");
                kept.map(|(n, v)| (if headers { n.to_ascii_lowercase() } else { n.clone() }, v.clone())).collect()
            };
            let (mut actual_members, expected_members) = (lower(actual_members), lower(expected_members));
            for (name, value) in &expected_members {
                let Some(found) = actual_members.remove(name) else {
                    return Err(format!("{place}: no {name} in {actual}"));
                };
                same(&found, value, &format!("{place}.{name}"))?;
            }
            // Recorded backends leave out the headers that the service adds under its own names.
            actual_members
                .retain(|name, _| !(place.to_ascii_lowercase().contains("headers") && name.starts_with("x-")));
            match actual_members.keys().next() {
                Some(name) => Err(format!("{place}: {name} should not be there")),
                None => Ok(()),
            }
        }
        (Value::Array(actual_items), Value::Array(expected_items)) => {
            if actual_items.len() != expected_items.len() {
                return differs();
            }
            actual_items.iter().zip(expected_items).try_for_each(|(a, e)| same(a, e, place))
        }
        _ if actual == expected => Ok(()),
        _ => differs(),
    }
}

/// Decodes strictly; the recorded data is well-formed.
pub fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let digits = group.iter().filter(|byte| **byte != b'=');
        let digits: Vec<u32> =
            digits.map(|byte| u32::try_from(ALPHABET.find(char::from(*byte)).unwrap()).unwrap()).collect();
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        out.extend(bits.to_be_bytes()[1..digits.len()].iter());
    }
    out
}
