//! Envoy as a filter core sees it.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use gateway::{Address, Cas, Headers, Host, LogLevel, Metric, Property, SharedDataError, UnixMillis};

use crate::abi::{self, Buffer, Kind, Map, Status};
use crate::{mailbox, metrics, vm};

/// Statistics of one filter, by [`Metric::index`]. A counter that Envoy refused is `None`.
pub type Counters = [Option<u32>; Metric::ALL.len()];

/// The surroundings of the context that Envoy is calling now.
pub struct Envoy<'a> {
    counters: &'a [Counters],
    /// The time in nanoseconds, once a filter has asked for it: that of the callback.
    now: Cell<Option<u64>>,
}

impl<'a> Envoy<'a> {
    /// The surroundings of a chain with these statistics, a set for each member.
    pub fn new(counters: &'a [Counters]) -> Self {
        Self { counters, now: Cell::new(None) }
    }

    fn now_nanos(&self) -> u64 {
        let now = self.now.get().unwrap_or_else(|| abi::current_time_nanos().unwrap_or_default());
        self.now.set(Some(now));
        now
    }

    /// Adds one to a counter of the member at `index`.
    pub fn increment(&self, index: usize, metric: Metric) {
        let counter = self.counters.get(index).and_then(|counters| counters.get(metric.index()));
        if let Some(Some(counter)) = counter {
            let _ = abi::increment(*counter, 1);
        }
    }
}

/// Defines `<filter>.allowed`, `.denied` and `.error`.
pub fn define_counters(filter: &str) -> Counters {
    Metric::ALL.map(|metric| abi::define_metric(Kind::Counter, &format!("{filter}.{}", metric.name())).ok())
}

/// The bytes of a host call that may have nothing to give.
fn present(result: abi::Result<Vec<u8>>) -> Option<Vec<u8>> {
    result.ok()
}

impl Host for Envoy<'_> {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now_nanos() / 1_000_000)
    }

    fn now_micros(&self) -> u64 {
        self.now_nanos() / 1000
    }

    fn random(&self) -> u64 {
        next_random()
    }

    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        present(abi::header(Map::Request, name))
    }

    fn request_headers(&self) -> Headers {
        read_headers(Map::Request)
    }

    fn request_headers_size(&self) -> usize {
        abi::headers_size(Map::Request).unwrap_or_else(|_| self.request_headers().byte_size())
    }

    fn response_header(&self, name: &str) -> Option<Vec<u8>> {
        present(abi::header(Map::Response, name))
    }

    fn response_headers(&self) -> Headers {
        read_headers(Map::Response)
    }

    fn request_body(&self, max_bytes: usize) -> Vec<u8> {
        abi::buffer(Buffer::Request, max_bytes).unwrap_or_default()
    }

    fn response_body(&self, max_bytes: usize) -> Vec<u8> {
        abi::buffer(Buffer::Response, max_bytes).unwrap_or_default()
    }

    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        present(abi::property(path.join("\0").as_bytes()))
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        present(abi::property(property.name().as_bytes()))
    }

    fn set_property(&self, property: Property, value: &[u8]) {
        if abi::set_property(property.name().as_bytes(), value).is_err() {
            self.log(LogLevel::Error, &format!("{} could not be set", property.name()));
        }
    }

    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        match abi::shared_data(key) {
            Ok((value, Some(cas))) => Ok(Some((value, cas))),
            Err(Status::NOT_FOUND) => Ok(None),
            Ok((_, None)) | Err(_) => Err(SharedDataError::Unavailable),
        }
    }

    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        abi::set_shared_data(key, value, expected).map_err(|status| match status {
            Status::CAS_MISMATCH => SharedDataError::Changed,
            _ => SharedDataError::Unavailable,
        })
    }

    fn foreign_function(&self, name: &str, argument: &[u8]) -> Option<Vec<u8>> {
        present(abi::call_foreign_function(name, argument))
    }

    fn address(&self) -> Option<Address> {
        Some(Address { worker: mailbox::worker()?, context: vm::running()? })
    }

    fn post(&self, to: Address, message: &[u8]) -> bool {
        mailbox::post(to, message)
    }

    fn count(&self, metric: Metric) {
        self.increment(0, metric);
    }

    fn add(&self, counter: &str, amount: u64) {
        metrics::add(counter, amount);
    }

    fn record(&self, histogram: &str, value: u64) {
        metrics::record(histogram, value);
    }

    fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Debug => 1,
            LogLevel::Info => 2,
            LogLevel::Warn => 3,
            LogLevel::Error => 4,
        };
        abi::log(level, message);
    }
}

/// The headers of a map; none when Envoy has no such map now.
pub fn read_headers(map: Map) -> Headers {
    abi::headers(map).ok().and_then(Headers::from_wire).unwrap_or_default()
}

/// Milliseconds since 1970.
pub fn now_millis() -> u64 {
    abi::current_time_nanos().unwrap_or_default() / 1_000_000
}

/// A keyed hash of a counter, its keys drawn from the host's random numbers once per VM: who sees some of the numbers
/// cannot tell the others.
pub fn next_random() -> u64 {
    thread_local! {
        static KEYS: RandomState = RandomState::new();
        static COUNTER: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNTER.get().wrapping_add(1);
    COUNTER.set(count);
    KEYS.with(|keys| keys.hash_one(count))
}
