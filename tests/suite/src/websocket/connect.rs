//! Who may connect, and who may call `@connections`.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::{Client, Received};
use super::{check, count, start};
use crate::backend::{Backend, Behaviour, Function};
use crate::client::{self, Request};
use crate::gateway::Gateway;
use crate::own::Sign;
use crate::tally::Tally;

const AREA: &str = "websocket/connect";
const KEY: &str = "AKIDEXAMPLE";
const API_KEY: &str = "0123456789abcdefghij";

type Case = fn() -> Result<(), String>;

/// Runs all cases.
pub fn run(tally: &mut Tally) {
    let cases: [(&str, Case); 7] = [
        ("a Lambda authorizer", lambda_authorizer),
        ("what is no upgrade is asked about nowhere", no_upgrade),
        ("signed handshakes", signed_handshakes),
        ("signed calls of @connections", signed_calls),
        ("API keys", api_keys),
        ("required parameters, and a limit of handshakes", required_and_limited),
        ("a function's answer to a handshake", connect_function),
    ];
    for (name, case) in cases {
        count(tally, AREA, name, case(), String::new);
    }
}

/// A template with a `$connect` route of these properties, a mock that tells what is known of the connection, and more
/// resources.
pub fn template(connect: &Value, more: &Value) -> String {
    let mut resources = json!({
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {
            "Name": "api", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action",
        }},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "prod"}},
        "Connect": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "$connect"}},
        "Who": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {
            "ApiId": {"Ref": "Api"}, "RouteKey": "who", "RouteResponseSelectionExpression": "$default",
            "Target": {"Fn::Sub": "integrations/${Mock}"},
        }},
        "Mock": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "ApiId": {"Ref": "Api"}, "IntegrationType": "MOCK", "RequestTemplates": {"$default": "{\"statusCode\": 200}"},
        }},
        "MockResponse": {"Type": "AWS::ApiGatewayV2::IntegrationResponse", "Properties": {
            "ApiId": {"Ref": "Api"}, "IntegrationId": {"Ref": "Mock"}, "IntegrationResponseKey": "$default",
            "ResponseTemplates": {"$default":
                "$context.connectionId $context.authorizer.principalId $context.authorizer.level $context.identity.userArn \
                 $context.identity.apiKeyId"},
        }},
    });
    let route = resources["Connect"]["Properties"].as_object_mut().expect("properties");
    route.extend(connect.as_object().cloned().unwrap_or_default());
    resources.as_object_mut().expect("resources").extend(more.as_object().cloned().unwrap_or_default());
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}).to_string()
}

/// An authorizer, whose function is `authorizer`, with these identity sources.
pub fn authorizer(sources: &Value) -> Value {
    json!({"Authorizer": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {
        "ApiId": {"Ref": "Api"}, "Name": "a", "AuthorizerType": "REQUEST", "IdentitySource": sources,
        "AuthorizerUri": uri("authorizer"),
    }}})
}

/// A route's integration with a function.
pub fn integration(function: &str) -> Value {
    json!({"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
        "ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": uri(function),
    }})
}

fn uri(function: &str) -> String {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

/// Settings with these functions.
pub fn settings(functions: &Backend) -> Value {
    json!({
        "apiId": "websocket", "accountId": "123456789012", "connections": {"authorization": "NONE"},
        "endpoints": {"functions": {"*": functions.url()}},
    })
}

pub fn functions(functions: &[(&str, Function)]) -> Backend {
    let functions = functions.iter().map(|(name, function)| ((*name).to_owned(), function.clone()));
    Backend::start(&Behaviour::Lambda(functions.collect()))
}

/// Status and body of a handshake that is refused.
fn refused(gateway: &Gateway, target: &str, headers: &[(&str, &str)]) -> Result<(u16, String), String> {
    match Client::connect(gateway.address, target, headers) {
        Ok(_) => Err(format!("{target} was accepted")),
        Err(answer) => {
            let status =
                answer.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| answer.clone())?;
            Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
        }
    }
}

