//! WebSocket APIs as the filters' configurations, routes, clusters, and the listener that ends their connections.

pub(super) mod connections;
pub(super) mod envoy;
mod integrations;

use std::collections::BTreeMap;

use api_key::{ApiKey, RawKeyRoute};
use custom_authorizer::CustomAuthorizer;
use endpoint::RawEndpoint;
use filters::RawFilter;
use gateway::{Filter, RawApi, RawRoute};
use gateway_responses::{RawResponsesRoute, RawWebSocketApi, Refusal};
use iam_authorizer::{AuthorizationType, IamAuthorizer, RawIamRoute, RawTarget};
use selection::ApiKeySource;
use usage_plan::RawThrottle;
use websocket_routes::{Authorization as Connections, CONNECT_ROUTE, CONNECTIONS_ROUTE, RawConfig, RawMessageRoute};

use super::access_log;
use super::authorizers::{Surroundings, custom, iam};
use super::cluster::{Backend, Clusters};
use super::deployment::Deployment;
use super::filters::raw_api_of;
use super::integrations::Integrations;
use super::message_log;
use super::plans::{raw_plans, raw_throttle};
use super::routes;
use crate::api::{Authorization, CONNECT, WebSocketApi, WebSocketRoute};
use crate::aws_uri::function_arn;
use crate::check::{Model, message_models};
use crate::settings::{BackendUrl, ConnectionsAuthorization, Throttle};

/// A WebSocket API at its stage.
pub(super) fn deployment(model: &Model, api: &WebSocketApi, clusters: &mut Clusters) -> Result<Deployment, String> {
    let uris = api.integrations.values().filter_map(|found| found.integration.uri.as_ref());
    let arn = uris.filter_map(|uri| function_arn(uri)).next();
    let raw_api = raw_api_of(model, api.name.as_deref().unwrap_or_default(), arn, &format!("{api:?}"));
    let mut chain = Chain::new(&raw_api);
    chain.filters.push(RawFilter::GatewayResponses(responses(model, &raw_api)));
    chain.authorize_handshakes(model, api, clusters)?;
    chain.authorize_calls(model)?;
    chain.add_api_keys(model, api);
    let routes: BTreeMap<String, RawMessageRoute> =
        api.routes.iter().map(|route| (route.route_key.value.clone(), raw_route(model, route))).collect();
    let execution_log = message_log::execution_of(&model.settings, api, routes.values());
    let execution_sink = message_log::execution_sink(&model.settings, &raw_api, execution_log.as_ref());
    let config = RawConfig {
        api: raw_api.clone(),
        route_selection_expression: api.route_selection_expression.value.clone(),
        routes,
        integrations: Integrations { model, api: &raw_api, clusters }.websocket_api(api),
        models: message_models(api, &raw_api.api_id, model.settings.api_id.is_some()),
        account_throttle: model.settings.throttle_settings.as_ref().map(raw_throttle),
        access_log: message_log::of_websocket_api(&model.settings),
        execution_log,
        connections_authorization: connections_authorization(model),
        node: node(model),
        nodes: nodes(model, clusters),
        ..RawConfig::default()
    };
    chain.filters.push(RawFilter::WebsocketRoutes(config));
    let (filters, without) = chain.finish();
    Ok(Deployment {
        routes: envoy::routes(&raw_api.base_path),
        title: api.name.clone().unwrap_or_default(),
        api: raw_api,
        compressed_from: None,
        log: access_log::sink(&model.settings),
        execution_log: execution_sink,
        hosts: Vec::new(),
        needs_certificate: false,
        fallback: Some(envoy::outside()),
        filters,
        without,
    })
}

fn responses(model: &Model, api: &RawApi) -> gateway_responses::RawConfig {
    let forbidden = RawResponsesRoute { refuse: Some(Refusal::Forbidden), ..RawResponsesRoute::default() };
    let handshake = RawResponsesRoute { method: Some(connect()), refuse: None, trace_id: true };
    gateway_responses::RawConfig {
        api: api.clone(),
        web_socket_api: Some(RawWebSocketApi { node: node(model) }),
        routes: BTreeMap::from([
            (CONNECT_ROUTE.to_owned(), handshake),
            (CONNECTIONS_ROUTE.to_owned(), RawResponsesRoute::default()),
        ]),
        // A route that the configuration does not know, and all that is outside of the stage.
        default: forbidden,
        ..gateway_responses::RawConfig::default()
    }
}

