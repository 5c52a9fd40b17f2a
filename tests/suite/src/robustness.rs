//! What only a running gateway shows: changes under load, races between workers, many keys.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Connection, Request, Response};
use crate::gateway::Gateway;
use crate::paths;
use crate::progress::Progress;
use crate::tally::{Outcome, Tally};

/// Clients that send while the configuration changes.
const CLIENTS: usize = 4;
/// How long a change may take on a busy machine.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(90);
/// Keys and plans of a large account.
const KEYS: usize = 100_000;
const PLANS: usize = 50;

/// A test: what went wrong is its error.
type Test = fn() -> Result<(), String>;

/// Runs all of them.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    let tests: [(&str, Test); 8] = [
        ("changes under load", changes_under_load),
        ("workers count together", workers_count_together),
        ("a trap", a_trap),
        ("a start that Envoy refuses", a_refused_start),
        ("TLS", crate::tls::tls),
        ("a hundred thousand keys", many_keys),
        ("hostile documents", crate::hostile::documents),
        ("misses at the same time", crate::misses::make_one_call),
    ];
    let only = std::env::var("CASES").unwrap_or_default();
    let tests: Vec<_> = tests.into_iter().filter(|(name, _)| name.contains(&only)).collect();
    let mut progress = Progress::new("robustness", tests.len());
    for (name, test) in tests {
        let outcome = test().map_or_else(Outcome::Failed, |()| Outcome::Passed);
        tally.add("own-envoy/robustness", name, outcome);
        progress.done(name, &tally);
    }
    tally
}

