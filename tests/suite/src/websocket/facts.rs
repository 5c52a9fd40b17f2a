//! Facts of the conformance folder, each through a template of its own: which route a message takes, what a connection
//! lives through, whom an authorizer admits.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, Received};
use super::connect::{authorizer, functions, integration, settings, template};
use super::{check, start};
use crate::backend::Function;
use crate::gateway::Gateway;
use crate::paths;
use crate::tally::{Outcome, Tally};

const AREA: &str = "websocket/facts";
/// How long a client waits for what must not come.
const SILENCE: Duration = Duration::from_millis(300);

/// Runs all facts.
pub fn run(tally: &mut Tally) {
    let Some(folder) = paths::conformance("websocket") else { return };
    let text = fs::read_to_string(folder.join("api-facts.jsonl")).expect("the facts");
    let facts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |area: &'static str| facts.iter().filter(move |fact| fact["area"] == area);
    selections(tally, of("route-selection"));
    for fact in of("lifecycle").filter(|fact| fact["given"]["routes"].is_object()) {
        add(tally, fact, lifecycle(fact));
    }
    for fact in of("authorizer") {
        add(tally, fact, authorization(fact));
    }
}

fn add(tally: &mut Tally, fact: &Value, result: Result<(), String>) {
    let outcome = result.map_or_else(Outcome::Failed, |()| Outcome::Passed);
    tally.add(AREA, fact["id"].as_str().unwrap_or_default(), outcome);
}

/// Facts of the same API share a gateway. Each route answers with its key.
fn selections<'f>(tally: &mut Tally, facts: impl Iterator<Item = &'f Value>) {
    let mut by_api: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for fact in facts {
        let given = &fact["given"];
        by_api.entry(format!("{}{}", given["route_selection_expression"], given["routes"])).or_default().push(fact);
    }
    for facts in by_api.into_values() {
        let given = &facts[0]["given"];
        let mut resources = json!({"Keys": {"Type": "AWS::ApiGatewayV2::IntegrationResponse", "Properties": {
            "ApiId": {"Ref": "Api"}, "IntegrationId": {"Ref": "Key"}, "IntegrationResponseKey": "$default",
            "ResponseTemplates": {"$default": "{\"route\": \"$context.routeKey\"}"},
        }}, "Key": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "ApiId": {"Ref": "Api"}, "IntegrationType": "MOCK", "RequestTemplates": {"$default": "{\"statusCode\": 200}"},
        }}});
        for (at, key) in
            given["routes"].as_array().expect("routes").iter().enumerate().filter(|(_, key)| *key != "$connect")
        {
            resources[format!("Route{at}")] = route(key.as_str().expect("a key"), Some("Key"), true);
        }
        let expression = given["route_selection_expression"].as_str().expect("an expression");
        let definition = template(&json!({}), &resources).replace("$request.body.action", expression);
        let gateway = start(&definition, &settings(&functions(&[])));
        for fact in facts {
            add(tally, fact, selection(&gateway, fact));
        }
    }
}

fn route(key: &str, integration: Option<&str>, two_way: bool) -> Value {
    let mut route =
        json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": key}});
    if let Some(integration) = integration {
        route["Properties"]["Target"] = json!({"Fn::Sub": format!("integrations/${{{integration}}}")});
    }
    if two_way {
        route["Properties"]["RouteResponseSelectionExpression"] = json!("$default");
    }
    route
}

fn selection(gateway: &Gateway, fact: &Value) -> Result<(), String> {
    let mut client = Client::connect(gateway.address, "/prod", &[])?;
    client.text(fact["given"]["message"].as_str().expect("a message"));
    let frame = json_frame(client.next())?;
    match fact["expect"]["route"].as_str() {
        Some(key) => check(frame["route"] == key, || format!("{frame}, expected {key}")),
        None => check(frame["message"] == fact["expect"]["response"]["message"], || frame.to_string()),
    }
}

