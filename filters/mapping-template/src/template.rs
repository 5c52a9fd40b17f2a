//! Mapping templates, compiled.

use crate::failure::Failure;
use crate::overrides::Overrides;
use crate::request::Request;

/// A template. One that is broken fails the requests that need it, not the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// Text without references and directives.
    Text(String),
    /// A template that cannot be rendered, and why.
    Broken(String),
}

impl Template {
    /// Compiles a template; every text gives one.
    pub fn compile(text: &str) -> Self {
        if text.contains(['$', '#']) {
            return Self::Broken("references and directives are not supported yet".to_owned());
        }
        Self::Text(text.to_owned())
    }

    /// The rendered text; `input` is the payload that `$input` reads.
    ///
    /// # Errors
    /// The template is broken.
    pub(crate) fn render(
        &self,
        _request: &Request<'_>,
        _input: &str,
        _overrides: &mut Overrides,
    ) -> Result<String, Failure> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Broken(reason) => Err(Failure::configuration(format!("unable to transform: {reason}"))),
        }
    }
}