/// What the connection is known as.
fn who(client: &mut Client) -> Result<String, String> {
    client.text(r#"{"action": "who"}"#);
    match client.next() {
        Received::Text(text) => String::from_utf8(text).map_err(|error| error.to_string()),
        other => Err(format!("{other:?}")),
    }
}

fn is_own(body: &str, message: &str) -> bool {
    body.starts_with(&format!("{{\"message\": \"{message}\", \"connectionId\":\""))
        && body.contains("\", \"requestId\":\"")
}

fn policy(effect: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource},
    ]})
}

fn lambda_authorizer() -> Result<(), String> {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:websocket/prod/$connect";
    let allow =
        json!({"principalId": 7, "policyDocument": policy("Allow", arn), "context": {"level": 3, "none": null}});
    let functions = functions(&[("authorizer", Function::Returns(allow))]);
    let connect = json!({"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}});
    let more = authorizer(&json!(["route.request.querystring.token", "route.request.header.X-Room"]));
    let gateway = start(&template(&connect, &more), &settings(&functions));
    let room = [("x-room", "lobby")];
    let (status, body) = refused(&gateway, "/prod?token=", &room)?;
    check(status == 401 && is_own(&body, "Unauthorized"), || format!("{status} {body}"))?;
    check(functions.take_received().is_empty(), || "the function was called".to_owned())?;
    let mut client = Client::connect(gateway.address, "/prod?token=t", &room)?;
    let known = who(&mut client)?;
    check(known.split(' ').skip(1).take(2).eq(["7", "3"]), || known.clone())?;
    let received = functions.take_received();
    let event: Value = serde_json::from_slice(&received.first().ok_or("no call")?.body).map_err(|e| e.to_string())?;
    check(event["type"] == "REQUEST" && event["methodArn"] == arn, || event.to_string())?;
    check(event["queryStringParameters"] == json!({"token": "t"}), || event.to_string())?;
    check(event["headers"]["Upgrade"] == "websocket" && event["headers"]["x-room"] == "lobby", || event.to_string())?;
    let context = &event["requestContext"];
    check(known.starts_with(context["connectionId"].as_str().unwrap_or("-")), || format!("{known} {context}"))?;
    check(context["eventType"] == "CONNECT" && context["routeKey"] == "$connect", || context.to_string())?;
    check(context["requestId"] == context["extendedRequestId"] && context["connectedAt"].is_u64(), || {
        context.to_string()
    })?;
    // Each handshake asks anew.
    let _again = Client::connect(gateway.address, "/prod?token=t", &room)?;
    check(functions.take_received().len() == 1, || "the answer was kept".to_owned())?;
    for (function, status, message) in [
        (
            json!({"principalId": "u", "policyDocument": policy("Deny", arn)}),
            403,
            "User is not authorized to access this resource with an explicit deny",
        ),
        // One segment follows the stage, not two.
        (
            json!({"principalId": "u", "policyDocument": policy("Allow", "arn:aws:execute-api:*:*:*/prod/*/*")}),
            403,
            "User is not authorized to access this resource",
        ),
        (json!({"policyDocument": 1}), 500, ""),
    ] {
        functions.stub.give(Some(crate::backend::Answer::json(200, &function)));
        let (found, body) = refused(&gateway, "/prod?token=t", &room)?;
        check(found == status && is_own(&body, message), || format!("{function}: {found} {body}"))?;
    }
    let failed = json!({"errorMessage": "Unauthorized", "errorType": "Error"});
    functions.stub.give(Some(crate::backend::Answer::json(200, &failed).header("X-Amz-Function-Error", "Unhandled")));
    let (found, body) = refused(&gateway, "/prod?token=t", &room)?;
    check(found == 401 && is_own(&body, "Unauthorized"), || format!("{found} {body}"))
}

fn no_upgrade() -> Result<(), String> {
    let functions = functions(&[("authorizer", Function::Returns(json!({})))]);
    let connect = json!({"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}});
    let more = authorizer(&json!(["route.request.querystring.token"]));
    let gateway = start(&template(&connect, &more), &settings(&functions));
    for target in ["/prod", "/prod/", "/prod?token=t"] {
        let answer = client::send(gateway.address, &Request::new("GET", target)).map_err(|error| error.to_string())?;
        check(answer.status == 403 && answer.text() == r#"{"message":"Forbidden"}"#, || {
            format!("{target}: {} {}", answer.status, answer.text())
        })?;
    }
    check(functions.take_received().is_empty(), || "the function was called".to_owned())
}

/// Settings in which one user may do what `actions` say.
pub fn with_signer(functions: &Backend, action: &str, resource: &str) -> Value {
    let mut settings = settings(functions);
    settings["credentials"] = json!([{
        "accessKeyId": KEY, "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "principalArn": "arn:aws:iam::123456789012:user/alice",
        "policies": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}],
    }]);
    settings
}

/// Signs a request as the user of [`with_signer`].
pub fn sign_request(request: &mut Request, address: SocketAddr) {
    sign(None).sign(request, address, now());
}

fn sign(expires: Option<u64>) -> Sign {
    let mut sign = json!({"accessKeyId": KEY});
    if let Some(expires) = expires {
        sign["expires"] = json!(expires);
    }
    serde_json::from_value(sign).expect("a signature")
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs()
}

/// A handshake, signed in its headers or in the URL.
fn connect_signed(address: SocketAddr, expires: Option<u64>) -> Result<Client, String> {
    let mut request = Request::new("GET", "/prod?room=1").header("Host", "api.example");
    sign(expires).sign(&mut request, address, now());
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| name != "Host")
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Client::connect(address, &target, &headers)
}

