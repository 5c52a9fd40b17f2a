//! Mutual TLS of custom domains.
//!
//! A domain's truststore belongs to the connections that ask for the domain by name (SNI), and its routes are those of
//! such connections alone: a client that asks for another name cannot reach them by its `Host`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>

use serde_json::{Value, json};

use super::deployment::Deployment;
use crate::settings::{DomainName, Tls};

/// What a connection whose client has shown a certificate knows: the domain that it was for.
const STATE: &str = "apigw.client_certificate";

/// Leaves a domain's routes to connections whose clients have shown a certificate for it.
pub(super) fn require(deployment: &mut Deployment, domain: &str) {
    deployment.needs_certificate = true;
    for route in deployment.routes.iter_mut().chain(&mut deployment.fallback) {
        route["match"]["filter_state"] = json!([{"key": STATE, "string_match": {"exact": domain}}]);
    }
}

/// Gives a listener that speaks TLS a filter chain for each of the domains with a truststore of their own.
pub(super) fn add_chains(listener: &mut Value, domains: &[(String, Value)]) {
    if domains.is_empty() {
        return;
    }
    listener["listener_filters"] = json!([{
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        },
    }]);
    let any = listener["filter_chains"][0].clone();
    let of_domain = |(domain, socket): &(String, Value)| {
        let mut chain = any.clone();
        chain["filter_chain_match"] = json!({"server_names": [domain]});
        chain["transport_socket"] = socket.clone();
        if let Some(filters) = chain["filters"].as_array_mut() {
            filters.insert(0, remember(domain));
        }
        chain
    };
    let own: Vec<Value> = domains.iter().map(of_domain).collect();
    if let Some(chains) = listener["filter_chains"].as_array_mut() {
        chains.extend(own);
    }
}

/// The domains that ask for certificates, and how they speak TLS.
pub(super) fn of_domains(tls: &Tls, domains: &[DomainName]) -> Vec<(String, Value)> {
    let with_store = domains.iter().filter_map(|domain| Some((domain, domain.truststore.as_ref()?)));
    let socket = |store: &str| super::tls::transport_socket(tls, Some(store));
    with_store.map(|(domain, store)| (domain.domain_name.value.clone(), socket(store))).collect()
}

/// The network filter that remembers the domain.
fn remember(domain: &str) -> Value {
    json!({
        "name": "envoy.filters.network.set_filter_state",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
            "on_new_connection": [{
                "object_key": STATE,
                "factory_key": "envoy.string",
                "format_string": {"text_format_source": {"inline_string": domain}},
                "read_only": true,
            }],
        },
    })
}
