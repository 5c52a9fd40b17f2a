//! The Velocity dialect of API Gateway's mapping templates.
//!
//! API Gateway's templates are Apache Velocity 1.7 with a few changes: a reference without a value is the empty string,
//! `#macro`, `#evaluate`, `#parse` and `#include` do nothing, and `#foreach` ends after 1000 iterations. This crate is
//! that engine, with the values, methods and printed forms that Java has.
//!
//! A template is compiled once ([`Template::compile`]) and rendered for each request ([`Template::render`]) with the
//! variables of a [`Scope`]. `$input` is [`Input`], `$util` is [`Util`]; `$context` and `$stageVariables` are
//! [`Map`]s. Nothing here knows about requests, Envoy or configuration.
//!
//! Layers: `document` (a JSON text, checked and indexed) and `value` (Java's values, some of which point into a
//! document), `text` (Java's string operations), `parser` (lexer and parser, to `ast`), `method` (Java's methods),
//! `render`.
//!
//! Whatever a template or a payload does, a rendering neither panics nor exceeds its [bounds](limits).
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>

mod ast;
mod budget;
pub mod document;
mod error;
mod host;
mod input;
pub mod limits;
mod method;
mod parser;
mod render;
mod scope;
mod template;
mod text;
mod util;
mod value;

pub use budget::Budget;
pub use error::{CompileError, Limit, RenderError, RenderErrorKind};
pub use host::{Host, Thrown};
pub use input::{Input, Parameters};
pub use scope::{Scope, Trace};
pub use template::Template;
pub use util::Util;
pub use value::{BigDecimal, BigInteger, List, ListKind, Map, MapKind, Object, Text, Value};
