//! HTTP_PROXY: the request streams to the route's cluster. As for a REST API, nothing is changed that routes match on:
//! the upstream path is a property that the route takes up.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use std::collections::BTreeMap;

use endpoint::{CallError, is_authority};
use gateway::{Api, ConfigError, Edits, Headers, Host, Property, media, percent_decode, split_target};

use super::parameters::Parameters;
use super::raw::{AppendedPath, RawHttpApiProxy};
use super::value::{Response, Scope};
use crate::failure::Failure;
use crate::headers;
use crate::http_proxy::{MAX_MAPPED_BYTES, backend_method};
use crate::request::Request;
use crate::uri::{UriTemplate, expand_stage_variables, push_path_value, push_query_value};

/// Response headers that end at this connection.
const HOP_BY_HOP: [&str; 6] = ["keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "upgrade"];

/// The body of an HTTP API's 500.
const INTERNAL_SERVER_ERROR: &str = r#"{"message":"Internal Server Error"}"#;

/// An HTTP_PROXY integration, compiled.
#[derive(Debug)]
pub(crate) struct Proxy {
    uri: UriTemplate,
    authority: Option<String>,
    append: Option<AppendedPath>,
    /// `None`: the client's.
    method: Option<String>,
    request: Parameters,
    responses: BTreeMap<u16, Parameters>,
}

impl Proxy {
    pub(crate) fn from_raw(raw: RawHttpApiProxy, api: &Api) -> Result<Self, ConfigError> {
        let request =
            Parameters::of_request(&raw.request_parameters).map_err(|error| error.below("requestParameters"))?;
        if raw.authority.is_none() && request.maps_host() {
            return Err(ConfigError::new("authority", "is missing, and the host is mapped"));
        }
        Ok(Self {
            uri: UriTemplate::parse(&expand_stage_variables(&raw.path, &api.stage_variables)),
            authority: raw.authority,
            append: raw.append,
            method: backend_method(raw.http_method)?,
            request,
            responses: Parameters::of_responses(&raw.response_parameters)
                .map_err(|error| error.below("responseParameters"))?,
        })
    }

    pub(crate) fn needs_body(&self) -> bool {
        self.request.reads_request_body()
    }

    /// The changes that turn the client's request into the backend's.
    pub(crate) fn edits(&self, request: &Request<'_>) -> Result<Edits, Failure> {
        let scope = Scope { request, response: None };
        let mut edits = Edits::default();
        let path = self.path(request, &scope);
        self.rewrite_query(request, &scope, &mut edits);
        self.request.map_headers(&scope, &request.headers, &mut edits)?;
        if let Some(authority) = &self.authority {
            let host = upstream_host(authority, &mut edits)?;
            edits.properties.push((Property::UpstreamHost, host));
        }
        let mapped = edits.set.iter().map(|(_, value)| value.len());
        if mapped.fold(path.len(), usize::saturating_add) > MAX_MAPPED_BYTES {
            return Err(Failure::configuration("what is mapped is too long"));
        }
        edits.properties.push((Property::UpstreamPath, path));
        // A signature for the gateway itself is nothing for a backend.
        if request.headers.first("authorization").is_some_and(headers::is_signature) {
            edits.remove("authorization");
        }
        if let Some(method) = self.method.as_ref().filter(|method| method.as_bytes() != request.method()) {
            edits.set(":method", method.clone().into_bytes());
        }
        Ok(edits)
    }

    fn path(&self, request: &Request<'_>, scope: &Scope<'_>) -> Vec<u8> {
        let mut path = Vec::new();
        if let Some(mapped) = self.request.path(scope) {
            if mapped.first() != Some(&b'/') {
                path.push(b'/');
            }
            push_path_value(&mut path, &mapped);
            return path;
        }
        self.uri.push_path(&mut path, |name| request.path_parameters().get(name));
        let target = request.headers.first(":path").unwrap_or_default();
        let behind = match self.append {
            None => return path,
            Some(AppendedPath::BehindStage) => request.context.resource_path_as_sent(),
            Some(AppendedPath::Whole) => split_target(target).0,
        };
        while path.last() == Some(&b'/') {
            path.pop();
        }
        if behind.first() != Some(&b'/') {
            path.push(b'/');
        }
        push_path_value(&mut path, behind);
        path
    }

    /// The URI's own query, then the client's, mapped. The route puts what stands behind the `?` of `:path` behind the
    /// upstream path.
    fn rewrite_query(&self, request: &Request<'_>, scope: &Scope<'_>, edits: &mut Edits) {
        let target = request.headers.first(":path").unwrap_or_default();
        let (path, of_client) = split_target(target);
        let mut query = Vec::new();
        let decoded = |value: &[u8]| percent_decode(value, false).into_bytes();
        let of_path = self.uri.query_has_parameters().then(|| request.path_parameters().iter());
        let decoded: Vec<(&str, Vec<u8>)> =
            of_path.into_iter().flatten().map(|(name, value)| (name, decoded(value))).collect();
        let value = |name: &str| decoded.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_slice());
        self.uri.push_query(&mut query, value);
        match self.request.mapped_query(scope) {
            Some(pairs) => {
                for (name, value) in &pairs {
                    push_separator(&mut query);
                    push_query_value(&mut query, name.as_bytes());
                    query.push(b'=');
                    push_query_value(&mut query, value.as_bytes());
                }
            }
            // What is not mapped stays as the client has written it.
            None => {
                if let Some(of_client) = of_client.filter(|query| !query.is_empty()) {
                    push_separator(&mut query);
                    query.extend_from_slice(of_client);
                }
            }
        }
        if query != of_client.unwrap_or_default() {
            let mut target = path.to_vec();
            if !query.is_empty() {
                target.push(b'?');
                target.extend(query);
            }
            edits.set(":path", target);
        }
    }

    /// Whether the backend's answer is mapped from its body.
    pub(crate) fn needs_response_body(&self, host: &dyn Host) -> bool {
        // Most have no such mapping, and need not be asked for their status.
        self.responses.values().any(Parameters::reads_response_body)
            && self.response_parameters(&host.response_headers()).is_some_and(Parameters::reads_response_body)
    }

    fn response_parameters(&self, response: &Headers) -> Option<&Parameters> {
        let status = std::str::from_utf8(response.first(":status")?).ok()?;
        self.responses.get(&status.parse().ok()?)
    }

    /// The changes that turn the backend's answer into the client's. The request is read only where it is mapped from;
    /// `body` is empty where it is not.
    ///
    /// # Errors
    /// 500: what is mapped is too long.
    pub(crate) fn response_edits<'r>(
        &self,
        host: &dyn Host,
        body: &[u8],
        request: impl FnOnce() -> Request<'r>,
    ) -> Result<Edits, Failure> {
        let response = host.response_headers();
        let mut edits = Edits::default();
        for name in HOP_BY_HOP.into_iter().filter(|name| response.first(name).is_some()) {
            edits.remove(name);
        }
        if let Some(parameters) = self.response_parameters(&response) {
            let request = request();
            let scope = Scope { request: &request, response: Some(Response { headers: &response, body }) };
            parameters.map_headers(&scope, &response, &mut edits)?;
            if let Some(status) = parameters.status(&scope) {
                edits.set(":status", status.to_string().into_bytes());
            }
        }
        Ok(edits)
    }
}

