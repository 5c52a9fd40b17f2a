//! The filters as libraries: one request after the other, in this process.

mod host;
mod stream;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::host::{Answer as Called, HeaderMap, MapKind};
use chain::Chain;
use gateway::{Answer, Callout};
use suite::level::NotStarted;

use self::host::{Surroundings, World, headers};
use super::config::Configuration;
use super::exchange::{Answered, Filters, Stream};
use super::network::Network;

/// Most callouts that periodic work may chain: a document that names another is one; ten never happens.
const MAX_CALLOUTS_OF_A_TICK: usize = 10;

/// Filters as libraries.
pub struct Cores {
    filters: Vec<Configured>,
    world: Rc<World>,
    network: Arc<Network>,
    buffer_limit: usize,
}

struct Configured {
    name: String,
    chain: Rc<Chain>,
}

impl Cores {
    /// Configures the filters.
    ///
    /// # Errors
    /// A filter refuses its configuration, or there is none of its name.
    pub fn new(configuration: &Configuration, network: &Arc<Network>) -> Result<Self, NotStarted> {
        let world = Rc::new(World::default());
        let nobody = Surroundings::new(&world, HeaderMap::new(MapKind::Request), crate::CLIENT);
        let mut configured = Vec::new();
        for filter in &configuration.filters {
            let entry = filters::FILTERS.iter().find(|entry| entry.name == filter.root_id);
            let entry = entry.ok_or_else(|| NotStarted::Unsupported(format!("the filter {}", filter.root_id)))?;
            let chain = (entry.configure)(filter.configuration.as_bytes())
                .and_then(|chain| chain.start(&nobody).map(|()| chain))
                .map_err(|error| NotStarted::Refused(format!("{}: {error}", filter.name)))?;
            configured.push(Configured { name: filter.name.clone(), chain: Rc::new(chain) });
        }
        let buffer_limit = configuration.buffer_limit;
        Ok(Self { filters: configured, world, network: Arc::clone(network), buffer_limit })
    }
}

impl Filters for Cores {
    fn exchange(&mut self, stream: Stream<'_>) -> Result<Answered, String> {
        stream::run(self, stream)
    }

    fn now(&self) -> u64 {
        self.world.unix_micros() / 1_000_000
    }

    fn pass(&mut self, time: Duration) {
        let (from, to) = (self.world.elapsed(), self.world.elapsed() + time);
        self.world.pass(time);
        for filter in &self.filters {
            let period = u128::from(filter.chain.tick_millis());
            if period > 0 && from.as_millis() / period != to.as_millis() / period {
                self.tick(filter);
            }
        }
    }

    fn problems(&mut self) -> Vec<String> {
        Vec::new()
    }
}

impl Cores {
    /// A filter's periodic work, and the calls that it makes.
    fn tick(&self, filter: &Configured) {
        let nobody = Surroundings::new(&self.world, HeaderMap::new(MapKind::Request), crate::CLIENT);
        let mut callout = filter.chain.on_tick(&nobody);
        for _ in 0..MAX_CALLOUTS_OF_A_TICK {
            let Some(made) = callout else { return };
            callout = filter.chain.on_callout(&nobody, self.call(&made));
        }
    }

    /// Sends a callout, and waits for the answer.
    fn call(&self, callout: &Callout) -> Answer {
        let mut request = HeaderMap::new(MapKind::Request);
        for (name, value) in &callout.headers {
            request.add(name, value);
        }
        if !callout.body.is_empty() {
            request.set("content-length", callout.body.len().to_string());
        }
        let called =
            self.network.call(&callout.cluster, &request, Some(&callout.body[..]).filter(|body| !body.is_empty()));
        if matches!(called, Some(Called::TimedOut)) {
            self.world.pass(callout.timeout);
        }
        match called.and_then(Called::into_response) {
            Some(response) => Answer::Response { headers: headers(&response.headers), body: response.bytes() },
            None => Answer::Failed,
        }
    }
}
