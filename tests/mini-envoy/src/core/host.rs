//! The filters' surroundings in memory.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use chain::{Message, Proxy};
use gateway::{Callout, Cas, Edits, Headers, Host, LogLevel, Metric, Property, Reply, SharedDataError, UnixMillis};
use host::{HeaderMap, LocalReply, MapKind};

/// What all streams share.
#[derive(Default)]
pub struct World {
    elapsed: Cell<Duration>,
    random: Cell<u64>,
    shared: RefCell<BTreeMap<String, (Vec<u8>, Cas)>>,
    last_version: Cell<u32>,
}

impl World {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.elapsed.set(self.elapsed.get() + time);
    }

    /// Unix time, in microseconds.
    pub fn unix_micros(&self) -> u64 {
        crate::START_MILLIS * 1000 + u64::try_from(self.elapsed().as_micros()).expect("a time of this era")
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }
}

/// One request as filters see it.
pub struct Surroundings {
    world: Rc<World>,
    /// Headers of the request.
    pub request: RefCell<HeaderMap>,
    /// Headers of the response, once there are any.
    pub response: RefCell<HeaderMap>,
    /// What Envoy holds of the request body now.
    pub request_body: RefCell<Vec<u8>>,
    /// What Envoy holds of the response body now.
    pub response_body: RefCell<Vec<u8>>,
    /// Envoy's attributes, the parts of a path joined by dots.
    pub attributes: RefCell<BTreeMap<String, Vec<u8>>>,
    properties: RefCell<HashMap<Property, Vec<u8>>>,
    /// The call that a filter has just made.
    pub callout: Cell<Option<Callout>>,
    /// A filter has just asked to be woken.
    pub waits: Cell<bool>,
    /// The answer that a filter has just given.
    pub reply: Cell<Option<LocalReply>>,
}

impl Surroundings {
    /// Those of a request with these headers from the address `source`, or of a filter's periodic work.
    pub fn new(world: &Rc<World>, request: HeaderMap, source: &str) -> Self {
        let surroundings = Self {
            world: Rc::clone(world),
            request: RefCell::new(request),
            response: RefCell::new(HeaderMap::new(MapKind::Response)),
            request_body: RefCell::default(),
            response_body: RefCell::default(),
            attributes: RefCell::default(),
            properties: RefCell::default(),
            callout: Cell::default(),
            waits: Cell::default(),
            reply: Cell::default(),
        };
        let number = |number: i64| number.to_le_bytes().to_vec();
        let nanoseconds = i64::try_from(surroundings.now_micros() * 1000).expect("a time of this era");
        for (name, value) in [
            ("source.address", format!("{source}:50000").into_bytes()),
            ("source.port", number(50_000)),
            ("destination.address", format!("127.0.0.1:{}", crate::PORT).into_bytes()),
            ("destination.port", number(crate::PORT.into())),
            ("request.time", number(nanoseconds)),
            ("request.protocol", b"HTTP/1.1".to_vec()),
        ] {
            surroundings.set_attribute(name, value);
        }
        surroundings
    }

    /// Sets an attribute.
    pub fn set_attribute(&self, name: &str, value: Vec<u8>) {
        self.attributes.borrow_mut().insert(name.to_owned(), value);
    }

    /// What a filter has left under a name.
    pub fn property_named(&self, name: &str) -> Option<Vec<u8>> {
        self.properties.borrow().iter().find(|(property, _)| property.name() == name).map(|(_, value)| value.clone())
    }
}

impl Host for Surroundings {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now_micros() / 1000)
    }

    fn now_micros(&self) -> u64 {
        self.world.unix_micros()
    }

    fn random(&self) -> u64 {
        // SplitMix64.
        let state = self.world.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.world.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request.borrow().get(name).map(<[u8]>::to_vec)
    }

    fn request_headers(&self) -> Headers {
        headers(&self.request.borrow())
    }

    fn request_headers_size(&self) -> usize {
        self.request.borrow().byte_size()
    }

    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        self.response.borrow().get(name).map(<[u8]>::to_vec)
    }

    fn response_headers(&self) -> Headers {
        headers(&self.response.borrow())
    }

    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        let body = self.request_body.borrow();
        body[..body.len().min(max_bytes)].to_vec()
    }

    fn response_body(&self, max_bytes: usize) -> Vec<u8> {
        let body = self.response_body.borrow();
        body[..body.len().min(max_bytes)].to_vec()
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
        Ok(self.world.shared.borrow().get(key).cloned())
    }

    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        let mut shared = self.world.shared.borrow_mut();
        // As in Envoy, a version is compared only where there is a value.
        if let (Some(expected), Some((_, version))) = (expected, shared.get(key))
            && expected != *version
        {
            return Err(SharedDataError::Changed);
        }
        self.world.last_version.set(self.world.last_version.get() + 1);
        let version = NonZeroU32::new(self.world.last_version.get()).expect("at least one");
        shared.insert(key.to_owned(), (value.to_vec(), version));
        Ok(())
    }

    fn count(&self, _metric: Metric) {}

    fn log(&self, _level: LogLevel, _message: &str) {}
}

impl Proxy for Surroundings {
    fn edit(&self, message: Message, edits: &Edits) {
        let (headers, held) = match message {
            Message::Request => (&self.request, &self.request_body),
            Message::Response => (&self.response, &self.response_body),
        };
        let mut headers = headers.borrow_mut();
        for name in &edits.remove {
            headers.remove(name);
        }
        for (name, value) in &edits.set {
            headers.set(name, value);
        }
        for (name, value) in &edits.add {
            headers.add(name, value);
        }
        if let Some(body) = &edits.body {
            held.replace(body.clone());
        }
    }

    fn send(&self, callout: &Callout) -> bool {
        self.callout.set(Some(callout.clone()));
        true
    }

    fn wait(&self) {
        self.waits.set(true);
    }

    fn respond(&self, reply: &Reply, details: &str) {
        let mut local = LocalReply::new(reply.status, &reply.body).details(details);
        local.headers = reply.headers.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
        self.reply.set(Some(local));
    }

    fn count_of(&self, _index: usize, _metric: Metric) {}
}

/// A map in the form that filters read.
pub fn headers(map: &HeaderMap) -> Headers {
    let pairs: Vec<(&str, &[u8])> = map.iter().collect();
    Headers::from_pairs(&pairs)
}
