//! A checked model as an Envoy configuration.
//!
//! The same parts make one static bootstrap (`apigw compile`) or a set of files that Envoy watches (`apigw run`).

// Only objects that `json!` has made just before are written into; a missing member is added.
#![allow(clippy::indexing_slicing)]

mod access_log;
mod authorizers;
mod cache;
mod canary;
mod cluster;
mod compression;
mod deployment;
mod domain_tls;
mod execution_log;
mod filters;
mod hosts;
mod http3;
mod http_api;
mod integrations;
mod listener;
mod log_sinks;
mod message_log;
mod metrics;
mod modules;
mod observers;
mod path_match;
mod peer_certificate;
mod plans;
mod routes;
mod tls;
mod tracing;
mod validation;
mod wasm;
mod websocket_api;

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::check::Model;
use ::filters::{RawFilter, RawGateway};
use cluster::Clusters;
use deployment::{Deployment, gateway};
pub use listener::NAME;
use listener::{Frame, Source, listeners};
pub use modules::Modules;
use observers::Observers;
pub use websocket_api::connections::CONNECTIONS;

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
    /// Path of the module that holds the filters.
    pub module: String,
    /// The filters in the order of the chain, with their configurations.
    pub filters: Vec<(&'static str, Value)>,
    /// Listeners beside the one for clients.
    pub internal_listeners: Vec<Value>,
    /// What else the listener has.
    pub frame: Frame,
}

/// Compiles a model, for filters from `modules`.
///
/// # Errors
/// A filter would refuse its configuration: a mistake that `check` should have found.
pub fn compile(model: &Model, modules: &Modules) -> Result<Compiled, String> {
    let settings = &model.settings;
    let mut clusters = Clusters::default();
    let mut deployments = Vec::new();
    for stage in std::iter::once(model).chain(&model.further) {
        add_stage(stage, &mut deployments, &mut clusters)?;
    }
    let mut sizes: Vec<u32> = deployments.iter().filter_map(|deployment| deployment.compressed_from).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for deployment in &mut deployments {
        compression::only(&mut deployment.routes, deployment.compressed_from, &sizes);
    }
    let Some(first) = deployments.first() else { return Err("there is no API".to_owned()) };
    let module = modules.serving(&deployments);
    let base_path = first.api.base_path.clone();
    let vm_id = format!("apigw-{}", first.api.api_id);
    let keys = deployments.iter().flat_map(|deployment| &deployment.filters).find_map(|filter| match filter {
        RawFilter::ApiKey(keys) => Some(keys),
        _ => None,
    });
    let mut internal_listeners = match (settings.usage_report, keys) {
        (Some(report), Some(keys)) => vec![listener::usage_report(report.listen.value, &vm_id, module, keys)?],
        _ => Vec::new(),
    };
    if let Some(address) = settings.flush_stage_cache {
        let stages = cache::flushes(deployments.iter().flat_map(|deployment| &deployment.filters));
        internal_listeners.push(listener::flush_stage_cache(*address, &vm_id, module, stages)?);
    }
    let mut further_clusters = Vec::new();
    let has_web_sockets = std::iter::once(model).chain(&model.further).any(|stage| !stage.web_socket_apis.is_empty());
    if has_web_sockets {
        internal_listeners.push(websocket_api::envoy::listener(&vm_id, module)?);
        further_clusters.push(websocket_api::envoy::cluster());
        let (listeners, clusters) = websocket_api::connections::listeners_and_clusters(&deployments, &vm_id, module)?;
        internal_listeners.extend(listeners);
        further_clusters.extend(clusters);
    }
    let tracing = tracing::manager(settings, &first.api, &first.title, &mut clusters);
    let mut access_log = Vec::new();
    for log in [access_log::LOG, execution_log::LOG] {
        access_log.extend(log_sinks::loggers(&mut deployments, &log));
    }
    if let Some((listener, cluster)) = message_log::listener(&mut deployments, &vm_id, module)? {
        internal_listeners.push(listener);
        further_clusters.push(cluster);
    }
    let draws =
        std::iter::once(model).chain(&model.further).any(|stage| tracing::raw_tracing(&stage.settings).is_some());
    let tls = settings.tls.as_ref();
    let alt_svc = tls.into_iter().filter(|tls| tls.http3).map(|_| http3::alt_svc());
    Ok(Compiled {
        base_path,
        routes: hosts::route_configuration(&deployments, model),
        clusters: [clusters.to_values(), further_clusters].concat(),
        module: module.to_owned(),
        filters: vec![gateway(&vm_id, module, deployments)?],
        internal_listeners,
        frame: Frame {
            xff_num_trusted_hops: settings.xff_num_trusted_hops,
            observers: Observers { access_log, tracing, draws },
            filters: alt_svc.chain(sizes.iter().flat_map(|size| compression::filters(*size))).collect(),
            transport_socket: tls
                .map(|tls| tls::transport_socket(tls, tls.truststore.as_ref().map(|file| file.as_str()))),
            domain_tls: tls.map(|tls| domain_tls::of_domains(tls, &settings.domain_names)).unwrap_or_default(),
            http3: tls.is_some_and(|tls| tls.http3),
            extended_connect: has_web_sockets,
        },
    })
}

