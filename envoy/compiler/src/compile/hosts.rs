//! Where stages are reached: virtual hosts.
//!
//! Each API has its own name, `{apiId}.execute-api.{region}.{domain}`, and every custom domain has its own. Any other
//! name leads to all stages by their paths, as long as those differ. With one API and no word about names, every name
//! leads to it.

use gateway_responses::Refusal;
use serde_json::{Value, json};

use super::deployment::Deployment;
use super::listener::NAME;
use super::routes::{OUTSIDE, refusal};
use crate::check::Model;

/// What APIs' own names end with unless the settings say something else.
const DEFAULT_DOMAIN: &str = "localhost";

/// A name under which a deployment is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Every name that nothing else has.
    Any,
    /// This name alone.
    Named(String),
}

/// A place at which a stage is to be reached.
pub(super) struct Mount {
    /// The path before its resources, instead of the stage's.
    pub base_path: Option<String>,
    /// What of it the custom domain's mapping has, without slashes around it.
    pub base_path_matched: Option<String>,
    /// The custom domain; `None`: the API's own name, and any other.
    pub domain: Option<String>,
    /// The same, where its clients must show a certificate.
    pub needs_certificate_for: Option<String>,
}

/// Whether names are told apart.
pub(super) fn are_told_apart(model: &Model) -> bool {
    let settings = &model.settings;
    !model.further.is_empty() || settings.domain.is_some() || !settings.domain_names.is_empty()
}

/// The places of a stage of the API `api_id`.
pub(super) fn mounts(model: &Model, api_id: &str) -> Vec<Mount> {
    let mut mounts = Vec::new();
    if model.base_path.is_some() || !model.is_execute_api_disabled() {
        mounts.push(Mount { base_path: None, base_path_matched: None, domain: None, needs_certificate_for: None });
    }
    for domain in &model.settings.domain_names {
        let paths = domain.mappings.iter().filter_map(|mapping| {
            Some((mapping.base_path.trim_matches('/'), mapping.path_of(api_id, &model.stage_name)?))
        });
        for (matched, path) in paths {
            let name = Some(domain.domain_name.value.clone());
            mounts.push(Mount {
                base_path: Some(format!("/{}", path.trim_matches('/'))),
                base_path_matched: Some(matched.to_owned()),
                needs_certificate_for: name.clone().filter(|_| domain.truststore.is_some()),
                domain: name,
            });
        }
    }
    mounts
}

/// The names of a deployment at a place.
pub(super) fn names(model: &Model, mount: &Mount, api_id: &str, region: &str) -> Vec<Host> {
    match &mount.domain {
        Some(domain) => vec![Host::Named(domain.clone())],
        None => {
            let domain = model.settings.domain.as_ref().map_or(DEFAULT_DOMAIN, |domain| domain.as_str());
            vec![Host::Any, Host::Named(format!("{}.{}", api_id.to_ascii_lowercase(), suffix(region, domain)))]
        }
    }
}

fn suffix(region: &str, domain: &str) -> String {
    format!("execute-api.{region}.{domain}")
}

/// The route configuration of all deployments.
pub(super) fn route_configuration(deployments: &[Deployment], model: &Model) -> Value {
    if !are_told_apart(model) {
        let all: Vec<&Deployment> = deployments.iter().collect();
        return configuration(vec![virtual_host(NAME, vec!["*".to_owned()], all)]);
    }
    // Names behind which the same deployments are make one virtual host.
    let mut groups: Vec<(Vec<usize>, Vec<String>)> = Vec::new();
    let named = deployments.iter().flat_map(|deployment| &deployment.hosts);
    let mut hosts = vec![&Host::Any];
    for host in named {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    for host in hosts {
        let members = members(deployments, host);
        let name = match host {
            Host::Any => "*".to_owned(),
            Host::Named(name) => name.clone(),
        };
        match groups.iter_mut().find(|(others, _)| *others == members) {
            Some((_, names)) => names.push(name),
            None => groups.push((members, vec![name])),
        }
    }
    let mut virtual_hosts: Vec<Value> = groups
        .into_iter()
        .map(|(members, names)| {
            let members = members.into_iter().filter_map(|place| deployments.get(place)).collect();
            let name = names.first().cloned().unwrap_or_default();
            virtual_host(&name, names, members)
        })
        .collect();
    let domain = model.settings.domain.as_ref().map_or(DEFAULT_DOMAIN, |domain| domain.as_str());
    let mut unknown: Vec<String> =
        deployments.iter().map(|deployment| format!("*.{}", suffix(&deployment.api.region, domain))).collect();
    // A domain on which nothing is mounted leads nowhere, as no stage has its name.
    let domains = model.settings.domain_names.iter().map(|domain| domain.domain_name.value.clone());
    let is_mounted =
        |name: &String| deployments.iter().any(|deployment| deployment.hosts.contains(&Host::Named(name.clone())));
    unknown.extend(domains.filter(|name| !is_mounted(name)));
    unknown.sort();
    unknown.dedup();
    let refused = refusal(OUTSIDE, Refusal::Forbidden, json!({"prefix": "/"}));
    virtual_hosts.push(json!({"name": "unknown APIs", "domains": unknown, "routes": [refused]}));
    let mut whole = configuration(virtual_hosts);
    whole["ignore_port_in_host_matching"] = json!(true);
    whole
}

fn configuration(virtual_hosts: Vec<Value>) -> Value {
    json!({"name": NAME, "virtual_hosts": virtual_hosts})
}

/// The deployments behind a name. Where any name leads, a path belongs to the API that has it first.
fn members(deployments: &[Deployment], host: &Host) -> Vec<usize> {
    let mut members: Vec<usize> = Vec::new();
    for (place, deployment) in deployments.iter().enumerate().filter(|(_, found)| found.hosts.contains(host)) {
        let other = |other: &&usize| {
            deployments.get(**other).is_some_and(|other| {
                other.api.base_path == deployment.api.base_path && other.api.api_id != deployment.api.api_id
            })
        };
        if members.iter().find(other).is_none() {
            members.push(place);
        }
    }
    members
}

/// A virtual host. Longer base paths go before shorter ones, a canary before its stage: its routes are those that not
/// every request sees.
fn virtual_host(name: &str, domains: Vec<String>, mut members: Vec<&Deployment>) -> Value {
    let parts = |deployment: &Deployment| deployment.api.base_path.matches('/').count();
    members.sort_by_key(|found| (std::cmp::Reverse(parts(found)), found.api.canary != Some(true)));
    let mut routes: Vec<Value> = members.iter().flat_map(|deployment| deployment.routes.clone()).collect();
    // A stage at the root has all paths that are left, unless it is a WebSocket API's.
    let has_the_rest = |found: &&&Deployment| found.api.base_path.is_empty() && !found.is_web_socket_api();
    match members.iter().find(|deployment| deployment.fallback.is_some()) {
        // Who has shown no certificate meets none of them.
        _ if members.iter().any(|deployment| deployment.needs_certificate) => {
            routes.push(refusal(OUTSIDE, Refusal::Forbidden, json!({"prefix": "/"})));
        }
        _ if members.iter().any(|found| has_the_rest(&found)) => {}
        Some(deployment) => routes.extend(deployment.fallback.clone()),
        None => routes.push(refusal(OUTSIDE, Refusal::Forbidden, json!({"prefix": "/"}))),
    }
    json!({"name": name, "domains": domains, "routes": routes})
}
