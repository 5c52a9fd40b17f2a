//! The `apigw` command.

#![allow(clippy::arithmetic_side_effects)]

use std::io::Write;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use apigw::check::{Checked, Input, Model, Options, check_files};
use apigw::compile::{Addresses, Modules, compile};
use apigw::diagnostics::Colour;
use apigw::openapi::BasePath;
use apigw::render::{Request, render, render_cases};
use apigw::run::{Gateway, find};
use clap::{Args, Parser, Subcommand};

/// How often the input files are looked at.
const WATCH: Duration = Duration::from_millis(200);

/// Amazon API Gateway's behaviour on an Envoy that you run yourself.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile an API definition, start Envoy on it, and follow changes of the files
    Run {
        #[command(flatten)]
        input: InputArgs,
        /// Envoy to run [default: $ENVOY, PATH, or the one that scripts/ installed]
        #[arg(long, value_name = "PATH")]
        envoy: Option<PathBuf>,
        /// Worker threads of Envoy [default: one for each processor]
        #[arg(long, value_name = "N")]
        concurrency: Option<u32>,
    },
    /// Write the Envoy configuration of an API definition
    Compile {
        #[command(flatten)]
        input: InputArgs,
        /// File to write, or - for standard output
        #[arg(short, long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
    },
    /// Report every problem of an API definition and its settings
    Check {
        #[command(flatten)]
        input: InputArgs,
    },
    /// Render a mapping template offline
    Render(RenderArgs),
}

#[derive(Args)]
struct RenderArgs {
    /// The template
    #[arg(value_name = "TEMPLATE.vtl", required_unless_present = "cases", conflicts_with = "cases")]
    template: Option<PathBuf>,
    /// What the template sees: {"body": text, "params": {"path": {}, "querystring": {}, "header": {}}, "context": {NAME: value}}
    #[arg(long, value_name = "REQUEST.json", conflicts_with = "cases")]
    input: Option<PathBuf>,
    /// Say on standard error what each reference gave
    #[arg(long, conflicts_with = "cases")]
    trace: bool,
    /// Render many: a line for each, of the shape of REQUEST.json with "id" and "template"; - for standard input
    #[arg(long, value_name = "FILE.jsonl")]
    cases: Option<PathBuf>,
}

