//! Lambda's Invoke API: `POST /2015-03-31/functions/{name}/invocations`.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Received};
use crate::base64;

/// What a function does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Returns this value.
    Returns(Value),
    /// Returns this text, JSON or not.
    ReturnsText(String),
    /// Fails with this payload (`errorMessage`, `errorType`, …).
    Fails(Value),
    /// Never returns.
    LambdaHangs,
    /// Returns the event.
    LambdaEchoEvent,
    /// Returns a proxy response whose body is the event.
    LambdaProxyEchoEvent,
    /// Returns the event's body, parsed; fails when it is no JSON.
    LambdaReturnRequestBody,
    /// Says whether `event.body.httpStatus` is an error.
    LambdaMappingResponses,
    /// Returns or raises by `event.statusCode`.
    LambdaSelectPattern,
    /// Proxy responses that lack something, by `event.path`.
    LambdaProxyFormat,
    /// A sentence about the event.
    LambdaNodejsProxy,
    /// A redirect with XML in it.
    #[serde(rename = "lambda-fixed-300-xml")]
    LambdaFixed300Xml,
}

/// Answers a call of the Invoke API; `None` when the function hangs.
pub fn invoke(functions: &BTreeMap<String, Function>, request: &Received) -> Option<Answer> {
    let name = request.path().strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
    let refusal = |status: u16, kind: &str, message: String| {
        Answer::json(status, &json!({"Type": "User", "Message": message})).header("x-amzn-ErrorType", kind)
    };
    let Some(name) = name.filter(|_| request.method == "POST") else {
        return Some(refusal(404, "UnknownOperationException", format!("{} {}", request.method, request.target)));
    };
    let Some(function) = functions.get(name) else {
        return Some(refusal(404, "ResourceNotFoundException", format!("Function not found: {name}")));
    };
    let Ok(event) = serde_json::from_slice::<Value>(&request.body) else {
        return Some(refusal(
            400,
            "InvalidRequestContentException",
            "Could not parse request body into json".to_owned(),
        ));
    };
    if request.header("x-amz-invocation-type").as_deref() == Some("Event") {
        return Some(Answer { status: 202, ..Answer::default() });
    }
    let answer = match function.call(event)? {
        Ok(text) => Answer { body: text.into_bytes(), ..Answer::json(200, &Value::Null) },
        Err(payload) => Answer::json(200, &payload).header("X-Amz-Function-Error", "Unhandled"),
    };
    Some(
        answer
            .header("X-Amz-Executed-Version", "$LATEST")
            .header("x-amzn-RequestId", "9f2f1a52-0000-4000-8000-0123456789ab"),
    )
}

impl Function {
    /// The payload that it returns, or that of its error; `None` when it hangs.
    fn call(&self, event: Value) -> Option<Result<String, Value>> {
        let returned = match self {
            Self::Returns(value) => value.clone(),
            Self::ReturnsText(text) => return Some(Ok(text.clone())),
            Self::Fails(payload) => return Some(Err(payload.clone())),
            Self::LambdaHangs => return None,
            Self::LambdaEchoEvent => event,
            Self::LambdaProxyEchoEvent => {
                json!({"statusCode": 200, "body": event.to_string(), "isBase64Encoded": false})
            }
            Self::LambdaReturnRequestBody => {
                let body = event["body"].as_str().unwrap_or_default();
                let body =
                    if event["isBase64Encoded"] == true { base64::decode(body) } else { body.as_bytes().to_vec() };
                match serde_json::from_slice(&body) {
                    Ok(value) => value,
                    Err(error) => return Some(Err(raised(&error.to_string()))),
                }
            }
            Self::LambdaMappingResponses => {
                let status = &event["body"]["httpStatus"];
                let status = status.as_i64().or_else(|| status.as_str()?.parse().ok()).unwrap_or_default();
                json!({"statusCode": 200, "body": if status >= 400 { "customerror" } else { "noerror" }})
            }
            Self::LambdaSelectPattern => {
                let raising =
                    |number| raised(&format!("Error: Raising {number} hundred from within the Lambda function"));
                match event["statusCode"].as_str() {
                    Some("200") => json!("Pass"),
                    Some("400") => return Some(Err(raising("four"))),
                    _ => return Some(Err(raising("five"))),
                }
            }
            Self::LambdaProxyFormat => match event["path"].as_str() {
                Some("/no-body") => json!({"statusCode": 200}),
                Some("/only-headers") => json!({"statusCode": 200, "headers": {"test-header": "value"}}),
                Some("/wrong-format") => json!({"statusCode": 200, "wrongValue": "value"}),
                _ => json!({}),
            },
            Self::LambdaNodejsProxy => {
                let text = json!(format!("response from localstack lambda: {event}")).to_string();
                json!({"statusCode": 200, "body": text, "isBase64Encoded": false, "headers": {}})
            }
            Self::LambdaFixed300Xml => json!({
                "statusCode": 300,
                "headers": {"content-type": "application/xml"},
                "body": "<message>completed</message>",
            }),
        };
        Some(Ok(returned.to_string()))
    }
}

/// The payload of an exception in a Python function.
fn raised(message: &str) -> Value {
    let line = format!(
        "  File \"/var/task/lambda_select_pattern.py\", line 7, in handler\n    raise Exception(\"{message}\")\n"
    );
    json!({
        "errorMessage": message,
        "errorType": "Exception",
        "requestId": "9f2f1a52-0000-4000-8000-0123456789ab",
        "stackTrace": [line],
    })
}
