//! `append`, `overwrite` and `remove` of headers, query parameters, path and status.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use gateway::{ConfigError, Edits, Headers, is_header_name};
use indexmap::IndexMap;

use super::value::{Scope, Value};
use crate::failure::Failure;
use crate::headers;
use crate::http_proxy::MAX_MAPPED_BYTES;

/// Headers that cannot be mapped.
const RESERVED: [&str; 18] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];
const RESERVED_PREFIXES: [&str; 4] = ["access-control-", "apigw-", "x-amz-", "x-amzn-"];

/// Statuses that can be mapped, and mapped to.
const STATUSES: RangeInclusive<u16> = 200..=599;
const NO_KEY: &str = "is no parameter to map, or a header that cannot be mapped; expected `append:`, `overwrite:` or \
                      `remove:` with `header.NAME`, of requests also `querystring.NAME` or `overwrite:path`, of responses \
                      `overwrite:statuscode`";

/// What is done, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Overwrite,
    Append,
    Remove,
}

/// What it is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Header(String),
    QueryString(String),
    Path,
    StatusCode,
}

/// The mappings of a request or of one status of responses.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(Operation, Target, Value)>);

impl Parameters {
    /// Compiles the mappings of requests.
    ///
    /// # Errors
    /// The first key or value that is none.
    pub(crate) fn of_request(raw: &IndexMap<String, String>) -> Result<Self, ConfigError> {
        let allowed = |target: &Target| *target != Target::StatusCode;
        let refused = |value: &Value| value.reads_response().then_some("a request cannot be mapped from a response");
        Self::compile(raw, allowed, refused)
    }

    /// Compiles the mappings of responses, by status.
    ///
    /// # Errors
    /// The first key or value that is none.
    pub(crate) fn of_responses(
        raw: &BTreeMap<u16, IndexMap<String, String>>,
    ) -> Result<BTreeMap<u16, Self>, ConfigError> {
        let allowed = |target: &Target| matches!(target, Target::Header(_) | Target::StatusCode);
        let refused =
            |value: &Value| value.reads_request_body().then_some("a response cannot be mapped from a request body");
        let compile = |(status, raw): (&u16, _)| {
            let parameters = Self::compile(raw, allowed, refused);
            Ok((*status, parameters.map_err(|error| error.below(&status.to_string()))?))
        };
        raw.iter().map(compile).collect()
    }

    /// Says why a mapping of requests is none; for compilers, which know where it stands.
    ///
    /// # Errors
    /// The reason.
    pub fn check_request(key: &str, value: &str) -> Result<(), String> {
        Self::of_request(&one(key, value)).map(drop).map_err(|error| error.message)
    }

    /// Says why a mapping of responses with this status is none.
    ///
    /// # Errors
    /// The reason.
    pub fn check_response(status: &str, key: &str, value: &str) -> Result<(), String> {
        let status = Some(status).filter(|status| status.len() == 3).and_then(|status| status.parse().ok());
        let status = status.filter(|status| STATUSES.contains(status));
        let status = status.ok_or("is no status of a response, expected 200 to 599")?;
        Self::of_responses(&BTreeMap::from([(status, one(key, value))])).map(drop).map_err(|error| error.message)
    }

    fn compile(
        raw: &IndexMap<String, String>,
        allowed: impl Fn(&Target) -> bool,
        refused: impl Fn(&Value) -> Option<&'static str>,
    ) -> Result<Self, ConfigError> {
        let mut mappings = Vec::new();
        for (key, text) in raw {
            let (operation, target) =
                parse_key(key).filter(|(_, target)| allowed(target)).ok_or_else(|| ConfigError::new(key, NO_KEY))?;
            let value = match operation {
                Operation::Remove => Value::default(),
                _ => Value::parse(text)
                    .map_err(|variable| ConfigError::new(key, format!("there is no variable `{variable}`")))?,
            };
            if let Some(reason) = refused(&value) {
                return Err(ConfigError::new(key, reason));
            }
            mappings.push((operation, target, value));
        }
        mappings.sort_by_key(|(operation, ..)| *operation);
        Ok(Self(mappings))
    }

    /// Whether the header `host` is mapped.
    pub(crate) fn maps_host(&self) -> bool {
        self.0.iter().any(|(_, target, _)| matches!(target, Target::Header(name) if name == "host"))
    }

    /// Whether a value reads the request's body.
    pub(crate) fn reads_request_body(&self) -> bool {
        self.0.iter().any(|(.., value)| value.reads_request_body())
    }

    /// Whether a value reads the body of the integration's answer.
    pub(crate) fn reads_response_body(&self) -> bool {
        self.0.iter().any(|(.., value)| value.reads_response_body())
    }

    /// The path that replaces the integration's.
    pub(crate) fn path(&self, scope: &Scope<'_>) -> Option<Vec<u8>> {
        let (_, _, value) = self.0.iter().find(|(_, target, _)| *target == Target::Path)?;
        value.text(scope)
    }

