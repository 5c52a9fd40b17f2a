//! Signature Version 4 for the requests of cases, written down from AWS's documentation and not taken from the filters.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::file::RawRequest;
use crate::client::Request;

/// How a request is signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sign {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    #[serde(default = "secret")]
    pub secret_access_key: String,
    /// Session token.
    #[serde(default)]
    pub session_token: Option<String>,
    /// Region in the scope.
    #[serde(default = "region")]
    pub region: String,
    /// Service in the scope.
    #[serde(default = "service")]
    pub service: String,
    /// Seconds by which the signer's clock is ahead.
    #[serde(default)]
    pub clock: i64,
    /// Signs the URL instead, for so many seconds.
    #[serde(default)]
    pub expires: Option<u64>,
    /// `UNSIGNED-PAYLOAD` and the like, sent and signed as `x-amz-content-sha256`.
    #[serde(default)]
    pub payload: Option<String>,
    /// The list of signed headers as written, where it is not that of all headers: they are signed as it says.
    #[serde(default)]
    pub signed_headers: Option<String>,
    /// The request that is signed, where it is another one than the one sent.
    #[serde(default)]
    pub of: Option<Box<RawRequest>>,
}

fn secret() -> String {
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()
}

fn region() -> String {
    "us-east-1".to_owned()
}

fn service() -> String {
    "execute-api".to_owned()
}

impl Sign {
    /// Signs `request`, which goes to `address`, at Unix time `now` in seconds.
    pub fn sign(&self, request: &mut Request, address: SocketAddr, now: u64) {
        let signed = self.of.as_ref().map_or_else(|| request.clone(), |of| of.to_request());
        let time = amz_date(now.checked_add_signed(self.clock).expect("a time"));
        let (date, _) = time.split_once('T').expect("a date");
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let credential = format!("{}/{scope}", self.access_key_id);
        let mut headers = vec![("host".to_owned(), address.to_string())];
        for (name, value) in &signed.headers {
            headers.retain(|(other, _)| other != "host" || !name.eq_ignore_ascii_case("host"));
            headers.push((name.to_ascii_lowercase(), String::from_utf8_lossy(value).into_owned()));
        }
        let target = String::from_utf8(signed.target.clone()).expect("a target");
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut parameters: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (encode(&decode(name)), encode(&decode(value))))
            .collect();
        let mut added = Vec::new();
        let mut extra = |name: &str, value: &str| added.push((name.to_owned(), value.to_owned()));
        match self.expires {
            None => {
                extra("x-amz-date", &time);
                self.session_token.iter().for_each(|token| extra("x-amz-security-token", token));
                self.payload.iter().for_each(|payload| extra("x-amz-content-sha256", payload));
            }
            Some(expires) => {
                extra("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
                extra("X-Amz-Credential", &credential);
                extra("X-Amz-Date", &time);
                extra("X-Amz-Expires", &expires.to_string());
                extra("X-Amz-SignedHeaders", "host");
                self.session_token.iter().for_each(|token| extra("X-Amz-Security-Token", token));
            }
        }
        if self.expires.is_some() {
            headers.retain(|(name, _)| name == "host");
            parameters.extend(added.iter().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))));
        } else {
            headers.extend(added.iter().cloned());
        }
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        parameters.sort();
        let mut lines: Vec<(String, String)> = Vec::new();
        for (name, value) in headers {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            match lines.last_mut() {
                Some((last, values)) if *last == name => *values = format!("{values},{value}"),
                _ => lines.push((name, value)),
            }
        }
        if let Some(list) = &self.signed_headers {
            let value = |name: &str| lines.iter().find(|(line, _)| line.eq_ignore_ascii_case(name));
            let line = |name: &str| (name.to_owned(), value(name).map_or_else(String::new, |(_, value)| value.clone()));
            lines = list.split(';').map(line).collect();
        }
        let signed_headers = lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let payload = match &self.payload {
            Some(payload) => payload.clone(),
            None => hex(&Sha256::digest(signed.body.as_deref().unwrap_or_default())),
        };
        let canonical = format!(
            "{}\n{}\n{}\n{}\n{signed_headers}\n{payload}",
            signed.method,
            path.split('/').map(|segment| encode(segment.as_bytes())).collect::<Vec<_>>().join("/"),
            parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"),
            lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect::<String>(),
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = format!("AWS4{}", self.secret_access_key).into_bytes();
        for part in scope.split('/') {
            key = hmac(&key, part);
        }
        let signature = hex(&hmac(&key, &to_sign));
        if self.expires.is_some() {
            let separator = if request.target.contains(&b'?') { '&' } else { '?' };
            added.push(("X-Amz-Signature".to_owned(), signature));
            let pairs: Vec<String> =
                added.iter().map(|(name, value)| format!("{name}={}", encode(value.as_bytes()))).collect();
            request.target.extend(format!("{separator}{}", pairs.join("&")).bytes());
        } else {
            request.headers.extend(added.into_iter().map(|(name, value)| (name, value.into_bytes())));
            let authorization = format!(
                "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"
            );
            request.headers.push(("Authorization".to_owned(), authorization.into_bytes()));
        }
    }
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encode(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let one = |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

fn decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (escape, rest) = part.split_at(2);
        out.push(u8::from_str_radix(escape, 16).expect("an escape"));
        out.extend(rest.bytes());
    }
    out
}

/// `20150830T123600Z`
fn amz_date(seconds: u64) -> String {
    let gateway::Civil { year, month, day, hour, minute, second } = gateway::UnixMillis(seconds * 1000).civil();
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}
