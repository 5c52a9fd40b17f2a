//! `replaceAll`, `replaceFirst`, `split` and `matches`, with Java's rules for empty matches and for `$1` in
//! replacements.

use regex_lite::{Captures, Regex};

use super::find_from;
use super::pattern::{Chars, Pattern};

impl Pattern {
    /// `matches`: the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Chars(chars) => chars.find_at(text, 0) == Some((0, text.len())),
            Self::Regex { whole, .. } => whole.is_match(text),
        }
    }

    /// `replaceAll`, or `replaceFirst`, appended to `out`; `max_len` bounds its length.
    ///
    /// # Errors
    /// The reason, for a replacement that Java refuses, or a result that is too long.
    pub(crate) fn replace(
        &self,
        text: &str,
        replacement: &str,
        first_only: bool,
        max_len: usize,
        out: &mut String,
    ) -> Result<(), String> {
        let groups = match self {
            Self::Literal(_) | Self::Chars(_) => 0,
            Self::Regex { find, .. } => find.captures_len().saturating_sub(1),
        };
        let is_plain = !replacement.bytes().any(|byte| matches!(byte, b'\\' | b'$'));
        if let (Self::Chars(chars), true) = (self, is_plain) {
            return replace_chars(chars, text, replacement, first_only, max_len, out);
        }
        // Java reads the replacement when there is something to replace.
        let mut parsed: Option<Replacement> = None;
        let mut copied = 0;
        let mut matches = Matches { pattern: self, text, next: Some(0) };
        while let Some(found) = matches.advance() {
            out.push_str(text.get(copied..found.start).unwrap_or(""));
            if is_plain {
                out.push_str(replacement);
            } else {
                let replacement = match parsed.take() {
                    Some(replacement) => replacement,
                    None => Replacement::parse(replacement, groups, self)?,
                };
                replacement.write(&found, out);
                parsed = Some(replacement);
            }
            if out.len() > max_len {
                return Err("the result is too long".to_owned());
            }
            copied = found.end;
            if first_only {
                break;
            }
        }
        out.push_str(text.get(copied..).unwrap_or(""));
        Ok(())
    }

    /// `split(pattern, limit)`, but for the empty strings at the end, which the caller leaves out where the limit is 0.
    pub(crate) fn split<'t>(&self, text: &'t str, limit: i32, mut part: impl FnMut(&'t str)) {
        let most = usize::try_from(limit).ok().filter(|n| *n > 0);
        let mut count: usize = 1;
        let mut from = 0;
        if let Self::Literal(literal) = self
            && !literal.is_empty()
        {
            while most.is_none_or(|most| count < most)
                && let Some(at) = find_from(text, literal, from)
            {
                part(text.get(from..at).unwrap_or(""));
                count = count.saturating_add(1);
                from = at.saturating_add(literal.len());
            }
            return part(text.get(from..).unwrap_or(""));
        }
        let mut matches = Matches { pattern: self, text, next: Some(0) };
        while most.is_none_or(|most| count < most)
            && let Some(found) = matches.advance()
        {
            // An empty match at the very beginning splits nothing off.
            if found.end == 0 {
                continue;
            }
            part(text.get(from..found.start).unwrap_or(""));
            count = count.saturating_add(1);
            from = found.end;
        }
        part(text.get(from..).unwrap_or(""));
    }
}

/// `replaceAll` with a set of characters, and a replacement that is put there as it is.
fn replace_chars(
    chars: &Chars,
    text: &str,
    replacement: &str,
    first_only: bool,
    max_len: usize,
    out: &mut String,
) -> Result<(), String> {
    let mut copied = 0;
    while let Some((start, end)) = chars.find_at(text, copied) {
        if start > copied {
            out.push_str(text.get(copied..start).unwrap_or(""));
        }
        if !replacement.is_empty() {
            out.push_str(replacement);
        }
        if out.len() > max_len {
            return Err("the result is too long".to_owned());
        }
        copied = end;
        if first_only {
            break;
        }
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    Ok(())
}

/// A match, and its groups if the pattern has any.
struct Found<'t> {
    start: usize,
    end: usize,
    text: &'t str,
    groups: Option<Captures<'t>>,
}

/// Matches one after the other, as `Matcher.find` gives them: an empty match may follow directly on another match.
struct Matches<'p, 't> {
    pattern: &'p Pattern,
    text: &'t str,
    /// Where to search next.
    next: Option<usize>,
}

impl<'t> Matches<'_, 't> {
    fn advance(&mut self) -> Option<Found<'t>> {
        let from = self.next?;
        let found = match self.pattern {
            Pattern::Literal(literal) => {
                let start = find_from(self.text, literal, from)?;
                let end = start.saturating_add(literal.len());
                Found { start, end, text: self.text.get(start..end)?, groups: None }
            }
            Pattern::Chars(chars) => {
                let (start, end) = chars.find_at(self.text, from)?;
                Found { start, end, text: self.text.get(start..end)?, groups: None }
            }
            Pattern::Regex { find, .. } => find_at(find, self.text, from)?,
        };
        self.next = if found.end > found.start {
            Some(found.end)
        } else {
            let after = self.text.get(found.end..).and_then(|rest| rest.chars().next());
            after.map(|c| found.end.saturating_add(c.len_utf8()))
        };
        Some(found)
    }
}

fn find_at<'t>(regex: &Regex, text: &'t str, from: usize) -> Option<Found<'t>> {
    if regex.captures_len() <= 1 {
        let found = regex.find_at(text, from)?;
        return Some(Found { start: found.start(), end: found.end(), text: found.as_str(), groups: None });
    }
    let groups = regex.captures_at(text, from)?;
    let found = groups.get(0)?;
    let (start, end, text) = (found.start(), found.end(), found.as_str());
    Some(Found { start, end, text, groups: Some(groups) })
}

