//! Values of parameter mappings: literal text and variables, put together once for each request.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use gateway::{Headers, percent_decode};
use jsonpath::JsonPath;
use jsonpath::json;
use selection::{Piece, Pieces};

use crate::body;
use crate::request::Request;

/// The part of a body that mappings look at, in bytes (100 KB). What is longer is cut, and then is no JSON.
const MAX_BODY_BYTES: usize = 102_400;

/// A value, compiled.
#[derive(Debug, Default)]
pub(crate) struct Value(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Variable(Source),
}

#[derive(Debug)]
enum Source {
    RequestHeader(String),
    RequestQuery(String),
    /// The path behind the stage.
    RequestPath,
    PathParameter(String),
    RequestBody,
    RequestBodyPath(JsonPath),
    ResponseHeader(String),
    ResponseBody,
    ResponseBodyPath(JsonPath),
    Context(String),
    StageVariable(String),
}

/// What values are read from.
pub(crate) struct Scope<'a> {
    pub(crate) request: &'a Request<'a>,
    /// The integration's answer, on the way out.
    pub(crate) response: Option<Response<'a>>,
}

/// An integration's answer.
#[derive(Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) headers: &'a Headers,
    /// Empty where no value reads it.
    pub(crate) body: &'a [u8],
}

impl Value {
    /// Reads `$request.header.a`, `${request.path.name}-${context.requestId}` or plain text; variables are told from
    /// text as in selection expressions.
    ///
    /// # Errors
    /// The text of the variable that is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for piece in Pieces::of(text) {
            // The only problem is a brace that is not closed.
            match piece.map_err(|_| text.to_owned())? {
                Piece::Text(text) => match parts.last_mut() {
                    Some(Part::Text(before)) => before.push_str(text),
                    _ => parts.push(Part::Text(text.to_owned())),
                },
                Piece::Variable(name) => parts.push(Part::Variable(Source::parse(name)?)),
            }
        }
        Ok(Self(parts))
    }

    /// Whether it reads the request's body.
    pub(crate) fn reads_request_body(&self) -> bool {
        self.reads(|source| matches!(source, Source::RequestBody | Source::RequestBodyPath(_)))
    }

    /// Whether it reads the body of the integration's answer.
    pub(crate) fn reads_response_body(&self) -> bool {
        self.reads(|source| matches!(source, Source::ResponseBody | Source::ResponseBodyPath(_)))
    }

    /// Whether it reads anything of the integration's answer.
    pub(crate) fn reads_response(&self) -> bool {
        self.reads_response_body() || self.reads(|source| matches!(source, Source::ResponseHeader(_)))
    }

    fn reads(&self, wanted: impl Fn(&Source) -> bool) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Variable(source) if wanted(source)))
    }

    /// The text; `None` when the value is one variable without value. In a longer value it is empty then.
    pub(crate) fn text(&self, scope: &Scope<'_>) -> Option<Vec<u8>> {
        match self.0.as_slice() {
            [Part::Variable(variable)] => variable.text(scope),
            parts => {
                let mut out = Vec::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                        Part::Variable(variable) => out.extend(variable.text(scope).unwrap_or_default()),
                    }
                }
                Some(out)
            }
        }
    }
}

impl Source {
    fn parse(name: &str) -> Result<Self, String> {
        let unknown = || format!("${name}");
        let named = |name: &str, of: fn(String) -> Self| {
            if name.is_empty() { Err(unknown()) } else { Ok(of(name.to_owned())) }
        };
        match name {
            "request.path" => return Ok(Self::RequestPath),
            "request.body" => return Ok(Self::RequestBody),
            "response.body" => return Ok(Self::ResponseBody),
            _ => {}
        }
        for (prefix, of) in
            [("request.body", Self::RequestBodyPath as fn(JsonPath) -> Self), ("response.body", Self::ResponseBodyPath)]
        {
            let tail = name.strip_prefix(prefix);
            if let Some(path) = tail.and_then(|tail| tail.strip_prefix('.').or(tail.starts_with('[').then_some(tail))) {
                // Recursive descent and filters are not there.
                if name.contains("..") || name.contains('?') {
                    return Err(unknown());
                }
                return body::path(path).map(of).map_err(|_| unknown());
            }
        }
        for (prefix, of) in [
            ("request.header.", Self::RequestHeader as fn(String) -> Self),
            ("request.querystring.", Self::RequestQuery),
            ("request.path.", Self::PathParameter),
            ("response.header.", Self::ResponseHeader),
            ("context.", Self::Context),
            ("stageVariables.", Self::StageVariable),
        ] {
            if let Some(rest) = name.strip_prefix(prefix) {
                let rest = if prefix.ends_with("header.") { rest.to_ascii_lowercase() } else { rest.to_owned() };
                return named(&rest, of);
            }
        }
        Err(unknown())
    }

    fn text(&self, scope: &Scope<'_>) -> Option<Vec<u8>> {
        let request = scope.request;
        match self {
            Self::RequestHeader(name) => joined(request.header_values(name).iter().map(AsRef::as_ref)),
            Self::RequestQuery(name) => joined(request.query().all(name).map(str::as_bytes)),
            Self::RequestPath => Some(request.context.resource_path_as_sent().to_vec()),
            Self::PathParameter(name) => Some(percent_decode(request.path_parameters().get(name)?, false).into_bytes()),
            Self::RequestBody => (!request.body.is_empty()).then(|| request.body.clone()),
            Self::RequestBodyPath(path) => text_at(&request.body, path),
            Self::ResponseHeader(name) => joined(scope.response?.headers.all(name)),
            Self::ResponseBody => scope.response.map(|response| response.body.to_vec()).filter(|body| !body.is_empty()),
            Self::ResponseBodyPath(path) => text_at(scope.response?.body, path),
            Self::Context(name) => request.context.get(name).map(String::into_bytes),
            Self::StageVariable(name) => {
                request.context.api().stage_variables.get(name).map(|value| value.clone().into_bytes())
            }
        }
    }
}

/// What a path finds in a body.
fn text_at(body: &[u8], path: &JsonPath) -> Option<Vec<u8>> {
    let text = body.get(..body.len().min(MAX_BODY_BYTES))?;
    body::text_at(&json::parse(std::str::from_utf8(text).ok()?).ok()?, path)
}

/// The values of a repeated header or parameter; `None` when there is none.
fn joined<'v>(values: impl Iterator<Item = &'v [u8]>) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = values.collect();
    (!values.is_empty()).then(|| values.join(&b","[..]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let parts = Value::parse(text).unwrap().0;
        let shown: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable(source) => format!("<{source:?}>"),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn variables_and_text() {
        check("$request.path.id", &["<PathParameter(\"id\")>"]);
        check("/v2/$request.path.id/x", &["/v2/", "<PathParameter(\"id\")>", "/x"]);
        check("$context.stage $context.apiId", &["<Context(\"stage\")>", " ", "<Context(\"apiId\")>"]);
        check("${request.header.A}-${stageVariables.b}", &["<RequestHeader(\"a\")>", "-", "<StageVariable(\"b\")>"]);
        check("costs \\$5 a\\b", &["costs $5 a\\b"]);
        check("plain", &["plain"]);
        check("", &[]);
    }

    #[test]
    fn paths_of_bodies() {
        for text in ["$request.body[0].x", "${request.body['a}b']}", "$response.body.a[?]", "$request.body..a"] {
            assert_eq!(Value::parse(text).is_ok(), !text.contains("..") && !text.contains('?'), "{text}");
        }
    }

    #[test]
    fn what_is_no_value() {
        for text in ["$5", "${request.path.a", "$request.nothing", "$", "$request.header."] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
