//! What the filter itself costs a request: no host, no Envoy, a body of 1 kB.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use gateway::{Step, Stream};
use serde_json::json;
use support::{TestHost, answer, integration, send};

fn body() -> Vec<u8> {
    let items: Vec<_> = (0..14)
        .map(|id| json!({"id": id, "price": 1.5, "tags": ["a", "b"], "name": format!("item number {id}")}))
        .collect();
    json!({"name": "Ada Lovelace", "items": items}).to_string().into_bytes()
}

fn request(body: &[u8]) -> TestHost {
    let headers = [
        ("content-type", "application/json"),
        ("accept", "*/*"),
        ("user-agent", "curl"),
        ("x-forwarded-proto", "https"),
    ];
    TestHost::request("POST", "/dev/pets/a?q=1", &headers, body).on_route("r")
}

fn integrations(criterion: &mut Criterion) {
    let body = body();
    let host = request(&body);
    let response =
        json!([{"statusCode": 200, "responseTemplates": {"application/json": "{\"id\": \"$context.requestId\"}"}}]);
    let template = "{\"statusCode\": 200, \"n\": \"$input.path('$.name')\", \"ids\": [#foreach($i in $input.path('$.items'))$i.id#if($foreach.hasNext),#end#end]}";

    let mut case = |name: &str, configuration: serde_json::Value, backend: Option<&[u8]>| {
        let filter = integration(configuration);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (mut stream, step) = send(&filter, &host);
                match (step, backend) {
                    (Step::Callout(_), Some(body)) => {
                        let answer =
                            answer(200, &[("content-type", "application/json"), ("x-apigw-upstream", "1")], body);
                        stream.on_callout(&host, answer)
                    }
                    (step, _) => step,
                }
            });
        });
    };
    case(
        "mock, static",
        json!({"mock": {"requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "integrationResponses": [{"statusCode": 200}]}}),
        None,
    );
    case(
        "mock, templates",
        json!({"mock": {"requestTemplates": {"application/json": template}, "integrationResponses": response}}),
        None,
    );
    let endpoint = json!({"cluster": "c", "authority": "h"});
    case(
        "http, passthrough",
        json!({"http": {"endpoint": endpoint, "path": "/x", "mapping": {"integrationResponses": [{"statusCode": 200}]}}}),
        Some(&body),
    );
    case(
        "http, templates both ways",
        json!({"http": {"endpoint": endpoint, "path": "/x", "mapping": {"requestTemplates": {"application/json": template}, "integrationResponses": response}}}),
        Some(&body),
    );
    case(
        "aws proxy",
        json!({"awsProxy": {"endpoint": endpoint, "function": {"functionName": "f"}}}),
        Some(br#"{"statusCode": 200, "headers": {"x": "y"}, "body": "hello"}"#),
    );
    case(
        "http proxy",
        json!({"httpProxy": {"path": "/{p}", "requestParameters": {"integration.request.path.p": "method.request.path.proxy"}}}),
        None,
    );
}

criterion_group!(benches, integrations);
criterion_main!(benches);
