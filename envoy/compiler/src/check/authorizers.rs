//! Whether a Lambda authorizer can be run: its function, its identity sources, its expression.
//!
//! Only authorizers that a method uses are looked at. One that cannot be run is an error, never an open method.

use std::collections::BTreeSet;

use custom_authorizer::{Form, Sources, ValidationExpression};

use super::{Checked, Findings};
use crate::api::{Authorization, Authorizer, AuthorizerType, HttpApi, RestApi};
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
            match api.authorizers.get(name.as_str()) {
                Some(authorizer) => {
                    if let Some(form) = authorizer.form_of_rest_api() {
                        self.check_authorizer(authorizer, form, checked);
                    }
                }
                // Reading reports names that no scheme has; no method may depend on that.
                None => self.missing(name.span, &format!("there is no authorizer `{}`", **name)),
            }
        }
    }

    /// Checks the Lambda authorizer of an HTTP API's route.
    pub(super) fn check_http_api_authorizer(&mut self, api: &HttpApi, name: &Spanned<String>, checked: &Checked) {
        let Some(authorizer) = api.authorizers.get(name.as_str()) else {
            return self.missing(name.span, &format!("there is no authorizer `{}`", **name));
        };
        let version = authorizer.payload_format_version.as_ref();
        let simple = authorizer.enable_simple_responses.filter(|flag| **flag);
        match (authorizer.form_of_http_api(), version, simple) {
            (Some(form), ..) => self.check_authorizer(authorizer, form, checked),
            (None, ..) if *authorizer.kind != AuthorizerType::Request => {
                let text = format!(
                    "found {}, HTTP APIs have authorizers of type `jwt` and `request`",
                    authorizer.kind.as_str()
                );
                self.diagnostics.error(authorizer.kind.span, text);
            }
            (None, Some(version), Some(simple)) if **version == "1.0" => {
                self.diagnostics.error(simple.span, "simple responses take `authorizerPayloadFormatVersion: \"2.0\"`");
            }
            (None, Some(version), _) => {
                let text = format!("found `{}`, expected `1.0` or `2.0`", **version);
                self.diagnostics.error(version.span, text);
            }
            (None, None, _) => {
                self.missing(authorizer.span, "the field `authorizerPayloadFormatVersion` is missing");
            }
        }
    }

    fn check_authorizer(&mut self, authorizer: &Authorizer, form: Form, checked: &Checked) {
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
            Some(function) => self.check_function(&function, uri.span, checked),
            None => {
                let text = "expected the invocation ARN of a Lambda function, \
                            `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations`, or \
                            the URL of an HTTP service that takes the event";
                self.diagnostics.error(uri.span, text);
            }
        }
    }
}
