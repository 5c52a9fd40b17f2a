//! Usage plans as a filter uses them: configuration in, decisions out, counters shared.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)]

mod admit;
mod config;
mod facts;
mod recall;
mod report;
mod store;
mod workers;

use usage_plan::{Call, KeyDigest, Plans, RawPlans};

/// 2024-09-24 12:34:56 UTC, a Tuesday, in microseconds.
const START: u64 = 1_727_181_296_000_000;

/// Plans from JSON in which `valueSha256` holds the key's value itself.
fn plans(json: &str) -> Plans {
    Plans::from_raw(&raw(json)).unwrap()
}

fn raw(json: &str) -> RawPlans {
    let mut json: serde_json::Value = serde_json::from_str(json).unwrap();
    let keys = json.get_mut("apiKeys").and_then(|keys| keys.as_array_mut());
    for key in keys.into_iter().flatten() {
        key["valueSha256"] = KeyDigest::of(key["valueSha256"].as_str().unwrap().as_bytes()).to_string().into();
    }
    serde_json::from_value(json).unwrap()
}

/// A keyed `GET /pets` of stage `api/dev`.
fn get_pets(key: &str) -> Call<'_> {
    Call {
        api_id: "api",
        stage: "dev",
        resource_path: "/pets",
        method: "GET",
        request_method: "GET",
        api_key_required: true,
        key: Some(key.as_bytes()),
    }
}
