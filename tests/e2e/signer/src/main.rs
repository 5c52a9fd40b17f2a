//! `signer`: reads a JSON object per line, signs the request in it as AWS's SDK for Rust does, and prints the URL and the
//! headers to send as an object per line.

use std::error::Error;
use std::io::BufRead;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SessionTokenMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    /// Absent: the body is not signed.
    body: Option<String>,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// Signs the URL instead of the headers, for so many seconds.
    expires: Option<u64>,
    /// Sends the hash of the body as `x-amz-content-sha256`.
    checksum: bool,
    /// Adds the session token after signing.
    token_after_signing: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        println!("{}", signed(serde_json::from_str(&line?)?)?);
    }
    Ok(())
}

fn signed(line: Line) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut settings = SigningSettings::default();
    if let Some(seconds) = line.expires {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
    }
    if line.checksum {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if line.token_after_signing {
        settings.session_token_mode = SessionTokenMode::Exclude;
    }
    let identity =
        Credentials::new(line.access_key_id, line.secret_access_key, line.session_token, None, "tests").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("execute-api")
        .time(SystemTime::now())
        .settings(settings)
        .build()?
        .into();
    let body = line.body.as_ref().map_or(SignableBody::UnsignedPayload, |body| SignableBody::Bytes(body.as_bytes()));
    let headers = line.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new(&line.method, &line.url, headers, body)?;
    let (instructions, _) = sign(request, &params)?.into_parts();

    let mut unsigned = http::Request::builder().method(line.method.as_str()).uri(&line.url);
    for (name, value) in &line.headers {
        unsigned = unsigned.header(name, value);
    }
    let mut request = unsigned.body(())?;
    instructions.apply_to_request_http1x(&mut request);
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    Ok(json!({"url": request.uri().to_string(), "headers": headers}))
}
