//! API Gateway's metrics of WebSocket APIs, by API and stage, and by route where it has metrics of its own.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>

use gateway::{Api, Host, statistic};

/// Names of an API's or route's statistics.
#[derive(Debug)]
pub struct Metrics {
    connects: String,
    messages: String,
    integration_errors: String,
    client_errors: String,
    execution_errors: String,
    integration_latency: String,
}

/// What ended badly, and whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client's: refused before the integration.
    Client,
    /// The integration has answered with 4xx or 5xx, or its function has failed.
    Integration,
    /// It could not be called, or what it answered could not be used.
    Execution,
}

impl Metrics {
    /// Those of an API at its stage, or of one of its routes.
    pub fn new(api: &Api, route_key: Option<&str>) -> Self {
        let of_api = [("ApiId", api.api_id.as_str()), ("Stage", api.stage.as_str())];
        let name = |metric: &str| statistic(metric, of_api.into_iter().chain(route_key.map(|key| ("Route", key))));
        Self {
            connects: name("ConnectCount"),
            messages: name("MessageCount"),
            integration_errors: name("IntegrationError"),
            client_errors: name("ClientError"),
            execution_errors: name("ExecutionError"),
            integration_latency: name("IntegrationLatency"),
        }
    }

    /// A handshake has come to its route's integration, or needs none.
    pub fn connected(&self, host: &dyn Host) {
        host.add(&self.connects, 1);
    }

    /// A message has come from the client, or goes to it.
    pub fn message(&self, host: &dyn Host) {
        host.add(&self.messages, 1);
    }

    /// An event has ended badly.
    pub fn fault(&self, host: &dyn Host, fault: Fault) {
        let counter = match fault {
            Fault::Client => &self.client_errors,
            Fault::Integration => &self.integration_errors,
            Fault::Execution => &self.execution_errors,
        };
        host.add(counter, 1);
    }

    /// An integration has answered.
    pub fn answered(&self, host: &dyn Host, millis: u64) {
        host.record(&self.integration_latency, millis);
    }
}
