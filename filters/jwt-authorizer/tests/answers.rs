//! What clients and backends see.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod support;

use std::rc::Rc;

use gateway::{Filter, Metric, Reply, Step};
use jwt_authorizer::JwtAuthorizer;
use serde_json::{Value, json};
use support::{
    ISSUER, NOW, TestHost, authorizer, claims, filter, key_set, reply, request, send, status, token, worker,
};

fn http() -> Rc<JwtAuthorizer> {
    filter(&json!({
        "issuers": {ISSUER: {"keys": {"inline": key_set(&["first"])}}},
        "authorizers": {
            "header": {
                "identitySource": "$request.header.Authorization",
                "jwt": {"issuers": [{"issuer": ISSUER, "audience": ["client"]}]},
            },
            "query": {
                "identitySource": "$request.querystring.Token",
                "jwt": {"issuers": [{"issuer": ISSUER, "audience": ["client"]}], "clockSkewSeconds": 60},
            },
        },
        "routes": {
            "GET /": {"authorizer": "header"},
            "GET /scopes": {"authorizer": "header", "authorizationScopes": ["write", "x"]},
            "GET /query": {"authorizer": "query"},
            "GET /open": {},
        },
    }))
}

fn cognito(more: &Value) -> Rc<JwtAuthorizer> {
    let mut pools = json!({"issuers": [ISSUER]});
    for (name, value) in more.as_object().unwrap() {
        pools[name] = value.clone();
    }
    filter(&json!({
        "protocolType": "REST",
        "api": {"apiId": "abc", "stage": "prod", "accountId": "123456789012", "region": "us-east-1", "basePath": "/prod"},
        "issuers": {ISSUER: {"keys": {"inline": key_set(&["first"])}}},
        "authorizers": {"a": {"identitySource": "method.request.header.Authorization", "cognitoUserPools": pools}},
        "routes": {"GET /": {"authorizer": "a"}, "GET /scopes": {"authorizer": "a", "authorizationScopes": ["write"]}},
    }))
}

fn bearer(host: &TestHost, route: &str, claims: Value) {
    request(host, route, &[("authorization", format!("Bearer {}", token("first", &claims)).as_bytes())]);
}

fn check(reply: &Reply, status: u16, body: &str, challenge: Option<&str>) {
    assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).as_ref()), (status, body));
    let header = |name| reply.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
    assert_eq!(header("www-authenticate").as_deref(), challenge);
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
}

const UNAUTHORIZED: &str = "{\"message\":\"Unauthorized\"}";

#[test]
fn http_refusals() {
    let (filter, host) = (http(), worker());
    request(&host, "GET /", &[]);
    check(&reply(&filter, &host), 401, UNAUTHORIZED, Some("Bearer"));
    let invalid =
        |description: &str| format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{description}\"");
    for (value, description) in [
        (&b"x"[..], "token contains an invalid number of segments"),
        (b"", "token contains an invalid number of segments"),
        (b"Basic dXNlcjpwYXNz", "token contains an invalid number of segments"),
        (b"\xff\xfe.\xff.\xff", "token is malformed"),
        (b"e30.e30.x", "token is malformed"),
        (b"e30.e30.", "signing method is invalid"),
        (b"eyJhbGciOiJIUzI1NiJ9.e30.", "signing method HS256 is invalid"),
        (b"eyJhbGciOiJFUzI1NiJ9.e30.", "signing method ES256 is invalid"),
        (b"eyJhbGciOiJSUzI1NiJ9.e30.", "unable to find a signing key that matches the token"),
    ] {
        request(&host, "GET /", &[("authorization", value)]);
        check(&reply(&filter, &host), 401, UNAUTHORIZED, Some(&invalid(description)));
        assert_eq!(authorizer(&host), json!({"error": format!("invalid_token: {description}")}));
    }
    for (more, description) in [
        (json!({"iss": "https://issuer.example/pool/"}), "the token does not have a valid issuer"),
        (json!({"aud": "other", "client_id": "client"}), "the token does not have a valid audience"),
        (json!({"exp": NOW / 1000}), "the token has expired"),
        (json!({"nbf": NOW / 1000 + 1}), "the token is not valid yet"),
        (json!({"iat": NOW / 1000 + 1}), "the token was used before it was issued"),
    ] {
        bearer(&host, "GET /", claims(more));
        check(&reply(&filter, &host), 401, UNAUTHORIZED, Some(&invalid(description)));
    }
    let mut forged = token("first", &claims(json!({})));
    let last = forged.pop().unwrap();
    forged.insert(forged.rfind('.').unwrap() + 1, last);
    request(&host, "GET /", &[("authorization", forged.as_bytes())]);
    assert_eq!(reply(&filter, &host).status, 401);
    assert!(host.metrics.borrow().iter().all(|metric| *metric == Metric::Denied));
}

