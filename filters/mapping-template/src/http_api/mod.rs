//! Integrations of HTTP APIs: no templates, other events, and parameters mapped by `append`, `overwrite` and `remove`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations.html>

mod event;
mod lambda;
mod parameters;
mod proxy;
mod raw;
mod reply;
mod value;

pub(crate) use lambda::Lambda;
pub(crate) use proxy::Proxy;
pub use raw::{AppendedPath, PayloadFormat, RawHttpApiLambda, RawHttpApiProxy};

use crate::request::Request;

/// The path parameters of a request, as sent. Unlike in REST APIs, a slash at the end belongs to a greedy one.
fn path_parameters(request: &Request<'_>) -> Vec<(String, Vec<u8>)> {
    let mut parameters: Vec<(String, Vec<u8>)> =
        request.path_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    let greedy = request.context.get("resourcePath").is_some_and(|path| path.ends_with("+}"));
    if let Some((_, value)) = parameters.last_mut().filter(|_| greedy)
        && request.context.resource_path_as_sent().ends_with(b"/")
    {
        value.push(b'/');
    }
    parameters
}
