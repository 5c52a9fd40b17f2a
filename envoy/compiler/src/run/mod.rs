//! `apigw run`: a running Envoy that follows its input files.
//!
//! Envoy reads listeners, clusters, routes and filter configurations from files in a temporary folder and watches
//! them. A change of the input is compiled first; only what compiles is written, in an order in which no request can
//! meet a route without its checks:
//!
//! 1. clusters, old and new ones;
//! 2. internal listeners, old and new ones;
//! 3. filter configurations: a route that they do not know is refused;
//! 4. routes;
//! 5. listeners and clusters, the new ones alone.
//!
//! After each step Envoy is asked whether it has taken it. Should it refuse one, the files go back to what they were.

mod files;
mod log;
mod process;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::compile::{Addresses, Compiled, NAME};
use files::resource;
pub use files::{File, Folder};
pub use process::{Envoy, find};

/// How long Envoy may take to accept a changed file; with another module, it compiles that first.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(2);
/// How long WebSocket connections, and the calls about their ends, may take when Envoy ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
const CLOSE_POLL: Duration = Duration::from_millis(20);

/// A gateway: an Envoy and what it runs.
pub struct Gateway {
    envoy: Envoy,
    folder: Folder,
    addresses: Addresses,
    running: Compiled,
    /// How often the filters' configuration has changed.
    generation: u32,
    /// What Envoy has refused, by file and version. Written again, it would count as accepted and not be used.
    refused: BTreeSet<(String, String)>,
}

impl Gateway {
    /// Starts Envoy on a configuration whose files go to `folder`.
    ///
    /// # Errors
    /// Envoy does not start, in one sentence.
    pub fn start(
        program: &Path,
        folder: &Path,
        compiled: Compiled,
        addresses: Addresses,
        concurrency: Option<u32>,
    ) -> Result<Self, String> {
        let folder = Folder::new(folder);
        let unwritable = |error: std::io::Error| format!("{}: {error}", folder.path().display());
        for (file, resources) in all_files(&compiled, &folder, addresses) {
            folder.write(file, &resources).map_err(unwritable)?;
        }
        let bootstrap = folder.path().join("bootstrap.json");
        let text = compiled.dynamic_bootstrap(&folder.path().to_string_lossy(), addresses).to_string();
        std::fs::write(&bootstrap, text).map_err(unwritable)?;
        let envoy = Envoy::start(program, &bootstrap, folder.path(), concurrency)?;
        Ok(Self { envoy, folder, addresses, running: compiled, generation: 0, refused: BTreeSet::new() })
    }

    /// Waits until Envoy has taken all that it was given and serves it. Returns the address of the listener.
    ///
    /// # Errors
    /// Envoy has refused something, has ended, or is not ready in time.
    pub fn wait_until_live(&mut self) -> Result<SocketAddr, String> {
        let files = all_files(&self.running, &self.folder, self.addresses);
        let mut expected = Vec::new();
        for (file, resources) in &files {
            expected.push((*file, Folder::version(resources).map_err(|error| error.to_string())?));
        }
        self.envoy.wait_for("its listener", |envoy| {
            for (file, _) in &expected {
                if refusals(envoy, *file) > 0 {
                    return Err(refusal(envoy, *file));
                }
            }
            // What Envoy reports as its version is what it runs: at the start, it has nothing else to fall back on.
            let took = |(file, version): &(File, String)| {
                let text = envoy.statistic(&format!("{}.version_text", file.statistics()));
                text.as_deref() == Some(version)
            };
            let ready = envoy.is_live() && expected.iter().all(took);
            Ok(if ready { envoy.listener(NAME) } else { None })
        })
    }

    /// Closes WebSocket connections in good order, as far as that can be done in a moment.
    fn close_web_sockets(&mut self) {
        let has_some = |envoy: &Envoy| {
            envoy.statistic("cluster.websocket.upstream_cx_active").is_some_and(|connections| connections != "0")
        };
        if !has_some(&self.envoy) {
            return;
        }
        let Some(draining) = self.running.draining() else { return };
        for (name, wasm) in &draining {
            if self.write_and_wait(File::Ecds(name), &[filter(name, wasm)]).is_err() {
                return;
            }
        }
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        while Instant::now() < deadline && self.envoy.exited().is_none() {
            // Connections first, then what their ends have to say.
            if !has_some(&self.envoy) && !self.envoy.calls_something() {
                return;
            }
            std::thread::sleep(CLOSE_POLL);
        }
    }

    /// The running Envoy.
    pub fn envoy(&mut self) -> &mut Envoy {
        &mut self.envoy
    }

