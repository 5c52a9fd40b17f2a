//! The keys of an issuer: fetched on ticks, once for all workers, and kept while the issuer is down.

mod fetch;
mod record;
mod url;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::{ConfigError, Host};
use jwt::KeySet;
use sha2::{Digest, Sha256};

pub(crate) use fetch::Fetcher;
use record::{Failure, Names, Record};
use url::{FETCH_TIMEOUT, Url};

use crate::denial::Denial;
use crate::raw::{RawIssuer, RawKeys};

/// Between two attempts to reach an issuer, and for how long requests are refused in between, in milliseconds.
const RETRY_MILLIS: u64 = 10_000;
/// Between two fetches for the sake of keys that are not in the set, in milliseconds: whoever makes up key ids cannot
/// make the issuer busy.
const REFETCH_MILLIS: u64 = 60_000;
/// How long a fetch may take with both its calls, before another worker may begin one, in milliseconds.
#[allow(clippy::cast_possible_truncation)]
const LEASE_MILLIS: u64 = 2 * FETCH_TIMEOUT.as_millis() as u64 + 1000;

/// An issuer, configured. Each worker has its own.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub name: String,
    source: Source,
    names: Names,
    cache_millis: u64,
    stale_millis: u64,
    state: RefCell<State>,
}

#[derive(Debug)]
enum Source {
    Discovery { document: Url, cluster: String, clusters: BTreeMap<String, String>, allow_http: bool },
    Jwks { url: Url, cluster: String },
    Inline(Rc<KeySet>),
}

/// What this worker knows.
#[derive(Debug, Default)]
struct State {
    keys: Option<Rc<KeySet>>,
    /// Of which generation they are.
    generation: u64,
    record: Record,
    /// A request has a key id that is not in the set.
    wanted: bool,
}

/// An issuer's keys as a request finds them.
pub(crate) enum Keys {
    /// These, of this generation.
    Known(Rc<KeySet>, u64),
    /// They are being fetched, or will be at the next tick.
    Coming,
    /// They cannot be had.
    Unknown(Denial),
}

