//! The API, configured: expressions and templates compiled, references resolved.

use std::collections::BTreeMap;
use std::rc::Rc;

use gateway::execution::Verbosity;
use gateway::{Api, ConfigError, Host, LogLevel};
use request_validator::Models;
use selection::{CONNECT, DEFAULT, DISCONNECT, Expression, MAX_TEXT_BYTES, Routes, Use};
use usage_plan::{Recall, RouteThrottle};

use crate::execution::{Execution, verbosity};
use crate::filter::{CONNECT_ROUTE, CONNECTIONS_ROUTE};
use crate::fleet::Fleet;
use crate::integration::Integration;
use crate::journal::AccessLog;
use crate::metrics::Metrics;
use crate::raw::{Authorization, RawConfig, RawLimits, RawMessageRoute};
use crate::request::Required;
use crate::throttle;
use crate::validation::{Validation, compile_models};

/// Longest id of an API, in bytes: messages between workers have one byte for its length.
const MAX_API_ID_BYTES: usize = 255;

/// The API, configured.
#[derive(Debug)]
pub struct WebSocketConfig {
    pub(crate) api: Api,
    route_prefix: String,
    pub(crate) routes: Routes<Route>,
    pub(crate) connections_authorization: Authorization,
    pub(crate) limits: RawLimits,
    pub(crate) draining: bool,
    pub(crate) account_throttle: Option<RouteThrottle>,
    /// What this worker knows of the limits' counters.
    pub(crate) recall: Recall,
    pub(crate) fleet: Fleet,
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) execution: Option<Execution>,
    /// Of what belongs to no route, and of routes without metrics of their own.
    pub(crate) metrics: Rc<Metrics>,
    integrations: BTreeMap<String, Rc<Integration>>,
}

/// What the API's Envoy routes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Handshakes.
    Connect,
    /// Calls of `@connections`.
    Connections,
}

/// A route, compiled.
#[derive(Clone, Debug)]
pub struct Route {
    /// What runs behind it.
    pub integration: Option<Rc<Integration>>,
    /// The client gets what the integration gives.
    pub two_way: bool,
    /// What a handshake must have.
    pub required: Vec<Required>,
    /// What messages must fit.
    pub validation: Option<Validation>,
    /// How many there may be.
    pub throttle: Option<RouteThrottle>,
    /// What is counted.
    pub metrics: Rc<Metrics>,
    /// How much is logged; absent: nothing.
    pub logging: Option<Verbosity>,
}

impl WebSocketConfig {
    pub(crate) fn from_raw(raw: RawConfig) -> Result<Self, ConfigError> {
        if raw.api.api_id.len() > MAX_API_ID_BYTES {
            return Err(ConfigError::new("api.apiId", format!("has more than {MAX_API_ID_BYTES} bytes")));
        }
        let expression = Expression::compile(&raw.route_selection_expression, Use::Route)
            .map_err(|error| ConfigError::new("routeSelectionExpression", error.to_string()))?;
        let mut integrations = BTreeMap::new();
        for (id, integration) in raw.integrations {
            let compiled = Integration::from_raw(integration, &raw.api)
                .map_err(|error| error.below(&format!("integrations.{id}")))?;
            integrations.insert(id, Rc::new(compiled));
        }
        let used = raw.routes.values().filter(|route| route.model_selection_expression.is_some());
        let used = used.flat_map(|route| route.request_models.values().map(String::as_str));
        let models = compile_models(&raw.api.api_id, &raw.models, used)?;
        let mut routes = Vec::new();
        let metrics = Rc::new(Metrics::new(&raw.api, None));
        for (key, route) in raw.routes {
            let metrics = match route.detailed_metrics_enabled {
                true => Rc::new(Metrics::new(&raw.api, Some(&key))),
                false => Rc::clone(&metrics),
            };
            let compiled = Route::from_raw(&key, route, &raw.api, (&integrations, &models), metrics)
                .map_err(|error| error.below(&format!("routes.{key}")))?;
            routes.push((key, compiled));
        }
        if raw.limits.idle_timeout_millis == 0 || raw.limits.connection_duration_millis == 0 {
            return Err(ConfigError::new("limits", "0 milliseconds end every connection at once"));
        }
        let access_log = raw.access_log.map(AccessLog::from_raw).transpose();
        let execution = raw.execution_log.map(Execution::from_raw).transpose();
        let account_throttle = raw.account_throttle.map(throttle::of_account).transpose();
        Ok(Self {
            account_throttle: account_throttle.map_err(|error| error.below("accountThrottle"))?,
            recall: Recall::default(),
            routes: Routes::new(expression, routes),
            route_prefix: raw.route_prefix,
            api: raw.api,
            connections_authorization: raw.connections_authorization,
            limits: raw.limits,
            draining: raw.draining,
            fleet: Fleet::from_raw(raw.node, raw.nodes)?,
            access_log: access_log.map_err(|error| error.below("accessLog"))?,
            execution: execution.map_err(|error| error.below("executionLog"))?,
            metrics,
            integrations,
        })
    }

