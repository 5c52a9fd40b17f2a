//! The certificate that a client has shown, from what Envoy tells of it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Host, percent_decode};

/// The filter state in which Envoy's `set_filter_state` leaves what it knows of the client's certificate:
/// [`PeerCertificate`] as JSON.
pub const PEER_CERTIFICATE: &str = "apigw.peer_certificate";

/// A certificate in Envoy's words; each field's documentation names the command operator that it comes from.
///
/// Source: <https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PeerCertificate {
    /// `%DOWNSTREAM_PEER_CERT%`: PEM, percent-encoded. Absent where the client has shown none, as all that follows.
    pub pem: Option<String>,
    /// `%DOWNSTREAM_PEER_SUBJECT%`: a name of RFC 2253, whose most specific part comes first.
    pub subject: Option<String>,
    /// `%DOWNSTREAM_PEER_ISSUER%`, in the same form.
    pub issuer: Option<String>,
    /// `%DOWNSTREAM_PEER_SERIAL%`, in hexadecimal.
    pub serial: Option<String>,
    /// `%DOWNSTREAM_PEER_CERT_V_START%` with [`PeerCertificate::DATE`].
    pub not_before: Option<String>,
    /// `%DOWNSTREAM_PEER_CERT_V_END%` with [`PeerCertificate::DATE`].
    pub not_after: Option<String>,
}

impl PeerCertificate {
    /// How dates are written: `Aug  5 09:36:04 2021 GMT`.
    pub const DATE: &str = "%b %e %H:%M:%S %Y GMT";
}

/// `clientCert` as events show it; `None` where Envoy tells nothing, or where the client has shown no certificate.
pub(crate) fn of_client(host: &dyn Host) -> Option<Value> {
    let told = host.attribute(&["filter_state", PEER_CERTIFICATE])?;
    let told: PeerCertificate = serde_json::from_slice(&told).ok()?;
    let text = Option::unwrap_or_default;
    Some(json!({
        "clientCertPem": percent_decode(told.pem?.as_bytes(), false),
        "subjectDN": general_part_first(&text(told.subject)),
        "issuerDN": general_part_first(&text(told.issuer)),
        "serialNumber": serial_number(&text(told.serial)),
        "validity": {"notBefore": text(told.not_before), "notAfter": text(told.not_after)},
    }))
}

/// A name's parts in the order in which they stand in a certificate, the country before the common name, which is the
/// other way round in RFC 2253.
fn general_part_first(name: &str) -> String {
    let mut escaped = false;
    let ends_part = |c: char| {
        let ends = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    };
    let parts: Vec<&str> = name.split(ends_part).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(",")
}

/// A serial number as OpenSSL prints it: a small one in decimal, a long one as bytes with colons between them. The
/// service was seen to show `1`, and its documentation has `a1:a1:a1:…`.
fn serial_number(hexadecimal: &str) -> String {
    if let Ok(number) = i64::from_str_radix(hexadecimal, 16) {
        return number.to_string();
    }
    let mut shown = String::new();
    for (index, digit) in hexadecimal.char_indices() {
        if index > 0 && index % 2 == 0 {
            shown.push(':');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://aws.amazon.com/blogs/compute/introducing-mutual-tls-authentication-for-amazon-api-gateway/> shows the
    /// event for a certificate that was made with `/C=US/ST=Washington/…/CN=My Client`.
    #[test]
    fn names_begin_with_the_country() {
        for (rfc_2253, shown) in [
            (
                "CN=My Client,OU=Security,L=Seattle,ST=Washington,C=US",
                "C=US,ST=Washington,L=Seattle,OU=Security,CN=My Client",
            ),
            (r"CN=a\,b,O=c\\,C=US", r"C=US,O=c\\,CN=a\,b"),
            (r"CN=a\\\,b,C=US", r"C=US,CN=a\\\,b"),
            ("CN=one", "CN=one"),
            ("", ""),
        ] {
            assert_eq!(general_part_first(rfc_2253), shown);
        }
    }

    #[test]
    fn serial_numbers() {
        for (hexadecimal, shown) in [
            ("01", "1"),
            ("00", "0"),
            ("ff", "255"),
            ("7fffffffffffffff", "9223372036854775807"),
            ("8000000000000000", "80:00:00:00:00:00:00:00"),
            ("0a1b2c3d4e5f60718293", "0a:1b:2c:3d:4e:5f:60:71:82:93"),
            ("010000000000000000", "01:00:00:00:00:00:00:00:00"),
        ] {
            assert_eq!(serial_number(hexadecimal), shown);
        }
    }
}
