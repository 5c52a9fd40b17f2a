//! A JSON document that values are made from when the template asks for them.
//!
//! A payload has far more in it than most templates look at. So it is not turned into a tree of values: one pass
//! checks it and notes where each value begins and ends ([`Document`]), and maps, lists and strings of the template
//! point into it until they are changed. Templates are several times faster with this than with a tree.
//!
//! Request validation reads payloads with it as well: [`Document`] is what both need of one.

mod filter;
mod parse;
mod path;
#[cfg(test)]
mod tests;
mod value;
mod write;

use std::borrow::Cow;
use std::rc::Rc;

use crate::limits::MAX_JSON_DEPTH;

pub(crate) use path::{Found, SimplePath};
pub(crate) use write::TooLong;

/// A checked JSON text, and where its values are. The default reads as `null`.
#[derive(Debug, Default)]
pub struct Document {
    text: Rc<str>,
    /// The values in the order of the text; a container's follow it. Members are a name and a value.
    nodes: Vec<Node>,
}

/// A value of a document: its index among the nodes.
pub type Place = u32;

/// What a value is, as far as one pass over the text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// An integer, by its text.
    Integer,
    /// A number with fraction or exponent.
    Decimal,
    /// A string without escapes, of characters that JSON output does not escape either.
    Plain,
    /// A string without escapes.
    String,
    /// A string with escapes, which JSON output escapes in the same way.
    PlainEscaped,
    /// A string with escapes.
    Escaped,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

impl Kind {
    /// Whether it is a string that the text writes with escapes.
    pub fn has_escapes(self) -> bool {
        matches!(self, Self::PlainEscaped | Self::Escaped)
    }
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    /// Offset of the first character; of a string's content. Of a container: how many children it has.
    start: u32,
    /// Offset behind the last character; of a string's content. Of a container: the place behind its last child.
    end: u32,
}

impl Document {
    /// Checks a text. `None` where it is not JSON, or nested more than 400 deep.
    pub(crate) fn parse(text: Rc<str>) -> Option<Rc<Self>> {
        Self::parse_within(text, MAX_JSON_DEPTH).map(Rc::new)
    }

    /// Checks a text. `None` where it is not JSON, or nested more than `max_depth` deep.
    pub fn parse_within(text: Rc<str>, max_depth: usize) -> Option<Self> {
        let nodes = parse::parse(&text, max_depth)?;
        Some(Self { text, nodes })
    }

    /// How many values there are, names of members included; their places are the numbers below it.
    pub fn places(&self) -> Place {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// What the value at a place is.
    pub fn kind(&self, place: Place) -> Kind {
        self.node(place).kind
    }

    fn node(&self, place: Place) -> Node {
        let missing = Node { kind: Kind::Null, start: 0, end: 0 };
        usize::try_from(place).ok().and_then(|place| self.nodes.get(place)).copied().unwrap_or(missing)
    }

    /// A stretch of the text, as bytes.
    fn bytes(&self, start: u32, end: u32) -> &[u8] {
        let range = usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(0);
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    /// A stretch of the text.
    pub(crate) fn slice(&self, start: u32, end: u32) -> &str {
        let range = usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(0);
        self.text.get(range).unwrap_or("")
    }

    /// The text of a number, or the content of a string as it stands there.
    pub fn text(&self, place: Place) -> &str {
        let node = self.node(place);
        self.slice(node.start, node.end)
    }

    /// Number of elements or members.
    pub fn len(&self, place: Place) -> usize {
        let node = self.node(place);
        match node.kind {
            Kind::Array | Kind::Object => usize::try_from(node.start).unwrap_or(0),
            _ => 0,
        }
    }

    /// The place behind a value.
    pub fn after(&self, place: Place) -> Place {
        let node = self.node(place);
        match node.kind {
            Kind::Array | Kind::Object => node.end,
            _ => place.saturating_add(1),
        }
    }

    /// The elements of an array.
    pub fn elements(&self, place: Place) -> impl Iterator<Item = Place> + '_ {
        let node = self.node(place);
        let end = if node.kind == Kind::Array { node.end } else { 0 };
        let mut next = place.saturating_add(1);
        std::iter::from_fn(move || {
            let element = next;
            (element < end).then(|| {
                next = self.after(element);
                element
            })
        })
    }

    /// The members of an object: places of name and value, in the order of the text. A name can come again.
    pub fn members(&self, place: Place) -> impl Iterator<Item = (Place, Place)> + '_ {
        let node = self.node(place);
        let end = if node.kind == Kind::Object { node.end } else { 0 };
        let mut next = place.saturating_add(1);
        std::iter::from_fn(move || {
            let name = next;
            (name < end).then(|| {
                let value = name.saturating_add(1);
                next = self.after(value);
                (name, value)
            })
        })
    }

    /// The value of a member; of several with the same name the last.
    pub fn member(&self, place: Place, name: &str) -> Option<Place> {
        let object = self.node(place);
        if object.kind != Kind::Object {
            return None;
        }
        let first = usize::try_from(place).ok()?.saturating_add(1);
        let nodes = self.nodes.get(first..usize::try_from(object.end).ok()?)?;
        let len = u32::try_from(name.len()).ok()?;
        let mut found = None;
        let mut at = 0;
        while let (Some(key), Some(value)) = (nodes.get(at), nodes.get(at.wrapping_add(1))) {
            // With escapes, a name is longer in the text than it is.
            let same = if key.end.wrapping_sub(key.start) == len {
                !key.kind.has_escapes() && same_bytes(self.bytes(key.start, key.end), name.as_bytes())
            } else {
                key.kind.has_escapes() && parse::unescape(self.slice(key.start, key.end)) == name
            };
            if same {
                found = Some(at);
            }
            at = match value.kind {
                Kind::Array | Kind::Object => usize::try_from(value.end).ok()?.saturating_sub(first),
                _ => at.saturating_add(2),
            };
        }
        // The value stands behind its name.
        found.and_then(|at| u32::try_from(first.saturating_add(at).saturating_add(1)).ok())
    }

    /// The content of a string.
    pub fn content(&self, place: Place) -> Cow<'_, str> {
        if self.kind(place).has_escapes() { Cow::Owned(self.unescaped(place)) } else { Cow::Borrowed(self.text(place)) }
    }

    /// The content of a string with escapes.
    fn unescaped(&self, place: Place) -> String {
        parse::unescape(self.text(place))
    }
}

/// Whether two stretches are the same. Names are short: comparing their two ends is faster than a call of the library's
/// function.
#[inline]
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() || a.len() > 8 {
        return a == b;
    }
    match (a.first_chunk::<4>(), b.first_chunk::<4>()) {
        (Some(first), Some(other)) => first == other && a.last_chunk::<4>() == b.last_chunk::<4>(),
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}
