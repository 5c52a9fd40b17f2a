//! Envoy as one member of a chain sees it.

use gateway::execution::ExecutionLog;
use gateway::{Address, Cas, Headers, Host, LogLevel, Metric, Property, SharedDataError, UnixMillis};

use crate::chain::Chain;
use crate::memory::Memory;
use crate::proxy::Proxy;

/// The surroundings of one member: Envoy, and what the members before it have learnt and left.
pub struct View<'a> {
    /// Envoy.
    pub proxy: &'a dyn Proxy,
    /// The chain.
    pub chain: &'a Chain,
    /// What is known of the request.
    pub memory: &'a Memory,
    /// The member's place in the chain.
    pub index: usize,
}

impl View<'_> {
    /// The request's headers. Members of a longer chain share them; a filter alone often needs only one.
    fn with_request_headers<T>(&self, read: impl FnOnce(&Headers) -> T) -> T {
        read(self.memory.request_headers.borrow_mut().get_or_insert_with(|| self.proxy.request_headers()))
    }

    fn shares_request_headers(&self) -> bool {
        self.chain.is_shared() || self.memory.request_headers.borrow().is_some()
    }
}

impl Host for View<'_> {
    fn now(&self) -> UnixMillis {
        self.proxy.now()
    }

    fn now_micros(&self) -> u64 {
        self.proxy.now_micros()
    }

    fn random(&self) -> u64 {
        self.proxy.random()
    }

    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        if !self.shares_request_headers() {
            return self.proxy.request_header(name);
        }
        // Envoy keeps `host` under its HTTP/2 name.
        let name = if name == "host" { ":authority" } else { name };
        self.with_request_headers(|headers| headers.first(name).map(<[u8]>::to_vec))
    }

    fn request_headers(&self) -> Headers {
        self.with_request_headers(Headers::clone)
    }

    fn request_headers_size(&self) -> usize {
        if !self.shares_request_headers() {
            return self.proxy.request_headers_size();
        }
        self.with_request_headers(Headers::byte_size)
    }

    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(own) = self.memory.own_reply.borrow().as_ref() {
            return own.header(name);
        }
        match self.memory.response_headers.borrow().as_ref() {
            Some(headers) => headers.first(name).map(<[u8]>::to_vec),
            None => self.proxy.response_header(name),
        }
    }

    fn response_headers(&self) -> Headers {
        let read = || match self.memory.own_reply.borrow().as_ref() {
            Some(own) => own.headers(),
            None => self.proxy.response_headers(),
        };
        self.memory.response_headers.borrow_mut().get_or_insert_with(read).clone()
    }

    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        self.proxy.request_body(max_bytes)
    }

    fn response_body(&self, max_bytes: usize) -> Vec<u8> {
        match self.memory.own_reply.borrow().as_ref() {
            Some(own) => own.reply.body.iter().take(max_bytes).copied().collect(),
            None => self.proxy.response_body(max_bytes),
        }
    }

    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        if let (Some(&"response"), Some(own)) = (path.first(), self.memory.own_reply.borrow().as_ref()) {
            return own.attribute(path);
        }
        self.memory.attribute(path, || self.proxy.attribute(path))
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.memory.property(property, || if self.chain.is_closed() { None } else { self.proxy.property(property) })
    }

    fn wants(&self, property: Property) -> bool {
        self.chain.is_shared() || self.chain.publishes(property)
    }

    fn set_property(&self, property: Property, value: &[u8]) {
        self.memory.set_property(property, value);
        if self.chain.publishes(property) {
            self.proxy.set_property(property, value);
        }
    }

    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        self.proxy.shared_data(key)
    }

    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        self.proxy.set_shared_data(key, value, expected)
    }

    fn foreign_function(&self, name: &str, argument: &[u8]) -> Option<Vec<u8>> {
        self.proxy.foreign_function(name, argument)
    }

    fn context_variable(&self, variable: &str) -> Option<String> {
        self.proxy.context_variable(variable)
    }

    fn address(&self) -> Option<Address> {
        self.proxy.address()
    }

    fn post(&self, to: Address, message: &[u8]) -> bool {
        self.proxy.post(to, message)
    }

    fn execution_log(&self) -> Option<&ExecutionLog> {
        self.memory.execution_log.get().map(Box::as_ref)
    }

    fn begin_execution_log(&self, log: ExecutionLog) {
        let _ = self.memory.execution_log.set(Box::new(log));
    }

    fn count(&self, metric: Metric) {
        self.proxy.count_of(self.index, metric);
    }

    fn add(&self, counter: &str, amount: u64) {
        self.proxy.add(counter, amount);
    }

    fn record(&self, histogram: &str, value: u64) {
        self.proxy.record(histogram, value);
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.chain.log(self.proxy, self.index, level, message);
    }
}
