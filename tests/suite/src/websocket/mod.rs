//! WebSocket APIs on a real Envoy, each from a template through `apigw run`: one that echoes, and small ones for single
//! facts.

mod autobahn;
mod cases;
mod changes;
mod client;
mod connect;
mod execution;
mod facts;
mod fleet;
mod hostile;
mod integrations;
mod journal;
mod several;
mod trap;
mod upstreams;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::json;

use crate::backend::{Backend, Behaviour, Function};
use crate::gateway::Gateway;
use crate::progress::Progress;
use crate::tally::{Outcome, Tally};
use client::Client;

/// The API that the cases share.
const ECHO: &str = include_str!("../../definitions/websocket.yaml");

type Echoing = (&'static str, fn(&Api, &mut Tally));
type Other = (&'static str, fn(&mut Tally));

/// Runs everything; `$CASES` is a word in the names of the groups that are meant.
///
/// # Panics
/// When the gateway does not start.
pub fn run() -> Tally {
    let only = std::env::var("CASES").unwrap_or_default();
    let mut tally = Tally::default();
    let echoing: [Echoing; 4] = [
        ("connections", cases::run),
        ("integrations", integrations::run),
        ("hostile", hostile::run),
        ("autobahn", autobahn::run),
    ];
    let echoing: Vec<_> = echoing.into_iter().filter(|(name, _)| name.contains(&only)).collect();
    let others: [Other; 9] = [
        ("connect", connect::run),
        ("upstreams", upstreams::run),
        ("changes", changes::run),
        ("trap", trap::run),
        ("fleet", fleet::run),
        ("several", several::run),
        ("journal", journal::run),
        ("execution", execution::run),
        ("facts", facts::run),
    ];
    let others: Vec<_> = others.into_iter().filter(|(name, _)| name.contains(&only)).collect();
    let mut progress = Progress::new("websocket", echoing.len() + others.len());
    if !echoing.is_empty() {
        let api = Api::start();
        for (name, group) in echoing {
            group(&api, &mut tally);
            progress.done(name, &tally);
        }
    }
    for (name, group) in others {
        group(&mut tally);
        progress.done(name, &tally);
    }
    tally
}

/// The API that echoes, on an Envoy with two workers. It ends with this value.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    /// Echoes what it is sent.
    pub backend: Backend,
    /// A function that answers with its event.
    pub functions: Backend,
    gateway: Gateway,
    _others: [Backend; 2],
}

impl Api {
    fn start() -> Self {
        let echo = Function::LambdaProxyEchoEvent;
        let functions = Backend::start(&Behaviour::Lambda(BTreeMap::from([("echo".to_owned(), echo)])));
        let backend = Backend::start(&Behaviour::HttpEchoBody);
        let others = [Behaviour::Silent, Behaviour::Refused].map(|behaviour| Backend::start(&behaviour));
        let hosts = json!({
            "backend.example:80": backend.url(),
            "slow.example:80": others[0].url(),
            "absent.example:80": others[1].url(),
        });
        let settings = json!({
            "apiId": "websocket",
            "connections": {"authorization": "NONE"},
            "endpoints": {"hosts": hosts, "functions": {"*": functions.url()}},
        });
        let gateway = start(ECHO, &settings);
        Self { address: gateway.address, backend, functions, gateway, _others: others }
    }

    /// A new connection.
    ///
    /// # Errors
    /// The handshake's answer, or that there is none.
    pub fn connect(&self) -> Result<Client, String> {
        Client::connect(self.address, "/prod", &[])
    }

    /// Resident memory of Envoy, in KiB.
    ///
    /// # Errors
    /// The system does not say.
    pub fn memory_kib(&self) -> Result<u64, String> {
        self.gateway.envoy_memory_kib()
    }

    /// What `apigw` and Envoy have said.
    pub fn log(&self) -> String {
        self.gateway.log()
    }
}

/// A gateway with two workers.
fn start(definition: &str, settings: &serde_json::Value) -> Gateway {
    let two_workers = ["--concurrency".to_owned(), "2".to_owned()];
    Gateway::start(definition, &settings.to_string(), &two_workers).unwrap_or_else(|report| panic!("{report}"))
}

/// Counts a case whose error says what went wrong.
fn count(tally: &mut Tally, area: &str, name: &str, result: Result<(), String>, log: impl FnOnce() -> String) {
    let outcome = match result {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(format!("{why}\n{}", log())),
    };
    tally.add(area, name, outcome);
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
