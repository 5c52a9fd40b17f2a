//! What becomes of an event, for the access log, the execution log and the metrics.
//!
//! Lines are kept for a moment and then sent to an internal listener, whose access logger writes them: messages are no
//! exchanges of Envoy's.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html>

use std::collections::BTreeMap;
use std::time::Duration;

use access_log::Format;
use gateway::{Callout, ConfigError, Context, GatewayError, Host, LogLevel, Property, ResponseType, json};
use mapping_template::parts::Failure;

use crate::config::WebSocketConfig;
use crate::event::Event;
use crate::execution;
use crate::metrics::{Fault, Metrics};
use crate::raw::RawAccessLog;
use crate::worker;

/// Messages have no media type of their own.
const JSON: &str = "application/json";
/// How many bytes of lines wait for the next second before they are sent at once.
const FULL_BYTES: usize = 64 << 10;
/// How many bytes of lines wait when they cannot be sent; further ones are lost.
const MAX_BYTES: usize = 1 << 20;
/// How long the internal listener has; it has no other work.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Lines by the logger that they are for.
pub type Lines = BTreeMap<String, Vec<u8>>;

/// Where lines are written.
#[derive(Debug)]
pub struct Destination {
    /// The cluster of the internal listener that writes them.
    pub cluster: String,
    /// The path there that names the logger.
    pub logger: String,
}

/// How an API's lines read, and where they are written.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    destination: Destination,
}

impl AccessLog {
    /// Checks and reads the settings.
    ///
    /// # Errors
    /// The format is none.
    pub fn from_raw(raw: RawAccessLog) -> Result<Self, ConfigError> {
        let RawAccessLog { format, cluster, logger } = raw;
        Ok(Self { format: Format::compile(&format)?, destination: Destination { cluster, logger } })
    }
}

/// How an event has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// `status`
    pub status: u16,
    /// `error.message`
    pub message: Option<String>,
    /// `error.validationErrorString`
    pub validation: Option<String>,
    /// `integration.status`, and that of the service behind it: Lambda's own.
    pub integration: Option<(u16, u16)>,
    /// `integration.error`
    pub reason: Option<String>,
    /// Whether an integration was called, and has answered or failed.
    pub called: bool,
    /// Whose fault it was.
    pub fault: Option<Fault>,
    /// What the execution log calls it, if the gateway has refused the event or failed.
    pub failure: Option<String>,
}

impl Ending {
    /// Refused before the integration.
    pub fn refused(status: u16, message: &str) -> Self {
        Self {
            status,
            message: Some(message.to_owned()),
            fault: Some(Fault::Client),
            failure: Some(format!("Execution failed: {message}")),
            ..Self::default()
        }
    }

    /// The integration, or what is made of its answer, has failed.
    pub fn failed((status, message): (u16, &str), failure: &Failure) -> Self {
        let fault = match failure.error.response_type {
            Some(ResponseType::UnsupportedMediaType) => Fault::Client,
            Some(ResponseType::Default5xx) => Fault::Integration,
            _ => Fault::Execution,
        };
        Self {
            status,
            message: Some(message.to_owned()),
            reason: Some(failure.reason.clone()),
            fault: Some(fault),
            failure: Some(failure.sentence()),
            ..Self::default()
        }
    }