impl Issuer {
    pub(crate) fn from_raw(name: &str, raw: &RawIssuer) -> Result<Self, ConfigError> {
        let source = match &raw.keys {
            RawKeys::Discovery { clusters, allow_http } => {
                let text = format!("{}/.well-known/openid-configuration", name.strip_suffix('/').unwrap_or(name));
                let document = url(&text, *allow_http).map_err(|error| error.below("keys.discovery"))?;
                let cluster = document.cluster(clusters).ok_or_else(|| {
                    let message = format!("no cluster for `{}`", document.host_and_port());
                    ConfigError::new("keys.discovery.clusters", message)
                })?;
                let cluster = cluster.to_owned();
                Source::Discovery { document, cluster, clusters: clusters.clone(), allow_http: *allow_http }
            }
            RawKeys::Jwks { jwks_uri, cluster } if cluster.is_empty() => {
                return Err(ConfigError::new("keys.jwks.cluster", format!("names no cluster for `{jwks_uri}`")));
            }
            RawKeys::Jwks { jwks_uri, cluster } => {
                // Whoever writes it down wants it so; discovery is what must not be led astray.
                let url = url(jwks_uri, true).map_err(|error| error.below("keys.jwks.jwksUri"))?;
                Source::Jwks { url, cluster: cluster.clone() }
            }
            RawKeys::Inline(set) => {
                let keys = KeySet::parse(set.to_string().as_bytes())
                    .map_err(|error| ConfigError::new("keys.inline", error.to_string()))?;
                if keys.is_empty() {
                    return Err(ConfigError::new("keys.inline", "holds no key that could verify a token"));
                }
                Source::Inline(Rc::new(keys))
            }
        };
        let digest = Sha256::digest(format!("{name}\n{:?}", raw.keys).as_bytes());
        let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            name: name.to_owned(),
            source,
            names: Names::new(&digest),
            cache_millis: u64::from(raw.cache_seconds).saturating_mul(1000),
            stale_millis: u64::from(raw.stale_seconds).saturating_mul(1000),
            state: RefCell::default(),
        })
    }

    /// Whether its keys come from somewhere, and may change.
    pub(crate) fn is_fetched(&self) -> bool {
        !matches!(self.source, Source::Inline(_))
    }

    /// The keys at hand.
    pub(crate) fn keys(&self, host: &dyn Host) -> Keys {
        if let Source::Inline(keys) = &self.source {
            return Keys::Known(Rc::clone(keys), 0);
        }
        let Ok(mut state) = self.state.try_borrow_mut() else { return Keys::Coming };
        let now = host.now().0;
        if state.keys.is_none() {
            self.read_record(host, &mut state);
        }
        match &state.keys {
            Some(keys) if now < self.last_use(&state.record) => Keys::Known(Rc::clone(keys), state.generation),
            _ => match state.record.failure {
                Some(failure) if now < state.record.attempted.saturating_add(RETRY_MILLIS) => {
                    Keys::Unknown(failure.into())
                }
                _ => Keys::Coming,
            },
        }
    }

    /// The keys once more, for a key id that is not among them: another worker may have fetched them, or a fetch may be
    /// due. [`Keys::Known`] with the keys that are there means that there is nothing to wait for.
    pub(crate) fn newer_keys(&self, host: &dyn Host) -> Keys {
        if let Source::Inline(_) = &self.source {
            return self.keys(host);
        }
        let before = match self.state.try_borrow_mut() {
            Ok(mut state) => {
                let before = state.generation;
                self.read_record(host, &mut state);
                before
            }
            Err(_) => return Keys::Coming,
        };
        let keys = self.keys(host);
        let Ok(mut state) = self.state.try_borrow_mut() else { return Keys::Coming };
        let now = host.now().0;
        if state.generation != before {
            return keys;
        }
        if now < state.record.lease {
            return Keys::Coming;
        }
        state.wanted = now >= state.record.refetched.saturating_add(REFETCH_MILLIS);
        if state.wanted { Keys::Coming } else { keys }
    }

    /// Brings this worker up to date with the others.
    fn read_record(&self, host: &dyn Host, state: &mut State) -> record::Versioned {
        let found = self.names.load(host, &state.record);
        if found.record.generation != state.generation {
            let keys = self.names.load_keys(host, found.record.generation);
            if let Some(keys) = keys.and_then(|keys| KeySet::parse(&keys).ok()) {
                state.keys = Some(Rc::new(keys));
                state.generation = found.record.generation;
            }
        }
        state.record = found.record.clone();
        found
    }

    /// Until when keys are used that cannot be fetched again.
    fn last_use(&self, record: &Record) -> u64 {
        record.fetched.saturating_add(self.cache_millis).saturating_add(self.stale_millis)
    }

    /// Whether keys must be fetched now.
    fn is_due(&self, state: &State, now: u64) -> bool {
        let record = &state.record;
        if record.lease != 0 {
            // Whoever had it has not come back.
            return now >= record.lease;
        }
        if state.wanted && now >= record.refetched.saturating_add(REFETCH_MILLIS) {
            return true;
        }
        let old = state.keys.is_none() || now >= record.fetched.saturating_add(self.cache_millis);
        old && now >= record.attempted.saturating_add(RETRY_MILLIS)
    }
}

impl From<Failure> for Denial {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Discovery => Self::Discovery,
            Failure::Keys => Self::Keys,
        }
    }
}

fn url(text: &str, allow_http: bool) -> Result<Url, ConfigError> {
    Url::parse(text, allow_http).ok_or_else(|| {
        let scheme = if allow_http { "an http or https" } else { "an https" };
        ConfigError::new("", format!("`{text}` is no absolute URL, expected {scheme} one without user and fragment"))
    })
}
