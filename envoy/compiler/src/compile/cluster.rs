//! Backends as Envoy clusters.

use std::collections::BTreeSet;
use std::net::IpAddr;

use mapping_template::UPSTREAM_MARKER;
use serde_json::{Value, json};

use crate::settings::BackendUrl;

/// How long Envoy tries to open a connection, in seconds. Not documented for API Gateway; well below the shortest
/// sensible integration timeout of a few seconds, above any round trip.
const CONNECT_TIMEOUT: &str = "5s";
/// Certificate authorities of Debian, Alpine and the Envoy images.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Circuit breakers are not API Gateway's: high enough never to open before the machine is out of ports.
const NO_LIMIT: u32 = 1_000_000;

/// A backend: where its connections go, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    /// Whether to speak TLS.
    pub tls: bool,
    /// Host name or address to connect to.
    pub host: String,
    /// Port to connect to.
    pub port: u16,
    /// Name that the certificate must have: the host in the definition.
    pub server_name: String,
    /// Whether any certificate will do.
    pub insecure_skip_verification: bool,
    /// What a backend that speaks TLS is shown of the gateway.
    pub client_certificate: Option<ClientCertificate>,
}

/// A stage's certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientCertificate {
    /// Its id.
    pub id: String,
    /// PEM file with the certificate and those that lead to its authority.
    pub certificate_chain: String,
    /// PEM file with the private key.
    pub private_key: String,
}

impl Backend {
    /// The backend at `url`, which the definition calls `server_name`.
    pub fn new(url: &BackendUrl, server_name: &str, insecure_skip_verification: bool) -> Self {
        Self {
            tls: url.tls,
            host: url.authority.host.clone(),
            port: url.authority.port,
            server_name: server_name.to_owned(),
            insecure_skip_verification: url.tls && insecure_skip_verification,
            client_certificate: None,
        }
    }

    /// The same backend, shown a certificate where it speaks TLS.
    #[must_use]
    pub fn with_client_certificate(self, certificate: Option<ClientCertificate>) -> Self {
        Self { client_certificate: certificate.filter(|_| self.tls), ..self }
    }

    /// Name of the cluster.
    pub fn cluster(&self) -> String {
        let authority = format!("{}:{}", self.host, self.port);
        let name = match (self.tls, self.insecure_skip_verification, self.server_name == self.host) {
            (false, ..) => format!("http {authority}"),
            (true, false, true) => format!("https {authority}"),
            (true, false, false) => format!("https {authority} as {}", self.server_name),
            (true, true, _) => format!("https {authority} unverified as {}", self.server_name),
        };
        match &self.client_certificate {
            Some(certificate) => format!("{name} with {}", certificate.id),
            None => name,
        }
    }

    fn to_cluster(&self) -> Value {
        let is_address = self.host.parse::<IpAddr>().is_ok();
        let address = json!({"socket_address": {"address": self.host, "port_value": self.port}});
        let mut cluster = json!({
            "name": self.cluster(),
            "type": if is_address { "STATIC" } else { "STRICT_DNS" },
            "connect_timeout": CONNECT_TIMEOUT,
            "circuit_breakers": open_circuit_breakers(),
            "load_assignment": {
                "cluster_name": self.cluster(),
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
            },
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http_protocol_options": {}},
                    "http_filters": upstream_filters(),
                },
            },
        });
        if !is_address {
            cluster["dns_lookup_family"] = json!("V4_PREFERRED");
            cluster["respect_dns_ttl"] = json!(true);
        }
        if self.tls {
            cluster["transport_socket"] = self.transport_socket();
        }
        cluster
    }

    fn transport_socket(&self) -> Value {
        let mut common = if self.insecure_skip_verification {
            json!({})
        } else {
            json!({"validation_context": {
                "trusted_ca": {"filename": SYSTEM_CA},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": self.server_name}}],
            }})
        };
        if let Some(certificate) = &self.client_certificate {
            common["tls_certificates"] = json!([{
                "certificate_chain": {"filename": certificate.certificate_chain},
                "private_key": {"filename": certificate.private_key},
            }]);
        }
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": self.server_name,
                "common_tls_context": common,
            },
        })
    }
}

/// The clusters of a configuration, each once.
#[derive(Debug, Default)]
pub struct Clusters(BTreeSet<Backend>);

impl Clusters {
    /// Adds a backend. Returns the name of its cluster.
    pub fn add(&mut self, backend: Backend) -> String {
        let name = backend.cluster();
        self.0.insert(backend);
        name
    }

    /// All of them, sorted.
    pub fn to_values(&self) -> Vec<Value> {
        let mut seen = BTreeSet::new();
        self.0.iter().filter(|backend| seen.insert(backend.cluster())).map(Backend::to_cluster).collect()
    }
}

/// Headers that Envoy adds by itself.
const NOT_SENT: [&str; 3] = ["x-envoy-internal", "x-envoy-external-address", "x-envoy-expected-rq-timeout-ms"];

/// Circuit breakers that let everything through.
pub(super) fn open_circuit_breakers() -> Value {
    json!({"thresholds": [
        {"max_connections": NO_LIMIT, "max_pending_requests": NO_LIMIT, "max_requests": NO_LIMIT},
    ]})
}

/// Marks every real answer of a backend, so that a filter can tell it from one that Envoy makes up.
fn upstream_filters() -> Value {
    json!([
        {
            "name": "envoy.filters.http.header_mutation",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
                "mutations": {
                    "request_mutations": NOT_SENT.map(|name| json!({"remove": name})),
                    "response_mutations": [{"append": {
                        "header": {"key": UPSTREAM_MARKER, "value": "1"},
                        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                    }}],
                },
            },
        },
        {
            "name": "envoy.filters.http.upstream_codec",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"},
        },
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    fn backend(url: &str, server_name: &str, insecure: bool) -> Backend {
        BackendUrl::parse(url).map(|url| Backend::new(&url, server_name, insecure)).expect(url)
    }

    #[test]
    fn a_cluster_for_each_way_to_connect() {
        assert_eq!(backend("http://127.0.0.1:9000", "a.example", true).cluster(), "http 127.0.0.1:9000");
        assert_eq!(backend("https://a.example", "a.example", false).cluster(), "https a.example:443");
        assert_eq!(
            backend("https://127.0.0.1:9443", "a.example", false).cluster(),
            "https 127.0.0.1:9443 as a.example"
        );
        assert_eq!(
            backend("https://a.example", "a.example", true).cluster(),
            "https a.example:443 unverified as a.example"
        );
    }

    #[test]
    fn certificates_are_checked_against_the_name_in_the_definition() {
        let cluster = backend("https://127.0.0.1:9443", "a.example", false).to_cluster();
        let tls = &cluster["transport_socket"]["typed_config"];
        assert_eq!(tls["sni"], "a.example");
        let names = &tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
        assert_eq!(names[0]["matcher"]["exact"], "a.example");
    }
}
