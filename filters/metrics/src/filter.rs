//! One request's way through the filter.

use std::rc::Rc;

use gateway::{ConfigError, Filter, Host, IntegrationResult, Property, ProtocolType, Step, Stream, attribute};

use crate::config::{Metrics, RawConfig};
use crate::series::Series;

const MICROS_PER_MILLI: u64 = 1000;

impl Filter for Metrics {
    const NAME: &'static str = "metrics";
    type Raw = RawConfig;
    type Stream = MetricsStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> MetricsStream {
        MetricsStream { filter: Rc::clone(self), request: None }
    }
}

/// One request.
pub struct MetricsStream {
    filter: Rc<Metrics>,
    /// Where it counts, and when it came, in microseconds.
    request: Option<(Rc<Series>, u64)>,
}

impl Stream for MetricsStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let series = self.filter.series(host);
        self.request = Some((series, host.now_micros()));
        Step::Continue
    }

    fn on_log(&mut self, host: &dyn Host) {
        let Some((series, began)) = self.request.take() else { return };
        host.add(&series.count, 1);
        host.record(&series.latency, host.now_micros().saturating_sub(began) / MICROS_PER_MILLI);
        match attribute::number(host, &["response", "code"]) {
            Some(400..=499) => host.add(&series.client_error, 1),
            Some(500..=599) => host.add(&series.server_error, 1),
            _ => {}
        }
        if let Some(millis) = integration_latency(host) {
            host.record(&series.integration_latency, millis);
        }
        match self.filter.protocol_type {
            ProtocolType::Http => {
                host.add(&series.data_processed, attribute::number(host, &["response", "size"]).unwrap_or_default());
            }
            ProtocolType::Rest if host.property(Property::CacheHit).is_some() => host.add(&series.cache_hit_count, 1),
            ProtocolType::Rest if host.property(Property::CacheMiss).is_some() => host.add(&series.cache_miss_count, 1),
            ProtocolType::Rest => {}
        }
    }
}

/// How long the integration took: as the filter says that has called it, or as Envoy's router knows.
fn integration_latency(host: &dyn Host) -> Option<u64> {
    if let Some(millis) = host.property(Property::IntegrationLatency) {
        return std::str::from_utf8(&millis).ok()?.parse().ok();
    }
    IntegrationResult::of_router(host)?.latency
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]
    use std::collections::BTreeMap;

    use test_host::TestHost;

    use super::*;

    fn configured(json: &str) -> Rc<Metrics> {
        Rc::new(Metrics::from_raw(serde_json::from_str(json).unwrap()).unwrap())
    }

    /// An exchange of `route` that took 7 ms and left `attributes`; what was counted, by name.
    fn counted(filter: &Rc<Metrics>, route: &str, attributes: &[(&str, i64)]) -> BTreeMap<String, u64> {
        let host = TestHost::default();
        host.attributes.borrow_mut().insert("xds.route_name".to_owned(), route.as_bytes().to_vec());
        let mut stream = filter.stream();
        stream.on_request_headers(&host, true);
        host.now.set(host.now.get() + 7);
        for (name, value) in attributes {
            host.attributes.borrow_mut().insert((*name).to_owned(), value.to_le_bytes().to_vec());
        }
        if attributes.iter().any(|(name, _)| *name == "response.backend_latency") {
            host.attributes.borrow_mut().insert("response.code_details".to_owned(), b"via_upstream".to_vec());
        }
        stream.on_log(&host);
        let recorded = host.histograms.take().into_iter().map(|(name, values)| (name, values[0]));
        host.counters.take().into_iter().chain(recorded).collect()
    }

    fn of(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn a_route_with_metrics_of_its_own() {
        let filter = configured(
            r#"{"protocolType": "REST", "dimensions": {"ApiName": "Pets"}, "routes": {"a": {"dimensions": {"Method": "GET"}}}}"#,
        );
        let named = |name: &str| format!("envoy_apigw_{name};ApiName=Pets;Method=GET");
        let (count, latency, error) = (named("Count"), named("Latency"), named("4XXError"));
        let expected = of(&[(&count, 1), (&latency, 7), (&error, 1)]);
        assert_eq!(counted(&filter, "a", &[("response.code", 404)]), expected);
        let other = "envoy_apigw_Count;ApiName=Pets";
        assert!(counted(&filter, "b", &[("response.code", 200)]).contains_key(other));
    }

    #[test]
    fn what_the_router_forwarded() {
        let filter = configured(r#"{"protocolType": "HTTP", "dimensions": {}}"#);
        let attributes = [("response.code", 502), ("response.backend_latency", 5_999_999), ("response.size", 30)];
        let expected = [("Count", 1), ("Latency", 7), ("5xx", 1), ("IntegrationLatency", 5), ("DataProcessed", 30)];
        let expected = expected.map(|(name, value)| (format!("envoy_apigw_{name}"), value));
        assert_eq!(counted(&filter, "a", &attributes), BTreeMap::from(expected));
    }

    #[test]
    fn a_client_that_went_away_is_counted_without_a_status() {
        let filter = configured(r#"{"protocolType": "REST", "dimensions": {}}"#);
        let expected = of(&[("envoy_apigw_Count", 1), ("envoy_apigw_Latency", 7)]);
        assert_eq!(counted(&filter, "a", &[]), expected);
    }
}
