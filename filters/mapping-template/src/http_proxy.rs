//! HTTP_PROXY: the request streams to the route's cluster, under another path, with mapped parameters.
//!
//! A filter must not change what routes match on, or Envoy would route the request anew, past the checks of the route
//! that it was given. So the upstream path and host go into properties that the route takes up (`path_rewrite`,
//! `host_rewrite`), the verb is changed only because routes match a copy of it, and `:path` is changed behind its `?`
//! only, which no route looks at.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>

use endpoint::{CallError, is_authority};
use gateway::{Api, ConfigError, Edits, Host, Property, is_header_name, split_target};

use crate::failure::Failure;
use crate::headers::{self, Fate, Kind};
use crate::parameters::{Mapped, RequestParameters};
use crate::raw::RawHttpProxy;
use crate::request::Request;
use crate::uri::{UriTemplate, expand_stage_variables, push_query_value};

/// Longest path and query towards a backend, and most bytes of mapped headers. Not documented: what API Gateway takes
/// from a client, several times over; a mapping can put a whole body there.
pub(crate) const MAX_MAPPED_BYTES: usize = 65_536;

/// An HTTP_PROXY integration, compiled.
#[derive(Debug)]
pub(crate) struct HttpProxy {
    uri: UriTemplate,
    authority: String,
    /// `None`: the client's.
    method: Option<String>,
    parameters: RequestParameters,
}

impl HttpProxy {
    pub(crate) fn from_raw(raw: RawHttpProxy, api: &Api) -> Result<Self, ConfigError> {
        Ok(Self {
            uri: UriTemplate::parse(&expand_stage_variables(&raw.path, &api.stage_variables)),
            authority: raw.authority,
            method: backend_method(raw.http_method)?,
            parameters: RequestParameters::from_raw(&raw.request_parameters, Kind::HttpProxy)
                .map_err(|error| error.below("requestParameters"))?,
        })
    }

    /// Host of the backend, and its port.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn needs_body(&self) -> bool {
        self.parameters.needs_body()
    }

    /// The changes that turn the client's request into the backend's.
    pub(crate) fn edits(&self, request: &Request<'_>) -> Result<Edits, Failure> {
        let mapped = self.parameters.map(request)?;
        let mut edits = Edits::default();
        let mut path = Vec::new();
        self.uri.push_path(&mut path, |name| mapped.path_value(name));
        self.rewrite_query(request, &mapped, &mut edits);
        let target = edits.set.iter().map(|(_, value)| value.len());
        if target.fold(path.len(), usize::saturating_add) > MAX_MAPPED_BYTES {
            return Err(Failure::configuration("the mapped path and query are too long"));
        }
        edits.properties.push((Property::UpstreamPath, path));
        self.rewrite_headers(mapped, &mut edits)?;
        let signed = request.headers.first("authorization").is_some_and(headers::is_signature);
        if signed && !self.parameters.header_destinations().any(|name| name == "authorization") {
            edits.remove("authorization");
        }
        if let Some(method) = self.method.as_ref().filter(|method| method.as_bytes() != request.method()) {
            edits.set(":method", method.clone().into_bytes());
        }
        Ok(edits)
    }

    /// The URI's own query, then the client's, then the mapped parameters; nothing replaces anything. The route puts
    /// what stands behind the `?` of `:path` behind the upstream path.
    fn rewrite_query(&self, request: &Request<'_>, mapped: &Mapped, edits: &mut Edits) {
        let target = request.headers.first(":path").unwrap_or_default();
        let (path, of_client) = split_target(target);
        let mut query = Vec::new();
        self.uri.push_query(&mut query, |name| mapped.query_value(name));
        if let Some(of_client) = of_client.filter(|query| !query.is_empty()) {
            push_separator(&mut query);
            query.extend_from_slice(of_client);
        }
        push_query_parameters(&mut query, mapped);
        if query != of_client.unwrap_or_default() {
            let mut target = path.to_vec();
            target.push(b'?');
            target.extend(query);
            edits.set(":path", target);
        }
    }

    fn rewrite_headers(&self, mut mapped: Mapped, edits: &mut Edits) -> Result<(), Failure> {
        let mut bytes: usize = 0;
        for name in self.parameters.header_destinations() {
            let value = mapped.take_header(name).filter(|_| !headers::is_dropped_destination(name, Kind::HttpProxy));
            bytes = bytes.saturating_add(value.as_ref().map_or(0, Vec::len));
            match value {
                Some(value) if name == "host" && !is_authority(&value) => return Err(CallError::NoAuthority.into()),
                Some(value) if name == "host" => edits.properties.push((Property::UpstreamHost, value)),
                Some(value) => edits.set(name.to_owned(), value),
                // The route writes whatever stands in the property as host.
                None if name == "host" => {
                    edits.properties.push((Property::UpstreamHost, self.authority.clone().into_bytes()))
                }
                // The route removes the client's own value, except where a mapping may put another.
                None if headers::proxied_without().any(|removed| removed == name) => edits.remove(name.to_owned()),
                None => {}
            }
        }
        if bytes > MAX_MAPPED_BYTES {
            return Err(Failure::configuration("the mapped headers are too long"));
        }
        Ok(())
    }

    /// The changes that turn the backend's answer into the client's: some headers are renamed, some dropped.
    pub(crate) fn response_edits(host: &dyn Host) -> Edits {
        let mut edits = Edits::default();
        for (name, value) in host.response_headers().iter() {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let fate = match name {
                "content-encoding" => {
                    let accepted = host.request_header("accept-encoding").unwrap_or_default();
                    if headers::is_accepted_coding(value, &accepted) { Fate::Passed } else { Fate::Dropped }
                }
                name => headers::proxied_response_header(name),
            };
            match fate {
                Fate::Passed => {}
                Fate::Dropped => edits.remove(name.to_owned()),
                Fate::Remapped => {
                    edits.add.push((headers::remapped(name).into(), value.to_vec().into()));
                    // The body is the same, so its length stays; without it the answer would be sent in chunks.
                    if name != "content-length" {
                        edits.remove(name.to_owned());
                    }
                }
            }
        }
        edits
    }
}

/// The verb towards a backend; `None` for the client's.
///
/// # Errors
/// It is no token, as RFC 9110 §9.1 asks.
pub fn backend_method(raw: Option<String>) -> Result<Option<String>, ConfigError> {
    match raw {
        Some(method) if !is_header_name(&method) => {
            Err(ConfigError::new("httpMethod", format!("`{method}` is no HTTP method")))
        }
        Some(method) if !method.eq_ignore_ascii_case("ANY") => Ok(Some(method.to_ascii_uppercase())),
        _ => Ok(None),
    }
}

/// Appends the mapped query parameters.
pub(crate) fn push_query_parameters(query: &mut Vec<u8>, mapped: &Mapped) {
    for (name, values) in &mapped.query {
        for value in values {
            push_separator(query);
            push_query_value(query, name.as_bytes());
            query.push(b'=');
            push_query_value(query, value);
        }
    }
}

fn push_separator(query: &mut Vec<u8>) {
    if !query.is_empty() {
        query.push(b'&');
    }
}
