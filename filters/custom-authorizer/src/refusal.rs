//! What a refused client gets.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use gateway::policy::{DenyMessages, INVOKE};
use gateway::{GatewayError, Reply, ResponseType, Step};
use iam_policy::mask_account;

use crate::raw::Form;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// An identity source is missing, or the authorizer says that the caller is not who it claims to be.
    Unauthorized,
    /// A statement of the authorizer's policy denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
    /// The ARN of what is called is longer than the service takes.
    UriTooLong,
    /// The function failed, or took too long.
    Failed,
    /// The function cannot be called, or its answer cannot be used.
    Unusable,
}

/// The texts of the two wordings: explicit deny, no allow.
const CLASSIC: [&str; 2] = [
    "User is not authorized to access this resource with an explicit deny",
    "User is not authorized to access this resource",
];
const CURRENT: [&str; 2] = [
    "User is not authorized to access this resource with an explicit deny in an identity-based policy",
    "User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action",
];

/// Refuses a request that the resource policy of a REST API denies, in the words of the service's other layer.
pub(crate) fn by_resource_policy(method_arn: &str, messages: DenyMessages) -> Step {
    let which = match messages {
        DenyMessages::Classic => "",
        DenyMessages::Current => " in a resource-based policy",
    };
    let message = format!(
        "User: anonymous is not authorized to perform: {INVOKE} on resource: {} with an explicit deny{which}",
        mask_account(method_arn)
    );
    Step::refuse(GatewayError::new(ResponseType::AccessDenied).with_message(message))
}

impl Refusal {
    pub(crate) fn step(self, form: Form, messages: DenyMessages) -> Step {
        match form {
            // A WebSocket API's are reworded by `gateway-responses`.
            Form::Token | Form::Request | Form::WebSocket => Step::refuse(self.of_rest_api(messages)),
            Form::HttpV1 | Form::HttpV2 | Form::HttpV2Simple => Step::Respond(Box::new(self.of_http_api())),
        }
    }

    /// Whether the check could not be completed.
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::Unusable)
    }

    fn of_rest_api(self, messages: DenyMessages) -> GatewayError {
        let [explicit, implicit] = match messages {
            DenyMessages::Classic => CLASSIC,
            DenyMessages::Current => CURRENT,
        };
        let denied = GatewayError::new(ResponseType::AccessDenied);
        match self {
            Self::Unauthorized => GatewayError::new(ResponseType::Unauthorized),
            Self::ExplicitDeny => denied.with_message(explicit),
            Self::ImplicitDeny => denied.with_message(implicit),
            Self::UriTooLong => GatewayError::uri_too_long(),
            Self::Failed => GatewayError::new(ResponseType::AuthorizerFailure),
            Self::Unusable => GatewayError::new(ResponseType::AuthorizerConfigurationError),
        }
    }

    /// HTTP APIs have no gateway responses to customise.
    fn of_http_api(self) -> Reply {
        let (status, message) = match self {
            Self::Unauthorized => (401, "Unauthorized"),
            Self::ExplicitDeny | Self::ImplicitDeny => (403, "Forbidden"),
            Self::UriTooLong => (414, "Request URI too long"),
            Self::Failed | Self::Unusable => (500, "Internal Server Error"),
        };
        let body = format!("{{\"message\":\"{message}\"}}").into_bytes();
        let mut reply = Reply { status, body, ..Reply::default() };
        reply.set_header("content-type", &b"application/json"[..]);
        reply
    }
}