/// The `$connect` route as filters for methods see it.
fn connect() -> RawRoute {
    RawRoute { resource_id: CONNECT.to_owned(), resource_path: CONNECT.to_owned(), operation_name: None }
}

/// The number of this Envoy in its fleet; 0 where it has none.
fn node(model: &Model) -> u16 {
    model.settings.fleet.as_ref().and_then(|fleet| fleet.node).map_or(0, |node| *node)
}

/// The other Envoys of the fleet.
fn nodes(model: &Model, clusters: &mut Clusters) -> BTreeMap<u16, RawEndpoint> {
    let others = model.settings.fleet.iter().flat_map(|fleet| &fleet.nodes);
    let others = others.filter(|(number, _)| **number != node(model));
    let endpoint = |url: &BackendUrl, clusters: &mut Clusters| RawEndpoint {
        cluster: clusters.add(Backend::new(url, &url.authority.host, false)),
        authority: url.authority.to_string(),
        ..RawEndpoint::default()
    };
    others.map(|(number, url)| (*number, endpoint(url, clusters))).collect()
}

fn connections_authorization(model: &Model) -> Connections {
    match model.settings.connections.map(|connections| *connections) {
        Some(ConnectionsAuthorization::None) => Connections::None,
        Some(ConnectionsAuthorization::AwsIam) | None => Connections::AwsIam,
    }
}

fn raw_route(model: &Model, route: &WebSocketRoute) -> RawMessageRoute {
    let stage = &model.settings.stage;
    let text = |text: &Option<crate::source::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let required = route.request_parameters.iter().filter(|(_, required)| ***required);
    RawMessageRoute {
        integration: text(&route.integration),
        route_response_selection_expression: text(&route.route_response_selection_expression),
        required_parameters: required.map(|(name, _)| name.clone()).collect(),
        model_selection_expression: text(&route.model_selection_expression),
        request_models: route.request_models.iter().map(|(key, name)| (key.clone(), name.value.clone())).collect(),
        detailed_metrics_enabled: stage
            .of_route(&route.route_key, |settings| settings.detailed_metrics_enabled)
            .is_some_and(|on| *on),
        logging_level: stage
            .of_route(&route.route_key, |settings| settings.logging_level)
            .and_then(|level| message_log::raw_level(*level)),
        data_trace_enabled: stage
            .of_route(&route.route_key, |settings| settings.data_trace_enabled)
            .is_some_and(|on| *on),
        throttle: throttle(model, &route.route_key),
    }
}

/// The limit of a route: what its own settings leave open is in those of all routes.
fn throttle(model: &Model, route_key: &str) -> Option<RawThrottle> {
    let stage = &model.settings.stage;
    let own = stage.route_settings.get(route_key).and_then(|settings| settings.throttle.as_ref());
    let default = stage.default_route_settings.as_ref().and_then(|settings| settings.throttle.as_ref());
    let first = own.or(default)?;
    let rate_limit = own.and_then(|own| own.rate_limit).or_else(|| default?.rate_limit);
    let burst_limit = own.and_then(|own| own.burst_limit).or_else(|| default?.burst_limit);
    Some(raw_throttle(&Throttle { rate_limit, burst_limit, span: first.span }))
}

/// The filters before `websocket-routes`, and the routes that do not pass them.
struct Chain<'a> {
    api: &'a RawApi,
    filters: Vec<RawFilter>,
    without: BTreeMap<String, Vec<&'static str>>,
}

impl<'a> Chain<'a> {
    fn new(api: &'a RawApi) -> Self {
        let without = [CONNECT_ROUTE, CONNECTIONS_ROUTE].map(|route| (route.to_owned(), Vec::new()));
        Self { api, filters: Vec::new(), without: without.into() }
    }

    fn leave_out(&mut self, filter: &'static str, route: &str) {
        self.without.entry(route.to_owned()).or_default().push(filter);
    }

