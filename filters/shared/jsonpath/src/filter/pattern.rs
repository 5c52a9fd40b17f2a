//! Regular expressions of `=~`: Java's, run in linear time.
//!
//! The engine is `regex-lite`, which cannot backtrack, so no input makes it slow. Java's classes are ASCII unless a
//! flag says otherwise, and so are this engine's. What needs backtracking (look-around, back references, possessive
//! repetition) is refused when the path is compiled; so are Unicode classes (`\p{Lu}`) and intersections (`&&`).

use regex_lite::{Regex, RegexBuilder};

use crate::limits::MAX_PATTERN_SIZE;

/// A compiled regular expression, for whole texts.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    /// The length of its source, for what a match costs.
    pub(crate) weight: usize,
}

impl Pattern {
    /// Compiles Java's `source`. The error is a reason in words.
    pub(super) fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        let translated = Translation::of(source)?;
        let regex = RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
            .case_insensitive(ignore_case)
            .size_limit(MAX_PATTERN_SIZE)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { regex, weight: source.len() })
    }

    /// Whether all of `text` matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Rewrites what Java writes in another way than this engine.
struct Translation<'s> {
    rest: std::iter::Peekable<std::str::Chars<'s>>,
    out: String,
    /// `(?s)` is somewhere: then the dot is left alone.
    dot_matches_all: bool,
}

impl Translation<'_> {
    fn of(source: &str) -> Result<String, String> {
        let mut translation = Translation {
            rest: source.chars().peekable(),
            out: String::new(),
            dot_matches_all: source.contains("(?s"),
        };
        translation.run()?;
        Ok(translation.out)
    }

    fn run(&mut self) -> Result<(), String> {
        let mut in_class = 0_usize;
        let mut after_repetition = false;
        while let Some(character) = self.rest.next() {
            let repeats = in_class == 0 && matches!(character, '*' | '+' | '?' | '}');
            match character {
                '\\' => self.escape(in_class > 0)?,
                '.' if in_class == 0 && !self.dot_matches_all => self.out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
                '+' if after_repetition => return Err("possessive repetition is not supported".to_owned()),
                '[' => {
                    in_class = in_class.saturating_add(1);
                    if in_class > 1 {
                        return Err("a class inside a class is not supported".to_owned());
                    }
                    self.out.push('[');
                    if self.rest.next_if_eq(&'^').is_some() {
                        self.out.push('^');
                    }
                    // Java takes a bracket here as the class's first character.
                    if self.rest.next_if_eq(&']').is_some() {
                        self.out.push_str(r"\]");
                    }
                }
                ']' if in_class > 0 => {
                    in_class = in_class.saturating_sub(1);
                    self.out.push(']');
                }
                '&' if in_class > 0 && self.rest.peek() == Some(&'&') => {
                    return Err("an intersection of classes is not supported".to_owned());
                }
                // Would be operators of classes in this engine.
                '~' | '&' if in_class > 0 => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                _ => self.out.push(character),
            }
            after_repetition = repeats;
        }
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(escaped) = self.rest.next() else { return Err("a backslash at the end".to_owned()) };
        match escaped {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'f' | 'a' => {
                self.out.push('\\');
                self.out.push(escaped);
            }
            'b' | 'B' | 'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(escaped);
            }
            // The end of the text: the pattern must match all of it.
            'Z' if !in_class => self.out.push_str(r"\z"),
            'h' => {
                let class = if in_class { HORIZONTAL.to_owned() } else { format!("[{HORIZONTAL}]") };
                self.out.push_str(&class);
            }
            'R' if !in_class => self.out.push_str(r"(?:\r\n|[\n\x{0B}\x{0C}\r\x{85}\x{2028}\x{2029}])"),
            'e' => self.out.push_str(r"\x{1B}"),
            '0' => self.code(8, 1, 3)?,
            'x' if self.rest.next_if_eq(&'{').is_some() => {
                self.code(16, 1, 6)?;
                self.rest.next_if_eq(&'}').ok_or("`\\x{` is not closed")?;
            }
            'x' => self.code(16, 2, 2)?,
            'u' => self.code(16, 4, 4)?,
            'Q' => self.quoted(),
            'E' => {}
            'p' | 'P' => self.property(escaped == 'P', in_class)?,
            _ if escaped.is_ascii_alphanumeric() => return Err(format!("`\\{escaped}` is not supported")),
            _ => self.literal(escaped),
        }
        Ok(())
    }

    /// A character by its code, of `min` to `max` digits.
    fn code(&mut self, radix: u32, min: usize, max: usize) -> Result<(), String> {
        let mut code = 0_u32;
        let mut count = 0_usize;
        while count < max {
            let Some(digit) = self.rest.peek().and_then(|digit| digit.to_digit(radix)) else { break };
            code = code.saturating_mul(radix).saturating_add(digit);
            count = count.saturating_add(1);
            self.rest.next();
        }
        match char::from_u32(code) {
            Some(character) if count >= min => {
                self.literal(character);
                Ok(())
            }
            _ => Err("not the code of a character".to_owned()),
        }
    }

    /// `\Q…\E`: everything is itself.
    fn quoted(&mut self) {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(character);
        }
    }

    /// The POSIX classes, which are ASCII in Java.
    fn property(&mut self, negated: bool, in_class: bool) -> Result<(), String> {
        let mut name = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            name.extend(std::iter::from_fn(|| self.rest.next_if(|character| *character != '}')));
            self.rest.next();
        } else {
            name.extend(self.rest.next());
        }
        let class = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => r"\x00-\x7F",
            "Alpha" => "A-Za-z",
            "Digit" => "0-9",
            "Alnum" => "0-9A-Za-z",
            "Punct" => r"!-/:-@\[-`{-\~",
            "Graph" => r"!-\~",
            "Print" => r" -\~",
            "Blank" => r" \t",
            "Cntrl" => r"\x00-\x1F\x7F",
            "XDigit" => "0-9A-Fa-f",
            "Space" => r"\s",
            _ => return Err(format!("the class `{name}` is not supported")),
        };
        match (in_class, negated) {
            (true, false) => self.out.push_str(class),
            (true, true) => return Err("a negated class inside a class is not supported".to_owned()),
            (false, _) => {
                self.out.push_str(if negated { "[^" } else { "[" });
                self.out.push_str(class);
                self.out.push(']');
            }
        }
        Ok(())
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>' | '/' | '"' | '\'') {
            self.out.push('\\');
        }
        self.out.push(character);
    }
}

