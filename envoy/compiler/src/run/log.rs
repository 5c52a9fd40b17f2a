//! Envoy's log: passed on to standard error, and searched for the reason of a refusal.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex};

/// How many of the last lines are kept: a refusal is asked for right after it was logged.
const KEPT_LINES: usize = 100;
/// What precedes a reason in Envoy's log.
const MARKS: [&str; 3] = ["update rejected: ", "update failure: ", "error initializing configuration"];

/// The last lines of a log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    /// Follows `stream` to its end, on a thread of its own.
    pub fn follow(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                let _ = std::io::stderr().write_all(&line);
                kept.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
        log
    }

    fn push(&self, line: String) {
        let Ok(mut lines) = self.0.lock() else { return };
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Why Envoy has refused what it was given last, as far as its log says.
    pub fn reason(&self) -> Option<String> {
        let lines = self.0.lock().ok()?;
        let mut marked = lines.iter().enumerate().rev();
        let (at, reason) =
            marked.find_map(|(at, line)| Some((at, MARKS.iter().find_map(|mark| behind(line, mark))?)))?;
        // A filter's own words stand in a line before, at critical level.
        let before = lines.iter().take(at).rev();
        let of_filter = before.take_while(|line| !MARKS.iter().any(|mark| line.contains(mark)));
        let of_filter =
            of_filter.filter(|line| line.contains("[critical][wasm]")).find_map(|line| behind(line, "wasm log"));
        Some(match of_filter {
            Some(message) => format!("{reason} ({message})"),
            None => reason,
        })
    }
}

fn behind(line: &str, mark: &str) -> Option<String> {
    let at = line.find(mark)?;
    let reason = line.get(at + mark.len()..)?.trim();
    Some(reason.to_owned()).filter(|reason| !reason.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(lines: &[&str]) -> Option<String> {
        let log = Log::default();
        lines.iter().for_each(|line| log.push((*line).to_owned()));
        log.reason()
    }

    #[test]
    fn the_last_refusal_counts() {
        let lines = [
            "[2026-01-01 00:00:00.000][7][warning][config] [a.cc:1] Filesystem config update rejected: old",
            "[2026-01-01 00:00:00.000][7][warning][config] [a.cc:1] Filesystem config update rejected: missing ): (",
            "[2026-01-01 00:00:00.000][7][warning][main] [a.cc:1] something else",
        ];
        assert_eq!(reason(&lines).as_deref(), Some("missing ): ("));
        assert_eq!(reason(&[]), None);
    }

    #[test]
    fn a_filter_says_more() {
        let lines = [
            "[2026-01-01 00:00:00.000][7][critical][wasm] [context.cc:1] wasm log gateway gateway apigw-x: gateway: filters[0]: wrong",
            "[2026-01-01 00:00:00.000][7][warning][config] [a.cc:1] Filesystem config update rejected: Unable to create Wasm plugin gateway",
        ];
        assert_eq!(
            reason(&lines).as_deref(),
            Some("Unable to create Wasm plugin gateway (gateway gateway apigw-x: gateway: filters[0]: wrong)")
        );
    }
}
