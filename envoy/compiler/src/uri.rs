//! Addresses of HTTP backends.

use std::fmt;

use crate::settings::Authority;

/// Puts stage variables into a text: `${stageVariables.NAME}`, in exactly this spelling. A variable that is not set
/// becomes nothing and is named in the second part of the answer; every other `${...}` stays as it is.
pub fn expand_stage_variables<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> (String, Vec<String>) {
    const START: &str = "${stageVariables.";
    let mut expanded = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        expanded.push_str(before);
        let name = after.split_once('}');
        let fits = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match name.filter(|(name, _)| fits(name)) {
            Some((name, after)) => {
                match value(name) {
                    Some(value) => expanded.push_str(value),
                    None => missing.push(name.to_owned()),
                }
                rest = after;
            }
            None => {
                expanded.push_str(START);
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    (expanded, missing)
}

/// Where an HTTP backend is, with path parameters (`{id}`) still in its path and query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendUri {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Host and port.
    pub authority: Authority,
    /// Whether the port is the scheme's own and was not written.
    pub default_port: bool,
    /// The path, empty or from its first `/` on.
    pub path: String,
    /// The query string without `?`.
    pub query: Option<String>,
}

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UriError {
    /// It does not begin with `http://` or `https://`.
    Scheme,
    /// There is no host, or it has characters that hosts do not have.
    Host,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "expected a URL that begins with `http://` or `https://`",
            Self::Host => "expected a host name, and a port only from 1 to 65535, after `://`",
        })
    }
}

impl BackendUri {
    /// Reads a URL in which stage variables were put in already.
    ///
    /// # Errors
    /// It has another scheme, or no usable host.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once("://").ok_or(UriError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UriError::Scheme),
        };
        // A fragment never leaves a client.
        let rest = rest.split('#').next().unwrap_or_default();
        let (before_query, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query.to_owned())),
            None => (rest, None),
        };
        let at = before_query.find('/').unwrap_or(before_query.len());
        let (host, path) = (before_query.get(..at).unwrap_or_default(), before_query.get(at..).unwrap_or_default());
        let authority = Authority::parse(host, Some(if tls { 443 } else { 80 })).ok_or(UriError::Host)?;
        let default_port = Authority::parse(host, None).is_none();
        Ok(Self { tls, authority, default_port, path: path.to_owned(), query })
    }

    /// Names in braces, in path and query string.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        let texts = [Some(self.path.as_str()), self.query.as_deref()];
        texts.into_iter().flatten().flat_map(|text| text.split('{').skip(1)).filter_map(|part| {
            let (name, _) = part.split_once('}')?;
            (!name.is_empty()).then_some(name)
        })
    }
}

#[cfg(test)]
#[path = "uri_tests.rs"]
mod tests;
