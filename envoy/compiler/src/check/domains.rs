//! Custom domains: those of the settings and those of templates, what is mounted on them, and their certificates.
//!
//! A domain may be in one file and a mapping on it in another, so they are put together once everything is read. Then
//! every stage has all of them in its settings.

use std::collections::BTreeSet;

use super::{Checked, Findings};
use crate::cloudformation::{TemplateDomain, TemplateMapping};
use crate::openapi::Definition;
use crate::settings::{DomainName, Mapping, Settings};
use crate::source::Spanned;
use crate::support::Feature;

impl Findings {
    /// Gives every stage all custom domains.
    pub(super) fn join_domains(&mut self, stages: &mut [Checked]) {
        let Some(first) = stages.first() else { return };
        let mut domains = first.settings.domain_names.clone();
        let of_settings = domains.len();
        let mut is_of_sam = BTreeSet::new();
        for declared in stages.iter().flat_map(|stage| &stage.domains.domains) {
            self.add_domain(&mut domains, of_settings, declared, &mut is_of_sam);
        }
        let mut of_templates = Vec::new();
        for declared in stages.iter().flat_map(|stage| &stage.domains.mappings) {
            self.add_mapping(&mut domains, &mut of_templates, declared, stages);
        }
        for domain in &mut domains {
            self.check_domain(domain, &of_templates, stages);
            self.find_files(domain, &first.settings);
        }
        for stage in stages.iter() {
            self.check_endpoint(stage, &domains);
        }
        for stage in stages {
            stage.settings.domain_names.clone_from(&domains);
        }
    }

    /// Adds a domain of a template. What the settings say of it goes first.
    fn add_domain(
        &mut self,
        domains: &mut Vec<DomainName>,
        of_settings: usize,
        declared: &TemplateDomain,
        is_of_sam: &mut BTreeSet<String>,
    ) {
        let TemplateDomain { domain: declared, is_of_sam: of_sam, policy } = declared;
        let span = declared.domain_name.span;
        let Some(place) = domains.iter().position(|domain| *domain.domain_name == *declared.domain_name) else {
            if let Some(policy) = policy {
                let text = "the policy of a private custom domain is not enforced here: leave it to the network who \
                            reaches the gateway, and list the domain as `domainNames` of the settings";
                self.diagnostics.error(*policy, text);
            }
            if *of_sam {
                is_of_sam.insert(declared.domain_name.value.clone());
            }
            domains.push(declared.clone());
            return;
        };
        let Some(domain) = domains.get_mut(place) else { return };
        if place < of_settings {
            domain.certificate_arn = domain.certificate_arn.take().or(declared.certificate_arn.clone());
            domain.truststore = domain.truststore.take().or(declared.truststore.clone());
            domain.security_policy = domain.security_policy.or(declared.security_policy);
            if let Some(policy) = policy {
                let text = "the policy of a private custom domain is not enforced here";
                self.diagnostics.warning(*policy, text);
            }
        } else if domain.domain_name.span != span {
            // A template is read for each of its APIs; and APIs of SAM may say the same of one domain.
            let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
            let alike = text(&domain.truststore) == text(&declared.truststore)
                && text(&domain.certificate_arn) == text(&declared.certificate_arn)
                && domain.security_policy.map(|policy| *policy) == declared.security_policy.map(|policy| *policy);
            if !*of_sam || !is_of_sam.contains(&*declared.domain_name) || !alike {
                self.diagnostics.error(span, "this domain is there already");
            }
        }
    }

    /// Adds a mapping of a template. One of the settings with the same path goes first.
    fn add_mapping(
        &mut self,
        domains: &mut [DomainName],
        of_templates: &mut Vec<Mapping>,
        declared: &TemplateMapping,
        stages: &[Checked],
    ) {
        let TemplateMapping { domain_name, mapping, is_of_template } = declared;
        let Some(domain) = domains.iter_mut().find(|domain| *domain.domain_name == **domain_name) else {
            let text = format!(
                "there is no custom domain `{}` in the templates: list it as `domainNames` of the settings",
                **domain_name
            );
            self.diagnostics.error(domain_name.span, text);
            return;
        };
        let is_known = |stage: &Checked| api_id(stage) == Some(mapping.api_id.as_str());
        if let Some(stage) = mapping.stage.as_ref().filter(|_| *is_of_template && stages.iter().any(is_known)) {
            let runs =
                |found: &Checked| mapping.path_of(api_id(found).unwrap_or_default(), &found.stage_name).is_some();
            if !stages.iter().any(runs) {
                let text = format!("the stage `{}` is not run: this mapping has no effect", **stage);
                self.diagnostics.warning(stage.span, text);
                return;
            }
        }
        match domain.mappings.iter().find(|other| other.base_path == mapping.base_path) {
            None => {
                domain.mappings.push(mapping.clone());
                of_templates.push(mapping.clone());
            }
            // A template is read for each of its APIs.
            Some(other) if same(other, mapping) && other.api_id.span == mapping.api_id.span => {}
            Some(other) if of_templates.iter().any(|known| same(known, other)) => {
                let text =
                    format!("there is another mapping of `{}` on `{}`", shown(&mapping.base_path), **domain_name);
                self.diagnostics.error(mapping.api_id.span, text);
            }
            Some(_) => {}
        }
    }

