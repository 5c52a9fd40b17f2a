//! The execution log of an event: what became of it, step by step, in API Gateway's words.
//!
//! An event whose route has such a log carries one through its integration ([`Facts::log`](crate::event::Facts::log)); all others
//! carry none, and nothing is put together for them. When the event is over the lines go the way of the access log.
//!
//! Not documented: the sentences are those that users of API Gateway quote.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html>

use std::rc::Rc;

use gateway::execution::{ExecutionLog, Part, Redaction, Verbosity};
use gateway::{ConfigError, Host, Query};

use crate::answer::Given;
use crate::config::{Route, WebSocketConfig};
use crate::event::{Event, Kind};
use crate::journal::{Destination, Ending};
use crate::raw::{LoggingLevel, RawExecutionLog};

/// The stage's execution log.
#[derive(Debug)]
pub struct Execution {
    /// Where lines go.
    pub destination: Destination,
    /// How much is logged of events without a route.
    default: Option<Verbosity>,
    secrets: Rc<[String]>,
}

impl Execution {
    /// Checks and reads the settings.
    ///
    /// # Errors
    /// There is no place for the lines.
    pub fn from_raw(raw: RawExecutionLog) -> Result<Self, ConfigError> {
        if raw.cluster.is_empty() {
            return Err(ConfigError::new("cluster", "names no cluster"));
        }
        Ok(Self {
            destination: Destination { cluster: raw.cluster, logger: raw.logger },
            default: verbosity(raw.logging_level, raw.data_trace_enabled),
            secrets: raw.secrets.iter().map(|name| name.to_ascii_lowercase()).collect(),
        })
    }

    /// What is secret in the handshake that `host` holds, and on the connection from then on.
    pub fn secrets_of(&self, host: &dyn Host) -> Redaction {
        let redaction = Redaction::new(Rc::clone(&self.secrets));
        let headers = host.request_headers();
        for (name, value) in headers.iter() {
            redaction.learn(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        }
        Query::of_target(headers.first(":path").unwrap_or_default())
            .iter()
            .for_each(|(name, value)| redaction.learn(name, value));
        redaction
    }

    /// The log of an event on `route`; `None` where it has none. A connection whose secrets are not known, because there
    /// was no log when it came, has no data in it.
    fn log(&self, route: Option<&Route>, secrets: Option<&Redaction>) -> Option<ExecutionLog> {
        let verbosity = route.map_or(self.default, |route| route.logging)?;
        let redaction = secrets.cloned().unwrap_or_else(|| Redaction::new(Rc::clone(&self.secrets)));
        Some(ExecutionLog::new(Verbosity { data: verbosity.data && secrets.is_some(), ..verbosity }, redaction))
    }
}

/// How much a route logs; `None` for nothing.
pub fn verbosity(level: Option<LoggingLevel>, data: bool) -> Option<Verbosity> {
    Some(Verbosity { info: level? == LoggingLevel::Info, data })
}

/// The log of an event that has just come, where it has one; `body` is the message.
pub fn begin(
    config: &WebSocketConfig,
    route: Option<&Route>,
    secrets: Option<&Redaction>,
    event: &Event<'_>,
    body: &str,
) -> Option<ExecutionLog> {
    let log = config.execution.as_ref()?.log(route, secrets)?;
    if log.wants_info() {
        note_event(&log, event, &config.api.api_id, body);
    }
    Some(log)
}

fn note_event(log: &ExecutionLog, event: &Event<'_>, api_id: &str, body: &str) {
    let (session, host) = (event.session, event.host);
    match event.facts.kind {
        Kind::Connect => {
            let user_agent = session.user_agent.as_deref().unwrap_or("null");
            let client = format!("Client [UserAgent: {user_agent}, SourceIp: {}]", session.source_ip);
            log.note(Part::Request, &format!("{client} is connecting to WebSocket API [{api_id}]."));
            if log.wants_data() {
                let headers = host.request_headers();
                let query = Query::of_target(headers.first(":path").unwrap_or_default());
                let query = query.iter().map(|(name, value)| (name, value.as_bytes()));
                log.note_map(Part::Request, "Method request query string", query);
                log.note_headers(Part::Request, "Method request headers", headers.iter());
            }
        }
        Kind::Message(_) => {
            let client = format!("client [Connection Id: {}]", session.connection_id);
            log.note(Part::Request, &format!("WebSocket API [{api_id}] received message from {client}."));
            if log.wants_data() {
                log.note_body(Part::RequestBody, "Method request body before transformations", body.as_bytes());
            }
        }
        Kind::Disconnect(_) => {}
    }
}

/// Notes what the client gets of what an integration gives.
pub fn note_given(event: &Event<'_>, given: &Given) {
    if let Some(log) = event.facts.log.as_ref().filter(|log| log.wants_data()) {
        log.note_body(Part::Response, "Method response body after transformations", &given.body);
    }
}

/// The lines of an event that is over; `None` where nothing of it is logged.
pub fn lines(event: &Event<'_>, api_id: &str, ending: &Ending) -> Option<String> {
    let (facts, session) = (event.facts, event.session);
    let log = facts.log.as_ref()?;
    if let Some(failure) = &ending.failure {
        log.note(Part::Failure, failure);
    } else if !log.wants_info() {
        return None;
    }
    let mut first = vec![format!("Extended Request Id: {}", facts.request_id)];
    let mut last = Vec::new();
    if log.wants_info() {
        first.push(format!("Starting execution for request: {}", facts.request_id));
        if !facts.route_key.is_empty() {
            first.push(format!("WebSocket Request Route: [{}]", facts.route_key));
        }
        let client = format!("[Connection Id: {}]", session.connection_id);
        let status = ending.status;
        last.extend(match &facts.kind {
            Kind::Connect if (200..300).contains(&status) => {
                Some(format!("Client {client} connected to API [{api_id}] successfully."))
            }
            Kind::Message(_) if ending.called || ending.failure.is_none() => Some(format!(
                "Message from client {client} sent to API [{api_id}] with response status code [{status}]."
            )),
            Kind::Disconnect(end) => {
                let (code, reason) = (end.status(), end.reason());
                Some(format!("Client {client} disconnected from API [{api_id}]. Close reason: [{code}: {reason}]"))
            }
            Kind::Connect | Kind::Message(_) => None,
        });
    }
    Some(log.render(&facts.request_id, &first, &last))
}
