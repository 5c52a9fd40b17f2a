//! HTTP APIs as the filters' configurations, routes and clusters.

use std::collections::BTreeMap;

use api_key::RawKeyRoute;
use filters::RawFilter;
use gateway::{METHOD_HEADER, RawRoute};
use gateway_responses::{RawCors, RawHttpApi, RawResponsesRoute, Refusal};
use indexmap::IndexMap;
use jwt_authorizer::ProtocolType;
use mapping_template::{
    AppendedPath, PayloadFormat, RawHttpApiLambda, RawHttpApiProxy, RawHttpApiService, RawIntegration, RawMappingRoute,
    ServiceCall,
};
use serde_json::{Value, json};

use super::authorizers::{Authorizers, Surroundings};
use super::cluster::Clusters;
use super::deployment::Deployment;
use super::filters::{not_for_unmatched, raw_api_of};
use super::integrations::{CalledService, Integrations, authority, path_and_query, raw_function, texts, verb};
use super::path_match::{below, escape};
use super::plans::{has_limits, raw_route_plans, route_key};
use super::routes::{MethodRoute, Upstream, method_route, refusal};
use super::{access_log, metrics};
use crate::api::{ConnectionType, Cors, HttpApi, HttpMethod, HttpRoute, Integration, IntegrationType, PathPart};
use crate::aws_uri::{FunctionUri, function_arn};
use crate::check::Model;

/// Name of the route for everything that no route takes.
const UNMATCHED: &str = "not found";
/// Timeout of an integration that sets none, in milliseconds.
const DEFAULT_TIMEOUT_MILLIS: u32 = 30_000;
/// Request headers that end at the client's connection, beside those that Envoy itself removes.
const HOP_BY_HOP: [&str; 6] =
    ["keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailers"];
/// RFC 7239's header, which HTTP backends of HTTP APIs get.
const FORWARDED: &str = "by=%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%;for=%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%;\
                         host=%REQ(:AUTHORITY)%;proto=%REQ(X-FORWARDED-PROTO)%";

