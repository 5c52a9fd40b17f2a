//! Stand-ins for backends: threads on loopback ports that record what they receive.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::{self, Headers, Length, Reader};

/// How a backend behaves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// A fixed answer.
    Answer(Fixed),
    /// httpbin.org's `/anything`.
    HttpHttpbinEcho,
    /// A Lambda function URL that echoes its event's main parts.
    HttpLambdaUrlEcho,
    /// The body it received.
    HttpEchoBody,
    /// The status in the last path segment, and JSON about it.
    HttpStatusEcho,
    /// The status in the last path segment.
    HttpStatusFromPath,
    /// Nobody listens.
    Refused,
    /// Takes the request and never answers.
    Silent,
    /// Answers with something that is not HTTP.
    Garbage,
    /// Closes the connection instead of answering.
    Closes,
}

/// A fixed answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Status; 0 for 200.
    #[serde(default)]
    pub status: u16,
    /// Headers beside `content-length`, `date` and `connection`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body.
    #[serde(default)]
    pub body: String,
}

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

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers beside `content-length`.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// A running backend. Its threads end with the process.
pub struct Backend {
    /// Where it listens, or nobody does.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Backend {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(behaviour: &Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let received = Arc::new(Mutex::new(Vec::new()));
        if *behaviour != Behaviour::Refused {
            let (behaviour, received) = (behaviour.clone(), Arc::clone(&received));
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (behaviour, received) = (behaviour.clone(), Arc::clone(&received));
                    std::thread::spawn(move || serve(stream, &behaviour, &received));
                }
            });
        }
        Self { address, received }
    }

    /// What it has received since this was asked last.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().expect("no thread died with it"))
    }
}

fn serve(stream: TcpStream, behaviour: &Behaviour, received: &Mutex<Vec<Received>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = Reader::new(stream);
    while let Some((method, target, headers)) = reader.request_head()? {
        let body = reader.body(http::length(&headers).unwrap_or(Length::None))?;
        let request = Received { method, target: String::from_utf8_lossy(&target).into_owned(), headers, body };
        received.lock().expect("no thread died with it").push(request.clone());
        match behaviour {
            Behaviour::Silent => std::thread::sleep(Duration::from_secs(60)),
            Behaviour::Garbage => writer.write_all(b"no such thing as a status line\r\n\r\n")?,
            _ => {}
        }
        let Some(answer) = behaviour.answer(&request) else { return Ok(()) };
        let mut bytes = format!("HTTP/1.1 {} Made\r\n", answer.status).into_bytes();
        for (name, value) in &answer.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"Connection: keep-alive\r\nDate: Thu, 01 Jan 2024 00:00:00 GMT\r\n");
        let head = request.method == "HEAD" || matches!(answer.status, 204 | 304);
        if answer.status != 204 {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", answer.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if !head {
            bytes.extend_from_slice(&answer.body);
        }
        writer.write_all(&bytes)?;
    }
    Ok(())
}

impl Behaviour {
    /// The answer to a request; `None` where there is none.
    pub fn answer(&self, request: &Received) -> Option<Answer> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let json = |value: &Value| (vec![pair("Content-Type", "application/json")], value.to_string().into_bytes());
        let last = request.path().rsplit('/').next().and_then(|segment| segment.parse().ok()).unwrap_or(200);
        let (status, headers, body) = match self {
            Self::Refused | Self::Silent | Self::Garbage | Self::Closes => return None,
            Self::Answer(fixed) => {
                let headers = fixed.headers.clone();
                (if fixed.status == 0 { 200 } else { fixed.status }, headers, fixed.body.clone().into_bytes())
            }
            Self::HttpEchoBody => {
                let content_type = request.header("content-type").unwrap_or_else(|| "text/plain".to_owned());
                (200, vec![pair("Content-Type", &content_type)], request.body.clone())
            }
            Self::HttpStatusEcho => {
                let (headers, body) = json(&json!({"status_code": last, "message": ""}));
                (last, headers, body)
            }
            Self::HttpStatusFromPath => (last, Vec::new(), Vec::new()),
            Self::HttpHttpbinEcho => {
                let (mut headers, body) = json(&request.as_httpbin());
                headers.push(pair("Server", "gunicorn/19.9.0"));
                headers.push(pair("Access-Control-Allow-Origin", "*"));
                headers.push(pair("Access-Control-Allow-Credentials", "true"));
                (200, headers, body)
            }
            Self::HttpLambdaUrlEcho => {
                let (mut headers, body) = json(&request.as_lambda_url());
                headers.push(pair("x-amzn-RequestId", "11111111-2222-4333-8444-555555555555"));
                headers.push(pair("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"));
                (200, headers, body)
            }
        };
        Some(Answer { status, headers, body })
    }
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
    fn args(&self) -> Value {
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

    fn host(&self) -> String {
        self.header("host").unwrap_or_default()
    }

    fn header_map(&self, spelling: impl Fn(&str) -> String) -> Value {
        let names = self.headers.iter().map(|(name, _)| name.as_str());
        names.map(|name| (spelling(name), json!(self.header(name).unwrap_or_default()))).collect::<Map<_, _>>().into()
    }

    fn as_httpbin(&self) -> Value {
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
            "form": if form { Self { target: format!("/?{text}"), ..self.clone() }.args() } else { json!({}) },
            "headers": headers,
            "json": serde_json::from_slice::<Value>(&self.body).unwrap_or_default(),
            "method": self.method,
            "origin": self.header("x-forwarded-for").unwrap_or_else(|| "127.0.0.1".into()),
            "url": format!("https://{}{}", self.host(), self.target),
        })
    }

    fn as_lambda_url(&self) -> Value {
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
