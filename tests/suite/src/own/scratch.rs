//! The files of a case file: what the settings name, and the logs that the gateway writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_yaml_ng::Value;

/// How long a line of a log may take until it is there. Envoy writes four times a second.
const LINE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long no further line must come, where one more would be wrong.
const QUIET: Duration = Duration::from_millis(600);

/// A folder with the files of a case file, and how far each has been read.
pub struct Scratch {
    folder: tempfile::TempDir,
    read: BTreeMap<String, usize>,
}

impl Scratch {
    /// Writes the files. One without content is not written: the gateway will.
    pub fn new(files: &BTreeMap<String, Value>) -> Self {
        let folder = tempfile::Builder::new().prefix("apigw-cases-").tempdir().expect("a folder");
        for (name, content) in files.iter().filter(|(_, content)| !content.is_null()) {
            let text = match content {
                Value::String(text) => text.clone(),
                document => serde_yaml_ng::to_string(document).expect("YAML"),
            };
            fs::write(folder.path().join(name), text).expect("a file");
        }
        Self { folder, read: BTreeMap::new() }
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines that have come to a file since it was read last, at least `count` of them unless time runs out.
    pub fn new_lines(&mut self, name: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + if count == 0 { QUIET } else { LINE_TIMEOUT };
        let path = self.path(name);
        let read = self.read.entry(name.to_owned()).or_default();
        loop {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let new = text.get(*read..).unwrap_or_default();
            let lines: Vec<String> = new.lines().map(str::to_owned).collect();
            if (count > 0 && new.ends_with('\n') && lines.len() >= count) || Instant::now() > deadline {
                *read = text.len();
                return lines;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
