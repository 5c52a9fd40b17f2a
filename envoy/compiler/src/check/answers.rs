//! Whether templates can be rendered, and whether patterns of integration responses can be matched.

use mapping_template::SelectionPattern;
use mapping_template::parts::Template;

use super::Findings;
use crate::api::{Integration, IntegrationResponse};
use crate::source::Spanned;

impl Findings {
    pub(super) fn check_answers(&mut self, integration: &Integration) {
        if let Some(name) = &integration.server_name_to_verify {
            self.diagnostics
                .warning(name.span, "`serverNameToVerify` is for HTTP APIs, in a REST API it has no effect");
        }
        if integration.kind.is_proxy() {
            // API Gateway keeps them and looks at none of them.
            return;
        }
        let of_responses = integration.responses.iter().flat_map(|response| response.response_templates.values());
        for template in integration.request_templates.values().chain(of_responses) {
            self.check_template(template);
        }
        for response in &integration.responses {
            self.check_pattern(response);
        }
    }

    /// API Gateway takes every template, and fails the requests that need it.
    fn check_template(&mut self, template: &Spanned<String>) {
        if let Some(problem) = Template::compile(template).problem() {
            let text = format!(
                "requests that need this template are answered 500: {}",
                problem.lines().next().unwrap_or_default()
            );
            self.diagnostics.warning(template.span, text);
        }
    }

    fn check_pattern(&mut self, response: &IntegrationResponse) {
        let Some(pattern) = &response.selection_pattern else { return };
        if let Err(reason) = SelectionPattern::compile(pattern) {
            self.diagnostics.error(pattern.span, format!("`{}` cannot be used: {reason}", **pattern));
        }
    }
}
