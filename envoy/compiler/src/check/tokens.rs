//! Authorizers that take tokens.

use indexmap::IndexMap;
use jwt_authorizer::{JwtAuthorizer, RawUserPools};

use super::{Checked, Findings};
use crate::api::{Authorizer, AuthorizerType};
use crate::source::Spanned;
use crate::token_issuer::{identity_source, issuer_of};
use crate::uri::BackendUri;

impl Findings {
    /// Checks the authorizer of a method: its issuers, and where the token is.
    pub(super) fn check_token_authorizer(
        &mut self,
        authorizers: &IndexMap<String, Authorizer>,
        name: &Spanned<String>,
        checked: &Checked,
    ) {
        let Some(authorizer) = authorizers.get(&**name) else { return };
        self.check_issuers(authorizer, checked);
        let source = identity_source(authorizer);
        if !JwtAuthorizer::is_identity_source(&source) {
            let span = authorizer.identity_source.first().map_or(authorizer.span, |source| source.span);
            let text = format!("found `{source}`, expected one header as `method.request.header.Authorization`");
            self.diagnostics.error(span, text);
        }
        if let Some(more) = authorizer.identity_source.get(1) {
            self.diagnostics.error(more.span, "a token comes from one place, this would be a second one");
        }
    }

    fn check_issuers(&mut self, authorizer: &Authorizer, checked: &Checked) {
        match (*authorizer.kind, &authorizer.jwt) {
            (AuthorizerType::CognitoUserPools, _) => {
                for provider in &authorizer.provider_arns {
                    if issuer_of(provider).is_none_or(|issuer| BackendUri::parse(&issuer).is_err()) {
                        let text = format!(
                            "found `{}`, expected a user pool as \
                             `arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc`, or the URL of an issuer",
                            **provider
                        );
                        self.diagnostics.error(provider.span, text);
                    }
                }
                if let Some(expression) = &authorizer.identity_validation_expression
                    && let Err(error) = RawUserPools::check_expression(expression)
                {
                    self.diagnostics.error(expression.span, error);
                }
            }
            (_, Some(jwt)) => {
                match &jwt.issuer {
                    Some(issuer) if BackendUri::parse(issuer).is_ok() => {
                        let known = checked.settings.token_issuers.get(&**issuer);
                        let keys = known.is_some_and(|known| known.jwks.is_some() || known.jwks_uri.is_some());
                        if issuer.starts_with("http://") && !keys {
                            let text = "keys are discovered over https only: give `jwks` or `jwksUri` under \
                                        `tokenIssuers` in the settings, or the issuer as https";
                            self.diagnostics.error(issuer.span, text);
                        }
                    }
                    Some(issuer) => self.diagnostics.error(issuer.span, "expected the URL of an issuer"),
                    None => self.diagnostics.error(authorizer.span, "a JWT authorizer needs an `issuer`"),
                }
                if jwt.audience.is_empty() {
                    self.diagnostics.error(authorizer.span, "a JWT authorizer needs an `audience`");
                }
            }
            (_, None) => self.diagnostics.error(authorizer.span, "a JWT authorizer needs a `jwtConfiguration`"),
        }
    }
}
