//! Templates by key, and the expression that names one.

use gateway::ConfigError;
use indexmap::IndexMap;
use mapping_template::parts::Template;
use selection::{DEFAULT, Expression, Subject, Use};

/// The key that a template may have where no expression names one: AWS's own samples write it so.
const JSON: &str = "application/json";

/// The templates of a request, or of an integration response.
#[derive(Debug)]
pub struct Templates {
    expression: Option<Expression>,
    /// `None` for an empty one, which lets the payload pass.
    templates: IndexMap<String, Option<Template>>,
}

impl Templates {
    /// Compiles templates and their expression.
    ///
    /// # Errors
    /// The expression is none.
    pub fn from_raw(
        expression: Option<&str>,
        templates: IndexMap<String, String>,
        usage: Use,
    ) -> Result<Self, ConfigError> {
        let compile = |text: &str| {
            let wrong =
                |error: selection::CompileError| ConfigError::new("templateSelectionExpression", error.to_string());
            Expression::compile(text, usage).map_err(wrong)
        };
        let template = |(key, text): (String, String)| (key, (!text.is_empty()).then(|| Template::compile(&text)));
        Ok(Self {
            expression: expression.map(compile).transpose()?,
            templates: templates.into_iter().map(template).collect(),
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    /// The template for `subject`; `None` when there is none, `Some(None)` for an empty one.
    pub fn select(&self, subject: Option<&Subject<'_>>) -> Option<Option<&Template>> {
        let of = |key: &str| self.templates.get(key);
        let chosen = match &self.expression {
            Some(expression) => {
                let key = expression.evaluate(subject.unwrap_or(&Subject::default()));
                of(&key).or_else(|| of(DEFAULT))
            }
            None => of(DEFAULT).or_else(|| of(JSON)),
        };
        chosen.map(Option::as_ref)
    }

    /// The templates that cannot be rendered: their keys, and why.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.templates.iter().filter_map(|(key, template)| Some((key.as_str(), template.as_ref()?.problem()?)))
    }
}
