//! What a method demands of its callers.

use super::{Checked, Findings};
use crate::api::{ApiKeySource, Authorization, Method, Resource, RestApi};
use crate::models::{Validation, validation};
use crate::support::Feature;

impl Findings {
    pub(super) fn check_method(&mut self, api: &RestApi, resource: &Resource, method: &Method, checked: &Checked) {
        self.check_authorization(api, method, checked);
        self.check_validator(api, method);
        self.check_cache(resource, method.http_method, method, checked);
        match &method.integration {
            Some(integration) => self.check_integration(api, resource, integration, checked),
            // It could not be read, which is reported.
            None if method.integration_span.is_some() => {}
            None => {
                let text = format!(
                    "{} {} has no `x-amazon-apigateway-integration`; API Gateway refuses to deploy it (No integration \
                     defined for method)",
                    method.http_method, resource.path
                );
                self.diagnostics.error(method.span, text);
            }
        }
    }

    fn check_authorization(&mut self, api: &RestApi, method: &Method, checked: &Checked) {
        match &method.authorization {
            Authorization::None => {}
            Authorization::AwsIam(span) => self.check_signers(*span, checked),
            Authorization::Custom(authorizer) => self.uses(Feature::LambdaAuthorizer, authorizer.span),
            Authorization::CognitoUserPools { authorizer, .. } => {
                self.uses(Feature::CognitoAuthorizer, authorizer.span);
                self.check_token_authorizer(&api.authorizers, authorizer, checked);
            }
            Authorization::Jwt { authorizer, .. } => {
                self.uses(Feature::JwtAuthorizer, authorizer.span);
                self.check_token_authorizer(&api.authorizers, authorizer, checked);
            }
        }
        let from_authorizer = api.api_key_source.is_some_and(|source| *source == ApiKeySource::Authorizer);
        let lambda = matches!(method.authorization, Authorization::Custom(_));
        if let (Some(span), true, false) = (method.api_key_required, from_authorizer, lambda) {
            let text = "the API takes keys from the authorizer's answer, and this method has no Lambda authorizer: every \
                        request is refused";
            self.diagnostics.warning(span, text);
        }
    }

    /// A validator counts where there is something to validate.
    fn check_validator(&mut self, api: &RestApi, method: &Method) {
        let Some(name) = &method.request_validator else { return };
        let Validation { body, parameters } = validation(api, method);
        if body {
            self.uses(Feature::RequestBodyValidation, name.span);
        }
        if parameters {
            self.uses(Feature::RequestParameterValidation, name.span);
        }
    }
}
