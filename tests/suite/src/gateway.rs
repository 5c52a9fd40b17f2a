//! `apigw run` with a real Envoy.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{paths, separate};

/// How long `apigw` may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(15);

/// A running gateway. It ends with this value.
pub struct Gateway {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What precedes resource paths: `/prod`, or empty.
    pub mount: String,
    /// The definition that it follows.
    pub definition: PathBuf,
    /// The settings that it follows.
    pub settings: PathBuf,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Gateway {
    /// Starts a gateway on the text of a definition and of settings.
    ///
    /// # Errors
    /// It does not start: what `apigw` printed.
    pub fn start(definition: &str, settings: &str, options: &[String]) -> Result<Self, String> {
        Self::with_filters(&paths::filters(), definition, settings, options)
    }

    /// Starts a gateway whose `apigw.wasm` is the one in `filters`.
    ///
    /// # Errors
    /// It does not start: what `apigw` printed.
    pub fn with_filters(filters: &Path, definition: &str, settings: &str, options: &[String]) -> Result<Self, String> {
        Self::try_start(filters, definition, settings, options).unwrap_or_else(|error| Err(error.to_string()))
    }

    fn try_start(
        filters: &Path,
        definition: &str,
        settings: &str,
        options: &[String],
    ) -> io::Result<Result<Self, String>> {
        let folder = tempfile::Builder::new().prefix("apigw-suite-").tempdir()?;
        let [definition_path, settings_path, log] =
            ["definition.yaml", "settings.yaml", "log"].map(|name| folder.path().join(name));
        fs::write(&definition_path, definition)?;
        fs::write(&settings_path, settings)?;
        let mut child = Command::new(paths::apigw())
            .arg("run")
            .arg(&definition_path)
            .arg("--settings")
            .arg(&settings_path)
            .args(["--listen", "127.0.0.1:0", "--filters"])
            .arg(filters)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is a pipe")).lines();
        let Some(line) = lines.next() else {
            child.wait()?;
            return Ok(Err(fs::read_to_string(&log)?.trim().to_owned()));
        };
        let line = line?;
        let url = line.strip_prefix("listening on ").and_then(|url| url.split_once("://"));
        let (_, url) = url.unwrap_or_else(|| panic!("apigw printed `{line}`"));
        let (address, mount) = url.split_at(url.find('/').unwrap_or(url.len()));
        Ok(Ok(Self {
            child,
            address: address.parse().unwrap_or_else(|error| panic!("{address}: {error}")),
            mount: mount.to_owned(),
            definition: definition_path,
            settings: settings_path,
            log,
            _folder: folder,
        }))
    }

    /// Starts the same gateway, but with each filter as a filter of Envoy's own.
    ///
    /// # Errors
    /// It does not start: what was printed.
    pub fn start_separate(definition: &str, settings: &str, options: &[String]) -> Result<Self, String> {
        Self::try_start_separate(definition, settings, options).unwrap_or_else(|error| Err(error.to_string()))
    }

    fn try_start_separate(definition: &str, settings: &str, options: &[String]) -> io::Result<Result<Self, String>> {
        let folder = tempfile::Builder::new().prefix("apigw-suite-").tempdir()?;
        let [definition_path, settings_path, log] =
            ["definition.yaml", "settings.yaml", "log"].map(|name| folder.path().join(name));
        fs::write(&definition_path, definition)?;
        fs::write(&settings_path, settings)?;
        let inputs = [definition_path.as_path(), settings_path.as_path()];
        let file = fs::File::create(&log)?;
        let started = separate::start(folder.path(), &inputs, &paths::filters(), options, file)?;
        Ok(started.map(|(child, address)| Self {
            child,
            address,
            mount: String::new(),
            definition: definition_path,
            settings: settings_path,
            log,
            _folder: folder,
        }))
    }

    /// Resident memory of its Envoy, in KiB.
    ///
    /// # Errors
    /// The system does not say.
    pub fn envoy_memory_kib(&self) -> Result<u64, String> {
        let parent = format!("PPid:\t{}", self.child.id());
        let processes = fs::read_dir("/proc").map_err(|error| error.to_string())?;
        let status = |entry: io::Result<fs::DirEntry>| fs::read_to_string(entry.ok()?.path().join("status")).ok();
        let envoy = processes.filter_map(status).find(|status| status.lines().any(|line| line == parent));
        let memory = envoy.as_ref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmRSS:")));
        let kib = memory.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
        kib.ok_or_else(|| "the memory of Envoy is not known".to_owned())
    }

    /// Where Envoy's admin interface is.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.log().lines().find_map(|line| line.strip_prefix("admin interface on http://"))?.parse().ok()
    }

    /// What `apigw` and Envoy have printed as errors.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log from byte `from` on has one of `texts`. Returns the log from there.
    ///
    /// # Errors
    /// It does not come in time: the log.
    pub fn wait_for_log(&self, from: usize, texts: &[&str], timeout: Duration) -> Result<String, String> {
        let deadline = Instant::now() + timeout;
        loop {
            let log = self.log().get(from..).unwrap_or_default().to_owned();
            if texts.iter().any(|text| log.contains(text)) {
                return Ok(log);
            }
            if Instant::now() > deadline {
                return Err(log);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        let _ = kill_process(pid, Signal::TERM);
        let deadline = Instant::now() + END_TIMEOUT;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Runs `apigw check`.
///
/// # Errors
/// The definition is refused: the report.
pub fn check(definition: &Path, settings: &Path) -> Result<(), String> {
    let output = Command::new(paths::apigw())
        .arg("check")
        .arg(definition)
        .arg("--settings")
        .arg(settings)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
