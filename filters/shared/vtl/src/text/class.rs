//! Classes of characters in patterns: `[a-z&&[^aeiou]]`.

use std::fmt::Write as _;

/// A set of characters.
#[derive(Debug, Default, Clone)]
pub(super) struct Class {
    pub(super) ranges: Vec<(u32, u32)>,
}

const LAST: u32 = 0x10_FFFF;

impl Class {
    /// Pairs of first and last characters.
    pub(super) fn add(&mut self, pairs: &str) {
        let mut chars = pairs.chars();
        while let (Some(low), Some(high)) = (chars.next(), chars.next()) {
            self.ranges.push((u32::from(low), u32::from(high)));
        }
    }

    pub(super) fn add_char(&mut self, c: char, ignore_case: bool) {
        self.add_range(c, c, ignore_case);
    }

    pub(super) fn add_range(&mut self, low: char, high: char, ignore_case: bool) {
        self.ranges.push((u32::from(low), u32::from(high)));
        if ignore_case {
            for c in ('a'..='z').chain('A'..='Z').filter(|c| (low..=high).contains(c)) {
                let other = if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                self.ranges.push((u32::from(other), u32::from(other)));
            }
        }
    }

    pub(super) fn union(mut self, other: Self) -> Self {
        self.ranges.extend(other.ranges);
        self
    }

    /// Sorted, without overlaps.
    pub(super) fn sorted(&self) -> Vec<(u32, u32)> {
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some((_, last)) if low <= last.saturating_add(1) => *last = high.max(*last),
                _ => merged.push((low, high)),
            }
        }
        merged
    }

    pub(super) fn negate(&self) -> Self {
        let mut ranges = Vec::new();
        let mut next = 0;
        for (low, high) in self.sorted() {
            if low > next {
                ranges.push((next, low.saturating_sub(1)));
            }
            next = high.saturating_add(1);
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self { ranges }
    }

    pub(super) fn intersect(&self, other: Self) -> Self {
        // By De Morgan.
        self.negate().union(other.negate()).negate()
    }

    pub(super) fn write(&self, out: &mut String) {
        let ranges = self.sorted();
        if let [(low, high)] = ranges.as_slice()
            && low == high
            && let Some(c) = char::from_u32(*low)
        {
            if c.is_ascii_alphanumeric() || !c.is_ascii() {
                out.push(c);
            } else {
                let _ = write!(out, "\\x{{{low:X}}}");
            }
            return;
        }
        if ranges.is_empty() {
            // A class that nothing is in.
            out.push_str("[^\\x{0}-\\x{10FFFF}]");
            return;
        }
        out.push('[');
        for (low, high) in ranges {
            // Surrogates are no characters here.
            let low = if (0xD800..=0xDFFF).contains(&low) { 0xE000 } else { low };
            let high = if (0xD800..=0xDFFF).contains(&high) { 0xD7FF } else { high };
            if low <= high {
                let _ = write!(out, "\\x{{{low:X}}}-\\x{{{high:X}}}");
            }
        }
        out.push(']');
    }
}

/// A class that is being read, put together as Java does it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What has been read, but for new single characters; `None`: nothing.
    all: Option<Class>,
    /// The part that was read last; `None` for a single character.
    last: Option<Class>,
    /// Single characters.
    singles: Class,
    /// Whether there are some that `all` does not have.
    has_singles: bool,
}

impl Parts {
    /// Whether nothing has been read, so that a `]` is a character.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_none() && !self.has_singles
    }

    /// Adds a character.
    pub(super) fn add_single(&mut self, c: char, ignore_case: bool) {
        /// Java keeps only these together.
        const FIRST_APART: char = '\u{100}';
        if c < FIRST_APART {
            self.singles.add_char(c, ignore_case);
            self.has_singles = true;
            self.last = None;
        } else {
            let mut class = Class::default();
            class.add_char(c, ignore_case);
            self.add(class);
        }
    }

    /// Adds a range, a set, or an inner class.
    pub(super) fn add(&mut self, class: Class) {
        self.last = Some(class.clone());
        self.all = Some(self.all.take().unwrap_or_default().union(class));
    }

    /// Cuts what was read with what stands behind `&&`. Where nothing does, Java takes the part before it.
    ///
    /// # Errors
    /// Nothing stands before it either; or what stands there is a single character behind other parts, on which Java
    /// fails when something matches those.
    pub(super) fn intersect(&mut self, right: Option<Class>) -> Result<(), String> {
        if std::mem::take(&mut self.has_singles) {
            let singles = self.singles.clone();
            match self.all.take() {
                Some(all) => self.all = Some(all.union(singles)),
                None => {
                    self.last = Some(singles.clone());
                    self.all = Some(singles);
                }
            }
        }
        if right.is_some() {
            self.last = right;
        }
        self.all = Some(match (self.all.take(), self.last.clone()) {
            (Some(all), Some(last)) => all.intersect(last),
            (None, Some(last)) => last,
            (Some(all), None) if all.ranges.is_empty() => all,
            (_, None) => return Err("bad class syntax in the pattern".to_owned()),
        });
        Ok(())
    }

    /// The class.
    pub(super) fn finish(self) -> Class {
        let all = self.all.unwrap_or_default();
        if self.has_singles { all.union(self.singles) } else { all }
    }
}
