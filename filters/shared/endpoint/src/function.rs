//! Lambda functions: the Invoke API, as Lambda and its emulators serve it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{BackendRequest, RawFunction};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A function, with its path in the Invoke API.
#[derive(Debug)]
pub struct Function {
    path: String,
}

impl Function {
    /// The function of a configuration.
    pub fn from_raw(raw: &RawFunction) -> Self {
        let name = utf8_percent_encode(&raw.function_name, RESERVED);
        let mut path = format!("/2015-03-31/functions/{name}/invocations");
        if let Some(qualifier) = &raw.qualifier {
            path.push_str("?Qualifier=");
            path.extend(utf8_percent_encode(qualifier, RESERVED));
        }
        Self { path }
    }

    /// Path and query of an invocation.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The invocation with `event` on behalf of the API with that id.
    pub fn invocation(&self, api_id: &str, event: impl Into<Vec<u8>>) -> BackendRequest {
        BackendRequest::post_json(&self.path, api_id, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let path = |name: &str, qualifier: Option<&str>| {
            let raw = RawFunction { function_name: name.to_owned(), qualifier: qualifier.map(str::to_owned) };
            Function::from_raw(&raw).path
        };
        assert_eq!(path("orders-fn", None), "/2015-03-31/functions/orders-fn/invocations");
        assert_eq!(path("f", Some("live")), "/2015-03-31/functions/f/invocations?Qualifier=live");
        assert_eq!(path("arn:aws:x/y", None), "/2015-03-31/functions/arn%3Aaws%3Ax%2Fy/invocations");
    }
}
