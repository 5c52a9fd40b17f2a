//! Log lines of the modules, and of the host about them.

use std::fmt;

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Finest.
    Trace = 0,
    /// For developers.
    Debug = 1,
    /// Envoy's default; standard output of a module.
    Info = 2,
    /// Something odd.
    Warn = 3,
    /// Something failed; standard error of a module.
    Error = 4,
    /// A VM failed.
    Critical = 5,
}

impl Level {
    pub(crate) fn from_abi(level: u32) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Critical].get(level as usize).copied()
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Severity.
    pub level: Level,
    /// Number of the VM, counted from 0 in the order of creation.
    pub vm: usize,
    /// Root id of the plugin that wrote it; empty for the VM itself.
    pub root_id: String,
    /// Text, without a final newline; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}] vm {} {}: {}", self.level, self.vm, self.root_id, self.text)
    }
}
