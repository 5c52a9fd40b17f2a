//! Parameter mappings: where a value comes from (`method.request.header.X`, `context.requestId`, `'literal'`), and where
//! it goes (`integration.request.header.X`).
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::borrow::Cow;

use crate::{Context, Host, client, is_header_name};

/// Where the value of a mapped parameter comes from, before the backend has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Text between single quotes.
    Literal(String),
    /// `stageVariables.NAME`
    StageVariable(String),
    /// `context.PATH`
    Context(String),
    /// `method.request.path.NAME`
    Path(String),
    /// `method.request.querystring.NAME`: the last value.
    Query(String),
    /// `method.request.multivaluequerystring.NAME`: all values.
    MultiValueQuery(String),
    /// `method.request.header.NAME`: the last value.
    Header(String),
    /// `method.request.multivalueheader.NAME`: all values.
    MultiValueHeader(String),
    /// `method.request.body`, the whole body.
    Body,
    /// `method.request.body.EXPR`: a JSONPath without its `$.`.
    BodyPath(String),
}

impl Source {
    /// Reads an expression; `None` when it is of no known form.
    pub fn parse(expression: &str) -> Option<Self> {
        if let Some(text) = expression.strip_prefix('\'') {
            return text.strip_suffix('\'').map(|text| Self::Literal(text.to_owned()));
        }
        if let Some(path) = expression.strip_prefix("context.") {
            return (!path.is_empty()).then(|| Self::Context(path.to_owned()));
        }
        if let Some(rest) = expression.strip_prefix("method.request.body") {
            return body(rest).map(|path| path.map_or(Self::Body, Self::BodyPath));
        }
        type Form = fn(String) -> Source;
        const FORMS: [(&str, Form); 6] = [
            ("stageVariables.", Source::StageVariable),
            ("method.request.path.", Source::Path),
            ("method.request.querystring.", Source::Query),
            ("method.request.multivaluequerystring.", Source::MultiValueQuery),
            ("method.request.header.", Source::Header),
            ("method.request.multivalueheader.", Source::MultiValueHeader),
        ];
        FORMS.iter().find_map(|(prefix, form)| {
            let name = expression.strip_prefix(prefix)?;
            is_name(name).then(|| form(name.to_owned()))
        })
    }

    /// The key under which a method declares the parameter; `None` for a source that is none.
    pub fn declaration(&self) -> Option<String> {
        match self {
            Self::Path(name) => Some(format!("method.request.path.{name}")),
            Self::Query(name) | Self::MultiValueQuery(name) => Some(format!("method.request.querystring.{name}")),
            Self::Header(name) | Self::MultiValueHeader(name) => Some(format!("method.request.header.{name}")),
            Self::Literal(_) | Self::StageVariable(_) | Self::Context(_) | Self::Body | Self::BodyPath(_) => None,
        }
    }

    /// Whether the value comes from the request's body.
    pub fn needs_body(&self) -> bool {
        matches!(self, Self::Body | Self::BodyPath(_))
    }

    /// The values of the source, none when it is missing. Body sources have none here: they need the body.
    pub fn values(&self, context: &Context<'_>, host: &dyn Host) -> Vec<Vec<u8>> {
        let one = |value: Option<Vec<u8>>| value.into_iter().collect();
        let header = |name: &str| {
            let headers = host.request_headers();
            let values = client::header_values(context, host, &headers, name);
            values.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
        };
        match self {
            Self::Literal(text) => vec![text.clone().into_bytes()],
            Self::StageVariable(name) => {
                one(context.api().stage_variables.get(name).map(|value| value.clone().into_bytes()))
            }
            Self::Context(variable) => one(context.get(variable).map(String::into_bytes)),
            Self::Path(name) => one(context.path_parameters().get(name).map(<[u8]>::to_vec)),
            Self::Query(name) => one(context.query().last(name).map(|value| value.as_bytes().to_vec())),
            Self::MultiValueQuery(name) => context.query().all(name).map(|value| value.as_bytes().to_vec()).collect(),
            Self::Header(name) => one(header(name).pop()),
            Self::MultiValueHeader(name) => header(name),
            Self::Body | Self::BodyPath(_) => Vec::new(),
        }
    }
}

/// Where the value of a mapped response header comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseSource {
    /// `integration.response.header.NAME`: the last value.
    Header(String),
    /// `integration.response.multivalueheader.NAME`: all values.
    MultiValueHeader(String),
    /// `integration.response.body`, the whole body.
    Body,
    /// `integration.response.body.EXPR`: a JSONPath without its `$.`.
    BodyPath(String),
    /// Text, a stage variable, or `$context`.
    Other(Source),
}