    /// Who may connect.
    fn authorize_handshakes(
        &mut self,
        model: &Model,
        api: &WebSocketApi,
        clusters: &mut Clusters,
    ) -> Result<(), String> {
        let authorization = api.route(CONNECT).map_or(&Authorization::None, |route| &route.authorization);
        match authorization {
            Authorization::None => Ok(()),
            Authorization::AwsIam(_) => self.sign(model, CONNECT_ROUTE, RawTarget::Connect),
            Authorization::Custom(name) => {
                let mut surroundings = Surroundings { model, authorizers: &api.authorizers, clusters };
                let config = custom::of_handshakes(self.api, CONNECT_ROUTE, connect(), name, &mut surroundings)
                    .map_err(|error| format!("authorizer `{}`: {error}", **name))?;
                self.filters.push(RawFilter::CustomAuthorizer(config));
                self.leave_out(CustomAuthorizer::NAME, CONNECTIONS_ROUTE);
                Ok(())
            }
            Authorization::CognitoUserPools { .. } | Authorization::Jwt { .. } => {
                Err("no filter checks the authorization of `$connect`, it would be open".to_owned())
            }
        }
    }

    /// Who may call `@connections`.
    fn authorize_calls(&mut self, model: &Model) -> Result<(), String> {
        match connections_authorization(model) {
            Connections::AwsIam => self.sign(model, CONNECTIONS_ROUTE, RawTarget::ManageConnections),
            Connections::None => Ok(()),
        }
    }

    /// Demands a signature on a route.
    fn sign(&mut self, model: &Model, route: &str, target: RawTarget) -> Result<(), String> {
        let entry = RawIamRoute { authorization_type: AuthorizationType::AwsIam, method: Some(connect()), target };
        let found = self.filters.iter_mut().find_map(|filter| match filter {
            RawFilter::IamAuthorizer(config) => Some(config),
            _ => None,
        });
        match found {
            Some(config) => {
                config.routes.insert(route.to_owned(), entry);
            }
            None => {
                let mut config = iam::configuration(self.api, model, None)?;
                config.routes.insert(route.to_owned(), entry);
                self.filters.push(RawFilter::IamAuthorizer(config));
            }
        }
        Ok(())
    }

    fn add_api_keys(&mut self, model: &Model, api: &WebSocketApi) {
        if api.route(CONNECT).is_none_or(|route| route.api_key_required.is_none()) {
            return;
        }
        let source = api.api_key_selection_expression.as_ref().and_then(|expression| ApiKeySource::parse(expression));
        let mut plans = raw_plans(model, self.api);
        // `websocket-routes` asks it, for messages as well.
        plans.account = None;
        let route = RawKeyRoute {
            api_key_required: true,
            resource_path: format!("/{CONNECT}"),
            http_method: "GET".to_owned(),
            usage_report: false,
        };
        self.filters.push(RawFilter::ApiKey(api_key::RawConfig {
            api: self.api.clone(),
            api_key_source: match source {
                Some(ApiKeySource::Authorizer) => api_key::ApiKeySource::Authorizer,
                Some(ApiKeySource::Header) | None => api_key::ApiKeySource::Header,
            },
            plans,
            routes: BTreeMap::from([(CONNECT_ROUTE.to_owned(), route)]),
            default: RawKeyRoute { api_key_required: true, ..RawKeyRoute::default() },
            ..api_key::RawConfig::default()
        }));
        self.leave_out(ApiKey::NAME, CONNECTIONS_ROUTE);
    }

    fn finish(mut self) -> (Vec<RawFilter>, BTreeMap<String, Vec<&'static str>>) {
        let signed: Vec<String> = self
            .filters
            .iter()
            .filter_map(|filter| match filter {
                RawFilter::IamAuthorizer(config) => Some(config.routes.keys().cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        for route in [CONNECT_ROUTE, CONNECTIONS_ROUTE] {
            if !signed.iter().any(|other| other == route) {
                self.leave_out(IamAuthorizer::NAME, route);
            }
        }
        // Requests outside of the stage are answered by the first one.
        let others = self.filters.iter().skip(1).map(RawFilter::name).collect();
        self.without.insert(routes::OUTSIDE.to_owned(), others);
        (self.filters, self.without)
    }
}
