//! What logs and metrics say about an integration that a filter has called.

use gateway::{Answer, GatewayError, Host, IntegrationResult, Property, Reply, ResponseType, UnixMillis};

use crate::failure::Failure;

/// Headers in which AWS services name a call.
const REQUEST_IDS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

/// A call under way.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    sent: UnixMillis,
    result: IntegrationResult,
}

impl Record {
    /// A call that is sent now.
    pub(crate) fn begin(host: &dyn Host) -> Self {
        Self { sent: host.now(), result: IntegrationResult::default() }
    }

    /// Milliseconds since the call.
    pub(crate) fn millis(&self, host: &dyn Host) -> u64 {
        host.now().0.saturating_sub(self.sent.0)
    }

    /// The answer is here. Its latency is counted also where there is none, or none that can be used.
    pub(crate) fn answered(&mut self, host: &dyn Host, answer: &Answer) {
        let latency = self.millis(host);
        self.result.latency = Some(latency);
        host.set_property(Property::IntegrationLatency, latency.to_string().as_bytes());
        let Answer::Response { headers, .. } = answer else { return };
        let status = headers.first(":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        self.result.integration_status = status;
        let id = REQUEST_IDS.iter().find_map(|name| headers.first(name));
        self.result.request_id = id.map(|id| String::from_utf8_lossy(id).into_owned());
    }

    /// What the service calls its answer.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.result.request_id.clone()
    }

    /// What came of it. `of_function` is the function's own status in a Lambda proxy integration.
    pub(crate) fn end(mut self, host: &dyn Host, of_function: bool, reply: Result<&Reply, &Failure>) {
        match reply {
            Ok(reply) if of_function => self.result.status = Some(reply.status),
            Ok(_) => self.result.status = self.result.integration_status,
            Err(failure) => {
                if has_no_answer(&failure.error) {
                    self.result.integration_status = None;
                }
                self.result.status = self.result.integration_status;
                self.result.error = Some(failure.reason.clone());
            }
        }
        host.set_property(Property::Integration, &self.result.to_property());
    }
}

/// Whether the answer was made up by Envoy, for a call that failed.
fn has_no_answer(error: &GatewayError) -> bool {
    matches!(error.response_type, Some(ResponseType::IntegrationFailure | ResponseType::IntegrationTimeout))
}
