//! The listener's own TLS.

use serde_json::{Value, json};

use crate::settings::{SecurityPolicy, Tls};

/// The transport socket of a listener that speaks TLS: HTTP/2 where the client offers it, else HTTP/1.1.
pub(super) fn transport_socket(tls: &Tls) -> Value {
    let least = match tls.security_policy {
        SecurityPolicy::Tls12 => "TLSv1_2",
        SecurityPolicy::Tls13 => "TLSv1_3",
    };
    let mut common = json!({
        "tls_params": {"tls_minimum_protocol_version": least},
        "tls_certificates": [{
            "certificate_chain": {"filename": *tls.certificate_chain},
            "private_key": {"filename": *tls.private_key},
        }],
        "alpn_protocols": ["h2", "http/1.1"],
    });
    if let Some(truststore) = &tls.truststore {
        common["validation_context"] = json!({"trusted_ca": {"filename": **truststore}});
    }
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": common,
            "require_client_certificate": tls.truststore.is_some(),
        },
    })
}
