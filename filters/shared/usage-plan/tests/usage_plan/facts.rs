//! The facts about API keys that other projects have recorded, as far as they are about plans and not about headers.

use std::path::PathBuf;

use serde_json::Value;
use usage_plan::{Call, KeyDigest, Plans, UnixMicros};

use crate::START;
use crate::store::Store;

fn facts() -> Option<Vec<Value>> {
    let repo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folder =
        std::env::var_os("CONFORMANCE_DIR").map_or_else(|| repo.join("../shared/conformance"), |dir| repo.join(dir));
    let lines = std::fs::read_to_string(folder.join("localstack-apigateway/unit.jsonl")).ok()?;
    let all = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    Some(all.filter(|fact: &Value| fact["area"] == "api-key").collect())
}

#[test]
fn recorded_facts_about_api_keys() {
    let Some(facts) = facts() else {
        eprintln!("no conformance data here: the cases of `admit` say the same");
        return;
    };
    assert!(!facts.is_empty());
    for fact in facts {
        let (given, expect) = (&fact["given"], &fact["expect"]);
        let mut raw = serde_json::json!({"apiKeys": given["apiKeys"], "usagePlans": given["usagePlans"]});
        for key in raw["apiKeys"].as_array_mut().unwrap() {
            let value = key.as_object_mut().unwrap().remove("value").unwrap();
            key["valueSha256"] = KeyDigest::of(value.as_str().unwrap().as_bytes()).to_string().into();
        }
        for plan in raw["usagePlans"].as_array_mut().unwrap() {
            let keys = plan.as_object_mut().unwrap().remove("keys").unwrap();
            plan["keyIds"] = keys;
        }
        let plans = Plans::from_raw(&serde_json::from_value(raw).unwrap()).unwrap();
        let call = Call {
            api_id: given["apiId"].as_str().unwrap(),
            stage: given["stage"].as_str().unwrap(),
            resource_path: "/",
            method: "GET",
            request_method: "GET",
            api_key_required: given["apiKeyRequired"].as_bool().unwrap(),
            key: given["request_headers"]["x-api-key"].as_str().map(str::as_bytes),
        };
        match plans.admit(&call, UnixMicros(START), &Store::default()) {
            Ok(identity) => {
                assert_eq!(expect["allowed"], true, "{}", fact["id"]);
                assert_eq!(expect["context.identity.apiKeyId"], identity.unwrap().api_key_id, "{}", fact["id"]);
            }
            Err(_) => assert_eq!(expect["gateway_error"]["type"], "INVALID_API_KEY", "{}", fact["id"]),
        }
    }
}
