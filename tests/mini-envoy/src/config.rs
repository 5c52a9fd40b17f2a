//! The parts of a bootstrap that the mini Envoy follows. An unknown field anywhere in them is refused.

use std::collections::BTreeMap;

use host::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::route::RouteMatch;

/// A listener with its routes, filters and clusters.
#[derive(Debug)]
pub struct Configuration {
    /// Routes in order.
    pub routes: Vec<Route>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Filters of ours, in the order of the chain.
    pub filters: Vec<Filter>,
    /// What a stream may hold, in bytes.
    pub buffer_limit: usize,
    /// Proxies in front whose `x-forwarded-for` and `x-forwarded-proto` count.
    pub trusted_hops: usize,
    /// Headers set before anything looks at a request.
    pub early: Vec<HeaderMutation>,
}

/// A filter that runs one of our modules.
#[derive(Debug)]
pub struct Filter {
    /// Name in the chain.
    pub name: String,
    /// Which filter of the module.
    pub root_id: String,
    /// Group of VMs that share data.
    pub vm_id: String,
    /// Its configuration.
    pub configuration: String,
}

/// A route.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Name; ours all have one.
    pub name: Option<String>,
    /// What it matches.
    #[serde(rename = "match")]
    pub found: RouteMatch,
    /// Where it goes.
    #[serde(default)]
    pub route: Option<RouteAction>,
    /// What Envoy answers by itself.
    #[serde(default)]
    pub direct_response: Option<DirectResponse>,
    /// What Envoy's loggers read.
    #[serde(default, rename = "metadata")]
    _metadata: Value,
    /// Filters that it switches off.
    #[serde(default)]
    typed_per_filter_config: BTreeMap<String, PerFilter>,
    /// Headers that the upstream gets.
    #[serde(default)]
    pub request_headers_to_add: Vec<HeaderToAdd>,
    /// Headers that the upstream does not get.
    #[serde(default)]
    pub request_headers_to_remove: Vec<String>,
    /// Headers that the client gets.
    #[serde(default)]
    pub response_headers_to_add: Vec<HeaderToAdd>,
    /// Headers that the client does not get.
    #[serde(default)]
    pub response_headers_to_remove: Vec<String>,
}

/// Where a route goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteAction {
    /// The cluster.
    pub cluster: String,
    /// How long the answer may take.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Path of the upstream request.
    #[serde(default)]
    pub path_rewrite: Option<String>,
    /// Host of the upstream request, as a format.
    #[serde(default)]
    pub host_rewrite: Option<String>,
    /// Host of the upstream request.
    #[serde(default)]
    pub host_rewrite_literal: Option<String>,
}

/// An answer of Envoy's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectResponse {
    /// Status.
    pub status: u16,
    /// Body.
    #[serde(default)]
    pub body: Option<Inline>,
}

/// Text in place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inline {
    /// The text.
    pub inline_string: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PerFilter {
    #[serde(rename = "@type")]
    kind: String,
    #[serde(default)]
    disabled: bool,
}

/// A header to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderToAdd {
    /// The header.
    pub header: Header,
    /// What becomes of one that is there.
    #[serde(default)]
    pub append_action: AppendAction,
}

/// A header, its value a format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name.
    pub key: String,
    /// Format of the value.
    pub value: String,
}

/// What becomes of a header that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppendAction {
    /// It gets a second value.
    #[default]
    AppendIfExistsOrAdd,
    /// It is replaced.
    OverwriteIfExistsOrAdd,
}

/// A step of a `header_mutation`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum HeaderMutation {
    /// Adds one.
    Append(HeaderToAdd),
    /// Takes one away.
    Remove(String),
}

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Host and port of its only endpoint.
    pub address: (String, u16),
    /// What its filter does to requests.
    pub request_mutations: Vec<HeaderMutation>,
    /// What its filter does to answers.
    pub response_mutations: Vec<HeaderMutation>,
}

