//! Runs several filters as one HTTP filter of Envoy.
//!
//! A [`Chain`] has members in the order in which they see a request; responses pass them in reverse. A filter alone is
//! a chain of one, so there is one way in which events become steps, whether Envoy or a chain stands between filters:
//!
//! * A member that holds the request holds it for those behind it; those before it go on seeing the body's parts.
//! * A member that answers ends the request; the answer passes the members that have seen the request, in reverse. Envoy
//!   gets what they have made of it, and its response events of that answer go to nobody.
//! * A member that answers on the way out replaces the response, and no other member sees that one.
//!
//! What members ask Envoy for, they share: headers, attributes and properties are fetched once a request. Properties
//! stay in the chain unless something outside of it reads them, and a chain of several reads nobody else's.
//!
//! Nothing here knows proxy-wasm, or any filter.

mod chain;
mod memory;
mod own;
mod proxy;
mod stream;
mod view;
mod way;

pub use chain::{Chain, ChainError, Entry};
pub use proxy::{Message, Proxy};
pub use stream::{Action, ChainStream};
