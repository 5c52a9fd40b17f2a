//! Values of a document as the template sees them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Document, Kind, Place};
use crate::value::{Decimal, List, Map, Text, Value, short_integer};

impl Document {
    /// The whole document.
    pub(crate) fn root(self: &Rc<Self>) -> Value {
        self.value(0)
    }

    /// The value at a place. Containers and plain strings point into the document.
    pub(crate) fn value(self: &Rc<Self>, place: Place) -> Value {
        let mut value = Value::Null;
        self.value_into(place, &mut value);
        value
    }

    /// The value at a place, written to `out`, which is null.
    pub(crate) fn value_into(self: &Rc<Self>, place: Place, out: &mut Value) {
        let node = self.node(place);
        match node.kind {
            Kind::Null => {}
            Kind::True => out.fill(Value::Bool(true)),
            Kind::False => out.fill(Value::Bool(false)),
            Kind::Integer => match short_integer(self.bytes(node.start, node.end)) {
                Some(n) => out.fill(Value::Int(n)),
                None => out.fill(integer(self.text(place))),
            },
            Kind::Decimal => out.fill(decimal(self.text(place))),
            Kind::Plain | Kind::String => out.fill(Value::String(Text::of(&self.text, node.start, node.end))),
            Kind::PlainEscaped | Kind::Escaped => out.fill(Value::from(self.unescaped(place).as_str())),
            Kind::Array => out.fill(Value::List(List::lazy(self, place))),
            Kind::Object => out.fill(Value::Map(Map::lazy(self, place))),
        }
    }

    /// The elements of an array.
    pub(crate) fn items(self: &Rc<Self>, place: Place) -> Vec<Value> {
        let mut items = Vec::with_capacity(self.len(place));
        items.extend(self.elements(place).map(|element| self.value(element)));
        items
    }

    /// The members of an object, each name once: at its first place, with its last value.
    pub(crate) fn entries(self: &Rc<Self>, place: Place) -> Vec<(Value, Value)> {
        let entry = |(name, value)| (self.value(name), self.value(value));
        if self.has_repeated_names(place) {
            return self.distinct_members(place).into_iter().map(entry).collect();
        }
        let mut entries = Vec::with_capacity(self.len(place));
        entries.extend(self.members(place).map(entry));
        entries
    }

    /// Whether a name comes more than once in an object.
    pub fn has_repeated_names(&self, place: Place) -> bool {
        if self.len(place) > MAX_COMPARED {
            return self.has_repeated_contents(place);
        }
        let mut names = [""; MAX_COMPARED];
        let mut marks = Marks::default();
        for (n, (name, _)) in self.members(place).enumerate() {
            if self.kind(name).has_escapes() {
                return self.has_repeated_contents(place);
            }
            let text = self.text(name);
            let is_alike = marks.has(text.as_bytes());
            if is_alike && names.iter().take(n).any(|before| before.len() == text.len() && *before == text) {
                return true;
            }
            if let Some(slot) = names.get_mut(n) {
                *slot = text;
            }
        }
        false
    }

    fn has_repeated_contents(&self, place: Place) -> bool {
        let mut seen = HashSet::with_capacity(self.len(place));
        !self.members(place).all(|(name, _)| seen.insert(self.content(name)))
    }

    /// The members of an object with repeated names, each name once: at its first place, with its last value.
    pub fn distinct_members(&self, place: Place) -> Vec<(Place, Place)> {
        let mut members: Vec<(Place, Place)> = Vec::new();
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for (name, value) in self.members(place) {
            let next = members.len();
            let known = *places.entry(self.content(name)).or_insert(next);
            match members.get_mut(known) {
                Some((_, last)) => *last = value,
                None => members.push((name, value)),
            }
        }
        members
    }
}

/// Names of objects up to this size are compared with each other, where their marks agree.
const MAX_COMPARED: usize = 16;

/// The marks of the names seen so far: 256 of them, by length and both ends. Names with different marks are different.
#[derive(Default)]
struct Marks([u64; 4]);

impl Marks {
    /// Whether some name before had this one's mark.
    fn has(&mut self, name: &[u8]) -> bool {
        let ends = name.first().zip(name.last()).map_or(0, |(first, last)| first.wrapping_mul(7) ^ last);
        let mark = usize::from(ends).wrapping_add(name.len().wrapping_mul(31));
        let Some(word) = self.0.get_mut(mark >> 6 & 3) else { return true };
        let bit = 1_u64 << (mark & 63);
        let was_there = *word & bit != 0;
        *word |= bit;
        was_there
    }
}

/// An integer of the smallest class that holds it.
fn integer(text: &str) -> Value {
    match Value::parse_integer(text) {
        Some(value) => value,
        // Too long to calculate with; it still prints.
        None => Value::from(text),
    }
}

/// Longest text of a number with fraction or exponent that json-smart reads as a double; a longer one becomes a
/// `BigDecimal`.
const MAX_DOUBLE_TEXT: usize = 18;

fn decimal(text: &str) -> Value {
    let double = || text.parse().map_or_else(|_| Value::from(text), Value::Double);
    if text.len() <= MAX_DOUBLE_TEXT {
        return double();
    }
    Decimal::parse(text).map_or_else(|_| double(), Value::decimal)
}
