//! A selection expression compiles, or its error has a place in it; what it makes of a message is bounded, and the same
//! each time. The first byte says what it selects; the expression, a NUL byte, and the message follow.

#![no_main]

use std::borrow::Cow;

use jsonpath::json;
use libfuzzer_sys::fuzz_target;
use selection::{Expression, MAX_TEXT_BYTES, Response, Subject, Use};

/// The longest character of UTF-8 may be the one that is too much.
const MAX_BYTES: usize = MAX_TEXT_BYTES + 4;

struct Answer;

impl Response for Answer {
    fn status(&self) -> u16 {
        404
    }

    fn header_values(&self, name: &str) -> Vec<Cow<'_, str>> {
        if name.eq_ignore_ascii_case("a") { vec!["1".into(), "2".into()] } else { Vec::new() }
    }
}

fuzz_target!(|input: &str| {
    let mut chars = input.chars();
    let usage = match chars.next() {
        Some('r') => Use::Route,
        Some('m') => Use::Model,
        Some('q') => Use::RequestTemplate,
        Some('p') => Use::ResponseTemplate,
        _ => return,
    };
    let (expression, message) =
        chars.as_str().split_once('\0').unwrap_or((chars.as_str(), r#"{"action":"join","n":[1]}"#));
    let compiled = match Expression::compile(expression, usage) {
        Ok(compiled) => compiled,
        Err(error) => {
            assert!(error.column >= 1 && error.column <= error.expression.chars().count() + 1, "{error}");
            return;
        }
    };
    let message = json::parse(message).ok();
    let answered = matches!(usage, Use::ResponseTemplate).then(|| Subject::answer(message.as_ref(), &Answer));
    let Some(subject) = answered.or(message.as_ref().map(Subject::message)) else { return };
    let text = compiled.evaluate(&subject);
    assert!(text.len() <= MAX_BYTES, "{} bytes", text.len());
    assert_eq!(text, compiled.evaluate(&subject));
});
