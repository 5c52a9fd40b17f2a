//! Strings of the template.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// `java.lang.String`: a text, or a part of one. A clone is the same text.
#[derive(Clone)]
pub struct Text {
    /// The text, or the one that this is a part of: a JSON document, mostly.
    whole: Rc<str>,
    start: u32,
    end: u32,
}

impl Text {
    /// The part of `whole` from `start` to `end`, in bytes.
    pub(crate) fn of(whole: &Rc<str>, start: u32, end: u32) -> Self {
        Self { whole: Rc::clone(whole), start, end }
    }

    /// The empty text.
    pub(crate) fn empty() -> Self {
        thread_local! {
            static EMPTY: Text = Text::from("");
        }
        EMPTY.try_with(Self::clone).unwrap_or_else(|_| Self::from(""))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let range = usize::try_from(self.start).unwrap_or(usize::MAX)..usize::try_from(self.end).unwrap_or(0);
        self.whole.get(range).unwrap_or("")
    }

    /// A part of this text, which is not copied.
    ///
    /// `part` is a slice of [`as_str`](Self::as_str).
    pub(crate) fn part(&self, part: &str) -> Self {
        let offset = part.as_ptr().addr().wrapping_sub(self.whole.as_ptr().addr());
        let end = offset.saturating_add(part.len());
        match (u32::try_from(offset), u32::try_from(end)) {
            (Ok(start), Ok(end)) if start >= self.start && end <= self.end => Self::of(&self.whole, start, end),
            _ => Self::from(part),
        }
    }

    /// The text for itself, shared where it already is.
    pub(crate) fn to_rc(&self) -> Rc<str> {
        if self.as_str().len() == self.whole.len() { Rc::clone(&self.whole) } else { Rc::from(self.as_str()) }
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

impl From<Rc<str>> for Text {
    fn from(text: Rc<str>) -> Self {
        // No text comes near four gigabytes; what is beyond is cut off.
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self { whole: text, start: 0, end }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(Rc::<str>::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(Rc::<str>::from(text))
    }
}
