//! WebSocket APIs on a real Envoy: the example `chat`, with an echo as its backend.

mod autobahn;
mod cases;
mod client;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, net};

use rustix::process::{Pid, Signal, kill_process};

use crate::backend::{Backend, Behaviour};
use crate::paths;
use crate::tally::Tally;
use client::Client;

/// How long Envoy may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs everything.
///
/// # Panics
/// When Envoy does not start.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    let envoy = Envoy::start();
    cases::run(&envoy, &mut tally);
    autobahn::run(&envoy, &mut tally);
    tally
}

/// An Envoy with two workers that runs the example. It ends with this value.
pub struct Envoy {
    /// Where it listens.
    pub address: net::SocketAddr,
    /// Echoes what it is sent.
    pub backend: Backend,
    child: Child,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Envoy {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("apigw-suite-").tempdir().expect("a folder");
        let backend = Backend::start(&Behaviour::HttpEchoBody);
        let address = free_port();
        let example = paths::root().join("envoy/examples/chat/envoy.yaml");
        let module = paths::filters().join("apigw.wasm");
        let config = fs::read_to_string(&example)
            .expect("the example")
            .replace("port_value: 8080", &format!("port_value: {}", address.port()))
            .replace("port_value: 9000", &format!("port_value: {}", backend.address.port()))
            .replace("port_value: 9901", "port_value: 0")
            .replace("filename: apigw.wasm", &format!("filename: {}", module.display()));
        let [file, log] = ["envoy.yaml", "log"].map(|name| folder.path().join(name));
        fs::write(&file, config).expect("the configuration is written");
        let mut child = Command::new(paths::envoy())
            .arg("--config-path")
            .arg(&file)
            .args(["--concurrency", "2", "--disable-hot-restart", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("Envoy starts");
        let deadline = Instant::now() + START_TIMEOUT;
        while net::TcpStream::connect(address).is_err() {
            let ended = child.try_wait().expect("a child").is_some();
            assert!(!ended && Instant::now() < deadline, "{}", fs::read_to_string(&log).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { address, backend, child, log, _folder: folder }
    }

    /// A new connection.
    ///
    /// # Errors
    /// The handshake's answer, or that there is none.
    pub fn connect(&self) -> Result<Client, String> {
        Client::connect(self.address, "/prod", &[])
    }

    /// What Envoy has said.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn free_port() -> net::SocketAddr {
    let listener = net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
