//! What an expression selects, and with that the variables that it may name.

use std::fmt;

/// What an expression selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A route, by its key.
    Route,
    /// A model, among a route's request models.
    Model,
    /// A request template of an integration.
    RequestTemplate,
    /// A response template of an integration response.
    ResponseTemplate,
}

impl Use {
    /// Whether there is a backend's answer to look at.
    pub(crate) fn has_response(self) -> bool {
        self == Self::ResponseTemplate
    }

    /// The variables that may stand in the expression, for messages.
    pub(crate) fn variables(self) -> &'static str {
        match self {
            Self::Route | Self::Model | Self::RequestTemplate => "`request.body` and `request.body.PATH`",
            Self::ResponseTemplate => {
                "`request.body`, `request.body.PATH`, `integration.response.statuscode`, `integration.response.header.NAME` and \
                 `integration.response.multivalueheader.NAME`"
            }
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Route => "a route selection expression",
            Self::Model => "a model selection expression",
            Self::RequestTemplate => "a request template selection expression",
            Self::ResponseTemplate => "a response template selection expression",
        })
    }
}
