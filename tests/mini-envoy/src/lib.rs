//! A mini Envoy: takes the configuration that the compiler writes, matches routes as Envoy does, runs the filters, and
//! sends what passes to stand-ins. It has no sockets and a clock of its own.
//!
//! Two levels of the cases run behind it: [`CORE`], the filters as libraries in this process, and [`MODULE`], `apigw.wasm`
//! in the test host. What it does not know in a configuration it refuses, so nothing is left out silently. What a codec
//! makes of broken requests is not its business: such cases are for the real Envoy.

// Never runs inside Envoy; a test that goes wrong may panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod config;
mod core;
mod exchange;
mod format;
mod front;
mod module;
mod network;
mod route;
mod router;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apigw::check::{Input, Options, check};
use apigw::compile::{Addresses, Modules, compile};
use apigw::diagnostics::Colour;
use apigw::openapi::BasePath;
use suite::backend::{Backend, Behaviour};
use suite::client::{Request, Response};
use suite::level::{Gateway, Level, NotStarted};
use suite::paths;

use config::Configuration;
use exchange::{Filters, Stream};
use network::Network;

/// The filters as libraries.
pub const CORE: MiniEnvoy = MiniEnvoy { kind: Kind::Core };
/// The filters as `apigw.wasm`.
pub const MODULE: MiniEnvoy = MiniEnvoy { kind: Kind::Module };

/// Unix time at which every gateway starts, in milliseconds: 2026-06-15T12:00:00Z, far from the end of any quota's period.
const START_MILLIS: u64 = 1_781_524_800_000;
/// Address of the client.
const CLIENT: &str = "127.0.0.1";
/// Port on which it would listen.
const PORT: u16 = 8080;

/// A level without sockets.
pub struct MiniEnvoy {
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Core,
    Module,
}

impl Level for MiniEnvoy {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Core => "core",
            Kind::Module => "module",
        }
    }

    fn is_real(&self) -> bool {
        false
    }

    fn backend(&self, behaviour: &Behaviour, number: u16) -> Backend {
        Backend::without_socket(behaviour, number)
    }

    fn start(
        &self,
        definition: &str,
        settings: &str,
        options: &[String],
        backends: &[&Backend],
    ) -> Result<Box<dyn Gateway>, NotStarted> {
        let bootstrap = bootstrap(definition, settings, options)?;
        let configuration = Configuration::read(&bootstrap).map_err(NotStarted::Unsupported)?;
        let network = Arc::new(Network::new(&configuration, backends).map_err(NotStarted::Unsupported)?);
        let filters: Box<dyn Filters> = match self.kind {
            Kind::Core => Box::new(core::Cores::new(&configuration, &network)?),
            Kind::Module => {
                let module = paths::filters().join("apigw.wasm");
                Box::new(module::Module::new(&module, &configuration, &network).map_err(NotStarted::Refused)?)
            }
        };
        Ok(Box::new(Running { configuration, filters, network, problems: Vec::new() }))
    }
}

struct Running {
    configuration: Configuration,
    filters: Box<dyn Filters>,
    network: Arc<Network>,
    problems: Vec<String>,
}

impl Gateway for Running {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let received = match front::receive(request, &self.configuration) {
            Ok(received) => received,
            Err(reply) => return reply.map(|reply| front::without_filters(&reply)),
        };
        let route = self.configuration.route(&received.headers)?;
        let (configuration, network) = (&self.configuration, &self.network);
        let mut notes = router::Notes::default();
        let mut router =
            |forwarded: exchange::Forwarded<'_>| router::forward(forwarded, configuration, network, &mut notes);
        let stream = Stream {
            route: route.and_then(|route| route.name.as_deref()),
            disabled: route.map_or_else(Vec::new, config::Route::disabled),
            reply_of_router: router::own_reply(route),
            source: received.source,
            headers: received.headers,
            frames: received.frames,
            router: &mut router,
        };
        let answered = self.filters.exchange(stream);
        self.problems.extend(notes.problems);
        self.filters.pass(notes.passed);
        front::answer(answered?, request)
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], PORT))
    }

    fn now(&self) -> u64 {
        self.filters.now()
    }

    fn wait(&mut self, time: Duration) {
        self.filters.pass(time);
    }

    fn problems(&mut self) -> Vec<String> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.extend(self.filters.problems());
        problems
    }
}

/// What `apigw compile` writes.
fn bootstrap(definition: &str, settings: &str, options: &[String]) -> Result<serde_json::Value, NotStarted> {
    let input = |name: &str, text: &str| Input { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
    let options = options_of(options).map_err(NotStarted::Unsupported)?;
    let checked = check(vec![input("definition.yaml", definition)], Some(input("settings.yaml", settings)), &options);
    let report = checked.report().render(Colour::Never);
    let model = checked.into_model().map_err(|_| NotStarted::Refused(report))?;
    let compiled = compile(&model, &Modules::whole("apigw.wasm")).map_err(NotStarted::Refused)?;
    let [listen, admin] = [PORT, PORT + 1].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    Ok(compiled.bootstrap(Addresses { listen, admin }))
}

fn options_of(options: &[String]) -> Result<Options, String> {
    let mut read = Options::default();
    for pair in options.chunks(2) {
        match pair {
            [name, value] if name == "--stage" => read.stage = Some(value.clone()),
            [name, value] if name == "--base-path" => read.base_path = Some(value.clone()),
            [name, value] if name == "--import-base-path" => {
                read.import_base_path = Some(BasePath::parse(value).ok_or_else(|| format!("{name} {value}"))?);
            }
            [name, _] if name == "--concurrency" => {}
            _ => return Err(format!("{} is not an option of this level", pair.join(" "))),
        }
    }
    Ok(read)
}
