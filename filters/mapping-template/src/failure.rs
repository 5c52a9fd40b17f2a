//! Why an integration cannot answer: what the client gets, and what the log says.

use endpoint::CallError;
use gateway::execution::Part;
use gateway::{GatewayError, Host, LogLevel, Metric, ResponseType, Step};

/// An integration that failed. The client sees `error`, the log also `reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The gateway response.
    pub error: GatewayError,
    /// What went wrong, in lower case; never a part of a payload.
    pub reason: String,
    /// What the execution log calls it; absent: the reason.
    pub logged: Option<String>,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl Failure {
    /// 500: the integration or its mapping cannot work as configured.
    pub fn configuration(reason: impl Into<String>) -> Self {
        Self::of_request(GatewayError::new(ResponseType::ApiConfigurationError), reason)
    }

    /// A failure that is the client's own doing.
    pub fn of_request(error: GatewayError, reason: impl Into<String>) -> Self {
        Self { error, reason: reason.into(), logged: None }
    }

    /// The same, as API Gateway's execution log calls it.
    #[must_use]
    pub fn logged_as(self, reason: impl Into<String>) -> Self {
        Self { logged: Some(reason.into()), ..self }
    }

    /// Counts it, logs it, and answers the client.
    pub fn into_step(self, host: &dyn Host) -> Step {
        if let Some(log) = host.execution_log() {
            log.note(Part::Failure, &self.sentence());
        }
        if self.error.status >= 500 {
            host.count(Metric::Error);
            host.log(LogLevel::Warn, &format!("execution failed: {}", self.reason));
        } else {
            host.count(Metric::Denied);
            host.log(LogLevel::Info, &self.reason);
        }
        Step::refuse(self.error)
    }

    /// What the execution log says.
    pub fn sentence(&self) -> String {
        let reason = self.logged.clone().unwrap_or_else(|| capitalised(&self.reason));
        match self.error.response_type {
            Some(ResponseType::IntegrationTimeout) => "Execution failed due to a timeout error".to_owned(),
            Some(ResponseType::IntegrationFailure) => {
                "Execution failed due to configuration error: Network error communicating with endpoint".to_owned()
            }
            _ if self.error.status < 500 => reason,
            _ => format!("Execution failed due to configuration error: {reason}"),
        }
    }
}

/// A sentence as the execution log has them.
fn capitalised(reason: &str) -> String {
    let mut chars = reason.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
