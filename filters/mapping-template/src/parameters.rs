//! Request parameter mapping: `integration.request.header.X` from `method.request.querystring.y` and the like.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::borrow::Cow;

use gateway::{ConfigError, Destination, Source, percent_decode};
use indexmap::IndexMap;
use jsonpath::JsonPath;

use crate::body::{self, RequestBody};
use crate::failure::Failure;
use crate::headers::{self, Kind};
use crate::request::Request;

/// The mappings of one integration, compiled.
#[derive(Debug, Default)]
pub struct RequestParameters {
    mappings: Vec<(Destination, From)>,
    /// The first destination that makes every request fail.
    illegal: Option<String>,
}

#[derive(Debug)]
enum From {
    /// `method.request.body`
    Body,
    /// `method.request.body.PATH`
    BodyPath(JsonPath),
    /// Anything but the body.
    Other(Source),
}

/// What the mappings gave for one request. A destination whose source is missing is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Values of `{name}` in the URI.
    pub path: Vec<(String, PathValue)>,
    /// Query parameters, each with one value or several.
    pub query: Vec<(String, Vec<Vec<u8>>)>,
    /// Headers by lower-case name; several values of a mapping are one, joined with `,`.
    pub headers: Vec<(String, Vec<Vec<u8>>)>,
}

/// What stands for a `{name}` in the URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathValue {
    value: Vec<u8>,
    /// The value without its percent-encoding, where it has one: a path parameter's is the client's.
    decoded: Option<Vec<u8>>,
}

impl PathValue {
    /// A value that is not percent-encoded.
    pub fn plain(value: Vec<u8>) -> Self {
        Self { value, decoded: None }
    }

    fn encoded(value: Vec<u8>) -> Self {
        Self { decoded: Some(percent_decode(&value, false).into_bytes()), value }
    }
}

impl RequestParameters {
    /// Reads destination → source.
    ///
    /// # Errors
    /// The first entry that is no mapping.
    pub fn from_raw(raw: &IndexMap<String, String>, kind: Kind) -> Result<Self, ConfigError> {
        let mut compiled = Self::default();
        for (destination, source) in raw {
            let wrong = |message: String| ConfigError::new(destination.as_str(), message);
            let to = Destination::parse(destination).ok_or_else(|| {
                wrong("is no destination, expected `integration.request.{path|querystring|header}.NAME`".to_owned())
            })?;
            let from = Source::parse(source).ok_or_else(|| {
                wrong(format!(
                    "`{source}` is no source, expected 'text', context.NAME, stageVariables.NAME, method.request.body or \
                     method.request.{{path|querystring|multivaluequerystring|header|multivalueheader}}.NAME"
                ))
            })?;
            if let Destination::Header(name) = &to {
                if headers::is_internal(name) {
                    return Err(wrong("is a header of the gateway itself".to_owned()));
                }
                if headers::is_illegal_destination(name, kind) && compiled.illegal.is_none() {
                    compiled.illegal = Some(name.clone());
                }
            }
            let from = match from {
                Source::Body => From::Body,
                Source::BodyPath(path) => From::BodyPath(body::path(&path).map_err(|error| wrong(error.to_string()))?),
                other => From::Other(other),
            };
            compiled.mappings.push((to, from));
        }
        Ok(compiled)
    }

    /// Whether a mapping reads the request body.
    pub fn needs_body(&self) -> bool {
        self.mappings.iter().any(|(_, from)| matches!(from, From::Body | From::BodyPath(_)))
    }

    /// The first destination that makes every request fail.
    pub fn illegal(&self) -> Option<&str> {
        self.illegal.as_deref()
    }

    /// The headers that are mapped to, in lower case, whether or not their sources are there.
    pub fn header_destinations(&self) -> impl Iterator<Item = &str> {
        self.mappings.iter().filter_map(|(destination, _)| match destination {
            Destination::Header(name) => Some(name.as_str()),
            Destination::Path(_) | Destination::Query(_) => None,
        })
    }

    /// The values for one request.
    ///
    /// # Errors
    /// A destination is illegal, or a body source finds no JSON.
    pub fn map(&self, request: &Request<'_>) -> Result<Mapped, Failure> {
        if let Some(name) = &self.illegal {
            return Err(Failure::configuration(format!("`{name}` must not be mapped")));
        }
        let text = if self.needs_body() { String::from_utf8_lossy(&request.body) } else { Cow::Borrowed("") };
        let body = if self.needs_body() { Some(RequestBody::read(&text)?) } else { None };
        let mut mapped = Mapped::default();
        for (destination, from) in &self.mappings {
            let values = match from {
                From::Body => body.iter().map(|body| body.text().as_bytes().to_vec()).collect(),
                From::BodyPath(path) => body.iter().filter_map(|body| body.value_at(path)).collect(),
                From::Other(source) => request.values(source),
            };
            if values.is_empty() {
                continue;
            }
            // Path parameters come percent-encoded, unlike everything else.
            let is_encoded = matches!(from, From::Other(Source::Path(_)));
            match destination {
                Destination::Path(name) => {
                    let value = joined(values);
                    let value = if is_encoded { PathValue::encoded(value) } else { PathValue::plain(value) };
                    mapped.path.push((name.clone(), value));
                }
                Destination::Header(name) => {
                    mapped.headers.push((name.clone(), vec![headers::clean_value(joined(values))]));
                }
                Destination::Query(name) if is_encoded => {
                    let decode = |value: Vec<u8>| percent_decode(&value, false).into_bytes();
                    mapped.query.push((name.clone(), values.into_iter().map(decode).collect()));
                }
                Destination::Query(name) => mapped.query.push((name.clone(), values)),
            }
        }
        Ok(mapped)
    }
}

impl Mapped {
    /// The value for `{name}` in the URI's path.
    pub fn path_value(&self, name: &str) -> Option<&[u8]> {
        self.named(name).map(|value| value.value.as_slice())
    }

    /// The value for `{name}` in the URI's query string, which is encoded there anew.
    pub fn query_value(&self, name: &str) -> Option<&[u8]> {
        self.named(name).map(|value| value.decoded.as_ref().unwrap_or(&value.value).as_slice())
    }

    fn named(&self, name: &str) -> Option<&PathValue> {
        self.path.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// Takes the value of a header out, several values joined with `,`.
    pub fn take_header(&mut self, name: &str) -> Option<Vec<u8>> {
        let at = self.headers.iter().position(|(n, _)| n == name)?;
        Some(joined(self.headers.remove(at).1))
    }
}

fn joined(values: Vec<Vec<u8>>) -> Vec<u8> {
    values.join(&b","[..])
}
