//! Whether an HTTP API can call an AWS service: which call it is, its parameters, and where the service is.

use mapping_template::{HttpApiService, ServiceCall};

use super::{Checked, Findings};
use crate::api::{HttpApi, Integration};
use crate::aws_uri::{DEFAULT_REGION, function_arn, region_of};
use crate::read::one_of;

impl Findings {
    pub(super) fn check_service(&mut self, api: &HttpApi, integration: &Integration, checked: &Checked) {
        let Some(subtype) = &integration.subtype else { return };
        let Some(call) = ServiceCall::find(subtype) else {
            let names: Vec<&str> = ServiceCall::names().collect();
            let text = format!("found `{}`, expected {}", **subtype, one_of(&names));
            return self.diagnostics.error(subtype.span, text);
        };
        if let Some(version) = integration.payload_format_version.as_ref().filter(|version| ***version != *"1.0") {
            let text = format!("found `{}`, services are called with payload format `1.0`", **version);
            self.diagnostics.error(version.span, text);
        }
        for (name, value) in &integration.request_parameters {
            if name == "Region" {
                if value.starts_with('$') || value.contains("${") {
                    self.diagnostics.error(value.span, "a region that each request chooses is not supported: name one");
                }
            } else if call.parameter(name).is_none() {
                let names: Vec<&str> =
                    call.parameters.iter().map(|parameter| parameter.name).chain(["Region"]).collect();
                let text = format!("{} has no parameter `{name}`, expected {}", call.name, one_of(&names));
                self.diagnostics.error(value.span, text);
            } else if let Err(error) = HttpApiService::check_value(value) {
                self.diagnostics.error(value.span, error);
            }
        }
        for parameter in call.parameters.iter().filter(|parameter| parameter.required) {
            if !integration.request_parameters.contains_key(parameter.name) {
                self.missing(integration.span, &format!("{} needs the parameter `{}`", call.name, parameter.name));
            }
        }
        let own = integration.request_parameters.get("Region").or(checked.settings.region.as_ref());
        let of_api = || api.function_uris().find_map(function_arn).and_then(region_of);
        let region = own.map(|region| region.value.as_str()).or_else(of_api).unwrap_or(DEFAULT_REGION);
        let host = call.host_in(region);
        if checked.settings.endpoints.service(call.service, &host).is_none() {
            let text = format!(
                "the settings do not say where the service `{}` is: add it to `endpoints.services`",
                call.service
            );
            self.diagnostics.error(subtype.span, text);
        }
    }
}