impl ResponseSource {
    /// Reads an expression; `None` when it is of no known form.
    pub fn parse(expression: &str) -> Option<Self> {
        let Some(rest) = expression.strip_prefix("integration.response.") else {
            let source = Source::parse(expression)?;
            let known = matches!(source, Source::Literal(_) | Source::StageVariable(_) | Source::Context(_));
            return known.then_some(Self::Other(source));
        };
        if let Some(rest) = rest.strip_prefix("body") {
            return body(rest).map(|path| path.map_or(Self::Body, Self::BodyPath));
        }
        match rest.split_once('.')? {
            ("header", name) if is_name(name) => Some(Self::Header(name.to_owned())),
            ("multivalueheader", name) if is_name(name) => Some(Self::MultiValueHeader(name.to_owned())),
            _ => None,
        }
    }
}

/// Where the value of a request mapping goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `integration.request.path.NAME`
    Path(String),
    /// `integration.request.querystring.NAME`
    Query(String),
    /// `integration.request.header.NAME`, in lower case.
    Header(String),
}

impl Destination {
    /// Reads a destination; `None` when it is of no known form.
    pub fn parse(text: &str) -> Option<Self> {
        let (location, name) = text.strip_prefix("integration.request.")?.split_once('.')?;
        match location {
            _ if !is_name(name) => None,
            "path" => Some(Self::Path(name.to_owned())),
            "querystring" => Some(Self::Query(name.to_owned())),
            "header" if is_header_name(name) => Some(Self::Header(name.to_ascii_lowercase())),
            _ => None,
        }
    }
}

/// What stands behind `body`: nothing for the whole body, or a path below it; `None` for anything else.
fn body(rest: &str) -> Option<Option<String>> {
    match rest.strip_prefix('.') {
        _ if rest.is_empty() => Some(None),
        Some(path) if !path.is_empty() => Some(Some(path.to_owned())),
        None if rest.starts_with('[') => Some(Some(rest.to_owned())),
        _ => None,
    }
}

/// Names of mapped parameters: `[a-zA-Z0-9._$-]+`, and `[]` as query strings often have it.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$-[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let text = |text: &str| text.to_owned();
        for (expression, expected) in [
            ("'*'", Some(Source::Literal(text("*")))),
            ("''", Some(Source::Literal(text("")))),
            ("stageVariables.host", Some(Source::StageVariable(text("host")))),
            ("context.identity.sourceIp", Some(Source::Context(text("identity.sourceIp")))),
            ("method.request.header.X-Y", Some(Source::Header(text("X-Y")))),
            ("method.request.body", Some(Source::Body)),
            ("method.request.body.items[0]", Some(Source::BodyPath(text("items[0]")))),
            ("method.request.body[0].id", Some(Source::BodyPath(text("[0].id")))),
            ("method.request.multivaluequerystring.a[]", Some(Source::MultiValueQuery(text("a[]")))),
            ("method.request.header.", None),
            ("method.request.header.a b", None),
            ("method.request.body.", None),
            ("method.request.bodyx", None),
            ("integration.response.header.x", None),
            ("'open", None),
            ("", None),
        ] {
            assert_eq!(Source::parse(expression), expected, "{expression}");
        }
    }

    #[test]
    fn response_expressions() {
        let text = |text: &str| text.to_owned();
        for (expression, expected) in [
            ("'*'", Some(ResponseSource::Other(Source::Literal(text("*"))))),
            ("integration.response.header.X-Y", Some(ResponseSource::Header(text("X-Y")))),
            ("integration.response.multivalueheader.a", Some(ResponseSource::MultiValueHeader(text("a")))),
            ("integration.response.body", Some(ResponseSource::Body)),
            ("integration.response.body.a.b", Some(ResponseSource::BodyPath(text("a.b")))),
            ("integration.response.body[1]", Some(ResponseSource::BodyPath(text("[1]")))),
            ("integration.response.header.", None),
            ("integration.response.querystring.a", None),
            ("method.request.header.x", None),
        ] {
            assert_eq!(ResponseSource::parse(expression), expected, "{expression}");
        }
    }

    #[test]
    fn destinations() {
        let text = |text: &str| text.to_owned();
        for (expression, expected) in [
            ("integration.request.path.id", Some(Destination::Path(text("id")))),
            ("integration.request.querystring.a[]", Some(Destination::Query(text("a[]")))),
            ("integration.request.header.X-Y", Some(Destination::Header(text("x-y")))),
            ("integration.request.header.a[]", None),
            ("integration.request.path.", None),
            ("method.request.path.id", None),
        ] {
            assert_eq!(Destination::parse(expression), expected, "{expression}");
        }
    }
}
