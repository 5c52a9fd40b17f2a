//! A response as it comes in.

use crate::body::{Chunked, Framing};

/// Largest head; Envoy's own limit for responses.
const MAX_HEAD_BYTES: usize = 60 << 10;
/// Most headers; Envoy's own limit.
const MAX_HEADERS: usize = 100;
/// Most interim responses (1xx) before the response itself.
const MAX_INTERIM: usize = 16;

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200–599.
    pub status: u16,
    /// In order, duplicates kept; names in lower case, values without blanks at either end.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Without its framing.
    pub body: Vec<u8>,
    /// The connection can take another request.
    pub reusable: bool,
}

/// A response that is none, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl Malformed {
    pub(crate) const TOO_LARGE: Self = Self("a body is too large");
}

/// Reads one response from pieces of any size.
#[derive(Debug)]
pub struct Reader {
    is_head: bool,
    head: Vec<u8>,
    interim: usize,
    under_way: Option<(Response, Framing)>,
}

/// What a head says.
enum Head {
    /// Its last line has not come.
    Partial,
    Interim(usize),
    Final(usize, Response, Framing),
}

impl Reader {
    /// Of the response to a request, which may be a HEAD.
    pub fn new(is_head: bool) -> Self {
        Self { is_head, head: Vec::new(), interim: 0, under_way: None }
    }

    /// Takes what has come; the response once it is whole. Bytes behind it are nobody's: the connection is of no more
    /// use.
    ///
    /// # Errors
    /// It is no response. The connection is of no more use.
    pub fn read(&mut self, mut input: &[u8]) -> Result<Option<Response>, Malformed> {
        if self.under_way.is_none() {
            let known = self.head.len();
            self.head.extend_from_slice(input);
            let Some(head_bytes) = self.read_head(known)? else { return Ok(None) };
            let behind = self.head.len().saturating_sub(head_bytes);
            input = input.get(input.len().saturating_sub(behind)..).unwrap_or_default();
            self.head = Vec::new();
        }
        let Some((response, framing)) = &mut self.under_way else { return Ok(None) };
        if !framing.read(&mut input, &mut response.body)? {
            return Ok(None);
        }
        let Some((mut response, _)) = self.under_way.take() else { return Ok(None) };
        response.reusable &= input.is_empty();
        Ok(Some(response))
    }

    /// The connection has ended: the response, if that is how it ends.
    pub fn end(&mut self) -> Option<Response> {
        match self.under_way.take() {
            Some((response, Framing::Close)) => Some(response),
            _ => None,
        }
    }

    /// Reads the head, and interim ones before it, of which `known` bytes have been looked at before; how many bytes they
    /// have, once all are here.
    fn read_head(&mut self, mut known: usize) -> Result<Option<usize>, Malformed> {
        loop {
            // `httparse` passes over empty lines before a head.
            if matches!(self.head.first(), Some(b'\r' | b'\n')) {
                return Err(Malformed("no head of a response"));
            }
            // Its last line is empty.
            let from = known.saturating_sub(3);
            let new = self.head.get(from..).unwrap_or_default();
            let ends = new.windows(2).any(|pair| pair == b"\n\n") || new.windows(3).any(|three| three == b"\n\r\n");
            match if ends { self.parse()? } else { Head::Partial } {
                Head::Partial if self.head.len() > MAX_HEAD_BYTES => return Err(Malformed("a head is too large")),
                Head::Partial => return Ok(None),
                Head::Interim(bytes) => {
                    self.interim = self.interim.saturating_add(1);
                    if self.interim > MAX_INTERIM {
                        return Err(Malformed("too many interim responses"));
                    }
                    self.head.drain(..bytes.min(self.head.len()));
                    known = 0;
                }
                Head::Final(bytes, ..) if bytes > MAX_HEAD_BYTES => return Err(Malformed("a head is too large")),
                Head::Final(bytes, response, framing) => {
                    self.under_way = Some((response, framing));
                    return Ok(Some(bytes));
                }
            }
        }
    }

    fn parse(&self) -> Result<Head, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let bytes = match head.parse(&self.head) {
            Ok(httparse::Status::Complete(bytes)) => bytes,
            Ok(httparse::Status::Partial) => return Ok(Head::Partial),
            Err(_) => return Err(Malformed("no head of a response")),
        };
        let status = head.code.unwrap_or_default();
        match status {
            101 => return Err(Malformed("an upgrade that nobody has asked for")),
            100..=199 => return Ok(Head::Interim(bytes)),
            200..=599 => {}
            _ => return Err(Malformed("no status")),
        }
        let values = |name: &'static str| {
            head.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
        };
        let is_old = head.version != Some(1);
        let closes = values("connection").any(|value| has_token(value, b"close"));
        let framing = if self.is_head || matches!(status, 204 | 304) {
            Framing::Length(0)
        } else {
            framing(values("transfer-encoding"), values("content-length"))?
        };
        let both = values("transfer-encoding").next().is_some() && values("content-length").next().is_some();
        let reusable = !(is_old || closes || both || matches!(framing, Framing::Close));
        let headers =
            head.headers.iter().map(|header| (header.name.to_ascii_lowercase(), header.value.trim_ascii().to_vec()));
        let response = Response { status, headers: headers.collect(), body: Vec::new(), reusable };
        Ok(Head::Final(bytes, response, framing))
    }
}

/// How the body of a response is framed (RFC 9112 §6.3).
fn framing<'a>(
    mut encodings: impl Iterator<Item = &'a [u8]>,
    lengths: impl Iterator<Item = &'a [u8]>,
) -> Result<Framing, Malformed> {
    if let Some(encoding) = encodings.next() {
        if !encoding.trim_ascii().eq_ignore_ascii_case(b"chunked") || encodings.next().is_some() {
            return Err(Malformed("a transfer encoding that nobody has asked for"));
        }
        return Ok(Framing::Chunked(Chunked::Size(Vec::new())));
    }
    let mut found = None;
    for text in lengths {
        let text = text.trim_ascii();
        let digits = Some(text).filter(|text| !text.is_empty() && text.iter().all(u8::is_ascii_digit));
        let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
        let length = length.ok_or(Malformed("no content-length"))?;
        if found.replace(length).is_some_and(|other| other != length) {
            return Err(Malformed("more than one content-length"));
        }
    }
    Ok(found.map_or(Framing::Close, Framing::Length))
}

/// Whether a comma-separated list has `token`.
fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|member| member.trim_ascii().eq_ignore_ascii_case(token))
}
