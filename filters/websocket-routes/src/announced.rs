//! Ids of a handshake: those that `gateway-responses` has given it, before anybody looked at who it is, or new ones where
//! that is not in the chain.

use gateway::{Host, Property, UnixMillis};
use serde::Deserialize;
use websocket::{ConnectionId, ParsedId, event_id};

/// What is known of a connection before it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// `connectionId`
    pub connection: ConnectionId,
    /// `connectedAt`
    pub connected_at: UnixMillis,
    /// `requestId`
    pub request_id: String,
}

/// [`Property::WebSocket`] as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    connection_id: String,
    connected_at: u64,
}

impl Announced {
    /// The ids of the handshake that `host` holds, on this node of the fleet.
    pub fn of(host: &dyn Host, node: u16) -> Self {
        left(host).unwrap_or_else(|| {
            let worker = host.address().map(|address| address.worker).unwrap_or_default();
            let connection = ConnectionId { node, worker, serial: host.random() };
            let request_id = event_id([host.random(), host.random()]);
            host.set_property(Property::Request, format!("{request_id} {request_id}").as_bytes());
            Self { connection, connected_at: host.now(), request_id }
        })
    }
}

fn left(host: &dyn Host) -> Option<Announced> {
    let known: Known = serde_json::from_slice(&host.property(Property::WebSocket)?).ok()?;
    let ParsedId::Id(connection) = ConnectionId::parse(&known.connection_id) else { return None };
    let ids = String::from_utf8(host.property(Property::Request)?).ok()?;
    let (request_id, _) = ids.split_once(' ')?;
    let connected_at = UnixMillis(known.connected_at);
    Some(Announced { connection, connected_at, request_id: request_id.to_owned() })
}
