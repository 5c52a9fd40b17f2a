//! Policies, and who may sign.

use std::collections::HashSet;

use iam_policy::{ExecuteApi, Kind, Policy, RawPolicy};
use serde_json::Value;

use super::{Checked, Findings};
use crate::source::{Span, Spanned};

/// Stands for the API: what its abbreviated resources mean does not change whether a policy is one.
const SOME_API: ExecuteApi<'static> =
    ExecuteApi { partition: "aws", region: "us-east-1", account_id: "123456789012", api_id: "a1b2c3d4e5" };

impl Findings {
    /// Whether anybody can call a method that demands a signature.
    pub(super) fn check_signers(&mut self, span: Span, checked: &Checked) {
        if checked.settings.credentials.is_empty() {
            let text = "the settings have no `credentials`: requests to methods with AWS_IAM are all refused";
            self.diagnostics.warning(span, text);
        }
    }

    pub(super) fn check_resource_policy(&mut self, policy: &Spanned<Value>) {
        self.check_policy(policy, Kind::Resource(SOME_API));
    }

    pub(super) fn check_credentials(&mut self, checked: &Checked) {
        let mut ids = HashSet::new();
        for credential in &checked.settings.credentials {
            if !ids.insert(credential.access_key_id.as_str()) {
                let text = "these credentials' access key id stands here twice";
                self.diagnostics.error(credential.access_key_id.span, text);
            }
            for policy in &credential.policies {
                self.check_policy(policy, Kind::Identity);
            }
        }
    }

    fn check_policy(&mut self, document: &Spanned<Value>, kind: Kind<'_>) {
        let raw: RawPolicy = match serde_path_to_error::deserialize(&document.value) {
            Ok(raw) => raw,
            Err(error) => {
                let (path, reason) = (error.path().to_string(), error.inner());
                let text = if path == "." { reason.to_string() } else { format!("{path}: {reason}") };
                self.diagnostics.error(document.span, format!("this is no policy: {text}"));
                return;
            }
        };
        match Policy::compile(&raw, kind) {
            Err(error) => self.diagnostics.error(document.span, format!("this is no policy: {error}")),
            Ok(policy) => {
                for statement in policy.idle_statements() {
                    let text = format!("{statement} has a resource that no request has: it has no effect");
                    self.diagnostics.warning(document.span, text);
                }
            }
        }
    }
}
