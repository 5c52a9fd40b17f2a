//! Integration responses: a backend's answer becomes the client's.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html>

use gateway::{ConfigError, Headers, Reply, Source};
use serde_json::Value;

use crate::body;
use crate::failure::Failure;
use crate::headers::{self, Fate};
use crate::media;
use crate::raw::{ContentHandling, RawIntegrationResponse};
use crate::request::Request;
use crate::selection::SelectionPattern;
use crate::template::Template;

/// An integration response, compiled.
#[derive(Debug)]
pub(crate) struct IntegrationResponse {
    pub(crate) status: u16,
    /// `None` for the default response.
    pub(crate) pattern: Option<SelectionPattern>,
    pub(crate) undeclared: bool,
    /// Lower-case header name and source.
    parameters: Vec<(String, ResponseSource)>,
    /// Lower-case media type and template; `None` for an empty one.
    templates: Vec<(String, Option<Template>)>,
    #[expect(dead_code, reason = "conversions come with binary media types")]
    content_handling: Option<ContentHandling>,
}

/// What a backend has answered; empty for MOCK.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Where the value of a response header comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ResponseSource {
    /// `integration.response.header.NAME`
    Header(String),
    /// `integration.response.multivalueheader.NAME`
    MultiValueHeader(String),
    /// `integration.response.body`
    Body,
    /// `integration.response.body.PATH`
    BodyPath(String),
    /// Text, a stage variable, or `$context`.
    Other(Source),
}

impl ResponseSource {
    fn parse(expression: &str) -> Option<Self> {
        if let Some(rest) = expression.strip_prefix("integration.response.") {
            return match rest.split_once('.') {
                None => (rest == "body").then_some(Self::Body),
                Some((_, "")) => None,
                Some(("header", name)) => Some(Self::Header(name.to_owned())),
                Some(("multivalueheader", name)) => Some(Self::MultiValueHeader(name.to_owned())),
                Some(("body", path)) => Some(Self::BodyPath(path.to_owned())),
                Some(_) => None,
            };
        }
        match Source::parse(expression)? {
            source @ (Source::Literal(_) | Source::StageVariable(_) | Source::Context(_)) => Some(Self::Other(source)),
            _ => None,
        }
    }

    fn value(&self, request: &Request<'_>, outcome: &Outcome) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Header(name) => Ok(outcome.headers.last(name).map(<[u8]>::to_vec)),
            Self::MultiValueHeader(name) => {
                let values: Vec<_> = outcome.headers.all(name).collect();
                Ok((!values.is_empty()).then(|| values.join(&b","[..])))
            }
            Self::Body if outcome.body.is_empty() => Ok(Some(b"{}".to_vec())),
            Self::Body => Ok(Some(outcome.body.clone())),
            Self::BodyPath(path) => {
                let json: &[u8] = if outcome.body.is_empty() { b"{}" } else { &outcome.body };
                let value: Value = serde_json::from_slice(json).map_err(|_| {
                    Failure::configuration("a response mapping reads the integration's body, which is no JSON")
                })?;
                Ok(body::text_at(&value, path))
            }
            Self::Other(source) => Ok(request.values(source)?.pop()),
        }
    }
}

impl IntegrationResponse {
    pub(crate) fn from_raw(raw: RawIntegrationResponse) -> Result<Self, ConfigError> {
        if !(100..=599).contains(&raw.status_code) {
            let message = format!("{} is no HTTP status, expected 100 to 599", raw.status_code);
            return Err(ConfigError::new("statusCode", message));
        }
        let pattern = match raw.selection_pattern.as_deref() {
            None | Some("") => None,
            Some(pattern) => Some(SelectionPattern::compile(pattern).map_err(|reason| {
                ConfigError::new("selectionPattern", format!("`{pattern}` cannot be used: {reason}"))
            })?),
        };
        let mut parameters = Vec::new();
        for (destination, source) in &raw.response_parameters {
            let below = |message: String| ConfigError::new(format!("responseParameters.{destination}"), message);
            let name = destination
                .strip_prefix("method.response.header.")
                .filter(|name| headers::is_name(name))
                .ok_or_else(|| below("is no destination, expected `method.response.header.NAME`".to_owned()))?;
            let source = ResponseSource::parse(source).ok_or_else(|| {
                below(format!(
                    "`{source}` is no source, expected 'text', context.NAME, stageVariables.NAME, integration.response.body \
                     or integration.response.{{header|multivalueheader}}.NAME"
                ))
            })?;
            parameters.push((name.to_ascii_lowercase(), source));
        }
        let template = |(media_type, text): (String, String)| {
            (media_type.trim().to_ascii_lowercase(), (!text.is_empty()).then(|| Template::compile(&text)))
        };
        Ok(Self {
            status: raw.status_code,
            pattern,
            undeclared: raw.undeclared,
            parameters,
            templates: raw.response_templates.into_iter().map(template).collect(),
            content_handling: raw.content_handling,
        })
    }

    /// The template for the first media type that the client accepts, else JSON's, else the first one.
    fn template(&self, accept: Option<&[u8]>) -> Option<(&str, &Template)> {
        let of = |wanted: &str| self.templates.iter().find(|(key, _)| key == wanted);
        let chosen = accept.and_then(|accept| of(&media::first(accept)));
        let (media_type, template) = chosen.or_else(|| of(media::JSON)).or_else(|| self.templates.first())?;
        template.as_ref().map(|template| (media_type.as_str(), template))
    }

    /// What the client gets; `media_type` is the type of a payload that no template has made.
    pub(crate) fn reply(&self, request: &Request<'_>, outcome: &Outcome, media_type: &str) -> Result<Reply, Failure> {
        let mut mapped = Vec::with_capacity(self.parameters.len());
        for (name, source) in &self.parameters {
            if let Some(value) = source.value(request, outcome)? {
                mapped.push((name.as_str(), headers::clean_value(value)));
            }
        }
        let (media_type, body) = match self.template(request.headers.first("accept")) {
            Some((media_type, template)) => (media_type, template.render()?.into_bytes()),
            None => (media_type, outcome.body.clone()),
        };
        let mut reply = Reply { status: self.status, body, ..Reply::default() };
        if !mapped.iter().any(|(name, _)| *name == "content-type") {
            reply.headers.push(("content-type".into(), media_type.as_bytes().to_vec().into()));
        }
        for (name, value) in mapped {
            match headers::mapped_response_header(name) {
                Fate::Passed => reply.headers.push((name.to_owned().into(), value.into())),
                Fate::Remapped => reply.headers.push((headers::remapped(name).into(), value.into())),
                Fate::Dropped => {}
            }
        }
        Ok(reply)
    }
}
