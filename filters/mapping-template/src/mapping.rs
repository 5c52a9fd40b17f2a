//! The mapping of integrations that are not just proxied: which template, which integration response, which headers.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-data-transformations.html>

use gateway::media::BinaryMediaTypes;
use gateway::{ConfigError, GatewayError, Reply, ResponseType};

use crate::answer::Outcome;
use crate::content::{self, Payload};
use crate::failure::Failure;
use crate::headers::Kind;
use crate::mock;
use crate::overrides::Overrides;
use crate::parameters::{Mapped, RequestParameters};
use crate::raw::{ContentHandling, PassthroughBehavior, RawMapping};
use crate::request::Request;
use crate::response::IntegrationResponse;
use crate::selection;
use crate::template::Template;

/// A mapping, compiled.
#[derive(Debug)]
pub(crate) struct Mapping {
    parameters: RequestParameters,
    /// Lower-case media type, or `$default`, and template; `None` for an empty one.
    templates: Vec<(String, Option<Template>)>,
    passthrough: PassthroughBehavior,
    content_handling: Option<ContentHandling>,
    /// In status order.
    responses: Vec<IntegrationResponse>,
}

/// What goes to the backend.
pub(crate) struct Prepared {
    /// Mapped parameters, overrides applied.
    pub(crate) mapped: Mapped,
    /// The rendered template, or the converted body.
    pub(crate) payload: Payload,
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
            content_handling: raw.content_handling,
            responses,
        })
    }

    /// The templates that cannot be rendered: where they stand, and why.
    pub(crate) fn problems(&self) -> Vec<String> {
        let of = |key: &str, templates: &[(String, Option<Template>)]| {
            let problem = |(media_type, template): &(String, Option<Template>)| {
                let problem = template.as_ref()?.problem()?;
                Some(format!("{key}.{media_type}: {problem}"))
            };
            templates.iter().filter_map(problem).collect::<Vec<_>>()
        };
        let mut problems = of("requestTemplates", &self.templates);
        for response in &self.responses {
            let key = format!("integrationResponses ({}).responseTemplates", response.status);
            problems.extend(of(&key, response.templates()));
        }
        problems
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
    pub(crate) fn select(&self, subject: &str, status: i64) -> Result<&IntegrationResponse, Failure> {
        let candidates = self.responses.iter().map(|response| (response.pattern.as_ref(), response.status));
        selection::select(candidates, subject, status)
            .and_then(|index| self.responses.get(index))
            .filter(|response| !response.undeclared)
            .ok_or_else(|| {
                let logged = "No match for output mapping and no default output mapping configured";
                Failure::configuration("no integration response, or none that the method declares, fits the output")
                    .logged_as(format!("{logged}. Endpoint Response Status Code: {status}"))
            })
    }

    /// What the mapping makes of a request: mapped parameters, and the payload.
    ///
    /// # Errors
    /// 415 for a content type without template, 400 or 500 for a mapping or template that fails.
    pub(crate) fn prepare(
        &self,
        request: &mut Request<'_>,
        binary: &BinaryMediaTypes,
        overrides: &mut Overrides,
    ) -> Result<Prepared, Failure> {
        let mut mapped = self.parameters.map(request)?;
        let template = self.template(&request.media_type())?;
        let is_binary = binary.matches_content_type(request.headers.last("content-type"));
        let body = std::mem::take(&mut request.body);
        let payload = content::convert_request(body, is_binary, self.content_handling)?;
        let Some(template) = template else { return Ok(Prepared { mapped, payload }) };
        let Payload::Text(input) = payload else {
            return Err(Failure::configuration("a request template cannot read a binary payload"));
        };
        let text = template.render(request, &input, overrides)?;
        overrides.apply_to_request(&mut mapped);
        Ok(Prepared { mapped, payload: Payload::Text(text) })
    }

    /// Answers a request of a MOCK integration.
    pub(crate) fn mock(
        &self,
        request: &mut Request<'_>,
        binary: &BinaryMediaTypes,
        overrides: &mut Overrides,
    ) -> Result<Reply, Failure> {
        let Prepared { payload, .. } = self.prepare(request, binary, overrides)?;
        let status = mock::status_code(&payload.into_bytes())?;
        let response = self.select(&status.to_string(), status)?;
        response.reply(request, Outcome::default(), false, binary, overrides)
    }
}
