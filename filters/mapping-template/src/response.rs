//! Integration responses: a backend's answer becomes the client's.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html>

use gateway::media::{self, BinaryMediaTypes};
use gateway::{ConfigError, Reply, ResponseSource, is_header_name};
use indexmap::IndexMap;
use jsonpath::JsonPath;
use jsonpath::json::{self, Json, Object};

use crate::answer::Outcome;
use crate::body;
use crate::content::{self, Payload};
use crate::failure::Failure;
use crate::headers::{self, Fate};
use crate::http_proxy::MAX_MAPPED_BYTES;
use crate::lambda;
use crate::overrides::Overrides;
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
    parameters: ResponseParameters,
    /// Media type, as it is sent, and template; `None` for an empty one.
    templates: Vec<(String, Option<Template>)>,
    content_handling: Option<ContentHandling>,
}

/// Headers of a response that are mapped.
#[derive(Debug, Default)]
pub struct ResponseParameters(Vec<Header>);

/// A mapped header.
#[derive(Debug)]
struct Header {
    /// In lower case.
    name: String,
    source: ResponseSource,
    /// The path of [`ResponseSource::BodyPath`], compiled.
    path: Option<JsonPath>,
}

impl Header {
    /// Reads an expression.
    ///
    /// # Errors
    /// Why it is none.
    fn parse(name: &str, expression: &str) -> Result<Self, String> {
        let source = ResponseSource::parse(expression).ok_or_else(|| no_source(expression))?;
        let mut path = None;
        match &source {
            ResponseSource::BodyPath(expression) => {
                path = Some(body::path(expression).map_err(|error| error.to_string())?);
            }
            // The gateway's own marks are no backend's headers.
            ResponseSource::Header(name) | ResponseSource::MultiValueHeader(name)
                if headers::is_internal(&name.to_ascii_lowercase()) =>
            {
                return Err(no_source(expression));
            }
            _ => {}
        }
        Ok(Self { name: name.to_ascii_lowercase(), source, path })
    }
}

fn no_source(expression: &str) -> String {
    format!(
        "`{expression}` is no source, expected 'text', context.NAME, stageVariables.NAME, integration.response.body or \
         integration.response.{{header|multivalueheader}}.NAME"
    )
}

/// A backend's body as JSON, for mappings.
///
/// The error message of a function may itself be JSON; its members can be mapped then.
fn document<'d>(text: &'d str, error_message: Option<&'d str>) -> Result<Json<'d>, Failure> {
    let parsed = json::parse(if text.is_empty() { body::EMPTY } else { text });
    let parsed = parsed
        .map_err(|_| Failure::configuration("a response mapping reads the integration's body, which is no JSON"))?;
    let Some(message) = error_message.and_then(|message| json::parse(message).ok()) else { return Ok(parsed) };
    let Json::Object(object) = parsed else { return Ok(parsed) };
    let mut message = Some(message);
    let replace = |(name, value)| {
        let replaced = if name == "errorMessage" { message.take() } else { None };
        (name, replaced.unwrap_or(value))
    };
    Ok(Json::Object(Object::from_members(object.into_members().into_iter().map(replace).collect())))
}

impl ResponseParameters {
    /// Reads destination → source; a destination is `prefix` and a header's name.
    ///
    /// # Errors
    /// The first entry that is no mapping.
    pub fn from_raw(raw: &IndexMap<String, String>, prefix: &str) -> Result<Self, ConfigError> {
        let mut parameters = Vec::new();
        for (destination, source) in raw {
            let wrong = |message: String| ConfigError::new(destination.as_str(), message);
            let name = destination
                .strip_prefix(prefix)
                .filter(|name| is_header_name(name))
                .ok_or_else(|| wrong(format!("is no destination, expected `{prefix}NAME`")))?;
            parameters.push(Header::parse(name, source).map_err(wrong)?);
        }
        Ok(Self(parameters))
    }

