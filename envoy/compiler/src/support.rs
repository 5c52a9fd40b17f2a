//! What this project runs, in one table.
//!
//! The readers take in everything that API Gateway knows; [`crate::check`] asks here before anything starts. Where an
//! entry is no [`Support::Yes`], the text says what is missing. Whatever would leave a method more open, or answer
//! otherwise than API Gateway, is an error; a warning is for what changes nothing in the answers.

/// Something of API Gateway that a definition or the settings can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Authorizers of type TOKEN and REQUEST.
    LambdaAuthorizer,
    /// Authorizers of type COGNITO_USER_POOLS.
    CognitoAuthorizer,
    /// Authorizers of type JWT.
    JwtAuthorizer,
    /// Validators that look at the body.
    RequestBodyValidation,
    /// Validators that look for required parameters.
    RequestParameterValidation,
    /// Integration type MOCK.
    MockIntegration,
    /// Integration type HTTP_PROXY.
    HttpProxyIntegration,
    /// Integration type HTTP.
    HttpIntegration,
    /// Integration type AWS.
    AwsIntegration,
    /// Integration type AWS_PROXY.
    AwsProxyIntegration,
    /// Templates with references and directives.
    MappingTemplates,
    /// Conversion between bytes and base64 text.
    ContentHandling,
    /// Request mappings from the body.
    BodyMapping,
    /// Compression of answers.
    Compression,
    /// The execute-api endpoint switched off.
    DisabledExecuteApiEndpoint,
    /// Private APIs.
    PrivateEndpoint,
    /// The response cache.
    ResponseCache,
    /// Canary releases.
    Canary,
    /// The access log.
    AccessLog,
    /// The execution log.
    ExecutionLog,
    /// Metrics of single methods.
    DetailedMetrics,
    /// Traces.
    Tracing,
    /// A client certificate towards backends.
    ClientCertificate,
    /// A web ACL.
    WebAcl,
    /// Limits counted for a fleet.
    RateLimitService,
    /// The usage report.
    UsageReport,
}

/// Whether something is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Yes,
    /// It does not, and the API would answer otherwise: nothing starts.
    Error(&'static str),
    /// It does not, and the answers are the same without it.
    Warning(&'static str),
}

impl Feature {
    /// The table.
    pub const fn support(self) -> Support {
        use Support::{Error, Warning, Yes};
        match self {
            Self::LambdaAuthorizer | Self::CognitoAuthorizer | Self::JwtAuthorizer => Yes,

            Self::RequestBodyValidation
            | Self::RequestParameterValidation
            | Self::MockIntegration
            | Self::HttpProxyIntegration
            | Self::HttpIntegration
            | Self::AwsIntegration
            | Self::AwsProxyIntegration
            | Self::MappingTemplates
            | Self::ContentHandling
            | Self::BodyMapping => Yes,

            Self::Compression => Yes,
            Self::DisabledExecuteApiEndpoint => Error(
                "the execute-api endpoint is switched off: mount the API under a custom domain (`domainNames`) or a base path",
            ),
            Self::PrivateEndpoint => Warning("who reaches a private API is up to the network that Envoy is in"),
            Self::ResponseCache => Yes,
            Self::Canary => Yes,
            Self::AccessLog => Yes,
            Self::ExecutionLog => Yes,
            Self::DetailedMetrics => Yes,
            Self::Tracing => Yes,
            Self::ClientCertificate => Yes,
            Self::WebAcl => Warning("web ACLs are outside of this project: nothing filters requests before the API"),
            Self::RateLimitService => {
                Error("rate limit services are not supported yet, each Envoy would allow the whole limit")
            }
            Self::UsageReport => Yes,
        }
    }
}