    /// A mock has answered, or nothing had to.
    pub fn given(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The integration has answered; a function's service has its own status.
    pub fn answered(status: u16, of_service: u16) -> Self {
        let fault = (status >= 400).then_some(Fault::Integration);
        Self { status, integration: Some((status, of_service)), called: true, fault, ..Self::default() }
    }

    /// A filter before this one has refused the handshake.
    pub fn of_other(status: u16, error: Option<&GatewayError>) -> Self {
        let message = error.and_then(|error| error.message.as_deref()).map(str::to_owned);
        let fault = (400..500).contains(&status).then_some(Fault::Client);
        let failure = match &message {
            Some(message) => format!("Execution failed: {message}"),
            None => format!("Gateway response with status code: {status}"),
        };
        Self { status, message, fault, failure: Some(failure), ..Self::default() }
    }

    /// With details of a validation.
    pub fn with_validation(self, details: &str) -> Self {
        let failure = format!("Request body does not match model schema for content type {JSON}: {details}");
        Self { validation: Some(details.to_owned()), failure: Some(failure), ..self }
    }
}

/// Counts an event that is over and writes its line.
pub fn note(config: &WebSocketConfig, metrics: &Metrics, event: &Event<'_>, ending: &Ending) {
    let host = event.host;
    if let Some(fault) = ending.fault {
        metrics.fault(host, fault);
    }
    if let Some(execution) = &config.execution
        && let Some(lines) = execution::lines(event, &config.api.api_id, ending)
    {
        keep(host, &execution.destination, &lines);
    }
    if !ending.called && config.access_log.is_none() {
        return;
    }
    let millis = host.now().0.saturating_sub(event.facts.time.0);
    if ending.called {
        metrics.answered(host, millis);
    }
    let Some(log) = &config.access_log else { return };
    let context = Context::new(&config.api, None, event);
    let line = log.format.render(|variable| ending.value(variable, millis).or_else(|| of_event(&context, variable)));
    keep(host, &log.destination, &line);
}

/// A variable of the event itself. A message is no request: it has no path and no verb.
fn of_event(context: &Context<'_>, variable: &str) -> Option<String> {
    match variable {
        "path" | "protocol" | "httpMethod" => None,
        _ => context.get(variable),
    }
}

impl Ending {
    fn value(&self, variable: &str, millis: u64) -> Option<String> {
        let millis = || Some(millis.to_string());
        match variable {
            "status" => Some(self.status.to_string()),
            "error.message" => self.message.clone(),
            "error.messageString" => self.message.as_deref().map(json::quote),
            "error.validationErrorString" => self.validation.clone(),
            "integration.status" => self.integration.map(|(status, _)| status.to_string()),
            "integration.integrationStatus" | "integrationStatus" => {
                self.integration.map(|(_, of_service)| of_service.to_string())
            }
            "integration.latency" | "integrationLatency" if self.called => millis(),
            "integration.error" | "integrationErrorMessage" => self.reason.clone(),
            "responseLatency" => millis(),
            _ => None,
        }
    }
}

/// Keeps lines for the next time they are sent.
fn keep(host: &dyn Host, log: &Destination, line: &str) {
    let before = worker::with_lines(|lines| {
        let lines = lines.entry(log.cluster.clone()).or_default().entry(log.logger.clone()).or_default();
        let before = lines.len();
        if before.saturating_add(line.len()) <= MAX_BYTES {
            lines.extend_from_slice(line.as_bytes());
        }
        before
    });
    let Some(before) = before else { return };
    let after = before.saturating_add(line.len());
    if after > MAX_BYTES {
        host.log(LogLevel::Error, "a line of a log is lost: they cannot be written as fast");
    } else if before < FULL_BYTES && after >= FULL_BYTES {
        worker::remind(host);
    }
}

/// Calls that bring all lines to their loggers.
pub fn callouts() -> Vec<Callout> {
    let waiting = worker::with_lines(std::mem::take).unwrap_or_default();
    let call = |cluster: &str, logger: String, body: Vec<u8>| Callout {
        cluster: cluster.to_owned(),
        connections: None,
        headers: vec![
            (":method".into(), b"POST".to_vec()),
            (":path".into(), logger.into_bytes()),
            (":authority".into(), cluster.as_bytes().to_vec()),
        ],
        body,
        timeout: TIMEOUT,
    };
    let of_cluster = |(cluster, lines): (String, Lines)| {
        lines.into_iter().map(|(logger, body)| call(&cluster, logger, body)).collect::<Vec<_>>()
    };
    waiting.into_iter().flat_map(of_cluster).collect()
}

/// The error that a filter before this one has answered a handshake with.
pub fn error_of_other(host: &dyn Host) -> Option<GatewayError> {
    GatewayError::from_property(&host.property(Property::Error)?)
}
