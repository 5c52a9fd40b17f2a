//! Recorded signatures of tokens, verified in a real Envoy by its `verify_signature` and in Rust: Wycheproof's, the RFCs'
//! and those of the recorded authorizers. Both ways have to agree on each, and refuse each with a bit changed. Whether the
//! verdicts are the recorded ones is tested where the `jwt` package is.
//!
//! `token_vectors.wasm` verifies. Hosts verify RS* and ES*, nothing else is asked of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Child;

use serde_json::{Value, json};

use crate::client::{Connection, Request};
use crate::tally::{Outcome, Tally};
use crate::{envoy, paths};

/// The longest token that is read, as everywhere.
const MAX_TOKEN_BYTES: usize = 16_384;
/// A changed signature has the bits of each of so many bytes, spread over it, flipped one at a time.
const CHANGED_BYTES: usize = 4;

/// Runs all files that are there.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    let module = paths::filters().join("token_vectors.wasm");
    let (Some(folder), true) = (paths::conformance("jwt"), module.exists()) else {
        let reason = format!("there is no {}, or no folder of recorded tokens", module.display());
        tally.add("token-vectors", "all", Outcome::NotRun(reason));
        return tally;
    };
    for (file, area) in
        [("wycheproof-jws.jsonl", "wycheproof"), ("rfc.jsonl", "rfc"), ("authorizer.jsonl", "authorizer")]
    {
        let Ok(text) = fs::read_to_string(folder.join(file)) else { continue };
        let default_keys = fs::read_to_string(folder.join("default-jwks.json")).unwrap_or_default();
        let default_keys = serde_json::from_str(&default_keys).unwrap_or_default();
        let vectors: Vec<Vector> = text.lines().filter_map(|line| Vector::read(line, &default_keys)).collect();
        let area = format!("token-vectors/{area}");
        match Verifier::start(&module) {
            Err(reason) => tally.add(&area, "start", Outcome::Failed(reason)),
            Ok(mut verifier) => {
                for vector in &vectors {
                    let outcome = verifier.check(vector).map_or_else(Outcome::Failed, |()| Outcome::Passed);
                    tally.add(&area, &vector.id, outcome);
                }
                let (asked, signed) = verifier.asked;
                eprintln!("{area}: the host was asked {asked} times and found {signed} signatures good");
            }
        }
    }
    tally
}

/// A token and keys.
struct Vector {
    id: String,
    token: String,
    keys: Vec<Value>,
}

impl Vector {
    /// `None` for what has no compact token, or no keys.
    fn read(line: &str, default_keys: &Value) -> Option<Self> {
        let case: Value = serde_json::from_str(line).expect("a case");
        let given = case.get("given").unwrap_or(&case);
        let token = given.get("jws").or_else(|| given.get("token"))?.as_str()?.to_owned();
        let set = match given.get("jwks") {
            Some(Value::String(_)) => default_keys,
            Some(set) => set,
            None => &Value::Null,
        };
        let one = given.get("jwk").filter(|key| key.is_object()).cloned();
        let keys: Vec<Value> = one.into_iter().chain(set["keys"].as_array().cloned().unwrap_or_default()).collect();
        // Bytes that no header can hold never reach a filter, and longer tokens are refused before they are read.
        let fits =
            token.bytes().all(|byte| (b' '..0x7f).contains(&byte)) && (1..=MAX_TOKEN_BYTES).contains(&token.len());
        (fits && !keys.is_empty()).then(|| Self { id: case["id"].as_str().unwrap_or_default().to_owned(), token, keys })
    }

    /// The token with a bit of its signature changed, some bytes apart.
    fn changed(&self) -> Vec<String> {
        let Some((signed, signature)) = self.token.rsplit_once('.') else { return Vec::new() };
        // In base64url, the letter that stands for another value: of each, the lowest bit of its six is flipped.
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let step = (signature.len() / CHANGED_BYTES).max(1);
        let places = (0..signature.len().saturating_sub(1)).step_by(step);
        places
            .filter_map(|place| {
                let mut bytes = signature.as_bytes().to_vec();
                let value = LETTERS.iter().position(|letter| *letter == bytes[place])?;
                bytes[place] = LETTERS[value ^ 1];
                Some(format!("{signed}.{}", String::from_utf8(bytes).expect("letters")))
            })
            .collect()
    }
}

/// An Envoy whose only filter verifies.
struct Verifier {
    child: Child,
    connection: Connection,
    /// How often the host was asked, and how often it found the signature good.
    asked: (usize, usize),
    _folder: tempfile::TempDir,
}

impl Verifier {
    fn start(module: &Path) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let folder = tempfile::tempdir().map_err(text)?;
        let log = folder.path().join("log");
        let file = fs::File::create(&log).map_err(text)?;
        let one_worker = ["--concurrency".to_owned(), "1".to_owned()];
        let started = envoy::start(folder.path(), &bootstrap(&module.display().to_string()), &one_worker, file);
        let Some((child, address)) = started.map_err(text)? else {
            return Err(fs::read_to_string(&log).unwrap_or_default());
        };
        let connection = Connection::open(address).map_err(text)?;
        Ok(Self { child, connection, asked: (0, 0), _folder: folder })
    }

    /// Both ways agree on the token, and on the same with bits of its signature changed.
    fn check(&mut self, vector: &Vector) -> Result<(), String> {
        self.agree(&vector.keys, &vector.token)?;
        for changed in vector.changed() {
            if self.agree(&vector.keys, &changed)? {
                return Err(format!("a changed signature is good: {changed}"));
            }
        }
        Ok(())
    }

    /// Whether some key has signed the token.
    fn agree(&mut self, keys: &[Value], token: &str) -> Result<bool, String> {
        let request =
            Request::new("GET", "/").header("x-jws", token).header("x-jwks", Value::from(keys.to_vec()).to_string());
        let response = self.connection.send(&request).map_err(|error| error.to_string())?;
        let answer: BTreeMap<String, Vec<Value>> =
            serde_json::from_slice(&response.body).map_err(|_| format!("{}: {}", response.status, response.text()))?;
        let mut good = false;
        for verdict in answer.get("keys").ok_or("no verdicts")? {
            let by_rust = verdict["rust"].as_bool().ok_or("no verdict")?;
            if let Some(by_host) = verdict["host"].as_bool() {
                self.asked.0 += 1;
                self.asked.1 += usize::from(by_host);
                if by_host != by_rust {
                    return Err(format!("{verdict}: {token}"));
                }
            }
            good |= by_rust;
        }
        Ok(good)
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bootstrap(module: &str) -> Value {
    let typed = |name: &str| format!("type.googleapis.com/envoy.extensions.filters.{name}");
    let loopback = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    let wasm = json!({
        "@type": typed("http.wasm.v3.Wasm"),
        "config": {
            "name": "token-vectors", "root_id": "token-vectors", "allow_on_headers_stop_iteration": true,
            "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "{}"},
        },
    });
    let manager = json!({
        "@type": typed("network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "vectors",
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 500}}],
        }]},
        "http_filters": [
            {"name": "vectors", "typed_config": wasm},
            {"name": "router", "typed_config": {"@type": typed("http.router.v3.Router")}},
        ],
    });
    json!({
        "admin": {"address": loopback},
        "static_resources": {"listeners": [{
            "name": "apigw", "address": loopback,
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
        }]},
    })
}
