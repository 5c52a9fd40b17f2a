//! What a stand-in received, and how echoing services describe it.

use serde_json::{Map, Value, json};

use crate::http::Headers;

/// A request as a backend received it.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Verb.
    pub method: String,
    /// Request target.
    pub target: String,
    /// Headers in order.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

impl Received {
    /// The target without its query string.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The values of a header, joined with `,`.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// Query parameters; those with several values as a list.
    pub(super) fn args(&self) -> Value {
        let mut args: Map<String, Value> = Map::new();
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Value::String(decode(value));
            match args.get_mut(&decode(name)) {
                None => {
                    args.insert(decode(name), value);
                }
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.clone(), value]),
            }
        }
        Value::Object(args)
    }

    /// The fields of a form in the body.
    pub(super) fn form(&self) -> Value {
        Self { target: format!("/?{}", String::from_utf8_lossy(&self.body)), ..self.clone() }.args()
    }

    fn host(&self) -> String {
        self.header("host").unwrap_or_default()
    }

    fn header_map(&self, spelling: impl Fn(&str) -> String) -> Value {
        let names = self.headers.iter().map(|(name, _)| name.as_str());
        names.map(|name| (spelling(name), json!(self.header(name).unwrap_or_default()))).collect::<Map<_, _>>().into()
    }

    /// As httpbin.org describes it.
    pub(super) fn as_httpbin(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let mut headers = self.header_map(title_case);
        if let Some(headers) = headers.as_object_mut() {
            // httpbin hides what its own load balancer adds.
            headers.retain(|name, _| !name.starts_with("X-Forwarded-") && name != "Via");
        }
        json!({
            "args": self.args(),
            "data": if form { "" } else { &text },
            "files": {},
            "form": if form { self.form() } else { json!({}) },
            "headers": headers,
            "json": serde_json::from_slice::<Value>(&self.body).unwrap_or_default(),
            "method": self.method,
            "origin": self.header("x-forwarded-for").unwrap_or_else(|| "127.0.0.1".into()),
            "url": format!("https://{}{}", self.host(), self.target),
        })
    }

    /// As the function behind a function URL describes it.
    pub(super) fn as_lambda_url(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let mut headers = self.header_map(str::to_ascii_lowercase);
        // What the service in front of a function adds.
        headers["x-amzn-tls-cipher-suite"] = json!("TLS_AES_128_GCM_SHA256");
        headers["x-amzn-tls-version"] = json!("TLSv1.3");
        let mut args = self.args();
        for value in args.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Value::Array(values) = value {
                *value = Value::String(values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
            }
        }
        json!({
            "args": args,
            "data": serde_json::from_slice::<Value>(&self.body).unwrap_or(Value::String(text)),
            "domain": self.host(),
            "headers": headers,
            "method": self.method,
            "origin": self.header("x-forwarded-for").unwrap_or_else(|| "127.0.0.1".into()),
            "path": self.path(),
        })
    }
}

/// `x-forwarded-for` as `X-Forwarded-For`.
fn title_case(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let upper = std::mem::replace(&mut start, c == '-');
        if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    name.chars().map(letter).collect()
}

/// A query parameter's name or value, decoded.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
