//! A function as behind a REST API: with AWS_PROXY it answers for itself, with AWS its result is mapped.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    let wish = event["queryStringParameters"]["wish"].as_str().or(event["wish"].as_str()).unwrap_or("echo");
    match wish {
        // The event comes back as the body.
        "echo" => Ok(json!({
            "statusCode": 201,
            "headers": {"x-function": "orders"},
            "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]},
            "body": event.to_string(),
        })),
        "bytes" => Ok(json!({
            "statusCode": 200, "headers": {"content-type": "image/png"}, "body": "iVBORw0KGgo=", "isBase64Encoded": true,
        })),
        "plain" => Ok(json!({"order": event["order"], "stage": event["stage"]})),
        "malformed" => Ok(json!({"statusCode": "no number"})),
        "slow" => {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            Ok(json!({"statusCode": 200}))
        }
        wish => Err(format!("NotFound: nobody knows {wish}").into()),
    }
}