/// An HTTP API at its stage.
pub(super) fn deployment(model: &Model, api: &HttpApi, clusters: &mut Clusters) -> Result<Deployment, String> {
    let arn = api.function_uris().find_map(function_arn);
    let raw_api = raw_api_of(model, api.name.as_deref().unwrap_or_default(), arn, &format!("{api:?}"));
    let not_found = RawResponsesRoute { refuse: Some(Refusal::NotFound), ..RawResponsesRoute::default() };
    let mut responses = gateway_responses::RawConfig {
        api: raw_api.clone(),
        http_api: Some(RawHttpApi { cors: api.cors.as_ref().map(raw_cors) }),
        // A route that the configuration does not know belongs to a definition that is on its way in or out.
        default: not_found.clone(),
        ..gateway_responses::RawConfig::default()
    };
    responses.routes.insert(UNMATCHED.to_owned(), not_found);
    let mut mappings = mapping_template::RawConfig {
        api: raw_api.clone(),
        default: RawMappingRoute {
            method: None,
            integration: Some(RawIntegration::Misconfigured("the route is not configured".to_owned())),
        },
        ..mapping_template::RawConfig::default()
    };
    let mut routes: Vec<&HttpRoute> = api.routes.iter().collect();
    routes.sort_by_key(|route| route.precedence());
    let mut envoy_routes = Vec::new();
    let plans = raw_route_plans(model, api, &raw_api);
    let limited = has_limits(&plans);
    let mut limits = api_key::RawConfig {
        api: raw_api.clone(),
        plans,
        default: RawKeyRoute { api_key_required: true, ..RawKeyRoute::default() },
        ..api_key::RawConfig::default()
    };
    let mut authorizers = Authorizers::new(&raw_api, model, ProtocolType::Http, None)?;
    // Filters that a route does not pass. One that is not named here passes all of them, and they refuse it.
    let mut without: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut metrics = metrics::http(&raw_api.api_id, &raw_api.stage);
    for route in routes {
        let key = route.to_string();
        if model.settings.stage.of_route(&key, |settings| settings.detailed_metrics_enabled).is_some_and(|on| *on) {
            metrics::add_route(&mut metrics, &key, &key);
        }
        let method = RawRoute {
            resource_id: key.clone(),
            resource_path: if route.is_default() { "/".to_owned() } else { route.path.clone() },
            operation_name: route.operation_name.clone(),
        };
        let mut surroundings = Surroundings { model, authorizers: &api.authorizers, clusters };
        let unused = authorizers.add(&key, &method, &route.authorization, &mut surroundings);
        without.insert(key.clone(), unused.map_err(|error| format!("{key}: {error}"))?);
        limits.routes.insert(key.clone(), route_key(route));
        let mut integrations = Integrations { model, api: &raw_api, clusters };
        let (integration, upstream) = match &route.integration {
            Some(integration) => integrations.http_api(route, integration),
            None => Err("the route has no integration".to_owned()),
        }
        .unwrap_or_else(|reason| (RawIntegration::Misconfigured(reason), None));
        let entry = RawResponsesRoute { method: Some(method.clone()), refuse: None, trace_id: true };
        responses.routes.insert(key.clone(), entry);
        let entry = RawMappingRoute { method: Some(method), integration: Some(integration) };
        mappings.routes.insert(key.clone(), entry);
        let method = MethodRoute { key, parts: route.parts.iter().collect(), verb: route.http_method, upstream };
        let found = path_matches(&raw_api.base_path, route);
        envoy_routes.extend(found.into_iter().map(|found| method_route(&method, found)));
    }
    envoy_routes.push(refusal(UNMATCHED, Refusal::NotFound, below(&raw_api.base_path)));
    // Of paths outside of the stage, the API is asked as well.
    let outside = refusal(UNMATCHED, Refusal::NotFound, json!({"prefix": "/"}));
    let mut filters = vec![RawFilter::Metrics(metrics)];
    filters.extend(access_log::filter(&model.settings, &raw_api, &responses.routes));
    filters.push(RawFilter::GatewayResponses(responses));
    // Limits come before anybody is asked.
    filters.extend(limited.then_some(RawFilter::ApiKey(limits)));
    filters.extend(authorizers.into_filters());
    filters.push(RawFilter::MappingTemplate(mappings));
    without.insert(UNMATCHED.to_owned(), not_for_unmatched(&filters));
    Ok(Deployment {
        api: raw_api,
        title: api.name.clone().unwrap_or_default(),
        compressed_from: None,
        log: access_log::sink(&model.settings),
        execution_log: None,
        hosts: Vec::new(),
        needs_certificate: false,
        fallback: Some(outside),
        routes: envoy_routes,
        filters,
        without,
    })
}

