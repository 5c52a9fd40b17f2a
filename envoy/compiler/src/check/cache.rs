//! What a stage caches, and what tells its entries apart.

use super::{Checked, Findings};
use crate::api::{HttpMethod, Integration, Method, Resource};

/// What of a request a cache key parameter stands for, as `method.request.…`; `None`: it is the same for all.
///
/// # Errors
/// Why entries would not be told apart.
pub fn cache_key(parameter: &str, integration: &Integration) -> Result<Option<String>, String> {
    const PLACES: [&str; 5] = ["header.", "path.", "querystring.", "multivalueheader.", "multivaluequerystring."];
    let of_method = |text: &str| {
        let rest = text.strip_prefix("method.request.")?;
        PLACES
            .iter()
            .any(|place| rest.strip_prefix(place).is_some_and(|name| !name.is_empty()))
            .then(|| text.to_owned())
    };
    if parameter.starts_with("method.request.") {
        let text = "expected `method.request.` and `header`, `path` or `querystring`, and a name";
        return of_method(parameter).map(Some).ok_or_else(|| text.to_owned());
    }
    let Some(source) = integration.request_parameters.get(parameter) else {
        return Err(format!("no mapping sets `{parameter}`"));
    };
    if source.starts_with('\'') || source.starts_with("stageVariables.") {
        return Ok(None);
    }
    of_method(source).map(Some).ok_or_else(|| format!("entries cannot be told apart by `{}` yet", **source))
}

impl Findings {
    /// What the cache needs to know of a method.
    pub(super) fn check_cache(&mut self, resource: &Resource, verb: HttpMethod, method: &Method, checked: &Checked) {
        let Some(integration) = method.integration.as_ref() else { return };
        if !checked.settings.stage.caches(&resource.path, verb) {
            return;
        }
        for parameter in &integration.cache_key_parameters {
            if let Err(text) = cache_key(parameter, integration) {
                self.diagnostics.error(parameter.span, text);
            }
        }
    }
}
