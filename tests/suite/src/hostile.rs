//! Documents that are made to hold a validator up: each has its answer, and the worker goes on.
//!
//! None of these asserts a time: what would not end in seconds would not end in hours, and the client waits for less.

use crate::client::{self, Request};
use crate::gateway::Gateway;

/// A body just within API Gateway's limit of 10 MB.
const LARGEST: usize = 10_485_760;

const DEFINITION: &str = r##"
openapi: 3.0.1
info: {title: hostile, version: '1'}
x-amazon-apigateway-request-validators: {body: {validateRequestBody: true}}
x-amazon-apigateway-request-validator: body
components:
  schemas:
    Tree: {type: object, properties: {a: {$ref: '#/components/schemas/Tree'}}, additionalProperties: false}
    List: {type: array, items: {$ref: '#/components/schemas/List'}}
    Loop: {allOf: [{$ref: '#/components/schemas/Pool'}]}
    Pool: {allOf: [{$ref: '#/components/schemas/Loop'}]}
    Pattern: {type: array, items: {type: string, pattern: '^(a+)+$'}}
    Alternatives:
      oneOf:
        - {type: object, properties: {a: {$ref: '#/components/schemas/Alternatives'}}}
        - {type: object, properties: {a: {$ref: '#/components/schemas/Alternatives'}}, required: [b]}
        - {type: string}
    Unique: {type: array, uniqueItems: true, items: {type: integer}}
paths:
  /Tree: {post: &any {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}, responses: {'200': {description: ok}}, x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}, responses: {default: {statusCode: '200'}}}}}
  /List: {post: {<<: *any, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/List'}}}}}}
  /Loop: {post: {<<: *any, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Loop'}}}}}}
  /Pattern: {post: {<<: *any, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pattern'}}}}}}
  /Alternatives: {post: {<<: *any, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Alternatives'}}}}}}
  /Unique: {post: {<<: *any, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Unique'}}}}}}
"##;
const SETTINGS: &str = "{apiId: robust0007, stage: {stageName: prod}}";

/// Sends each document in turn, and after each a good one.
pub fn documents() -> Result<(), String> {
    let gateway = Gateway::start(DEFINITION, SETTINGS, &["--concurrency".to_owned(), "1".to_owned()])?;
    let post = |model: &str, body: String| -> Result<u16, String> {
        let mut request = Request::new("POST", &format!("/prod/{model}")).header("content-type", "application/json");
        request.body = Some(body.into_bytes());
        client::send(gateway.address, &request)
            .map(|response| response.status)
            .map_err(|error| format!("{model}: {error}"))
    };
    for (name, model, body, expected) in all() {
        let status = post(model, body)?;
        if status != expected {
            return Err(format!("{name}: {status}, expected {expected}"));
        }
        let status = post("Tree", r#"{"a":{}}"#.to_owned())?;
        if status != 200 {
            return Err(format!("after {name} a good document is answered {status}"));
        }
    }
    Ok(())
}

/// What a document is called, its model, itself, and the status of the answer.
fn all() -> Vec<(&'static str, &'static str, String, u16)> {
    let nested = |levels: usize, open: &str, inside: &str, close: &str| {
        format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
    };
    let list_of = |item: &str| format!("[{item}{}]", format!(",{item}").repeat((LARGEST - 2) / (item.len() + 1) - 1));
    let numbers: Vec<String> = (0..1_000_000).map(|number| number.to_string()).collect();
    vec![
        ("999 levels", "Tree", nested(999, "{\"a\":", "{}", "}"), 200),
        ("10,000 levels", "Tree", nested(10_000, "{\"a\":", "{}", "}"), 400),
        ("10,000 lists", "List", nested(10_000, "[", "", "]"), 400),
        ("ten million brackets", "List", "[".repeat(LARGEST), 400),
        ("10 MB of lists", "List", list_of("[]"), 200),
        ("10 MB of text", "Pattern", format!("[\"{}b\"]", "a".repeat(LARGEST - 5)), 400),
        ("a pattern on many texts", "Pattern", list_of("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""), 400),
        ("alternatives that double", "Alternatives", nested(900, "{\"a\":", "1", "}"), 400),
        ("a million different numbers", "Unique", format!("[{}]", numbers.join(",")), 200),
        ("a million numbers and a repeated one", "Unique", format!("[{},7]", numbers.join(",")), 400),
        ("models that refer to each other", "Loop", "{}".to_owned(), 500),
    ]
}
