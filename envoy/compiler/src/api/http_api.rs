//! HTTP APIs, as far as they are read today: enough to say what is in them.

use super::{HttpMethod, Integration};
use crate::source::{Span, Spanned};

/// An HTTP API.
#[derive(Clone, Debug)]
pub struct HttpApi {
    /// Where the document begins.
    pub span: Span,
    /// `info.title`.
    pub name: Option<String>,
    /// What makes it an HTTP API: an extension, an authorizer, or the settings.
    pub evidence: Spanned<String>,
    /// Its routes, in the order of the document.
    pub routes: Vec<HttpRoute>,
}

/// A route of an HTTP API.
#[derive(Clone, Debug)]
pub struct HttpRoute {
    /// Where it stands.
    pub span: Span,
    /// The path, `/pets/{petId}`, or `$default`.
    pub path: String,
    /// The verb, or `ANY`.
    pub http_method: HttpMethod,
    /// What runs behind it.
    pub integration: Option<Integration>,
}