    /// What a request of the Envoy route `name` is; `None` when the route is none of this API's.
    pub(crate) fn way_of(&self, name: &[u8]) -> Option<Way> {
        match name.strip_prefix(self.route_prefix.as_bytes()) {
            Some(name) if name == CONNECT_ROUTE.as_bytes() => Some(Way::Connect),
            Some(name) if name == CONNECTIONS_ROUTE.as_bytes() => Some(Way::Connections),
            _ => None,
        }
    }

    /// Says which templates are broken: the messages that need them fail, as with the service.
    pub(crate) fn log_problems(&self, host: &dyn Host) {
        for (id, integration) in &self.integrations {
            for problem in integration.problems() {
                host.log(LogLevel::Error, &format!("integrations.{id}: {problem}"));
            }
        }
    }
}

impl Route {
    fn from_raw(
        key: &str,
        raw: RawMessageRoute,
        api: &Api,
        (integrations, models): (&BTreeMap<String, Rc<Integration>>, &Models),
        metrics: Rc<Metrics>,
    ) -> Result<Self, ConfigError> {
        if key.is_empty() || key.len() > MAX_TEXT_BYTES {
            return Err(ConfigError::new("", format!("a key has 1 to {MAX_TEXT_BYTES} bytes")));
        }
        if key.starts_with('$') && ![CONNECT, DISCONNECT, DEFAULT].contains(&key) {
            return Err(ConfigError::new("", "only `$connect`, `$disconnect` and `$default` begin with `$`"));
        }
        let integration = match raw.integration {
            None => None,
            Some(id) => Some(
                integrations
                    .get(&id)
                    .cloned()
                    .ok_or_else(|| ConfigError::new("integration", format!("`{id}` is no integration")))?,
            ),
        };
        let two_way = match raw.route_response_selection_expression.as_deref() {
            None => false,
            Some(DEFAULT) => true,
            Some(other) => {
                let message = format!("`{other}` selects no route response, expected `$default`");
                return Err(ConfigError::new("routeResponseSelectionExpression", message));
            }
        };
        let required = raw.required_parameters.iter().map(|name| Required::parse(name)).collect::<Result<Vec<_>, _>>();
        let required = required.map_err(|error| error.below("requiredParameters"))?;
        if !required.is_empty() && key != CONNECT {
            return Err(ConfigError::new("requiredParameters", "only handshakes have headers and a query"));
        }
        let validation = match &raw.model_selection_expression {
            None => None,
            Some(_) if key == CONNECT || key == DISCONNECT => {
                return Err(ConfigError::new("modelSelectionExpression", "only messages have a body"));
            }
            Some(expression) => Some(Validation::from_raw(expression, &raw.request_models, models)?),
        };
        let throttle = raw.throttle.map(|throttle| throttle::of_route(throttle, api, key)).transpose();
        let throttle = throttle.map_err(|error| error.below("throttle"))?;
        let logging = verbosity(raw.logging_level, raw.data_trace_enabled);
        Ok(Self { integration, two_way, required, validation, throttle, metrics, logging })
    }
}
