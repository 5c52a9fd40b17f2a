//! A JSON tree that keeps what API Gateway's mapping templates show.
//!
//! API Gateway reads a payload with JsonSmart, and a template can see more of it than a tree of doubles holds: the
//! order of members, integers of any size, decimals too long for a double, the difference between `1` and `1.0`. So
//! a [`Json`] borrows its strings from the payload where they have no escapes, keeps each number's text
//! ([`Number`]), and its objects keep their members' order ([`Object`]).
//!
//! ```
//! use jsonpath::json::{self, Style};
//!
//! let payload = json::parse(r#"{"id": 12345678901234567890, "price": 1.10, "id": 7}"#)?;
//! // A repeated member keeps its first place and its last value; decimals print as Java prints a double.
//! assert_eq!(payload.to_text(Style::Compact), r#"{"id":7,"price":1.1}"#);
//! # Ok::<(), json::ParseError>(())
//! ```
//!
//! Memory: at most ten bytes for each byte of payload on wasm (a value takes 20 bytes there, and `0,` is the shortest),
//! and twice that while a list grows. The payload's own limit, API Gateway's 10 MB, is the caller's.

mod number;
mod object;
mod parse;
mod write;

use std::borrow::Cow;

pub(crate) use number::write_decimal;
pub use number::{JavaNumber, Number, write_double};
pub use object::Object;
pub use parse::{MAX_DEPTH, ParseError, Reason, parse};
pub use write::{Style, TooLong, write_string};

/// A JSON value; borrows from the text that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with its text.
    Number(Number<'a>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, members in the order of the text.
    Object(Object<'a>),
}

impl<'a> Json<'a> {
    /// The member `name`, when this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(object) => object.get(name),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Json::Null => Json::Null,
            Json::Bool(value) => Json::Bool(value),
            Json::Number(number) => Json::Number(number.into_owned()),
            Json::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Json::Array(elements) => Json::Array(elements.into_iter().map(Json::into_owned).collect()),
            Json::Object(object) => Json::Object(object.into_owned()),
        }
    }
}
