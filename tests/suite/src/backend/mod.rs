//! Stand-ins for what is behind the gateway: HTTP servers, Lambda's Invoke API, AWS services.
//!
//! A [`Stub`] decides and remembers; it knows no sockets. A [`Backend`] is a stub on a loopback port, or only at the
//! address of one, for the levels without sockets.

mod aws;
mod lambda;
mod received;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

pub use aws::{Service, sqs_message};
pub use lambda::Function;
pub use received::Received;

use crate::bytes::Bytes;
use crate::http::{self, Length, Reader};

/// How a backend behaves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// A fixed answer.
    Answer(Fixed),
    /// The Lambda API with these functions.
    Lambda(BTreeMap<String, Function>),
    /// An AWS service.
    Aws(Service),
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
    /// Announces this answer with a byte more, sends it, and closes the connection.
    CutsShort(Fixed),
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
    pub body: Bytes,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers beside `content-length`.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An answer.
    Answer(Answer),
    /// Nobody listens.
    Refused,
    /// Nothing, ever.
    Silent,
    /// Something that is not HTTP.
    Garbage,
    /// The end of the connection.
    Closes,
    /// An answer whose last byte never comes.
    CutShort(Answer),
}

/// Decides what comes of requests, and remembers them.
pub struct Stub {
    behaviour: Behaviour,
    received: Mutex<Vec<Received>>,
    given: Mutex<Option<Answer>>,
}

/// A stub at an address.
pub struct Backend {
    /// Where it is.
    pub address: SocketAddr,
    /// What it does.
    pub stub: Arc<Stub>,
}

impl Fixed {
    fn answer(&self) -> Answer {
        let status = if self.status == 0 { 200 } else { self.status };
        Answer { status, headers: self.headers.clone(), body: self.body.to_vec() }
    }
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Stub {
    /// A stub of this behaviour.
    pub fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, received: Mutex::default(), given: Mutex::default() }
    }

    /// Answers every request so from now on, whatever the behaviour; `None` goes back to it.
    pub fn give(&self, answer: Option<Answer>) {
        *self.given.lock().expect("no thread died with it") = answer;
    }

    /// Takes a request.
    pub fn handle(&self, request: Received) -> Outcome {
        let given = self.given.lock().expect("no thread died with it").clone();
        let outcome = given.map_or_else(|| self.behaviour.outcome(&request), Outcome::Answer);
        if outcome != Outcome::Refused {
            self.received.lock().expect("no thread died with it").push(request);
        }
        outcome
    }

    /// What it has received since this was asked last.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().expect("no thread died with it"))
    }
}

impl Backend {
    /// Starts one on a free port. Its threads end with the process.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(behaviour: &Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let stub = Arc::new(Stub::new(behaviour.clone()));
        if *behaviour != Behaviour::Refused {
            let stub = Arc::clone(&stub);
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let stub = Arc::clone(&stub);
                    std::thread::spawn(move || serve(stream, &stub));
                }
            });
        }
        Self { address, stub }
    }

    /// One that is only called by name: nobody listens at its address.
    pub fn without_socket(behaviour: &Behaviour, port: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { address, stub: Arc::new(Stub::new(behaviour.clone())) }
    }

    /// What it has received since this was asked last.
    pub fn take_received(&self) -> Vec<Received> {
        self.stub.take_received()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: TcpStream, stub: &Stub) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = Reader::new(stream);
    while let Some((method, target, headers)) = reader.request_head()? {
        let body = reader.body(http::length(&headers).unwrap_or(Length::None))?;
        let head_only = method == "HEAD";
        let target = String::from_utf8_lossy(&target).into_owned();
        let (answer, missing) = match stub.handle(Received { method, target, headers, body }) {
            Outcome::Answer(answer) => (answer, 0),
            Outcome::CutShort(answer) => (answer, 1),
            Outcome::Silent => {
                std::thread::sleep(Duration::from_secs(60));
                return Ok(());
            }
            Outcome::Garbage => return writer.write_all(b"no such thing as a status line\r\n\r\n"),
            Outcome::Closes | Outcome::Refused => return Ok(()),
        };
        let mut bytes = format!("HTTP/1.1 {} Made\r\n", answer.status).into_bytes();
        for (name, value) in answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(SERVER) {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if answer.status != 204 {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", answer.body.len() + missing).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if !head_only && !matches!(answer.status, 204 | 304) {
            bytes.extend_from_slice(&answer.body);
        }
        writer.write_all(&bytes)?;
        if missing > 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Headers of every answer of a server, beside the length.
pub const SERVER: [(&str, &str); 2] = [("Connection", "keep-alive"), ("Date", "Thu, 01 Jan 2024 00:00:00 GMT")];

impl Behaviour {
    fn outcome(&self, request: &Received) -> Outcome {
        let last = request.path().rsplit('/').next().and_then(|segment| segment.parse().ok()).unwrap_or(200);
        Outcome::Answer(match self {
            Self::Refused => return Outcome::Refused,
            Self::Silent => return Outcome::Silent,
            Self::Garbage => return Outcome::Garbage,
            Self::Closes => return Outcome::Closes,
            Self::Lambda(functions) => match lambda::invoke(functions, request) {
                Some(answer) => answer,
                None => return Outcome::Silent,
            },
            Self::Aws(service) => service.answer(request),
            Self::Answer(fixed) => fixed.answer(),
            Self::CutsShort(fixed) => return Outcome::CutShort(fixed.answer()),
            Self::HttpEchoBody => {
                let content_type = request.header("content-type").unwrap_or_else(|| "text/plain".to_owned());
                Answer { status: 200, headers: Vec::new(), body: request.body.clone() }
                    .header("Content-Type", &content_type)
            }
            Self::HttpStatusEcho => Answer::json(last, &json!({"status_code": last, "message": ""})),
            Self::HttpStatusFromPath => Answer { status: last, ..Answer::default() },
            Self::HttpHttpbinEcho => Answer::json(200, &request.as_httpbin())
                .header("Server", "gunicorn/19.9.0")
                .header("Access-Control-Allow-Origin", "*")
                .header("Access-Control-Allow-Credentials", "true"),
            Self::HttpLambdaUrlEcho => Answer::json(200, &request.as_lambda_url())
                .header("x-amzn-RequestId", "11111111-2222-4333-8444-555555555555")
                .header("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
        })
    }
}
