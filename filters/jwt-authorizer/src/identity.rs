//! Where a request's token is.

use gateway::{Host, Query};

/// An identity source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdentitySource {
    Header(String),
    Query(String),
}

impl IdentitySource {
    /// Reads an expression; `None` when it is of no known form.
    pub(crate) fn parse(expression: &str) -> Option<Self> {
        let named = |prefix| expression.strip_prefix(prefix).filter(|name: &&str| !name.is_empty());
        if let Some(name) = named("$request.header.").or_else(|| named("method.request.header.")) {
            return Some(Self::Header(name.to_ascii_lowercase()));
        }
        named("$request.querystring.").map(|name| Self::Query(name.to_owned()))
    }

    /// Its value in a request. Of several headers the last one counts, as for all single values.
    pub(crate) fn value(&self, host: &dyn Host) -> Option<Vec<u8>> {
        match self {
            Self::Header(name) => host.request_headers().last(name).map(<[u8]>::to_vec),
            Self::Query(name) => {
                let target = host.request_header(":path")?;
                Query::of_target(&target).last(name).map(|value| value.as_bytes().to_vec())
            }
        }
    }
}
