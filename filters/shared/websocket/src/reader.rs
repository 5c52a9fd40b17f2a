//! A client's bytes become messages.

use crate::end::read_close;
use crate::header::{Header, Kind, MAX_HEADER_BYTES, unmask_into};
use crate::{MAX_MESSAGE_BYTES, Violation};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole text message, its frames joined.
    Text(String),
    /// A ping, to be answered with the same payload.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The close frame: code and reason, when it has any. Nothing after it counts.
    Close(Option<(u16, String)>),
}

/// Reads frames from pieces of any size. Holds one message, one control frame and one header at most.
#[derive(Debug, Default)]
pub struct Reader {
    /// The beginning of a header whose end has not come yet.
    header: Vec<u8>,
    frame: Option<Frame>,
    message: Vec<u8>,
    /// How much of the message is known to be UTF-8.
    valid_bytes: usize,
    /// A message has begun and its last frame has not.
    fragmented: bool,
    control: Vec<u8>,
}

/// The frame under way.
#[derive(Clone, Copy, Debug)]
struct Frame {
    header: Header,
    read_bytes: usize,
}

impl Reader {
    /// Takes bytes off `input` until something is complete; `None` when all of it is taken and nothing is.
    ///
    /// # Errors
    /// The client breaks the rules. The connection has to end; the reader is of no more use.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Violation> {
        loop {
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.read_header(input)? {
                    Some(header) => self.begin(header)?,
                    None => return Ok(None),
                },
            };
            let left = frame.header.payload_bytes.saturating_sub(frame.read_bytes);
            let (payload, rest) = input.split_at_checked(left).unwrap_or((input, &[]));
            *input = rest;
            let target = if frame.header.is_control() { &mut self.control } else { &mut self.message };
            unmask_into(target, payload, frame.header.mask, frame.read_bytes);
            if payload.len() < left {
                let read_bytes = frame.read_bytes.saturating_add(payload.len());
                self.frame = Some(Frame { header: frame.header, read_bytes });
                if !frame.header.is_control() {
                    self.check_text()?;
                }
                return Ok(None);
            }
            self.frame = None;
            if let Some(event) = self.complete(frame.header)? {
                return Ok(Some(event));
            }
        }
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Header>, Violation> {
        if self.header.is_empty()
            && let Some((header, bytes)) = Header::parse(input)?
        {
            *input = input.get(bytes..).unwrap_or_default();
            return Ok(Some(header));
        }
        while let Some((byte, rest)) = input.split_first().filter(|_| self.header.len() < MAX_HEADER_BYTES) {
            self.header.push(*byte);
            *input = rest;
            if let Some((header, _)) = Header::parse(&self.header)? {
                self.header.clear();
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    fn begin(&mut self, header: Header) -> Result<Frame, Violation> {
        match (header.kind, self.fragmented) {
            (Kind::Continuation, false) => return Err(Violation::Protocol("a continuation continues nothing")),
            (Kind::Text | Kind::Binary, true) => {
                return Err(Violation::Protocol("a message begins within another one"));
            }
            (Kind::Binary, false) => return Err(Violation::Binary),
            (Kind::Text | Kind::Continuation, _) => {
                self.fragmented = true;
                if self.message.len().saturating_add(header.payload_bytes) > MAX_MESSAGE_BYTES {
                    return Err(Violation::TooBig);
                }
            }
            (Kind::Close | Kind::Ping | Kind::Pong, _) => {}
        }
        let frame = Frame { header, read_bytes: 0 };
        self.frame = Some(frame);
        Ok(frame)
    }

    fn complete(&mut self, header: Header) -> Result<Option<Event>, Violation> {
        match header.kind {
            Kind::Ping => Ok(Some(Event::Ping(std::mem::take(&mut self.control)))),
            Kind::Pong => Ok(Some(Event::Pong(std::mem::take(&mut self.control)))),
            Kind::Close => read_close(&std::mem::take(&mut self.control)).map(Event::Close).map(Some),
            Kind::Binary => Err(Violation::Binary),
            Kind::Text | Kind::Continuation if !header.fin => self.check_text().map(|()| None),
            Kind::Text | Kind::Continuation => {
                self.fragmented = false;
                self.valid_bytes = 0;
                let text = String::from_utf8(std::mem::take(&mut self.message));
                text.map(|text| Some(Event::Text(text))).map_err(|_| Violation::NotUtf8)
            }
        }
    }

    /// Checks what has come of a message, so that a client is told of wrong text before it has sent all of it.
    fn check_text(&mut self) -> Result<(), Violation> {
        let unchecked = self.message.get(self.valid_bytes..).unwrap_or_default();
        let valid = match std::str::from_utf8(unchecked) {
            Ok(text) => text.len(),
            // A character whose end has not come yet.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        };
        self.valid_bytes = self.valid_bytes.saturating_add(valid);
        Ok(())
    }
}
