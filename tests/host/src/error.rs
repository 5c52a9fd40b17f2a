//! Why a module or a plugin did not start.

use std::fmt;

use crate::LogLine;

/// A module that Envoy would not load.
#[derive(Debug)]
pub enum Error {
    /// The file could not be read.
    Read(std::path::PathBuf, std::io::Error),
    /// Not a module, an import that Envoy does not have, no `proxy_abi_version_0_2_*`, no allocator, …
    Load(String),
    /// The module trapped while it initialised itself.
    Initialize(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Load(reason) => write!(f, "the module does not load: {reason}"),
            Self::Initialize(reason) => write!(f, "the module does not initialise: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

/// A plugin that refused its configuration, or failed at it.
#[derive(Debug)]
pub struct StartError {
    /// What happened.
    pub reason: String,
    /// Everything that was logged during the start, in order.
    pub log: Vec<LogLine>,
}

impl StartError {
    /// Whether some line of the log contains `text`.
    pub fn mentions(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.text.contains(text))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        self.log.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl std::error::Error for StartError {}
