//! CORS of HTTP APIs: the gateway answers preflights that no route takes, and its configuration stands in the place of
//! whatever an integration says.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>

use gateway::{ConfigError, Edits, Headers};
use serde::{Deserialize, Serialize};

/// What the names of all CORS response headers begin with.
const PREFIX: &[u8] = b"access-control-";
/// Seconds for which a browser may keep a preflight's answer.
const MAX_AGE: std::ops::RangeInclusive<i32> = -1..=86_400;

/// CORS as an HTTP API configures it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawCors {
    /// Origins, `*`, `https://*` or `http://*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    /// Verbs, or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// Seconds for which a preflight's answer may be kept, -1 to 86400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
    /// Whether requests may carry credentials.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_credentials: bool,
}

/// CORS, compiled: header values as they are sent.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<Origins>,
    allow_methods: Option<String>,
    allow_headers: Option<String>,
    expose_headers: Option<String>,
    max_age: Option<String>,
    allow_credentials: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Origins {
    All,
    /// `https://*`: the scheme.
    Scheme(String),
    One(String),
}

impl Cors {
    pub(crate) fn from_raw(raw: RawCors) -> Result<Self, ConfigError> {
        if let Some(seconds) = raw.max_age.filter(|seconds| !MAX_AGE.contains(seconds)) {
            return Err(ConfigError::new("maxAge", format!("found {seconds}, expected -1 to 86400")));
        }
        let origins: Vec<Origins> = raw.allow_origins.iter().map(|text| Origins::parse(text)).collect();
        if raw.allow_credentials && origins.contains(&Origins::All) {
            return Err(ConfigError::new("allowCredentials", "credentials are not allowed for the origin `*`"));
        }
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(","));
        Ok(Self {
            origins,
            allow_methods: list(&raw.allow_methods),
            allow_headers: list(&raw.allow_headers),
            expose_headers: list(&raw.expose_headers),
            max_age: raw.max_age.map(|seconds| seconds.to_string()),
            allow_credentials: raw.allow_credentials,
        })
    }

    /// The headers of a response to `request`. Preflights get some more.
    pub(crate) fn headers(&self, request: &Headers) -> Vec<(&'static str, Vec<u8>)> {
        let mut headers: Vec<(&'static str, Vec<u8>)> = Vec::new();
        let Some((allowed, echoed)) = request.first("origin").and_then(|origin| self.allowed(origin)) else {
            return headers;
        };
        let verb = request.first(":method").unwrap_or_default();
        if verb == b"OPTIONS" && request.first("access-control-request-method").is_none() {
            return headers;
        }
        headers.push(("access-control-allow-origin", allowed));
        if echoed {
            headers.push(("vary", b"Origin".to_vec()));
        }
        if self.allow_credentials {
            headers.push(("access-control-allow-credentials", b"true".to_vec()));
        }
        let mut add = |name: &'static str, value: &Option<String>| {
            headers.extend(value.as_ref().map(|value| (name, value.clone().into_bytes())));
        };
        add("access-control-expose-headers", &self.expose_headers);
        if verb == b"OPTIONS" {
            add("access-control-allow-methods", &self.allow_methods);
            add("access-control-allow-headers", &self.allow_headers);
            add("access-control-max-age", &self.max_age);
        }
        headers
    }

    /// The changes to a response: the integration's own CORS headers go.
    pub(crate) fn edit(headers: Vec<(&'static str, Vec<u8>)>, response: &Headers, edits: &mut Edits) {
        for (name, _) in response.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let replaced = headers.iter().any(|(known, _)| known.as_bytes() == name);
            if let (Ok(name), false) = (std::str::from_utf8(name), replaced) {
                edits.remove(name.to_owned());
            }
        }
        for (name, value) in headers {
            // The backend may vary by something else as well.
            if name == "vary" { edits.add.push((name.into(), value.into())) } else { edits.set(name, value) }
        }
    }

    /// `Access-Control-Allow-Origin` for an origin, and whether it depends on the origin.
    fn allowed(&self, origin: &[u8]) -> Option<(Vec<u8>, bool)> {
        if self.origins.contains(&Origins::All) {
            return Some((b"*".to_vec(), false));
        }
        self.origins.iter().any(|allowed| allowed.takes(origin)).then(|| (origin.to_vec(), true))
    }
}

