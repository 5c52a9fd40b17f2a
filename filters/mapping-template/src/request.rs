//! The client's request as mappings, templates and events see it.

use std::borrow::Cow;
use std::cell::OnceCell;

use gateway::{Api, Context, Headers, Host, PathParameters, Property, Query, RawRoute, Source, client};

use crate::headers::{is_readable, spelled};

/// One request, read once.
pub struct Request<'a> {
    /// `$context`.
    pub context: Context<'a>,
    /// All headers, as Envoy holds them.
    pub headers: Headers,
    /// The whole body; empty where the integration does not look at it.
    pub body: Vec<u8>,
    host: &'a dyn Host,
    query: OnceCell<Query>,
    path_parameters: OnceCell<PathParameters>,
    trace_id: OnceCell<Option<Vec<u8>>>,
}

impl<'a> Request<'a> {
    /// Reads the request that `host` holds.
    pub fn read(api: &'a Api, method: Option<&'a RawRoute>, host: &'a dyn Host, body: Vec<u8>) -> Self {
        let context = Context::new(api, method, host);
        Self {
            headers: host.request_headers(),
            host,
            query: OnceCell::new(),
            path_parameters: OnceCell::new(),
            trace_id: OnceCell::new(),
            body,
            context,
        }
    }

    /// The query string, decoded.
    pub fn query(&self) -> &Query {
        self.query.get_or_init(|| self.context.query())
    }

    /// Path parameters, as sent.
    pub fn path_parameters(&self) -> &PathParameters {
        self.path_parameters.get_or_init(|| self.context.path_parameters())
    }

    /// The client's verb.
    pub fn method(&self) -> &[u8] {
        self.headers.first(":method").unwrap_or_default()
    }

    /// `X-Amzn-Trace-Id` of the request, when it has one.
    pub fn trace_id(&self) -> Option<&[u8]> {
        self.trace_id.get_or_init(|| self.host.property(Property::TraceId)).as_deref()
    }

    /// The values of a header that mappings may read, in order.
    pub fn header_values(&self, name: &str) -> Vec<Cow<'_, [u8]>> {
        client::header_values(&self.context, self.host, &self.headers, name)
    }

    /// All headers that mappings, templates and events may see, each name in the spelling that an API shows.
    pub fn visible_headers(&self) -> impl Iterator<Item = (String, String)> {
        let own = ["authorization", "host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port"];
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let of_client = self.headers.iter().filter_map(move |(name, value)| {
            let name = std::str::from_utf8(name)
                .ok()
                .filter(|name| is_readable(&self.context, name) && !own.contains(name))?;
            Some((spelled(name).to_owned(), text(value)))
        });
        let added = own.into_iter().flat_map(move |name| {
            let values = self.header_values(name).into_iter();
            values.map(move |value| (spelled(name).to_owned(), text(&value)))
        });
        of_client.chain(added)
    }

    /// A JSON object that an earlier filter has left.
    pub fn object(&self, property: Property) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.json(property)?).ok()
    }

    /// The JSON that an earlier filter has left.
    pub fn json(&self, property: Property) -> Option<Vec<u8>> {
        self.host.property(property)
    }

    /// The values of a mapping source; none when it is missing. The body is not one of them: [`crate::body`].
    pub fn values(&self, source: &Source) -> Vec<Vec<u8>> {
        let one = |value: Option<Vec<u8>>| value.into_iter().collect();
        match source {
            Source::Literal(text) => vec![text.clone().into_bytes()],
            Source::StageVariable(name) => {
                one(self.context.api().stage_variables.get(name).map(|value| value.clone().into_bytes()))
            }
            Source::Context(variable) => one(self.context.get(variable).map(String::into_bytes)),
            Source::Path(name) => one(self.path_parameters().get(name).map(<[u8]>::to_vec)),
            Source::Query(name) => one(self.query().last(name).map(|value| value.as_bytes().to_vec())),
            Source::MultiValueQuery(name) => self.query().all(name).map(|value| value.as_bytes().to_vec()).collect(),
            Source::Header(name) => one(self.header_values(name).pop().map(Cow::into_owned)),
            Source::MultiValueHeader(name) => self.header_values(name).into_iter().map(Cow::into_owned).collect(),
            Source::Body | Source::BodyPath(_) => Vec::new(),
        }
    }

    /// The media type of the body: `Content-Type` without parameters, JSON when there is none.
    pub fn media_type(&self) -> Cow<'static, str> {
        match self.headers.last("content-type") {
            Some(header) => Cow::Owned(gateway::media::first(header)),
            None => Cow::Borrowed(gateway::media::JSON),
        }
    }
}
