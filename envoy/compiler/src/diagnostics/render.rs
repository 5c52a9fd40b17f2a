//! Problems as people read them: place, path, text, the source line and a caret.
//!
//! Lines of the settings file are shown with every longer value starred out but the one that the message is about, and
//! that too when it is, or stands among, secrets: an API key must not end up in a terminal, a log or a ticket.

use std::fmt::Write as _;
use std::io::IsTerminal;

use super::{Diagnostic, Diagnostics, Severity};
use crate::settings::MIN_KEY_LENGTH;
use crate::source::{Document, Node, Path, Role, Sources, Span, Value};

/// Longest part of a source line that is shown, in characters; a definition on a single line stays readable so.
const MAX_SHOWN: usize = 120;

/// Characters shown before the caret when a line is cut.
const SHOWN_BEFORE: usize = 40;

/// Values of the settings file from this length on are starred out. Keys have at least 20 characters.
const MASKED_FROM: u32 = 8;

/// Top-level fields of the settings file that hold secrets: nothing of theirs is shown but the names of fields.
const SECRET_FIELDS: [&str; 2] = ["apiKeys", "credentials"];

/// Fields below [`SECRET_FIELDS`] and `endpoints.services` whose values a message may show.
const SHOWN_FIELDS: [&str; 6] = ["id", "name", "principalArn", "roleArn", "policies", "url"];

/// Fields with ids of keys. A value as long as a key's value is taken for one that was put in the wrong place.
const ID_FIELDS: [&str; 3] = ["id", "name", "keyIds"];

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

impl Colour {
    /// Colours when standard error is a terminal and `NO_COLOR` is unset or empty (<https://no-color.org>).
    pub fn for_stderr() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stderr().is_terminal() && !refused { Self::Always } else { Self::Never }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(text, "1")
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.paint(text, "1;31")
    }

    fn paint(self, text: &str, code: &str) -> String {
        match self {
            Self::Never => text.to_owned(),
            Self::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// Problems, sorted by file and line, each once.
#[derive(Debug)]
pub struct Report<'a> {
    sources: &'a Sources,
    items: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    /// Sorts the problems of a run.
    pub fn new(sources: &'a Sources, diagnostics: &Diagnostics) -> Self {
        let mut items = diagnostics.items().to_vec();
        items.sort_by(|a, b| (a.span, a.severity, &a.message).cmp(&(b.span, b.severity, &b.message)));
        items.dedup();
        Self { sources, items }
    }

    /// The problems, sorted.
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// The path of a problem's place: `usagePlans[1].throttle.rateLimt`.
    pub fn path(&self, item: &Diagnostic) -> Path {
        self.sources.document(item.span.source).map(|document| document.path_at(item.span)).unwrap_or_default()
    }

    /// How many errors and how many warnings there are: `2 errors, 1 warning`.
    pub fn summary(&self) -> String {
        let count = |severity| self.items.iter().filter(|item| item.severity == severity).count();
        let part = |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        format!("{}, {}", part(count(Severity::Error), "error"), part(count(Severity::Warning), "warning"))
    }

    /// The text for people, one block a problem.
    pub fn render(&self, colour: Colour) -> String {
        let mut text = String::new();
        let mut masks = Masks { sources: self.sources, current: None };
        for item in &self.items {
            let Some(document) = self.sources.document(item.span.source) else { continue };
            self.render_one(&mut text, &mut masks, document, item, colour);
        }
        text
    }

    fn render_one(
        &self,
        out: &mut String,
        masks: &mut Masks<'a>,
        document: &Document,
        item: &Diagnostic,
        colour: Colour,
    ) {
        let position = document.position(item.span);
        let place = format!("{}:{}:{}:", clean(document.name()), position.line, position.column);
        let (name, code) = match item.severity {
            Severity::Error => ("error:", "1;31"),
            Severity::Warning => ("warning:", "1;33"),
        };
        let path = match self.path(item).to_string() {
            path if path.is_empty() => path,
            path => format!("{}: ", clean(&path)),
        };
        let message = clean(&item.message);
        let _ = writeln!(
            out,
            "{} {} {}{}",
            colour.paint(&place, "1"),
            colour.paint(name, code),
            colour.paint(&path, "1"),
            message
        );

        // A settings file that cannot be parsed cannot be masked either: it stays unseen.
        let line = document.line(position.line);
        if line.trim().is_empty() || (document.role() == Role::Settings && document.root().is_none()) {
            return;
        }
        let line = masks.apply(document, position.line, line, item.span);
        let width = underlined(document, position.line, item.span);
        let paint = |carets: &str| colour.paint(carets, code);
        out.push_str(&excerpt(position.line, &line, position.column - 1, width, &paint, colour));
    }
}

/// A source line with its number, and carets below `width` characters after the first `column`.
pub(crate) fn excerpt(
    number: usize,
    line: &str,
    column: usize,
    width: usize,
    paint: &dyn Fn(&str) -> String,
    colour: Colour,
) -> String {
    let (line, column) = window(line, column);
    let carets = "^".repeat(width.clamp(1, MAX_SHOWN - column.min(MAX_SHOWN - 1)));
    let margin = |text: &str| colour.paint(&format!("{text:>5} |"), "34");
    let (above, below) = (margin(&number.to_string()), margin(""));
    format!("{above} {line}\n{below} {}{}\n", " ".repeat(column), paint(&carets))
}

/// Number of characters to underline: all of a value on one line, one character of a longer one.
fn underlined(document: &Document, line: usize, span: Span) -> usize {
    let start = document.line_start(line);
    let text = document.line(line);
    let inside = text.get(span.start as usize - start..(span.end as usize).saturating_sub(start).min(text.len()));
    let whole = span.end as usize <= start + text.len();
    inside.filter(|_| whole).map_or(1, |inside| inside.chars().count())
}

/// Cuts a line around a column, and takes out what a terminal would obey.
fn window(line: &str, column: usize) -> (String, usize) {
    let characters: Vec<char> = line.chars().map(printable).collect();
    if characters.len() <= MAX_SHOWN {
        return (characters.into_iter().collect(), column);
    }
    let from = column.saturating_sub(SHOWN_BEFORE);
    let shown: String = characters.iter().skip(from).take(MAX_SHOWN).collect();
    let after = if characters.len() > from + MAX_SHOWN { "…" } else { "" };
    let before = if from > 0 { "…" } else { "" };
    (format!("{before}{shown}{after}"), column - from + before.chars().count())
}

fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

fn clean(text: &str) -> String {
    text.chars().map(printable).collect()
}

/// Which bytes of a settings file are starred out, sorted by place.
struct Masks<'a> {
    sources: &'a Sources,
    current: Option<(u32, Vec<Mask>)>,
}

