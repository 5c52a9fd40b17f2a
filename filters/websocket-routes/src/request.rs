//! Parameters of a handshake that a route requires.

use gateway::{ConfigError, Headers, Query};

/// A parameter that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Required {
    /// `route.request.header.NAME`
    Header(String),
    /// `route.request.querystring.NAME`
    Query(String),
}

impl Required {
    /// Reads a parameter's name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let name = |prefix: &str| text.strip_prefix(prefix).filter(|name| !name.is_empty()).map(str::to_owned);
        let header = name("route.request.header.").map(Self::Header);
        header.or_else(|| name("route.request.querystring.").map(Self::Query)).ok_or_else(|| {
            let expected = "expected `route.request.header.NAME` or `route.request.querystring.NAME`";
            ConfigError::new("", format!("`{text}` is no parameter, {expected}"))
        })
    }

    /// The name, without where it is.
    pub fn name(&self) -> &str {
        match self {
            Self::Header(name) | Self::Query(name) => name,
        }
    }

    /// Whether the handshake has it.
    pub fn is_in(&self, headers: &Headers, query: &Query) -> bool {
        match self {
            Self::Header(name) => headers.first(name).is_some_and(|value| !value.is_empty()),
            Self::Query(name) => query.last(name).is_some_and(|value| !value.is_empty()),
        }
    }
}