#[test]
fn http_scopes() {
    let (filter, host) = (http(), worker());
    bearer(&host, "GET /scopes", claims(json!({"scope": "read"})));
    let challenge = "Bearer scope=\"write x\" error=\"insufficient_scope\" error_description=\"the token does not have \
                     a required scope\"";
    check(&reply(&filter, &host), 403, "{\"message\":\"Forbidden\"}", Some(challenge));
    // An expired token is refused as such first.
    bearer(&host, "GET /scopes", claims(json!({"exp": 1})));
    assert_eq!(reply(&filter, &host).status, 401);
    bearer(&host, "GET /scopes", claims(json!({"scp": ["read", "write"]})));
    assert_eq!(status(&filter, &host), 200);
    assert_eq!(authorizer(&host)["scopes"], json!(["read", "write"]));
}

/// The specification's example.
#[test]
fn http_claims() {
    let (filter, host) = (http(), worker());
    let more = json!({
        "aud": ["client", "api2"], "iat": 1_714_000_000, "admin": true, "groups": ["dev", "ops"], "nick": null,
        "scope": "read write",
    });
    let expected = json!({
        "admin": "true", "aud": "[client api2]", "exp": "1750003600", "groups": "[dev ops]", "iat": "1714000000",
        "iss": ISSUER, "scope": "read write", "sub": "u1",
    });
    // Once verified, once remembered.
    for _ in 0..2 {
        bearer(&host, "GET /", claims(more.clone()));
        assert_eq!(status(&filter, &host), 200);
        assert_eq!(authorizer(&host), json!({"claims": expected, "scopes": null}));
        bearer(&host, "GET /scopes", claims(more.clone()));
        assert_eq!(status(&filter, &host), 200);
        assert_eq!(authorizer(&host), json!({"claims": expected, "scopes": ["read", "write"]}));
    }
}

#[test]
fn a_remembered_token_is_checked_for_each_route_and_expires() {
    let (filter, host) = (http(), worker());
    bearer(&host, "GET /", claims(json!({"scope": "read"})));
    assert_eq!(status(&filter, &host), 200);
    host.route("GET /scopes");
    assert_eq!(status(&filter, &host), 403);
    host.route("GET /");
    host.pass_seconds(3599);
    assert_eq!(status(&filter, &host), 200);
    host.pass_seconds(1);
    assert_eq!(status(&filter, &host), 401);
}

#[test]
fn a_query_parameter() {
    let (filter, host) = (http(), worker());
    let token = token("first", &claims(json!({"exp": NOW / 1000 - 30})));
    for (path, expected) in [
        (format!("/query?Token={token}"), 200),
        (format!("/query?Token=Bearer%20{token}"), 200),
        (format!("/query?Token=Bearer+{token}"), 200),
        (format!("/query?Token=x&Token={token}"), 200),
        (format!("/query?token={token}"), 401),
        ("/query".to_owned(), 401),
    ] {
        request(&host, "GET /query", &[(":path", path.as_bytes())]);
        assert_eq!(status(&filter, &host), expected, "{path}");
    }
}

#[test]
fn routes_without_authorizer_and_unknown_ones() {
    let (filter, host) = (http(), worker());
    request(&host, "GET /open", &[]);
    assert_eq!(status(&filter, &host), 200);
    bearer(&host, "GET /nope", claims(json!({})));
    check(&reply(&filter, &host), 500, "{\"message\":\"Internal Server Error\"}", None);
    host.route("GET /nope");
    assert_eq!(reply(&cognito(&json!({})), &host).body, b"{\"message\":null}");
}

