//! One request's surroundings.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gateway::{Address, Cas, Edits, Headers, Host, LogLevel, Metric, Property, SharedDataError, UnixMillis};

use crate::SharedData;

/// When tests begin: 2024-09-24 12:34:56.123
pub const NOW_MILLIS: u64 = 1_727_181_296_123;

/// What a filter sees of Envoy, and what it has done there.
pub struct TestHost {
    /// Milliseconds since 1970. Workers of one Envoy may have the same clock.
    pub now: Rc<Cell<u64>>,
    /// Where random bits come from.
    pub random: fn() -> u64,
    /// Names in lower case, pseudo headers among them.
    pub request_headers: RefCell<Vec<(String, Vec<u8>)>>,
    /// The whole body.
    pub request_body: Vec<u8>,
    /// The answer's headers, once there is one.
    pub response_headers: RefCell<Vec<(String, Vec<u8>)>>,
    /// Envoy's attributes, the parts of a path joined by dots.
    pub attributes: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What filters have left for later ones.
    pub properties: RefCell<HashMap<Property, Vec<u8>>>,
    /// What all workers share; `None` where the host does not answer.
    pub shared: Option<Rc<SharedData>>,
    /// Where messages reach this request or connection.
    pub address: Option<Address>,
    /// Messages that were posted.
    pub posted: RefCell<Vec<(Address, Vec<u8>)>>,
    /// Whether posted messages find their worker.
    pub reachable: bool,
    /// Lines of the log.
    pub logs: RefCell<Vec<String>>,
    /// What was counted.
    pub metrics: RefCell<Vec<Metric>>,
    /// Counters with names of their own.
    pub counters: RefCell<BTreeMap<String, u64>>,
    /// What was recorded in histograms.
    pub histograms: RefCell<BTreeMap<String, Vec<u64>>>,
}

impl Default for TestHost {
    fn default() -> Self {
        Self {
            now: Rc::new(Cell::new(NOW_MILLIS)),
            random: || 4,
            request_headers: RefCell::default(),
            request_body: Vec::new(),
            response_headers: RefCell::default(),
            attributes: RefCell::default(),
            properties: RefCell::default(),
            shared: Some(Rc::default()),
            address: None,
            posted: RefCell::default(),
            reachable: true,
            logs: RefCell::default(),
            metrics: RefCell::default(),
            counters: RefCell::default(),
            histograms: RefCell::default(),
        }
    }
}

impl TestHost {
    /// A request to `api.example`.
    pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let pseudo = [(":method", method), (":path", target), (":authority", "api.example"), (":scheme", "https")];
        let headers = pseudo.iter().chain(headers);
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec())).collect();
        Self { request_headers: RefCell::new(headers), request_body: body.to_vec(), ..Self::default() }
    }

    /// The same request to another authority.
    #[must_use]
    pub fn to(self, authority: &str) -> Self {
        let is_authority = |header: &&mut (String, Vec<u8>)| header.0 == ":authority";
        for header in self.request_headers.borrow_mut().iter_mut().filter(is_authority) {
            header.1 = authority.as_bytes().to_vec();
        }
        self
    }

    /// The same request on the Envoy route of that name.
    #[must_use]
    pub fn on_route(self, name: &str) -> Self {
        self.with_attribute("xds.route_name", name)
    }

    /// The same request with an attribute.
    #[must_use]
    pub fn with_attribute(self, path: &str, value: impl AsRef<[u8]>) -> Self {
        self.attributes.borrow_mut().insert(path.to_owned(), value.as_ref().to_vec());
        self
    }

    /// The request is on another Envoy route now.
    pub fn route(&self, name: &str) {
        self.attributes.borrow_mut().insert("xds.route_name".to_owned(), name.as_bytes().to_vec());
    }

    /// Lets time pass.
    pub fn pass_millis(&self, millis: u64) {
        self.now.set(self.now.get() + millis);
    }

    /// Lets time pass.
    pub fn pass_seconds(&self, seconds: u64) {
        self.pass_millis(seconds * 1000);
    }

    /// The text of a request header, bytes that are not UTF-8 replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.request_header(name).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// The text of a property, bytes that are not UTF-8 replaced.
    pub fn property_text(&self, property: Property) -> Option<String> {
        self.property(property).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Carries changes to the request out.
    pub fn apply(&self, edits: &Edits) {
        edit(&mut self.request_headers.borrow_mut(), edits);
        for (property, value) in &edits.properties {
            self.set_property(*property, value);
        }
    }
}

/// Carries changes to headers out.
pub fn edit(headers: &mut Vec<(String, Vec<u8>)>, edits: &Edits) {
    headers.retain(|(name, _)| !edits.remove.iter().any(|removed| removed == name));
    for (name, value) in &edits.set {
        headers.retain(|(other, _)| other != name);
        headers.push((name.to_string(), value.to_vec()));
    }
    for (name, value) in &edits.add {
        headers.push((name.to_string(), value.to_vec()));
    }
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }

    fn random(&self) -> u64 {
        (self.random)()
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

    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        self.response_headers().first(name).map(<[u8]>::to_vec)
    }

    fn response_headers(&self) -> Headers {
        Headers::from_pairs(&self.response_headers.borrow())
    }

    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        self.request_body.iter().copied().take(max_bytes).collect()
    }

    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }

    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.attributes.borrow().get(&path.join(".")).cloned()
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.properties.borrow().get(&property).cloned()
    }

    fn set_property(&self, property: Property, value: &[u8]) {
        self.properties.borrow_mut().insert(property, value.to_vec());
    }

    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        Ok(self.shared.as_ref().ok_or(SharedDataError::Unavailable)?.get(key))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        self.shared.as_ref().ok_or(SharedDataError::Unavailable)?.set(key, value, expected)
    }

    fn address(&self) -> Option<Address> {
        self.address
    }

    fn post(&self, to: Address, message: &[u8]) -> bool {
        self.posted.borrow_mut().push((to, message.to_vec()));
        self.reachable
    }

    fn count(&self, metric: Metric) {
        self.metrics.borrow_mut().push(metric);
    }

    fn add(&self, counter: &str, amount: u64) {
        *self.counters.borrow_mut().entry(counter.to_owned()).or_default() += amount;
    }

    fn record(&self, histogram: &str, value: u64) {
        self.histograms.borrow_mut().entry(histogram.to_owned()).or_default().push(value);
    }

    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}
