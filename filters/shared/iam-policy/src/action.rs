//! The `Action` and `NotAction` elements.

use crate::error::Reason;
use crate::pattern::{Pattern, Syntax, folded, pieces};
use crate::request::NoKeys;

/// A compiled action, `execute-api:Inv*`. Letter case does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action(Pattern);

impl Action {
    /// What is neither `*` nor `service:Action` can match no request, and a `Deny` that matches none would be
    /// thought to protect, so it is refused.
    pub(crate) fn new(text: &str) -> Result<Self, Reason> {
        let complete = text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if text != "*" && !complete {
            return Err(Reason::Action(text.to_owned()));
        }
        let pieces = pieces(text, Syntax { wildcards: true, variables: false })?;
        Ok(Self(Pattern::new(folded(pieces))))
    }

    pub(crate) fn matches(&self, action: &str) -> bool {
        self.0.matches_folded(action, &NoKeys)
    }
}