struct Mask {
    start: u32,
    end: u32,
    /// Starred out even when the message is about it.
    secret: bool,
}

impl Masks<'_> {
    /// The line with its values starred out.
    fn apply(&mut self, document: &Document, number: usize, line: &str, about: Span) -> String {
        if document.role() != Role::Settings {
            return line.to_owned();
        }
        let masks = self.of(document, about);
        let start = document.line_start(number);
        let first = masks.partition_point(|mask| (mask.end as usize) <= start);
        let mut bytes = line.as_bytes().to_vec();
        for mask in masks.iter().skip(first).take_while(|mask| (mask.start as usize) < start + line.len()) {
            if (mask.start, mask.end) == (about.start, about.end) && !mask.secret {
                continue;
            }
            let from = (mask.start as usize).saturating_sub(start);
            let to = (mask.end as usize).saturating_sub(start).min(line.len());
            if let Some(part) = bytes.get_mut(from..to) {
                // One star for a character: continuation bytes go.
                part.iter_mut().for_each(|byte| *byte = if (*byte & 0xc0) == 0x80 { 0 } else { b'*' });
            }
        }
        bytes.retain(|byte| *byte != 0);
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn of(&mut self, document: &Document, about: Span) -> &[Mask] {
        let key = self.sources.documents().position(|other| other.id() == about.source);
        let key = u32::try_from(key.unwrap_or(0)).unwrap_or(0);
        if self.current.as_ref().is_none_or(|(of, _)| *of != key) {
            let mut masks = Vec::new();
            if let Some(root) = document.root() {
                collect(root, "", false, &mut masks);
            }
            masks.sort_by_key(|mask| mask.start);
            masks.dedup_by_key(|mask| mask.start);
            self.current = Some((key, masks));
        }
        self.current.as_ref().map_or(&[], |(_, masks)| masks)
    }
}

/// Collects the scalars below `node`, the value of `field`.
fn collect(node: &Node, field: &str, secret: bool, masks: &mut Vec<Mask>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| collect(item, field, secret, masks)),
        Value::Map(map) => {
            for entry in map.entries() {
                let name = &*entry.key.text;
                let inside = secret || SECRET_FIELDS.contains(&name) || name == "services";
                // A secret where the name of a field belongs.
                let Span { start, end, .. } = entry.key.span;
                if secret && end.saturating_sub(start) as usize >= MIN_KEY_LENGTH {
                    masks.push(Mask { start, end, secret });
                }
                let shown = SHOWN_FIELDS.contains(&name);
                collect(&entry.value, name, inside && !shown, masks);
            }
        }
        Value::String(_) | Value::Number(_) => {
            let Span { start, end, .. } = node.span;
            let long = end.saturating_sub(start) as usize >= MIN_KEY_LENGTH;
            let secret = secret || (long && ID_FIELDS.contains(&field));
            if secret || end.saturating_sub(start) >= MASKED_FROM {
                masks.push(Mask { start, end, secret });
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
