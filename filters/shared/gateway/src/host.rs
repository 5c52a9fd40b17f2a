//! What a filter may ask of its surroundings.

use crate::execution::ExecutionLog;
use crate::{Address, Headers, Property, UnixMillis};

/// The version of a shared-data entry, for compare-and-set. Never zero.
pub type Cas = std::num::NonZeroU32;

/// The surroundings of a filter: Envoy through the `shell` package, or a test.
///
/// Every call to Envoy costs 0.3 to 0.5 µs, so a filter asks once for what it needs. No call panics: what the
/// host cannot give is `None`.
pub trait Host {
    /// The time.
    fn now(&self) -> UnixMillis;

    /// The time in microseconds since 1970, where the host knows it that well.
    fn now_micros(&self) -> u64 {
        self.now().0.saturating_mul(1000)
    }

    /// Random bits for identifiers. Not for secrets: one generator per VM, seeded by the host at start.
    fn random(&self) -> u64;

    /// A request header's value; the first one of several that Envoy keeps apart.
    fn request_header(&self, name: &str) -> Option<Vec<u8>>;

    /// All request headers, pseudo headers included.
    fn request_headers(&self) -> Headers;

    /// How many bytes the request's header names and values add up to.
    fn request_headers_size(&self) -> usize;

    /// A response header's value; the first one of several that Envoy keeps apart.
    fn response_header(&self, name: &str) -> Option<Vec<u8>>;

    /// All response headers, `:status` included.
    fn response_headers(&self) -> Headers;

    /// The request body as far as Envoy holds it now, at most `max_bytes` of it.
    fn request_body(&self, max_bytes: usize) -> Vec<u8>;

    /// The response body as far as Envoy holds it now, at most `max_bytes` of it.
    fn response_body(&self, max_bytes: usize) -> Vec<u8>;

    /// One of Envoy's attributes, such as `["xds", "route_name"]`: text as it is, numbers little-endian.
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// What an earlier filter of this request has left.
    fn property(&self, property: Property) -> Option<Vec<u8>>;

    /// Whether anybody may read what is left under this name: if not, it need not be made.
    fn wants(&self, _property: Property) -> bool {
        true
    }

    /// Leaves something for the later filters, and for access logs.
    fn set_property(&self, property: Property, value: &[u8]);

    /// A value that all workers of this Envoy share, and its version.
    ///
    /// # Errors
    /// [`SharedDataError::Unavailable`] when the host does not answer; a key without a value is `Ok(None)`.
    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError>;

    /// Replaces a shared value when its version is still `expected`; `None` writes whatever is there.
    ///
    /// # Errors
    /// [`SharedDataError::Changed`] when somebody else was faster; nothing is written then.
    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError>;

    /// Calls one of the host's own functions, such as `verify_signature`. `None` when the host has no such function,
    /// or it refuses the argument: the caller does the work itself then.
    fn foreign_function(&self, _name: &str, _argument: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// A `$context` variable that these surroundings know themselves, as those of a WebSocket message do; `None` leaves
    /// it to the request.
    fn context_variable(&self, _variable: &str) -> Option<String> {
        None
    }

    /// Where messages reach the request or connection whose event this is; `None` where there are none.
    fn address(&self) -> Option<Address> {
        None
    }

    /// Sends a message to a context of any worker of this Envoy. `false`: there is no such worker any more. Whether the
    /// context still exists shows only when it answers.
    fn post(&self, _to: Address, _message: &[u8]) -> bool {
        false
    }

    /// The execution log of the request under way; `None` where its method has none.
    fn execution_log(&self) -> Option<&ExecutionLog> {
        None
    }

    /// Gives the request under way an execution log, for the filters behind this one.
    fn begin_execution_log(&self, _log: ExecutionLog) {}

    /// Adds one to a counter.
    fn count(&self, metric: Metric);

    /// Adds to a counter that has a name of its own. Envoy keeps every name for ever: none may come from a request.
    fn add(&self, _counter: &str, _amount: u64) {}

    /// Notes a value in a histogram, under the same condition.
    fn record(&self, _histogram: &str, _value: u64) {}

    /// Writes a line to Envoy's log. Never give it a key, a token or a signature.
    fn log(&self, level: LogLevel, message: &str);
}

/// Why shared data could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedDataError {
    /// Another worker has written the entry since it was read.
    Changed,
    /// The host refused the call.
    Unavailable,
}

/// How important a log line is; Envoy's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// Course of a request.
    Info,
    /// Something is wrong, the request goes on.
    Warn,
    /// A request could not be served as configured.
    Error,
}

/// What became of a request in a filter; counted as `<filter>.<metric>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The filter let the request on.
    Allowed,
    /// The filter refused the request.
    Denied,
    /// The filter could not decide, and refused.
    Error,
}

impl Metric {
    /// Every metric, in the order of [`Metric::index`].
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Denied, Self::Error];

    /// The last part of the statistic's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }

    /// Position in [`Metric::ALL`].
    pub fn index(self) -> usize {
        match self {
            Self::Allowed => 0,
            Self::Denied => 1,
            Self::Error => 2,
        }
    }
}
