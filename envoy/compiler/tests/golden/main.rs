//! Messages of `check`, as people read them: each folder beside this file is a case.
//!
//! `definition.yaml` (or `.json`) and `settings.yaml` are checked together; `expected.txt` holds what is printed.
//! `UPDATE_GOLDEN=1 cargo test -p apigw --test golden` rewrites the latter: read the difference before it is committed.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use apigw::check::{Input, Options, check};
use apigw::diagnostics::Colour;

fn input(folder: &Path, names: &[&str]) -> Option<Input> {
    let name = names.iter().find(|name| folder.join(name).is_file())?;
    Some(Input { name: (*name).to_owned(), content: Ok(std::fs::read(folder.join(name)).unwrap()) })
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[test]
fn messages_are_as_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut failures = Vec::new();
    for folder in cases() {
        let definition = input(&folder, &["definition.yaml", "definition.json"]);
        let settings = input(&folder, &["settings.yaml", "settings.json"]);
        let checked = check(definition.into_iter().collect(), settings, &Options::default());
        let report = checked.report();
        let text = format!("{}{}\n", report.render(Colour::Never), report.summary());
        let expected = folder.join("expected.txt");
        if update {
            std::fs::write(expected, text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            failures.push(format!("{}:\n{text}", folder.display()));
        }
    }
    assert!(failures.is_empty(), "not as expected (UPDATE_GOLDEN=1 rewrites):\n{}", failures.join("\n"));
}