fn signed_handshakes() -> Result<(), String> {
    let functions = functions(&[]);
    let arn = "arn:aws:execute-api:us-east-1:123456789012:websocket/prod/$connect";
    let template = template(&json!({"AuthorizationType": "AWS_IAM"}), &json!({}));
    let gateway = start(&template, &with_signer(&functions, "execute-api:Invoke", arn));
    let (status, body) = refused(&gateway, "/prod", &[])?;
    check(status == 403 && body == r#"{"message":"Missing Authentication Token"}"#, || format!("{status} {body}"))?;
    for expires in [None, Some(300)] {
        let known = who(&mut connect_signed(gateway.address, expires)?)?;
        check(known.contains(" arn:aws:iam::123456789012:user/alice "), || known.clone())?;
    }
    let other =
        start(&template, &with_signer(&functions, "execute-api:Invoke", "arn:aws:execute-api:*:*:*/prod/GET/*"));
    match connect_signed(other.address, Some(300)) {
        Ok(_) => Err("a caller without permission was accepted".to_owned()),
        Err(answer) => {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            check(answer.starts_with("HTTP/1.1 403 ") && is_own(body, "Forbidden"), || answer.clone())
        }
    }
}

fn signed_calls() -> Result<(), String> {
    let functions = functions(&[]);
    let mut settings = with_signer(
        &functions,
        "execute-api:ManageConnections",
        "arn:aws:execute-api:us-east-1:123456789012:websocket/prod/POST/@connections/*",
    );
    settings.as_object_mut().expect("settings").remove("connections");
    let gateway = start(&template(&json!({}), &json!({})), &settings);
    let mut client = Client::connect(gateway.address, "/prod", &[])?;
    let known = who(&mut client)?;
    let id = known.split(' ').next().unwrap_or_default();
    let call = |method: &str, signed: bool| {
        let mut request = Request::new(method, &format!("/prod/@connections/{id}"));
        request.body = (method == "POST").then(|| b"pushed".to_vec());
        if signed {
            sign(None).sign(&mut request, gateway.address, now());
        }
        client::send(gateway.address, &request).map_err(|error| error.to_string())
    };
    let unsigned = call("POST", false)?;
    check(unsigned.status == 403 && unsigned.text() == r#"{"message":"Missing Authentication Token"}"#, || {
        format!("{} {}", unsigned.status, unsigned.text())
    })?;
    let pushed = call("POST", true)?;
    check(pushed.status == 200, || format!("{} {}", pushed.status, pushed.text()))?;
    check(client.next() == Received::Text(b"pushed".to_vec()), || "no push".to_owned())?;
    let denied = call("DELETE", true)?;
    let message = r#"{"Message":"User: arn:aws:iam::123456789012:user/alice is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:us-east-1:********9012:websocket/prod/DELETE/@connections/{connectionId}"}"#;
    check(denied.status == 403 && denied.text() == message, || format!("{} {}", denied.status, denied.text()))
}

