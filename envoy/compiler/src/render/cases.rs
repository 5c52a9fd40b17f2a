//! Many templates at once, for tests and for comparisons with another engine.

use std::io::{BufRead, Write};

use serde_json::{Value as Json, json};

use super::{Request, render_template};

/// Renders cases: each line a request with `id` and `template` added. Writes a line `{"id", "output"}` or
/// `{"id", "error"}` for each, in their order. Other members are passed over, blank lines too.
///
/// # Errors
/// A line is no case, or reading or writing fails.
pub fn render_cases(lines: impl BufRead, out: &mut impl Write) -> Result<(), String> {
    for (number, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let result = render_case(&line).map_err(|reason| format!("line {}: {reason}", number + 1))?;
        writeln!(out, "{result}").map_err(|error| error.to_string())?;
    }
    out.flush().map_err(|error| error.to_string())
}

fn render_case(line: &str) -> Result<Json, String> {
    let case: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let id = case.get("id").ok_or("a case has an `id`")?;
    let template = case.get("template").and_then(Json::as_str).ok_or("a case has a `template`, which is a text")?;
    let request = Request::from_json(&case)?;
    Ok(match render_template(template, &request, None) {
        Ok(output) => json!({"id": id, "output": output}),
        Err(failure) => json!({"id": id, "error": failure.to_string()}),
    })
}
