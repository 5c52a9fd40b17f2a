//! Whether a Lambda authorizer can be run: its function, its identity sources, its expression.
//!
//! Only authorizers that a method uses are looked at. One that cannot be run is an error, never an open method.

use std::collections::BTreeSet;

use custom_authorizer::{Form, Sources, ValidationExpression};

use super::{Checked, Findings};
use crate::api::{Authorization, Authorizer, AuthorizerType, RestApi};
use crate::aws_uri::FunctionUri;
use crate::source::Spanned;
use crate::uri::BackendUri;

impl Findings {
    pub(super) fn check_authorizers(&mut self, api: &RestApi, checked: &Checked) {
        let mut seen = BTreeSet::new();
        for (_, method) in api.methods() {
            let Authorization::Custom(name) = &method.authorization else { continue };
            if !seen.insert(name.as_str()) {
                continue;
            }
            // Its keys would be those of the internet.
            if checked.settings.vpc_endpoint.is_some() && api.policy.is_some() {
                let text = "a resource policy behind a VPC endpoint is not supported yet for methods with a Lambda \
                            authorizer";
                self.diagnostics.error(name.span, text);
            }
            match api.authorizers.get(name.as_str()) {
                Some(authorizer) => self.check_authorizer(authorizer, checked),
                // Reading reports names that no scheme has; no method may depend on that.
                None => self.missing(name.span, &format!("there is no authorizer `{}`", **name)),
            }
        }
    }

    fn check_authorizer(&mut self, authorizer: &Authorizer, checked: &Checked) {
        let form = match *authorizer.kind {
            AuthorizerType::Token => Form::Token,
            AuthorizerType::Request => Form::Request,
            // Other kinds are no functions.
            AuthorizerType::CognitoUserPools | AuthorizerType::Jwt => return,
        };
        if let Some(uri) = &authorizer.authorizer_uri {
            self.check_authorizer_uri(uri, checked);
        }
        for source in &authorizer.identity_source {
            if let Err(error) = Sources::parse(std::slice::from_ref(&source.value), form) {
                self.diagnostics.error(source.span, error.message);
            }
        }
        if let (Form::Token, [_, second, ..]) = (form, authorizer.identity_source.as_slice()) {
            self.diagnostics.error(second.span, "an authorizer of type TOKEN looks at one header");
        }
        match (&authorizer.identity_validation_expression, form) {
            (None, _) => {}
            (Some(expression), Form::Token) => {
                if let Err(reason) = ValidationExpression::parse(expression) {
                    let text = format!("the expression cannot be used: {reason}");
                    self.diagnostics.error(expression.span, text);
                }
            }
            (Some(expression), _) => {
                let text = "an authorizer of type REQUEST has no token to validate: the expression means nothing";
                self.diagnostics.warning(expression.span, text);
            }
        }
    }

    pub(super) fn check_authorizer_uri(&mut self, uri: &Spanned<String>, checked: &Checked) {
        let expanded = self.expand(uri, checked);
        if expanded.starts_with("http://") || expanded.starts_with("https://") {
            if let Err(error) = BackendUri::parse(&expanded) {
                self.diagnostics.error(uri.span, format!("Invalid endpoint address: {error}"));
            }
            return;
        }
        match FunctionUri::parse(&expanded) {
            Some(function) if checked.settings.endpoints.function(&function.name).is_some() => {}
            Some(function) => {
                let text = format!(
                    "the settings do not say where the function `{}` is: add it, or `*`, to `endpoints.functions`",
                    function.name
                );
                self.diagnostics.error(uri.span, text);
            }
            None => {
                let text = "expected the invocation ARN of a Lambda function, \
                            `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations`, or \
                            the URL of an HTTP service that takes the event";
                self.diagnostics.error(uri.span, text);
            }
        }
    }
}
