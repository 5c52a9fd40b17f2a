//! Configuration of the filter.

use gateway::{ConfigError, MAX_PAYLOAD_BYTES};
use serde::{Deserialize, Serialize};

/// The filter's configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawConfig {
    /// From how many bytes on answers are compressed, 0 to 10485760.
    pub minimum_compression_size: u32,
}

/// The filter, configured.
#[derive(Debug)]
pub struct Compression {
    pub(crate) minimum_bytes: usize,
}

impl Compression {
    pub(crate) fn from_raw(raw: &RawConfig) -> Result<Self, ConfigError> {
        let found = raw.minimum_compression_size;
        match usize::try_from(found).ok().filter(|bytes| *bytes <= MAX_PAYLOAD_BYTES) {
            Some(minimum_bytes) => Ok(Self { minimum_bytes }),
            None => {
                let message = format!("found {found}, expected 0 to {MAX_PAYLOAD_BYTES}");
                Err(ConfigError::new("minimumCompressionSize", message))
            }
        }
    }
}
