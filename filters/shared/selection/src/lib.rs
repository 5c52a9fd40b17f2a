//! Selection expressions of WebSocket APIs: `$request.body.action`, `${request.body.a}/${request.body.b}`, `\$default`.
//!
//! An expression makes a text of a message; the text names the route, model or template to use. It is compiled once,
//! for one [`Use`], which decides which variables it may name.
//!
//! ```
//! use jsonpath::json;
//! use selection::{Expression, Subject, Use};
//!
//! let expression = Expression::compile("${request.body.service}/${request.body.action}", Use::Route)?;
//! let message = json::parse(r#"{"service": "chat", "action": "join"}"#)?;
//! assert_eq!(expression.evaluate(&Subject::message(&message)), "chat/join");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-selection-expressions.html>

mod api_key;
mod compile;
mod error;
mod evaluate;
mod routes;
mod text;
mod usage;
mod variable;

pub use api_key::ApiKeySource;
pub use compile::{Piece, Pieces};
pub use error::{CompileError, Problem};
pub use evaluate::{Response, Subject};
pub use routes::{CONNECT, DEFAULT, DISCONNECT, Routes};
pub use text::MAX_TEXT_BYTES;
pub use usage::Use;

use variable::Variable;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    parts: Vec<Part>,
}

/// A piece of an expression.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Variable(Variable),
}
