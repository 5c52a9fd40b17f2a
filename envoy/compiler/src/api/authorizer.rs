//! Authorizers.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>

use custom_authorizer::Form;

use crate::source::{Span, Spanned};

/// Seconds for which the answer of a Lambda authorizer is kept when it sets nothing.
pub const DEFAULT_RESULT_TTL_SECONDS: u32 = 300;

/// An authorizer: a security scheme with `x-amazon-apigateway-authorizer`.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// Where it stands.
    pub span: Span,
    /// What kind it is.
    pub kind: Spanned<AuthorizerType>,
    /// `x-amazon-apigateway-authtype`, free text.
    pub auth_type: Option<String>,
    /// Expressions that name what identifies the caller (`method.request.header.Authorization`).
    pub identity_source: Vec<Spanned<String>>,
    /// Invocation ARN of the function.
    pub authorizer_uri: Option<Spanned<String>>,
    /// Role that invokes it.
    pub authorizer_credentials: Option<Spanned<String>>,
    /// Regular expression for the whole token.
    pub identity_validation_expression: Option<Spanned<String>>,
    /// Seconds for which an answer is kept, 0 for none; absent: [`DEFAULT_RESULT_TTL_SECONDS`].
    pub result_ttl_seconds: Option<Spanned<u32>>,
    /// User pools whose tokens are accepted.
    pub provider_arns: Vec<Spanned<String>>,
    /// Issuer and audience (HTTP APIs).
    pub jwt: Option<JwtConfiguration>,
    /// Form of the authorizer's event (HTTP APIs).
    pub payload_format_version: Option<Spanned<String>>,
    /// Whether the function may answer `{"isAuthorized": true}` (HTTP APIs).
    pub enable_simple_responses: Option<Spanned<bool>>,
}

impl Authorizer {
    /// What the function of a REST API's authorizer is told; `None` when it has none.
    pub fn form_of_rest_api(&self) -> Option<Form> {
        match *self.kind {
            AuthorizerType::Token => Some(Form::Token),
            AuthorizerType::Request => Some(Form::Request),
            AuthorizerType::CognitoUserPools | AuthorizerType::Jwt => None,
        }
    }

    /// What the function of an HTTP API's authorizer is told; `None` when it has none, or no known payload format.
    pub fn form_of_http_api(&self) -> Option<Form> {
        let simple = self.enable_simple_responses.is_some_and(|flag| *flag);
        match (*self.kind, self.payload_format_version.as_ref()?.as_str(), simple) {
            (AuthorizerType::Request, "1.0", false) => Some(Form::HttpV1),
            (AuthorizerType::Request, "2.0", false) => Some(Form::HttpV2),
            (AuthorizerType::Request, "2.0", true) => Some(Form::HttpV2Simple),
            _ => None,
        }
    }
}

/// The kinds of authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerType {
    /// A function that gets one header.
    Token,
    /// A function that gets the request.
    Request,
    /// Tokens of Cognito user pools.
    CognitoUserPools,
    /// Tokens of an OpenID issuer (HTTP APIs).
    Jwt,
}

impl AuthorizerType {
    /// The name in the REST API, in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "TOKEN",
            Self::Request => "REQUEST",
            Self::CognitoUserPools => "COGNITO_USER_POOLS",
            Self::Jwt => "JWT",
        }
    }
}

/// What a token must say (HTTP APIs).
#[derive(Clone, Debug)]
pub struct JwtConfiguration {
    /// The issuer.
    pub issuer: Option<Spanned<String>>,
    /// Audiences of which the token must have one.
    pub audience: Vec<Spanned<String>>,
}
