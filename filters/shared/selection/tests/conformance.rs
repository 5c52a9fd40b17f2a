//! Facts on selection, from `websocket/api-facts.jsonl` of the folder of recorded cases; nothing runs without it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jsonpath::json;
use selection::{ApiKeySource, Expression, Routes, Use};
use serde_json::Value;

fn facts(area: &str) -> Vec<Value> {
    let folder = std::env::var("CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/conformance").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/websocket/api-facts.jsonl")) else {
        println!("no recorded cases in {folder}");
        return Vec::new();
    };
    let facts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    facts.filter(|fact| fact["area"] == area).collect()
}

#[test]
fn route_selection() {
    for fact in facts("route-selection") {
        let given = &fact["given"];
        let expression =
            Expression::compile(given["route_selection_expression"].as_str().unwrap(), Use::Route).unwrap();
        let keys = given["routes"].as_array().unwrap().iter().map(|key| (key.as_str().unwrap().to_owned(), ()));
        let routes = Routes::new(expression, keys);
        let message = json::parse(given["message"].as_str().unwrap()).ok();
        let route = routes.select(message.as_ref()).map(|(key, ())| key);
        assert_eq!(route, fact["expect"]["route"].as_str(), "{}", fact["id"]);
    }
}

#[test]
fn expressions() {
    for fact in facts("expression") {
        let source = ApiKeySource::parse(fact["given"]["api_key_selection_expression"].as_str().unwrap()).unwrap();
        let expected = match source {
            ApiKeySource::Header => &fact["given"]["headers"]["x-api-key"],
            ApiKeySource::Authorizer => &fact["given"]["authorizer"]["usageIdentifierKey"],
        };
        assert_eq!(expected, &fact["expect"]["value"], "{}", fact["id"]);
    }
}
