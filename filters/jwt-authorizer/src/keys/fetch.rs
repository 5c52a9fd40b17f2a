//! Fetching keys: one call at a time on each worker, one worker at a time for each issuer.

use std::cell::RefCell;
use std::rc::Rc;

use gateway::{Answer, Callout, Host, LogLevel};
use jwt::KeySet;
use serde::Deserialize;

use super::record::Failure;
use super::url::Url;
use super::{Issuer, LEASE_MILLIS, Source};

/// The longest discovery document, in bytes. They have two to six thousand.
const MAX_DOCUMENT_BYTES: usize = 150_000;

/// What a worker is fetching.
#[derive(Debug, Default)]
pub(crate) struct Fetcher(RefCell<Option<Fetch>>);

#[derive(Debug)]
struct Fetch {
    issuer: Rc<Issuer>,
    stage: Stage,
    /// When the lease is over, and with it this fetch.
    until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Discovery,
    Keys,
}

/// What is looked at in a discovery document.
///
/// Source: <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>
#[derive(Deserialize)]
struct Document {
    issuer: Option<String>,
    jwks_uri: String,
}

impl Fetcher {
    /// The next call to make, if keys are due and no other worker fetches them.
    pub(crate) fn next<'i>(
        &self,
        host: &dyn Host,
        mut issuers: impl Iterator<Item = &'i Rc<Issuer>>,
    ) -> Option<Callout> {
        let mut fetch = self.0.try_borrow_mut().ok()?;
        let now = host.now().0;
        if fetch.as_ref().is_some_and(|fetch| now < fetch.until) {
            return None;
        }
        *fetch = None;
        issuers.find_map(|issuer| {
            let until = issuer.take_lease(host)?;
            let (stage, callout) = match &issuer.source {
                Source::Discovery { document, cluster, .. } => (Stage::Discovery, document.get(cluster)),
                Source::Jwks { url, cluster } => (Stage::Keys, url.get(cluster)),
                Source::Inline(_) => return None,
            };
            *fetch = Some(Fetch { issuer: Rc::clone(issuer), stage, until });
            Some(callout)
        })
    }

    /// Goes on with an answer. Returns the next call for the same issuer.
    pub(crate) fn on_answer(&self, host: &dyn Host, answer: Answer) -> Option<Callout> {
        let mut under_way = self.0.try_borrow_mut().ok()?;
        let fetch = under_way.take()?;
        let issuer = &fetch.issuer;
        let body = body(answer);
        let outcome = match fetch.stage {
            Stage::Discovery => match body.and_then(|body| issuer.keys_location(&body)) {
                Ok(callout) => {
                    *under_way = Some(Fetch { stage: Stage::Keys, ..fetch });
                    return Some(callout);
                }
                Err(reason) => Err((Failure::Discovery, reason)),
            },
            Stage::Keys => body
                .and_then(|body| {
                    let keys = KeySet::parse(&body).map_err(|error| error.to_string())?;
                    Ok((keys, body))
                })
                .map_err(|reason| (Failure::Keys, reason)),
        };
        match outcome {
            Ok((keys, text)) => issuer.succeeded(host, keys, &text),
            Err((failure, reason)) => issuer.failed(host, failure, &reason),
        }
        None
    }
}

/// The body of a good answer, or why it is none.
fn body(answer: Answer) -> Result<Vec<u8>, String> {
    match answer {
        Answer::Response { headers, body } => match headers.first(":status") {
            Some(b"200") => Ok(body),
            Some(status) => Err(format!("the answer has status {}", String::from_utf8_lossy(status))),
            None => Err("the answer has no status".to_owned()),
        },
        Answer::Failed => Err("the call failed".to_owned()),
    }
}

impl Issuer {
    /// Takes the right to fetch, if it is time to. Returns until when it lasts.
    fn take_lease(&self, host: &dyn Host) -> Option<u64> {
        if let Source::Inline(_) = self.source {
            return None;
        }
        let mut state = self.state.try_borrow_mut().ok()?;
        let mut found = self.read_record(host, &mut state);
        let now = host.now().0;
        if !self.is_due(&state, now) {
            return None;
        }
        found.record.attempted = now;
        found.record.lease = now.saturating_add(LEASE_MILLIS);
        if std::mem::take(&mut state.wanted) {
            found.record.refetched = now;
        }
        if !self.names.store(host, &found) {
            return None;
        }
        state.record = found.record;
        Some(state.record.lease)
    }

    /// The call for the keys that a discovery document names.
    fn keys_location(&self, document: &[u8]) -> Result<Callout, String> {
        let Source::Discovery { clusters, allow_http, .. } = &self.source else {
            return Err("keys are not discovered".to_owned());
        };
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(format!("the document has more than {MAX_DOCUMENT_BYTES} bytes"));
        }
        let document: Document = serde_json::from_slice(document).map_err(|error| error.to_string())?;
        if document.issuer.is_some_and(|issuer| issuer != self.name) {
            return Err("the document is another issuer's".to_owned());
        }
        let url = Url::parse(&document.jwks_uri, *allow_http).ok_or("`jwks_uri` is no https URL")?;
        let cluster = url.cluster(clusters).ok_or_else(|| format!("no cluster for `{}`", url.host_and_port()))?;
        Ok(url.get(cluster))
    }

    fn succeeded(&self, host: &dyn Host, keys: KeySet, text: &[u8]) {
        let Ok(mut state) = self.state.try_borrow_mut() else { return };
        let mut found = self.names.load(host, &state.record);
        let now = host.now().0;
        let generation = found.record.generation;
        let same = generation != 0 && self.names.load_keys(host, generation).as_deref() == Some(text);
        if !same {
            found.record.generation = generation.max(state.generation).saturating_add(1);
            self.names.store_keys(host, found.record.generation, text);
            host.log(LogLevel::Info, &format!("jwt-authorizer: {} keys of {}", keys.len(), self.name));
        }
        found.record.fetched = now;
        found.record.lease = 0;
        found.record.failure = None;
        if self.names.store(host, &found) || state.keys.is_none() {
            state.keys = Some(Rc::new(keys));
            state.generation = found.record.generation;
            state.record = found.record;
        }
    }

    fn failed(&self, host: &dyn Host, failure: Failure, reason: &str) {
        let what = match failure {
            Failure::Discovery => "discovery document",
            Failure::Keys => "keys",
        };
        host.log(LogLevel::Warn, &format!("jwt-authorizer: no {what} of {}: {reason}", self.name));
        let Ok(mut state) = self.state.try_borrow_mut() else { return };
        let mut found = self.names.load(host, &state.record);
        found.record.lease = 0;
        found.record.failure = Some(failure);
        self.names.store(host, &found);
        state.record = found.record;
    }
}
