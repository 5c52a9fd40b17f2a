//! What is sent to an endpoint.

use std::borrow::Cow;

/// A request to a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendRequest {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub target: Vec<u8>,
    /// Lower-case names, without pseudo headers; a `host` replaces the endpoint's own.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

impl BackendRequest {
    /// A POST of JSON on behalf of the API with that id.
    pub fn post_json(target: &[u8], api_id: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request =
            Self { method: "POST".to_owned(), target: target.to_vec(), headers: Vec::new(), body: body.into() };
        request.set("content-type", "application/json");
        request.set("user-agent", format!("AmazonAPIGateway_{api_id}"));
        request
    }

    /// Sets a header, replacing all values of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
    }
}
