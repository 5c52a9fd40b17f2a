//! A backend's answer, told from what Envoy makes up when there is none.

use gateway::{Answer, GatewayError, Headers, MAX_PAYLOAD_BYTES, ResponseType};

use crate::failure::Failure;
use crate::headers::UPSTREAM_MARKER;

/// What a backend has answered; empty for MOCK.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// HTTP status.
    pub status: u16,
    /// Headers, `:status` included.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Outcome {
    /// Reads the answer to a callout.
    ///
    /// # Errors
    /// There is none: the backend could not be reached, did not answer in time, or broke off; or its answer is larger
    /// than API Gateway takes.
    pub fn read(answer: Answer) -> Result<Self, Failure> {
        let Answer::Response { headers, body } = answer else {
            return Err(unreachable("the call could not be sent, or its answer was cut short"));
        };
        let status = headers.first(":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        match status {
            Some(504) if is_made_up(&headers) => {
                let error = GatewayError::new(ResponseType::IntegrationTimeout);
                Err(Failure::of_request(error, "the integration did not answer in time"))
            }
            Some(502 | 503) if is_made_up(&headers) => Err(unreachable("the integration cannot be reached")),
            // An interim or upgrade answer ends no call that we make.
            None | Some(..200) => Err(unreachable("the integration's answer is no HTTP response")),
            Some(_) if body.len() > MAX_PAYLOAD_BYTES => {
                Err(Failure::configuration("the integration's answer is larger than 10 MB"))
            }
            Some(status) => Ok(Self { status, headers, body }),
        }
    }
}

/// Whether Envoy has made the answer up. A real one carries the marker of its cluster; without marked clusters, Envoy's
/// own answers are known by their three headers: status, length and type.
fn is_made_up(headers: &Headers) -> bool {
    headers.first(UPSTREAM_MARKER).is_none()
        && headers.iter().all(|(name, _)| matches!(name, b":status" | b"content-length" | b"content-type"))
}

fn unreachable(reason: &str) -> Failure {
    Failure::of_request(GatewayError::new(ResponseType::IntegrationFailure), reason)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(headers: &[(&str, &str)]) -> Result<u16, Option<ResponseType>> {
        let answer = Answer::Response { headers: Headers::from_pairs(headers), body: Vec::new() };
        Outcome::read(answer).map(|outcome| outcome.status).map_err(|failure| failure.error.response_type)
    }

    #[test]
    fn real_and_made_up() {
        let made_up = |status| read(&[(":status", status), ("content-length", "9"), ("content-type", "text/plain")]);
        assert_eq!(made_up("504"), Err(Some(ResponseType::IntegrationTimeout)));
        assert_eq!(made_up("503"), Err(Some(ResponseType::IntegrationFailure)));
        assert_eq!(made_up("502"), Err(Some(ResponseType::IntegrationFailure)));
        assert_eq!(made_up("500"), Ok(500));
        assert_eq!(read(&[(":status", "503"), (UPSTREAM_MARKER, "1")]), Ok(503));
        assert_eq!(read(&[(":status", "504"), ("server", "nginx")]), Ok(504));
        assert_eq!(read(&[(":status", "101"), (UPSTREAM_MARKER, "1")]), Err(Some(ResponseType::IntegrationFailure)));
        assert_eq!(read(&[]), Err(Some(ResponseType::IntegrationFailure)));
    }
}
