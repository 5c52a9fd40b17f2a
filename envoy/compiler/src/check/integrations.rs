//! Whether an integration can be run: its kind, its address, its templates.

use gateway::{Destination, Source};

use super::{Checked, Findings};
use crate::api::{ConnectionType, ContentHandling, Integration, IntegrationType, Resource, RestApi, has_directives};
use crate::aws_uri::{FunctionUri, ServiceUri};
use crate::diagnostics::Diagnostic;
use crate::source::{Span, Spanned};
use crate::support::Feature;
use crate::uri::{BackendUri, expand_stage_variables};

/// Headers that no integration may be sent by a mapping; API Gateway answers 500 to every request that would.
const ILLEGAL_HEADERS: [&str; 4] =
    ["Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"];

/// What `credentials` that stand for the caller's own end with.
const CALLER: &str = ":iam::*:user/*";

/// What a Lambda integration needs.
pub(super) const NO_FUNCTION: &str = "expected the invocation ARN of a Lambda function, \
     `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations`";

impl Findings {
    pub(super) fn check_integration(
        &mut self,
        api: &RestApi,
        resource: &Resource,
        integration: &Integration,
        checked: &Checked,
    ) {
        let kind = integration.kind;
        match *kind {
            IntegrationType::Mock => {
                self.uses(Feature::MockIntegration, kind.span);
                self.check_mock(api, integration);
            }
            IntegrationType::HttpProxy => {
                self.uses(Feature::HttpProxyIntegration, kind.span);
                self.check_http(resource, integration, checked);
            }
            IntegrationType::Http => {
                self.uses(Feature::HttpIntegration, kind.span);
                self.check_verb(integration);
                self.check_http(resource, integration, checked);
            }
            IntegrationType::Aws => {
                self.uses(Feature::AwsIntegration, kind.span);
                self.check_verb(integration);
                self.check_aws(integration, checked);
            }
            IntegrationType::AwsProxy => {
                self.uses(Feature::AwsProxyIntegration, kind.span);
                self.check_verb(integration);
                self.check_aws(integration, checked);
            }
        }
        self.check_mappings(integration);
        self.check_answers(integration);
    }

    fn check_mock(&mut self, api: &RestApi, integration: &Integration) {
        let answers = integration.responses.iter();
        let templates =
            integration.request_templates.values().chain(answers.flat_map(|a| a.response_templates.values()));
        for template in templates.filter(|template| has_directives(template)) {
            self.uses(Feature::MappingTemplates, template.span);
        }
        let answers = integration.responses.iter().filter_map(|answer| answer.content_handling);
        for handling in integration.content_handling.into_iter().chain(answers) {
            // Text stays text where nothing is binary.
            if *handling == ContentHandling::ConvertToBinary || !api.binary_media_types.is_empty() {
                self.uses(Feature::ContentHandling, handling.span);
            }
        }
    }

    /// HTTP_PROXY without a verb takes the client's; the others have none to take.
    fn check_verb(&mut self, integration: &Integration) {
        if integration.http_method.is_none() {
            let text = "the integration has no `httpMethod`: Enumeration value for HttpMethod must be non-empty";
            self.missing(integration.span, text);
        }
    }

    fn check_http(&mut self, resource: &Resource, integration: &Integration, checked: &Checked) {
        if let Some(connection) = integration.connection_type
            && *connection == ConnectionType::VpcLink
        {
            self.check_vpc_link(integration, checked);
        }
        let Some(uri) = &integration.uri else {
            let text = format!("an integration of type {} needs a `uri`", integration.kind.as_str());
            self.missing(integration.span, &text);
            return;
        };
        let expanded = self.expand(uri, checked);
        match BackendUri::parse(&expanded) {
            Err(error) => self.invalid_address(uri, &format!("Invalid endpoint address: {error}"), checked),
            Ok(backend) => {
                for name in backend.placeholders() {
                    let mapped = integration
                        .request_parameters
                        .keys()
                        .any(|destination| Destination::parse(destination) == Some(Destination::Path(name.to_owned())));
                    if !mapped {
                        let text = format!(
                            "`{{{name}}}` of {} stays as it is typed: `requestParameters` does not map \
                             `integration.request.path.{name}`",
                            resource.path
                        );
                        self.diagnostics.warning(uri.span, text);
                    }
                }
            }
        }
    }

