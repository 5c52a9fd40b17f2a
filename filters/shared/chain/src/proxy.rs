//! Where a chain runs.

use gateway::{Callout, Edits, Host, Metric, Reply};

/// One of the two messages of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// From the client.
    Request,
    /// To the client.
    Response,
}

/// What carries a chain's decisions out: Envoy through the `shell` package, or a test.
pub trait Proxy: Host {
    /// Changes headers and the part of the body that is held now. Properties are not its matter.
    fn edit(&self, message: Message, edits: &Edits);

    /// Sends a call for the request under way. False when it could not be sent.
    fn send(&self, callout: &Callout) -> bool;

    /// Lets the request under way be woken after the next periodic work.
    fn wait(&self);

    /// Answers the client; `details` are for logs.
    fn respond(&self, reply: &Reply, details: &str);

    /// Adds one to a counter of the chain's member at `index`.
    fn count_of(&self, index: usize, metric: Metric);
}
