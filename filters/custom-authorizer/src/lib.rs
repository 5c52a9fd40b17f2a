//! The `custom-authorizer` filter: Lambda authorizers.
//!
//! It stands before `api-key` and everything that looks at the body. A function, or any HTTP service, gets an event
//! that describes the request, and answers who the caller is and what it may call: an IAM policy, or for HTTP APIs a
//! plain yes or no. The answer is kept for as long as the authorizer says, and its policy evaluated for each request.
//! Whatever goes wrong on the way refuses the request.
//!
//! A request passes the files in this order: `identity` (who sends it) → `cache` and `flight` (is the answer known, is
//! somebody asking already) → `event` and `function` (asking) → `answer` and `document` (what was answered) →
//! `decision` → `refusal`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

mod answer;
mod authorizer;
mod cache;
mod config;
mod decision;
mod document;
mod event;
mod event_v2;
mod event_websocket;
mod filter;
mod flight;
mod function;
mod identity;
mod raw;
mod refusal;
mod request;
mod shared;

pub use config::CustomAuthorizer;
pub use document::Document;
pub use filter::AuthorizerStream;
pub use identity::{MAX_EXPRESSION_BYTES, Sources, ValidationExpression};
pub use raw::{DEFAULT_RESULT_TTL_SECONDS, Form, RawAuthorizer, RawAuthorizerRoute, RawConfig, RawTarget};
