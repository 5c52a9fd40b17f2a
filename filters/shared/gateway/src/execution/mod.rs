//! The execution log of one request: what filters note on its way, in API Gateway's words.
//!
//! Only a request whose method has such a log has one of these, so filters ask [`crate::Host::execution_log`] first and
//! make no text that nobody wants.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

mod redaction;

pub use redaction::Redaction;

use std::cell::RefCell;

use crate::client::{is_internal, spelled};
use crate::json;

/// The longest line, in bytes. [API Gateway]
const MAX_LINE_BYTES: usize = 1024;
/// What a line ends with that would have been longer, as seen on the service.
const TRUNCATED: &str = " [TRUNCATED]";
/// Most lines of one request. Filters write about twenty.
const MAX_LINES: usize = 64;
/// How much of a text is looked at for secrets before it is cut: many times what is shown.
const WINDOW_BYTES: usize = 64 << 10;
/// How much of a body is worth keeping for a line.
pub const MAX_SHOWN_BODY_BYTES: usize = 4 * MAX_LINE_BYTES;

/// Where in the log a line stands, whenever it is noted: bodies come later than headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The usage plan.
    UsagePlan,
    /// The client's request.
    Request,
    /// Its body.
    RequestBody,
    /// What the integration is sent.
    Endpoint,
    /// What it has answered.
    Answer,
    /// Why there is no answer of an integration.
    Failure,
    /// What the client gets.
    Response,
}

/// How much a method logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verbosity {
    /// The course of every request (`INFO`), not only of those that fail (`ERROR`).
    pub info: bool,
    /// Headers and bodies (`dataTraceEnabled`).
    pub data: bool,
}

/// What filters have noted.
#[derive(Debug)]
pub struct ExecutionLog {
    verbosity: Verbosity,
    redaction: Redaction,
    notes: RefCell<Vec<(Part, String)>>,
}

impl ExecutionLog {
    /// An empty log.
    pub fn new(verbosity: Verbosity, redaction: Redaction) -> Self {
        Self { verbosity, redaction, notes: RefCell::default() }
    }

    /// Whether the course of the request is logged, not only its failure.
    pub fn wants_info(&self) -> bool {
        self.verbosity.info
    }

    /// Whether headers and bodies are logged.
    pub fn wants_data(&self) -> bool {
        self.verbosity.info && self.verbosity.data
    }

    /// Notes a message.
    pub fn note(&self, part: Part, message: &str) {
        let mut notes = self.notes.borrow_mut();
        if (self.verbosity.info || part == Part::Failure) && notes.len() < MAX_LINES {
            let end = message.floor_char_boundary(WINDOW_BYTES);
            let shown = self.redaction.mask(message.get(..end).unwrap_or_default(), end < message.len());
            notes.push((part, shown));
        }
    }

    /// Notes values by name, as a Java map prints them.
    pub fn note_map<'v>(&self, part: Part, label: &str, values: impl Iterator<Item = (&'v str, &'v [u8])>) {
        let mut shown: Vec<(&str, String)> = Vec::new();
        for (name, value) in values {
            let value = self.redaction.value(name, &String::from_utf8_lossy(value));
            match shown.iter_mut().find(|(other, _)| *other == name) {
                Some((_, others)) => {
                    others.push(',');
                    others.push_str(&value);
                }
                None => shown.push((name, value)),
            }
        }
        let pairs: Vec<String> = shown.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.note(part, &format!("{label}: {{{}}}", pairs.join(", ")));
    }

    /// Notes the headers of a message, without HTTP/2's own and the gateway's; `Host` stands there under its old name.
    pub fn note_headers<'v>(&self, part: Part, label: &str, headers: impl Iterator<Item = (&'v [u8], &'v [u8])>) {
        let of_message = headers.filter_map(|(name, value)| {
            let name = match name {
                b":authority" => "host",
                name => std::str::from_utf8(name).ok()?,
            };
            (!name.starts_with(':') && !is_internal(name)).then_some((spelled(name), value))
        });
        self.note_map(part, label, of_message);
    }

    /// Notes a body; bytes that are no text are named only.
    pub fn note_body(&self, part: Part, label: &str, body: &[u8]) {
        let (shown, rest) = body.split_at_checked(MAX_SHOWN_BODY_BYTES).unwrap_or((body, &[]));
        // A character may be cut at the end.
        let text = match std::str::from_utf8(shown) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() && !rest.is_empty() => {
                std::str::from_utf8(shown.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => "[Binary Data]",
        };
        self.note(part, &format!("{label}: {text}"));
    }

    /// Notes where the integration is asked; `data` notes with what.
    pub fn note_endpoint(&self, cluster: &str, authority: &[u8], target: &[u8], data: impl FnOnce(&Self)) {
        let scheme = if cluster.starts_with("https ") { "https" } else { "http" };
        let authority = String::from_utf8_lossy(authority);
        let uri = format!("{scheme}://{authority}{}", self.redaction.target(&String::from_utf8_lossy(target)));
        self.note(Part::Endpoint, &format!("Endpoint request URI: {uri}"));
        if self.wants_data() {
            data(self);
        }
        self.note(Part::Endpoint, &format!("Sending request to {uri}"));
    }

    /// Notes what the client gets, instead of what it would have got before.
    pub fn note_response<'v>(&self, headers: impl Iterator<Item = (&'v [u8], &'v [u8])>, body: &[u8]) {
        self.notes.borrow_mut().retain(|(part, _)| *part != Part::Response);
        if self.wants_data() {
            self.note_body(Part::Response, "Method response body after transformations", body);
            self.note_headers(Part::Response, "Method response headers", headers);
        }
    }

    /// What is secret in this request.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Whether something is noted there.
    pub fn has(&self, part: Part) -> bool {
        self.notes.borrow().iter().any(|(other, _)| *other == part)
    }

    /// The lines: `first`, what was noted, and `last`, each behind the request's id.
    pub fn render(&self, request_id: &str, first: &[String], last: &[String]) -> String {
        let mut notes = self.notes.borrow_mut();
        notes.sort_by_key(|(part, _)| *part);
        let mut lines = String::new();
        for message in first.iter().chain(notes.iter().map(|(_, message)| message)).chain(last) {
            push_line(&mut lines, request_id, message);
        }
        lines
    }
}