fn json_frame(received: Received) -> Result<Value, String> {
    match received {
        Received::Text(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        other => Err(format!("{other:?}")),
    }
}

fn lifecycle(fact: &Value) -> Result<(), String> {
    let (given, expected) = (&fact["given"], &fact["expect"]);
    let message = given["client_sends"].as_str().unwrap_or_default();
    let (mut resources, mut stubs, mut connect) = (json!({}), Vec::new(), json!({}));
    for (at, (key, described)) in given["routes"].as_object().expect("routes").iter().enumerate() {
        let id = format!("Function{at}");
        let stub = if described["lambda_throws"] == true {
            Function::Fails(json!({"errorMessage": "x", "errorType": "Error"}))
        } else {
            let mut returned = described["lambda_returns"].clone();
            if returned["body"] == "<request body>" {
                returned["body"] = json!(message);
            }
            Function::Returns(returned)
        };
        stubs.push((id.clone(), stub));
        resources[&id] = integration(&id);
        if key == "$connect" {
            connect = json!({"Target": {"Fn::Sub": format!("integrations/${{{id}}}")}});
        } else {
            resources[format!("Route{at}")] = route(key, Some(&id), described["route_response"].is_string());
        }
    }
    let stubs: Vec<(&str, Function)> = stubs.iter().map(|(name, stub)| (name.as_str(), stub.clone())).collect();
    let functions = functions(&stubs);
    let gateway = start(&template(&connect, &resources), &settings(&functions));
    let query = given["handshake_query"].as_str().unwrap_or_default();
    let mut client = match (Client::connect(gateway.address, &format!("/prod?{query}"), &[]), &expected["handshake"]) {
        (Ok(client), status) if status.is_null() || *status == 101 => client,
        (Err(answer), status) => {
            return check(answer.starts_with(&format!("HTTP/1.1 {status} ")), || {
                format!("{answer}, expected {status}")
            });
        }
        (Ok(_), status) => return Err(format!("accepted, expected {status}")),
    };
    if message.is_empty() {
        return Ok(());
    }
    client.text(message);
    if let Some(wanted) = expected.get("client_receives_json") {
        let frame = json_frame(client.next())?;
        return check(frame["message"] == wanted["message"] && frame["requestId"].is_string(), || frame.to_string());
    }
    match expected["client_receives"].as_str() {
        Some(text) => check(client.next() == Received::Text(text.as_bytes().to_vec()), || "another frame".to_owned()),
        None => {
            let received = client.next_within(SILENCE);
            check(received == Received::Nothing, || format!("{received:?}"))
        }
    }
}

fn authorization(fact: &Value) -> Result<(), String> {
    let (given, expected) = (&fact["given"], &fact["expect"]);
    let arn = "arn:aws:execute-api:us-east-1:123456789012:websocket/prod/$connect";
    let stub = match given["authorizer_throws_message"].as_str() {
        Some(message) => Function::Fails(json!({"errorMessage": message, "errorType": "Error"})),
        None => {
            let text = given["authorizer_returns"].to_string().replace("<methodArn>", arn);
            Function::Returns(serde_json::from_str(&text).expect("JSON"))
        }
    };
    let functions = functions(&[("authorizer", stub)]);
    let connect = json!({"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}});
    let gateway = start(&template(&connect, &authorizer(&given["identity_source"])), &settings(&functions));
    let query = given["handshake_query"].as_str().unwrap_or_default();
    let status = match Client::connect(gateway.address, &format!("/prod?{query}"), &[]) {
        Ok(_) => 101,
        Err(answer) => answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(),
    };
    check(expected["handshake"] == status, || format!("{status}, expected {}", expected["handshake"]))?;
    let called = !functions.take_received().is_empty();
    check(expected["authorizer_called"].as_bool().is_none_or(|wanted| wanted == called), || format!("called: {called}"))
}
