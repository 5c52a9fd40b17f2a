//! One pass over a JSON text (RFC 8259, nothing more).

use jsonpath::json::Number;

use super::{Kind, Node};

/// The nodes of a text; `None` where it is not JSON, or nested deeper than `max_depth`.
pub(super) fn parse(text: &str, max_depth: usize) -> Option<Vec<Node>> {
    // Places and offsets are 32 bits wide.
    u32::try_from(text.len()).ok()?;
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        max_depth,
        nodes: Vec::with_capacity(text.len() / BYTES_PER_NODE),
        open: Vec::with_capacity(16),
    };
    parser.document()?;
    Some(parser.nodes)
}

/// How long the text of a value is at least, mostly, with its punctuation.
const BYTES_PER_NODE: usize = 7;

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    max_depth: usize,
    nodes: Vec<Node>,
    /// Containers that are not closed yet.
    open: Vec<Open>,
}

/// A container that is not closed yet: its node, how many children it has so far, and what it is.
struct Open {
    node: usize,
    children: u32,
    is_object: bool,
}

fn narrow(n: usize) -> u32 {
    // The text's length fits, and so does everything counted in it.
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Parser<'_> {
    fn document(&mut self) -> Option<()> {
        loop {
            // A value begins here, or an empty container ends.
            let opened = self.value()?;
            if opened {
                continue;
            }
            // A value has ended: close containers until one goes on.
            loop {
                self.skip_white_space();
                let Some(open) = self.open.last_mut() else {
                    return (self.at >= self.bytes.len()).then_some(());
                };
                match (self.bytes.get(self.at)?, open.is_object) {
                    (b',', is_object) => {
                        open.children = open.children.saturating_add(1);
                        self.at = self.at.saturating_add(1);
                        self.skip_white_space();
                        if is_object {
                            self.name()?;
                        }
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at = self.at.saturating_add(1);
                        self.close();
                    }
                    _ => return None,
                }
            }
        }
    }

    /// Reads a value; of a container that is not empty only its beginning, which is `true`.
    fn value(&mut self) -> Option<bool> {
        self.skip_white_space();
        match *self.bytes.get(self.at)? {
            b'"' => self.string()?,
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b't' => self.word(b"true", Kind::True)?,
            b'f' => self.word(b"false", Kind::False)?,
            b'n' => self.word(b"null", Kind::Null)?,
            _ => self.number()?,
        }
        Some(false)
    }

    fn open(&mut self, is_object: bool) -> Option<bool> {
        if self.open.len() >= self.max_depth {
            return None;
        }
        let node = self.nodes.len();
        let kind = if is_object { Kind::Object } else { Kind::Array };
        self.nodes.push(Node { kind, start: 0, end: 0 });
        self.open.push(Open { node, children: 0, is_object });
        self.at = self.at.saturating_add(1);
        self.skip_white_space();
        let end = if is_object { b'}' } else { b']' };
        if *self.bytes.get(self.at)? == end {
            self.at = self.at.saturating_add(1);
            self.close_empty();
            return Some(false);
        }
        if is_object {
            self.name()?;
        }
        Some(true)
    }

    fn close_empty(&mut self) {
        let end = narrow(self.nodes.len());
        if let Some(open) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(open.node)
        {
            node.end = end;
        }
    }

    fn close(&mut self) {
        let end = narrow(self.nodes.len());
        if let Some(open) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(open.node)
        {
            node.start = open.children.saturating_add(1);
            node.end = end;
        }
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Option<()> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return None;
        }
        self.string()?;
        self.skip_white_space();
        if self.bytes.get(self.at) != Some(&b':') {
            return None;
        }
        self.at = self.at.saturating_add(1);
        Some(())
    }

    /// A string, from its quote.
    fn string(&mut self) -> Option<()> {
        let start = self.at.saturating_add(1);
        let mut at = start;
        let (mut is_plain, mut is_escaped) = (true, false);
        loop {
            let (next, plain) = skip_plain(self.bytes, at);
            is_plain &= plain;
            at = next;
            match self.bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    let (next, plain) = self.escape(at)?;
                    is_plain &= plain;
                    is_escaped = true;
                    at = next;
                }
                _ => return None,
            }
        }
        let kind = match (is_plain, is_escaped) {
            (true, false) => Kind::Plain,
            (false, false) => Kind::String,
            (true, true) => Kind::PlainEscaped,
            (false, true) => Kind::Escaped,
        };
        self.nodes.push(Node { kind, start: narrow(start), end: narrow(at) });
        self.at = at.saturating_add(1);
        Some(())
    }

    /// Checks an escape, and gives the offset behind it, and whether JSON output has the same escape.
    fn escape(&self, at: usize) -> Option<(usize, bool)> {
        match self.bytes.get(at.saturating_add(1))? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some((at.saturating_add(2), true)),
            b'/' => Some((at.saturating_add(2), false)),
            b'u' => {
                let digits = self.bytes.get(at.saturating_add(2)..at.saturating_add(6))?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some((at.saturating_add(6), false))
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let mut at = start;
        if self.bytes.get(at) == Some(&b'-') {
            at = at.saturating_add(1);
        }
        match self.bytes.get(at)? {
            b'0' => at = at.saturating_add(1),
            b'1'..=b'9' => at = self.digits(at),
            _ => return None,
        }
        let mut kind = Kind::Integer;
        if self.bytes.get(at) == Some(&b'.') {
            let first = at.saturating_add(1);
            at = self.digits(first);
            if at == first {
                return None;
            }
            kind = Kind::Decimal;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            let sign = usize::from(matches!(self.bytes.get(at.saturating_add(1)), Some(b'+' | b'-')));
            let first = at.saturating_add(1).saturating_add(sign);
            at = self.digits(first);
            if at == first {
                return None;
            }
            kind = Kind::Decimal;
        }
        if kind == Kind::Decimal {
            // As Java, which has no number of this size.
            Number::from_text(self.text.get(start..at)?)?;
        }
        self.nodes.push(Node { kind, start: narrow(start), end: narrow(at) });
        self.at = at;
        Some(())
    }

    /// The offset behind digits.
    fn digits(&self, mut at: usize) -> usize {
        while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at = at.saturating_add(1);
        }
        at
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Option<()> {
        let end = self.at.saturating_add(word.len());
        if self.bytes.get(self.at..end)? != word {
            return None;
        }
        self.nodes.push(Node { kind, start: narrow(self.at), end: narrow(end) });
        self.at = end;
        Some(())
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at = self.at.saturating_add(1);
        }
    }
}

