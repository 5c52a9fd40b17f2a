//! Java's regular expressions, translated for a linear-time engine.
//!
//! Java's engine backtracks and can run for years on a bad pattern; here patterns and texts come from traffic, too, so
//! the engine is one whose time is bounded by text times pattern ([`regex_lite`], which adds a tenth of what the full
//! `regex` crate adds to a wasm module; Java's classes are ASCII by default, as regex-lite's are). What it cannot
//! express is an error: look-around, back-references, atomic groups, possessive quantifiers, `\G`, and Unicode
//! properties.

use std::fmt::Write as _;

use regex_lite::{Regex, RegexBuilder};

use super::class::{Class, Parts};
use crate::limits::MAX_PATTERN_BYTES;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// No metacharacters: found by plain search.
    Literal(String),
    /// One character of a set, or as many as there are: `[^A-Za-z]`, `\\s+`. Most patterns are.
    Chars(Chars),
    Regex {
        /// Finds the pattern anywhere.
        find: Regex,
        /// Matches a whole text.
        whole: Regex,
    },
}

/// Deepest nesting of groups and classes.
const MAX_DEPTH: u32 = 50;
/// Largest number in a `{n,m}`, as programs grow with it.
const MAX_REPEAT: u32 = 1000;
/// Largest compiled program, in bytes.
const MAX_PROGRAM_BYTES: usize = 1024 * 1024;

