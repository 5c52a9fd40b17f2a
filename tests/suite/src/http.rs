//! HTTP/1.1 messages, read from a socket.

use std::io::{self, Read};

/// Most headers of a message that is read.
const MAX_HEADERS: usize = 2000;

/// Headers in order, values as bytes.
pub type Headers = Vec<(String, Vec<u8>)>;

/// How long a body is.
pub enum Length {
    /// There is none.
    None,
    /// As `content-length` says.
    Sized(usize),
    /// As its chunks say.
    Chunked,
    /// Until the connection ends.
    UntilClose,
}

/// Reads messages from a connection, keeping what belongs to the next one.
pub struct Reader<R> {
    from: R,
    buffer: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// A reader of `from`.
    pub fn new(from: R) -> Self {
        Self { from, buffer: Vec::new() }
    }

    /// The start line's parts and the headers of a request; `None` at the end of the connection.
    pub fn request_head(&mut self) -> io::Result<Option<(String, Vec<u8>, Headers)>> {
        loop {
            let mut headers = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(size) = request.parse(&self.buffer).map_err(bad)? {
                let method = request.method.unwrap_or_default().to_owned();
                let target = request.path.unwrap_or_default().as_bytes().to_vec();
                let headers = owned(request.headers);
                self.buffer.drain(..size);
                return Ok(Some((method, target, headers)));
            }
            if self.more()? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// The status and the headers of a response, informational ones skipped.
    pub fn response_head(&mut self) -> io::Result<(u16, Headers)> {
        loop {
            let mut headers = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(size) = response.parse(&self.buffer).map_err(bad)? {
                let status = response.code.unwrap_or_default();
                let headers = owned(response.headers);
                self.buffer.drain(..size);
                if (100..200).contains(&status) && status != 101 {
                    continue;
                }
                return Ok((status, headers));
            }
            if self.more()? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended before an answer"));
            }
        }
    }

    /// A body.
    pub fn body(&mut self, length: Length) -> io::Result<Vec<u8>> {
        match length {
            Length::None => Ok(Vec::new()),
            Length::Sized(size) => self.take(size),
            Length::UntilClose => {
                while self.more()? > 0 {}
                Ok(std::mem::take(&mut self.buffer))
            }
            Length::Chunked => {
                let mut body = Vec::new();
                loop {
                    let line = self.line()?;
                    let size = String::from_utf8_lossy(&line);
                    let size = size.split(';').next().unwrap_or_default().trim();
                    let size = usize::from_str_radix(size, 16).map_err(|error| bad(format!("chunk size: {error}")))?;
                    if size == 0 {
                        while !self.line()?.is_empty() {}
                        return Ok(body);
                    }
                    body.extend(self.take(size)?);
                    self.line()?;
                }
            }
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let mut line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                line.truncate(at);
                return Ok(line);
            }
            if self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn take(&mut self, size: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < size {
            if self.more()? == 0 {
                let text = format!("the connection ended after {} of {size} bytes of a body", self.buffer.len());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
            }
        }
        let rest = self.buffer.split_off(size);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut part = vec![0; 64 * 1024];
        let read = loop {
            match self.from.read(&mut part) {
                // A signal, or a machine that was stopped for a moment.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.buffer.extend_from_slice(&part[..read]);
        Ok(read)
    }
}

/// How long the body after these headers is; `None` where they do not say.
pub fn length(headers: &Headers) -> Option<Length> {
    if value(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked")) {
        return Some(Length::Chunked);
    }
    let size = value(headers, "content-length")?;
    String::from_utf8_lossy(size).trim().parse().ok().map(Length::Sized)
}

/// The first value of a header.
pub fn value<'h>(headers: &'h Headers, name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
}

fn owned(headers: &[httparse::Header<'_>]) -> Headers {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect()
}

fn bad(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