/// What turns a backend's answer into an HTTP API's own error, when the whole of it is held. A filter's answer in its
/// place would pass by the filters that write the ids and the CORS headers of responses.
pub(crate) fn internal_server_error(response: &Headers) -> Edits {
    let mut edits = Edits::default();
    for (name, _) in response.iter().filter(|(name, _)| !name.starts_with(b":")) {
        edits.remove(String::from_utf8_lossy(name).into_owned());
    }
    edits.set(":status", &b"500"[..]);
    edits.set("content-type", media::JSON.as_bytes());
    edits.set("content-length", INTERNAL_SERVER_ERROR.len().to_string().into_bytes());
    edits.body = Some(INTERNAL_SERVER_ERROR.as_bytes().to_vec());
    edits
}

/// The host for the backend. Its header is taken out of the edits: as `:authority`, it would choose another route.
fn upstream_host(authority: &str, edits: &mut Edits) -> Result<Vec<u8>, Failure> {
    edits.remove.retain(|name| name != "host");
    let Some(at) = edits.set.iter().position(|(name, _)| name == "host") else { return Ok(authority.into()) };
    let (_, host) = edits.set.remove(at);
    if is_authority(&host) { Ok(host.into_owned()) } else { Err(CallError::NoAuthority.into()) }
}

fn push_separator(query: &mut Vec<u8>) {
    if !query.is_empty() {
        query.push(b'&');
    }
}
