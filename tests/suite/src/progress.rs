//! How far a suite is, said while it runs: on a terminal in one line that changes, elsewhere in a line now and then.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::tally::Tally;

/// How often a line is written where lines stay.
const INTERVAL: Duration = Duration::from_secs(15);

/// A suite under way.
pub struct Progress {
    suite: String,
    total: usize,
    done: usize,
    said: Instant,
    terminal: bool,
}

impl Progress {
    /// A suite that has `total` parts.
    pub fn new(suite: &str, total: usize) -> Self {
        Self { suite: suite.to_owned(), total, done: 0, said: Instant::now(), terminal: stderr().is_terminal() }
    }

    /// One more part has run; `tally` is that of all so far.
    pub fn done(&mut self, part: &str, tally: &Tally) {
        self.done += 1;
        let line = format!("{}: {} of {}, {part}; {tally:#}", self.suite, self.done, self.total);
        let last = self.done == self.total;
        // Nothing depends on whether it can be written.
        let mut out = stderr().lock();
        if self.terminal {
            let _ = write!(out, "\r\x1b[K{line}{}", if last { "\n" } else { "" });
        } else if last || self.said.elapsed() >= INTERVAL {
            let _ = writeln!(out, "{line}");
            self.said = Instant::now();
        }
    }
}
