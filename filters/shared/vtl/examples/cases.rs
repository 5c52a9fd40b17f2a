//! Renders cases, one JSON object in each line of the input, for a comparison with another engine.
//!
//! A case has `template`, and may have `context` (variables; with `json: true` as from a JSON document), `body` and
//! `params` (for `$input`). A line of the output has `output` or `error`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead as _, Write as _};

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let case: serde_json::Value = serde_json::from_str(&line?)?;
        let kinds = if case.get("json").is_some_and(|json| json == true) { support::PARSED } else { support::PLAIN };
        let result = match support::render(&case, kinds, false) {
            Ok(output) => serde_json::json!({"output": output}),
            Err(error) => serde_json::json!({"error": error}),
        };
        writeln!(out, "{result}")?;
    }
    out.flush()
}
