//! Which integration response applies to a backend's answer.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html>

use regex_lite::{Regex, RegexBuilder};

/// Longest selection pattern, in bytes; a pattern is compiled once, this bounds the memory of its automaton.
const MAX_PATTERN_BYTES: usize = 4096;
/// Largest automaton of a pattern, in bytes: `(a{1000}){1000}` is refused rather than run.
const MAX_AUTOMATON_BYTES: usize = 256 << 10;
/// Longest part of a subject that is looked at, in bytes. Matching costs time in proportion to subject times pattern, and
/// a function's error message may be megabytes long. Not documented.
const MAX_SUBJECT_BYTES: usize = 16 << 10;

/// A `selectionPattern`: a Java regular expression that must match the whole subject. It runs in time linear in the
/// subject, so a backend's error message cannot hold a worker up.
#[derive(Clone, Debug)]
pub struct SelectionPattern {
    main: Regex,
    /// Lookaheads at the beginning: what must, or must not, match there.
    ahead: Vec<(Regex, bool)>,
}

impl SelectionPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it, or that it needs a feature that is not supported here: backreferences, lookbehind,
    /// lookahead other than at the beginning, class intersections.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(format!("is longer than {MAX_PATTERN_BYTES} bytes"));
        }
        let compile = |text: String| {
            let regex = RegexBuilder::new(&text).size_limit(MAX_AUTOMATON_BYTES).build();
            regex.map_err(|error| error.to_string())
        };
        let mut ahead = Vec::new();
        let mut rest = pattern.strip_prefix('^').unwrap_or(pattern);
        while let Some((wanted, inside, after)) = leading_lookahead(rest) {
            ahead.push((compile(format!("^(?:{inside})"))?, wanted));
            rest = after;
        }
        Ok(Self { main: compile(format!("^(?:{rest})$"))?, ahead })
    }

    /// Whether the whole of `subject` matches.
    pub fn matches(&self, subject: &str) -> bool {
        let subject = subject.get(..subject.floor_char_boundary(MAX_SUBJECT_BYTES)).unwrap_or_default();
        self.main.is_match(subject) && self.ahead.iter().all(|(regex, wanted)| regex.is_match(subject) == *wanted)
    }
}

/// Splits `(?=X)Y` and `(?!X)Y` into whether X must match, X, and Y.
fn leading_lookahead(pattern: &str) -> Option<(bool, &str, &str)> {
    let (wanted, body) = match pattern.strip_prefix("(?=") {
        Some(body) => (true, body),
        None => (false, pattern.strip_prefix("(?!")?),
    };
    let (mut depth, mut escaped, mut in_class) = (1usize, false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth = depth.saturating_add(1),
            ')' if !in_class => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some((wanted, body.get(..at)?, body.get(at.saturating_add(1)..)?));
        }
    }
    None
}

/// Which of several integration responses applies: the index into `candidates`, which are in status order, each with
/// its pattern and its own status.
///
/// Of several whose pattern matches, the one with the backend's own status is taken, else the first. When none
/// matches, the one without a pattern is; `None` when there is no such one.
pub fn select<'c>(
    candidates: impl Iterator<Item = (Option<&'c SelectionPattern>, u16)>,
    subject: &str,
    status: i64,
) -> Option<usize> {
    let (mut matched, mut default) = (None, None);
    for (index, (pattern, own_status)) in candidates.enumerate() {
        match pattern {
            None if default.is_none() => default = Some(index),
            Some(pattern) if pattern.matches(subject) => {
                if i64::from(own_status) == status {
                    return Some(index);
                }
                if matched.is_none() {
                    matched = Some(index);
                }
            }
            _ => {}
        }
    }
    matched.or(default)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(pattern: &str, subject: &str, expected: bool) {
        let compiled = SelectionPattern::compile(pattern).unwrap();
        assert_eq!(compiled.matches(subject), expected, "{pattern} on {subject:?}");
    }

    #[test]
    fn the_whole_subject_must_match() {
        check("4\\d{2}", "404", true);
        check("4\\d{2}", "4040", false);
        check("40", "404", false);
        check("Malformed.*", "Malformed request", true);
        check(".*Error.*", "an Error\nin two lines", false);
        check("(\\n|.)+", "an Error\nin two lines", true);
        check("200|201", "2011", false);
        check(".+", "", false);
        check("^5\\d{2}$", "503", true);
    }

    #[test]
    fn lookahead_at_the_beginning() {
        check("(?!200).*", "200", false);
        check("(?!200).*", "404", true);
        check("^(?=.*b)(?!a[)]).+$", "ab", true);
        check("(?=.*b).+", "ac", false);
    }

    #[test]
    fn long_subjects_are_cut() {
        let long = "x".repeat(1 << 20);
        check(".+", &long, true);
        check("x*y", &format!("{long}y"), false);
        check("(?s).*", &"é".repeat(20_000), true);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for wrong in ["(", "(a)\\1", "(?<=a)b", "a(?!b)", "((a{1000}){1000}){1000}"] {
            assert!(SelectionPattern::compile(wrong).is_err(), "{wrong}");
        }
    }
}