/// A byte in each of the eight places of a word.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks the bytes that end the plain part of a string: quotes, backslashes and control characters. The lowest mark is
/// exact, those above it need not be.
fn stops(word: u64) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(eight(1)) & !word;
    let controls = word.wrapping_sub(eight(0x20)) & !word;
    (zeros(word ^ eight(b'"')) | zeros(word ^ eight(b'\\')) | controls) & eight(0x80)
}

/// Marks the bytes that JSON output may escape: DEL, and what begins or continues a character beyond ASCII. The lowest
/// mark is exact.
fn specials(word: u64) -> u64 {
    (word | word.wrapping_add(eight(1))) & eight(0x80)
}

/// The offset of the next quote, backslash or control character, and whether all before it are printable ASCII.
fn skip_plain(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut seen = 0;
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let stop = stops(word);
        if stop != 0 {
            // The mark is the highest bit of its byte.
            let before = stop.trailing_zeros() & !7;
            seen |= specials(word) & 1_u64.wrapping_shl(before).wrapping_sub(1);
            let offset = usize::try_from(before.wrapping_shr(3)).unwrap_or(0);
            return (at.wrapping_add(offset), seen == 0);
        }
        seen |= specials(word);
        at = at.wrapping_add(8);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1F);
    let plain = rest.iter().take_while(|byte| is_plain(byte)).inspect(|byte| seen |= u64::from(**byte >= 0x7F)).count();
    (at.wrapping_add(plain), seen == 0)
}

/// The content of a string whose escapes are checked. Half of a surrogate pair becomes `?`, as Java writes it.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte == b'\\') {
        let after = rest.get(at.saturating_add(1)..).unwrap_or("");
        out.push_str(rest.get(..at).unwrap_or(""));
        let mut chars = after.chars();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let (c, used) = unit(after);
                out.push(c);
                rest = after.get(used..).unwrap_or("");
                continue;
            }
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The character of `uXXXX`, or of two of them with a backslash between, and how long they are.
fn unit(text: &str) -> (char, usize) {
    let hex =
        |from: usize| text.get(from..from.saturating_add(4)).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let Some(high) = hex(1) else { return ('?', 5) };
    if let Some(c) = char::from_u32(u32::from(high)) {
        return (c, 5);
    }
    if (0xD800..0xDC00).contains(&high)
        && text.get(5..7) == Some("\\u")
        && let Some(low) = hex(7)
        && let Some(Ok(c)) = char::decode_utf16([high, low]).next()
    {
        return (c, 11);
    }
    ('?', 5)
}
