//! Properties: what `proxy_get_property` finds, in the binary forms that Envoy gives them.
//!
//! A path is a list of names, separated by zero bytes. Integers, times and durations (nanoseconds) are eight bytes,
//! booleans one, strings and bytes themselves, header maps serialised.

use crate::{
    Direction, HeaderMap, MapKind, Status,
    context::{Context, Target},
    pairs,
    stream::StreamCore,
    vm::VmState,
};

/// A value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// A string or bytes.
    Bytes(Vec<u8>),
    /// A signed number, a time or a duration in nanoseconds.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// A floating point number.
    Double(f64),
    /// A truth value.
    Bool(bool),
}

impl Property {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Int(number) => number.to_le_bytes().to_vec(),
            Self::Uint(number) => number.to_le_bytes().to_vec(),
            Self::Double(number) => number.to_le_bytes().to_vec(),
            Self::Bool(truth) => vec![u8::from(*truth)],
        }
    }
}

impl From<&str> for Property {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Property {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<Vec<u8>> for Property {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Property {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Property {
    fn from(number: u64) -> Self {
        Self::Uint(number)
    }
}

impl From<bool> for Property {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// What a path leads to.
enum Found {
    Value(Property),
    Headers(HeaderMap),
    /// A map that Envoy cannot list, such as `source`.
    Opaque,
}

/// Name under which `proxy_set_property` keeps `path` in the filter state.
pub(crate) fn filter_state_key(path: &[u8]) -> Vec<u8> {
    [b"wasm.".as_slice(), path].concat()
}

/// The serialised value at `path`, as context `id` sees it.
pub(crate) fn get(vm: &VmState, id: u32, path: &[u8]) -> Result<Vec<u8>, Status> {
    let context = vm.contexts.get(&id).ok_or(Status::NotFound)?;
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    if path.is_empty() {
        return Err(Status::SerializationFailure);
    }
    if let Some(value) = set_by_test(vm, context, path) {
        return Ok(value.to_bytes());
    }
    let parts: Vec<&[u8]> = path.split(|byte| *byte == 0).collect();
    let (top, rest) = parts.split_first().ok_or(Status::SerializationFailure)?;
    let top = String::from_utf8_lossy(top);
    let found = match (&*top, rest) {
        ("plugin_name", []) => text(context.plugin.as_ref().map(|plugin| plugin.name.clone())),
        ("plugin_root_id", []) => text(context.plugin.as_ref().map(|plugin| plugin.root_id.clone())),
        ("plugin_vm_id", []) => text(Some(vm.vm_id.clone())),
        ("xds", []) => Some(Found::Opaque),
        _ => match &context.target {
            Target::None => None,
            Target::Http(stream, _) => of_stream(vm, context, stream, &top, rest),
            Target::Tcp(connection) => match (&*top, rest) {
                ("source" | "destination" | "connection" | "filter_state", []) => Some(Found::Opaque),
                (_, []) => bytes(connection.filter_state(&filter_state_key(path))),
                ("filter_state", [key]) => bytes(connection.filter_state(key)),
                ("connection", [b"id"]) => Some(Found::Value(Property::Uint(connection.id))),
                _ => of_connection(&top, rest),
            },
        },
    };
    match found {
        None => Err(Status::NotFound),
        Some(Found::Opaque) => Err(Status::SerializationFailure),
        Some(Found::Value(value)) => Ok(value.to_bytes()),
        Some(Found::Headers(map)) => Ok(serialised(&map)),
    }
}

fn set_by_test(vm: &VmState, context: &Context, path: &[u8]) -> Option<Property> {
    let own = match &context.target {
        Target::Http(stream, _) => stream.lock().properties.get(path).cloned(),
        Target::Tcp(connection) => connection.property(path),
        Target::None => None,
    };
    own.or_else(|| vm.host.properties.lock().unwrap().get(path).cloned())
}

fn of_stream(vm: &VmState, context: &Context, stream: &StreamCore, top: &str, rest: &[&[u8]]) -> Option<Found> {
    let state = stream.lock();
    let visible = |direction: Direction| {
        let open = context.http.access_log || context.http.headers[direction as usize];
        state.lanes[direction as usize].headers.as_ref().filter(|_| open)
    };
    match (top, rest) {
        ("request" | "response" | "source" | "destination" | "connection" | "upstream" | "filter_state", []) => {
            Some(Found::Opaque)
        }
        ("metadata", []) => bytes(Some(Vec::new())),
        ("filter_state", [key]) => bytes(state.filter_state.get(*key).cloned()),
        ("connection_id", []) | ("connection", [b"id"]) => Some(Found::Value(Property::Uint(1))),
        ("request", [b"headers"]) => Some(joined(visible(Direction::Request))),
        ("request", [b"headers", name]) => header(visible(Direction::Request), name),
        ("response", [b"headers"]) => Some(joined(visible(Direction::Response))),
        ("response", [b"headers", name]) => header(visible(Direction::Response), name),
        ("request", [name]) => {
            let headers = visible(Direction::Request);
            let received = state.lanes[Direction::Request as usize].received;
            let number = match *name {
                b"time" => state.started.as_nanos() as i64,
                b"size" => {
                    let announced = headers.and_then(|map| map.text("content-length")?.parse().ok());
                    announced.unwrap_or(received as i64)
                }
                b"total_size" => (received + headers.map_or(0, HeaderMap::byte_size)) as i64,
                b"duration" if context.http.access_log => {
                    vm.host.clock.wall().saturating_sub(state.started).as_nanos() as i64
                }
                b"protocol" => return bytes(Some(b"HTTP/1.1".to_vec())),
                _ => return request_header(headers?, name),
            };
            Some(Found::Value(Property::Int(number)))
        }
        ("response", [b"code"]) => state.code.map(|code| Found::Value(Property::Int(i64::from(code)))),
        ("response", [b"code_details"]) => text(state.details.clone()),
        ("response", [b"flags"]) => Some(Found::Value(Property::Int(state.flags))),
        ("response", [b"size"]) => {
            let sent = state.lanes[Direction::Response as usize].out_body.len();
            Some(Found::Value(Property::Int(sent as i64)))
        }
        ("upstream", [b"address"]) if state.upstream_chosen => text(Some("127.0.0.1:9000".to_owned())),
        ("upstream", [b"port"]) if state.upstream_chosen => Some(Found::Value(Property::Int(9000))),
        (_, []) => bytes(state.filter_state.get(&filter_state_key(top.as_bytes())).cloned()),
        _ => of_connection(top, rest),
    }
}

fn of_connection(top: &str, rest: &[&[u8]]) -> Option<Found> {
    match (top, rest) {
        ("connection", [b"mtls"]) => Some(Found::Value(Property::Bool(false))),
        ("connection", [b"requested_server_name"]) => text(Some(String::new())),
        ("source", [b"address"]) => text(Some("127.0.0.1:50000".to_owned())),
        ("source", [b"port"]) => Some(Found::Value(Property::Int(50_000))),
        ("destination", [b"address"]) => text(Some("127.0.0.1:8080".to_owned())),
        ("destination", [b"port"]) => Some(Found::Value(Property::Int(8080))),
        ("xds", [b"listener_direction"]) => Some(Found::Value(Property::Int(0))),
        ("xds", [b"filter_chain_name" | b"listener_metadata"]) => text(Some(String::new())),
        _ => None,
    }
}

fn request_header(headers: &HeaderMap, property: &[u8]) -> Option<Found> {
    let path = headers.text(":path").unwrap_or_default();
    let name = match property {
        b"url_path" => return text(Some(path.split('?').next().unwrap_or_default().to_owned())),
        b"query" => return text(Some(path.split_once('?').map_or("", |(_, query)| query).to_owned())),
        b"path" => ":path",
        b"host" => ":authority",
        b"scheme" => ":scheme",
        b"method" => ":method",
        b"referer" => "referer",
        b"useragent" => "user-agent",
        b"id" => "x-request-id",
        _ => return None,
    };
    bytes(headers.get(name).map(<[u8]>::to_vec))
}

/// All values of a header, joined by commas.
fn header(headers: Option<&HeaderMap>, name: &[u8]) -> Option<Found> {
    let values: Vec<&[u8]> = headers?.all(&String::from_utf8_lossy(name)).collect();
    bytes((!values.is_empty()).then(|| values.join(&b","[..])))
}

/// A map with one entry for each name. (Envoy's order is that of a hash table.)
fn joined(headers: Option<&HeaderMap>) -> Found {
    let mut map = HeaderMap::new(MapKind::Trailers);
    for (name, _) in headers.iter().flat_map(|headers| headers.iter()) {
        if let Some(Found::Value(value)) = header(headers, name.as_bytes()) {
            map.set(name, value.to_bytes());
        }
    }
    Found::Headers(map)
}

fn serialised(map: &HeaderMap) -> Vec<u8> {
    let entries: Vec<(&[u8], &[u8])> = map.iter().map(|(name, value)| (name.as_bytes(), value)).collect();
    pairs::to_bytes(entries.iter().copied())
}

fn text(text: Option<String>) -> Option<Found> {
    bytes(text.map(String::into_bytes))
}

fn bytes(bytes: Option<Vec<u8>>) -> Option<Found> {
    bytes.map(|bytes| Found::Value(Property::Bytes(bytes)))
}
