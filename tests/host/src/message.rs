//! Requests and responses, as tests write and read them.

use crate::{HeaderMap, MapKind, Property};

/// A request, with what Envoy knows about it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Headers, pseudo headers among them.
    pub headers: HeaderMap,
    /// The body in the frames in which it arrives; no frame: the headers end the stream.
    pub frames: Vec<Vec<u8>>,
    /// Trailers.
    pub trailers: Option<HeaderMap>,
    /// Properties of this stream, by path, before those that Envoy derives.
    pub properties: Vec<(Vec<String>, Property)>,
    /// Whether the last frame ends the stream (HTTP/2). Without it an empty frame does, as from Envoy's HTTP/1 codec.
    pub end_with_last_frame: bool,
}

impl Request {
    /// A request as Envoy's HTTP/1 codec and connection manager hand it to the first filter: with `:authority`
    /// `example.com`, `:scheme`, `x-forwarded-proto` and a fixed `x-request-id`.
    pub fn new(method: &str, path: &str) -> Self {
        let mut headers = HeaderMap::new(MapKind::Request);
        headers.add(":authority", "example.com");
        headers.add(":path", path);
        headers.add(":method", method);
        headers.add(":scheme", "http");
        headers.add("x-forwarded-proto", "http");
        headers.add("x-request-id", "5a1f0000-0000-4000-8000-000000000001");
        Self { headers, frames: Vec::new(), trailers: None, properties: Vec::new(), end_with_last_frame: false }
    }

    /// A GET request.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST request.
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// Removes a header, one of the given ones say.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The route that Envoy found: property `xds.route_name`. Without it there is no route.
    pub fn route(self, name: &str) -> Self {
        self.property(&["xds", "route_name"], name)
    }

    /// The client: properties `source.address` and `source.port`, and `127.0.0.1:50000` where unset.
    pub fn source(self, ip: &str, port: u16) -> Self {
        let address = if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
        self.property(&["source", "address"], address).property(&["source", "port"], i64::from(port))
    }

    /// Sets a property of the stream.
    pub fn property(mut self, path: &[&str], value: impl Into<Property>) -> Self {
        self.properties.push((path.iter().map(|part| (*part).to_owned()).collect(), value.into()));
        self
    }

    /// `:method`.
    pub fn method(&self) -> String {
        self.headers.text(":method").unwrap_or_default()
    }

    /// `:path`.
    pub fn path(&self) -> String {
        self.headers.text(":path").unwrap_or_default()
    }
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Headers, `:status` first.
    pub headers: HeaderMap,
    /// The body in the frames in which it arrives; no frame: the headers end the stream.
    pub frames: Vec<Vec<u8>>,
    /// Trailers.
    pub trailers: Option<HeaderMap>,
    /// Whether the last frame ends the stream, as with [`Request::end_with_last_frame`].
    pub end_with_last_frame: bool,
}

impl Response {
    /// A response without body.
    pub fn new(status: u16) -> Self {
        let mut headers = HeaderMap::new(MapKind::Response);
        headers.add(":status", status.to_string());
        Self { headers, frames: Vec::new(), trailers: None, end_with_last_frame: false }
    }

    /// `:status`, 0 where it is not a number.
    pub fn status(&self) -> u16 {
        self.headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

/// What requests and responses have in common: headers that are added, and a body with its trailers.
macro_rules! message {
    ($message:ident) => {
        impl $message {
            /// Adds a header.
            pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
                self.headers.add(name, value);
                self
            }

            /// Sets the body, in one frame, and its `content-length`. An empty body is none.
            pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
                let body = body.as_ref();
                self.headers.set("content-length", body.len().to_string());
                self.frames = if body.is_empty() { Vec::new() } else { vec![body.to_vec()] };
                self
            }

            /// Cuts the body into frames of at most `size` bytes.
            pub fn split(mut self, size: usize) -> Self {
                self.frames = self.bytes().chunks(size).map(<[u8]>::to_vec).collect();
                self
            }

            /// Sets the frames of a body whose size is not announced.
            pub fn frames<B: AsRef<[u8]>>(mut self, frames: impl IntoIterator<Item = B>) -> Self {
                self.frames = frames.into_iter().map(|frame| frame.as_ref().to_vec()).collect();
                self
            }

            /// Lets the last frame end the stream.
            pub fn end_with_last_frame(mut self) -> Self {
                self.end_with_last_frame = true;
                self
            }

            /// Adds a trailer.
            pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
                self.trailers.get_or_insert_with(|| HeaderMap::new(MapKind::Trailers)).add(name, value);
                self
            }

            /// The whole body.
            pub fn bytes(&self) -> Vec<u8> {
                self.frames.concat()
            }

            /// The whole body as text, bytes that are not UTF-8 replaced.
            pub fn text(&self) -> String {
                String::from_utf8_lossy(&self.bytes()).into_owned()
            }
        }
    };
}

message!(Request);
message!(Response);
