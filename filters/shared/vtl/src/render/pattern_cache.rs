//! Compiled regular expressions of a template.

use std::cell::RefCell;
use std::rc::Rc;

use crate::limits::MAX_CACHED_PATTERNS;
use crate::text::pattern::Pattern;

/// The patterns used last. Most are literals in the template, and the same for each rendering.
#[derive(Debug, Default)]
pub(crate) struct PatternCache {
    patterns: RefCell<Vec<(Box<str>, Rc<Pattern>)>>,
}

impl PatternCache {
    /// The pattern for a Java regular expression.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(crate) fn get(&self, java: &str) -> Result<Rc<Pattern>, String> {
        let known = self.patterns.try_borrow().ok().and_then(|patterns| {
            patterns.iter().find(|(text, _)| **text == *java).map(|(_, pattern)| Rc::clone(pattern))
        });
        if let Some(pattern) = known {
            return Ok(pattern);
        }
        let pattern = Rc::new(Pattern::compile(java)?);
        if let Ok(mut patterns) = self.patterns.try_borrow_mut() {
            if patterns.len() >= MAX_CACHED_PATTERNS {
                patterns.remove(0);
            }
            patterns.push((Box::from(java), Rc::clone(&pattern)));
        }
        Ok(pattern)
    }
}
