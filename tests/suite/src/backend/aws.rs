//! AWS services, as far as an integration sees them: the request is kept, the answer has the service's form.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Received};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Simple Queue Service: query protocol and JSON.
    Sqs,
    /// Systems Manager: `GetParameter`.
    Ssm,
    /// Simple Storage Service: `PutObject`.
    S3,
    /// Anything that answers `{}` as JSON.
    Other,
}

impl Service {
    /// The service with this name in an ARN.
    pub fn named(name: &str) -> Self {
        match name {
            "sqs" => Self::Sqs,
            "ssm" => Self::Ssm,
            "s3" => Self::S3,
            _ => Self::Other,
        }
    }

    pub(super) fn answer(self, request: &Received) -> Answer {
        match self {
            Self::Sqs => sqs(request),
            Self::Ssm => ssm(request),
            Self::S3 => {
                Answer { status: 200, ..Answer::default() }.header("ETag", "\"322a648674040849d29154aa1dce24a5\"")
            }
            Self::Other => Answer::json(200, &json!({})),
        }
    }
}

/// The messages that a request sends, each with `Body` and `MessageAttributes`.
pub fn sqs_message(request: &Received) -> Option<Value> {
    if request.header("x-amz-target").as_deref() == Some("AmazonSQS.SendMessage") {
        let call: Value = serde_json::from_slice(&request.body).ok()?;
        return Some(json!({"Body": call["MessageBody"], "MessageAttributes": call["MessageAttributes"]}));
    }
    let form = request.form();
    let field = |name: &str| form[name].as_str().map(str::to_owned);
    field("Action").filter(|action| action == "SendMessage")?;
    let mut attributes = json!({});
    for index in 1..=10 {
        let of = |part: &str| {
            field(&format!("MessageAttribute.{index}.{part}"))
                .or_else(|| field(&format!("MessageAttributes.{index}.{part}")))
        };
        if let Some(name) = of("Name") {
            attributes[name] = json!({"DataType": of("Value.DataType"), "StringValue": of("Value.StringValue")});
        }
    }
    Some(json!({"Body": field("MessageBody")?, "MessageAttributes": attributes}))
}

fn sqs(request: &Received) -> Answer {
    let [message_id, request_id] = ["5fea7756-0ea4-451a-a703-a558b933e274", "27daac76-34dd-47df-bd01-1f6e873584a0"];
    match sqs_message(request) {
        None => Answer::json(400, &json!({"__type": "com.amazonaws.sqs#InvalidAction", "message": "no SendMessage"})),
        Some(_) if request.header("x-amz-target").is_some() => Answer::json(200, &json!({"MessageId": message_id})),
        // The query protocol answers in JSON where that is accepted.
        Some(_) if request.header("accept").is_some_and(|accept| accept.contains("json")) => {
            let result = json!({"MessageId": message_id, "MD5OfMessageBody": "0123456789abcdef0123456789abcdef"});
            let metadata = json!({"RequestId": request_id});
            Answer::json(
                200,
                &json!({"SendMessageResponse": {"SendMessageResult": result, "ResponseMetadata": metadata}}),
            )
        }
        Some(_) => {
            let body = format!(
                "<?xml version=\"1.0\"?><SendMessageResponse><SendMessageResult><MessageId>{message_id}</MessageId>\
                 </SendMessageResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
                 </SendMessageResponse>"
            );
            Answer { status: 200, headers: Vec::new(), body: body.into_bytes() }.header("Content-Type", "text/xml")
        }
    }
}

fn ssm(request: &Received) -> Answer {
    let arguments = request.args();
    let asked = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
    if asked("Action") != "GetParameter" {
        return Answer::json(400, &json!({"__type": "InvalidAction"}));
    }
    let name = asked("Name");
    let parameter = json!({
        "ARN": format!("arn:aws:ssm:us-east-1:111111111111:parameter/{name}"),
        "DataType": "text",
        "LastModifiedDate": 1_700_000_000.0,
        "Name": name,
        "Selector": null,
        "SourceResult": null,
        "Type": "String",
        "Value": "123",
        "Version": 1,
    });
    let metadata = json!({"HTTPHeaders": {}});
    Answer::json(
        200,
        &json!({"GetParameterResponse": {"GetParameterResult": {"Parameter": parameter}, "ResponseMetadata": metadata}}),
    )
}
