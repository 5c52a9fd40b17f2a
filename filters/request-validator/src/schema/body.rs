//! A request body, read once, as the schema checks look at it.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use vtl::document::{Document, Kind, Place};

use super::equality;

/// Deepest nesting of a body; a deeper one is refused.
///
/// Measured on API Gateway, which refuses 1001 levels.
const MAX_DEPTH: usize = 1000;

/// What an empty body reads as.
///
/// Recorded on API Gateway: an empty body is refused by a schema with required properties, and by an array schema.
const EMPTY: &str = "{}";

/// A body that is JSON. The default reads as `null`.
#[derive(Debug, Default)]
pub struct Body {
    document: Document,
    /// Members of the objects in which a name comes more than once: each name with its last value.
    repeated: HashMap<Place, Vec<(Place, Place)>>,
    /// A hash of each value, equal for equal values; made when something asks.
    hashes: OnceCell<Vec<u64>>,
}

impl Body {
    /// Reads a body; `None` where it is not JSON, or nested too deeply.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        Self::parse(if text.is_empty() { EMPTY } else { text })
    }

    /// Reads a JSON text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let document = Document::parse_within(Rc::from(text), MAX_DEPTH)?;
        let mut repeated = HashMap::new();
        for place in 0..document.places() {
            if document.kind(place) == Kind::Object && document.has_repeated_names(place) {
                repeated.insert(place, document.distinct_members(place));
            }
        }
        Some(Self { document, repeated, hashes: OnceCell::new() })
    }

    /// The text's values.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The members of an object in which a name comes more than once.
    pub fn distinct_members(&self, place: Place) -> Option<&[(Place, Place)]> {
        if self.repeated.is_empty() {
            return None;
        }
        self.repeated.get(&place).map(Vec::as_slice)
    }

    /// A hash of the value at a place, the same for every value that equals it.
    pub fn hash(&self, place: Place) -> u64 {
        let hashes = self.hashes.get_or_init(|| equality::hash_all(self));
        usize::try_from(place).ok().and_then(|place| hashes.get(place)).copied().unwrap_or_default()
    }
}
