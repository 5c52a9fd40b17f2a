//! Route matching as Envoy does it: the path without its query, whole, and the headers.

use host::HeaderMap;
use regex_lite::Regex;
use serde::Deserialize;

/// What a route matches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteMatch {
    /// The whole path.
    #[serde(default)]
    path: Option<String>,
    /// The path's beginning.
    #[serde(default)]
    prefix: Option<String>,
    /// The whole path, as a pattern.
    #[serde(default)]
    safe_regex: Option<Pattern>,
    /// All of these.
    #[serde(default)]
    headers: Vec<HeaderMatch>,
}

/// A regular expression.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    regex: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderMatch {
    name: String,
    string_match: StringMatch,
    #[serde(default)]
    invert_match: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StringMatch {
    Exact(String),
    Prefix(String),
    Suffix(String),
    SafeRegex(Pattern),
}

impl RouteMatch {
    /// Whether a request with these headers matches.
    ///
    /// # Errors
    /// A pattern cannot be read.
    pub fn matches(&self, headers: &HeaderMap) -> Result<bool, String> {
        let target = headers.text(":path").unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let fits = match self {
            Self { path: Some(whole), .. } => whole == path,
            Self { prefix: Some(prefix), .. } => path.starts_with(prefix.as_str()),
            Self { safe_regex: Some(pattern), .. } => pattern.matches(path)?,
            _ => return Err("a route that matches no path".to_owned()),
        };
        if !fits {
            return Ok(false);
        }
        for header in &self.headers {
            if !header.matches(headers)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl HeaderMatch {
    /// Several values are matched as one, joined with commas; a header that is not there never matches.
    fn matches(&self, headers: &HeaderMap) -> Result<bool, String> {
        let values: Vec<String> =
            headers.all(&self.name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        if values.is_empty() {
            return Ok(false);
        }
        let value = values.join(",");
        let fits = match &self.string_match {
            StringMatch::Exact(exact) => *exact == value,
            StringMatch::Prefix(prefix) => value.starts_with(prefix.as_str()),
            StringMatch::Suffix(suffix) => value.ends_with(suffix.as_str()),
            StringMatch::SafeRegex(pattern) => pattern.matches(&value)?,
        };
        Ok(fits != self.invert_match)
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> Result<bool, String> {
        let pattern = Regex::new(&format!("^(?:{})$", self.regex)).map_err(|error| error.to_string())?;
        Ok(pattern.is_match(text))
    }
}
