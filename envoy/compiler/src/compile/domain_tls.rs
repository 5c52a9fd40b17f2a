//! TLS of custom domains: their certificates, and those of their clients.
//!
//! A domain's certificate and truststore belong to the connections that ask for the domain by name (SNI). With a
//! truststore, its routes are those of such connections alone: a client that asks for another name cannot reach them by
//! its `Host`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>

use serde_json::{Value, json};

use super::deployment::Deployment;
use super::peer_certificate::filter_state;
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

/// How TLS is spoken with the clients of a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainTls {
    /// The domain.
    name: String,
    /// The transport socket.
    socket: Value,
    /// Whether clients must show a certificate.
    needs_certificate: bool,
}

/// Gives a listener that speaks TLS a filter chain for each of the domains where it is spoken otherwise.
pub(super) fn add_chains(listener: &mut Value, domains: &[DomainTls]) {
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
    let of_domain = |domain: &DomainTls| {
        let mut chain = any.clone();
        chain["filter_chain_match"] = json!({"server_names": [domain.name]});
        chain["transport_socket"] = domain.socket.clone();
        if let Some(filters) = chain["filters"].as_array_mut().filter(|_| domain.needs_certificate) {
            filters.insert(0, remember(&domain.name));
        }
        chain
    };
    let own: Vec<Value> = domains.iter().map(of_domain).collect();
    if let Some(chains) = listener["filter_chains"].as_array_mut() {
        chains.extend(own);
    }
}

/// The domains that show a certificate of their own, ask for one, or speak no TLS as old as the listener does.
pub(super) fn of_domains(tls: &Tls, domains: &[DomainName]) -> Vec<DomainTls> {
    let of_domain = |domain: &DomainName| {
        let mut own = tls.clone();
        let policy = domain.security_policy.map_or(tls.security_policy, |policy| tls.security_policy.max(*policy));
        own.security_policy = policy;
        if let Some(files) = &domain.certificate {
            own.certificate_chain.clone_from(&files.certificate_chain);
            own.private_key.clone_from(&files.private_key);
        }
        let differs = domain.certificate.is_some() || domain.truststore.is_some() || policy != tls.security_policy;
        // Where the listener itself asks for certificates, no domain is open.
        let store = domain.truststore.as_ref().or(tls.truststore.as_ref());
        differs.then(|| DomainTls {
            name: domain.domain_name.value.clone(),
            socket: super::tls::transport_socket(&own, store.map(|store| store.as_str())),
            needs_certificate: domain.truststore.is_some(),
        })
    };
    domains.iter().filter_map(of_domain).collect()
}

/// The network filter that remembers the domain.
fn remember(domain: &str) -> Value {
    json!({
        "name": "envoy.filters.network.set_filter_state",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
            "on_new_connection": [filter_state(STATE, &json!({"text_format_source": {"inline_string": domain}}))],
        },
    })
}
