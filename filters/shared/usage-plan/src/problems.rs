//! What is wrong with a configuration: everything, as far as anybody wants to read it.

use gateway::ConfigError;

/// How many problems are reported. One mistake in a generated file can occur once for each of 100,000 keys.
const MAX_PROBLEMS: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<ConfigError>);

impl Problems {
    pub(crate) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.push(ConfigError::new(path, message));
    }

    pub(crate) fn push(&mut self, problem: ConfigError) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(problem);
        }
    }

    /// Ids and names become parts of the names of counters, so `/` is not for them, nor what separates packed keys.
    pub(crate) fn check_name(&mut self, name: &str, path: impl Fn() -> String) {
        if name.is_empty() {
            self.add(path(), "is empty");
        } else if let Some(c) = name.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':')) {
            self.add(path(), format!("`{}` contains {c:?}", name.escape_debug()));
        }
    }

    pub(crate) fn finish(self) -> Result<(), Vec<ConfigError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
