//! Configurations of `gateway`.
#![allow(clippy::unwrap_used)]

use filters::{FILTERS, RawFilter, RawGateway, SMALL, configure};
use serde_json::json;

fn error(configuration: serde_json::Value) -> String {
    let gateway = FILTERS.iter().find(|entry| entry.name == "gateway").unwrap();
    (gateway.configure)(configuration.to_string().as_bytes()).unwrap_err().to_string()
}

#[test]
fn filters_run_in_the_order_in_which_they_stand() {
    let raw: RawGateway = serde_json::from_value(json!({
        "filters": [{"mapping-template": {"api": {"apiId": "a", "stage": "s"}}},
                    {"api-key": {"api": {"apiId": "a", "stage": "s"}}}],
        "routes": {"GET /": {"without": ["api-key"]}},
        "publish": ["identity"],
    }))
    .unwrap();
    assert_eq!(configure(raw).unwrap().names().collect::<Vec<_>>(), ["mapping-template", "api-key"]);
}

#[test]
fn a_filter_is_written_under_its_own_name() {
    for entry in FILTERS.iter().filter(|entry| entry.name != "gateway") {
        match serde_json::from_value::<RawFilter>(json!({entry.name: {"api": {"apiId": "a", "stage": "s"}}})) {
            Ok(raw) => assert_eq!(raw.name(), entry.name),
            Err(error) => assert!(!error.to_string().contains("unknown variant"), "{error}"),
        }
    }
}

#[test]
fn messages_name_the_filter_and_the_field() {
    let api = json!({"apiId": "a", "stage": "s"});
    let typo = error(json!({"filters": [{"api-key": {"api": api, "apiKeySorce": "HEADER"}}]}));
    assert!(typo.starts_with("filters[0].api-key.apiKeySorce: unknown field"), "{typo}");
    let status = json!({"gatewayResponses": {"THROTTLED": {"statusCode": 9}}, "api": api});
    let status = error(json!({"filters": [{"api-key": {"api": api}}, {"gateway-responses": status}]}));
    assert!(status.starts_with("filters[1].gateway-responses.gatewayResponses.THROTTLED.statusCode: 9"), "{status}");
    let unknown = error(json!({"filters": [{"api-keys": {"api": api}}]}));
    assert!(unknown.contains("unknown variant `api-keys`") && unknown.contains("`api-key`"), "{unknown}");
}

#[test]
fn what_belongs_to_no_filter_is_refused() {
    let key = json!({"api-key": {"api": {"apiId": "a", "stage": "s"}}});
    assert_eq!(error(json!({"filters": [key, key]})), "filters[1]: the filter is there already");
    let routes = json!({"GET /": {"without": ["api-keys"]}});
    assert_eq!(
        error(json!({"filters": [key], "routes": routes})),
        "routes.GET /.without[0]: is no filter of this chain, expected one of `api-key`"
    );
}

#[test]
fn the_small_module_refuses_what_it_leaves_out() {
    let gateway = SMALL.iter().find(|entry| entry.name == "gateway").unwrap();
    let api = json!({"apiId": "a", "stage": "s"});
    let configure = |filter: serde_json::Value| {
        let configuration = json!({"filters": [filter]}).to_string();
        (gateway.configure)(configuration.as_bytes()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(configure(json!({"api-key": {"api": api}})), Ok(()));
    let left_out = configure(json!({"request-validator": {"api": api}})).unwrap_err();
    assert!(
        left_out.starts_with("filters[0].request-validator") && left_out.contains("apigw.wasm has it"),
        "{left_out}"
    );
}