    /// The status that replaces the integration's.
    pub(crate) fn status(&self, scope: &Scope<'_>) -> Option<u16> {
        let (_, _, value) = self.0.iter().find(|(_, target, _)| *target == Target::StatusCode)?;
        let status: u16 = std::str::from_utf8(&value.text(scope)?).ok()?.parse().ok()?;
        STATUSES.contains(&status).then_some(status)
    }

    /// The request's query parameters, mapped; `None` where no mapping changes them.
    pub(crate) fn mapped_query(&self, scope: &Scope<'_>) -> Option<Vec<(String, String)>> {
        let mut mapped: Option<Vec<(String, String)>> = None;
        for (operation, target, value) in &self.0 {
            let Target::QueryString(name) = target else { continue };
            let text = value.text(scope).map(|text| String::from_utf8_lossy(&text).into_owned());
            if text.is_none() && *operation != Operation::Remove {
                continue;
            }
            let of_client = || scope.request.query().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            let pairs = mapped.get_or_insert_with(|| of_client().collect());
            if *operation != Operation::Append {
                pairs.retain(|(other, _)| other != name);
            }
            pairs.extend(text.filter(|_| *operation != Operation::Remove).map(|text| (name.clone(), text)));
        }
        mapped
    }

    /// The changes of headers. `present` are the headers as they came, from which all values are made.
    ///
    /// # Errors
    /// 500: the values are too long together.
    pub(crate) fn map_headers(&self, scope: &Scope<'_>, present: &Headers, edits: &mut Edits) -> Result<(), Failure> {
        let mut mapped: IndexMap<&str, Option<Vec<u8>>> = IndexMap::new();
        for (operation, target, value) in &self.0 {
            let Target::Header(name) = target else { continue };
            let text = value.text(scope).map(headers::clean_value);
            match (operation, text) {
                (Operation::Remove, _) => {
                    // What was mapped to this name before stays: so a header is renamed to itself.
                    mapped.entry(name).or_insert(None);
                }
                (_, None) => {}
                (Operation::Overwrite, Some(text)) => {
                    mapped.insert(name, Some(text));
                }
                (Operation::Append, Some(text)) => {
                    let before = match mapped.get(name.as_str()) {
                        Some(before) => before.clone(),
                        None => joined(present, name),
                    };
                    let all = match before {
                        Some(mut before) => {
                            before.push(b',');
                            before.extend(text);
                            before
                        }
                        None => text,
                    };
                    mapped.insert(name, Some(all));
                }
            }
        }
        let lengths = mapped.values().flatten().map(Vec::len);
        if lengths.fold(0, usize::saturating_add) > MAX_MAPPED_BYTES {
            return Err(Failure::configuration("the mapped headers are too long"));
        }
        for (name, value) in mapped {
            match value {
                Some(value) => edits.set(name.to_owned(), value),
                None => edits.remove(name.to_owned()),
            }
        }
        Ok(())
    }
}

fn one(key: &str, value: &str) -> IndexMap<String, String> {
    IndexMap::from([(key.to_owned(), value.to_owned())])
}

fn joined(headers: &Headers, name: &str) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = headers.all(name).collect();
    (!values.is_empty()).then(|| values.join(&b","[..]))
}

/// Reads `overwrite:header.NAME`; `None` when it is no key, or names a header that cannot be mapped.
fn parse_key(key: &str) -> Option<(Operation, Target)> {
    let (operation, target) = key.split_once(':')?;
    let operation = match operation {
        "append" => Operation::Append,
        "overwrite" => Operation::Overwrite,
        "remove" => Operation::Remove,
        _ => return None,
    };
    let target = match target {
        "path" => Target::Path,
        "statuscode" => Target::StatusCode,
        _ => match target.split_once('.')? {
            ("header", name) if is_mappable(name) => Target::Header(name.to_ascii_lowercase()),
            ("querystring", name) if !name.is_empty() => Target::QueryString(name.to_owned()),
            _ => return None,
        },
    };
    let whole = matches!(target, Target::Path | Target::StatusCode);
    (!whole || operation == Operation::Overwrite).then_some((operation, target))
}

fn is_mappable(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let reserved = RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    is_header_name(&name) && !reserved && !headers::is_internal(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let header = |name: &str| Target::Header(name.to_owned());
        assert_eq!(parse_key("append:header.X-A"), Some((Operation::Append, header("x-a"))));
        assert_eq!(parse_key("overwrite:path"), Some((Operation::Overwrite, Target::Path)));
        assert_eq!(
            parse_key("remove:querystring.Page"),
            Some((Operation::Remove, Target::QueryString("Page".to_owned())))
        );
        for none in ["append:path", "set:header.a", "header.a", "append:header.", "overwrite:header.Via"] {
            assert_eq!(parse_key(none), None, "{none}");
        }
        for reserved in ["Authorization", "access-control-allow-origin", "x-amzn-trace-id", "X-Forwarded-For"] {
            assert_eq!(parse_key(&format!("overwrite:header.{reserved}")), None, "{reserved}");
        }
    }
}
