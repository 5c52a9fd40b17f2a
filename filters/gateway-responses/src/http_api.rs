//! HTTP APIs: one id instead of two, errors that no API can customise, and CORS.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html>

use gateway::{ConfigError, Edits, GatewayError, Host, Ids, MAX_HEADER_BYTES, Reply, ResponseType};
use serde::{Deserialize, Serialize};

use crate::cors::{Cors, RawCors};

/// The header with the request's id, on every response.
const REQUEST_ID: &str = "apigw-requestid";

/// A CORS header and its value.
pub(crate) type CorsHeader = (&'static str, Vec<u8>);

/// What an HTTP API has that a REST API has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawHttpApi {
    /// CORS; absent: the gateway neither adds nor removes anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<RawCors>,
}

/// An HTTP API, compiled.
#[derive(Debug)]
pub(crate) struct HttpApi {
    cors: Option<Cors>,
}

impl HttpApi {
    pub(crate) fn from_raw(raw: RawHttpApi) -> Result<Self, ConfigError> {
        let cors = raw.cors.map(Cors::from_raw).transpose().map_err(|error| error.below("cors"))?;
        Ok(Self { cors })
    }

    /// The ids of a new request, which are one. A client cannot choose it.
    pub(crate) fn ids(host: &dyn Host) -> Ids {
        let id = Ids::generate_extended(host);
        Ids { request_id: id.clone(), extended_request_id: id }
    }

    /// The answer to a request over one of the limits that headers show.
    pub(crate) fn too_large(host: &dyn Host, end_of_stream: bool) -> Option<Reply> {
        if host.request_headers_size() > MAX_HEADER_BYTES {
            let headers = host.request_headers();
            // The request line and the values of the client's headers.
            let counted = headers.iter().filter(|(name, _)| {
                (*name == b":path" || !name.starts_with(b":")) && !crate::filter::ADDED_BY_ENVOY.contains(name)
            });
            if counted.fold(0usize, |sum, (_, value)| sum.saturating_add(value.len())) > MAX_HEADER_BYTES {
                return Some(reply(431));
            }
        }
        let too_large = !end_of_stream && crate::filter::is_too_large(host.request_header("content-length"));
        too_large.then(|| reply(413))
    }

    /// The answer where no route matches: to a preflight what CORS says, else 404.
    pub(crate) fn unmatched(&self, host: &dyn Host) -> Reply {
        match &self.cors {
            Some(_) if host.request_header(":method").as_deref() == Some(b"OPTIONS") => {
                Reply { status: 204, ..Reply::default() }
            }
            _ => Reply { error: Some(GatewayError::new(ResponseType::ResourceNotFound)), ..reply(404) },
        }
    }

    /// The answer for an error of another filter, or of Envoy.
    pub(crate) fn error(error: &GatewayError, of_envoy: bool, ids: &Ids, cors: Option<Vec<CorsHeader>>) -> Reply {
        let status = status(error, of_envoy);
        let mut reply = reply(status);
        // What logs say of it; it stays the answer of an HTTP API.
        reply.error = Some(error.clone().with_status(status).with_message(message(status)));
        reply.set_header(REQUEST_ID, ids.request_id.clone().into_bytes());
        for (name, value) in cors.into_iter().flatten() {
            reply.set_header(name, value);
        }
        reply
    }

    /// The changes to a response that stays.
    pub(crate) fn edits(host: &dyn Host, ids: Ids, cors: Option<Vec<CorsHeader>>) -> Edits {
        let mut edits = Edits::default();
        edits.set(REQUEST_ID, ids.request_id.into_bytes());
        if let Some(cors) = cors {
            Cors::edit(cors, &host.response_headers(), &mut edits);
        }
        edits
    }

    /// The CORS headers of the response to a request, from the headers as the client has sent them; `None` without
    /// CORS.
    pub(crate) fn cors_headers(&self, host: &dyn Host) -> Option<Vec<CorsHeader>> {
        self.cors.as_ref().map(|cors| cors.headers(&host.request_headers()))
    }
}

fn reply(status: u16) -> Reply {
    let body = format!("{{\"message\":\"{}\"}}", message(status)).into_bytes();
    let mut reply = Reply { status, body, ..Reply::default() };
    reply.set_header("content-type", &b"application/json"[..]);
    reply
}

/// The status that an HTTP API answers an error with.
fn status(error: &GatewayError, of_envoy: bool) -> u16 {
    match (error.response_type, error.status) {
        (Some(ResponseType::IntegrationTimeout | ResponseType::IntegrationFailure), _) => 503,
        // From a filter it says that a request is not signed, which is forbidden as any other signature is.
        (Some(ResponseType::MissingAuthenticationToken), _) if of_envoy => 404,
        (Some(ResponseType::ResourceNotFound), _) => 404,
        (_, status @ (401 | 403 | 413 | 429 | 431)) => status,
        (_, 414) => 431,
        (_, 400..=499) => 400,
        _ => 500,
    }
}

fn message(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (error, expected) in [
            (GatewayError::new(ResponseType::IntegrationTimeout), 503),
            (GatewayError::new(ResponseType::IntegrationFailure), 503),
            (GatewayError::malformed_proxy_response(), 500),
            (GatewayError::new(ResponseType::ApiConfigurationError), 500),
            (GatewayError::new(ResponseType::AccessDenied), 403),
            (GatewayError::new(ResponseType::Unauthorized), 401),
            (GatewayError::new(ResponseType::Throttled), 429),
            (GatewayError::new(ResponseType::RequestTooLarge), 413),
            (GatewayError::uri_too_long(), 431),
            (GatewayError::new(ResponseType::Default4xx), 400),
        ] {
            for of_envoy in [false, true] {
                assert_eq!(status(&error, of_envoy), expected, "{error:?}");
            }
        }
        let missing = GatewayError::new(ResponseType::MissingAuthenticationToken);
        assert_eq!((status(&missing, true), status(&missing, false)), (404, 403));
    }
}
