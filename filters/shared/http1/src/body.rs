//! The body of a response, as its framing delimits it.

use crate::response::Malformed;

/// Longest line of a chunk's size with its extensions, or of a trailer.
const MAX_LINE_BYTES: usize = 4 << 10;
/// Most bytes of all trailers.
const MAX_TRAILERS_BYTES: usize = 60 << 10;
/// Largest body; Envoy cuts the answer to a call at about as much.
const MAX_BODY_BYTES: usize = 32 << 20;

/// Where a body ends.
#[derive(Debug)]
pub enum Framing {
    /// After so many bytes more.
    Length(usize),
    /// With the last chunk and its trailers.
    Chunked(Chunked),
    /// With the connection.
    Close,
}

/// The place in a chunked body.
#[derive(Debug)]
pub enum Chunked {
    /// In the line with a chunk's size.
    Size(Vec<u8>),
    /// In a chunk with so many bytes left.
    Data(usize),
    /// In the line end behind a chunk.
    End(Vec<u8>),
    /// In a trailer; so many bytes of trailers so far.
    Trailer(Vec<u8>, usize),
}

impl Framing {
    /// Takes what `input` has of the body; true when that is all of it.
    ///
    /// # Errors
    /// The body is too large, or its chunks are none.
    pub fn read(&mut self, input: &mut &[u8], body: &mut Vec<u8>) -> Result<bool, Malformed> {
        match self {
            Self::Length(left) => {
                take(left, input, body)?;
                Ok(*left == 0)
            }
            Self::Close => {
                let mut all = input.len();
                take(&mut all, input, body)?;
                Ok(false)
            }
            Self::Chunked(chunked) => chunked.read(input, body),
        }
    }
}

impl Chunked {
    fn read(&mut self, input: &mut &[u8], body: &mut Vec<u8>) -> Result<bool, Malformed> {
        while !input.is_empty() {
            match self {
                Self::Size(line) => {
                    if take_line(line, input)? {
                        *self = match chunk_size(line)? {
                            0 => Self::Trailer(Vec::new(), 0),
                            size => Self::Data(size),
                        };
                    }
                }
                Self::Data(left) => {
                    take(left, input, body)?;
                    if *left == 0 {
                        *self = Self::End(Vec::new());
                    }
                }
                Self::End(line) => {
                    let is_whole = take_line(line, input)?;
                    if !(is_blank(line) || line == b"\r") {
                        return Err(Malformed("a chunk is longer than its size"));
                    }
                    if is_whole {
                        *self = Self::Size(Vec::new());
                    }
                }
                Self::Trailer(line, bytes) => {
                    if take_line(line, input)? {
                        if is_blank(line) {
                            return Ok(true);
                        }
                        let bytes = bytes.saturating_add(line.len());
                        if bytes > MAX_TRAILERS_BYTES {
                            return Err(Malformed("too many trailers"));
                        }
                        *self = Self::Trailer(Vec::new(), bytes);
                    }
                }
            }
        }
        Ok(false)
    }
}

fn chunk_size(line: &[u8]) -> Result<usize, Malformed> {
    // To `httparse` no digits are a zero.
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) if line.first().is_some_and(u8::is_ascii_hexdigit) => {
            usize::try_from(size).map_err(|_| Malformed::TOO_LARGE)
        }
        _ => Err(Malformed("a chunk without a size")),
    }
}

fn take(left: &mut usize, input: &mut &[u8], body: &mut Vec<u8>) -> Result<(), Malformed> {
    let (taken, rest) = input.split_at_checked(*left).unwrap_or((input, &[]));
    if body.len().saturating_add(taken.len()) > MAX_BODY_BYTES {
        return Err(Malformed::TOO_LARGE);
    }
    body.extend_from_slice(taken);
    *left = left.saturating_sub(taken.len());
    *input = rest;
    Ok(())
}

/// Takes bytes up to the end of a line; true when it has come.
fn take_line(line: &mut Vec<u8>, input: &mut &[u8]) -> Result<bool, Malformed> {
    let end = input.iter().position(|byte| *byte == b'\n').map(|at| at.saturating_add(1));
    let (taken, rest) = input.split_at_checked(end.unwrap_or(input.len())).unwrap_or((input, &[]));
    if line.len().saturating_add(taken.len()) > MAX_LINE_BYTES {
        return Err(Malformed("a line of a chunked body is too long"));
    }
    line.extend_from_slice(taken);
    *input = rest;
    Ok(end.is_some())
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\r\n" | b"\n")
}