impl Origins {
    fn parse(text: &str) -> Self {
        match text {
            "*" => Self::All,
            _ => match text.strip_suffix('*') {
                Some(scheme) if matches!(scheme, "https://" | "http://") => Self::Scheme(scheme.to_owned()),
                _ => Self::One(text.to_owned()),
            },
        }
    }

    fn takes(&self, origin: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Scheme(scheme) => origin.starts_with(scheme.as_bytes()),
            Self::One(text) => text.as_bytes() == origin,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Result<Cors, ConfigError> {
        let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Cors::from_raw(RawCors {
            allow_origins: texts(origins),
            allow_methods: texts(&["GET", "POST"]),
            allow_headers: texts(&["authorization"]),
            expose_headers: texts(&["x-total"]),
            max_age: Some(300),
            allow_credentials: credentials,
        })
    }

    fn request(headers: &[(&str, &str)]) -> Headers {
        Headers::from_pairs(headers)
    }

    fn answer(cors: &Cors, headers: &[(&str, &str)]) -> Vec<String> {
        let headers = cors.headers(&request(headers)).into_iter();
        headers.map(|(name, value)| format!("{name}: {}", String::from_utf8(value).unwrap())).collect()
    }

    #[test]
    fn a_preflight() {
        let cors = cors(&["https://www.example.com"], true).unwrap();
        let asked =
            [(":method", "OPTIONS"), ("origin", "https://www.example.com"), ("access-control-request-method", "POST")];
        let expected = [
            "access-control-allow-origin: https://www.example.com",
            "vary: Origin",
            "access-control-allow-credentials: true",
            "access-control-expose-headers: x-total",
            "access-control-allow-methods: GET,POST",
            "access-control-allow-headers: authorization",
            "access-control-max-age: 300",
        ];
        assert_eq!(answer(&cors, &asked), expected);
        assert_eq!(answer(&cors, &asked[..2]), Vec::<String>::new(), "no Access-Control-Request-Method");
    }

    #[test]
    fn other_requests() {
        let cors = cors(&["https://*", "http://localhost:3000"], false).unwrap();
        let get = |origin| answer(&cors, &[(":method", "GET"), ("origin", origin)]);
        assert_eq!(get("https://a.example").first().unwrap(), "access-control-allow-origin: https://a.example");
        assert_eq!(get("http://localhost:3000").len(), 3);
        assert_eq!(get("http://a.example"), Vec::<String>::new());
        assert_eq!(answer(&cors, &[(":method", "GET")]), Vec::<String>::new());
    }

    #[test]
    fn all_origins() {
        let all = cors(&["*"], false).unwrap();
        let found = answer(&all, &[(":method", "GET"), ("origin", "null")]);
        assert_eq!(found, ["access-control-allow-origin: *", "access-control-expose-headers: x-total"]);
        assert!(cors(&["*"], true).is_err());
        assert!(Cors::from_raw(RawCors { max_age: Some(86_401), ..RawCors::default() }).is_err());
    }

    #[test]
    fn the_integrations_own_headers_go() {
        let cors = cors(&["*"], false).unwrap();
        let response = request(&[("access-control-allow-origin", "x"), ("access-control-max-age", "9"), ("a", "b")]);
        let mut edits = Edits::default();
        let headers = cors.headers(&request(&[(":method", "GET"), ("origin", "https://a")]));
        Cors::edit(headers, &response, &mut edits);
        assert_eq!(edits.remove, ["access-control-max-age"]);
        assert!(edits.set.iter().any(|(name, value)| name == "access-control-allow-origin" && value.as_ref() == b"*"));
    }
}
