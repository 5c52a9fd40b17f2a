//! What a network filter is: one that ends byte streams itself, where [`crate::Filter`] looks at requests.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::{Answer, Callout, ConfigError, Host, UnixMillis, config};

/// The network filter that every module with one has beside it: it hands connections to backends to those who make calls.
/// It has nothing to set.
pub const UPSTREAM_CONNECTIONS: &str = "upstream-connections";

/// A network filter, configured. It decides; the shell acts.
pub trait NetworkFilter: Sized + 'static {
    /// Name in statistics, logs and `root_id`.
    const NAME: &'static str;

    /// The configuration as written.
    type Raw: DeserializeOwned;
    /// One connection.
    type Connection: Connection;

    /// Checks and compiles a configuration.
    ///
    /// # Errors
    /// The first field that is wrong. Envoy then keeps the configuration it had.
    fn configure(raw: Self::Raw) -> Result<Self, ConfigError>;

    /// Called once when the configuration takes effect on a worker.
    ///
    /// # Errors
    /// The configuration is refused.
    fn start(self: &Rc<Self>, _host: &dyn Host) -> Result<(), ConfigError> {
        Ok(())
    }

    /// How often connections that are due are looked for, in milliseconds.
    fn tick_millis(&self) -> u32;

    /// A message to this worker ([`Host::post`]) that names no context: the context that it is for, or `None` when there
    /// is none; the filter may then answer it by itself.
    fn on_message(&self, host: &dyn Host, message: &[u8]) -> Option<u32>;

    /// Calls whose answers nobody waits for, after each tick and each message that names no context.
    fn callouts(&self, _host: &dyn Host) -> Vec<Callout> {
        Vec::new()
    }

    /// A new connection.
    fn connection(self: &Rc<Self>) -> Self::Connection;
}

/// A connection that a filter ends.
pub trait Connection: 'static {
    /// Bytes have come; they are the connection's to keep. With `end` nothing comes after them.
    fn on_data(&mut self, host: &dyn Host, bytes: &[u8], end: bool) -> Output;

    /// Whether more bytes can be used now. While not, they stay in Envoy, whose limits then slow the sender down; but
    /// [`Connection::on_data`] is called all the same before anything is written.
    fn wants_data(&self) -> bool;

    /// The answer to a callout.
    fn on_callout(&mut self, host: &dyn Host, answer: Answer) -> Output;

    /// A message from [`Host::post`].
    fn on_message(&mut self, host: &dyn Host, message: &[u8]) -> Output;

    /// [`Connection::due`] has passed.
    fn on_due(&mut self, host: &dyn Host) -> Output;

    /// When the connection wants [`Connection::on_due`]; `None` for never.
    fn due(&self) -> Option<UnixMillis>;

    /// The connection is gone. A returned callout is sent; nobody gets its answer.
    fn on_close(&mut self, host: &dyn Host) -> Option<Callout>;
}

/// What a connection has decided, for the shell to carry out in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Bytes to send.
    pub write: Vec<u8>,
    /// An HTTP call; its answer comes to [`Connection::on_callout`].
    pub callout: Option<Box<Callout>>,
    /// Close the connection once everything is sent.
    pub close: bool,
}

/// A context on a worker: a request or connection that can be sent messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The worker; a random number that is new for each VM.
    pub worker: u64,
    /// The context there; 0 leaves it to [`NetworkFilter::on_message`].
    pub context: u32,
}

/// A configured network filter whose type is not known any more.
pub trait NetworkRoot {
    /// [`NetworkFilter::tick_millis`].
    fn tick_millis(&self) -> u32;
    /// [`NetworkFilter::on_message`].
    fn on_message(&self, host: &dyn Host, message: &[u8]) -> Option<u32>;
    /// [`NetworkFilter::callouts`].
    fn callouts(&self, host: &dyn Host) -> Vec<Callout>;
    /// [`NetworkFilter::connection`].
    fn connection(&self) -> Box<dyn Connection>;
}

struct Configured<F>(Rc<F>);

impl<F: NetworkFilter> NetworkRoot for Configured<F> {
    fn tick_millis(&self) -> u32 {
        self.0.tick_millis()
    }

    fn on_message(&self, host: &dyn Host, message: &[u8]) -> Option<u32> {
        self.0.on_message(host, message)
    }

    fn callouts(&self, host: &dyn Host) -> Vec<Callout> {
        self.0.callouts(host)
    }

    fn connection(&self) -> Box<dyn Connection> {
        Box::new(self.0.connection())
    }
}

/// Configures network filter `F` from its JSON configuration and starts it.
///
/// # Errors
/// The first field that is wrong, with its path.
pub fn network_root<F: NetworkFilter>(json: &[u8], host: &dyn Host) -> Result<Rc<dyn NetworkRoot>, ConfigError> {
    let filter = Rc::new(F::configure(config::parse(json)?)?);
    filter.start(host)?;
    Ok(Rc::new(Configured(filter)))
}
