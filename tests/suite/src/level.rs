//! The levels on which a case runs: what starts a gateway for it.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backend::{Backend, Behaviour};
use crate::client::{self, Request, Response};
use crate::{gateway, separate};

/// Something that runs the filters.
pub trait Level: Sync {
    /// Its name: part of the suite's name in the summary.
    fn name(&self) -> &'static str;

    /// Whether there are sockets, and time that passes by itself.
    fn is_real(&self) -> bool;

    /// A stand-in that its gateways reach; within a gateway each has a `number` of its own.
    fn backend(&self, behaviour: &Behaviour, number: u16) -> Backend;

    /// Starts a gateway in front of these backends; `options` are further ones of `apigw run`.
    ///
    /// # Errors
    /// It does not start.
    fn start(
        &self,
        definition: &str,
        settings: &str,
        options: &[String],
        backends: &[&Backend],
    ) -> Result<Box<dyn Gateway>, NotStarted>;
}

/// A gateway that is up.
pub trait Gateway {
    /// Sends a request on a connection of its own.
    ///
    /// # Errors
    /// There is no answer, or the level cannot say what Envoy's would be.
    fn send(&mut self, request: &Request) -> Result<Response, String>;

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Unix time there, in seconds.
    fn now(&self) -> u64;

    /// Lets time pass.
    fn wait(&mut self, time: Duration);

    /// The statistics as Prometheus reads them; `None` where there are none.
    fn statistics(&mut self) -> Option<String> {
        None
    }

    /// What has gone wrong since this was asked last though no answer shows it.
    fn problems(&mut self) -> Vec<String>;
}

/// Why a gateway is not up.
#[derive(Clone, Debug)]
pub enum NotStarted {
    /// The definition or the settings are refused, or Envoy does not start: what `apigw` printed.
    Refused(String),
    /// The level lacks something that the configuration asks for.
    Unsupported(String),
}

/// A real Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envoy {
    /// As `apigw run` sets it up: all filters as one.
    Composed,
    /// With an HTTP filter for each filter.
    Separate,
}

impl Level for Envoy {
    fn name(&self) -> &'static str {
        match self {
            Self::Composed => "envoy",
            Self::Separate => "separate-filters",
        }
    }

    fn is_real(&self) -> bool {
        true
    }

    fn backend(&self, behaviour: &Behaviour, _number: u16) -> Backend {
        Backend::start(behaviour)
    }

    fn start(
        &self,
        definition: &str,
        settings: &str,
        options: &[String],
        _backends: &[&Backend],
    ) -> Result<Box<dyn Gateway>, NotStarted> {
        let gateway = match self {
            Self::Composed => gateway::Gateway::start(definition, settings, options),
            Self::Separate => gateway::Gateway::start_separate(definition, settings, options),
        };
        let gateway = gateway.map_err(|reason| match reason.strip_prefix(separate::UNSUPPORTED) {
            Some(what) => NotStarted::Unsupported(what.to_owned()),
            None => NotStarted::Refused(reason),
        })?;
        Ok(Box::new(Running { gateway, read: 0 }))
    }
}

struct Running {
    gateway: gateway::Gateway,
    /// How much of the log has been looked at, in bytes.
    read: usize,
}

impl Gateway for Running {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        client::send(self.gateway.address, request).map_err(|error| error.to_string())
    }

    fn address(&self) -> SocketAddr {
        self.gateway.address
    }

    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
    }

    fn wait(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn statistics(&mut self) -> Option<String> {
        let page = client::send(self.gateway.admin()?, &Request::new("GET", "/stats/prometheus")).ok()?;
        Some(page.text())
    }

    fn problems(&mut self) -> Vec<String> {
        let log = self.gateway.log();
        let new = log.get(self.read..).unwrap_or_default();
        let trapped = new.lines().filter(|line| line.contains("panicked") || line.contains("Function: proxy_on"));
        let found = trapped.map(str::to_owned).collect();
        self.read = log.len();
        found
    }
}