fn api_keys() -> Result<(), String> {
    let functions = functions(&[]);
    let mut settings = settings(&functions);
    settings["apiKeys"] = json!([{"id": "k1", "name": "acme", "value": API_KEY, "enabled": true}]);
    settings["usagePlans"] =
        json!([{"id": "p1", "apiStages": [{"apiId": "websocket", "stage": "prod"}], "keyIds": ["k1"]}]);
    let gateway = start(&template(&json!({"ApiKeyRequired": true}), &json!({})), &settings);
    for headers in [&[][..], &[("x-api-key", "another-key-of-length")][..]] {
        let (status, body) = refused(&gateway, "/prod", headers)?;
        check(status == 403 && is_own(&body, "Forbidden"), || format!("{status} {body}"))?;
    }
    let known = who(&mut Client::connect(gateway.address, "/prod", &[("X-Api-Key", API_KEY)])?)?;
    check(known.ends_with(" k1"), || known.clone())
}

fn required_and_limited() -> Result<(), String> {
    let functions = functions(&[]);
    let connect = json!({"RequestParameters": {"route.request.querystring.room": {"Required": true}}});
    let mut settings = settings(&functions);
    settings["stage"] =
        json!({"routeSettings": {"$connect": {"throttlingRateLimit": 0.001, "throttlingBurstLimit": 2}}});
    let gateway = start(&template(&connect, &json!({})), &settings);
    let (status, body) = refused(&gateway, "/prod", &[])?;
    let missing = "Missing required request parameters: [room]";
    check(status == 400 && is_own(&body, missing), || format!("{status} {body}"))?;
    let _client = Client::connect(gateway.address, "/prod?room=1", &[])?;
    let (status, body) = refused(&gateway, "/prod?room=1", &[])?;
    check(status == 429 && is_own(&body, "Too Many Requests"), || format!("{status} {body}"))
}

fn connect_function() -> Result<(), String> {
    let accepts = Function::Returns(json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat"}}));
    let functions = functions(&[("connect", accepts)]);
    let connect = json!({"Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Join"}]]}});
    let gateway = start(&template(&connect, &json!({"Join": integration("connect")})), &settings(&functions));
    let client = Client::connect(gateway.address, "/prod/", &[("Sec-WebSocket-Protocol", "chat, other")])?;
    check(client.head.to_ascii_lowercase().contains("\r\nsec-websocket-protocol: chat\r\n"), || client.head.clone())?;
    let received = functions.take_received();
    let event: Value = serde_json::from_slice(&received.first().ok_or("no call")?.body).map_err(|e| e.to_string())?;
    check(event["headers"]["Sec-WebSocket-Protocol"] == "chat, other", || event.to_string())?;
    check(event["requestContext"]["eventType"] == "CONNECT", || event.to_string())?;
    functions.stub.give(Some(crate::backend::Answer::json(200, &json!({"statusCode": 401, "body": "go away"}))));
    let (status, body) = refused(&gateway, "/prod", &[])?;
    check(status == 401 && body == "go away", || format!("{status} {body}"))
}
