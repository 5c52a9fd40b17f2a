//! Header maps as Envoy keeps them.

use std::fmt;

/// Which of Envoy's header tables applies to a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// Headers of a request.
    Request,
    /// Headers of a response.
    Response,
    /// Trailers of either.
    Trailers,
}

/// Headers of which Envoy keeps one entry: adding a second value appends it after a comma.
///
/// Not documented: taken from what a filter saw on Envoy 1.40 (the table depends on the extensions linked in).
const SINGLE_IN_BOTH: &[&str] = &[
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];
const SINGLE_IN_REQUESTS: &[&str] = &[
    ":authority",
    ":method",
    ":path",
    ":protocol",
    ":scheme",
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "expect",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "referer",
    "te",
    "user-agent",
    "x-client-trace-id",
    "x-envoy-original-path",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];
const SINGLE_IN_RESPONSES: &[&str] = &[
    ":status",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "last-modified",
    "location",
    "server",
    "vary",
    "x-envoy-upstream-service-time",
];

/// An ordered list of headers. Names are lower case, values are bytes.
///
/// Pseudo headers stay in front of the others. Some names have one entry only, and adding to them appends to its value
/// after a comma (`authorization`, `content-type`, … as in Envoy); others, `x-api-key` among them, can repeat.
#[derive(Clone)]
pub struct HeaderMap {
    kind: MapKind,
    entries: Vec<(String, Vec<u8>)>,
}

impl HeaderMap {
    /// An empty map.
    pub fn new(kind: MapKind) -> Self {
        Self { kind, entries: Vec::new() }
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The first value of `name` as text, bytes that are not UTF-8 replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let name = self.canonical(name);
        self.entries.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value.as_slice())
    }

    /// Whether there is a header `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Adds a value, keeping the present ones (Envoy's `addCopy`).
    pub fn add(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let (name, value) = (self.canonical(name), value.as_ref());
        if self.is_single(&name)
            && let Some((_, present)) = self.entries.iter_mut().find(|(key, _)| *key == name)
        {
            if !present.is_empty() && !value.is_empty() {
                present.push(b',');
            }
            present.extend_from_slice(value);
            return;
        }
        let at = if name.starts_with(':') {
            self.entries.iter().take_while(|(key, _)| key.starts_with(':')).count()
        } else {
            self.entries.len()
        };
        self.entries.insert(at, (name, value.to_vec()));
    }

    /// Removes the present values and adds this one at the end (Envoy's `setCopy`).
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes every value of `name`.
    pub fn remove(&mut self, name: &str) {
        let name = self.canonical(name);
        self.entries.retain(|(key, _)| *key != name);
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Size of all names and values, in bytes.
    pub fn byte_size(&self) -> usize {
        self.entries.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn from_pairs(kind: MapKind, pairs: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let mut map = Self::new(kind);
        for (name, value) in pairs {
            map.add(&String::from_utf8_lossy(name), value);
        }
        map
    }

    /// The name under which an entry is kept: `host` of a request is its `:authority`.
    fn canonical(&self, name: &str) -> String {
        match name.to_ascii_lowercase() {
            host if host == "host" && self.kind == MapKind::Request => ":authority".to_owned(),
            other => other,
        }
    }

    fn is_single(&self, name: &str) -> bool {
        let own = match self.kind {
            MapKind::Request => SINGLE_IN_REQUESTS,
            MapKind::Response => SINGLE_IN_RESPONSES,
            MapKind::Trailers => return false,
        };
        own.contains(&name) || SINGLE_IN_BOTH.contains(&name)
    }
}

impl PartialEq for HeaderMap {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl fmt::Debug for HeaderMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, value)| format!("{name}: {}", value.escape_ascii()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(map: &HeaderMap) -> String {
        map.iter().map(|(n, v)| format!("{n}={}", String::from_utf8_lossy(v))).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn some_headers_have_one_entry_and_others_repeat() {
        let mut map = HeaderMap::new(MapKind::Request);
        for name in ["Authorization", "x-api-key"] {
            map.add(name, "a");
            map.add(name, "b");
        }
        assert_eq!(shown(&map), "authorization=a,b&x-api-key=a&x-api-key=b");
    }

    #[test]
    fn setting_replaces_all_values_and_moves_to_the_end() {
        let mut map = HeaderMap::new(MapKind::Request);
        for (name, value) in [("x-a", "1"), ("x-b", "2"), ("x-a", "3"), (":path", "/")] {
            map.add(name, value);
        }
        map.set("X-A", "new");
        assert_eq!(shown(&map), ":path=/&x-b=2&x-a=new");
    }

    #[test]
    fn responses_have_a_table_of_their_own() {
        let mut map = HeaderMap::new(MapKind::Response);
        for name in ["vary", "authorization"] {
            map.add(name, "a");
            map.add(name, "b");
        }
        assert_eq!(shown(&map), "vary=a,b&authorization=a&authorization=b");
    }
}
