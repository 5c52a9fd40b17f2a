//! Integrations as the `mapping-template` filter takes them, and the clusters behind them.

use endpoint::{RawEndpoint, RawFunction, RawSigning};
use gateway::RawApi;
use indexmap::IndexMap;
use mapping_template::{
    ContentHandling, PassthroughBehavior, RawAction, RawAws, RawAwsProxy, RawAwsTarget, RawHttp, RawHttpProxy,
    RawIntegration, RawIntegrationResponse, RawMapping, removable_by_route,
};

use super::cluster::{Backend, ClientCertificate, Clusters};
use super::routes::Upstream;
use crate::api::{self, DEFAULT_TIMEOUT_MILLIS, Integration, IntegrationType, Method};
use crate::aws_uri::{FunctionUri, ServiceTarget, ServiceUri};
use crate::check::Model;
use crate::settings::{BackendUrl, ServiceEndpoint};
use crate::source::Spanned;
use crate::uri::{BackendUri, expand_stage_variables};

/// What integrations are compiled against.
pub struct Integrations<'a> {
    /// The whole model.
    pub model: &'a Model,
    /// The API and stage.
    pub api: &'a RawApi,
    /// Where clusters are collected.
    pub clusters: &'a mut Clusters,
}

/// An AWS service that is called.
pub(super) struct CalledService<'a> {
    /// Its name in the settings.
    pub(super) name: &'a str,
    /// Where it is called.
    pub(super) region: &'a str,
    /// Its host at AWS.
    pub(super) host: &'a str,
    /// Its name in signatures.
    pub(super) signing_name: &'a str,
}

pub(super) type Texts = IndexMap<String, Spanned<String>>;

pub(super) fn texts(texts: &Texts) -> IndexMap<String, String> {
    texts.iter().map(|(name, text)| (name.clone(), text.value.clone())).collect()
}