impl Route {
    /// Names of the filters that it switches off.
    pub fn disabled(&self) -> Vec<&str> {
        let off = self.typed_per_filter_config.iter().filter(|(_, filter)| filter.disabled);
        off.map(|(name, _)| name.as_str()).collect()
    }
}

impl Configuration {
    /// Reads a bootstrap.
    ///
    /// # Errors
    /// It has something that is not known here.
    pub fn read(bootstrap: &Value) -> Result<Self, String> {
        let listener = &bootstrap["static_resources"]["listeners"][0];
        let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
        let hosts = items(&manager["route_config"]["virtual_hosts"]);
        let [virtual_host] = hosts else { return Err(format!("{} virtual hosts", hosts.len())) };
        let mut filters = Vec::new();
        for filter in items(&manager["http_filters"]) {
            let name = text(&filter["name"]);
            if name == "envoy.filters.http.router" {
                continue;
            }
            let config = &filter["typed_config"]["config"];
            if config["root_id"].is_null() {
                return Err(format!("the filter {name}"));
            }
            filters.push(Filter {
                name: name.to_owned(),
                root_id: text(&config["root_id"]).to_owned(),
                vm_id: text(&config["vm_config"]["vm_id"]).to_owned(),
                configuration: text(&config["configuration"]["value"]).to_owned(),
            });
        }
        let mut early = Vec::new();
        for extension in items(&manager["early_header_mutation_extensions"]) {
            early.extend(read::<Vec<HeaderMutation>>(&extension["typed_config"]["mutations"])?);
        }
        let clusters = items(&bootstrap["static_resources"]["clusters"]);
        let routes: Vec<Route> = read(&virtual_host["routes"])?;
        let off = routes.iter().flat_map(|route| &route.typed_per_filter_config);
        if let Some((name, other)) = off.into_iter().find(|(_, filter)| !filter.kind.ends_with(".FilterConfig")) {
            return Err(format!("{} for {name}", other.kind));
        }
        Ok(Self {
            routes,
            clusters: clusters.iter().map(cluster).collect::<Result<_, _>>()?,
            filters,
            buffer_limit: listener["per_connection_buffer_limit_bytes"]
                .as_u64()
                .and_then(|bytes| bytes.try_into().ok())
                .unwrap_or(1 << 20),
            trusted_hops: manager["xff_num_trusted_hops"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
            early,
        })
    }

    /// The first route that matches a request.
    ///
    /// # Errors
    /// A pattern cannot be read.
    pub fn route(&self, headers: &HeaderMap) -> Result<Option<&Route>, String> {
        for route in &self.routes {
            if route.found.matches(headers)? {
                return Ok(Some(route));
            }
        }
        Ok(None)
    }
}

fn cluster(value: &Value) -> Result<(String, Cluster), String> {
    let endpoint = &value["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    let address = &endpoint["address"]["socket_address"];
    let mut cluster = Cluster {
        address: (
            text(&address["address"]).to_owned(),
            address["port_value"].as_u64().and_then(|port| port.try_into().ok()).unwrap_or_default(),
        ),
        request_mutations: Vec::new(),
        response_mutations: Vec::new(),
    };
    for options in
        value["typed_extension_protocol_options"].as_object().into_iter().flat_map(|options| options.values())
    {
        for filter in items(&options["http_filters"]) {
            match text(&filter["name"]) {
                "envoy.filters.http.header_mutation" => {
                    let mutations = &filter["typed_config"]["mutations"];
                    cluster.request_mutations.extend(read::<Vec<_>>(&mutations["request_mutations"])?);
                    cluster.response_mutations.extend(read::<Vec<_>>(&mutations["response_mutations"])?);
                }
                "envoy.filters.http.upstream_codec" => {}
                other => return Err(format!("the upstream filter {other}")),
            }
        }
    }
    Ok((text(&value["name"]).to_owned(), cluster))
}

fn read<T: DeserializeOwned + Default>(value: &Value) -> Result<T, String> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
