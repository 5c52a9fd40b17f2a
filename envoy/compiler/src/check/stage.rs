//! The settings of the stage, and whether they fit the API.

use super::{Checked, Definition, Findings};
use crate::api::{HttpMethod, RestApi};
use crate::settings::{LoggingLevel, MethodKey};
use crate::support::Feature;

impl Findings {
    /// What the stage asks for, whatever the API.
    pub(super) fn check_stage(&mut self, checked: &Checked) {
        self.check_client_certificate(checked);
        let settings = &checked.settings;
        let stage = &settings.stage;
        let mut flag = |feature, span: Option<crate::source::Span>| {
            if let Some(span) = span {
                self.uses(feature, span);
            }
        };
        let on = |flag: Option<crate::source::Spanned<bool>>| flag.filter(|flag| **flag).map(|flag| flag.span);
        flag(Feature::ResponseCache, on(stage.cache_cluster_enabled));
        flag(Feature::Tracing, on(stage.tracing_enabled));
        flag(Feature::AccessLog, stage.access_log_settings.as_ref().map(|log| log.span));
        flag(Feature::ClientCertificate, stage.client_certificate_id.as_ref().map(|id| id.span));
        flag(Feature::WebAcl, stage.web_acl_arn.as_ref().map(|arn| arn.span));
        flag(Feature::RateLimitService, settings.rate_limit_service.as_ref().map(|service| service.span));
        flag(Feature::UsageReport, settings.usage_report.map(|report| report.listen.span));
        flag(Feature::Canary, stage.canary.as_ref().map(|canary| canary.span));
        for route in stage.route_settings.values().chain(&stage.default_route_settings) {
            flag(Feature::DetailedMetrics, on(route.detailed_metrics_enabled));
        }
        for (_, method) in &stage.method_settings {
            flag(Feature::DetailedMetrics, on(method.metrics_enabled));
            let level = method.logging_level.filter(|level| **level != LoggingLevel::Off);
            flag(Feature::ExecutionLog, level.map(|level| level.span));
        }
        let is_websocket_api = checked.definitions.iter().any(|found| matches!(found, Definition::WebSocket(_)));
        for route in stage.route_settings.values().chain(&stage.default_route_settings) {
            if let Some(level) = route.logging_level.filter(|level| **level != LoggingLevel::Off) {
                if is_websocket_api {
                    self.uses(Feature::ExecutionLog, level.span);
                } else {
                    let text = "execution logs are of REST and WebSocket APIs: there is none of this API";
                    self.diagnostics.warning(level.span, text);
                }
            }
        }
    }

    /// Whether backends can be shown the stage's certificate. The service keeps the private keys of those that it makes.
    fn check_client_certificate(&mut self, checked: &Checked) {
        let Some(id) = &checked.settings.stage.client_certificate_id else { return };
        if checked.definitions.iter().any(|found| matches!(found, Definition::Http(_))) {
            self.diagnostics.error(id.span, "HTTP APIs show their backends no certificate");
        } else if !checked.settings.certificates.contains_key(id.as_str()) {
            let text = format!(
                "backends are shown a certificate that you make: name its files as `certificates` of the settings, \
                 under `{}`",
                **id
            );
            self.diagnostics.error(id.span, text);
        }
    }

    /// Whether limits are for methods that exist, and whether keyed methods can be reached at all.
    pub(super) fn check_plans(&mut self, api: &RestApi, checked: &Checked) {
        let settings = &checked.settings;
        let of_routes = settings.stage.default_route_settings.iter().chain(settings.stage.route_settings.values());
        for of_route in of_routes.filter(|of_route| of_route.throttle.is_some()) {
            let text = "limits of routes are for HTTP and WebSocket APIs: REST APIs have `methodSettings`";
            self.diagnostics.error(of_route.span, text);
        }
        let exists = |path: &str, verb: HttpMethod| {
            api.resources.find(path).is_some_and(|resource| {
                let methods = &resource.methods;
                methods.contains_key(&verb) || methods.contains_key(&HttpMethod::Any)
            })
        };
        for (key, method) in &settings.stage.method_settings {
            if let MethodKey::Method { resource_path, http_method } = key
                && !exists(resource_path, *http_method)
            {
                let text =
                    format!("the API has no method {http_method} {resource_path}: these settings have no effect");
                self.diagnostics.warning(method.span, text);
            }
        }
        let own = settings.api_id.as_ref().map(|id| id.as_str());
        let mut covered = false;
        for stage in settings.usage_plans.iter().flat_map(|plan| &plan.api_stages) {
            if own != Some(stage.api_id.as_str()) || *stage.stage != checked.stage_name {
                continue;
            }
            covered = true;
            for (key, (span, _)) in &stage.throttle {
                if !exists(&key.resource_path, key.http_method) {
                    let (verb, path) = (key.http_method, &key.resource_path);
                    let text = format!("the API has no method {verb} {path}: this limit has no effect");
                    self.diagnostics.warning(*span, text);
                }
            }
        }
        let keyed = api.methods().find_map(|(_, method)| method.api_key_required);
        if let (Some(span), false) = (keyed, covered) {
            let stage = &checked.stage_name;
            let text = match own {
                Some(id) => {
                    format!("no usage plan is for the stage {id}/{stage}: requests that need a key are all refused")
                }
                None => {
                    "the settings give no `apiId`, so no usage plan is for this API: requests that need a key are all \
                         refused"
                        .to_owned()
                }
            };
            self.diagnostics.warning(span, text);
        }
    }
}