    /// Goes over to a new configuration without dropping a request.
    ///
    /// # Errors
    /// Envoy refuses it, and keeps the one it had.
    pub fn update(&mut self, mut compiled: Compiled) -> Result<(), String> {
        compiled.set_generation(self.generation);
        if compiled.filters != self.running.filters {
            self.generation = self.generation.saturating_add(1);
            compiled.set_generation(self.generation);
        }
        let old = all_files(&self.running, &self.folder, self.addresses);
        let both = [self.running.clusters.clone(), compiled.clusters.clone()].concat();
        let new = all_files(&compiled, &self.folder, self.addresses);
        let mut steps = vec![(File::Cds, clusters(&dedup(both)))];
        steps.extend(with_internal_listeners(&old, &new).map(|listeners| (File::Lds, listeners)));
        let order = |file: &File| match file {
            File::Ecds(_) => 0,
            File::Rds => 1,
            File::Lds => 2,
            File::Cds => 3,
        };
        let mut rest = new;
        rest.sort_by_key(|(file, _)| order(file));
        steps.extend(rest);
        for (done, (file, resources)) in steps.iter().enumerate() {
            if let Err(refusal) = self.write_and_wait(*file, resources) {
                self.generation = self.generation.saturating_add(1);
                self.running.set_generation(self.generation);
                let old = all_files(&self.running, &self.folder, self.addresses);
                for (file, _) in steps.iter().take(done + 1).rev() {
                    if let Some((_, resources)) = old.iter().find(|(old, _)| old == file) {
                        let _ = self.folder.write(*file, resources);
                    }
                }
                return Err(refusal);
            }
        }
        self.running = compiled;
        Ok(())
    }

    fn write_and_wait(&mut self, file: File, resources: &[Value]) -> Result<(), String> {
        let statistics = file.statistics();
        let before = refusals(&self.envoy, file);
        let version = Folder::version(resources).map_err(|error| error.to_string())?;
        let attempt = (file.name(), version.clone());
        if self.refused.contains(&attempt) {
            return Err(format!("Envoy has refused this {} before", file.name()));
        }
        self.folder.write(file, resources).map_err(|error| format!("{}: {error}", file.name()))?;
        let deadline = Instant::now() + ACCEPT_TIMEOUT;
        loop {
            if refusals(&self.envoy, file) > before {
                self.refused.insert(attempt);
                return Err(refusal(&self.envoy, file));
            }
            if self.envoy.statistic(&format!("{statistics}.version_text")).as_deref() == Some(&version) {
                return Ok(());
            }
            if let Some(status) = self.envoy.exited() {
                return Err(format!("Envoy has ended ({status})"));
            }
            if Instant::now() >= deadline {
                return Err(format!("Envoy does not take {} within {} s", file.name(), ACCEPT_TIMEOUT.as_secs()));
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.envoy.exited().is_none() {
            self.close_web_sockets();
        }
    }
}

/// How often Envoy has refused a file.
fn refusals(envoy: &Envoy, file: File) -> u64 {
    let statistics = file.statistics();
    let count = |name: &str| {
        envoy.statistic(&format!("{statistics}.{name}")).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0)
    };
    ["update_rejected", "update_failure", "config_fail"].iter().map(|name| count(name)).sum()
}

/// Says that Envoy has refused a file, and why. Its log may be a moment behind its statistics.
fn refusal(envoy: &Envoy, file: File) -> String {
    const LOG_DELAY: Duration = Duration::from_millis(100);
    std::thread::sleep(LOG_DELAY);
    match envoy.reason() {
        Some(reason) => format!("Envoy refuses {}: {reason}", file.name()),
        None => format!("Envoy refuses {} (its log says why)", file.name()),
    }
}

/// Every file of a configuration with its resources.
fn all_files(compiled: &Compiled, folder: &Folder, addresses: Addresses) -> Vec<(File, Vec<Value>)> {
    let mut files = vec![(File::Cds, clusters(&compiled.clusters))];
    files.extend(compiled.filters.iter().map(|(name, wasm)| (File::Ecds(name), vec![filter(name, wasm)])));
    let routes = resource("envoy.config.route.v3.RouteConfiguration", compiled.routes.clone());
    files.push((File::Rds, vec![routes]));
    let listeners = compiled.dynamic_listeners(&folder.path().to_string_lossy(), addresses);
    let listeners = listeners.into_iter().map(|listener| resource("envoy.config.listener.v3.Listener", listener));
    files.push((File::Lds, listeners.collect()));
    files
}

fn filter(name: &str, wasm: &Value) -> Value {
    resource("envoy.config.core.v3.TypedExtensionConfig", json!({"name": name, "typed_config": wasm}))
}

fn clusters(clusters: &[Value]) -> Vec<Value> {
    clusters.iter().map(|cluster| resource("envoy.config.cluster.v3.Cluster", cluster.clone())).collect()
}

/// The listeners of `old`, and those of `new` beside them that only Envoy itself reaches: filters may call them as soon as
/// they are there. `None` where there are no further ones.
fn with_internal_listeners(old: &[(File, Vec<Value>)], new: &[(File, Vec<Value>)]) -> Option<Vec<Value>> {
    let listeners = |files: &[(File, Vec<Value>)]| {
        files.iter().find(|(file, _)| *file == File::Lds).map(|(_, listeners)| listeners.clone()).unwrap_or_default()
    };
    let (mut all, new) = (listeners(old), listeners(new));
    let known: BTreeSet<String> = all.iter().filter_map(name).collect();
    let is_further = |listener: &Value| {
        listener.get("internal_listener").is_some() && name(listener).is_some_and(|name| !known.contains(&name))
    };
    let before = all.len();
    all.extend(new.into_iter().filter(is_further));
    (all.len() > before).then_some(all)
}

fn name(resource: &Value) -> Option<String> {
    Some(resource.get("name")?.as_str()?.to_owned())
}

/// Clusters by name, the last of each name.
fn dedup(clusters: Vec<Value>) -> Vec<Value> {
    let mut by_name = std::collections::BTreeMap::new();
    for cluster in clusters {
        by_name.insert(cluster.get("name").map(Value::to_string), cluster);
    }
    by_name.into_values().collect()
}
