//! The parts of a request that a signature covers.

use gateway::{Headers, split_target};

/// A request as it goes over the wire.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Verb.
    pub method: &'a [u8],
    /// Path as sent, without the query.
    pub path: &'a [u8],
    /// Query string as sent, without its `?`.
    pub query: &'a [u8],
    /// Header names and values in order; the authority stands among them as `host`.
    pub headers: Vec<(&'a [u8], &'a [u8])>,
}

/// A request as its client has sent it: Envoy keeps the target and the authority among the headers.
impl<'a> From<&'a Headers> for Request<'a> {
    fn from(headers: &'a Headers) -> Self {
        let mut request = Self::default();
        for (name, value) in headers.iter() {
            match name {
                b":method" => request.method = value,
                b":path" => {
                    let (path, query) = split_target(value);
                    request.path = path;
                    request.query = query.unwrap_or_default();
                }
                b":authority" => request.headers.push((b"host", value)),
                _ if name.starts_with(b":") => {}
                _ => request.headers.push((name, value)),
            }
        }
        request
    }
}

impl<'a> Request<'a> {
    /// The values of a header in order, letter case of the name ignored.
    pub fn values(&self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a header that may stand only once: `None` where it is missing or stands several times, so that
    /// nobody can choose which of two values counts.
    pub fn only(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }
}