#[test]
fn cognito_refusals() {
    let (filter, host) = (cognito(&json!({})), worker());
    let refused = |expected: &str| {
        let reply = reply(&filter, &host);
        check(&reply, 401, expected, None);
        assert_eq!(reply.header("x-amzn-errortype"), Some(&b"UnauthorizedException"[..]));
    };
    request(&host, "GET /", &[]);
    refused(UNAUTHORIZED);
    request(&host, "GET /", &[("authorization", b"")]);
    refused(UNAUTHORIZED);
    request(&host, "GET /", &[("authorization", b"Bearer x.y.z")]);
    refused(UNAUTHORIZED);
    for route in ["GET /", "GET /scopes"] {
        for more in [
            json!({}),
            json!({"token_use": if route == "GET /" { "access" } else { "id" }, "scope": "write"}),
            json!({"token_use": "access", "scope": "read"}),
            json!({"token_use": "access", "scope": "read", "scp": ["write"]}),
            json!({"token_use": "access", "scp": "write"}),
            json!({"token_use": ["id", "access"]}),
            json!({"iss": "https://other.example", "token_use": "id"}),
        ] {
            bearer(&host, route, claims(more));
            refused(UNAUTHORIZED);
        }
        bearer(&host, route, claims(json!({"exp": 1, "token_use": "id"})));
        refused("{\"message\":\"The incoming token has expired\"}");
    }
}

#[test]
fn the_arn_of_a_method_has_an_end() {
    let (filter, host) = (cognito(&json!({})), worker());
    let start = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/";
    let token = token("first", &claims(json!({"token_use": "id"})));
    for (bytes, expected) in [(1600, 200), (1601, 414)] {
        let path = format!("/prod/{}?q", "a".repeat(bytes - start.len()));
        let headers = [(":method", &b"GET"[..]), (":path", path.as_bytes()), ("authorization", token.as_bytes())];
        request(&host, "GET /", &headers);
        assert_eq!(status(&filter, &host), expected, "{bytes}");
    }
    check(&reply(&filter, &host), 414, "{\"message\":\"Request URI too long\"}", None);
}

#[test]
fn cognito_claims() {
    let (filter, host) = (cognito(&json!({})), worker());
    let id = json!({
        "token_use": "id", "auth_time": 1_654_115_623, "exp": 1_850_000_000, "cognito:groups": ["group-a", "group-b"],
        "email_verified": true, "iat": 1_654_115_623,
    });
    bearer(&host, "GET /", claims(id));
    assert_eq!(status(&filter, &host), 200);
    let expected = json!({
        "token_use": "id", "auth_time": "1654115623", "exp": "Wed Aug 16 00:53:20 UTC 2028",
        "cognito:groups": "group-a,group-b", "email_verified": "true", "iat": "Wed Jun 01 20:33:43 UTC 2022",
        "iss": ISSUER, "aud": "client", "sub": "u1",
    });
    assert_eq!(authorizer(&host), json!({"claims": expected}));
    // A bare token will do.
    let access = token("first", &claims(json!({"token_use": "access", "scope": "read write"})));
    request(&host, "GET /scopes", &[("authorization", access.as_bytes())]);
    assert_eq!(status(&filter, &host), 200);
}

#[test]
fn cognito_audience() {
    let (filter, host) = (cognito(&json!({"identityValidationExpression": "^app-[0-9]+$"})), worker());
    for (aud, expected) in [("app-1", 200), ("app-x", 401)] {
        bearer(&host, "GET /", claims(json!({"token_use": "id", "aud": aud})));
        assert_eq!(status(&filter, &host), expected, "{aud}");
    }
    let mut access = claims(json!({"token_use": "access", "scope": "write"}));
    access.as_object_mut().unwrap().remove("aud");
    bearer(&host, "GET /scopes", access);
    assert_eq!(status(&filter, &host), 401);
}

