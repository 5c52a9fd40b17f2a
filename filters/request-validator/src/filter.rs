//! One request's way through the filter.

use std::rc::Rc;

use gateway::{
    Body, ConfigError, Filter, GatewayError, Host, LogLevel, MAX_PAYLOAD_BYTES, Metric, ResponseType, Step, Stream,
};

use crate::config::{RequestValidator, Route};
use crate::raw::RawConfig;
use crate::schema::{self, Model, Verdict};

/// What a body that is no JSON is told.
///
/// Not documented: API Gateway's own text is unknown.
const NOT_JSON: &str = "[Unable to parse body as JSON]";

impl Filter for RequestValidator {
    const NAME: &'static str = "request-validator";
    type Raw = RawConfig;
    type Stream = ValidatorStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        for model in self.models.endless() {
            let message = format!("model `{model}` refers to itself without end; what needs it fails");
            host.log(LogLevel::Error, &format!("{}: {message}", Self::NAME));
        }
        Ok(())
    }

    fn stream(self: &Rc<Self>) -> ValidatorStream {
        ValidatorStream { filter: Rc::clone(self), model: None }
    }
}

/// One request.
pub struct ValidatorStream {
    filter: Rc<RequestValidator>,
    /// What the body is checked against, once it is whole.
    model: Option<Rc<Model>>,
}

impl Stream for ValidatorStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let route = self.filter.route(host);
        if let Some(reason) = &route.misconfigured {
            return broken(host, reason);
        }
        if let Some(refusal) = self.missing_parameters(host, &route) {
            return refusal;
        }
        if !route.checks_bodies() {
            host.count(Metric::Allowed);
            return Step::Continue;
        }
        // Envoy joins several of them to one.
        let content_type = host.request_header("content-type");
        let Some(model) = route.model(content_type.as_deref(), &self.filter.binary) else {
            host.count(Metric::Allowed);
            return Step::Continue;
        };
        if end_of_stream {
            return check(host, model, &[]);
        }
        self.model = Some(Rc::clone(model));
        Step::Buffer
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        let Some(model) = self.model.take() else { return Step::Continue };
        if body.bytes > MAX_PAYLOAD_BYTES {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::new(ResponseType::RequestTooLarge));
        }
        check(host, &model, &host.request_body(MAX_PAYLOAD_BYTES))
    }
}

impl ValidatorStream {
    fn missing_parameters(&self, host: &dyn Host, route: &Route) -> Option<Step> {
        if route.required.is_empty() {
            return None;
        }
        let missing = route.required.missing(&self.filter.api, &route.resource_path, host);
        if missing.is_empty() {
            return None;
        }
        host.count(Metric::Denied);
        let message = format!("Missing required request parameters: [{}]", missing.join(", "));
        Some(Step::refuse(GatewayError::new(ResponseType::BadRequestParameters).with_message(message)))
    }
}

/// Checks a whole body.
fn check(host: &dyn Host, model: &Model, body: &[u8]) -> Step {
    let verdict = match schema::Body::read(body) {
        Some(body) => model.check(&body),
        None => Verdict::Invalid(NOT_JSON.to_owned()),
    };
    match verdict {
        Verdict::Valid => {
            host.count(Metric::Allowed);
            Step::Continue
        }
        Verdict::Invalid(details) => {
            host.count(Metric::Denied);
            Step::refuse(GatewayError::new(ResponseType::BadRequestBody).with_validation(details))
        }
        Verdict::Endless => broken(host, "the model refers to itself without end"),
    }
}

/// Refuses what cannot be checked.
fn broken(host: &dyn Host, reason: &str) -> Step {
    host.count(Metric::Error);
    host.log(LogLevel::Error, &format!("{}: {reason}", RequestValidator::NAME));
    Step::refuse(GatewayError::new(ResponseType::ApiConfigurationError))
}
