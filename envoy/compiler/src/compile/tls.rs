//! The listener's own TLS.

use serde_json::{Value, json};

use crate::settings::{SecurityPolicy, Tls};

/// The transport socket of a listener that speaks TLS: HTTP/2 where the client offers it, else HTTP/1.1. With a
/// `truststore`, clients must have a certificate of one of its authorities.
pub(super) fn transport_socket(tls: &Tls, truststore: Option<&str>) -> Value {
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
    if let Some(truststore) = truststore {
        common["validation_context"] = json!({"trusted_ca": {"filename": truststore}});
    }
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": common,
            "require_client_certificate": truststore.is_some(),
        },
    })
}
