//! What a filter is: a configuration that many requests share, and one stream for each request.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::{Answer, Callout, ConfigError, Host, Property, Step, config};

/// A filter, configured. It decides; the shell acts.
pub trait Filter: Sized + 'static {
    /// Name in statistics, logs and `root_id`: the package's name, such as `api-key`.
    const NAME: &'static str;

    /// The configuration as written.
    type Raw: DeserializeOwned;
    /// One request's way through the filter.
    type Stream: Stream;

    /// Checks and compiles a configuration. Nothing is parsed again while requests run.
    ///
    /// # Errors
    /// The first field that is wrong. Envoy then keeps the configuration it had.
    fn configure(raw: Self::Raw) -> Result<Self, ConfigError>;

    /// Called once when the configuration takes effect on a worker, to set up shared data.
    ///
    /// # Errors
    /// The configuration is refused.
    fn start(&self, _host: &dyn Host) -> Result<(), ConfigError> {
        Ok(())
    }

    /// How often [`Filter::on_tick`] is called, in milliseconds; 0 for never.
    fn tick_millis(&self) -> u32 {
        0
    }

    /// Periodic work on a worker. A returned callout is sent; its answer comes to [`Filter::on_callout`].
    fn on_tick(&self, _host: &dyn Host) -> Option<Callout> {
        None
    }

    /// The answer to a callout of [`Filter::on_tick`].
    fn on_callout(&self, _host: &dyn Host, _answer: Answer) -> Option<Callout> {
        None
    }

    /// Whether its streams get messages ([`Stream::on_message`]); the worker then has an address.
    fn takes_messages(&self) -> bool {
        false
    }

    /// What it leaves for filters in other modules and for access logs, where it is alone in its own; `None` for
    /// everything.
    fn published(&self) -> Option<&[Property]> {
        None
    }

    /// The way of a new request.
    fn stream(self: &Rc<Self>) -> Self::Stream;
}

/// One request's way through a filter. Events come in this order, each at most as often as Envoy has parts.
pub trait Stream: 'static {
    /// Request headers are here; with `end_of_stream` there is no body.
    fn on_request_headers(&mut self, _host: &dyn Host, _end_of_stream: bool) -> Step {
        Step::Continue
    }

    /// A part of the request body is here, or all of it after [`Step::Buffer`].
    fn on_request_body(&mut self, _host: &dyn Host, _body: Body) -> Step {
        Step::Continue
    }

    /// The answer to this stream's [`Step::Callout`].
    fn on_callout(&mut self, _host: &dyn Host, _answer: Answer) -> Step {
        Step::Continue
    }

    /// The filter's periodic work has run while this stream was held by [`Step::Wait`].
    fn on_wake(&mut self, _host: &dyn Host) -> Step {
        Step::Continue
    }

    /// A message from [`Host::post`], while this stream is held by [`Step::Wait`].
    fn on_message(&mut self, _host: &dyn Host, _message: &[u8]) -> Step {
        Step::Wait
    }

    /// Response headers are here, from the upstream, from a later filter, from Envoy, or this filter's own.
    /// [`Step::Respond`] replaces the response, and ends its events; [`Step::Callout`] is not possible any more.
    fn on_response_headers(&mut self, _host: &dyn Host, _end_of_stream: bool) -> Step {
        Step::Continue
    }

    /// A part of the response body is here, or all of it after [`Step::Buffer`].
    fn on_response_body(&mut self, _host: &dyn Host, _body: Body) -> Step {
        Step::Continue
    }

    /// The exchange is over, and Envoy's access loggers run next. Also for requests that the filter has never seen,
    /// because one before it has answered.
    fn on_log(&mut self, _host: &dyn Host) {}
}

/// A part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// Bytes that Envoy holds now; the text itself is `Host::request_body` or `Host::response_body`.
    pub bytes: usize,
    /// Nothing comes after it.
    pub end_of_stream: bool,
}

/// A configured filter whose type is not known any more, for modules with several filters and for chains.
pub trait Root {
    /// [`Filter::NAME`].
    fn name(&self) -> &'static str;
    /// [`Filter::start`].
    ///
    /// # Errors
    /// The configuration is refused.
    fn start(&self, host: &dyn Host) -> Result<(), ConfigError>;
    /// [`Filter::tick_millis`].
    fn tick_millis(&self) -> u32;
    /// [`Filter::on_tick`].
    fn on_tick(&self, host: &dyn Host) -> Option<Callout>;
    /// [`Filter::on_callout`].
    fn on_callout(&self, host: &dyn Host, answer: Answer) -> Option<Callout>;
    /// [`Filter::takes_messages`].
    fn takes_messages(&self) -> bool;
    /// [`Filter::published`].
    fn published(&self) -> Option<&[Property]>;
    /// [`Filter::stream`].
    fn stream(&self) -> Box<dyn Stream>;
}

struct Configured<F>(Rc<F>);

impl<F: Filter> Root for Configured<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn start(&self, host: &dyn Host) -> Result<(), ConfigError> {
        self.0.start(host)
    }

    fn published(&self) -> Option<&[Property]> {
        self.0.published()
    }

    fn tick_millis(&self) -> u32 {
        self.0.tick_millis()
    }

    fn on_tick(&self, host: &dyn Host) -> Option<Callout> {
        self.0.on_tick(host)
    }

    fn on_callout(&self, host: &dyn Host, answer: Answer) -> Option<Callout> {
        self.0.on_callout(host, answer)
    }

    fn takes_messages(&self) -> bool {
        self.0.takes_messages()
    }

    fn stream(&self) -> Box<dyn Stream> {
        Box::new(self.0.stream())
    }
}

/// A configured filter behind the interface that chains take.
pub fn root<F: Filter>(filter: F) -> Box<dyn Root> {
    Box::new(Configured(Rc::new(filter)))
}

/// Configures filter `F` from its JSON configuration.
///
/// # Errors
/// The first field that is wrong, with its path.
pub fn configure<F: Filter>(json: &[u8]) -> Result<Box<dyn Root>, ConfigError> {
    F::configure(config::parse(json)?).map(root)
}
