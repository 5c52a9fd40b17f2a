//! One deployment of an API on a stage, and several of them as one gateway.

use std::collections::BTreeMap;

use filters::{GATEWAY, RawDeployment, RawFilter, RawGateway, RawGatewayRoute};
use gateway::RawApi;
use serde_json::{Value, json};

use super::hosts::Host;
use super::wasm;
use crate::settings::LogSink;

/// A deployment: its routes, and the filters that they pass.
#[derive(Clone)]
pub(super) struct Deployment {
    /// The API and stage.
    pub api: RawApi,
    /// The API's name; empty where it has none.
    pub title: String,
    /// From how many bytes on answers are compressed; `None`: never.
    pub compressed_from: Option<u32>,
    /// Where its access log goes; `None`: it has none.
    pub log: Option<LogSink>,
    /// Where its execution log goes; `None`: it has none.
    pub execution_log: Option<LogSink>,
    /// Names under which it is reached.
    pub hosts: Vec<Host>,
    /// Whether its routes are for clients alone that have shown a certificate.
    pub needs_certificate: bool,
    /// Routes in the order in which Envoy tries them.
    pub routes: Vec<Value>,
    /// The route for paths outside of the stage.
    pub fallback: Option<Value>,
    /// Filters in the order of the chain.
    pub filters: Vec<RawFilter>,
    /// Filters that a route does not pass, by the route's name. One that is not named here passes all of them, and they
    /// refuse it.
    pub without: BTreeMap<String, Vec<&'static str>>,
}

impl Deployment {
    /// Whether it is a WebSocket API's.
    pub(super) fn is_web_socket_api(&self) -> bool {
        self.filters.iter().any(|filter| matches!(filter, RawFilter::WebsocketRoutes(_)))
    }

    /// Gives the routes names of their own, for a gateway with several deployments.
    ///
    /// # Errors
    /// A filter's configuration cannot be written.
    pub(super) fn with_prefix(mut self, prefix: &str) -> Result<Self, String> {
        if prefix.is_empty() {
            return Ok(self);
        }
        let named = |name: &str| format!("{prefix}{name}");
        for route in self.routes.iter_mut().chain(&mut self.fallback) {
            route["name"] = json!(named(route["name"].as_str().unwrap_or_default()));
        }
        self.without = self.without.into_iter().map(|(name, unused)| (named(&name), unused)).collect();
        // Every filter keeps what it knows of a route under the route's name.
        for filter in &mut self.filters {
            if let RawFilter::WebsocketRoutes(api) = filter {
                // Its `routes` are those of messages.
                api.route_prefix = prefix.to_owned();
                continue;
            }
            let mut raw = serde_json::to_value(&*filter).map_err(|error| error.to_string())?;
            for configuration in raw.as_object_mut().into_iter().flat_map(|raw| raw.values_mut()) {
                if let Some(routes) = configuration.get_mut("routes").and_then(Value::as_object_mut) {
                    *routes = std::mem::take(routes).into_iter().map(|(name, route)| (named(&name), route)).collect();
                }
            }
            *filter = serde_json::from_value(raw).map_err(|error| error.to_string())?;
        }
        Ok(self)
    }

    /// The configurations of the filters, and the routes that do not pass all of them.
    fn raw(self) -> RawDeployment {
        let names: Vec<&'static str> = self.filters.iter().map(RawFilter::name).collect();
        let in_chain = |unused: &Vec<&'static str>| {
            let unused = unused.iter().filter(|name| names.contains(name));
            RawGatewayRoute { without: unused.map(|name| (*name).to_owned()).collect() }
        };
        let mut routes: BTreeMap<String, RawGatewayRoute> =
            self.without.iter().map(|(route, unused)| (route.clone(), in_chain(unused))).collect();
        for route in self.routes.iter().chain(&self.fallback) {
            routes.entry(route["name"].as_str().unwrap_or_default().to_owned()).or_default();
        }
        RawDeployment { filters: self.filters, routes }
    }
}

/// The chain's name and configuration, once every filter in it has accepted its own. The first deployment's filters
/// also meet routes that no deployment knows, and refuse them.
///
/// # Errors
/// A filter refuses its configuration, or it cannot be written.
pub(super) fn gateway(
    vm_id: &str,
    module: &str,
    deployments: Vec<Deployment>,
) -> Result<(&'static str, Value), String> {
    let name = GATEWAY.name;
    let mut deployments = deployments.into_iter().map(Deployment::raw);
    let first = deployments.next().unwrap_or_default();
    let mut routes = first.routes;
    routes.retain(|_, route| !route.without.is_empty());
    let chain = RawGateway { filters: first.filters, routes, further: deployments.collect(), ..RawGateway::default() };
    filters::configure(chain.clone()).map_err(|error| format!("{name}: {error}"))?;
    let wasm = wasm::wasm(name, vm_id, module, &chain).map_err(|error| format!("{name}: {error}"))?;
    Ok((name, wasm))
}
