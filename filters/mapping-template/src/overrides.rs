//! `$context.requestOverride` and `$context.responseOverride`: what templates decide beside the text they render.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html>

use crate::headers::{self, is_name};
use crate::parameters::Mapped;

/// The overrides of one request. They live from its request template to its response template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    /// `requestOverride.path`
    pub(crate) path: Vec<(String, String)>,
    /// `requestOverride.querystring`; a list has several values.
    pub(crate) query: Vec<(String, Vec<String>)>,
    /// `requestOverride.header`
    pub(crate) headers: Vec<(String, Vec<String>)>,
    /// `responseOverride.status`, as text.
    pub(crate) status: Option<String>,
    /// `responseOverride.header`
    pub(crate) response_headers: Vec<(String, Vec<String>)>,
}

impl Overrides {
    /// Puts the request's overrides in place of the mapped values of the same names.
    pub(crate) fn apply_to_request(&self, mapped: &mut Mapped) {
        for (name, value) in &self.path {
            mapped.path.push((name.clone(), value.clone().into_bytes()));
        }
        for (name, values) in header_lines(&self.headers) {
            mapped.headers.retain(|(other, _)| *other != name);
            mapped.headers.push((name, values));
        }
        for (name, values) in &self.query {
            mapped.query.retain(|(other, _)| other != name);
            mapped.query.push((name.clone(), values.iter().map(|value| value.clone().into_bytes()).collect()));
        }
    }

    /// The status for the client; `None` unless it is an integer from 100 to 599.
    pub(crate) fn status(&self) -> Option<u16> {
        self.status.as_deref()?.trim().parse().ok().filter(|status| (100..=599).contains(status))
    }

    /// The headers for the client, in lower case.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = (String, Vec<Vec<u8>>)> {
        header_lines(&self.response_headers)
    }
}

/// Headers as they can be sent; what is no header name is left out.
fn header_lines(headers: &[(String, Vec<String>)]) -> impl Iterator<Item = (String, Vec<Vec<u8>>)> {
    headers.iter().filter(|(name, _)| is_name(name) && !headers::is_internal(&name.to_ascii_lowercase())).map(
        |(name, values)| {
            let clean = |value: &String| headers::clean_value(value.clone().into_bytes());
            (name.to_ascii_lowercase(), values.iter().map(clean).collect())
        },
    )
}
