//! What Envoy tells the filters of a client's certificate.

use gateway::{PEER_CERTIFICATE, PeerCertificate};
use serde_json::{Value, json};

/// Gives the chains of a listener whose clients show certificates the HTTP filter that remembers them, before all
/// others.
pub(super) fn add_to_chains(listener: &mut Value) {
    for chain in listener["filter_chains"].as_array_mut().into_iter().flatten() {
        if !is_required(chain) {
            continue;
        }
        // The connection manager is the last network filter.
        let manager = chain["filters"].as_array_mut().and_then(|filters| filters.last_mut());
        let http_filters = manager.and_then(|manager| manager["typed_config"]["http_filters"].as_array_mut());
        if let Some(http_filters) = http_filters {
            http_filters.insert(0, remember());
        }
    }
}

/// Whether a filter chain takes only clients with certificates.
pub(super) fn is_required(chain: &Value) -> bool {
    chain["transport_socket"]["typed_config"]["require_client_certificate"] == json!(true)
}

/// A text that Envoy's filters of filter state remember under a name.
pub(super) fn filter_state(name: &str, format: &Value) -> Value {
    json!({"object_key": name, "factory_key": "envoy.string", "format_string": format})
}

fn remember() -> Value {
    let date = |operator: &str| format!("%{operator}({})%", PeerCertificate::DATE);
    let certificate = PeerCertificate {
        pem: Some("%DOWNSTREAM_PEER_CERT%".to_owned()),
        subject: Some("%DOWNSTREAM_PEER_SUBJECT%".to_owned()),
        issuer: Some("%DOWNSTREAM_PEER_ISSUER%".to_owned()),
        serial: Some("%DOWNSTREAM_PEER_SERIAL%".to_owned()),
        not_before: Some(date("DOWNSTREAM_PEER_CERT_V_START")),
        not_after: Some(date("DOWNSTREAM_PEER_CERT_V_END")),
    };
    json!({
        "name": "envoy.filters.http.set_filter_state",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
            "on_request_headers": [filter_state(PEER_CERTIFICATE, &json!({"json_format": certificate}))],
        },
    })
}