/// A replacement: texts and groups.
struct Replacement<'r> {
    parts: Vec<Part<'r>>,
}

enum Part<'r> {
    Char(char),
    Text(&'r str),
    Group(usize),
    Whole,
    Named(&'r str),
}

impl<'r> Replacement<'r> {
    fn parse(text: &'r str, groups: usize, pattern: &Pattern) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let plain = rest.find(['\\', '$']).unwrap_or(rest.len());
            let (before, special) = rest.split_at_checked(plain).unwrap_or((rest, ""));
            parts.push(Part::Text(before));
            let mut chars = special.chars();
            match chars.next() {
                None => break,
                Some('\\') => {
                    let escaped = chars.next().ok_or("the character to be escaped is missing")?;
                    parts.push(Part::Char(escaped));
                    rest = chars.as_str();
                }
                Some(_) => {
                    let (part, after) = reference(chars.as_str(), groups, pattern)?;
                    parts.push(part);
                    rest = after;
                }
            }
        }
        Ok(Self { parts })
    }

    fn write(&self, found: &Found<'_>, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Char(c) => out.push(*c),
                Part::Text(text) => out.push_str(text),
                Part::Group(n) => {
                    let group = found.groups.as_ref().and_then(|groups| groups.get(*n));
                    out.push_str(group.map_or("", |group| group.as_str()));
                }
                Part::Named(name) => {
                    let group = found.groups.as_ref().and_then(|groups| groups.name(name));
                    out.push_str(group.map_or("", |group| group.as_str()));
                }
                Part::Whole => out.push_str(found.text),
            }
        }
    }
}

/// `$1` or `${name}`, after the `$`.
fn reference<'r>(text: &'r str, groups: usize, pattern: &Pattern) -> Result<(Part<'r>, &'r str), String> {
    if let Some(named) = text.strip_prefix('{') {
        let (name, rest) = named.split_once('}').ok_or("a group name in the replacement is not closed")?;
        let known = match pattern {
            Pattern::Literal(_) | Pattern::Chars(_) => false,
            Pattern::Regex { find, .. } => find.capture_names().flatten().any(|known| known == name),
        };
        return if known { Ok((Part::Named(name), rest)) } else { Err(format!("no group named `{name}`")) };
    }
    let mut chars = text.chars();
    let Some(first) = chars.next().and_then(|c| c.to_digit(10)) else {
        return Err("illegal group reference".to_owned());
    };
    let mut number = usize::try_from(first).unwrap_or(0);
    if number > groups {
        return Err(format!("no group {number}"));
    }
    let mut rest = chars.as_str();
    // More digits belong to the number as long as there is such a group.
    while let Some(digit) = rest.chars().next().and_then(|c| c.to_digit(10)) {
        let longer = number.saturating_mul(10).saturating_add(usize::try_from(digit).unwrap_or(0));
        if longer > groups {
            break;
        }
        number = longer;
        rest = rest.get(1..).unwrap_or("");
    }
    Ok((if number == 0 { Part::Whole } else { Part::Group(number) }, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn replace(text: &str, pattern: &str, replacement: &str) -> Result<String, String> {
        let mut out = String::new();
        Pattern::compile(pattern)?.replace(text, replacement, false, 1000, &mut out)?;
        Ok(out)
    }

    #[test]
    fn replacements() {
        for (text, pattern, replacement, result) in [
            ("baaac", "a*", "x", "xbxxcx"),
            ("Hello World", "(\\w+) (\\w+)", "$2 $1", "World Hello"),
            ("abc", "b", "[$0]", "a[b]c"),
            ("abc", "(b)", "$10", "ab0c"),
            ("abc", "b", "\\$1\\\\", "a$1\\c"),
            ("abc", "(?<n>b)", "<${n}>", "a<b>c"),
            ("it\\'s", "\\\\'", "'", "it's"),
            ("abc", "", "-", "-a-b-c-"),
            ("abc", "x", "$9", "abc"),
            ("a\u{e9}b", "\u{e9}?", "-", "-a--b-"),
            ("ab", "^", "x", "xab"),
        ] {
            assert_eq!(replace(text, pattern, replacement).as_deref(), Ok(result), "{text} {pattern}");
        }
        assert!(replace("abc", "b", "$1").is_err());
        assert!(replace("abc", "b", "$").is_err());
        assert!(replace("abc", "b", "\\").is_err());
        assert!(replace("abc", "b", "${n}").is_err());
        assert!(replace(&"a".repeat(100), "", &"x".repeat(100)).is_err());
    }

    #[test]
    fn splits() {
        for (text, pattern, limit, parts) in [
            ("a,b,,c", ",", 0, &["a", "b", "", "c"][..]),
            ("a,b,,", ",", -1, &["a", "b", "", ""]),
            ("a,b,c", ",", 2, &["a", "b,c"]),
            ("a,b", ",", 1, &["a,b"]),
            ("abc", "", 0, &["a", "b", "c", ""]),
            ("/a/b", "/", 0, &["", "a", "b"]),
            ("abc", "x", 0, &["abc"]),
            ("", ",", 0, &[""]),
            ("a1b22c", "\\d+", 0, &["a", "b", "c"]),
        ] {
            let mut found = Vec::new();
            Pattern::compile(pattern).unwrap().split(text, limit, |part| found.push(part));
            assert_eq!(found, parts, "{text} {pattern} {limit}");
        }
    }
}