fn raw_cors(cors: &Cors) -> RawCors {
    let texts = |texts: &[crate::source::Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect();
    RawCors {
        allow_origins: texts(&cors.allow_origins),
        allow_methods: texts(&cors.allow_methods),
        allow_headers: texts(&cors.allow_headers),
        expose_headers: texts(&cors.expose_headers),
        max_age: cors.max_age.map(|age| *age),
        allow_credentials: cors.allow_credentials.is_some_and(|flag| *flag),
    }
}

impl Integrations<'_> {
    fn http_api(
        &mut self,
        route: &HttpRoute,
        integration: &Integration,
    ) -> Result<(RawIntegration, Option<Upstream>), String> {
        match *integration.kind {
            IntegrationType::HttpProxy => self.http_api_proxy(route, integration),
            IntegrationType::AwsProxy if integration.subtype.is_some() => self.http_api_service(integration),
            IntegrationType::AwsProxy => self.http_api_lambda(integration),
            kind => Err(format!("HTTP APIs have no {} integrations", kind.as_str())),
        }
    }

    fn http_api_proxy(
        &mut self,
        route: &HttpRoute,
        integration: &Integration,
    ) -> Result<(RawIntegration, Option<Upstream>), String> {
        let private = integration.connection_type.is_some_and(|connection| *connection == ConnectionType::VpcLink);
        let (cluster, authority, path) = if private {
            self.vpc_link(integration)?
        } else {
            let uri = self.http_uri(integration)?;
            (self.http_cluster(integration, &uri), authority(&uri), path_and_query(&uri))
        };
        let names = integration.request_parameters.keys().filter_map(|key| key.split_once(":header."));
        let maps_host = names.map(|(_, name)| name).any(|name| name.eq_ignore_ascii_case("host"));
        let upstream = Upstream {
            cluster,
            authority: authority.clone(),
            maps_host,
            timeout_millis: timeout(integration),
            headers: vec![
                ("via".to_owned(), "HTTP/1.1 AmazonAPIGateway".to_owned()),
                ("forwarded".to_owned(), FORWARDED.to_owned()),
                ("x-amzn-trace-id".to_owned(), "%FILTER_STATE(wasm.apigw.trace_id:PLAIN)%".to_owned()),
            ],
            removed: HOP_BY_HOP.map(str::to_owned).to_vec(),
        };
        let proxy = RawHttpApiProxy {
            path,
            authority: maps_host.then_some(authority),
            append: if private {
                Some(AppendedPath::Whole)
            } else {
                route.is_default().then_some(AppendedPath::BehindStage)
            },
            http_method: verb(integration),
            request_parameters: texts(&integration.request_parameters),
            response_parameters: response_parameters(integration)?,
        };
        Ok((RawIntegration::HttpApiProxy(proxy), Some(upstream)))
    }

    /// A private integration is called where the settings say its VPC link leads; its URI is the ARN of a listener.
    fn vpc_link(&mut self, integration: &Integration) -> Result<(String, String, String), String> {
        let id = integration.connection_id.as_ref().map(|id| self.expand(id)).unwrap_or_default();
        let url = self.model.settings.endpoints.vpc_links.get(&id);
        let url = url.ok_or_else(|| format!("the settings do not say where the VPC link {id} leads"))?.value.clone();
        let name = integration.server_name_to_verify.as_ref().map_or(&url.authority.host, |name| &name.value);
        let cluster = self.clusters.add(super::cluster::Backend::new(&url, name, false));
        Ok((cluster, url.authority.to_string(), String::new()))
    }

    fn http_api_service(&mut self, integration: &Integration) -> Result<(RawIntegration, Option<Upstream>), String> {
        let subtype = integration.subtype.as_ref().map(|subtype| subtype.value.clone()).unwrap_or_default();
        let call = ServiceCall::find(&subtype).ok_or_else(|| format!("{subtype} is no call to a service"))?;
        let mut request_parameters = texts(&integration.request_parameters);
        let region = request_parameters.shift_remove("Region").unwrap_or_else(|| self.api.region.clone());
        let called = CalledService {
            name: call.service,
            region: &region,
            host: &call.host_in(&region),
            signing_name: call.service,
        };
        let mut endpoint = self.service_endpoint(integration, &called)?;
        endpoint.timeout_in_millis = Some(timeout(integration));
        let service = RawHttpApiService {
            endpoint,
            integration_subtype: subtype,
            request_parameters,
            response_parameters: response_parameters(integration)?,
        };
        Ok((RawIntegration::HttpApiService(service), None))
    }

    fn http_api_lambda(&mut self, integration: &Integration) -> Result<(RawIntegration, Option<Upstream>), String> {
        let uri = self.expanded_uri(integration);
        let function = FunctionUri::parse_of_http_api(&uri).ok_or_else(|| format!("{uri} is no ARN of a function"))?;
        let mut endpoint = self.function_endpoint(integration, &function)?;
        endpoint.timeout_in_millis = Some(timeout(integration));
        let version = integration.payload_format_version.as_ref().map(|version| version.as_str());
        let lambda = RawHttpApiLambda {
            endpoint,
            function: raw_function(&function),
            payload_format_version: if version == Some("1.0") { PayloadFormat::V1 } else { PayloadFormat::V2 },
            response_parameters: response_parameters(integration)?,
        };
        Ok((RawIntegration::HttpApiLambda(lambda), None))
    }
}

fn timeout(integration: &Integration) -> u32 {
    integration.timeout_in_millis.map_or(DEFAULT_TIMEOUT_MILLIS, |timeout| *timeout)
}

