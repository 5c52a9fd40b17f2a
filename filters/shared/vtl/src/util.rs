//! `$util`

use crate::budget::Budget;
use crate::host::{Host, Thrown};
use crate::text::encode::{base64_decode, base64_encode, escape_java_script, url_decode, url_encode};
use crate::value::{Value, from_json};

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
        let printed;
        let text = match argument {
            Value::String(text) => &**text,
            other => {
                printed = other.to_string();
                &printed
            }
        };
        // At the most, a character becomes `\uXXXX`.
        budget.allocate(text.len())?;
        let result = match method {
            "escapeJavaScript" => Value::from(escape_java_script(text)),
            "urlEncode" => Value::from(url_encode(text)),
            "urlDecode" => Value::from(url_decode(text).ok_or("the argument is not URL-encoded")?),
            "base64Encode" => Value::from(base64_encode(text.as_bytes())),
            "base64Decode" => Value::from(String::from_utf8_lossy(&base64_decode(text)).into_owned()),
            "parseJson" if text.is_empty() => Value::empty(),
            "parseJson" => parse_json(text, budget)?,
            _ => return Ok(None),
        };
        if let Value::String(text) = &result {
            budget.allocate(text.len())?;
        }
        Ok(Some(result))
    }
}

fn parse_json(text: &str, budget: &Budget) -> Result<Value, Thrown> {
    budget.spend(u64::try_from(text.len() / 16).unwrap_or(u64::MAX))?;
    let json = jsonpath::json::parse(text).map_err(|error| Thrown::Exception(error.to_string()))?;
    Ok(from_json(&json, budget)?)
}
