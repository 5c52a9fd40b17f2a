//! The repo's own cases: YAML files in `tests/cases`, one for each area.

mod builtin;
mod expect;
mod file;
mod runner;
mod scratch;
mod sign;

use std::path::PathBuf;
use std::sync::Mutex;

pub use expect::Expect;
pub use file::{Case, CaseFile, RawRequest, Step};
pub use sign::Sign;

use crate::level::Level;
use crate::paths;
use crate::progress::Progress;
use crate::tally::Tally;

/// Files whose gateways run at the same time: one starts while another is asked.
const PARALLEL_FILES: usize = 2;

/// Runs all files on a level; `$CASES` is a word in the names of those that are meant.
pub fn run(level: &dyn Level) -> Tally {
    let only = std::env::var("CASES").ok();
    let mut files: Vec<PathBuf> = std::fs::read_dir(paths::own_cases())
        .expect("a folder tests/cases")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| path.file_stem().is_none_or(|stem| stem != "known-differences"))
        .filter(|path| only.as_ref().is_none_or(|only| path.to_string_lossy().contains(only.as_str())))
        .collect();
    files.sort();
    let progress = Progress::new(&format!("own-{}", level.name()), files.len());
    let queue = Mutex::new(files.into_iter());
    let state = Mutex::new((Tally::default(), progress));
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL_FILES {
            scope.spawn(|| {
                while let Some(path) = next(&queue) {
                    let file = CaseFile::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    let area = path.file_stem().expect("a name").to_string_lossy().into_owned();
                    for (name, file) in file.variants() {
                        let of_file = runner::run(&file, &format!("own-{}/{area}{name}", level.name()), level);
                        state.lock().expect("no run has died").0.merge(of_file);
                    }
                    let (tally, progress) = &mut *state.lock().expect("no run has died");
                    progress.done(&area, tally);
                }
            });
        }
    });
    state.into_inner().expect("no run has died").0
}

fn next(queue: &Mutex<std::vec::IntoIter<PathBuf>>) -> Option<PathBuf> {
    queue.lock().expect("no run has died").next()
}