#[derive(Args)]
struct InputArgs {
    /// OpenAPI 3, Swagger 2, SAM or CloudFormation documents, YAML or JSON
    #[arg(required = true, value_name = "DEFINITION")]
    definitions: Vec<PathBuf>,
    /// What a definition cannot say: stage, API keys, usage plans, endpoints
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Who else may sign requests, beside `credentials` of the settings
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Name of the stage [default: that of the settings, or prod]
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Address on which the API is served; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address of Envoy's admin interface; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0", value_parser = loopback)]
    admin: SocketAddr,
    /// Path under which the API is mounted, as by a custom domain [default: /STAGE]
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    /// What becomes of the definition's base path (basePath, servers): ignore, prepend, split [default: that of the
    /// settings, or ignore]
    #[arg(long, value_name = "MODE", value_parser = import_base_path)]
    import_base_path: Option<BasePath>,
    /// Number of this Envoy in the fleet of the settings [default: that of the settings]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    node: Option<u16>,
    /// Folder with apigw.wasm [default: where scripts/build leaves it]
    #[arg(long, value_name = "DIR")]
    filters: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check { input } => check(&input),
        Command::Compile { input, output } => write_bootstrap(&input, &output),
        Command::Render(RenderArgs { cases: Some(cases), .. }) => render_all(&cases),
        Command::Render(args) => render_one(&args),
        Command::Run { input, envoy, concurrency } => run(&input, envoy.as_deref(), concurrency),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn check(input: &InputArgs) -> Result<ExitCode, String> {
    let checked = input.check();
    print_report(&checked);
    if checked.has_errors() {
        return Ok(ExitCode::FAILURE);
    }
    let _ = writeln!(std::io::stdout(), "{}", input.summary());
    Ok(ExitCode::SUCCESS)
}

fn write_bootstrap(input: &InputArgs, output: &Path) -> Result<ExitCode, String> {
    let (Some(model), _) = input.model() else { return Ok(ExitCode::FAILURE) };
    let compiled = compile(&model, &input.modules()?)?;
    let text = compiled.bootstrap_yaml(input.addresses())?;
    if output == Path::new("-") {
        std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    } else {
        std::fs::write(output, text).map_err(|error| format!("{}: {error}", output.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run(input: &InputArgs, envoy: Option<&Path>, concurrency: Option<u32>) -> Result<ExitCode, String> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| error.to_string())?;
    }
    let mut seen = input.state_of_files(&[]);
    let (Some(model), mut included) = input.model() else { return Ok(ExitCode::FAILURE) };
    seen.extend(state_of(&included));
    let mut modules = input.modules()?;
    let compiled = compile(&model, &modules)?;
    modules.stay_with(&compiled.module);
    let mount = compiled.base_path.clone();
    let scheme = if compiled.frame.transport_socket.is_some() { "https" } else { "http" };
    let program = find(envoy)?;
    let folder = tempfile::Builder::new().prefix("apigw-").tempdir().map_err(|error| error.to_string())?;
    let mut addresses = input.addresses();
    if compiled.frame.http3 {
        addresses.listen = with_port(addresses.listen).map_err(|error| error.to_string())?;
    }
    let mut gateway = Gateway::start(&program, folder.path(), compiled, addresses, concurrency)?;
    let address = gateway.wait_until_live()?;
    eprintln!("admin interface on http://{}", gateway.envoy().admin_address());
    println!("listening on {scheme}://{address}{mount}");
    let _ = std::io::stdout().flush();
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(WATCH);
        if let Some(status) = gateway.envoy().exited() {
            return Err(format!("Envoy has ended ({status})"));
        }
        let now = input.state_of_files(&included);
        if now == seen {
            continue;
        }
        seen = input.state_of_files(&[]);
        let model;
        (model, included) = input.model();
        seen.extend(state_of(&included));
        let Some(model) = model else {
            eprintln!("the files have errors; the gateway keeps what it had");
            continue;
        };
        let updated = compile(&model, &modules).and_then(|compiled| {
            let module = compiled.module.clone();
            gateway.update(compiled).map(|()| module)
        });
        match updated {
            Ok(module) => {
                modules.stay_with(&module);
                eprintln!("the change is live");
            }
            Err(refusal) => eprintln!("error: {refusal}; the gateway keeps what it had"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The address with a port that is free for TCP and UDP, where it has none: HTTP/3 is on the same.
fn with_port(address: SocketAddr) -> std::io::Result<SocketAddr> {
    const ATTEMPTS: u32 = 100;
    if address.port() != 0 {
        return Ok(address);
    }
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let tcp = TcpListener::bind(address)?;
        let found = tcp.local_addr()?;
        match UdpSocket::bind(found) {
            Ok(_) => return Ok(found),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::other("no free port")))
}

fn render_one(args: &RenderArgs) -> Result<ExitCode, String> {
    let colour = Colour::for_stderr();
    let Some(path) = &args.template else { return Err("expected a template".to_owned()) };
    let name = path.display().to_string();
    let template = read_text(path)?;
    let request = match &args.input {
        None => Request::default(),
        Some(input) => {
            let mut warnings = Vec::new();
            let request = Request::read(&read_text(input)?, &mut warnings);
            warnings.iter().for_each(|warning| eprintln!("{}: warning: {warning}", input.display()));
            request.map_err(|reason| format!("{}: {reason}", input.display()))?
        }
    };
    let mut report = |line: String| eprintln!("{line}");
    let trace = args.trace.then_some(&mut report as &mut dyn FnMut(String));
    match render(&name, &template, &request, colour, trace) {
        Ok(output) => std::io::stdout().write_all(output.as_bytes()).map_err(|error| error.to_string())?,
        Err(report) => {
            eprint!("{report}");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn render_all(cases: &Path) -> Result<ExitCode, String> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if cases == Path::new("-") {
        render_cases(std::io::stdin().lock(), &mut out)?;
    } else {
        let file = std::fs::File::open(cases).map_err(|error| format!("{}: {error}", cases.display()))?;
        let result = render_cases(std::io::BufReader::new(file), &mut out);
        result.map_err(|reason| format!("{}: {reason}", cases.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

impl InputArgs {
    fn check(&self) -> Checked {
        let options = Options {
            stage: self.stage.clone(),
            base_path: self.base_path.clone(),
            credentials: self.credentials.as_deref().map(Input::from_file),
            import_base_path: self.import_base_path,
            node: self.node,
        };
        check_files(&self.definitions, self.settings.as_deref(), &options)
    }

    /// Reads the files; `None` when they have errors, which are then printed. Files that they name are listed beside
    /// it.
    fn model(&self) -> (Option<Model>, Vec<PathBuf>) {
        let mut checked = self.check();
        print_report(&checked);
        let included = std::mem::take(&mut checked.included);
        (checked.into_model().ok(), included)
    }

    fn addresses(&self) -> Addresses {
        Addresses { listen: self.listen, admin: self.admin }
    }

    /// The modules that hold the filters: in the folder that is given, else where `scripts/build` leaves them.
    fn modules(&self) -> Result<Modules, String> {
        let beside_program = || {
            let program = std::env::current_exe().ok()?;
            Some(program.parent()?.parent()?.join("wasm32-wasip1/release"))
        };
        Modules::in_folder(&self.filters.clone().or_else(beside_program).unwrap_or_default())
    }

    /// The state of the input files, and of those that they include.
    fn state_of_files(&self, included: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
        state_of(self.definitions.iter().chain(&self.settings).chain(&self.credentials).chain(included))
    }

    fn summary(&self) -> String {
        let names: Vec<String> = self.definitions.iter().map(|path| path.display().to_string()).collect();
        format!("{}: no errors", names.join(", "))
    }
}

/// When each file was changed last, and its size; `None` for one that is not there.
fn state_of<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Vec<Option<(SystemTime, u64)>> {
    let state = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.into_iter().map(state).collect()
}

fn print_report(checked: &Checked) {
    let text = checked.report().render(Colour::for_stderr());
    if !text.is_empty() {
        eprint!("{text}");
    }
}

fn import_base_path(text: &str) -> Result<BasePath, String> {
    BasePath::parse(text).ok_or_else(|| "expected ignore, prepend or split".to_owned())
}

/// The admin interface can stop Envoy and shows its whole configuration, so it is never open to the network.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "expected ADDR:PORT".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("expected an address of the loopback interface".to_owned())
    }
}