fn definition(text: &str, keyed: bool) -> String {
    let security = if keyed { "      security: [{api_key: []}]\n" } else { "" };
    format!(
        "openapi: 3.0.1
info: {{title: robust, version: '1'}}
components: {{securitySchemes: {{api_key: {{type: apiKey, name: x-api-key, in: header}}}}}}
paths:
  /a:
    get:
{security}      responses: {{'200': {{description: ok}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {{application/json: '{{\"statusCode\": 200}}'}}
        responses: {{default: {{statusCode: '200', responseTemplates: {{application/json: {text}}}}}}}
"
    )
}

fn get(key: Option<&str>) -> Request {
    let request = Request::new("GET", "/prod/a");
    key.into_iter().fold(request, |request, key| request.header("x-api-key", key))
}

fn send(connection: &mut Connection, key: Option<&str>) -> Result<Response, String> {
    connection.send(&get(key)).map_err(|error| error.to_string())
}

/// What Envoy refuses at the start ends `apigw`, with Envoy's reason. By itself Envoy would call itself live.
fn a_refused_start() -> Result<(), String> {
    const SETTINGS: &str = "{apiId: robust0006, stage: {stageName: prod}}";
    let text = |error: std::io::Error| error.to_string();
    let folder = tempfile::tempdir().map_err(text)?;
    std::fs::write(folder.path().join("apigw.wasm"), "no module").map_err(text)?;
    let Err(report) = Gateway::with_filters(folder.path(), &definition("'0'", false), SETTINGS, &[]) else {
        return Err("a gateway without its filters listens".to_owned());
    };
    if !report.contains("error: Envoy refuses ecds-gateway.json: ") {
        return Err(format!("the report does not say what was refused: {report}"));
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let address = taken.local_addr().map_err(text)?.to_string();
    let path = folder.path().join("definition.yaml");
    std::fs::write(&path, definition("'0'", false)).map_err(text)?;
    let output = std::process::Command::new(paths::apigw())
        .arg("run")
        .arg(&path)
        .args(["--listen", &address, "--filters"])
        .arg(paths::filters())
        .output()
        .map_err(text)?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() || !output.stdout.is_empty() || !report.contains("error: Envoy refuses lds.json: ") {
        return Err(format!("{} on a port that is taken: {report}", output.status));
    }
    Ok(())
}

/// The definition with a model that every body must fit, for which `apigw` takes the larger module.
fn with_model(definition: &str) -> String {
    const VALIDATOR: &str = "x-amazon-apigateway-request-validators: {body: {validateRequestBody: true}}
x-amazon-apigateway-request-validator: body
components: {schemas: {Thing: {type: object}}, ";
    const BODY: &str = "    get:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
";
    definition.replace("components: {", VALIDATOR).replace("    get:\n", BODY)
}

/// Clients on open connections never see a failure while the files change; a bad edit leaves everything as it was.
fn changes_under_load() -> Result<(), String> {
    const ONE_STAGE: &str = "{apiId: robust0001, stage: {stageName: prod}}";
    const TWO_STAGES: &str = "{apiId: robust0001, stages: [{stageName: prod}, {stageName: dev}]}";
    let gateway = Gateway::start(&definition("'0'", false), ONE_STAGE, &["--concurrency".to_owned(), "2".to_owned()])?;
    let write = |path: &std::path::Path, text: &str| std::fs::write(path, text).map_err(|error| error.to_string());
    let stop = AtomicBool::new(false);
    let sent = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut connection = Connection::open(gateway.address).map_err(|error| error.to_string())?;
                    while !stop.load(Ordering::Relaxed) {
                        let response = send(&mut connection, None)?;
                        if response.status != 200 {
                            return Err(format!("status {} while files change: {}", response.status, response.text()));
                        }
                        if response.header("connection") == Some(b"close") {
                            return Err("an open connection was closed by a change".to_owned());
                        }
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let changes = || -> Result<(), String> {
            let mut open = Connection::open(gateway.address).map_err(|error| error.to_string())?;
            // The last ones go back, to what was there before: of the definition, and of the stages.
            for change in [1, 2, 3, 4, 5, 6, 5, 4] {
                let from = gateway.log().len();
                if change == 3 {
                    write(&gateway.definition, &definition("'3'", false).replace("type: mock", "type: mocking"))?;
                    let log = gateway
                        .wait_for_log(from, &["keeps what it had"], CHANGE_TIMEOUT)
                        .map_err(|log| format!("a bad edit is not reported: {log}"))?;
                    if !log.contains("definition.yaml:9:") {
                        return Err(format!("the report names no line: {log}"));
                    }
                    let answer = send(&mut open, None)?.text();
                    if answer != "2" {
                        return Err(format!("after a bad edit the gateway answers {answer}, expected 2"));
                    }
                    continue;
                }
                let definition = definition(&format!("'{change}'"), false);
                write(&gateway.definition, &if change % 2 == 0 { with_model(&definition) } else { definition })?;
                if change >= 5 {
                    let stages = if change == 5 { ONE_STAGE } else { TWO_STAGES };
                    write(&gateway.settings, stages)?;
                }
                gateway
                    .wait_for_log(from, &["the change is live"], CHANGE_TIMEOUT)
                    .map_err(|log| format!("change {change} does not go live: {log}"))?;
                // Each worker takes a change on its own.
                let deadline = Instant::now() + CHANGE_TIMEOUT;
                while send(&mut open, None)?.text() != change.to_string() {
                    if Instant::now() > deadline {
                        return Err(format!("an open connection does not see change {change}"));
                    }
                }
            }
            Ok(())
        };
        let changed = changes();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().map_err(|_| "a client died".to_owned())??;
        }
        changed
    })?;
    eprintln!("changes under load: {} requests, none failed", sent.load(Ordering::Relaxed));
    Ok(())
}

/// Parallel clients on two workers never get more than burst + rate × time, and never lose more than one in a hundred.
fn workers_count_together() -> Result<(), String> {
    const RATE: f64 = 200.0;
    const BURST: f64 = 100.0;
    const DURATION: Duration = Duration::from_secs(4);
    let settings = format!(
        "{{apiId: robust0002, stage: {{stageName: prod}}, apiKeys: [{{id: k, name: k, value: key-of-all-the-clients-1, enabled: true}}], \
         usagePlans: [{{id: p, apiStages: [{{apiId: robust0002, stage: prod}}], throttle: {{rateLimit: {RATE}, burstLimit: {BURST}}}, keyIds: [k]}}]}}"
    );
    let gateway = Gateway::start(&definition("'a'", true), &settings, &["--concurrency".to_owned(), "2".to_owned()])?;
    let (admitted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let started = Instant::now();
    std::thread::scope(|scope| -> Result<(), String> {
        let clients: Vec<_> = (0..2 * CLIENTS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut connection = Connection::open(gateway.address).map_err(|error| error.to_string())?;
                    while started.elapsed() < DURATION {
                        match send(&mut connection, Some("key-of-all-the-clients-1"))?.status {
                            200 => admitted.fetch_add(1, Ordering::Relaxed),
                            429 => refused.fetch_add(1, Ordering::Relaxed),
                            status => return Err(format!("status {status}")),
                        };
                    }
                    Ok(())
                })
            })
            .collect();
        clients.into_iter().try_for_each(|client| client.join().map_err(|_| "a client died".to_owned())?)
    })?;
    let most = BURST + RATE * started.elapsed().as_secs_f64();
    let least = 0.99 * (BURST + RATE * DURATION.as_secs_f64()) - 1.0;
    let (admitted, refused) = (admitted.into_inner(), refused.into_inner());
    eprintln!("workers count together: {admitted} of {} admitted, at most {most:.0} allowed", admitted + refused);
    let count = admitted as f64;
    if count > most {
        return Err(format!("{admitted} admitted, at most {most:.1} are allowed"));
    }
    // A machine too busy to ask often enough shows nothing about lost tokens.
    if count < least && refused > admitted {
        return Err(format!("{admitted} admitted, at least {least:.1} are due"));
    }
    Ok(())
}

/// A large account starts, and each key is found.
fn many_keys() -> Result<(), String> {
    let mut settings = String::from("apiId: robust0003\nstage: {stageName: prod}\napiKeys:\n");
    for key in 0..KEYS {
        writeln!(settings, "  - {{id: k{key}, name: k{key}, value: a-key-of-a-large-account-{key:06}, enabled: true}}")
            .expect("memory");
    }
    settings.push_str("usagePlans:\n");
    for plan in 0..PLANS {
        let keys: Vec<String> = (plan..KEYS).step_by(PLANS).map(|key| format!("k{key}")).collect();
        writeln!(
            settings,
            "  - {{id: p{plan}, apiStages: [{{apiId: robust0003, stage: prod}}], throttle: {{rateLimit: 10, burstLimit: 5}}, keyIds: [{}]}}",
            keys.join(", ")
        )
        .expect("memory");
    }
    let started = Instant::now();
    let gateway = Gateway::start(&definition("'a'", true), &settings, &["--concurrency".to_owned(), "1".to_owned()])?;
    eprintln!("a hundred thousand keys: started in {:.1} s", started.elapsed().as_secs_f64());
    let mut connection = Connection::open(gateway.address).map_err(|error| error.to_string())?;
    for (key, expected) in [(0, 200), (50_000, 200), (KEYS - 1, 200), (KEYS, 403)] {
        let status = send(&mut connection, Some(&format!("a-key-of-a-large-account-{key:06}")))?.status;
        if status != expected {
            return Err(format!("key {key}: status {status}, expected {expected}"));
        }
    }
    Ok(())
}

/// A filter that does nothing, and traps in its fifth request.
const TRAPPING: &str = r#"(module
  (memory (export "memory") 2)
  (global $requests (mut i32) (i32.const 0))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (global.set $requests (i32.add (global.get $requests) (i32.const 1)))
    (if (i32.ge_u (global.get $requests) (i32.const 5)) (then unreachable))
    (i32.const 0))
  (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))
  (func (export "proxy_on_delete") (param i32)))"#;

