//! Bodies as sources of parameter mappings.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use gateway::{GatewayError, MAX_PAYLOAD_BYTES};
use jsonpath::json::{self, Json, Style};
use jsonpath::{CompileError, Found, JsonPath, Node};

use crate::failure::Failure;

/// Compiles a path below a body, which is written without its `$.`.
///
/// # Errors
/// It is no JSONPath.
pub(crate) fn path(expression: &str) -> Result<JsonPath, CompileError> {
    let separator = if expression.starts_with('[') { "" } else { "." };
    JsonPath::compile(&format!("${separator}{expression}"))
}

/// What an empty body reads as.
pub(crate) const EMPTY: &str = "{}";

/// A request body that mappings read.
pub(crate) struct RequestBody<'b> {
    text: &'b str,
    /// `None` when it is no JSON, and does not look like it.
    document: Option<Json<'b>>,
}

impl<'b> RequestBody<'b> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400: it looks like JSON and is none.
    pub(crate) fn read(text: &'b str) -> Result<Self, Failure> {
        let text = if text.is_empty() { EMPTY } else { text };
        let document = json::parse(text).ok();
        if document.is_none() && text.trim_start().starts_with(['{', '[', '"', '\'']) {
            let reason = "a mapping reads the request body, which is no valid JSON";
            return Err(Failure::of_request(GatewayError::invalid_json(), reason));
        }
        Ok(Self { text, document })
    }

    /// The whole body.
    pub(crate) fn text(&self) -> &'b str {
        self.text
    }

    /// What a path finds.
    pub(crate) fn value_at(&self, path: &JsonPath) -> Option<Vec<u8>> {
        text_at(self.document.as_ref()?, path)
    }
}

/// What a path finds, as a mapping writes it: a string bare, anything else as compact JSON. `None` for nothing, and for
/// `null`.
pub(crate) fn text_at(document: &Json<'_>, path: &JsonPath) -> Option<Vec<u8>> {
    let found = path.evaluate(document).ok()?;
    if found.is_null() {
        return None;
    }
    if let Found::One(Node::Value(Json::String(text))) = &found {
        return Some(text.as_bytes().to_vec());
    }
    let mut out = String::new();
    found.write(Style::Compact, MAX_PAYLOAD_BYTES, &mut out).ok()?;
    Some(out.into_bytes())
}
