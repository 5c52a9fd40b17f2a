//! A template: compiled once, rendered often.

use std::rc::Rc;

use crate::ast::Program;
use crate::error::{CompileError, Position, RenderError};
use crate::parser;
use crate::render::{self, PatternCache};
use crate::scope::Scope;

/// A compiled mapping template.
///
/// ```
/// use vtl::{Scope, Template};
///
/// let template = Template::compile("#foreach($n in $names)$n#if($foreach.hasNext), #end#end")?;
/// let mut scope = Scope::new();
/// scope.set("names", vtl::List::new(vtl::ListKind::Vtl, vec!["Ana".into(), "Zoe".into()]));
/// assert_eq!(template.render(&mut scope)?, "Ana, Zoe");
///
/// let error = Template::compile("#if($x)\n  never closed").unwrap_err();
/// assert_eq!((error.line(), error.column(), error.message()), (1, 1, "this #if has no #end"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Template {
    source: Rc<str>,
    program: Program,
    patterns: PatternCache,
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// [`CompileError`] where Velocity 1.7 refuses it, or it exceeds [a bound](crate::limits).
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        let program = parser::compile(source)?;
        Ok(Self { source: Rc::from(source), program, patterns: PatternCache::default() })
    }

    /// Renders the template with the variables of `scope`.
    ///
    /// # Errors
    /// [`RenderError`] where a method fails as in Java, or [a bound](crate::limits) is reached. What was rendered up to
    /// there is dropped.
    pub fn render(&self, scope: &mut Scope<'_>) -> Result<String, RenderError> {
        render::render(&self.program, &self.source, &self.patterns, scope).map_err(|fault| {
            let offset = usize::try_from(fault.at).unwrap_or(usize::MAX);
            let position = Position::of(&self.source, offset);
            RenderError { kind: fault.kind, line: position.line, column: position.column }
        })
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }
}
