//! Methods: what a request must bring, and what may come back.

use std::fmt;

use indexmap::IndexMap;

use super::Integration;
use crate::source::{Span, Spanned};

/// The verb of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HttpMethod {
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// The catch-all: stands for exactly the seven others.
    Any,
}

impl HttpMethod {
    /// The seven verbs, without `ANY`.
    pub const VERBS: [Self; 7] =
        [Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// The name, in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Any => "ANY",
        }
    }

    /// The verb of that name, in capitals, `ANY` included.
    pub fn parse(name: &str) -> Option<Self> {
        Self::VERBS.into_iter().chain([Self::Any]).find(|verb| verb.as_str() == name)
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A method of a resource.
#[derive(Clone, Debug)]
pub struct Method {
    /// The verb in the document.
    pub span: Span,
    /// The verb, or `ANY`.
    pub http_method: HttpMethod,
    /// `operationId`; shows up in `$context.operationName`.
    pub operation_name: Option<String>,
    /// Who may call it.
    pub authorization: Authorization,
    /// Where the document asks for an API key; absent: it asks for none.
    pub api_key_required: Option<Span>,
    /// Declared parameters (`method.request.querystring.page`) and whether they are required.
    pub request_parameters: IndexMap<String, Spanned<bool>>,
    /// The model of the body for each media type.
    pub request_models: IndexMap<String, ModelReference>,
    /// The validator in force, its own or the API's.
    pub request_validator: Option<Spanned<String>>,
    /// Where the document gives an integration, whether it can be read or not.
    pub integration_span: Option<Span>,
    /// What runs behind it.
    pub integration: Option<Integration>,
    /// Method responses by status (`200`).
    pub responses: IndexMap<String, MethodResponse>,
}

/// Who may call a method.
#[derive(Clone, Debug)]
pub enum Authorization {
    /// Everybody.
    None,
    /// Callers that sign with AWS credentials.
    AwsIam(Span),
    /// Callers that the Lambda authorizer of this name admits.
    Custom(Spanned<String>),
    /// Callers with a token of the user pools that the authorizer of this name lists.
    CognitoUserPools {
        /// Name of the authorizer.
        authorizer: Spanned<String>,
        /// Scopes of which the token must have one; empty: an identity token is expected.
        scopes: Vec<Spanned<String>>,
    },
    /// Callers with a token of the issuer that the authorizer of this name trusts.
    Jwt {
        /// Name of the authorizer.
        authorizer: Spanned<String>,
        /// Scopes of which the token must have one; empty: none is needed.
        scopes: Vec<Spanned<String>>,
    },
}

/// A method response: what an integration response may turn into.
#[derive(Clone, Debug, Default)]
pub struct MethodResponse {
    /// Where it stands; absent when it was added for an integration response that had none.
    pub span: Option<Span>,
    /// Declared headers (`method.response.header.NAME`) and whether they are required.
    pub response_parameters: IndexMap<String, bool>,
    /// The model of the body for each media type.
    pub response_models: IndexMap<String, ModelReference>,
}

/// The name of a model in [`super::RestApi::models`].
pub type ModelReference = Spanned<String>;