/// After a trap the VM comes back at once: with the settings that every filter gets, the next request is served.
fn a_trap() -> Result<(), String> {
    const SETTINGS: &str = "{apiId: robust0004, stage: {stageName: prod}}";
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let module = wat::parse_str(TRAPPING).map_err(|error| error.to_string())?;
    std::fs::write(folder.path().join("apigw.wasm"), module).map_err(|error| error.to_string())?;
    let one_worker = ["--concurrency".to_owned(), "1".to_owned()];
    let gateway = Gateway::with_filters(folder.path(), &definition("'a'", false), SETTINGS, &one_worker)?;
    // Behind filters that do nothing stands an answer 500; a request whose VM traps gets 503.
    let mut traps = 0;
    let mut trapped = false;
    for _ in 0..40 {
        let status = crate::client::send(gateway.address, &get(None)).map_err(|error| error.to_string())?.status;
        match status {
            500 => trapped = false,
            503 if trapped => return Err("after a trap the next request is refused".to_owned()),
            503 => {
                trapped = true;
                traps += 1;
                // The shortest time between two starts of a VM that Envoy allows, and then some.
                std::thread::sleep(Duration::from_millis(200));
            }
            status => return Err(format!("status {status}")),
        }
    }
    if traps < 2 { Err(format!("{traps} traps in 40 requests, expected several")) } else { Ok(()) }
}
