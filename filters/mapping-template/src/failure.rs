//! Why an integration cannot answer: what the client gets, and what the log says.

use endpoint::CallError;
use gateway::{GatewayError, Host, LogLevel, Metric, ResponseType, Step};

/// An integration that failed. The client sees `error`, the log also `reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The gateway response.
    pub error: GatewayError,
    /// What went wrong, in lower case; never a part of a payload.
    pub reason: String,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl Failure {
    /// 500: the integration or its mapping cannot work as configured.
    pub fn configuration(reason: impl Into<String>) -> Self {
        Self { error: GatewayError::new(ResponseType::ApiConfigurationError), reason: reason.into() }
    }

    /// A failure that is the client's own doing.
    pub fn of_request(error: GatewayError, reason: impl Into<String>) -> Self {
        Self { error, reason: reason.into() }
    }

    /// Counts it, logs it, and answers the client.
    pub fn into_step(self, host: &dyn Host) -> Step {
        if self.error.status >= 500 {
            host.count(Metric::Error);
            host.log(LogLevel::Warn, &format!("execution failed: {}", self.reason));
        } else {
            host.count(Metric::Denied);
            host.log(LogLevel::Info, &self.reason);
        }
        Step::refuse(self.error)
    }
}
