//! One request's way through the filter.

use std::rc::Rc;

use gateway::{
    Body, ConfigError, Edits, Filter, GatewayError, Host, MAX_PAYLOAD_BYTES, Metric, ResponseType, Step, Stream, media,
};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

use crate::accept::prefers_deflate;
use crate::config::{Compression, RawConfig};

const DEFLATE: &[u8] = b"deflate";
/// How hard it tries: fast, as an answer waits for it.
const LEVEL: u8 = 1;
/// Media types that are compressed, in this coding and in Envoy's. API Gateway's page names no list, Envoy needs one.
pub const MEDIA_TYPES: [&str; 16] = [
    "application/javascript",
    "application/json",
    "application/octet-stream",
    "application/vnd.api+json",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

impl Filter for Compression {
    const NAME: &'static str = "compression";
    type Raw = RawConfig;
    type Stream = CompressionStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(&raw)
    }

    fn stream(self: &Rc<Self>) -> CompressionStream {
        CompressionStream { filter: Rc::clone(self), inflates: false, prefers_deflate: false, deflates: false }
    }
}

/// One request.
pub struct CompressionStream {
    filter: Rc<Compression>,
    /// The request is held, to be read as what it means.
    inflates: bool,
    /// The client wants the answer so.
    prefers_deflate: bool,
    /// The answer is held, to be compressed.
    deflates: bool,
}

impl Stream for CompressionStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        self.prefers_deflate = host.request_header("accept-encoding").is_some_and(|header| prefers_deflate(&header));
        let coding = host.request_header("content-encoding").unwrap_or_default();
        if !coding.trim_ascii().eq_ignore_ascii_case(DEFLATE) {
            return Step::Continue;
        }
        if end_of_stream {
            let mut edits = Edits::default();
            edits.remove("content-encoding");
            return edits.into();
        }
        self.inflates = true;
        Step::Buffer
    }

    fn on_request_body(&mut self, host: &dyn Host, _body: Body) -> Step {
        if !std::mem::take(&mut self.inflates) {
            return Step::Continue;
        }
        match inflate(&host.request_body(MAX_PAYLOAD_BYTES)) {
            Ok(body) => {
                let mut edits = Edits::default();
                edits.remove("content-encoding");
                edits.set("content-length", body.len().to_string().into_bytes());
                edits.body = Some(body);
                edits.into()
            }
            Err(error) => {
                host.count(Metric::Denied);
                Step::refuse(GatewayError::new(error))
            }
        }
    }

    fn on_response_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        self.deflates = self.prefers_deflate && !end_of_stream && self.is_compressible(host);
        if self.deflates { Step::Buffer } else { Step::Continue }
    }

    fn on_response_body(&mut self, host: &dyn Host, _body: Body) -> Step {
        if !std::mem::take(&mut self.deflates) {
            return Step::Continue;
        }
        let body = compress_to_vec_zlib(&host.response_body(MAX_PAYLOAD_BYTES), LEVEL);
        let mut edits = Edits::default();
        edits.set("content-encoding", DEFLATE);
        edits.set("content-length", body.len().to_string().into_bytes());
        edits.body = Some(body);
        edits.into()
    }
}

impl CompressionStream {
    /// Whether the answer has no coding yet, and is of a type and size that are compressed. One that does not say its
    /// size may be endless, and is not held.
    fn is_compressible(&self, host: &dyn Host) -> bool {
        let length = host.response_header("content-length");
        let length = length.and_then(|length| std::str::from_utf8(&length).ok()?.parse::<usize>().ok());
        let content_type = media::first(&host.response_header("content-type").unwrap_or_default());
        length.is_some_and(|length| (self.filter.minimum_bytes..=MAX_PAYLOAD_BYTES).contains(&length))
            && host.response_header("content-encoding").is_none()
            && MEDIA_TYPES.contains(&content_type.as_str())
    }
}

/// What a body means. The coding is zlib's format; some clients send what is in it alone.
fn inflate(body: &[u8]) -> Result<Vec<u8>, ResponseType> {
    let failure = |status: TINFLStatus| match status {
        TINFLStatus::HasMoreOutput => ResponseType::RequestTooLarge,
        _ => ResponseType::UnsupportedMediaType,
    };
    match decompress_to_vec_zlib_with_limit(body, MAX_PAYLOAD_BYTES) {
        Ok(inflated) => Ok(inflated),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => Err(failure(error.status)),
        Err(_) => decompress_to_vec_with_limit(body, MAX_PAYLOAD_BYTES).map_err(|error| failure(error.status)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    #[test]
    fn both_forms_and_no_bomb() {
        let text = b"hello hello hello hello".as_slice();
        assert_eq!(inflate(&compress_to_vec_zlib(text, 6)).unwrap(), text);
        assert_eq!(inflate(&compress_to_vec(text, 6)).unwrap(), text);
        assert_eq!(inflate(b"no zlib at all"), Err(ResponseType::UnsupportedMediaType));
        assert_eq!(inflate(b""), Err(ResponseType::UnsupportedMediaType));
        let bomb = compress_to_vec_zlib(&vec![0; 2 * MAX_PAYLOAD_BYTES], 9);
        assert_eq!(inflate(&bomb), Err(ResponseType::RequestTooLarge));
    }
}