/// What Java's `\h` stands for, inside a class.
const HORIZONTAL: &str = r" \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}";

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(source: &str, text: &str) -> Option<bool> {
        Pattern::new(source, false).ok().map(|pattern| pattern.matches(text))
    }

    #[test]
    fn matches_whole_texts_as_java_does() {
        assert_eq!(matches("abc", "abc"), Some(true));
        assert_eq!(matches("b", "abc"), Some(false));
        assert_eq!(matches("a|bc", "bc"), Some(true));
        assert_eq!(matches(".*", "a\nb"), Some(false));
        assert_eq!(matches(".*", "a\rb"), Some(false));
        assert_eq!(matches("(?s).*", "a\nb"), Some(true));
        assert_eq!(matches(r"a\/b", "a/b"), Some(true));
        assert_eq!(matches(r"\w+", "é"), Some(false));
        assert_eq!(matches(r"\Qa.b\E+", "a.bb"), Some(true));
        assert_eq!(matches(r"\u0041\x42\0103", "ABC"), Some(true));
        assert_eq!(matches(r"[]a]+", "]a"), Some(true));
        assert_eq!(matches(r"[^\p{Alpha}\-~&]", "5"), Some(true));
        assert_eq!(matches(r"\p{Punct}+", "!-/[~"), Some(true));
        assert_eq!(matches(r"\P{Digit}", "5"), Some(false));
        assert_eq!(matches(r"a?b*?c{1,2}?", "bbc"), Some(true));
        assert_eq!(matches(r"\h\R", "\u{a0}\r\n"), Some(true));
        assert_eq!(Pattern::new("ABC", true).ok().map(|pattern| pattern.matches("abc")), Some(true));
    }

    #[test]
    fn what_needs_backtracking_is_refused() {
        for source in
            [r"(a)\1", "(?=a)a", "(?<!a)b", "a++", "(?>a)", r"\p{Lu}", "[a-z&&[^b]]", "(", "a{9999}{9999}", "\\"]
        {
            assert_eq!(matches(source, ""), None, "{source}");
        }
    }
}
