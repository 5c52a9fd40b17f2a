//! The metrics of one set of dimensions.

use std::collections::BTreeMap;

use gateway::{DIMENSIONS, ProtocolType, statistic};

/// Names of the statistics with the same dimensions.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) count: String,
    pub(crate) client_error: String,
    pub(crate) server_error: String,
    pub(crate) latency: String,
    pub(crate) integration_latency: String,
    /// Of HTTP APIs.
    pub(crate) data_processed: String,
    /// Of REST APIs, as the next one.
    pub(crate) cache_hit_count: String,
    pub(crate) cache_miss_count: String,
}

impl Series {
    pub(crate) fn new(protocol_type: ProtocolType, dimensions: &BTreeMap<String, String>) -> Self {
        let (client_error, server_error) = match protocol_type {
            ProtocolType::Rest => ("4XXError", "5XXError"),
            ProtocolType::Http => ("4xx", "5xx"),
        };
        let given = || DIMENSIONS.iter().filter_map(|name| Some((*name, dimensions.get(*name)?.as_str())));
        let name = |metric: &str| statistic(metric, given());
        Self {
            count: name("Count"),
            client_error: name(client_error),
            server_error: name(server_error),
            latency: name("Latency"),
            integration_latency: name("IntegrationLatency"),
            data_processed: name("DataProcessed"),
            cache_hit_count: name("CacheHitCount"),
            cache_miss_count: name("CacheMissCount"),
        }
    }
}