impl Pattern {
    /// Compiles a Java pattern.
    ///
    /// # Errors
    /// The reason, as a text for the log: Java refuses the pattern, or the engine here does.
    pub(crate) fn compile(java: &str) -> Result<Self, String> {
        if java.len() > MAX_PATTERN_BYTES {
            return Err(format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes"));
        }
        if !java.contains(['\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', '{']) {
            return Ok(Self::Literal(java.to_owned()));
        }
        if let Some(chars) = Chars::parse(java) {
            return Ok(Self::Chars(chars));
        }
        let mut translator = Translator { rest: java, depth: 0, flags: Flags::default(), out: String::new() };
        translator.alternatives()?;
        if !translator.rest.is_empty() {
            return Err("unmatched closing `)` in the pattern".to_owned());
        }
        let build = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(MAX_PROGRAM_BYTES)
                .build()
                .map_err(|error| format!("the pattern cannot be used: {error}"))
        };
        let find = build(&translator.out)?;
        let whole = build(&format!("^(?:{})$", translator.out))?;
        Ok(Self::Regex { find, whole })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Flags {
    ignore_case: bool,
    dot_all: bool,
    multi_line: bool,
    comments: bool,
}

struct Translator<'a> {
    rest: &'a str,
    depth: u32,
    flags: Flags,
    out: String,
}

type Translated<T> = Result<T, String>;

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn deeper(&mut self) -> Translated<()> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH { Err("the pattern is nested too deeply".to_owned()) } else { Ok(()) }
    }

    /// `a|b|c`, up to `)` or the end. Flags set inside end here.
    fn alternatives(&mut self) -> Translated<()> {
        self.deeper()?;
        let flags = self.flags;
        loop {
            while self.peek().is_some_and(|c| c != '|' && c != ')') {
                self.quantified()?;
            }
            if !self.eat("|") {
                break;
            }
            self.out.push('|');
        }
        self.flags = flags;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// An atom and its quantifier.
    fn quantified(&mut self) -> Translated<()> {
        if self.flags.comments && self.skip_comment() {
            return Ok(());
        }
        let start = self.out.len();
        self.atom()?;
        if self.out.len() == start {
            return Ok(());
        }
        if self.flags.comments {
            while self.skip_comment() {}
        }
        let quantifier = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.next();
                c.to_string()
            }
            Some('{') => {
                self.next();
                self.repetition()?
            }
            _ => return Ok(()),
        };
        self.out.push_str(&quantifier);
        if self.eat("?") {
            self.out.push('?');
        } else if self.peek() == Some('+') {
            return Err(unsupported("possessive quantifiers"));
        }
        match self.peek() {
            Some('*' | '+' | '?') => Err("dangling quantifier in the pattern".to_owned()),
            _ => Ok(()),
        }
    }

    /// White space or a comment, in `(?x)`.
    fn skip_comment(&mut self) -> bool {
        match self.peek() {
            Some(c) if c.is_ascii_whitespace() => {
                self.next();
                true
            }
            Some('#') => {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
                true
            }
            _ => false,
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`, after its brace.
    fn repetition(&mut self) -> Translated<String> {
        let wrong = || "illegal repetition in the pattern".to_owned();
        let (inside, rest) = self.rest.split_once('}').ok_or_else(wrong)?;
        let number = |text: &str| {
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            match text.parse::<u32>() {
                Ok(n) if n <= MAX_REPEAT => Ok(n),
                _ => Err(format!("a repetition of more than {MAX_REPEAT} in the pattern")),
            }
        };
        let quantifier = match inside.split_once(',') {
            None => format!("{{{}}}", number(inside)?),
            Some((low, "")) => format!("{{{},}}", number(low)?),
            Some((low, high)) => {
                let (low, high) = (number(low)?, number(high)?);
                if high < low {
                    return Err(wrong());
                }
                format!("{{{low},{high}}}")
            }
        };
        self.rest = rest;
        Ok(quantifier)
    }

    fn atom(&mut self) -> Translated<()> {
        match self.next() {
            Some('.') => {
                self.out.push_str(if self.flags.dot_all { "(?s:.)" } else { "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]" })
            }
            Some('^') => self.out.push_str(if self.flags.multi_line { "(?m:^)" } else { "^" }),
            // Java's `$` also matches before a newline at the very end; that takes look-ahead.
            Some('$') => self.out.push_str(if self.flags.multi_line { "(?m:$)" } else { "$" }),
            Some('[') => {
                let class = self.class()?;
                class.write(&mut self.out);
            }
            Some('(') => self.group()?,
            Some('\\') => self.escape()?,
            Some(c @ ('*' | '+' | '?')) => return Err(format!("dangling `{c}` in the pattern")),
            Some('{') => return Err("illegal repetition in the pattern".to_owned()),
            Some(c) => self.literal(c),
            None => {}
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        let mut class = Class::default();
        class.add_char(c, self.flags.ignore_case);
        class.write(&mut self.out);
    }

    fn group(&mut self) -> Translated<()> {
        if self.eat("?:") {
            self.out.push_str("(?:");
        } else if self.eat("?=") || self.eat("?!") || self.eat("?<=") || self.eat("?<!") {
            return Err(unsupported("look-around"));
        } else if self.eat("?>") {
            return Err(unsupported("atomic groups"));
        } else if self.eat("?<") {
            let (name, rest) = self.rest.split_once('>').ok_or("a group name is not closed in the pattern")?;
            let valid =
                name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
            if !valid {
                return Err("not a group name in the pattern".to_owned());
            }
            let _ = write!(self.out, "(?P<{name}>");
            self.rest = rest;
        } else if self.eat("?") {
            return self.flag_group();
        } else {
            self.out.push('(');
        }
        self.alternatives()?;
        if !self.eat(")") {
            return Err("unclosed group in the pattern".to_owned());
        }
        self.out.push(')');
        Ok(())
    }

    /// `(?i)` or `(?i:…)`, after its question mark.
    fn flag_group(&mut self) -> Translated<()> {
        let mut on = true;
        let outer = self.flags;
        loop {
            match self.next() {
                Some('-') => on = false,
                Some('i') => self.flags.ignore_case = on,
                Some('s') => self.flags.dot_all = on,
                Some('m') => self.flags.multi_line = on,
                Some('x') => self.flags.comments = on,
                // Unix lines: fewer line ends than here, which texts hardly have.
                Some('d') => {}
                Some('u' | 'U') => return Err(unsupported("Unicode case and Unicode classes")),
                Some(')') => return Ok(()),
                Some(':') => {
                    self.out.push_str("(?:");
                    self.alternatives()?;
                    self.flags = outer;
                    if !self.eat(")") {
                        return Err("unclosed group in the pattern".to_owned());
                    }
                    self.out.push(')');
                    return Ok(());
                }
                _ => return Err("unknown inline flag in the pattern".to_owned()),
            }
        }
    }

    /// An escape outside of a class.
    fn escape(&mut self) -> Translated<()> {
        match self.peek() {
            Some('b') => {
                self.next();
                self.out.push_str("\\b");
            }
            Some('B') => {
                self.next();
                self.out.push_str("\\B");
            }
            Some('A') => {
                self.next();
                self.out.push_str("\\A");
            }
            Some('z' | 'Z') => {
                self.next();
                self.out.push_str("\\z");
            }
            Some('R') => {
                self.next();
                self.out.push_str("(?:\\r\\n|[\\n\\x{B}\\f\\r\\x{85}\\x{2028}\\x{2029}])");
            }
            Some('Q') => {
                self.next();
                let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                // A quantifier behind the quotation applies to its last character.
                let mut chars = quoted.chars();
                let last = chars.next_back();
                for c in chars {
                    self.literal(c);
                }
                self.rest = rest;
                if let Some(c) = last {
                    self.literal(c);
                }
            }
            Some('E') => {
                self.next();
            }
            Some('1'..='9' | 'k') => return Err(unsupported("back-references")),
            Some('G') => return Err(unsupported("\\G")),
            Some('X' | 'N') => return Err(unsupported("grapheme clusters and character names")),
            None => return Err("the pattern ends with a backslash".to_owned()),
            _ => {
                let class = self.class_escape()?;
                class.write(&mut self.out);
            }
        }
        Ok(())
    }

    /// An escape that stands for one character or a class of them, after its backslash.
    fn class_escape(&mut self) -> Translated<Class> {
        let ignore_case = self.flags.ignore_case;
        let mut class = Class::default();
        let c = self.next().ok_or("the pattern ends with a backslash")?;
        match c {
            'd' => class.add("09"),
            'w' => class.add("azAZ09__"),
            's' => class.add("\t\r  "),
            'h' => class.add("\t\t  \u{a0}\u{a0}\u{1680}\u{1680}\u{180e}\u{180e}\u{2000}\u{200a}\u{202f}\u{202f}\u{205f}\u{205f}\u{3000}\u{3000}"),
            'v' => class.add("\n\r\u{85}\u{85}\u{2028}\u{2029}"),
            'D' | 'W' | 'S' | 'H' | 'V' => {
                let positive = c.to_ascii_lowercase().to_string();
                let mut inner = Translator { rest: &positive, depth: 0, flags: self.flags, out: String::new() };
                class = inner.class_escape()?.negate();
            }
            'p' | 'P' => {
                let set = self.property()?;
                class = if c == 'P' { set.negate() } else { set };
            }
            't' => class.add_char('\t', false),
            'n' => class.add_char('\n', false),
            'r' => class.add_char('\r', false),
            'f' => class.add_char('\u{c}', false),
            'a' => class.add_char('\u{7}', false),
            'e' => class.add_char('\u{1b}', false),
            '0' => class.add_char(self.octal()?, ignore_case),
            'x' => class.add_char(self.hex_escape()?, ignore_case),
            'u' => class.add_char(self.unit_escape()?, ignore_case),
            'c' => {
                let control = self.next().ok_or("illegal control escape in the pattern")?;
                class.add_char(char::from_u32(u32::from(control) ^ 64).unwrap_or('?'), false);
            }
            c if c.is_ascii_alphabetic() => return Err(format!("unknown escape `\\{c}` in the pattern")),
            c => class.add_char(c, ignore_case),
        }
        Ok(class)
    }

    /// `\p{Alpha}` and the other ASCII classes.
    fn property(&mut self) -> Translated<Class> {
        let name = if self.eat("{") {
            let (name, rest) = self.rest.split_once('}').ok_or("a property is not closed in the pattern")?;
            self.rest = rest;
            name
        } else {
            let len = self.peek().map_or(0, char::len_utf8);
            let (name, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
            self.rest = rest;
            name
        };
        let mut class = Class::default();
        class.add(match name {
            "Lower" if self.flags.ignore_case => "azAZ",
            "Upper" if self.flags.ignore_case => "azAZ",
            "Lower" => "az",
            "Upper" => "AZ",
            "ASCII" => "\u{0}\u{7f}",
            "Alpha" => "azAZ",
            "Digit" => "09",
            "Alnum" => "azAZ09",
            "Punct" => "!/:@[`{~",
            "Graph" => "!~",
            "Print" => " ~",
            "Blank" => "  \t\t",
            "Cntrl" => "\u{0}\u{1f}\u{7f}\u{7f}",
            "XDigit" => "09afAF",
            "Space" => "\t\r  ",
            _ => return Err(unsupported("Unicode properties")),
        });
        Ok(class)
    }

    fn octal(&mut self) -> Translated<char> {
        let mut value: u32 = 0;
        let mut digits = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
            let next = value.saturating_mul(8).saturating_add(digit);
            if digits >= 3 || next > 0o377 {
                break;
            }
            value = next;
            digits = i32::saturating_add(digits, 1);
            self.next();
        }
        if digits == 0 {
            return Err("illegal octal escape in the pattern".to_owned());
        }
        char::from_u32(value).ok_or_else(|| "illegal octal escape in the pattern".to_owned())
    }

    /// `\xhh` or `\x{h…}`, after the `x`.
    fn hex_escape(&mut self) -> Translated<char> {
        let wrong = || "illegal hexadecimal escape in the pattern".to_owned();
        if self.eat("{") {
            let (digits, rest) = self.rest.split_once('}').ok_or_else(wrong)?;
            self.rest = rest;
            return u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong);
        }
        self.hex_digits(2).and_then(char::from_u32).ok_or_else(wrong)
    }

    /// `\uhhhh`, after the `u`; two of them for a surrogate pair.
    fn unit_escape(&mut self) -> Translated<char> {
        let wrong = || "illegal Unicode escape in the pattern".to_owned();
        let unit = self.hex_digits(4).ok_or_else(wrong)?;
        if let Some(c) = char::from_u32(unit) {
            return Ok(c);
        }
        if (0xD800..0xDC00).contains(&unit) && self.eat("\\u") {
            let low = self.hex_digits(4).ok_or_else(wrong)?;
            let units = [u16::try_from(unit).unwrap_or(0), u16::try_from(low).unwrap_or(0)];
            if let Some(Ok(c)) = char::decode_utf16(units).next() {
                return Ok(c);
            }
        }
        Err(wrong())
    }

    fn hex_digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.rest = rest;
        u32::from_str_radix(digits, 16).ok()
    }

    /// A class, after its bracket.
    fn class(&mut self) -> Translated<Class> {
        let negated = self.eat("^");
        let class = self.open_class()?;
        self.next();
        Ok(if negated { class.negate() } else { class })
    }

    /// The inside of a class, up to its `]`.
    fn open_class(&mut self) -> Translated<Class> {
        self.deeper()?;
        let mut parts = Parts::default();
        loop {
            match self.peek().ok_or(UNCLOSED_CLASS)? {
                ']' if !parts.is_empty() => break,
                '[' => {
                    self.next();
                    parts.add(self.class()?);
                }
                '&' if self.eat("&&") => {
                    let right = self.intersected()?;
                    parts.intersect(right)?;
                }
                _ => self.class_range(&mut parts)?,
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(parts.finish())
    }

    /// What stands behind `&&`: classes, and what is in the outer class behind them.
    fn intersected(&mut self) -> Translated<Option<Class>> {
        let mut right: Option<Class> = None;
        while !matches!(self.peek(), Some(']' | '&')) {
            let class = if self.eat("[") { self.class()? } else { self.open_class()? };
            right = Some(right.take().unwrap_or_default().union(class));
        }
        Ok(right)
    }

    /// `a`, `a-z` or `\w` in a class.
    fn class_range(&mut self, parts: &mut Parts) -> Translated<()> {
        let ignore_case = self.flags.ignore_case;
        if self.eat("\\Q") {
            let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            for c in quoted.chars() {
                parts.add_single(c, ignore_case);
            }
            self.rest = rest;
            return Ok(());
        }
        let low = match self.class_member()? {
            Member::Char(low) => low,
            Member::Set(set) => {
                parts.add(set);
                return Ok(());
            }
        };
        let mut after = self.rest.chars();
        let is_range = after.next() == Some('-') && after.next().is_some_and(|c| c != ']' && c != '[');
        if !is_range {
            parts.add_single(low, ignore_case);
            return Ok(());
        }
        self.eat("-");
        match self.class_member()? {
            Member::Char(high) if high >= low => {
                let mut range = Class::default();
                range.add_range(low, high, ignore_case);
                parts.add(range);
                Ok(())
            }
            _ => Err("illegal character range in the pattern".to_owned()),
        }
    }

    /// A character or an escape in a class.
    fn class_member(&mut self) -> Translated<Member> {
        let c = self.next().ok_or(UNCLOSED_CLASS)?;
        if c != '\\' {
            return Ok(Member::Char(c));
        }
        let saved = std::mem::take(&mut self.flags.ignore_case);
        let set = self.class_escape();
        self.flags.ignore_case = saved;
        let set = set?;
        let single = match set.ranges.as_slice() {
            [(low, high)] if low == high => char::from_u32(*low),
            _ => None,
        };
        Ok(single.map_or(Member::Set(set), Member::Char))
    }
}

/// Of a class.
enum Member {
    Char(char),
    Set(Class),
}

const UNCLOSED_CLASS: &str = "unclosed character class in the pattern";

fn unsupported(what: &str) -> String {
    format!("{what} in regular expressions are not supported")
}

/// A set of characters, and whether several in a row are one match.
#[derive(Debug)]
pub(crate) struct Chars {
    ascii: [bool; 128],
    /// Sorted ranges of the others.
    ranges: Vec<(u32, u32)>,
    repeated: bool,
}

impl Chars {
    /// A pattern that is nothing but a class, or a class and a `+`.
    fn parse(java: &str) -> Option<Self> {
        let mut translator = Translator { rest: java, depth: 0, flags: Flags::default(), out: String::new() };
        let class = match translator.next()? {
            '[' => translator.class().ok()?,
            '\\' if matches!(translator.peek()?, 'd' | 'D' | 'w' | 'W' | 's' | 'S') => {
                translator.class_escape().ok()?
            }
            _ => return None,
        };
        let repeated = match translator.rest {
            "" => false,
            "+" => true,
            _ => return None,
        };
        let ranges = class.sorted();
        let mut ascii = [false; 128];
        for (c, member) in (0_u32..).zip(ascii.iter_mut()) {
            *member = in_ranges(&ranges, c);
        }
        Some(Self { ascii, ranges, repeated })
    }

    /// Whether the character at an offset is of the set, and the offset behind it. `None` at the end.
    fn member_at(&self, text: &str, at: usize) -> Option<(bool, usize)> {
        let byte = *text.as_bytes().get(at)?;
        match self.ascii.get(usize::from(byte)) {
            Some(member) => Some((*member, at.saturating_add(1))),
            None => {
                let c = text.get(at..)?.chars().next()?;
                Some((in_ranges(&self.ranges, u32::from(c)), at.saturating_add(c.len_utf8())))
            }
        }
    }

    /// Start and end of the first match from `from` on.
    pub(crate) fn find_at(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let mut start = from;
        let mut end = loop {
            match self.member_at(text, start)? {
                (true, after) => break after,
                (false, after) => start = after,
            }
        };
        while self.repeated
            && let Some((true, after)) = self.member_at(text, end)
        {
            end = after;
        }
        Some((start, end))
    }
}

fn in_ranges(ranges: &[(u32, u32)], code: u32) -> bool {
    let after = ranges.partition_point(|(low, _)| *low <= code);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, high)| code <= *high)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern).unwrap().matches(text)
    }

    #[test]
    fn java_syntax() {
        for (pattern, text) in [
            ("a.c", "abc"),
            ("[a-d&&[^bc]]+", "adda"),
            ("[a-c[x-z]]+", "axbz"),
            ("[]a]+", "]a"),
            ("[lo&&]+", "lo"),
            ("[lo&&&x]+", "lo&x"),
            ("[a-z&&[lo]&&]+", "lo"),
            ("[a-y&&l-o&&n-z]+", "no"),
            ("[a&b]+", "a&b"),
            ("[^\\d\\s]+", "ab-"),
            ("\\p{Alpha}\\P{Alpha}", "a1"),
            ("\\p{XDigit}+", "09afAF"),
            ("\\Qa.b\\E+", "a.bbb"),
            ("(?i)hello [w]orld", "HELLO World"),
            ("(?i:a)b", "Ab"),
            ("a(?i)b|c", "aB"),
            ("(?x) a b # c\n c", "abc"),
            ("\\x41\\u0042\\0103\\t", "ABC\t"),
            ("(?s).", "\n"),
            ("\\R", "\r\n"),
            ("x{2,3}", "xxx"),
            ("[\\w.-]+@[\\w-]+\\.[a-z]{2,}", "a.b@c-d.com"),
            ("}", "}"),
            ("\\-\\/\\\"", "-/\""),
            ("[+\\-*/]", "-"),
            ("a-b", "a-b"),
            ("\u{e9}+", "\u{e9}\u{e9}"),
        ] {
            assert!(matches(pattern, text), "{pattern} on {text}");
        }
        for (pattern, text) in [
            ("a.c", "a\nc"),
            ("(?i:a)b", "AB"),
            ("\\d", "\u{663}"),
            ("(?i)[^a]", "A"),
            ("[lo&&]", "&"),
            ("[a-y&&l-o&&n-z]", "m"),
        ] {
            assert!(!matches(pattern, text), "{pattern} on {text}");
        }
    }

    #[test]
    fn refused() {
        for pattern in [
            "(",
            ")",
            "[a",
            "[&&]",
            "[a-c&&",
            "*",
            "a**",
            "{",
            "a{",
            "a{x}",
            "\\",
            "\\j",
            "(?=a)",
            "(?<!a)",
            "(a)\\1",
            "a++",
            "(?>a)",
            "\\p{L}",
            "\\G",
            "[b-a]",
            "a{2,1}",
            "a{5000}",
            "(?z)",
            "((a{1000}){1000}){1000}",
        ] {
            assert!(Pattern::compile(pattern).is_err(), "{pattern}");
        }
        assert!(Pattern::compile(&"(".repeat(1000)).is_err());
    }
}