/// A message as one line, whatever is in it.
fn push_line(lines: &mut String, request_id: &str, message: &str) {
    let mut line = format!("({request_id}) ");
    for c in message.chars() {
        match c {
            c if c.is_control() => json::escape_into(&mut line, c.encode_utf8(&mut [0; 4])),
            c => line.push(c),
        }
        if line.len() > MAX_LINE_BYTES {
            line.truncate(line.floor_char_boundary(MAX_LINE_BYTES.saturating_sub(TRUNCATED.len())));
            line.push_str(TRUNCATED);
            break;
        }
    }
    lines.push_str(&line);
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]
    use proptest::prelude::*;

    use super::*;

    fn log(info: bool) -> ExecutionLog {
        ExecutionLog::new(Verbosity { info, data: true }, Redaction::default())
    }

    #[test]
    fn lines_stand_in_their_order() {
        let log = log(true);
        log.note(Part::Endpoint, "c");
        log.note(Part::Request, "a");
        log.note(Part::RequestBody, "b");
        assert_eq!(log.render("1", &["first".to_owned()], &[]), "(1) first\n(1) a\n(1) b\n(1) c\n");
    }

    #[test]
    fn errors_alone() {
        let log = log(false);
        log.note(Part::Request, "a");
        log.note(Part::Failure, "b");
        assert_eq!(log.render("1", &[], &[]), "(1) b\n");
        assert!(!log.wants_data());
    }

    #[test]
    fn maps_print_as_java_prints_them() {
        let log = log(true);
        let headers: [(&[u8], &[u8]); 4] =
            [(b":path", b"/"), (b"accept", b"*/*"), (b"x-api-key", b"0123456789"), (b"accept", b"text/html")];
        log.note_headers(Part::Request, "Headers", headers.into_iter());
        assert_eq!(log.render("1", &[], &[]), "(1) Headers: {Accept=*/*,text/html, x-api-key=**********}\n");
    }

    #[test]
    fn bytes_and_cut_characters() {
        let log = log(true);
        log.note_body(Part::Request, "a", b"\xff\x00");
        let long = ["é"; MAX_SHOWN_BODY_BYTES].concat();
        log.note_body(Part::Request, "bb", long.as_bytes().get(1..).unwrap_or_default());
        log.note_body(Part::Request, "c", long.as_bytes());
        let lines = log.render("1", &[], &[]);
        assert!(lines.starts_with("(1) a: [Binary Data]\n(1) bb: [Binary Data]\n(1) c: éé"), "{lines}");
    }

    proptest! {
        /// Whatever is noted, a line is one line of bounded size.
        #[test]
        fn bounded_lines(text in any::<String>(), times in 0..2000_usize) {
            let log = log(true);
            log.note(Part::Failure, &text.repeat(times));
            let lines = log.render("id", &[], &[]);
            prop_assert!(lines.len() <= MAX_LINE_BYTES + 1 && lines.matches('\n').count() == 1);
        }
    }
}
