//! What watches a listener's requests: loggers and the tracer.

use gateway_responses::SAMPLING_HEADER;
use serde_json::{Value, json};

use super::listener::early_header;

/// Loggers and the tracer of a listener.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observers {
    /// Loggers, in the order in which they run.
    pub access_log: Vec<Value>,
    /// The tracer.
    pub tracing: Option<Value>,
    /// Whether requests get a random number that decides whether they are sampled.
    pub draws: bool,
}

impl Observers {
    /// Adds them to a connection manager.
    pub(super) fn write(&self, manager: &mut Value) {
        manager["access_log"] = json!(self.access_log);
        if let Some(tracing) = &self.tracing {
            manager["tracing"] = tracing.clone();
            // Its own decision would be made by a request id, which the gateway's requests do not have.
            manager["request_id_extension"] = json!({"typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                "pack_trace_reason": false,
                "use_request_id_for_trace_sampling": false,
            }});
        }
        let mutations = &mut manager["early_header_mutation_extensions"][0]["typed_config"]["mutations"];
        if let Some(mutations) = mutations.as_array_mut().filter(|_| self.draws) {
            mutations.push(early_header(SAMPLING_HEADER, "%UNIQUE_ID%"));
        }
    }
}
