//! A host in memory.

use std::cell::RefCell;
use std::collections::HashMap;

use gateway::{Cas, Headers, Host, LogLevel, Metric, Property, SharedDataError, UnixMillis};

/// 2024-09-24 12:34:56
pub const NOW_MILLIS: u64 = 1_727_181_296_123;

/// What a filter sees of Envoy.
#[derive(Default)]
pub struct TestHost {
    pub request_headers: RefCell<Vec<(String, Vec<u8>)>>,
    pub request_body: Vec<u8>,
    pub route: String,
    pub properties: RefCell<HashMap<Property, Vec<u8>>>,
    pub logs: RefCell<Vec<String>>,
}

impl TestHost {
    pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let host = Self { request_body: body.to_vec(), ..Self::default() };
        let pseudo = [(":method", method), (":path", target), (":authority", "api.example")];
        for (name, value) in pseudo.iter().chain(headers) {
            host.request_headers.borrow_mut().push(((*name).to_owned(), value.as_bytes().to_vec()));
        }
        host
    }

    pub fn on_route(mut self, name: &str) -> Self {
        self.route = name.to_owned();
        self
    }
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW_MILLIS)
    }
    fn random(&self) -> u64 {
        4
    }
    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request_headers().first(name).map(<[u8]>::to_vec)
    }
    fn request_headers(&self) -> Headers {
        Headers::from_pairs(&self.request_headers.borrow())
    }
    fn request_headers_size(&self) -> usize {
        self.request_headers().byte_size()
    }
    fn response_header(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }
    fn response_headers(&self) -> Headers {
        Headers::default()
    }
    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        self.request_body.iter().copied().take(max_bytes).collect()
    }
    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        (path == ["xds", "route_name"]).then(|| self.route.clone().into_bytes())
    }
    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.properties.borrow().get(&property).cloned()
    }
    fn set_property(&self, property: Property, value: &[u8]) {
        self.properties.borrow_mut().insert(property, value.to_vec());
    }
    fn shared_data(&self, _key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(None)
    }
    fn set_shared_data(&self, _key: &str, _value: &[u8], _expected: Option<Cas>) -> Result<(), SharedDataError> {
        Ok(())
    }
    fn count(&self, _metric: Metric) {}
    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}
