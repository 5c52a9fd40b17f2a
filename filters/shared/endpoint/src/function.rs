//! Lambda functions: the Invoke API, as Lambda and its emulators serve it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use gateway::push_percent_encoded;

use crate::{BackendRequest, RawFunction};

/// A function, with its path in the Invoke API.
#[derive(Debug)]
pub struct Function {
    path: Vec<u8>,
}

impl Function {
    /// The function of a configuration.
    pub fn from_raw(raw: &RawFunction) -> Self {
        let mut path = b"/2015-03-31/functions/".to_vec();
        push_percent_encoded(&mut path, raw.function_name.as_bytes());
        path.extend_from_slice(b"/invocations");
        if let Some(qualifier) = &raw.qualifier {
            path.extend_from_slice(b"?Qualifier=");
            push_percent_encoded(&mut path, qualifier.as_bytes());
        }
        Self { path }
    }

    /// Path and query of an invocation.
    pub fn path(&self) -> &[u8] {
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
            String::from_utf8_lossy(Function::from_raw(&raw).path()).into_owned()
        };
        assert_eq!(path("orders-fn", None), "/2015-03-31/functions/orders-fn/invocations");
        assert_eq!(path("f", Some("live")), "/2015-03-31/functions/f/invocations?Qualifier=live");
        assert_eq!(path("arn:aws:x/y", None), "/2015-03-31/functions/arn%3Aaws%3Ax%2Fy/invocations");
    }
}
