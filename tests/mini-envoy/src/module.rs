//! `apigw.wasm` in the test host.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use host::{Answer, Chain, FailurePolicy, Host, Level, Request, Root, State, Worker};

use super::config::Configuration;
use super::exchange::{Answered, Filters, Forwarded, Stream, Upstream};
use super::network::Network;

/// How long a held stream may wait for its filter's periodic work: longer than any of them.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Filters in a VM.
pub struct Module {
    host: Host,
    worker: Worker,
    filters: Vec<(String, Root)>,
    problems: Vec<String>,
}

impl Module {
    /// Starts the module and configures its filters.
    ///
    /// # Errors
    /// There is no module, or a filter refuses its configuration.
    pub fn new(module: &Path, configuration: &Configuration, network: &Arc<Network>) -> Result<Self, String> {
        let bytes = std::fs::read(module).map_err(|error| {
            format!("{}: {error}; scripts/build makes it, $FILTERS names its folder", module.display())
        })?;
        let host = Host::new();
        host.set_unix_millis(crate::START_MILLIS);
        host.set_buffer_limit(configuration.buffer_limit);
        host.set_clusters(network.names());
        for cluster in network.names() {
            let (network, name) = (Arc::clone(network), cluster.clone());
            host.serve(cluster, move |call| {
                let body = Some(&call.body[..]).filter(|body| !body.is_empty());
                network.call(&name, &call.headers, body).unwrap_or(Answer::Refused)
            });
        }
        let vm_id = configuration.filters.first().map_or("apigw", |filter| filter.vm_id.as_str());
        let vm = host.vm(bytes).map_err(|error| error.to_string())?;
        let vm = vm.vm_id(vm_id).failure_policy(FailurePolicy::Reload);
        let worker = vm.start().map_err(|error| error.to_string())?;
        let mut filters = Vec::new();
        for filter in &configuration.filters {
            let plugin = worker.plugin(&filter.root_id).name(&filter.name).configuration(&filter.configuration);
            let root = plugin.start().map_err(|error| format!("{}: {error}", filter.name))?;
            filters.push((filter.name.clone(), root));
        }
        Ok(Self { host, worker, filters, problems: Vec::new() })
    }
}

impl Filters for Module {
    fn exchange(&mut self, stream: Stream<'_>) -> Result<Answered, String> {
        let on = self.filters.iter().filter(|(name, _)| !stream.disabled.contains(&name.as_str()));
        let mut filters = Chain::of(on.map(|(_, root)| root));
        if let Some(reply) = stream.reply_of_router {
            filters = filters.router_replies(reply);
        }
        let mut request = Request::new("GET", "/");
        request.headers = stream.headers;
        let has_body = !stream.frames.is_empty();
        request.frames = stream.frames;
        request = request.source(&stream.source, 50_000);
        if let Some(route) = stream.route {
            request = request.route(route);
        }
        let mut exchange = filters.send(request);
        let mut waited = Duration::ZERO;
        while exchange.state() == State::Waiting && waited < LONGEST_WAIT {
            let part = Duration::from_millis(100);
            self.host.advance(part);
            waited += part;
        }
        if exchange.state() == State::AtUpstream {
            let request = exchange.upstream_request().ok_or("a request without headers")?;
            let upstream = {
                let property = |key: &str| exchange.property(key);
                let body = has_body.then(|| request.bytes());
                (stream.router)(Forwarded {
                    route: stream.route,
                    headers: &request.headers,
                    body,
                    property: &property,
                })?
            };
            match upstream {
                Upstream::Reply(reply) => exchange.fail(reply),
                Upstream::Answer { headers, body } => {
                    let mut response = host::Response::new(200);
                    response.headers = headers;
                    response.frames = if body.is_empty() { Vec::new() } else { vec![body] };
                    exchange.respond(response);
                }
            }
        }
        let state = exchange.state();
        let response = exchange.response();
        self.problems.extend(exchange.problems());
        match (state, response) {
            (State::Answered, Some(response)) => {
                let body = response.bytes();
                Ok(Answered { headers: response.headers, body })
            }
            _ => Err(format!("no answer: {exchange:?}")),
        }
    }

    fn now(&self) -> u64 {
        self.host.unix_millis() / 1000
    }

    fn pass(&mut self, time: Duration) {
        self.host.advance(time);
    }

    fn problems(&mut self) -> Vec<String> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.extend(self.worker.failure());
        let logs = self.host.logs();
        problems.extend(logs.iter().filter(|line| line.level >= Level::Critical).map(ToString::to_string));
        self.host.clear_logs();
        problems
    }
}
