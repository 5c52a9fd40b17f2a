//! Lambda authorizers, as the `custom-authorizer` filter takes them.

use custom_authorizer::{Form, RawAuthorizer, RawAuthorizerRoute, RawConfig, RawTarget};
use endpoint::RawEndpoint;
use gateway::policy::DenyMessages;
use gateway::{RawApi, RawRoute};
use iam_policy::RawPolicy;
use jwt_authorizer::ProtocolType;

use super::Surroundings;
use crate::api::Authorizer;
use crate::aws_uri::FunctionUri;
use crate::compile::cluster::Backend;
use crate::compile::integrations::{authority_of, raw_function, raw_signing};
use crate::settings::BackendUrl;
use crate::uri::{BackendUri, expand_stage_variables};

/// The filter without any method: it refuses every route.
pub fn configuration(api: &RawApi, deny_messages: DenyMessages, resource_policy: Option<RawPolicy>) -> RawConfig {
    RawConfig { api: api.clone(), deny_messages, resource_policy, ..RawConfig::default() }
}

/// Adds a method with the authorizer of that name, and the authorizer itself when it is the first one.
///
/// # Errors
/// The authorizer cannot be run.
pub fn add(
    filter: &mut RawConfig,
    protocol_type: ProtocolType,
    key: &str,
    route: &RawRoute,
    name: &str,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), String> {
    if !filter.authorizers.contains_key(name) {
        let authorizer = surroundings.authorizers.get(name);
        let authorizer = authorizer.ok_or_else(|| format!("there is no authorizer `{name}`"))?;
        let form = match protocol_type {
            ProtocolType::Rest => authorizer.form_of_rest_api(),
            ProtocolType::Http => authorizer.form_of_http_api(),
        };
        let form = form.ok_or("it is no function that such an API can call")?;
        let raw = raw_authorizer(&filter.api, authorizer, form, surroundings)?;
        filter.authorizers.insert(name.to_owned(), raw);
    }
    let entry = RawAuthorizerRoute { authorizer: Some(name.to_owned()), method: Some(route.clone()), open: false };
    filter.routes.insert(key.to_owned(), entry);
    Ok(())
}

/// The filter for the handshakes of a WebSocket API, which come on the route `key`.
///
/// # Errors
/// The authorizer cannot be run.
pub fn of_handshakes(
    api: &RawApi,
    key: &str,
    route: RawRoute,
    name: &str,
    surroundings: &mut Surroundings<'_>,
) -> Result<RawConfig, String> {
    let authorizer = surroundings.authorizers.get(name).ok_or_else(|| format!("there is no authorizer `{name}`"))?;
    let authorizer = raw_authorizer(api, authorizer, Form::WebSocket, surroundings)?;
    let mut filter = configuration(api, surroundings.model.settings.deny_messages, None);
    filter.authorizers.insert(name.to_owned(), authorizer);
    let entry = RawAuthorizerRoute { authorizer: Some(name.to_owned()), method: Some(route), open: false };
    filter.routes.insert(key.to_owned(), entry);
    Ok(filter)
}

fn raw_authorizer(
    api: &RawApi,
    authorizer: &Authorizer,
    form: Form,
    surroundings: &mut Surroundings<'_>,
) -> Result<RawAuthorizer, String> {
    let uri = authorizer.authorizer_uri.as_ref().ok_or("it has no `authorizerUri`")?;
    let (uri, _) = expand_stage_variables(uri, |name| api.stage_variables.get(name).map(String::as_str));
    let (endpoint, target) = match FunctionUri::parse(&uri) {
        Some(function) => invocation(&function, surroundings)?,
        None => service(&uri, surroundings)?,
    };
    let expression = authorizer.identity_validation_expression.as_ref().filter(|_| form == Form::Token);
    Ok(RawAuthorizer {
        form,
        identity_source: authorizer.identity_source.iter().map(|source| source.value.clone()).collect(),
        identity_validation_expression: expression.map(|expression| expression.value.clone()),
        authorizer_result_ttl_in_seconds: authorizer.result_ttl_seconds.map(|ttl| ttl.value),
        endpoint,
        target,
    })
}

/// A function, through the Invoke API.
fn invocation(function: &FunctionUri, surroundings: &mut Surroundings<'_>) -> Result<(RawEndpoint, RawTarget), String> {
    let endpoints = &surroundings.model.settings.endpoints;
    let url = endpoints.function(&function.name);
    let url = url.ok_or_else(|| format!("the settings have no endpoint for the function {}", function.name))?;
    let lambda = endpoints.services.get("lambda");
    let signing = lambda.and_then(|lambda| raw_signing(lambda, &function.region, "lambda"));
    let endpoint = RawEndpoint { signing, ..raw_endpoint(&url.value, &url.value.authority.host, surroundings) };
    Ok((endpoint, RawTarget::Function(raw_function(function))))
}

/// An HTTP service that takes the event.
fn service(uri: &str, surroundings: &mut Surroundings<'_>) -> Result<(RawEndpoint, RawTarget), String> {
    let uri = BackendUri::parse(uri).map_err(|error| format!("{uri}: {error}"))?;
    let named = BackendUrl { tls: uri.tls, authority: uri.authority.clone() };
    let url = surroundings.model.settings.endpoints.hosts.get(&uri.authority).map_or(named, |real| real.value.clone());
    let host = &uri.authority.host;
    let authority = if uri.default_port { host.clone() } else { uri.authority.to_string() };
    let endpoint = RawEndpoint { authority, ..raw_endpoint(&url, host, surroundings) };
    let path = if uri.path.is_empty() { "/" } else { &uri.path };
    let target = match &uri.query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Ok((endpoint, RawTarget::Http(target)))
}

fn raw_endpoint(url: &BackendUrl, server_name: &str, surroundings: &mut Surroundings<'_>) -> RawEndpoint {
    RawEndpoint {
        cluster: surroundings.clusters.add(Backend::new(url, server_name, false)),
        authority: authority_of(url),
        ..RawEndpoint::default()
    }
}
