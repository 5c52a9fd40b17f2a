//! TLS of the gateway's own listener, and mutual TLS.
//!
//! ```yaml
//! tls: {certificateChain: gateway.pem, privateKey: gateway.key, securityPolicy: TLS_1_2, http3: true}
//! ```
//!
//! Files are relative to the folder in which `apigw` runs, as they are for Envoy.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html>

use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// How the listener speaks TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Where it stands.
    pub span: Span,
    /// PEM file with the certificate and those that lead to its authority.
    pub certificate_chain: Spanned<String>,
    /// PEM file with the private key.
    pub private_key: Spanned<String>,
    /// The least that is spoken.
    pub security_policy: SecurityPolicy,
    /// PEM file with the authorities of client certificates, without one of which no connection is opened; absent:
    /// clients need none.
    pub truststore: Option<Spanned<String>>,
    /// Whether HTTP/3 is spoken, too: on the UDP port of the same number.
    pub http3: bool,
}

/// The least version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityPolicy {
    /// 1.2, as API Gateway recommends, and the least that Envoy speaks by itself.
    #[default]
    Tls12,
    /// 1.3
    Tls13,
}

/// Reads `tls`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Tls> {
    let mut fields = reader.fields(node)?;
    let certificate_chain = fields.required(reader, "certificateChain").and_then(|node| reader.filled(node));
    let private_key = fields.required(reader, "privateKey").and_then(|node| reader.filled(node));
    let security_policy = fields.take("securityPolicy").and_then(|node| read_security_policy(reader, node));
    let truststore = fields.take("truststore").and_then(|node| reader.filled(node));
    let http3 = fields.take("http3").and_then(|node| reader.boolean(node)).filter(|on| **on);
    if let (Some(http3), Some(_)) = (http3, &truststore) {
        reader.error(http3.span, "Envoy asks no client for a certificate in HTTP/3: leave out `http3` or `truststore`");
    }
    fields.finish(reader);
    Some(Tls {
        span: node.span,
        certificate_chain: certificate_chain?,
        private_key: private_key?,
        security_policy: security_policy.map(|policy| policy.value).unwrap_or_default(),
        truststore,
        http3: http3.is_some(),
    })
}

/// Reads a security policy: `TLS_1_2`, `TLS_1_3`, or the longer names that the service has since 2025, of which the
/// least version counts. Envoy speaks nothing below 1.2.
pub fn read_security_policy(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<SecurityPolicy>> {
    let text = reader.filled(node)?;
    let policy = match text.strip_prefix("SecurityPolicy_TLS13_").unwrap_or(&text) {
        "TLS_1_3" => SecurityPolicy::Tls13,
        "TLS_1_2" => SecurityPolicy::Tls12,
        "TLS_1_0" => {
            reader.warning(node.span, "clients need TLS 1.2 or later here");
            SecurityPolicy::Tls12
        }
        name if name.len() < text.len() && name.starts_with("1_3_") => SecurityPolicy::Tls13,
        name if name.len() < text.len() && name.starts_with("1_2_") => SecurityPolicy::Tls12,
        _ => {
            reader.error(node.span, format!("found `{}`, expected `TLS_1_2` or `TLS_1_3`", *text));
            return None;
        }
    };
    Some(text.map(|_| policy))
}