#[test]
fn several_issuers_each_with_its_audience() {
    let other = "https://other.example";
    let filter = filter(&json!({
        "protocolType": "REST",
        "issuers": {
            ISSUER: {"keys": {"inline": key_set(&["first"])}},
            other: {"keys": {"inline": key_set(&["second"])}},
        },
        "authorizers": {"a": {
            "identitySource": "method.request.header.Authorization",
            "jwt": {"issuers": [{"issuer": ISSUER, "audience": ["client"]}, {"issuer": other, "audience": ["there"]}]},
        }},
        "routes": {"GET /": {"authorizer": "a"}, "GET /scopes": {"authorizer": "a", "authorizationScopes": ["write"]}},
    }));
    let host = worker();
    for (key, iss, aud, expected) in [
        ("first", ISSUER, "client", 200),
        ("second", other, "there", 200),
        ("second", other, "client", 401),
        ("second", ISSUER, "client", 401),
        ("first", "https://third.example", "client", 401),
    ] {
        let token = token(key, &claims(json!({"iss": iss, "aud": aud})));
        request(&host, "GET /", &[("authorization", token.as_bytes())]);
        assert_eq!(status(&filter, &host), expected, "{key} {iss} {aud}");
    }
    bearer(&host, "GET /scopes", claims(json!({})));
    check(&reply(&filter, &host), 403, "{\"message\":\"Forbidden\"}", None);
}

#[test]
fn hostile_tokens() {
    let (filter, host) = (http(), worker());
    let part = |json: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
    };
    let header = part("{\"alg\":\"RS256\",\"kid\":\"first\"}");
    let many: String = (0..10_000).map(|n| format!("\"c{n}\":{n},")).collect();
    for hostile in [
        "A".repeat(100_000),
        format!("{}.{}.{}", "A".repeat(40_000), "A".repeat(30_000), "A".repeat(30_000)),
        format!("{header}.{}.AA", part(&format!("{{{many}\"exp\":1}}"))),
        format!("{header}.{}.AA", part(&format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000)))),
        ".".repeat(16_000),
        format!("{header}.{header}."),
        format!("{}.e30.AA", part("{\"alg\":\"RS256\",\"kid\":\"first\",\"kid\":\"first\"}")),
        format!("{}.e30.AA", part("{\"alg\":\"RS256\",\"kid\":{\"a\":1}}")),
    ] {
        request(&host, "GET /", &[("authorization", hostile.as_bytes())]);
        assert_eq!(status(&filter, &host), 401);
    }
    for exp in
        [json!(1.5), json!("9999999999"), json!(-1), json!([9_999_999_999_u64]), json!({}), json!(true), Value::Null]
    {
        bearer(&host, "GET /", claims(json!({"exp": exp})));
        assert_eq!(status(&filter, &host), 401, "{exp}");
    }
    bearer(&host, "GET /", claims(json!({"exp": 1e300})));
    assert_eq!(status(&filter, &host), 200);
}

#[test]
fn configurations_that_are_refused() {
    let inline = json!({ISSUER: {"keys": {"inline": key_set(&["first"])}}});
    let jwt = json!({"issuers": [{"issuer": ISSUER, "audience": ["a"]}]});
    let source = "$request.header.Authorization";
    for (raw, expected) in [
        (json!({"routes": {"r": {"authorizer": "a"}}}), "routes[r].authorizer: there is no authorizer `a`"),
        (json!({"routes": {"r": {"authorizationScopes": ["s"]}}}), "scopes need an authorizer"),
        (json!({"authorizers": {"a": {"identitySource": source}}}), "expected either `jwt` or `cognitoUserPools`"),
        (json!({"authorizers": {"a": {"identitySource": source, "jwt": jwt}}}), "there is no issuer"),
        (
            json!({"issuers": inline, "authorizers": {"a": {"identitySource": "x", "jwt": jwt}}}),
            "identitySource: found `x`",
        ),
        (json!({"issuers": {"x": {"keys": {"inline": {"keys": []}}}}}), "holds no key"),
        (json!({"issuers": {"x": {"keys": {"discovery": {"clusters": {}}}}}}), "is no absolute URL"),
        (json!({"issuers": {"https://x": {"keys": {"discovery": {"clusters": {}}}}}}), "no cluster for `x:443`"),
    ] {
        let raw = gateway::parse(raw.to_string().as_bytes()).unwrap();
        let error = JwtAuthorizer::configure(raw).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn no_request_is_held_without_need() {
    let (filter, host) = (http(), worker());
    bearer(&host, "GET /", claims(json!({})));
    assert!(matches!(send(&filter, &host).1, Step::Continue));
}
