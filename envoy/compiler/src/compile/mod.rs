//! A checked model as an Envoy configuration.
//!
//! The same parts make one static bootstrap (`apigw compile`) or a set of files that Envoy watches (`apigw run`).

// Only objects that `json!` has made just before are written into; a missing member is added.
#![allow(clippy::indexing_slicing)]

mod authorizers;
mod cluster;
mod filters;
mod http_api;
mod integrations;
mod listener;
mod path_match;
mod plans;
mod routes;
mod validation;
mod wasm;
mod websocket_api;

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::check::Model;
pub use listener::NAME;
use listener::{Source, listener};

/// Addresses on which Envoy listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For clients.
    pub listen: SocketAddr,
    /// For Envoy's admin interface.
    pub admin: SocketAddr,
}

/// The parts of an Envoy configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What precedes resource paths: `/prod`, or empty.
    pub base_path: String,
    /// The route configuration.
    pub routes: Value,
    /// The clusters.
    pub clusters: Vec<Value>,
    /// The filters in the order of the chain, with their configurations.
    pub filters: Vec<(&'static str, Value)>,
    /// Listeners beside the one for clients.
    pub internal_listeners: Vec<Value>,
    /// How many proxies before Envoy are trusted to say where a request comes from.
    pub xff_num_trusted_hops: u32,
}

/// Compiles a model; `module` is the path of `apigw.wasm`.
///
/// # Errors
/// A filter would refuse its configuration: a mistake that `check` should have found.
pub fn compile(model: &Model, module: &str) -> Result<Compiled, String> {
    match (model.http_apis.as_slice(), model.web_socket_apis.as_slice()) {
        ([api], []) => http_api::compile(model, api, module),
        ([], [api]) => websocket_api::compile(model, api, module),
        _ => filters::compile(model, module),
    }
}

impl Compiled {
    /// Everything in one bootstrap.
    pub fn bootstrap(&self, addresses: Addresses) -> Value {
        let source = Source::Inline { routes: &self.routes, filters: &self.filters };
        let mut listeners = vec![listener(addresses.listen, &source, self.xff_num_trusted_hops)];
        listeners.extend(self.internal_listeners.iter().cloned());
        let mut bootstrap = json!({
            "admin": {"address": listener::socket_address(addresses.admin)},
            "static_resources": {"listeners": listeners, "clusters": self.clusters},
        });
        if self.internal_listeners.iter().any(|listener| listener.get("internal_listener").is_some()) {
            bootstrap["bootstrap_extensions"] = bootstrap_extensions();
        }
        bootstrap
    }

    /// The bootstrap as YAML.
    ///
    /// # Errors
    /// It cannot be written as YAML.
    pub fn bootstrap_yaml(&self, addresses: Addresses) -> Result<String, String> {
        serde_yaml_ng::to_string(&self.bootstrap(addresses)).map_err(|error| error.to_string())
    }

    /// A bootstrap that takes all but the admin address from files in `folder`.
    pub fn dynamic_bootstrap(&self, folder: &str, addresses: Addresses) -> Value {
        json!({
            "node": {"id": NAME, "cluster": NAME},
            "admin": {"address": listener::socket_address(addresses.admin)},
            // A definition may become a WebSocket API's while Envoy runs.
            "bootstrap_extensions": bootstrap_extensions(),
            "dynamic_resources": {
                "lds_config": listener::file(&format!("{folder}/lds.json")),
                "cds_config": listener::file(&format!("{folder}/cds.json")),
            },
        })
    }

    /// The listeners, whose routes and filters come from files in `folder`.
    pub fn dynamic_listeners(&self, folder: &str, addresses: Addresses) -> Vec<Value> {
        let filters: Vec<&'static str> = self.filters.iter().map(|(name, _)| *name).collect();
        let mut listeners =
            vec![listener(addresses.listen, &Source::Files { folder, filters: &filters }, self.xff_num_trusted_hops)];
        listeners.extend(self.internal_listeners.iter().cloned());
        listeners
    }
}

/// What lets Envoy have listeners that only it reaches.
fn bootstrap_extensions() -> Value {
    json!([{
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        },
    }])
}
