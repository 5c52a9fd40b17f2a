//! The client's request as mappings, templates and events see it.

use std::borrow::Cow;

use gateway::{Api, Context, Headers, Host, PathParameters, Property, Query, RawRoute, Source};

use crate::body;
use crate::failure::Failure;
use crate::headers::is_readable;

/// One request, read once.
pub struct Request<'a> {
    /// `$context`.
    pub context: Context<'a>,
    /// All headers, as Envoy holds them.
    pub headers: Headers,
    /// The query string, decoded.
    pub query: Query,
    /// Path parameters, as sent.
    pub path_parameters: PathParameters,
    /// The whole body; empty where the integration does not look at it.
    pub body: Vec<u8>,
    trace_id: Option<Vec<u8>>,
}

impl<'a> Request<'a> {
    /// Reads the request that `host` holds.
    pub fn read(api: &'a Api, method: Option<&'a RawRoute>, host: &'a dyn Host, body: Vec<u8>) -> Self {
        let context = Context::new(api, method, host);
        Self {
            headers: host.request_headers(),
            query: context.query(),
            path_parameters: context.path_parameters(),
            trace_id: host.property(Property::TraceId),
            body,
            context,
        }
    }

    /// The client's verb.
    pub fn method(&self) -> &[u8] {
        self.headers.first(":method").unwrap_or_default()
    }

    /// The values of a header that mappings may read, in order.
    pub fn header_values(&self, name: &str) -> Vec<&[u8]> {
        match name.to_ascii_lowercase().as_str() {
            "host" => self.headers.all(":authority").collect(),
            "x-amzn-trace-id" if self.trace_id.is_some() => self.trace_id.as_deref().into_iter().collect(),
            name if is_readable(name) => self.headers.all(name).collect(),
            _ => Vec::new(),
        }
    }

    /// The values of a mapping source; none when it is missing. `None` as `body` leaves body sources without value.
    ///
    /// # Errors
    /// The body should be JSON and is not.
    pub fn values(&self, source: &Source) -> Result<Vec<Vec<u8>>, Failure> {
        let one = |value: Option<Vec<u8>>| value.into_iter().collect();
        let owned = |value: &[u8]| value.to_vec();
        Ok(match source {
            Source::Literal(text) => vec![text.clone().into_bytes()],
            Source::StageVariable(name) => {
                one(self.context.api().stage_variables.get(name).map(|value| value.clone().into_bytes()))
            }
            Source::Context(variable) => one(self.context.get(variable).map(String::into_bytes)),
            Source::Path(name) => one(self.path_parameters.get(name).map(owned)),
            Source::Query(name) => one(self.query.last(name).map(|value| value.as_bytes().to_vec())),
            Source::MultiValueQuery(name) => self.query.all(name).map(|value| value.as_bytes().to_vec()).collect(),
            Source::Header(name) => one(self.header_values(name).last().map(|value| value.to_vec())),
            Source::MultiValueHeader(name) => self.header_values(name).into_iter().map(owned).collect(),
            Source::Body => one(Some(body::whole(&self.body)?.into_owned())),
            Source::BodyPath(path) => one(body::member(&self.body, path)?),
        })
    }

    /// The media type of the body: `Content-Type` without parameters, JSON when there is none.
    pub fn media_type(&self) -> Cow<'static, str> {
        match self.headers.last("content-type") {
            Some(header) => Cow::Owned(crate::media::first(header)),
            None => Cow::Borrowed(crate::media::JSON),
        }
    }
}