    /// Whether the settings say where a function or a service is.
    pub(super) fn check_aws(&mut self, integration: &Integration, checked: &Checked) {
        self.check_caller_credentials(integration);
        let Some(uri) = &integration.uri else {
            let text = format!("an integration of type {} needs a `uri`", integration.kind.as_str());
            self.missing(integration.span, &text);
            return;
        };
        let expanded = self.expand(uri, checked);
        let endpoints = &checked.settings.endpoints;
        if let Some(function) = FunctionUri::parse(&expanded) {
            return self.check_function(&function, uri.span, checked);
        }
        if *integration.kind == IntegrationType::AwsProxy {
            return self.invalid_address(uri, NO_FUNCTION, checked);
        }
        let Some(service) = ServiceUri::parse(&expanded) else {
            let text = "expected `arn:aws:apigateway:REGION:SERVICE:path/PATH` or `…:action/ACTION`";
            return self.invalid_address(uri, text, checked);
        };
        if endpoints.service(&service.service, &service.host).is_none() {
            let text = format!(
                "the settings do not say where the service `{}` is: add it to `endpoints.services`",
                service.service
            );
            self.diagnostics.error(uri.span, text);
        }
    }

    /// With the caller's credentials, IAM decides at each call whether this caller may make it. Nobody does so here.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>
    pub(super) fn check_caller_credentials(&mut self, integration: &Integration) {
        let Some(credentials) = integration.credentials.as_ref().filter(|arn| arn.ends_with(CALLER)) else { return };
        let text = format!(
            "`{}` is for calls with the caller's own credentials: here they are signed with those of the settings, \
             if at all, and nobody asks whether this caller may make them",
            **credentials
        );
        let same = |item: &Diagnostic| item.span == credentials.span && item.message == text;
        if !self.diagnostics.items().iter().any(same) {
            self.diagnostics.warning(credentials.span, text);
        }
    }

    /// Whether the settings say where a function is.
    pub(super) fn check_function(&mut self, function: &FunctionUri, span: Span, checked: &Checked) {
        if checked.settings.endpoints.function(&function.name).is_none() {
            let text = format!(
                "the settings do not say where the function `{}` is: add it, or `*`, to `endpoints.functions`",
                function.name
            );
            self.diagnostics.error(span, text);
        }
    }

    pub(super) fn check_vpc_link(&mut self, integration: &Integration, checked: &Checked) {
        let Some(id) = &integration.connection_id else {
            let text = "a connection of type VPC_LINK needs a `connectionId`";
            self.missing(integration.span, text);
            return;
        };
        let expanded = self.expand(id, checked);
        if !checked.settings.endpoints.vpc_links.contains_key(&expanded) {
            let text = format!(
                "the settings do not say where the VPC link `{expanded}` leads: add it to `endpoints.vpcLinks`"
            );
            self.diagnostics.error(id.span, text);
        }
    }

    /// An address that is none for want of a stage variable fails requests only: API Gateway deploys it.
    fn invalid_address(&mut self, uri: &Spanned<String>, text: &str, checked: &Checked) {
        let variables = &checked.settings.stage.variables;
        let (_, missing) = expand_stage_variables(uri, |name| variables.get(name).map(|value| value.as_str()));
        if missing.is_empty() {
            self.diagnostics.error(uri.span, text.to_owned());
        } else {
            self.diagnostics.warning(uri.span, format!("every request is answered 500: {text}"));
        }
    }

    /// Puts the stage's variables in; those that are not set become nothing.
    pub(super) fn expand(&mut self, text: &Spanned<String>, checked: &Checked) -> String {
        let variables = &checked.settings.stage.variables;
        let (expanded, missing) = expand_stage_variables(text, |name| variables.get(name).map(|value| value.as_str()));
        for name in missing {
            let message = format!("the stage has no variable `{name}`: it becomes nothing");
            self.diagnostics.warning(text.span, message);
        }
        expanded
    }

    fn check_mappings(&mut self, integration: &Integration) {
        for (destination, source) in &integration.request_parameters {
            if let Some(Destination::Header(name)) = Destination::parse(destination)
                && let Some(name) = ILLEGAL_HEADERS.iter().find(|illegal| illegal.eq_ignore_ascii_case(&name))
            {
                let text =
                    format!("API Gateway does not let the header `{name}` be mapped: every request is answered 500");
                self.diagnostics.warning(source.span, text);
            }
            let runs = *integration.kind == IntegrationType::HttpProxy;
            if runs && Source::parse(source).is_some_and(|source| source.needs_body()) {
                self.uses(Feature::BodyMapping, source.span);
            }
        }
    }
}
