//! What stands behind the integrations of a group of cases.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::text;
use crate::backend::{Answer, Backend, Behaviour, Function, Received, Service};
use crate::base64;

/// Stand-ins, and how the settings name them.
pub struct Backends {
    functions: Option<Backend>,
    hosts: Vec<(String, Backend)>,
    services: Vec<(String, Backend)>,
}

impl Backends {
    /// Starts what `given.backend` names: functions by name, servers by URL, services by ARN. `start` makes one.
    pub fn start(given: &Value, mut start: impl FnMut(&Behaviour) -> Backend) -> Self {
        let mut functions: BTreeMap<String, Function> = BTreeMap::new();
        let mut backends = Self { functions: None, hosts: Vec::new(), services: Vec::new() };
        for (place, behaviour) in given.as_object().into_iter().flatten() {
            if let Some(authority) = authority(place) {
                if let Ok(behaviour) = serde_json::from_value(behaviour.clone()) {
                    backends.hosts.push((authority, start(&behaviour)));
                }
            } else if let Some(service) = text(behaviour).strip_prefix("aws-service:") {
                backends.services.push((service.to_owned(), start(&Behaviour::Aws(Service::named(service)))));
            } else if let Ok(function) = serde_json::from_value(behaviour.clone()) {
                functions.insert(place.clone(), function);
            }
        }
        if given.is_null() {
            // Where a stage variable names the function, the case does not say what it does; its siblings do.
            functions.insert("test".to_owned(), Function::LambdaEchoEvent);
        }
        backends.functions = Some(start(&Behaviour::Lambda(functions)));
        backends
    }

    /// The settings' `endpoints`.
    pub fn endpoints(&self) -> Value {
        let url = |(name, backend): &(String, Backend)| (name.clone(), json!(backend.url()));
        let hosts: Map<String, Value> = self.hosts.iter().map(url).collect();
        let services = self.services.iter().map(|(name, backend)| (name.clone(), json!({"url": backend.url()})));
        let services: Map<String, Value> = services.collect();
        let functions: Map<String, Value> =
            self.functions.iter().map(|backend| ("*".to_owned(), json!(backend.url()))).collect();
        json!({"hosts": hosts, "services": services, "functions": functions})
    }

    /// Forgets what was received, and takes over the answer that a case gives its integration.
    pub fn prepare(&self, answer: &Value) {
        let answer = answer.as_object().map(|given| {
            let headers = given.get("headers").and_then(Value::as_object).into_iter().flatten();
            let body = given.get("body_base64").map(|body| base64::decode(text(body)));
            Answer {
                status: given.get("status").and_then(Value::as_u64).and_then(|n| n.try_into().ok()).unwrap_or(200),
                headers: headers.map(|(name, value)| (name.clone(), text(value).to_owned())).collect(),
                body: body.unwrap_or_else(|| given.get("body").map(text).unwrap_or_default().as_bytes().to_vec()),
            }
        });
        for backend in self.all() {
            backend.stub.give(answer.clone());
            backend.take_received();
        }
    }

    /// What was received since [`Backends::prepare`].
    pub fn take_received(&self) -> Vec<Received> {
        self.all().flat_map(|backend| backend.take_received()).collect()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Backend> {
        self.functions.iter().chain(self.hosts.iter().chain(&self.services).map(|(_, backend)| backend))
    }
}

/// `host:port` of a URL.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = if scheme == "https" { 443 } else { 80 };
    Some(if authority.contains(':') { authority.to_owned() } else { format!("{authority}:{port}") })
}
