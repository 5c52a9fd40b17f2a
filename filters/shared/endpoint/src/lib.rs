//! Calls that filters make: to backends, AWS services, Lambda functions and authorizers.
//!
//! An [`Endpoint`] is where a call goes, and how it is signed; a [`Function`] is a Lambda function behind one.

mod endpoint;
mod function;
mod raw;
mod request;
mod signing;

pub use endpoint::{CallError, Endpoint, TimeoutMillis, is_authority};
pub use function::Function;
pub use raw::{RawEndpoint, RawFunction, RawSigning};
pub use request::BackendRequest;
