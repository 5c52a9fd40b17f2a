//! Turns an API definition into a running Envoy: the library behind the `apigw` command.
//!
//! ```text
//! definition files ─► source ─► openapi ─► api::RestApi ─┐
//!                     (nodes     (reader)   (the model)   ├─► check ─► Checked ─► compile ─► Envoy bootstrap
//! settings file ────► with       settings::Settings ─────┘     │
//!                     positions)                                └─► diagnostics (file, line, path, caret)
//! ```
//!
//! * [`source`] reads YAML and JSON into nodes that know where they stand; nothing else looks at text.
//! * [`read`] takes typed values out of nodes and reports what does not fit.
//! * [`cloudformation`] evaluates SAM and CloudFormation templates and writes their APIs as OpenAPI documents.
//! * [`openapi`] turns a document into the model in [`api`]: all that the document says, supported or not.
//! * [`settings`] reads what a definition cannot say: stage, keys, plans, endpoints.
//! * [`check`] holds both against each other and against the one table of what this project runs ([`support`]).
//! * [`compile`] makes an Envoy configuration of it, [`run`] an Envoy that follows its files.
//! * [`render`] renders a mapping template without any of this.
//! * [`routes`] orders the methods so that the first match is API Gateway's choice.
//!
//! The later stages accept a [`check::Model`] only, which exists only when no error was found.

// This package runs on the developer's machine, never inside Envoy: its arithmetic is on positions and lengths of
// texts that fit in memory. Panics by `unwrap`, `expect` and indexing stay forbidden.
#![allow(clippy::arithmetic_side_effects)]

pub mod api;
pub mod aws_uri;
pub mod check;
pub mod cloudformation;
pub mod compile;
pub mod diagnostics;
pub mod models;
pub mod openapi;
pub mod read;
pub mod render;
pub mod routes;
pub mod run;
pub mod settings;
pub mod source;
pub mod support;
pub mod token_issuer;
pub mod uri;
