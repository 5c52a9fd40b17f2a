//! What identifies the caller: the values of the identity sources, and whether they are there.

use gateway::{ConfigError, Source, route_name};
use regex_lite::{Regex, RegexBuilder};

use crate::raw::Form;
use crate::request::Request;

/// Most identity sources of one authorizer. Not documented: ten times what definitions have.
const MAX_SOURCES: usize = 50;
/// Longest validation expression, in bytes. Not documented: far above those of definitions, and small enough for a
/// match to take microseconds.
pub const MAX_EXPRESSION_BYTES: usize = 4096;
/// Size of a compiled expression, in bytes: some thousand states.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Where what identifies the caller stands, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    sources: Vec<Place>,
    /// Whether a value may be empty: only on HTTP APIs.
    empty_counts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Source(Source),
    /// `$context.routeKey` of HTTP APIs, which is the name of Envoy's route.
    RouteKey,
}

/// The values found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// One for each source: the last one where the client has sent several.
    values: Vec<String>,
    /// All values of all sources, and how many each has: what the cache goes by.
    parts: Vec<Vec<u8>>,
}

impl Identity {
    /// The token of a TOKEN authorizer.
    pub(crate) fn token(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// The values in the order of the sources.
    pub(crate) fn values(&self) -> &[String] {
        &self.values
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(Vec::as_slice)
    }
}

impl Sources {
    /// Reads identity sources.
    ///
    /// # Errors
    /// One that is none, or too many, or for [`Form::Token`] anything but one header.
    pub fn parse(expressions: &[String], form: Form) -> Result<Self, ConfigError> {
        if expressions.len() > MAX_SOURCES {
            return Err(ConfigError::new("identitySource", format!("more than {MAX_SOURCES} expressions")));
        }
        let mut sources = Vec::with_capacity(expressions.len());
        for (index, expression) in expressions.iter().enumerate() {
            let place = match form {
                Form::Token | Form::Request => of_rest_api(expression),
                Form::HttpV1 | Form::HttpV2 | Form::HttpV2Simple => of_http_api(expression),
                Form::WebSocket => of_websocket_api(expression),
            };
            let accepted = match form {
                Form::Token => "`method.request.header.NAME`",
                Form::Request => {
                    "`method.request.header.NAME`, `method.request.querystring.NAME`, `stageVariables.NAME` or \
                     `context.NAME`"
                }
                Form::WebSocket => {
                    "`route.request.header.NAME`, `route.request.querystring.NAME`, `stageVariables.NAME` or \
                     `context.NAME`"
                }
                _ => "`$request.header.NAME`, `$request.querystring.NAME`, `$stageVariables.NAME` or `$context.NAME`",
            };
            let header_only = form != Form::Token || matches!(place, Some(Place::Source(Source::Header(_))));
            let place = place.filter(|_| header_only).ok_or_else(|| {
                let message = format!("found `{}`, expected {accepted}", expression.escape_debug());
                ConfigError::new(format!("identitySource[{index}]"), message)
            })?;
            sources.push(place);
        }
        if form == Form::Token && sources.len() != 1 {
            return Err(ConfigError::new("identitySource", "an authorizer of type TOKEN looks at one header"));
        }
        let empty_counts = matches!(form, Form::HttpV1 | Form::HttpV2 | Form::HttpV2Simple);
        Ok(Self { sources, empty_counts })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The values in a request; `None` when one is missing. A value that is not UTF-8 identifies nobody.
    pub(crate) fn identify(&self, request: &Request<'_>) -> Option<Identity> {
        let mut identity = Identity::default();
        for place in &self.sources {
            let values = place.values(request);
            let last = String::from_utf8(values.last()?.clone()).ok()?;
            if last.is_empty() && !self.empty_counts {
                return None;
            }
            identity.values.push(last);
            identity.parts.push(values.len().to_le_bytes().to_vec());
            identity.parts.extend(values);
        }
        Some(identity)
    }
}

impl Place {
    fn values(&self, request: &Request<'_>) -> Vec<Vec<u8>> {
        let (context, headers) = (request.context, request.headers);
        let one = |value: Option<String>| value.into_iter().map(String::into_bytes).collect();
        match self {
            Self::RouteKey => vec![route_name(request.host)],
            Self::Source(Source::Header(name)) => headers.all(name).map(<[u8]>::to_vec).collect(),
            Self::Source(Source::Query(name)) => {
                context.query().all(name).map(|value| value.as_bytes().to_vec()).collect()
            }
            Self::Source(Source::StageVariable(name)) => one(context.api().stage_variables.get(name).cloned()),
            Self::Source(Source::Context(name)) => one(context.get(name)),
            Self::Source(_) => Vec::new(),
        }
    }
}

fn of_rest_api(expression: &str) -> Option<Place> {
    let source = Source::parse(expression)?;
    let allowed =
        matches!(source, Source::Header(_) | Source::Query(_) | Source::StageVariable(_) | Source::Context(_));
    allowed.then_some(Place::Source(with_host(source)))
}

fn of_http_api(expression: &str) -> Option<Place> {
    let name = |prefix: &str| expression.strip_prefix(prefix).filter(|name| !name.is_empty()).map(str::to_owned);
    if expression == "$context.routeKey" {
        return Some(Place::RouteKey);
    }
    let source = name("$request.header.").map(Source::Header);
    let source = source.or_else(|| name("$request.querystring.").map(Source::Query));
    let source = source.or_else(|| name("$stageVariables.").map(Source::StageVariable));
    source.or_else(|| name("$context.").map(Source::Context)).map(|source| Place::Source(with_host(source)))
}

/// As those of REST APIs, but that headers and query are the route's.
fn of_websocket_api(expression: &str) -> Option<Place> {
    match expression.strip_prefix("route.request.") {
        Some(rest) => of_rest_api(&format!("method.request.{rest}")),
        None => of_rest_api(expression).filter(|_| !expression.starts_with("method.")),
    }
}

/// `Host` stands among the pseudo headers.
fn with_host(source: Source) -> Source {
    match source {
        Source::Header(name) if name.eq_ignore_ascii_case("host") => Source::Header(":authority".to_owned()),
        source => source,
    }
}

/// A regular expression that a token must match somewhere. Matching takes linear time.
#[derive(Clone, Debug)]
pub struct ValidationExpression(Regex);

impl ValidationExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Why it is none, or one that cannot be matched in linear time.
    pub fn parse(expression: &str) -> Result<Self, String> {
        if expression.len() > MAX_EXPRESSION_BYTES {
            return Err(format!("longer than {MAX_EXPRESSION_BYTES} bytes"));
        }
        let built = RegexBuilder::new(expression).size_limit(MAX_COMPILED_BYTES).build();
        built.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn admits(&self, token: &str) -> bool {
        self.0.is_match(token)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn expressions() {
        let parse = |expression: &str, form| Sources::parse(&[expression.to_owned()], form).is_ok();
        assert!(parse("method.request.header.Authorization", Form::Token));
        assert!(!parse("method.request.querystring.token", Form::Token));
        assert!(!parse("$request.header.Authorization", Form::Token));
        for rest in ["method.request.querystring.q", "stageVariables.v", "context.identity.sourceIp"] {
            assert!(parse(rest, Form::Request), "{rest}");
        }
        for never in ["method.request.path.id", "method.request.body", "'x'", "Authorization", ""] {
            assert!(!parse(never, Form::Request), "{never}");
        }
        for http in ["$request.header.A", "$request.querystring.q", "$context.routeKey", "$stageVariables.v"] {
            assert!(parse(http, Form::HttpV2) && parse(http, Form::HttpV1), "{http}");
        }
        assert!(!parse("$request.path.id", Form::HttpV2) && !parse("$request.header.", Form::HttpV2));
        for connect in ["route.request.header.A", "route.request.querystring.q", "context.connectionId"] {
            assert!(parse(connect, Form::WebSocket), "{connect}");
        }
        assert!(!parse("method.request.header.A", Form::WebSocket) && !parse("idsource1", Form::WebSocket));
        assert!(Sources::parse(&[], Form::Token).is_err() && Sources::parse(&[], Form::Request).is_ok());
    }

    #[test]
    fn validation_is_a_search() {
        let bearer = ValidationExpression::parse("^Bearer [-0-9a-zA-Z._]*$").unwrap();
        assert!(bearer.admits("Bearer abc.def") && !bearer.admits("Basic x") && !bearer.admits("Bearer a b"));
        assert!(ValidationExpression::parse("abc").unwrap().admits("xabcx"));
        assert!(ValidationExpression::parse("(").is_err());
        assert!(ValidationExpression::parse("(?=a)").is_err());
        assert!(ValidationExpression::parse(&"a".repeat(5000)).is_err());
    }
}
