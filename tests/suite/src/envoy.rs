//! Envoy by itself, on a bootstrap of our own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};

use serde_json::Value;

use crate::client::{self, Request};
use crate::paths;

/// How long Envoy may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts Envoy on a bootstrap with a listener `apigw`. Returns the process, which the caller ends, and the address on
/// which it serves; `None` when it does not start, and `log` says why.
///
/// # Errors
/// Files cannot be written, or there is no Envoy.
pub fn start(
    folder: &Path,
    bootstrap: &Value,
    options: &[String],
    log: fs::File,
) -> io::Result<Option<(Child, SocketAddr)>> {
    let [config, admin] = ["bootstrap.json", "admin"].map(|name| folder.join(name));
    fs::write(&config, bootstrap.to_string())?;
    let mut note = log.try_clone()?;
    let mut child = Command::new(paths::envoy())
        .arg("--config-path")
        .arg(&config)
        .arg("--admin-address-path")
        .arg(&admin)
        .args(["--disable-hot-restart", "--log-level", "warn", "--file-flush-interval-msec", "250"])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        if let Some(address) = address(&admin) {
            // As `apigw run` says it.
            writeln!(note, "admin interface on http://{}", fs::read_to_string(&admin)?.trim())?;
            return Ok(Some((child, address)));
        }
        if child.try_wait()?.is_some() || Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The address of the listener, once Envoy is live.
fn address(admin_file: &Path) -> Option<SocketAddr> {
    let admin = fs::read_to_string(admin_file).ok()?.trim().parse().ok()?;
    let get = |path: &str| client::send(admin, &Request::new("GET", path)).ok();
    if get("/ready")?.status != 200 {
        return None;
    }
    let listeners: Value = serde_json::from_slice(&get("/listeners?format=json")?.body).ok()?;
    let mut listeners = listeners["listener_statuses"].as_array()?.iter();
    let socket = &listeners.find(|listener| listener["name"] == "apigw")?["local_address"]["socket_address"];
    format!("{}:{}", socket["address"].as_str()?, socket["port_value"]).parse().ok()
}
