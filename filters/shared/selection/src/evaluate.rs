//! Evaluating an expression. One pass: what a variable gives is never looked at again.

use std::borrow::Cow;

use jsonpath::json::Json;

use crate::text::Text;
use crate::variable::Variable;
use crate::{Expression, Part};

/// What an expression is evaluated on. The default is a handshake, or a message that is no JSON: no variable has a value.
#[derive(Clone, Copy, Default)]
pub struct Subject<'a> {
    message: Option<&'a Json<'a>>,
    response: Option<&'a dyn Response>,
}

/// A backend's answer.
pub trait Response {
    /// The HTTP status.
    fn status(&self) -> u16;
    /// The values of a header in order, its name in any letter case.
    fn header_values(&self, name: &str) -> Vec<Cow<'_, str>>;
}

impl<'a> Subject<'a> {
    /// A message that is JSON.
    pub fn message(message: &'a Json<'a>) -> Self {
        Self { message: Some(message), response: None }
    }

    /// A backend's answer to a message; `message` is `None` when that was no JSON.
    pub fn answer(message: Option<&'a Json<'a>>, response: &'a dyn Response) -> Self {
        Self { message, response: Some(response) }
    }
}

impl Expression {
    /// The text for `subject`. A variable without a value gives nothing. The text is cut off once it is longer than
    /// [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES): no key is as long, so it selects none.
    pub fn evaluate(&self, subject: &Subject<'_>) -> String {
        let mut text = Text::default();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push(literal),
                Part::Variable(variable) => variable.write(subject, &mut text),
            }
        }
        text.finish()
    }
}

impl Variable {
    fn write(&self, subject: &Subject<'_>, text: &mut Text) {
        match self {
            Self::Body => {
                if let Some(message) = subject.message {
                    text.push_json(message);
                }
            }
            Self::BodyPath(path) => {
                if let Some(Ok(found)) = subject.message.map(|message| path.evaluate(message)) {
                    text.push_found(&found);
                }
            }
            Self::Status => {
                if let Some(response) = subject.response {
                    text.push(&response.status().to_string());
                }
            }
            Self::Header(name) => {
                let value = subject.response.and_then(|response| response.header_values(name).pop());
                text.push(value.as_deref().unwrap_or_default());
            }
            Self::MultiValueHeader(name) => {
                if let Some(response) = subject.response {
                    text.push_list(&response.header_values(name), |text, value| text.push(value));
                }
            }
        }
    }
}
