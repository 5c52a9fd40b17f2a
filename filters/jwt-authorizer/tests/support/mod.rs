//! Envoy in a test's hand, and tokens with good signatures.
#![allow(dead_code)]

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::{Answer, Callout, Filter, Headers, Property, Reply, Step, Stream};
use jwt_authorizer::{JwtAuthorizer, JwtStream};
use rsa::pkcs1v15::SigningKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};
pub use test_host::{SharedData, TestHost};

pub const NOW: u64 = 1_750_000_000_000;
pub const ISSUER: &str = "https://issuer.example/pool";
pub const CLUSTER: &str = "https issuer.example:443";

/// A worker with a request on the route `GET /`.
pub fn worker() -> TestHost {
    worker_of(&Rc::default())
}

/// A worker of an Envoy.
pub fn worker_of(shared: &Rc<SharedData>) -> TestHost {
    let host = TestHost { shared: Some(Rc::clone(shared)), ..TestHost::default() }.on_route("GET /");
    host.now.set(NOW);
    host
}

/// Gives a worker a request of these headers to a route.
pub fn request(host: &TestHost, route: &str, headers: &[(&str, &[u8])]) {
    host.route(route);
    host.request_headers.replace(headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect());
    host.properties.borrow_mut().clear();
}

/// What the filter has left for `$context.authorizer`.
pub fn authorizer(host: &TestHost) -> Value {
    host.property_text(Property::Authorizer).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

/// A configured filter.
pub fn filter(configuration: &Value) -> Rc<JwtAuthorizer> {
    Rc::new(JwtAuthorizer::configure(gateway::parse(&serde_json::to_vec(configuration).unwrap()).unwrap()).unwrap())
}

/// Sends the request of `host` in.
pub fn send(filter: &Rc<JwtAuthorizer>, host: &TestHost) -> (JwtStream, Step) {
    let mut stream = filter.stream();
    let step = stream.on_request_headers(host, true);
    (stream, step)
}

/// 200 when the request goes on, or the status of the answer.
pub fn status(filter: &Rc<JwtAuthorizer>, host: &TestHost) -> u16 {
    match send(filter, host).1 {
        Step::Continue => 200,
        Step::Respond(reply) => reply.status,
        other => panic!("neither on nor answered: {other:?}"),
    }
}

/// The answer of the filter.
pub fn reply(filter: &Rc<JwtAuthorizer>, host: &TestHost) -> Reply {
    match send(filter, host).1 {
        Step::Respond(reply) => *reply,
        other => panic!("no answer but {other:?}"),
    }
}

/// Where a call goes.
pub fn target(callout: &Callout) -> String {
    let header = |name: &str| {
        let value = callout.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        String::from_utf8(value.unwrap_or_default()).unwrap()
    };
    format!("{} {} {}{}", callout.cluster, header(":method"), header(":authority"), header(":path"))
}

/// An answer to a call.
pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer::Response { headers: Headers::from_pairs(&[(":status", status.to_string())]), body: body.into() }
}

/// A key pair of the tests.
pub fn private_key(id: &str) -> Value {
    let keys: Vec<Value> = serde_json::from_str(include_str!("../keys.json")).unwrap();
    keys.into_iter().find(|key| key["kid"] == id).unwrap()
}

/// The public keys of these ids, as an issuer has them.
pub fn key_set(ids: &[&str]) -> Value {
    let public = |id: &&str| {
        let mut key = private_key(id);
        for secret in ["d", "p", "q"] {
            key.as_object_mut().unwrap().remove(secret);
        }
        key
    };
    json!({"keys": ids.iter().map(public).collect::<Vec<_>>()})
}

/// A token with these claims, signed by a key of the tests.
pub fn token(key_id: &str, claims: &Value) -> String {
    token_with(key_id, &json!({"alg": "RS256", "kid": key_id}), claims)
}

/// A token with another header.
pub fn token_with(key_id: &str, header: &Value, claims: &Value) -> String {
    let key = private_key(key_id);
    let number = |name: &str| BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap());
    let primes = vec![number("p"), number("q")];
    let key = RsaPrivateKey::from_components(number("n"), number("e"), number("d"), primes).unwrap();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let signature = SigningKey::<Sha256>::new(key).sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Claims that fit the configurations of the tests; `more` replaces some.
pub fn claims(more: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "client", "sub": "u1", "exp": NOW / 1000 + 3600});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}
