//! Strings of the template.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use crate::document::Document;

/// `java.lang.String`: a text of its own, or a part of a JSON document. A clone is the same text.
#[derive(Clone)]
pub struct Text(Source);

#[derive(Clone)]
enum Source {
    Own(Rc<str>),
    Slice { document: Rc<Document>, start: u32, end: u32 },
}

impl Text {
    /// A part of a document.
    pub(crate) fn slice(document: &Rc<Document>, start: u32, end: u32) -> Self {
        Self(Source::Slice { document: Rc::clone(document), start, end })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Source::Own(text) => text,
            Source::Slice { document, start, end } => document.slice(*start, *end),
        }
    }

    /// The text for itself, shared where it already is.
    pub(crate) fn to_rc(&self) -> Rc<str> {
        match &self.0 {
            Source::Own(text) => Rc::clone(text),
            Source::Slice { .. } => Rc::from(self.as_str()),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Source::Own(Rc::from(text)))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Source::Own(Rc::from(text)))
    }
}

impl From<Rc<str>> for Text {
    fn from(text: Rc<str>) -> Self {
        Self(Source::Own(text))
    }
}
