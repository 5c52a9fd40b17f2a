//! Variables of an expression.

use jsonpath::JsonPath;

use crate::Use;
use crate::error::Problem;

/// A variable, compiled.
#[derive(Clone, Debug)]
pub(crate) enum Variable {
    /// `request.body`, the whole message.
    Body,
    /// `request.body.PATH`
    BodyPath(Box<JsonPath>),
    /// `integration.response.statuscode`
    Status,
    /// `integration.response.header.NAME`
    Header(String),
    /// `integration.response.multivalueheader.NAME`
    MultiValueHeader(String),
}

impl Variable {
    /// Reads a variable's path, what stands behind `$`.
    pub(crate) fn compile(path: &str, usage: Use) -> Result<Self, Problem> {
        if let Some(tail) = path.strip_prefix("request.body") {
            match tail.bytes().next() {
                None => return Ok(Self::Body),
                Some(b'.' | b'[') => return body_path(tail),
                Some(_) => {}
            }
        } else if let Some(name) = path.strip_prefix("integration.response.").filter(|_| usage.has_response()) {
            match name.split_once('.') {
                None if name == "statuscode" => return Ok(Self::Status),
                Some(("header", name)) if !name.is_empty() => return Ok(Self::Header(name.to_owned())),
                Some(("multivalueheader", name)) if !name.is_empty() => {
                    return Ok(Self::MultiValueHeader(name.to_owned()));
                }
                _ => {}
            }
        }
        Err(Problem::Variable { name: path.to_owned(), usage })
    }
}

fn body_path(tail: &str) -> Result<Variable, Problem> {
    match JsonPath::compile(&format!("${tail}")) {
        Ok(path) => Ok(Variable::BodyPath(Box::new(path))),
        Err(error) => Err(Problem::Path(error.problem.to_string())),
    }
}
