//! `$util`

use std::rc::Rc;

use crate::budget::Budget;
use crate::document::Document;
use crate::host::{Host, Thrown};
use crate::input::pay_for_reading;
use crate::text::encode::{base64_decode, base64_encode, escape_java_script, url_decode, url_encode};
use crate::value::{Text, Value};

/// `$util` of a mapping template.
///
/// A missing value gives the empty string; a value that is no string is taken in its printed form.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#util-template-reference>
#[derive(Debug, Clone, Copy, Default)]
pub struct Util;

impl Host for Util {
    fn call(&self, method: &str, arguments: &[Value], budget: &Budget) -> Result<Option<Value>, Thrown> {
        let [argument] = arguments else { return Ok(None) };
        let text = match argument {
            Value::String(text) => text.clone(),
            other => Text::from(other.to_string()),
        };
        budget.read(text.len())?;
        let mut out = budget.buffer();
        match method {
            "escapeJavaScript" => escape_java_script(&text, &mut out),
            "urlEncode" => url_encode(&text, &mut out),
            "urlDecode" => out.push_str(&url_decode(&text).ok_or("the argument is not URL-encoded")?),
            "base64Encode" => base64_encode(text.as_bytes(), &mut out),
            "base64Decode" => out.push_str(&String::from_utf8_lossy(&base64_decode(&text))),
            "parseJson" if text.is_empty() => {}
            "parseJson" => return parse_json(text.to_rc(), budget).map(Some),
            _ => return Ok(None),
        }
        Ok(Some(Value::String(budget.finish(out)?)))
    }
}

fn parse_json(text: Rc<str>, budget: &Budget) -> Result<Value, Thrown> {
    pay_for_reading(&text, budget)?;
    match Document::parse(Rc::clone(&text)) {
        Some(document) => Ok(document.root()),
        None => Err(Thrown::Exception(match jsonpath::json::parse(&text) {
            Err(error) => error.to_string(),
            Ok(_) => "not JSON".to_owned(),
        })),
    }
}