/// The deployments of a stage: at each place where it is reached, itself and its canary.
fn add_stage(model: &Model, deployments: &mut Vec<Deployment>, clusters: &mut Clusters) -> Result<(), String> {
    let percent =
        model.settings.stage.canary.as_ref().and_then(|canary| canary.percent_traffic).map_or(0.0, |part| *part);
    let at_stage = deployment(model, clusters)?;
    let api = &at_stage.api;
    for mount in hosts::mounts(model, &api.api_id) {
        let at = |model: &Model| {
            let base_path = mount.base_path.clone().or_else(|| model.base_path.clone());
            let base_path_matched = mount.base_path_matched.clone().or_else(|| model.base_path_matched.clone());
            Model { base_path, base_path_matched, canary: None, further: Vec::new(), ..model.clone() }
        };
        let mut stage = match mount.base_path {
            None => at_stage.clone(),
            Some(_) => deployment(&at(model), clusters)?,
        };
        stage.hosts = hosts::names(model, &mount, &api.api_id, &api.region);
        if let Some(domain) = &mount.needs_certificate_for {
            domain_tls::require(&mut stage, domain);
        }
        let prefix = match &mount.domain {
            _ if deployments.is_empty() => String::new(),
            None => format!("{}/{} ", api.api_id, api.stage),
            Some(domain) => format!("{domain}{} ", stage.api.base_path),
        };
        if let Some(canary) = model.canary.as_deref().filter(|_| percent > 0.0) {
            let mut canary = deployment(&at(canary), clusters)?;
            canary.hosts.clone_from(&stage.hosts);
            canary.fallback = None;
            if let Some(domain) = &mount.needs_certificate_for {
                domain_tls::require(&mut canary, domain);
            }
            canary::behind_fraction(&mut canary.routes, percent);
            deployments.push(stage.with_prefix(&prefix)?);
            deployments.push(canary.with_prefix(&format!("{prefix}{}", canary::PREFIX))?);
        } else {
            deployments.push(stage.with_prefix(&prefix)?);
        }
    }
    Ok(())
}

fn deployment(model: &Model, clusters: &mut Clusters) -> Result<Deployment, String> {
    match (model.http_apis.as_slice(), model.web_socket_apis.as_slice()) {
        ([api], []) => http_api::deployment(model, api, clusters),
        ([], [api]) => websocket_api::deployment(model, api, clusters),
        _ => filters::deployment(model, clusters),
    }
}

impl Compiled {
    /// The filters of an Envoy that is about to end: WebSocket connections are closed in good order. `None` where there
    /// are no WebSocket APIs.
    pub fn draining(&self) -> Option<Vec<(&'static str, Value)>> {
        let mut found = false;
        let filters = self.filters_with(|chain| {
            let further = chain.further.iter_mut().flat_map(|deployment| &mut deployment.filters);
            for filter in chain.filters.iter_mut().chain(further) {
                if let RawFilter::WebsocketRoutes(api) = filter {
                    api.draining = true;
                    found = true;
                }
            }
        })?;
        found.then_some(filters)
    }

    /// Gives the filters' configuration a number: how often it has changed while Envoy runs.
    pub fn set_generation(&mut self, generation: u32) {
        if let Some(filters) = self.filters_with(|chain| chain.generation = generation) {
            self.filters = filters;
        }
    }

    /// The filters after a change of their configuration.
    fn filters_with(&self, mut change: impl FnMut(&mut RawGateway)) -> Option<Vec<(&'static str, Value)>> {
        let mut filters = self.filters.clone();
        for (_, wasm) in &mut filters {
            let text = wasm.pointer_mut("/config/configuration/value")?;
            let mut chain: RawGateway = serde_json::from_str(text.as_str()?).ok()?;
            change(&mut chain);
            *text = json!(serde_json::to_string(&chain).ok()?);
        }
        Some(filters)
    }

    /// Everything in one bootstrap.
    pub fn bootstrap(&self, addresses: Addresses) -> Value {
        let source = Source::Inline { routes: &self.routes, filters: &self.filters };
        let mut listeners = listeners(addresses.listen, &source, &self.frame);
        listeners.extend(self.internal_listeners.iter().cloned());
        let mut bootstrap = json!({
            "admin": {"address": listener::socket_address(addresses.admin)},
            "static_resources": {"listeners": listeners, "clusters": self.clusters},
            "stats_config": metrics::stats_config(),
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
            "stats_config": metrics::stats_config(),
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
        let source = Source::Files { folder, filters: &filters };
        let mut listeners = listeners(addresses.listen, &source, &self.frame);
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
