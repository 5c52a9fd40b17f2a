//! The format of a line: text with `$context` variables in it, and nothing else.

use gateway::{ConfigError, json};

/// What stands for a variable without a value.
const ABSENT: &str = "-";

/// The longest format that API Gateway takes, in bytes.
const MAX_FORMAT_BYTES: usize = 3 * 1024;

/// A format, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Format(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The name behind `$context.`, and how its value is written at this place.
    Variable(String, Escape),
}

/// How a value is written, so that no client can add a line, a member or an element to the log.
///
/// Not documented. API Gateway's users write the quotation marks of a JSON format themselves, and the values between
/// them are those of a JSON string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// Between quotation marks: as in a JSON string.
    Quoted,
    /// In an XML format: as character data.
    Xml,
    /// Elsewhere: control characters alone are escaped. Texts that are JSON already stay so.
    Bare,
}

impl Format {
    /// Checks and reads a format.
    ///
    /// # Errors
    /// It is too long, or is no line.
    pub fn compile(text: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_FORMAT_BYTES {
            let found = text.len();
            return Err(ConfigError::new("format", format!("{found} bytes, at most {MAX_FORMAT_BYTES}")));
        }
        if text.contains(['\n', '\r']) {
            return Err(ConfigError::new("format", "has a line break, a line of the log is one line"));
        }
        Ok(Self::parse(text))
    }

    /// Reads a format. What names no `$context` variable is text.
    pub(crate) fn parse(text: &str) -> Self {
        const VARIABLE: &str = "$context.";
        let is_xml = text.trim_start().starts_with('<');
        let mut parts = Vec::new();
        let mut quoted = false;
        let mut rest = text;
        while !rest.is_empty() {
            let at = rest.find(VARIABLE).unwrap_or(rest.len());
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let name = from.get(VARIABLE.len()..).map(name_of).unwrap_or_default();
            if name.is_empty() {
                // No variable: the text goes on up to the next one.
                let (literal, after) = from.split_at_checked(1).unwrap_or((from, ""));
                push_text(&mut parts, before);
                push_text(&mut parts, literal);
                quoted ^= changes_quotation(before);
                rest = after;
                continue;
            }
            push_text(&mut parts, before);
            quoted ^= changes_quotation(before);
            let escape = match (is_xml, quoted) {
                (true, _) => Escape::Xml,
                (false, true) => Escape::Quoted,
                (false, false) => Escape::Bare,
            };
            parts.push(Part::Variable(name.to_owned(), escape));
            rest = from.get(VARIABLE.len().saturating_add(name.len())..).unwrap_or_default();
        }
        Self(parts)
    }

    /// The names of the variables.
    #[cfg(test)]
    fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name, _) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The line, with its line break. `value` gives the variables' values.
    pub fn render(&self, mut value: impl FnMut(&str) -> Option<String>) -> String {
        let mut line = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Variable(name, escape) => match value(name).filter(|value| !value.is_empty()) {
                    Some(value) => escape.push(&mut line, &value),
                    None => line.push_str(ABSENT),
                },
            }
        }
        line.push('\n');
        line
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Whether a text has an odd number of quotation marks, so that what was outside of a quotation is inside behind it.
fn changes_quotation(text: &str) -> bool {
    text.matches('"').count() % 2 == 1
}

/// The variable's name that a text begins with: words joined by dots. Names of claims and of an authorizer's own
/// values may also have `-`, `:` and `/` in them.
fn name_of(text: &str) -> &str {
    let free = text.starts_with("authorizer.");
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || free && matches!(c, '-' | ':' | '/');
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    // Punctuation at the end closes a sentence, it names nothing.
    text.get(..end).unwrap_or_default().trim_end_matches(['.', '-', ':', '/'])
}

impl Escape {
    fn push(self, line: &mut String, value: &str) {
        match self {
            Self::Quoted => json::escape_into(line, value),
            Self::Xml => value.chars().for_each(|c| match c {
                '&' => line.push_str("&amp;"),
                '<' => line.push_str("&lt;"),
                '>' => line.push_str("&gt;"),
                '"' => line.push_str("&quot;"),
                '\'' => line.push_str("&apos;"),
                c if c.is_control() => line.push_str(&format!("&#{};", u32::from(c))),
                c => line.push(c),
            }),
            Self::Bare => value.chars().for_each(|c| match c {
                c if c.is_control() => json::escape_into(line, c.encode_utf8(&mut [0; 4])),
                c => line.push(c),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn render(format: &str, value: &str) -> String {
        Format::parse(format).render(|name| (name != "absent").then(|| value.to_owned()))
    }

    #[test]
    fn variables() {
        let names = |format| Format::parse(format).variables().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(names("$context.identity.sourceIp - [$context.requestTime]"), ["identity.sourceIp", "requestTime"]);
        assert_eq!(names("$context.status-$context.path."), ["status", "path"]);
        assert_eq!(names("$context.authorizer.claims.cognito:username:"), ["authorizer.claims.cognito:username"]);
        assert_eq!(names("$context $stageVariables.x $input.body $context. $"), [""; 0]);
    }

    #[test]
    fn absent_values() {
        assert_eq!(render("$context.absent \"$context.absent\"", "x"), "- \"-\"\n");
        assert_eq!(render("$context.x", ""), "-\n");
    }

    #[test]
    fn values_cannot_leave_their_place() {
        let evil = "a\"b\\c\nd,e<f>";
        assert_eq!(render("{\"v\":\"$context.x\"}", evil), "{\"v\":\"a\\\"b\\\\c\\nd,e<f>\"}\n");
        assert_eq!(render("<v a=\"$context.x\">", evil), "<v a=\"a&quot;b\\c&#10;d,e&lt;f&gt;\">\n");
        assert_eq!(render("$context.x,\"$context.y\",$context.z", "\"\r"), "\"\\r,\"\\\"\\r\",\"\\r\n");
    }

    #[test]
    fn quotations_that_are_json_already_stay() {
        assert_eq!(render("{\"m\":$context.error.messageString}", "\"a\\\"b\""), "{\"m\":\"a\\\"b\"}\n");
    }

    proptest! {
        /// Whatever the format, the line is one line.
        #[test]
        fn one_line(format in "[^\r\n]*", value in any::<String>()) {
            let line = render(&format, &value);
            prop_assert!(line.ends_with('\n') && !line.trim_end_matches('\n').contains('\n'));
        }

        /// A JSON format gives JSON.
        #[test]
        fn json(value in any::<String>()) {
            let line = render("{\"a\":\"$context.a\",\"b\":\"$context.b\"}", &value);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
        }
    }
}