fn response_parameters(integration: &Integration) -> Result<BTreeMap<u16, IndexMap<String, String>>, String> {
    let mut all = BTreeMap::new();
    for (status, parameters) in &integration.response_parameters {
        let status = status.parse().map_err(|_| format!("{status} is no status"))?;
        all.insert(status, texts(parameters));
    }
    Ok(all)
}

/// The matches of a route. Slashes at the end and in a row count, unlike in REST APIs.
fn path_matches(base_path: &str, route: &HttpRoute) -> Vec<Value> {
    let headers = match route.http_method {
        // All verbs, also such as API Gateway knows none of.
        HttpMethod::Any => Vec::new(),
        verb => vec![json!({"name": METHOD_HEADER, "string_match": {"exact": verb.as_str()}})],
    };
    if route.is_default() {
        return match base_path {
            "" => vec![json!({"prefix": "/"})],
            base => vec![json!({"path": base}), json!({"prefix": format!("{base}/")})],
        };
    }
    let variable = route.parts.iter().position(|part| part.variable().is_some());
    let Some(variable) = variable else {
        let path: String = route.parts.iter().map(|part| format!("/{part}")).collect();
        return match (base_path, path.as_str()) {
            ("", "") => vec![json!({"path": "/", "headers": headers})],
            // `/dev` and `/dev/` are the root of the stage.
            (base, "") => {
                [base.to_owned(), format!("{base}/")].map(|path| json!({"path": path, "headers": headers})).to_vec()
            }
            (base, path) => vec![json!({"path": format!("{base}{path}"), "headers": headers})],
        };
    };
    let mut regex = escape(base_path);
    let mut prefix = base_path.to_owned();
    for (at, part) in route.parts.iter().enumerate() {
        if at < variable {
            prefix.push_str(&format!("/{part}"));
        }
        regex.push('/');
        match part {
            PathPart::Literal(text) => regex.push_str(&escape(text)),
            PathPart::Variable(_) => regex.push_str("[^/]+"),
            PathPart::Greedy(_) => regex.push_str("[^/].*"),
        }
    }
    let literal = json!({"name": ":path", "string_match": {"prefix": format!("{prefix}/")}});
    let headers: Vec<Value> = std::iter::once(literal).chain(headers).collect();
    vec![json!({"safe_regex": {"regex": regex}, "headers": headers})]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Authorization;
    use crate::source::{SourceId, Span};

    fn route(verb: HttpMethod, path: &str) -> HttpRoute {
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != "$default");
        HttpRoute {
            span: Span { source: SourceId::default(), start: 0, end: 0 },
            path: path.to_owned(),
            parts: parts.filter_map(|part| PathPart::parse(part).ok()).collect(),
            http_method: verb,
            authorization: Authorization::None,
            operation_name: None,
            integration: None,
        }
    }

    /// The order of the developer guide's example, and of the specification.
    #[test]
    fn precedence() {
        let mut routes = [
            route(HttpMethod::Any, "$default"),
            route(HttpMethod::Any, "/{proxy+}"),
            route(HttpMethod::Get, "/pets/{proxy+}"),
            route(HttpMethod::Any, "/pets/dog/1"),
            route(HttpMethod::Get, "/pets/dog/{id}"),
            route(HttpMethod::Get, "/pets/dog/1"),
        ];
        routes.sort_by_key(HttpRoute::precedence);
        let keys = routes.map(|route| route.to_string());
        let expected = [
            "GET /pets/dog/1",
            "ANY /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/{proxy+}",
            "ANY /{proxy+}",
            "$default",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn matches() {
        let regex = |path: &str, base: &str| {
            path_matches(base, &route(HttpMethod::Any, path))[0]["safe_regex"]["regex"].clone()
        };
        assert_eq!(regex("/pets/{id}", ""), "/pets/[^/]+");
        assert_eq!(regex("/{proxy+}", "/dev"), "/dev/[^/].*");
        let paths = |path: &str, base: &str| -> Vec<Value> {
            path_matches(base, &route(HttpMethod::Any, path)).iter().map(|found| found["path"].clone()).collect()
        };
        assert_eq!(paths("/", "/dev"), ["/dev", "/dev/"]);
        assert_eq!(paths("/pets", "/dev"), ["/dev/pets"]);
        assert_eq!(paths("/", ""), ["/"]);
    }
}
