//! Whatever a function answers behind AWS_PROXY, the client gets one well-formed response. The first byte says how the
//! route treats it, the rest is the answer's body.

#![no_main]

#[path = "../../../filters/mapping-template/tests/support/mod.rs"]
mod support;

use std::cell::OnceCell;
use std::rc::Rc;

use gateway::{Step, Stream as _};
use libfuzzer_sys::fuzz_target;
use mapping_template::MappingTemplate;
use serde_json::json;
use support::TestHost;

thread_local! {
    static FILTER: OnceCell<Rc<MappingTemplate>> = const { OnceCell::new() };
}

/// A function behind AWS_PROXY, and one behind AWS whose answer is mapped.
fn configured() -> Rc<MappingTemplate> {
    let endpoint = json!({"cluster": "c", "authority": "backend.example"});
    let template = "#set($r = $input.path('$'))#set($context.responseOverride.status = $r.statusCode)\
        #set($context.responseOverride.header.h = $r.body){\"b\": $input.json('$.body'), \"r\": \"$r\"}";
    let mapping = json!({
        "integrationResponses": [
            {"statusCode": 200, "responseTemplates": {"application/json": template}, "responseParameters": {
                "method.response.header.h": "integration.response.body.headers.a",
                "method.response.header.m": "integration.response.multivalueheader.h",
            }},
            {"statusCode": 500, "selectionPattern": ".*rror.*", "contentHandling": "CONVERT_TO_BINARY"},
        ],
    });
    let lambda = json!({"lambda": {"functionName": "f"}});
    let method = json!({"resourceId": "x", "resourcePath": "/f"});
    support::filter(&json!({
        "api": {"apiId": "a", "stage": "s", "basePath": "/s"},
        "binaryMediaTypes": ["image/*"],
        "routes": {
            "proxy": {"method": method, "integration": {"awsProxy": {"endpoint": endpoint, "function": {"functionName": "f"}}}},
            "aws": {"method": method, "integration": {"aws": {"endpoint": endpoint, "target": lambda, "httpMethod": "POST", "mapping": mapping}}},
        },
    }))
}

fuzz_target!(|input: &[u8]| {
    let Some((how, body)) = input.split_first() else { return };
    let filter = FILTER.with(|filter| Rc::clone(filter.get_or_init(configured)));
    let accept = if how & 2 == 0 { "application/json" } else { "image/png" };
    let host = TestHost::request("POST", "/s/f", &[("accept", accept)], b"{}").on_route(if how & 1 == 0 {
        "proxy"
    } else {
        "aws"
    });
    let (mut stream, step) = support::send(&filter, &host);
    assert!(matches!(step, Step::Callout(_)), "{step:?}");
    let mut headers = vec![("content-type", "application/json"), ("x-apigw-upstream", "1")];
    if how & 4 != 0 {
        headers.push(("x-amz-function-error", "Unhandled"));
    }
    let step = stream.on_callout(&host, support::answer(200, &headers, body));
    let Step::Respond(reply) = step else { panic!("no answer but {step:?}") };
    assert!((200..600).contains(&reply.status), "{}", reply.status);
    for (name, value) in &reply.headers {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}");
        assert!(value.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)), "{name}: {value:?}");
    }
});
