//! The mapping of integrations that are not just proxied: which template, which integration response, which headers.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-data-transformations.html>

use gateway::{ConfigError, GatewayError, Reply, ResponseType};

use crate::failure::Failure;
use crate::headers::Kind;
use crate::media;
use crate::mock;
use crate::parameters::RequestParameters;
use crate::raw::{PassthroughBehavior, RawMapping};
use crate::request::Request;
use crate::response::{IntegrationResponse, Outcome};
use crate::selection;
use crate::template::Template;

/// A mapping, compiled.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) parameters: RequestParameters,
    /// Lower-case media type, or `$default`, and template; `None` for an empty one.
    templates: Vec<(String, Option<Template>)>,
    passthrough: PassthroughBehavior,
    /// In status order.
    responses: Vec<IntegrationResponse>,
}

impl Mapping {
    pub(crate) fn from_raw(raw: RawMapping, kind: Kind) -> Result<Self, ConfigError> {
        let parameters = RequestParameters::from_raw(&raw.request_parameters, kind)
            .map_err(|error| error.below("requestParameters"))?;
        let template = |(media_type, text): (String, String)| {
            (media_type.trim().to_ascii_lowercase(), (!text.is_empty()).then(|| Template::compile(&text)))
        };
        let mut responses = Vec::new();
        for (index, response) in raw.integration_responses.into_iter().enumerate() {
            let compiled = IntegrationResponse::from_raw(response)
                .map_err(|error| error.below(&format!("integrationResponses[{index}]")))?;
            responses.push(compiled);
        }
        responses.sort_by_key(|response: &IntegrationResponse| response.status);
        Ok(Self {
            parameters,
            templates: raw.request_templates.into_iter().map(template).collect(),
            passthrough: raw.passthrough_behavior,
            responses,
        })
    }

    /// The template for a body of this media type; `Ok(None)` lets the body pass.
    ///
    /// # Errors
    /// 415: there is none, and the body must not pass.
    fn template(&self, media_type: &str) -> Result<Option<&Template>, Failure> {
        let of = |wanted: &str| self.templates.iter().find(|(key, _)| key == wanted).map(|(_, template)| template);
        if let Some(template) = of(media_type).or_else(|| of("$default")) {
            return Ok(template.as_ref());
        }
        match self.passthrough {
            PassthroughBehavior::WhenNoMatch => Ok(None),
            PassthroughBehavior::WhenNoTemplates if self.templates.is_empty() => Ok(None),
            PassthroughBehavior::WhenNoTemplates | PassthroughBehavior::Never => {
                let error = GatewayError::new(ResponseType::UnsupportedMediaType);
                Err(Failure::of_request(error, "no request template for this content type"))
            }
        }
    }

    /// The integration response for a backend's answer.
    fn select(&self, subject: &str, status: i64) -> Result<&IntegrationResponse, Failure> {
        let candidates = self.responses.iter().map(|response| (response.pattern.as_ref(), response.status));
        selection::select(candidates, subject, status)
            .and_then(|index| self.responses.get(index))
            .filter(|response| !response.undeclared)
            .ok_or_else(|| {
                Failure::configuration("no integration response, or none that the method declares, fits the output")
            })
    }

    /// Answers a request of a MOCK integration.
    pub(crate) fn mock(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        self.parameters.map(request)?;
        let rendered = match self.template(&request.media_type())? {
            Some(template) => template.render()?.into_bytes(),
            None => request.body.clone(),
        };
        let status = mock::status_code(&rendered)?;
        let response = self.select(&status.to_string(), status)?;
        let outcome = Outcome::default();
        response.reply(request, &outcome, media::JSON)
    }
}