impl Integrations<'_> {
    /// The integration for the filter, and where Envoy's router sends requests, if it does. An address that cannot be
    /// used makes every request fail, as the service does.
    pub fn compile(&mut self, method: &Method, integration: &Integration) -> (RawIntegration, Option<Upstream>) {
        let compiled = match integration.kind.value {
            IntegrationType::Mock => Ok((RawIntegration::Mock(raw_mapping(method, integration)), None)),
            IntegrationType::HttpProxy => self.http_proxy(integration),
            IntegrationType::Http => self.http(method, integration),
            IntegrationType::Aws => self.aws(method, integration),
            IntegrationType::AwsProxy => self.aws_proxy(integration),
        };
        compiled.unwrap_or_else(|reason| (RawIntegration::Misconfigured(reason), None))
    }

    fn http_proxy(&mut self, integration: &Integration) -> Result<(RawIntegration, Option<Upstream>), String> {
        let uri = self.http_uri(integration)?;
        let cluster = self.http_cluster(integration, &uri);
        let destinations = integration.request_parameters.keys();
        let mapped = destinations.filter_map(|name| name.strip_prefix("integration.request.header."));
        let upstream = Upstream {
            cluster,
            authority: authority(&uri),
            maps_host: mapped.clone().any(|name| name.eq_ignore_ascii_case("host")),
            timeout_millis: timeout(integration),
            headers: vec![
                ("x-amzn-apigateway-api-id".to_owned(), self.api.api_id.clone()),
                ("x-amzn-trace-id".to_owned(), "%FILTER_STATE(wasm.apigw.trace_id:PLAIN)%".to_owned()),
                ("x-forwarded-port".to_owned(), "%DOWNSTREAM_LOCAL_PORT%".to_owned()),
            ],
            removed: removable_by_route(mapped).into_iter().map(str::to_owned).collect(),
        };
        let proxy = RawHttpProxy {
            path: path_and_query(&uri),
            authority: upstream.authority.clone(),
            http_method: verb(integration),
            request_parameters: texts(&integration.request_parameters),
        };
        Ok((RawIntegration::HttpProxy(proxy), Some(upstream)))
    }

    fn http(
        &mut self,
        method: &Method,
        integration: &Integration,
    ) -> Result<(RawIntegration, Option<Upstream>), String> {
        let uri = self.http_uri(integration)?;
        let endpoint = RawEndpoint {
            cluster: self.http_cluster(integration, &uri),
            authority: authority(&uri),
            timeout_in_millis: Some(timeout(integration)),
            ..RawEndpoint::default()
        };
        let http = RawHttp {
            endpoint,
            path: path_and_query(&uri),
            http_method: verb(integration),
            mapping: raw_mapping(method, integration),
        };
        Ok((RawIntegration::Http(http), None))
    }

    fn aws(
        &mut self,
        method: &Method,
        integration: &Integration,
    ) -> Result<(RawIntegration, Option<Upstream>), String> {
        let (endpoint, target) = self.aws_target(integration)?;
        let (http_method, mapping) = (verb(integration), raw_mapping(method, integration));
        Ok((RawIntegration::Aws(RawAws { endpoint, target, http_method, mapping }), None))
    }

    /// The function or service that an AWS integration calls, and where.
    pub(super) fn aws_target(&mut self, integration: &Integration) -> Result<(RawEndpoint, RawAwsTarget), String> {
        let uri = self.expanded_uri(integration);
        if let Some(function) = FunctionUri::parse(&uri) {
            let endpoint = self.function_endpoint(integration, &function)?;
            return Ok((endpoint, RawAwsTarget::Lambda(raw_function(&function))));
        }
        let service = ServiceUri::parse(&uri).ok_or_else(|| format!("{uri} is no ARN of a service"))?;
        let called = CalledService {
            name: &service.service,
            region: &service.region,
            host: &service.host,
            signing_name: service.signing_name(),
        };
        let endpoint = self.service_endpoint(integration, &called)?;
        let target = match service.target {
            ServiceTarget::Path(path) => RawAwsTarget::Path(path),
            ServiceTarget::Action(action) => RawAwsTarget::Action(RawAction { service: service.service, action }),
        };
        Ok((endpoint, target))
    }

    fn aws_proxy(&mut self, integration: &Integration) -> Result<(RawIntegration, Option<Upstream>), String> {
        let uri = self.expanded_uri(integration);
        let function = FunctionUri::parse(&uri).ok_or_else(|| format!("{uri} is no ARN of a function"))?;
        let proxy = RawAwsProxy {
            endpoint: self.function_endpoint(integration, &function)?,
            function: raw_function(&function),
            http_method: verb(integration),
            request_parameters: texts(&integration.request_parameters),
        };
        Ok((RawIntegration::AwsProxy(proxy), None))
    }

    pub(super) fn expand(&self, text: &str) -> String {
        expand_stage_variables(text, |name| self.api.stage_variables.get(name).map(String::as_str)).0
    }

    pub(super) fn expanded_uri(&self, integration: &Integration) -> String {
        self.expand(integration.uri.as_ref().map_or("", |uri| uri.value.as_str()))
    }

    pub(super) fn http_uri(&self, integration: &Integration) -> Result<BackendUri, String> {
        let uri = self.expanded_uri(integration);
        BackendUri::parse(&uri).map_err(|error| format!("{uri}: {error}"))
    }

    pub(super) fn http_cluster(&mut self, integration: &Integration, uri: &BackendUri) -> String {
        let endpoints = &self.model.settings.endpoints;
        let link = integration.connection_id.as_ref().map(|id| self.expand(&id.value));
        let real = link.and_then(|link| endpoints.vpc_links.get(&link)).or_else(|| endpoints.hosts.get(&uri.authority));
        let named = || BackendUrl { tls: uri.tls, authority: uri.authority.clone() };
        let url = real.map_or_else(named, |real| real.value.clone());
        let insecure = integration.insecure_skip_verification.is_some_and(|flag| flag.value);
        let backend = Backend::new(&url, &uri.authority.host, insecure);
        self.clusters.add(backend.with_client_certificate(self.client_certificate()))
    }

    /// The certificate that the stage shows to HTTP backends.
    fn client_certificate(&self) -> Option<ClientCertificate> {
        let settings = &self.model.settings;
        let id = settings.stage.client_certificate_id.as_ref()?;
        let files = settings.certificates.get(id.as_str())?;
        Some(ClientCertificate {
            id: id.value.clone(),
            certificate_chain: files.certificate_chain.value.clone(),
            private_key: files.private_key.value.clone(),
        })
    }

    pub(super) fn function_endpoint(
        &mut self,
        integration: &Integration,
        function: &FunctionUri,
    ) -> Result<RawEndpoint, String> {
        let settings = self.model.settings.endpoints.services.get("lambda");
        let url = self.model.settings.endpoints.function(&function.name);
        let url = url.ok_or_else(|| format!("the settings have no endpoint for the function {}", function.name))?;
        let signing = settings.and_then(|service| raw_signing(service, &function.region, "lambda"));
        Ok(RawEndpoint { signing, ..self.endpoint(integration, &url.value) })
    }

    /// Where a service is: by its name in the settings, or where its host at AWS really is.
    pub(super) fn service_endpoint(
        &mut self,
        integration: &Integration,
        service: &CalledService<'_>,
    ) -> Result<RawEndpoint, String> {
        let endpoints = &self.model.settings.endpoints;
        let settings = endpoints.services.get(service.name);
        let url = endpoints.service(service.name, service.host);
        let url = url.ok_or_else(|| format!("the settings have no endpoint for the service {}", service.name))?;
        let signing = settings.and_then(|settings| raw_signing(settings, service.region, service.signing_name));
        Ok(RawEndpoint { signing, ..self.endpoint(integration, &url.value) })
    }

    fn endpoint(&mut self, integration: &Integration, url: &BackendUrl) -> RawEndpoint {
        RawEndpoint {
            cluster: self.clusters.add(Backend::new(url, &url.authority.host, false)),
            authority: authority_of(url),
            timeout_in_millis: Some(timeout(integration)),
            ..RawEndpoint::default()
        }
    }
}

