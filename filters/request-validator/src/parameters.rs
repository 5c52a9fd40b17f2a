//! Required parameters.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>

use std::collections::BTreeMap;

use gateway::{Api, ConfigError, Context, Host, PathParameters, RawRoute, client};

/// A parameter that a request must have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter {
    place: Place,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Path,
    Query,
}

/// The parameters that a method requires, in the order in which missing ones are listed: by their complete keys.
///
/// Recorded on API Gateway: headers, then the path, then the query string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required(Vec<Parameter>);

impl Required {
    /// Reads `requestParameters`.
    ///
    /// # Errors
    /// A key of no known form.
    pub fn read(parameters: &BTreeMap<String, bool>) -> Result<Self, ConfigError> {
        const PLACES: [(&str, Place); 5] = [
            ("method.request.header.", Place::Header),
            ("method.request.multivalueheader.", Place::Header),
            ("method.request.multivaluequerystring.", Place::Query),
            ("method.request.path.", Place::Path),
            ("method.request.querystring.", Place::Query),
        ];
        let mut required = Vec::new();
        for (key, is_required) in parameters {
            let known = PLACES.iter().find_map(|(prefix, place)| Some((*place, key.strip_prefix(prefix)?)));
            match known {
                Some((_, "")) | None => {
                    let message = "expected `method.request.` and `header`, `path` or `querystring`, and a name";
                    return Err(ConfigError::new(key.as_str(), message));
                }
                Some((place, name)) if *is_required => required.push(Parameter { place, name: name.to_owned() }),
                Some(_) => {}
            }
        }
        Ok(Self(required))
    }

    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of those that a request does not have, or has blank.
    pub fn missing(&self, api: &Api, resource_path: &str, host: &dyn Host) -> Vec<&str> {
        let route = RawRoute { resource_path: resource_path.to_owned(), ..RawRoute::default() };
        let context = Context::new(api, Some(&route), host);
        let needs = |place| self.0.iter().any(|parameter| parameter.place == place);
        let headers = if needs(Place::Header) { host.request_headers() } else { Default::default() };
        let path = if needs(Place::Path) { context.path_parameters() } else { PathParameters::default() };
        let query = if needs(Place::Query) { context.query() } else { Default::default() };
        let is_missing = |parameter: &&Parameter| {
            let Parameter { place, name } = parameter;
            match place {
                // Also where it is a signature for the gateway itself, which mappings cannot read.
                Place::Header if name.eq_ignore_ascii_case("authorization") => headers.all(name).all(is_blank),
                Place::Header => {
                    client::header_values(&context, host, &headers, name).iter().all(|value| is_blank(value))
                }
                Place::Path => path.get(name).is_none_or(is_blank),
                Place::Query => query.all(name).all(|value| value.trim().is_empty()),
            }
        };
        self.0.iter().filter(is_missing).map(|parameter| parameter.name.as_str()).collect()
    }
}

fn is_blank(value: &[u8]) -> bool {
    value.trim_ascii().is_empty()
}
