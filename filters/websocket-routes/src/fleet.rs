//! The Envoys of a fleet: a call of `@connections` goes on to the one that has the connection.
//!
//! A connection's id names it by a number, and only the nodes of the configuration are called. The request goes on as it
//! came, so that a signature is checked there as well, and only once, so that nodes which disagree about their numbers do
//! not send each other a call for ever.

use std::collections::BTreeMap;

use endpoint::{BackendRequest, Endpoint, RawEndpoint, TimeoutMillis};
use gateway::client::is_internal;
use gateway::{Answer, Callout, ConfigError, Host, ResponseType};
use mapping_template::parts::Outcome;

/// Marks a call that another node has sent on.
const FORWARDED: &str = "x-apigw-forwarded";
/// How long a node has for its part, in milliseconds: a little longer than it gives its workers.
const TIMEOUT: TimeoutMillis = TimeoutMillis { default: 7000, min: 50 };
/// What belongs to the caller's own connection, and what Envoy writes anew.
const OF_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Headers of an answer that the caller gets too.
const ANSWERED: [&str; 2] = ["content-type", "x-amzn-errortype"];

/// The nodes, and which of them this Envoy is.
#[derive(Debug, Default)]
pub struct Fleet {
    node: u16,
    others: BTreeMap<u16, Endpoint>,
}

/// What another node has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// Its answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers for the caller.
        headers: Vec<(&'static str, Vec<u8>)>,
        /// Body.
        body: Vec<u8>,
    },
    /// It takes too long.
    Late,
    /// It cannot be reached: its connections are lost.
    Gone,
}

impl Fleet {
    /// Checks the nodes; `node` is the number of this one, whose own entry is not needed.
    ///
    /// # Errors
    /// An endpoint is wrong.
    pub fn from_raw(node: u16, nodes: BTreeMap<u16, RawEndpoint>) -> Result<Self, ConfigError> {
        let mut others = BTreeMap::new();
        for (number, raw) in nodes.into_iter().filter(|(number, _)| *number != node) {
            let endpoint = Endpoint::from_raw(raw, TIMEOUT).map_err(|error| error.below(&format!("nodes.{number}")))?;
            others.insert(number, endpoint);
        }
        Ok(Self { node, others })
    }

    /// The number of this node, which new connections' ids begin with.
    pub fn node(&self) -> u16 {
        self.node
    }

    /// The request that `host` holds, for another node; `None` when no such node is configured, or the request has come
    /// from one already.
    pub fn forward(&self, host: &dyn Host, node: u16, body: &[u8]) -> Option<Callout> {
        let headers = host.request_headers();
        if headers.first(FORWARDED).is_some() {
            return None;
        }
        let endpoint = self.others.get(&node)?;
        let text = |name: &str| headers.first(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let mut request = BackendRequest {
            method: text(":method")?,
            target: headers.first(":path")?.to_vec(),
            // The signature covers it.
            headers: vec![("host".into(), headers.first(":authority")?.to_vec())],
            body: body.to_vec(),
        };
        for (name, value) in headers.iter() {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            if !name.starts_with(':') && !is_internal(&name) && !OF_CONNECTION.contains(&name.as_str()) {
                request.headers.push((name.into(), value.to_vec()));
            }
        }
        request.headers.push((FORWARDED.into(), self.node.to_string().into_bytes()));
        endpoint.callout(host, request).ok()
    }
}

impl Forwarded {
    /// Reads a node's answer.
    pub fn read(answer: Answer) -> Self {
        match Outcome::read(answer) {
            Ok(Outcome { status, headers, body }) => {
                let passed = ANSWERED.into_iter().filter_map(|name| Some((name, headers.first(name)?.to_vec())));
                Self::Answer { status, headers: passed.collect(), body }
            }
            Err(failure) if failure.error.response_type == Some(ResponseType::IntegrationTimeout) => Self::Late,
            Err(_) => Self::Gone,
        }
    }
}
