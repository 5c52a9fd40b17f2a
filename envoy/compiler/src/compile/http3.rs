//! HTTP/3: the listener for clients once more, for QUIC on the UDP port of the same number.

use serde_json::{Value, json};

use super::listener::NAME;
use super::peer_certificate;

/// For how long clients may remember that there is HTTP/3, in seconds: a day, as browsers expect.
const ALT_SVC_SECONDS: u32 = 86_400;

/// The listener for HTTP/3 that goes with a listener that speaks TLS.
///
/// Envoy's QUIC asks no client for a certificate, so what is mounted for clients with certificates alone is not there.
pub(super) fn listener(tcp: &Value) -> Value {
    let mut listener = tcp.clone();
    listener["name"] = json!(format!("{NAME}-http3"));
    listener["address"]["socket_address"]["protocol"] = json!("UDP");
    listener["udp_listener_config"] = json!({
        "quic_options": {},
        "downstream_socket_config": {"prefer_gro": true},
    });
    if let Some(listener) = listener.as_object_mut() {
        listener.remove("listener_filters");
    }
    if let Some(chains) = listener["filter_chains"].as_array_mut() {
        chains.retain(|chain| !peer_certificate::is_required(chain));
        chains.iter_mut().for_each(over_quic);
    }
    listener
}

fn over_quic(chain: &mut Value) {
    let mut tls = chain["transport_socket"]["typed_config"].take();
    if let Some(tls) = tls.as_object_mut() {
        tls.remove("@type");
    }
    tls["common_tls_context"]["alpn_protocols"] = json!(["h3"]);
    // QUIC has no older one.
    tls["common_tls_context"]["tls_params"] = json!({"tls_minimum_protocol_version": "TLSv1_3"});
    chain["transport_socket"] = json!({
        "name": "envoy.transport_sockets.quic",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
            "downstream_tls_context": tls,
        },
    });
    for filter in chain["filters"].as_array_mut().into_iter().flatten() {
        filter["typed_config"]["codec_type"] = json!("HTTP3");
        filter["typed_config"]["http3_protocol_options"] = json!({});
    }
}

/// The filter that tells clients of the listener.
pub(super) fn alt_svc() -> (String, Value) {
    let value = format!("h3=\":%DOWNSTREAM_LOCAL_PORT%\"; ma={ALT_SVC_SECONDS}");
    let append = json!({
        "header": {"key": "alt-svc", "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    let filter = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        "mutations": {"response_mutations": [{"append": append}]},
    });
    ("alt-svc".to_owned(), filter)
}
