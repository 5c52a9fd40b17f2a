//! HTTP APIs.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html>

use std::fmt;

use indexmap::IndexMap;

use super::{Authorization, Authorizer, HttpMethod, Integration, PathPart};
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
    /// Authorizers by name, used or not.
    pub authorizers: IndexMap<String, Authorizer>,
    /// CORS; absent: not the gateway's matter.
    pub cors: Option<Cors>,
    /// Whether the `execute-api` endpoint refuses all requests.
    pub disable_execute_api_endpoint: Option<Spanned<bool>>,
}

/// A route of an HTTP API.
#[derive(Clone, Debug)]
pub struct HttpRoute {
    /// Where it stands.
    pub span: Span,
    /// The path, `/pets/{petId}`, or `$default`.
    pub path: String,
    /// The path's parts; none for `/` and `$default`.
    pub parts: Vec<PathPart>,
    /// The verb, or `ANY`.
    pub http_method: HttpMethod,
    /// Who may call it.
    pub authorization: Authorization,
    /// `operationId`.
    pub operation_name: Option<String>,
    /// What runs behind it.
    pub integration: Option<Integration>,
}

/// CORS of an HTTP API.
#[derive(Clone, Debug)]
pub struct Cors {
    /// Where it stands.
    pub span: Span,
    /// Origins, `*`, `https://*` or `http://*`.
    pub allow_origins: Vec<Spanned<String>>,
    /// Verbs, or `*`.
    pub allow_methods: Vec<Spanned<String>>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<Spanned<String>>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<Spanned<String>>,
    /// Seconds for which a preflight's answer may be kept, -1 to 86400.
    pub max_age: Option<Spanned<i32>>,
    /// Whether requests may carry credentials.
    pub allow_credentials: Option<Spanned<bool>>,
}

impl HttpApi {
    /// The URIs that name functions, most of them.
    pub fn function_uris(&self) -> impl Iterator<Item = &str> {
        let integrations = self.routes.iter().filter_map(|route| route.integration.as_ref()?.uri.as_ref());
        let authorizers = self.authorizers.values().filter_map(|authorizer| authorizer.authorizer_uri.as_ref());
        integrations.chain(authorizers).map(|uri| uri.as_str())
    }
}

impl HttpRoute {
    /// Whether it takes what no other route takes.
    pub fn is_default(&self) -> bool {
        self.path == "$default"
    }

    /// Its place in the order of matching, first to last: paths without greedy variable, those with one, `$default`;
    /// among them literal before variable before greedy, part by part; a verb before `ANY`.
    pub fn precedence(&self) -> (u8, Vec<u8>, bool) {
        let rank = |part: &PathPart| match part {
            PathPart::Literal(_) => 0,
            PathPart::Variable(_) => 1,
            PathPart::Greedy(_) => 2,
        };
        let ranks: Vec<u8> = self.parts.iter().map(rank).collect();
        let class = if self.is_default() { 2 } else { u8::from(ranks.contains(&2)) };
        (class, ranks, self.http_method == HttpMethod::Any)
    }
}

/// The route key: `GET /pets/{petId}`, `$default`.
impl fmt::Display for HttpRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default() { f.write_str(&self.path) } else { write!(f, "{} {}", self.http_method, self.path) }
    }
}
