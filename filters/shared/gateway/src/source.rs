//! Parameter mapping sources: `method.request.header.X`, `context.requestId`, `'literal'` and the like.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use crate::{Context, Host};

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
        if expression == "method.request.body" {
            return Some(Self::Body);
        }
        type Form = fn(String) -> Source;
        const FORMS: [(&str, Form); 8] = [
            ("stageVariables.", Source::StageVariable),
            ("context.", Source::Context),
            ("method.request.path.", Source::Path),
            ("method.request.querystring.", Source::Query),
            ("method.request.multivaluequerystring.", Source::MultiValueQuery),
            ("method.request.header.", Source::Header),
            ("method.request.multivalueheader.", Source::MultiValueHeader),
            ("method.request.body.", Source::BodyPath),
        ];
        FORMS.iter().find_map(|(prefix, form)| {
            let name = expression.strip_prefix(prefix)?;
            (!name.is_empty()).then(|| form(name.to_owned()))
        })
    }

    /// Whether the value comes from the request's body.
    pub fn needs_body(&self) -> bool {
        matches!(self, Self::Body | Self::BodyPath(_))
    }

    /// The values of the source, none when it is missing. Body sources have none here: they need the body.
    pub fn values(&self, context: &Context<'_>, host: &dyn Host) -> Vec<Vec<u8>> {
        let one = |value: Option<Vec<u8>>| value.into_iter().collect();
        match self {
            Self::Literal(text) => vec![text.clone().into_bytes()],
            Self::StageVariable(name) => {
                one(context.api().stage_variables.get(name).map(|value| value.clone().into_bytes()))
            }
            Self::Context(variable) => one(context.get(variable).map(String::into_bytes)),
            Self::Path(name) => one(context.path_parameters().get(name).map(<[u8]>::to_vec)),
            Self::Query(name) => one(context.query().last(name).map(|value| value.as_bytes().to_vec())),
            Self::MultiValueQuery(name) => context.query().all(name).map(|value| value.as_bytes().to_vec()).collect(),
            Self::Header(name) => one(host.request_headers().last(name).map(<[u8]>::to_vec)),
            Self::MultiValueHeader(name) => host.request_headers().all(name).map(<[u8]>::to_vec).collect(),
            Self::Body | Self::BodyPath(_) => Vec::new(),
        }
    }
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
            ("method.request.header.", None),
            ("integration.response.header.x", None),
            ("'open", None),
            ("", None),
        ] {
            assert_eq!(Source::parse(expression), expected, "{expression}");
        }
    }
}
