//! A client that sends exactly the bytes that a case asks for.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::http::{self, Headers, Length, Reader};

/// How long an answer may take: a little more than the longest integration timeout.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A request as it goes onto the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Verb.
    pub method: String,
    /// Request target, as typed.
    pub target: Vec<u8>,
    /// Headers beside `Host`, `Content-Length` and `Transfer-Encoding`, in order. A `Host` replaces the usual one.
    pub headers: Headers,
    /// Body; `None` sends no body and no length.
    pub body: Option<Vec<u8>>,
    /// Sends the body in chunks instead of announcing its length.
    pub chunked: bool,
}

/// A response as it came.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers in order.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.as_bytes().to_vec(), ..Self::default() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn head(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} ", self.method).into_bytes();
        head.extend_from_slice(&self.target);
        head.extend_from_slice(b" HTTP/1.1\r\n");
        if http::value(&self.headers, "host").is_none() {
            head.extend_from_slice(format!("Host: {host}\r\n").as_bytes());
        }
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        match &self.body {
            Some(_) if self.chunked => head.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Some(body) => head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes()),
            None => {}
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        http::value(&self.headers, name)
    }

    /// The body as text, bytes that are not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection to the gateway.
pub struct Connection {
    stream: TcpStream,
    reader: Reader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { reader: Reader::new(stream.try_clone()?), stream, host: to })
    }

    /// Sends a request and reads its answer. It reads while it writes: a gateway that refuses a large body answers
    /// before it has all of it.
    ///
    /// # Errors
    /// The connection breaks before the answer is there.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut bytes = request.head(self.host);
        if let Some(body) = &request.body {
            if request.chunked {
                for chunk in body.chunks(64 * 1024) {
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            } else {
                bytes.extend_from_slice(body);
            }
        }
        if bytes.len() <= 32 * 1024 {
            self.stream.write_all(&bytes)?;
            return self.receive(request.method == "HEAD");
        }
        let mut writer = self.stream.try_clone()?;
        std::thread::scope(|scope| {
            // Where the gateway has stopped reading, the answer says why.
            scope.spawn(move || writer.write_all(&bytes));
            let response = self.receive(request.method == "HEAD");
            if response.is_err() {
                let _ = self.stream.shutdown(std::net::Shutdown::Both);
            }
            response
        })
    }

    fn receive(&mut self, head: bool) -> io::Result<Response> {
        let (status, headers) = self.reader.response_head()?;
        let length = match http::length(&headers) {
            _ if head || matches!(status, 204 | 304) => Length::None,
            Some(length) => length,
            None => Length::UntilClose,
        };
        let body = self.reader.body(length)?;
        Ok(Response { status, headers, body })
    }
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// The connection breaks before the answer is there.
pub fn send(to: SocketAddr, request: &Request) -> io::Result<Response> {
    Connection::open(to)?.send(request)
}