/// The `Host` of calls to `url`.
pub(super) fn authority_of(url: &BackendUrl) -> String {
    let scheme_port = if url.tls { 443 } else { 80 };
    if url.authority.port == scheme_port { url.authority.host.clone() } else { url.authority.to_string() }
}

/// How calls are signed; `None` without credentials.
pub(super) fn raw_signing(settings: &ServiceEndpoint, region: &str, service: &str) -> Option<RawSigning> {
    Some(RawSigning {
        access_key_id: settings.access_key_id.clone()?,
        secret_access_key: settings.secret_access_key.clone()?,
        session_token: settings.session_token.clone(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

pub(super) fn raw_function(function: &FunctionUri) -> RawFunction {
    RawFunction { function_name: function.name.clone(), qualifier: function.qualifier.clone() }
}

pub(super) fn timeout(integration: &Integration) -> u32 {
    integration.timeout_in_millis.as_ref().map_or(DEFAULT_TIMEOUT_MILLIS, |timeout| timeout.value)
}

pub(super) fn verb(integration: &Integration) -> Option<String> {
    integration.http_method.as_ref().map(|method| method.value.clone())
}

pub(super) fn authority(uri: &BackendUri) -> String {
    if uri.default_port { uri.authority.host.clone() } else { uri.authority.to_string() }
}

pub(super) fn path_and_query(uri: &BackendUri) -> String {
    match &uri.query {
        Some(query) => format!("{}?{query}", uri.path),
        None => uri.path.clone(),
    }
}

fn raw_mapping(method: &Method, integration: &Integration) -> RawMapping {
    let responses = integration.responses.iter();
    RawMapping {
        request_parameters: texts(&integration.request_parameters),
        request_templates: texts(&integration.request_templates),
        passthrough_behavior: passthrough(integration.passthrough_behavior),
        content_handling: integration.content_handling.map(|handling| content_handling(handling.value)),
        integration_responses: responses.filter_map(|response| raw_integration_response(method, response)).collect(),
    }
}

fn raw_integration_response(method: &Method, response: &api::IntegrationResponse) -> Option<RawIntegrationResponse> {
    Some(RawIntegrationResponse {
        status_code: response.status_code.value.parse().ok()?,
        selection_pattern: response.selection_pattern.as_ref().map(|pattern| pattern.value.clone()),
        response_parameters: texts(&response.response_parameters),
        response_templates: texts(&response.response_templates),
        content_handling: response.content_handling.map(|handling| content_handling(handling.value)),
        undeclared: !method.responses.contains_key(&response.status_code.value),
    })
}

pub(super) fn passthrough(behavior: api::PassthroughBehavior) -> PassthroughBehavior {
    match behavior {
        api::PassthroughBehavior::WhenNoMatch => PassthroughBehavior::WhenNoMatch,
        api::PassthroughBehavior::WhenNoTemplates => PassthroughBehavior::WhenNoTemplates,
        api::PassthroughBehavior::Never => PassthroughBehavior::Never,
    }
}

pub(super) fn content_handling(handling: api::ContentHandling) -> ContentHandling {
    match handling {
        api::ContentHandling::ConvertToBinary => ContentHandling::ConvertToBinary,
        api::ContentHandling::ConvertToText => ContentHandling::ConvertToText,
    }
}