    /// The headers for a backend's answer; `of_function` says that it is a Lambda function's.
    ///
    /// # Errors
    /// A source reads the body, which is no JSON.
    pub fn map(
        &self,
        request: &Request<'_>,
        outcome: &Outcome,
        of_function: bool,
    ) -> Result<Vec<(&str, Vec<u8>)>, Failure> {
        let text = String::from_utf8_lossy(&outcome.body);
        let error_message = if of_function { lambda::error_message(&outcome.body) } else { None };
        let document = match self.0.iter().any(|header| header.path.is_some()) {
            true => document(&text, error_message.as_deref())?,
            false => Json::Null,
        };
        let mut mapped = Vec::with_capacity(self.0.len());
        for Header { name, source, path } in &self.0 {
            let value = match source {
                ResponseSource::Header(name) => outcome.headers.last(name).map(<[u8]>::to_vec),
                ResponseSource::MultiValueHeader(name) => {
                    let values: Vec<_> = outcome.headers.all(name).collect();
                    (!values.is_empty()).then(|| values.join(&b","[..]))
                }
                ResponseSource::Body if outcome.body.is_empty() => Some(body::EMPTY.as_bytes().to_vec()),
                ResponseSource::Body => Some(outcome.body.clone()),
                ResponseSource::BodyPath(_) => path.as_ref().and_then(|path| body::text_at(&document, path)),
                ResponseSource::Other(source) => request.values(source).pop(),
            };
            if let Some(value) = value.filter(|value| value.len() <= MAX_MAPPED_BYTES) {
                mapped.push((name.as_str(), headers::clean_value(value)));
            }
        }
        Ok(mapped)
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
        let parameters = ResponseParameters::from_raw(&raw.response_parameters, "method.response.header.")
            .map_err(|error| error.below("responseParameters"))?;
        let template = |(media_type, text): (String, String)| {
            (media_type.trim().to_owned(), (!text.is_empty()).then(|| Template::compile(&text)))
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

    /// All templates, by media type.
    pub(crate) fn templates(&self) -> &[(String, Option<Template>)] {
        &self.templates
    }

    /// The template for the first media type that the client accepts, else JSON's, else the first one.
    fn template(&self, accept: Option<&[u8]>) -> Option<(&str, &Template)> {
        let of = |wanted: &str| self.templates.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
        let chosen = accept.and_then(|accept| of(&media::first(accept)));
        let (media_type, template) = chosen.or_else(|| of(media::JSON)).or_else(|| self.templates.first())?;
        template.as_ref().map(|template| (media_type.as_str(), template))
    }

    /// What the client gets. `of_function` says that the outcome is a Lambda function's.
    pub(crate) fn reply(
        &self,
        request: &Request<'_>,
        outcome: Outcome,
        of_function: bool,
        binary: &BinaryMediaTypes,
        overrides: &mut Overrides,
    ) -> Result<Reply, Failure> {
        let mapped = self.parameters.map(request, &outcome, of_function)?;
        let accept = request.headers.first("accept");
        let is_binary = binary.matches_content_type(outcome.headers.last("content-type"));
        let accepted = binary.matches_accept(accept);
        let payload = content::convert_response(outcome.body, is_binary, self.content_handling, accepted)?;
        let (media_type, body) = match (self.template(accept), payload) {
            (Some((media_type, template)), Payload::Text(input)) => {
                (media_type, template.render(request, &input, overrides)?.into_bytes())
            }
            (Some(_), Payload::Binary(_)) => {
                return Err(Failure::configuration("a response template cannot read a binary payload"));
            }
            (None, payload) => (media::JSON, payload.into_bytes()),
        };
        let mut reply = Reply { status: overrides.status().unwrap_or(self.status), body, ..Reply::default() };
        reply.set_header("content-type", media_type.as_bytes().to_vec());
        let mapped = mapped.into_iter().map(|(name, value)| (name.to_owned(), vec![value]));
        for (name, values) in mapped.chain(overrides.response_headers()) {
            let name = match headers::mapped_response_header(&name) {
                Fate::Passed => name,
                Fate::Remapped => headers::remapped(&name),
                Fate::Dropped => continue,
            };
            reply.headers.retain(|(other, _)| *other != name);
            reply.headers.extend(values.into_iter().map(|value| (name.clone().into(), value.into())));
        }
        Ok(reply)
    }
}
