//! `$context` once an exchange is over: what is known of the request, and what has become of it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>

use std::cell::OnceCell;

use gateway::{Api, Context, GatewayError, Host, IntegrationResult, Property, RawRoute, ResponseType, attribute, json};

/// An exchange that is over.
pub(crate) struct Exchange<'a> {
    context: Context<'a>,
    host: &'a dyn Host,
    error: OnceCell<Option<GatewayError>>,
    integration: OnceCell<IntegrationResult>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(api: &'a Api, route: Option<&'a RawRoute>, host: &'a dyn Host) -> Self {
        let context = Context::new(api, route, host);
        Self { context, host, error: OnceCell::new(), integration: OnceCell::new() }
    }

    /// The value of a variable, named without `$context.`; `None` when it is unset or unknown.
    pub(crate) fn get(&self, variable: &str) -> Option<String> {
        match variable {
            "status" => self.number(&["response", "code"]),
            "responseLength" | "dataProcessed" => self.number(&["response", "size"]),
            "responseLatency" => self.millis(&["request", "duration"]),
            "error.message" => Some(self.error()?.message.as_deref()?.to_owned()),
            "error.messageString" => Some(json::quote(self.error()?.message.as_deref()?)),
            "error.responseType" => self.error()?.response_type.map(ResponseType::name).map(str::to_owned),
            "error.validationErrorString" => Some(self.error()?.validation.clone()),
            "integration.status" => text(self.integration().status),
            "integration.integrationStatus" | "integrationStatus" => text(self.integration().integration_status),
            "integration.latency" | "integrationLatency" => text(self.integration().latency),
            "integration.requestId" | "awsEndpointRequestId" => self.integration().request_id.clone(),
            "integration.error" | "integrationErrorMessage" => self.integration().error.clone(),
            _ => self.context.get(variable),
        }
    }

    /// The gateway response that was sent, if it was one.
    fn error(&self) -> Option<&GatewayError> {
        let read = || GatewayError::from_property(&self.host.property(Property::Error)?);
        self.error.get_or_init(read).as_ref()
    }

    /// What the integration has answered: as the filter says that has called it, or as Envoy's router knows.
    fn integration(&self) -> &IntegrationResult {
        self.integration.get_or_init(|| {
            let left = self.host.property(Property::Integration);
            let of_filter = left.and_then(|json| IntegrationResult::from_property(&json));
            of_filter.or_else(|| IntegrationResult::of_router(self.host)).unwrap_or_default()
        })
    }

    fn number(&self, path: &[&str]) -> Option<String> {
        text(attribute::number(self.host, path))
    }

    fn millis(&self, path: &[&str]) -> Option<String> {
        text(attribute::millis(self.host, path))
    }
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}