    /// Every mapping leads to a stage, and no path to two of them.
    fn check_domain(&mut self, domain: &DomainName, of_templates: &[Mapping], stages: &[Checked]) {
        let mut paths = BTreeSet::new();
        for mapping in &domain.mappings {
            let leads_to = |stage: &Checked| mapping.path_of(api_id(stage)?, &stage.stage_name);
            let mut found: BTreeSet<String> = stages.iter().filter_map(leads_to).collect();
            if found.is_empty() {
                let stage = mapping.stage.as_ref().map(|stage| format!("/{}", **stage)).unwrap_or_default();
                let text = match of_templates.iter().any(|known| same(known, mapping)) {
                    true => format!("there is no API `{}` here", *mapping.api_id),
                    false => format!("there is no stage `{}{stage}`", *mapping.api_id),
                };
                self.diagnostics.error(mapping.api_id.span, text);
                found.insert(mapping.base_path.clone());
            }
            for path in found {
                if !paths.insert(path.clone()) {
                    let text = format!("there is another mapping of `{}` on `{}`", shown(&path), *domain.domain_name);
                    self.diagnostics.error(mapping.api_id.span, text);
                }
            }
        }
    }

    /// Finds the files of a domain's certificate and truststore.
    fn find_files(&mut self, domain: &mut DomainName, settings: &Settings) {
        let name = domain.domain_name.as_str();
        let arn = domain.certificate_arn.as_ref();
        // The name goes first: several domains may have the same certificate.
        let certificate = settings.certificates.get(name);
        domain.certificate = certificate.or(arn.and_then(|arn| settings.certificates.get(arn.as_str()))).cloned();
        match (&domain.certificate, arn, &settings.tls) {
            (Some(files), _, None) => {
                let text = "certificates of domains need TLS: give the listener one of its own, as `tls`";
                self.diagnostics.error(files.certificate_chain.span, text);
            }
            (None, Some(arn), None) => {
                let text = format!(
                    "`{name}` is served without TLS: give the listener a certificate as `tls` of the settings, and the \
                     files of this one as `certificates`"
                );
                self.diagnostics.warning(arn.span, text);
            }
            (None, Some(arn), Some(_)) => {
                let text = format!(
                    "`{name}` shows the listener's certificate: give the files of this one as `certificates` of the \
                     settings"
                );
                self.diagnostics.warning(arn.span, text);
            }
            _ => {}
        }
        let Some(store) = &mut domain.truststore else { return };
        if settings.tls.is_none() {
            self.diagnostics.error(store.span, "mutual TLS needs TLS: give the listener a certificate, as `tls`");
        }
        if store.contains("://") {
            match settings.truststores.get(name).or(settings.truststores.get(store.as_str())) {
                Some(file) => store.value.clone_from(file),
                None => {
                    let text = format!(
                        "found `{}`, expected a PEM file: fetch it, and name it as `truststores` of the settings",
                        **store
                    );
                    self.diagnostics.error(store.span, text);
                }
            }
        }
    }

    /// An API whose own endpoint is switched off is reached in some other way.
    fn check_endpoint(&mut self, stage: &Checked, domains: &[DomainName]) {
        let mut mappings = domains.iter().flat_map(|domain| &domain.mappings);
        let is_mapped = |mapping: &Mapping| mapping.path_of(api_id(stage)?, &stage.stage_name);
        if stage.base_path.is_some() || mappings.any(|mapping| is_mapped(mapping).is_some()) {
            return;
        }
        for definition in &stage.definitions {
            let disabled = match definition {
                Definition::Rest(api) => api.disable_execute_api_endpoint,
                Definition::Http(api) => api.disable_execute_api_endpoint,
                Definition::WebSocket(api) => api.disable_execute_api_endpoint,
                Definition::Template(_) => None,
            };
            if let Some(disabled) = disabled.filter(|disabled| **disabled) {
                self.uses(Feature::DisabledExecuteApiEndpoint, disabled.span);
            }
        }
    }
}

fn api_id(stage: &Checked) -> Option<&str> {
    stage.settings.api_id.as_ref().map(|id| id.as_str())
}

fn same(one: &Mapping, other: &Mapping) -> bool {
    let stage = |mapping: &Mapping| mapping.stage.as_ref().map(|stage| stage.value.clone());
    one.base_path == other.base_path && *one.api_id == *other.api_id && stage(one) == stage(other)
}

/// A base path, as it is printed.
fn shown(base_path: &str) -> &str {
    if base_path.is_empty() { "(none)" } else { base_path }
}
