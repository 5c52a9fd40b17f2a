//! Why a request is refused, and how that looks.

use std::fmt;

use gateway::{GatewayError, Property, ProtocolType, Reply, ResponseType, Step};
use gateway::{Host, json};
use jwt::{ClaimError, TokenError};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// There is no token.
    NoToken,
    /// It cannot be read.
    Token(TokenError),
    /// Its algorithm is known, but not allowed here.
    Algorithm(&'static str),
    /// The issuer has no such key.
    UnknownKey,
    /// The signature is another's.
    Signature,
    /// The claims do not fit.
    Claim(ClaimError),
    /// An ID token where an access token is needed, or the other way round; or the wrong application's.
    TokenUse,
    /// No scope of the route.
    Scope,
    /// The issuer's keys are not known: its discovery document could not be fetched.
    Discovery,
    /// The issuer's keys are not known: they could not be fetched.
    Keys,
    /// The ARN of the method is longer than the service takes; REST APIs only.
    UriTooLong,
    /// The route is not configured.
    UnknownRoute,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str("there is no token"),
            Self::Token(error) => error.fmt(f),
            Self::Algorithm(name) => write!(f, "signing method {name} is invalid"),
            Self::UnknownKey => f.write_str("unable to find a signing key that matches the token"),
            Self::Signature => f.write_str("signature is invalid"),
            Self::Claim(error) => error.fmt(f),
            Self::TokenUse => f.write_str("the token is for another use"),
            Self::Scope => f.write_str("the token does not have a required scope"),
            Self::Discovery => f.write_str("OIDC discovery endpoint communication error"),
            Self::Keys => f.write_str("JWKS communication error"),
            Self::UriTooLong => f.write_str("the ARN of the method is too long"),
            Self::UnknownRoute => f.write_str("the route is not configured"),
        }
    }
}

impl Denial {
    /// Whether the gateway is at fault, not the caller.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Discovery | Self::Keys | Self::UnknownRoute)
    }

    /// The answer to the client.
    pub(crate) fn respond(&self, host: &dyn Host, protocol: ProtocolType, cognito: bool, scopes: &[String]) -> Step {
        match protocol {
            ProtocolType::Http => {
                self.leave_error(host);
                Step::Respond(Box::new(self.http(scopes)))
            }
            ProtocolType::Rest => Step::refuse(self.rest(cognito)),
        }
    }

    /// `$context.authorizer.error`, for access logs.
    fn leave_error(&self, host: &dyn Host) {
        let error = match self {
            Self::NoToken | Self::UnknownRoute => return,
            Self::Scope => format!("insufficient_scope: {self}"),
            _ => format!("invalid_token: {self}"),
        };
        host.set_property(Property::Authorizer, format!("{{\"error\":{}}}", json::quote(&error)).as_bytes());
    }

    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html>
    fn http(&self, scopes: &[String]) -> Reply {
        let (status, message, error) = match self {
            Self::NoToken => (401, "Unauthorized", None),
            Self::Scope => (403, "Forbidden", Some("insufficient_scope")),
            Self::UnknownRoute => (500, "Internal Server Error", None),
            _ => (401, "Unauthorized", Some("invalid_token")),
        };
        let mut reply =
            Reply { status, body: format!("{{\"message\":\"{message}\"}}").into_bytes(), ..Reply::default() };
        reply.set_header("content-type", &b"application/json"[..]);
        let challenge = match error {
            Some(error) => {
                let (scopes, description) = (scopes.join(" "), self.to_string());
                let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
                let (scopes, description) = (quoted(&scopes), quoted(&description));
                format!("Bearer scope=\"{scopes}\" error=\"{error}\" error_description=\"{description}\"")
            }
            None if status == 401 => "Bearer".to_owned(),
            None => return reply,
        };
        reply.set_header("www-authenticate", challenge.into_bytes());
        reply
    }

    fn rest(&self, cognito: bool) -> GatewayError {
        match self {
            Self::Discovery | Self::Keys | Self::UnknownRoute => {
                GatewayError::new(ResponseType::AuthorizerConfigurationError)
            }
            Self::Claim(ClaimError::Expired) => {
                GatewayError::new(ResponseType::Unauthorized).with_message("The incoming token has expired")
            }
            Self::UriTooLong => GatewayError::uri_too_long(),
            // Not documented for JWT authorizers of REST APIs: as an HTTP API says it.
            Self::Scope if !cognito => GatewayError::forbidden(),
            _ => GatewayError::new(ResponseType::Unauthorized),
        }
    }
}
