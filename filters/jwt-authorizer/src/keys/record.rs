//! What all workers know of an issuer's keys.
//!
//! Two values in shared data for each issuer: the record, which is small and read often, and the key set itself, which is
//! read when the record's generation changes. Both are named by the issuer and the place of its keys, so a configuration
//! makes no more of them than it has issuers.

use gateway::{Cas, Host, SharedDataError};
use serde::{Deserialize, Serialize};

/// The version that a record which does not exist is written with: Envoy counts versions up from 1, so that of two
/// workers one creates the record and the other is refused.
const NEVER_ISSUED: Cas = Cas::MAX;

/// Times are in milliseconds since 1970; 0 for never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// Counts the key sets that differ from the one before; 0 while there is none.
    pub generation: u64,
    /// When the last fetch succeeded.
    pub fetched: u64,
    /// When the last fetch began.
    pub attempted: u64,
    /// When keys were last fetched for the sake of an unknown key.
    pub refetched: u64,
    /// Until when a worker fetches. Should it be gone, others may after that.
    pub lease: u64,
    /// How the last fetch failed, if it did.
    pub failure: Option<Failure>,
}

/// What could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Failure {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
}

/// A record and its version, for compare-and-set. `None` as version: shared data is out of reach, each worker is on its
/// own.
#[derive(Clone, Debug)]
pub(crate) struct Versioned {
    pub record: Record,
    version: Option<Cas>,
}

/// Names of an issuer's values in shared data.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    record: String,
    keys: String,
}

impl Names {
    /// The names of an issuer whose key source has this digest, in hexadecimal digits.
    pub(crate) fn new(digest: &str) -> Self {
        Self { record: format!("apigw.jwt.{digest}"), keys: format!("apigw.jwt.{digest}.keys") }
    }

    /// Reads the record; `own` is this worker's, for when shared data is out of reach.
    pub(crate) fn load(&self, host: &dyn Host, own: &Record) -> Versioned {
        match host.shared_data(&self.record) {
            Ok(Some((bytes, version))) => {
                Versioned { record: serde_json::from_slice(&bytes).unwrap_or_default(), version: Some(version) }
            }
            Ok(None) => Versioned { record: Record::default(), version: Some(NEVER_ISSUED) },
            Err(_) => Versioned { record: own.clone(), version: None },
        }
    }

    /// Writes a record that was read before. Returns whether nobody was faster.
    pub(crate) fn store(&self, host: &dyn Host, new: &Versioned) -> bool {
        let Some(version) = new.version else { return true };
        let bytes = serde_json::to_vec(&new.record).unwrap_or_default();
        match host.set_shared_data(&self.record, &bytes, Some(version)) {
            Ok(()) | Err(SharedDataError::Unavailable) => true,
            Err(SharedDataError::Changed) => false,
        }
    }

    /// The key set of a generation; `None` when another one is there.
    pub(crate) fn load_keys(&self, host: &dyn Host, generation: u64) -> Option<Vec<u8>> {
        let (bytes, _) = host.shared_data(&self.keys).ok()??;
        let (found, keys) = bytes.split_first_chunk::<8>()?;
        (u64::from_le_bytes(*found) == generation).then(|| keys.to_vec())
    }

    /// Writes a key set, before the record that tells of it.
    pub(crate) fn store_keys(&self, host: &dyn Host, generation: u64, keys: &[u8]) {
        let value = [&generation.to_le_bytes()[..], keys].concat();
        // Where it fails, this worker has the keys, and the others fetch them too.
        let _ = host.set_shared_data(&self.keys, &value, None);
    }
}
