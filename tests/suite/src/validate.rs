//! What `apigw compile` writes is the same each time, and Envoy accepts it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::paths;
use crate::tally::{Outcome, Tally};

/// Compiles every definition that has no errors, twice, and lets Envoy validate the result.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    for definition in definitions() {
        let name = definition.strip_prefix(paths::root()).unwrap_or(&definition).display().to_string();
        match check(&definition) {
            Ok(true) => tally.add("own-envoy/validate", &name, Outcome::Passed),
            // Errors of definitions are not this suite's matter.
            Ok(false) => {}
            Err(reason) => tally.add("own-envoy/validate", &name, Outcome::Failed(reason)),
        }
    }
    tally
}

/// The definitions of the examples and of the compiler's golden cases.
fn definitions() -> Vec<PathBuf> {
    let folders = ["envoy/examples", "envoy/compiler/tests/golden"].map(|folder| paths::root().join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder").flatten());
    let names = ["openapi.yaml", "definition.yaml", "definition.json", "template.yaml"];
    let files = entries.flat_map(|entry| names.map(|name| entry.path().join(name)));
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Whether the definition compiles, and then to something that Envoy takes.
fn check(definition: &Path) -> Result<bool, String> {
    let compile = || -> Result<Output, String> {
        let mut command = Command::new(paths::apigw());
        command.arg("compile").arg(definition).arg("--filters").arg(paths::filters());
        let settings = definition.with_file_name("settings.yaml");
        if settings.is_file() {
            command.arg("--settings").arg(settings);
        }
        command.output().map_err(|error| error.to_string())
    };
    let first = compile()?;
    if !first.status.success() {
        return Ok(false);
    }
    if compile()?.stdout != first.stdout {
        return Err("compiled twice, it comes out different".to_owned());
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let bootstrap = folder.path().join("bootstrap.yaml");
    fs::write(&bootstrap, &first.stdout).map_err(|error| error.to_string())?;
    let validated = Command::new(paths::envoy())
        .args(["--mode", "validate", "--log-level", "warn", "--config-path"])
        .arg(&bootstrap)
        .output()
        .map_err(|error| error.to_string())?;
    if validated.status.success() { Ok(true) } else { Err(String::from_utf8_lossy(&validated.stderr).into_owned()) }
}
