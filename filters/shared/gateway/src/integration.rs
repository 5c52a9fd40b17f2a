//! What became of a request's integration: `$context.integration.*` and its aliases in logs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>

use serde::{Deserialize, Serialize};

use crate::{Host, attribute};

/// What an integration has answered, for logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResult {
    /// The backend's status; of a Lambda proxy integration, the `statusCode` that the function returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The status of the service behind the integration: Lambda's own, 200 also when the function returns 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_status: Option<u16>,
    /// From the call to its answer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<u64>,
    /// The id that an AWS service has given the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why the integration failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl IntegrationResult {
    /// What was written as JSON into [`crate::Property::Integration`].
    pub fn from_property(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// What Envoy's router got from the backend; `None` when the response is not of a backend.
    pub fn of_router(host: &dyn Host) -> Option<Self> {
        if !attribute::is_forwarded(host) {
            return None;
        }
        let status = attribute::number(host, &["response", "code"]).and_then(|status| u16::try_from(status).ok());
        let latency = attribute::millis(host, &["response", "backend_latency"]);
        Some(Self { status, integration_status: status, latency, ..Self::default() })
    }

    /// The JSON for [`crate::Property::Integration`].
    pub fn to_property(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_property_keeps_the_result() {
        let full = IntegrationResult {
            status: Some(500),
            integration_status: Some(200),
            latency: Some(12),
            request_id: Some("r1".to_owned()),
            error: Some("\"quoted\"".to_owned()),
        };
        for result in [full, IntegrationResult::default()] {
            assert_eq!(IntegrationResult::from_property(&result.to_property()), Some(result));
        }
    }
}
