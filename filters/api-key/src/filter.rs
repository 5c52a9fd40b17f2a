//! One request's way through the filter.

use std::rc::Rc;

use gateway::execution::{ExecutionLog, Part};
use gateway::{
    ConfigError, Filter, GatewayError, Host, Ids, LogLevel, Metric, Property, ResponseType, Step, Stream, json,
    of_route,
};
use serde_json::{Map, Value};
use usage_plan::{Call, Denial, Identity, UnixMicros, log};

use crate::config::{ApiKey, ApiKeySource, RawConfig, RawKeyRoute};
use crate::report;

impl Filter for ApiKey {
    const NAME: &'static str = "api-key";
    type Raw = RawConfig;
    type Stream = KeyStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        for warning in self.plans.warnings() {
            host.log(LogLevel::Warn, &format!("{}: {warning}", Self::NAME));
        }
        Ok(())
    }

    fn published(&self) -> Option<&[Property]> {
        self.published.as_deref()
    }

    fn stream(self: &Rc<Self>) -> KeyStream {
        KeyStream { filter: Rc::clone(self) }
    }
}

/// One request.
pub struct KeyStream {
    filter: Rc<ApiKey>,
}

impl Stream for KeyStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let route = self.filter.route(host);
        if route.usage_report {
            return report::respond(&self.filter.plans, host);
        }
        self.filter.admit(host, &route)
    }
}

impl ApiKey {
    /// The settings of the request's route. Where there is only one set of them, the route does not matter.
    fn route(&self, host: &dyn Host) -> Rc<RawKeyRoute> {
        Rc::clone(of_route(&self.routes, host).unwrap_or(&self.default))
    }

    fn admit(&self, host: &dyn Host, route: &RawKeyRoute) -> Step {
        let key = if route.api_key_required { self.key(host) } else { None };
        if let Some(log) = host.execution_log().filter(|_| route.api_key_required) {
            self.note_key(host, log, key.as_deref());
        }
        // A stage throttle may be set for a verb of an ANY method.
        let any = if route.http_method == "ANY" { host.request_header(":method") } else { None };
        let verb = any.as_deref().and_then(|verb| std::str::from_utf8(verb).ok()).unwrap_or(&route.http_method);
        let call = Call {
            api_id: &self.api.api_id,
            stage: &self.api.stage,
            resource_path: &route.resource_path,
            method: &route.http_method,
            request_method: verb,
            api_key_required: route.api_key_required,
            key: key.as_deref(),
        };
        match self.plans.admit(&call, UnixMicros(host.now_micros()), &self.recall.of(host)) {
            Ok(identity) => {
                if let (Some(identity), Some(key), true) = (identity, &key, host.wants(Property::Identity)) {
                    let caller = host.property(Property::Identity);
                    host.set_property(Property::Identity, identity_json(caller, key, identity).as_bytes());
                }
                host.count(Metric::Allowed);
                Step::Continue
            }
            Err(denial) => {
                let (level, metric) = match denial {
                    Denial::CheckFailed { .. } => (LogLevel::Warn, Metric::Error),
                    _ => (LogLevel::Info, Metric::Denied),
                };
                host.log(level, &log::denied(&denial, &call, &route.resource_path));
                host.count(metric);
                Step::refuse(GatewayError::new(response_type(&denial)))
            }
        }
    }

    /// Says in the execution log that the key is looked up; the key itself is masked.
    fn note_key(&self, host: &dyn Host, log: &ExecutionLog, key: Option<&[u8]>) {
        let key = String::from_utf8_lossy(key.unwrap_or_default());
        log.redaction().learn("x-api-key", &key);
        let shown = log.redaction().value("x-api-key", &key);
        let (id, api, stage) = (Ids::of_request(host).request_id, &self.api.api_id, &self.api.stage);
        let text = format!("Verifying Usage Plan for request: {id}. API Key: {shown} API Stage: {api}/{stage}");
        log.note(Part::UsagePlan, &text);
    }

    /// The key that the request came with. Of several headers the last one counts, as for all single values.
    fn key(&self, host: &dyn Host) -> Option<Vec<u8>> {
        match self.source {
            ApiKeySource::Authorizer => host.property(Property::UsageIdentifierKey),
            // Envoy's call for a single header gives the first of several.
            ApiKeySource::Header => host.request_headers().last("x-api-key").map(<[u8]>::to_vec),
        }
    }
}

/// `$context.identity.apiKey` and `apiKeyId`, beside what an authorizer has said about the caller.
fn identity_json(caller: Option<Vec<u8>>, key: &[u8], identity: Identity<'_>) -> String {
    let key = String::from_utf8_lossy(key);
    let Some(caller) = caller else {
        return format!("{{\"apiKey\":{},\"apiKeyId\":{}}}", json::quote(&key), json::quote(identity.api_key_id));
    };
    let mut members: Map<String, Value> = serde_json::from_slice(&caller).unwrap_or_default();
    members.insert("apiKey".to_owned(), key.into());
    members.insert("apiKeyId".to_owned(), identity.api_key_id.into());
    Value::Object(members).to_string()
}

fn response_type(denial: &Denial<'_>) -> ResponseType {
    match denial {
        Denial::MissingKey | Denial::UnknownKey | Denial::Disabled { .. } | Denial::NoPlan { .. } => {
            ResponseType::InvalidApiKey
        }
        Denial::Throttled { .. } | Denial::CheckFailed { .. } => ResponseType::Throttled,
        Denial::QuotaExceeded { .. } => ResponseType::QuotaExceeded,
    }
}
