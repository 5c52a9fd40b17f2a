//! The tables of outcomes, row by row.

use gateway::{Answer, Headers, Metric, Property, ResponseType, Step};
use serde_json::{Value, json};

use crate::support::{Envoy, answer, api, ask, called, outcome, policy, result, send, shown, worker};

const PETS: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets/*";
const TOKEN: [(&str, &str); 1] = [("Authorization", "Bearer t")];

#[track_caller]
fn check(form: &str, changes: Value, answer: Answer, status: u16, body: &str, kind: Option<ResponseType>) {
    let envoy = Envoy::new();
    let host = envoy.request("GET /pets/{id}", "/test/pets/42", &TOKEN);
    let reply = ask(&worker(&api(form, changes)), &host, answer);
    assert_eq!(shown(&reply), (status, body.to_owned()), "{:?}", host.logs.borrow());
    let error = reply.as_ref().and_then(|reply| reply.error.as_ref());
    assert_eq!(error.and_then(|error| error.response_type), kind);
    let expected = match status {
        0 => Metric::Allowed,
        500 => Metric::Error,
        _ => Metric::Denied,
    };
    assert_eq!(*host.metrics.borrow(), [expected]);
}

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const NULL: &str = r#"{"message":null}"#;
const IMPLICIT: &str = r#"{"Message":"User is not authorized to access this resource"}"#;
const EXPLICIT: &str = r#"{"Message":"User is not authorized to access this resource with an explicit deny"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const INTERNAL: &str = r#"{"message":"Internal Server Error"}"#;

fn function_error(message: &str) -> Answer {
    let body = json!({"errorMessage": message, "errorType": "Exception", "stackTrace": []}).to_string();
    answer("200", &[("x-amz-function-error", "Unhandled")], &body)
}

fn made_up(status: &str) -> Answer {
    Answer::Response { headers: Headers::from_pairs(&[(":status", status)]), body: b"x".to_vec() }
}

#[test]
fn rest_apis() {
    use ResponseType::{AccessDenied, AuthorizerConfigurationError, AuthorizerFailure, Unauthorized};
    for form in ["token", "request"] {
        let row = |answer, status, body, kind| check(form, json!({}), answer, status, body, kind);
        row(result(policy("Allow", PETS)), 0, "", None);
        row(result(policy("Deny", PETS)), 403, EXPLICIT, Some(AccessDenied));
        row(result(policy("Allow", "arn:aws:execute-api:*:*:abc/test/POST/*")), 403, IMPLICIT, Some(AccessDenied));
        row(function_error("Unauthorized"), 401, UNAUTHORIZED, Some(Unauthorized));
        row(function_error("unauthorized"), 500, NULL, Some(AuthorizerFailure));
        row(function_error("Error: Unauthorized"), 500, NULL, Some(AuthorizerFailure));
        row(made_up("504"), 500, NULL, Some(AuthorizerFailure));
        row(made_up("503"), 500, NULL, Some(AuthorizerConfigurationError));
        row(Answer::Failed, 500, NULL, Some(AuthorizerConfigurationError));
        row(answer("404", &[], "{}"), 500, NULL, Some(AuthorizerConfigurationError));
        row(result(json!("Unauthorized")), 500, NULL, Some(AuthorizerConfigurationError));
        row(result(json!({"isAuthorized": true})), 500, NULL, Some(AuthorizerConfigurationError));
        let mut listed = policy("Allow", "*");
        listed["context"] = json!({"a": ["x"]});
        row(result(listed), 500, NULL, Some(AuthorizerConfigurationError));
        let mut nobody = policy("Allow", "*");
        nobody["principalId"] = json!("");
        row(result(nobody), 500, NULL, Some(AuthorizerConfigurationError));
        row(answer("200", &[], r#"{"principalId": "u", "policyDoc"#), 500, NULL, Some(AuthorizerConfigurationError));
    }
}

#[test]
fn http_apis() {
    for form in ["httpV1", "httpV2"] {
        let row = |answer, status, body| check(form, json!({}), answer, status, body, None);
        row(result(policy("Allow", PETS)), 0, "");
        row(result(policy("Deny", PETS)), 403, FORBIDDEN);
        row(result(policy("Allow", "arn:aws:execute-api:*:*:abc/test/POST/*")), 403, FORBIDDEN);
        row(function_error("Unauthorized"), 401, UNAUTHORIZED);
        row(function_error("x"), 500, INTERNAL);
        row(made_up("504"), 500, INTERNAL);
        row(result(json!({"isAuthorized": true})), 500, INTERNAL);
    }
    let row = |answer, status, body| check("httpV2Simple", json!({}), answer, status, body, None);
    row(result(json!({"isAuthorized": true, "context": {"list": ["a"]}})), 0, "");
    row(result(json!({"isAuthorized": "true"})), 0, "");
    row(result(json!({"isAuthorized": false})), 403, FORBIDDEN);
    row(result(json!({"isAuthorized": null})), 500, INTERNAL);
    row(result(json!({"isAuthorized": 1})), 500, INTERNAL);
    row(result(policy("Allow", "*")), 500, INTERNAL);
}

#[test]
fn plain_services() {
    use ResponseType::{AccessDenied, AuthorizerConfigurationError, AuthorizerFailure, Unauthorized};
    let target = json!({"target": {"http": "/authorize?v=1"}});
    let row = |answer, status, body, kind| check("request", target.clone(), answer, status, body, kind);
    row(result(policy("Allow", "*")), 0, "", None);
    row(answer("401", &[], ""), 401, UNAUTHORIZED, Some(Unauthorized));
    row(answer("403", &[], ""), 403, EXPLICIT, Some(AccessDenied));
    row(answer("500", &[], ""), 500, NULL, Some(AuthorizerFailure));
    row(answer("302", &[], ""), 500, NULL, Some(AuthorizerFailure));
    row(answer("200", &[], "ok"), 500, NULL, Some(AuthorizerConfigurationError));
    // An error's shape means nothing where nobody speaks the Invoke API.
    row(
        result(json!({"errorMessage": "Unauthorized", "errorType": "E"})),
        500,
        NULL,
        Some(AuthorizerConfigurationError),
    );
}

/// Requests that are refused without a call.
#[test]
fn before_the_call() {
    let envoy = Envoy::new();
    let refused = |configuration: &Value, target: &str, headers: &[(&str, &str)]| {
        let host = envoy.request("GET /pets/{id}", target, headers);
        match send(&worker(configuration), &host).1 {
            Step::Callout(_) => (0, String::new()),
            step => shown(&outcome(step)),
        }
    };
    let unauthorized = (401, UNAUTHORIZED.to_owned());
    let token = api("token", json!({"identityValidationExpression": "^Bearer [-0-9a-zA-Z._]*$"}));
    assert_eq!(refused(&token, "/test/pets/42", &[]), unauthorized);
    assert_eq!(refused(&token, "/test/pets/42", &[("Authorization", "")]), unauthorized);
    assert_eq!(refused(&token, "/test/pets/42", &[("Authorization", "Basic x")]), unauthorized);
    assert_eq!(refused(&token, "/test/pets/42", &[("AUTHORIZATION", "Bearer x")]).0, 0);
    let sources = ["method.request.header.A", "method.request.querystring.q", "stageVariables.s", "context.stage"];
    for ttl in [0, 300] {
        let request = api("request", json!({"identitySource": sources, "authorizerResultTtlInSeconds": ttl}));
        assert_eq!(refused(&request, "/test/pets/42?q=", &[("A", "1")]), unauthorized);
        assert_eq!(refused(&request, "/test/pets/42?Q=1", &[("A", "1")]), unauthorized);
        assert_eq!(refused(&request, "/test/pets/42?q=1", &[]), unauthorized);
        assert_eq!(refused(&request, "/test/pets/42?q=1", &[("a", "1")]).0, 0);
    }
    let missing = api("request", json!({"identitySource": ["stageVariables.none"]}));
    assert_eq!(refused(&missing, "/test/pets/42", &[]), unauthorized);
    let none = api("request", json!({"identitySource": [], "authorizerResultTtlInSeconds": 0}));
    assert_eq!(refused(&none, "/test/pets/42", &[]).0, 0);
    // An empty value counts on HTTP APIs.
    let http = api("httpV2", json!({}));
    assert_eq!(refused(&http, "/test/pets/42", &[]), unauthorized);
    assert_eq!(refused(&http, "/test/pets/42", &[("Authorization", "")]).0, 0);
    let long = format!("/test/pets/{}", "a".repeat(1600));
    assert_eq!(
        refused(&token, &long, &[("Authorization", "Bearer x")]),
        (414, r#"{"message":"Request URI too long"}"#.to_owned())
    );
}

#[test]
fn routes_without_an_authorizer() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({}))));
    let open = envoy.request("GET /open", "/test/open", &[]);
    assert!(matches!(send(&worker, &open).1, Step::Continue));
    let unknown = envoy.request("GET /other", "/test/other", &TOKEN);
    assert_eq!(shown(&outcome(send(&worker, &unknown).1)), (500, NULL.to_owned()));
}

/// The context is there for refusals too, and nothing in it replaces the principal.
#[test]
fn what_later_filters_see() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({"authorizerResultTtlInSeconds": 0}))));
    let mut document = policy("Deny", "*");
    document["context"] = json!({"tenant": "acme", "level": 7, "principalId": "other"});
    document["usageIdentifierKey"] = json!("key-value");
    let host = envoy.request("GET /pets/{id}", "/test/pets/42", &TOKEN);
    assert_eq!(ask(&worker, &host, result(document.clone())).map(|reply| reply.status), Some(403));
    let said = r#"{"principalId":"u1","tenant":"acme","level":7,"integrationLatency":0}"#;
    assert_eq!(host.property_text(Property::Authorizer).as_deref(), Some(said));
    assert!(host.property_text(Property::UsageIdentifierKey).is_none());

    document["policyDocument"]["Statement"][0]["Effect"] = json!("Allow");
    let host = envoy.request("GET /pets/{id}", "/test/pets/42", &TOKEN);
    let (mut stream, step) = send(&worker, &host);
    called(step);
    envoy.now.set(envoy.now.get() + 12);
    assert!(outcome(gateway::Stream::on_callout(&mut stream, &host, result(document))).is_none());
    assert!(host.property_text(Property::Authorizer).unwrap_or_default().ends_with("\"integrationLatency\":12}"));
    assert_eq!(host.property_text(Property::UsageIdentifierKey).as_deref(), Some("key-value"));
}

#[test]
fn wording() {
    let envoy = Envoy::new();
    let mut configuration = api("token", json!({}));
    configuration["denyMessages"] = json!("current");
    let worker = worker(&configuration);
    for (effect, expected) in [
        ("Deny", "with an explicit deny in an identity-based policy\"}"),
        ("Allow", "because no identity-based policy allows the execute-api:Invoke action\"}"),
    ] {
        let host = envoy.request("GET /pets/{id}", "/test/pets/42", &[("Authorization", effect)]);
        let resource = if effect == "Deny" { "*" } else { "arn:aws:execute-api:*:*:other/*" };
        let (_, body) = shown(&ask(&worker, &host, result(policy(effect, resource))));
        assert!(body.starts_with(r#"{"Message":"User is not authorized"#) && body.ends_with(expected), "{body}");
    }
}

/// A slash at the end reaches the same method, so it does not get around a statement that denies the method.
#[test]
fn a_slash_at_the_end_is_denied_as_well() {
    let (envoy, worker) = (Envoy::new(), worker(&api("token", json!({"authorizerResultTtlInSeconds": 0}))));
    let deny = json!({"Action": "*", "Effect": "Deny", "Resource": "arn:aws:execute-api:*:*:abc/test/POST/pets"});
    let allow = json!({"Action": "*", "Effect": "Allow", "Resource": "*"});
    let document = json!({"principalId": "u", "policyDocument": {"Statement": [allow, deny]}});
    for (target, expected) in [("/test/pets", 403), ("/test/pets/", 403), ("//test//pets", 403), ("/test/pets//", 403)]
    {
        let host = envoy.request("POST /pets", target, &TOKEN);
        assert_eq!(shown(&ask(&worker, &host, result(document.clone()))).0, expected, "{target}");
    }
    let root = json!({"principalId": "u", "policyDocument": {"Statement": [
        {"Action": "*", "Effect": "Allow", "Resource": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/"}]}});
    let host = envoy.request("GET /", "/test", &TOKEN);
    assert!(ask(&worker, &host, result(root)).is_none());
}

/// Table A with the function's policy on the left, and phase 1 before the call.
#[test]
fn together_with_a_resource_policy() {
    let envoy = Envoy::new();
    let statement =
        |effect: &str, resource: &str| json!({"Principal": "*", "Action": "*", "Effect": effect, "Resource": resource});
    let mut configuration = api("token", json!({"authorizerResultTtlInSeconds": 0}));
    configuration["resourcePolicy"] = json!({"Statement": [statement("Allow", "execute-api:/test/GET/*"), statement("Deny", "execute-api:/test/POST/*")]});
    let worker = worker(&configuration);
    let host = envoy.request("POST /pets", "/test/pets", &TOKEN);
    let denied = r#"{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:abc/test/POST/pets with an explicit deny"}"#;
    assert_eq!(shown(&outcome(send(&worker, &host).1)), (403, denied.to_owned()));
    let other = "arn:aws:execute-api:*:*:other/*";
    for (document, expected) in [(policy("Allow", "*"), 0), (policy("Allow", other), 0), (policy("Deny", "*"), 403)] {
        let host = envoy.request("GET /pets/{id}", "/test/pets/1", &TOKEN);
        assert_eq!(shown(&ask(&worker, &host, result(document))).0, expected);
    }
}

#[test]
fn calls() {
    let envoy = Envoy::new();
    let host = envoy.request("GET /pets/{id}", "/test/pets/42", &TOKEN);
    let call = called(send(&worker(&api("token", json!({}))), &host).1);
    let header =
        |name: &str| call.headers.iter().find(|(n, _)| n == name).map(|(_, v)| String::from_utf8_lossy(v).into_owned());
    assert_eq!(call.cluster, "lambda");
    assert_eq!(call.timeout.as_secs(), 30);
    assert_eq!(header(":path").as_deref(), Some("/2015-03-31/functions/auth/invocations"));
    assert_eq!(header(":method").as_deref(), Some("POST"));
    assert_eq!(header("x-amz-invocation-type").as_deref(), Some("RequestResponse"));
    assert_eq!(header("x-amz-log-type").as_deref(), Some("None"));
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert_eq!(header("authorization"), None);

    let signing = json!({
        "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "secret", "region": "us-east-1", "service": "lambda",
    });
    let endpoint = json!({"cluster": "lambda", "authority": "lambda.us-east-1.amazonaws.com", "signing": signing});
    let call = called(send(&worker(&api("httpV2", json!({"endpoint": endpoint}))), &host).1);
    assert_eq!(call.timeout.as_secs(), 10);
    let signed = call.headers.iter().find(|(name, _)| name == "authorization");
    let signed = signed.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default();
    let start = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240924/us-east-1/lambda/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type;x-amz-log-type, Signature=";
    assert!(signed.starts_with(start), "{signed}");
    assert!(!format!("{:?}", worker(&api("httpV2", json!({})))).contains("secret"));
}

#[test]
fn configurations_that_are_refused() {
    for (form, changes, expected) in [
        ("token", json!({"identitySource": []}), "identitySource: an authorizer of type TOKEN"),
        ("token", json!({"identitySource": ["$request.header.A"]}), "identitySource[0]: found"),
        ("request", json!({"identityValidationExpression": "x"}), "identityValidationExpression: is for"),
        ("token", json!({"identityValidationExpression": "("}), "authorizers.a.identityValidationExpression"),
        ("request", json!({"identitySource": [], "authorizerResultTtlInSeconds": 1}), "cannot be kept"),
        ("token", json!({"authorizerResultTtlInSeconds": 3601}), "3601 is too long"),
        ("token", json!({"endpoint": {"cluster": "", "authority": "a"}}), "endpoint.cluster"),
        ("token", json!({"endpoint": {"cluster": "c", "authority": "a/b"}}), "endpoint.authority"),
        ("token", json!({"target": {"http": "no/path"}}), "target.http"),
        ("token", json!({"type": "TOKEN"}), "unknown field `type`"),
    ] {
        let text = serde_json::to_vec(&api(form, changes)).unwrap_or_default();
        let configured =
            gateway::parse(&text).and_then(<custom_authorizer::CustomAuthorizer as gateway::Filter>::configure);
        let error = configured.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(error.contains(expected), "{error}");
    }
    let mut unknown = api("token", json!({}));
    unknown["routes"]["GET /"]["authorizer"] = json!("b");
    let text = serde_json::to_vec(&unknown).unwrap_or_default();
    let configured =
        gateway::parse(&text).and_then(<custom_authorizer::CustomAuthorizer as gateway::Filter>::configure);
    assert!(configured.is_err_and(|error| error.to_string() == "routes.GET /.authorizer: there is no authorizer `b`"));
}
