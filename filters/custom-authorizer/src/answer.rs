//! What came of asking: an answer, or why there is none.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::rc::Rc;

use gateway::client::UPSTREAM_MARKER;
use gateway::{Answer, Headers};
use serde::Deserialize;

use crate::document::{Document, MAX_ANSWER_BYTES};
use crate::function::Protocol;
use crate::raw::Form;

/// What came of asking. Requests that wait for the same call share it.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// A document; the only outcome that is kept.
    Document(Rc<Document>),
    /// The caller is not who it says.
    Unauthorized,
    /// A plain HTTP service refuses with 403: nobody may, and there is no context.
    Denied,
    /// The function failed, or took too long.
    Failed(String),
    /// The function cannot be called, or its answer cannot be used.
    Unusable(String),
}

impl Outcome {
    /// Reads the answer to a call. The second value is the document as it was written, to be kept.
    pub(crate) fn read(answer: Answer, protocol: Protocol, form: Form) -> (Self, Vec<u8>) {
        let Answer::Response { headers, body } = answer else {
            return (Self::Unusable("the call could not be sent, or its answer was cut short".to_owned()), Vec::new());
        };
        let status = headers.first(":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        let status: u16 = status.unwrap_or_default();
        // Envoy makes up an answer where there is none. A real one carries the marker of its cluster.
        let is_real = headers.first(UPSTREAM_MARKER).is_some();
        if status == 504 && !is_real {
            return (Self::Failed("no answer in time".to_owned()), Vec::new());
        }
        if body.len() > MAX_ANSWER_BYTES {
            return (Self::Unusable(format!("the answer is larger than {MAX_ANSWER_BYTES} bytes")), Vec::new());
        }
        let refused = match (protocol, status) {
            (_, 200) => None,
            (Protocol::Http, 401) if is_real => Some(Self::Unauthorized),
            (Protocol::Http, 403) if is_real => Some(Self::Denied),
            (Protocol::Http, _) if is_real => Some(Self::Failed(format!("the service answers with status {status}"))),
            (_, 502 | 503) if !is_real => Some(Self::Unusable("it cannot be reached".to_owned())),
            (Protocol::Http, _) => Some(Self::Failed(format!("the service answers with status {status}"))),
            (Protocol::Invoke, _) => Some(Self::Unusable(format!("Lambda answers with status {status}"))),
        };
        if let Some(refused) = refused {
            return (refused, Vec::new());
        }
        if protocol == Protocol::Invoke
            && let Some(message) = function_error(&headers, &body)
        {
            return match message.as_str() {
                "Unauthorized" => (Self::Unauthorized, Vec::new()),
                _ => (Self::Failed("the function failed".to_owned()), Vec::new()),
            };
        }
        match Document::parse(&body, form) {
            Ok(document) => (Self::Document(Rc::new(document)), body),
            Err(reason) => (Self::Unusable(reason), Vec::new()),
        }
    }
}

/// The error of a function that has failed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FunctionError {
    error_message: Option<serde_json::Value>,
    error_type: Option<serde_json::Value>,
    policy_document: Option<serde::de::IgnoredAny>,
    is_authorized: Option<serde::de::IgnoredAny>,
    status_code: Option<serde::de::IgnoredAny>,
}

/// The message of a function that has failed; `None` for one that has answered. Local runtimes leave the header out,
/// so a body of an error's shape counts as one.
fn function_error(headers: &Headers, body: &[u8]) -> Option<String> {
    let said = headers.first("x-amz-function-error").is_some();
    let error: FunctionError = match serde_json::from_slice(body) {
        Ok(error) if body.trim_ascii_start().first() == Some(&b'{') => error,
        _ => FunctionError::default(),
    };
    let shaped = error.error_message.is_some()
        && error.error_type.is_some()
        && error.policy_document.is_none()
        && error.is_authorized.is_none()
        && error.status_code.is_none();
    (said || shaped).then(|| error.error_message.as_ref().and_then(|text| text.as_str()).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &str, headers: &[(&str, &str)], body: &str, protocol: Protocol) -> Outcome {
        let mut all = vec![(":status", status)];
        all.extend_from_slice(headers);
        let answer = Answer::Response { headers: Headers::from_pairs(&all), body: body.as_bytes().to_vec() };
        Outcome::read(answer, protocol, Form::Token).0
    }

    const REAL: (&str, &str) = (UPSTREAM_MARKER, "1");
    const GOOD: &str = r#"{"principalId": "u", "policyDocument": {"Statement": []}}"#;

    #[test]
    fn functions() {
        let invoke = |status: &str, headers: &[(&str, &str)], body: &str| read(status, headers, body, Protocol::Invoke);
        assert!(matches!(invoke("200", &[REAL], GOOD), Outcome::Document(_)));
        let error = ("x-amz-function-error", "Unhandled");
        let unauthorized = r#"{"errorMessage": "Unauthorized", "errorType": "Exception"}"#;
        assert!(matches!(invoke("200", &[REAL, error], unauthorized), Outcome::Unauthorized));
        assert!(matches!(invoke("200", &[REAL], unauthorized), Outcome::Unauthorized));
        let lower = r#"{"errorMessage": "unauthorized", "errorType": "Exception"}"#;
        assert!(matches!(invoke("200", &[REAL, error], lower), Outcome::Failed(_)));
        assert!(matches!(invoke("200", &[REAL, error], "x"), Outcome::Failed(_)));
        assert!(matches!(invoke("200", &[REAL, error], GOOD), Outcome::Failed(_)));
        assert!(matches!(invoke("200", &[REAL], "\"Unauthorized\""), Outcome::Unusable(_)));
        assert!(matches!(invoke("200", &[REAL], "{"), Outcome::Unusable(_)));
        assert!(matches!(
            invoke("200", &[REAL], &format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))),
            Outcome::Unusable(_)
        ));
        assert!(matches!(invoke("404", &[REAL], "{}"), Outcome::Unusable(_)));
        assert!(matches!(invoke("202", &[REAL], ""), Outcome::Unusable(_)));
        assert!(matches!(invoke("504", &[], "upstream request timeout"), Outcome::Failed(_)));
        assert!(matches!(invoke("503", &[], "x"), Outcome::Unusable(_)));
        let cut = Outcome::read(Answer::Failed, Protocol::Invoke, Form::Token).0;
        assert!(matches!(cut, Outcome::Unusable(_)));
    }

    #[test]
    fn plain_services() {
        let http = |status: &str, headers: &[(&str, &str)], body: &str| read(status, headers, body, Protocol::Http);
        assert!(matches!(http("200", &[REAL], GOOD), Outcome::Document(_)));
        assert!(matches!(http("401", &[REAL], ""), Outcome::Unauthorized));
        assert!(matches!(http("403", &[REAL], ""), Outcome::Denied));
        assert!(matches!(http("500", &[REAL], ""), Outcome::Failed(_)));
        assert!(matches!(http("204", &[REAL], ""), Outcome::Failed(_)));
        assert!(matches!(http("503", &[], ""), Outcome::Unusable(_)));
        assert!(matches!(http("504", &[], ""), Outcome::Failed(_)));
        assert!(matches!(http("200", &[REAL], "{}"), Outcome::Unusable(_)));
    }
}
