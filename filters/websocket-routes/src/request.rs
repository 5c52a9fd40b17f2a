//! Parameters of a handshake that a route requires.

use gateway::{Api, ConfigError, Context, Headers, Host, Query, client};

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

    /// Whether the handshake has it. Those that the gateway itself writes for a backend are there: `Host` is one.
    pub fn is_in(&self, api: &Api, host: &dyn Host, headers: &Headers, query: &Query) -> bool {
        match self {
            Self::Header(name) => {
                let context = Context::new(api, None, host);
                // Also what mappings cannot read, such as a signature for the gateway itself.
                let sent = headers.all(&name.to_ascii_lowercase()).any(|value| !value.is_empty());
                sent || client::header_values(&context, host, headers, name).iter().any(|value| !value.is_empty())
            }
            Self::Query(name) => query.last(name).is_some_and(|value| !value.is_empty()),
        }
    }
}
