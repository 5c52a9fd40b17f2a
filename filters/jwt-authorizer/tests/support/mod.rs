//! Envoy in a test's hand, and tokens with good signatures.
#![allow(dead_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::{
    Answer, Callout, Cas, Filter, Headers, Host, LogLevel, Metric, Property, Reply, SharedDataError, Step, Stream,
    UnixMillis,
};
use jwt_authorizer::{JwtAuthorizer, JwtStream};
use rsa::pkcs1v15::SigningKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};

pub const NOW: u64 = 1_750_000_000_000;
pub const ISSUER: &str = "https://issuer.example/pool";
pub const CLUSTER: &str = "https issuer.example:443";

/// Shared data of one Envoy: all its workers have it.
#[derive(Default)]
pub struct Shared {
    /// Values with their versions.
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// The last version that was issued.
    version: Cell<u32>,
}

/// One worker, and the request that it has in hand.
pub struct TestHost {
    pub now: Cell<u64>,
    pub headers: RefCell<Vec<(String, Vec<u8>)>>,
    pub route: RefCell<String>,
    pub properties: RefCell<BTreeMap<String, Vec<u8>>>,
    pub logs: RefCell<Vec<String>>,
    pub counted: RefCell<Vec<Metric>>,
    pub shared: Option<Rc<Shared>>,
}

impl TestHost {
    pub fn new() -> Self {
        Self::of(&Rc::default())
    }

    /// A worker of an Envoy.
    pub fn of(shared: &Rc<Shared>) -> Self {
        Self {
            now: Cell::new(NOW),
            headers: RefCell::default(),
            route: RefCell::new("GET /".to_owned()),
            properties: RefCell::default(),
            logs: RefCell::default(),
            counted: RefCell::default(),
            shared: Some(Rc::clone(shared)),
        }
    }

    /// A request of these headers to a route.
    pub fn request(&self, route: &str, headers: &[(&str, &[u8])]) {
        self.route.replace(route.to_owned());
        self.headers.replace(headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect());
        self.properties.borrow_mut().clear();
    }

    pub fn after_seconds(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds * 1000);
    }

    /// What the filter has left for `$context.authorizer`.
    pub fn authorizer(&self) -> Value {
        let properties = self.properties.borrow();
        properties.get(Property::Authorizer.name()).map_or(Value::Null, |bytes| serde_json::from_slice(bytes).unwrap())
    }
}

impl Host for TestHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }
    fn random(&self) -> u64 {
        4
    }
    fn request_header(&self, name: &str) -> Option<Vec<u8>> {
        self.request_headers().first(name).map(<[u8]>::to_vec)
    }
    fn request_headers(&self) -> Headers {
        Headers::from_pairs(&self.headers.borrow())
    }
    fn request_headers_size(&self) -> usize {
        self.request_headers().byte_size()
    }
    fn response_header(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }
    fn response_headers(&self) -> Headers {
        Headers::default()
    }
    fn request_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn response_body(&self, _max_bytes: usize) -> Vec<u8> {
        Vec::new()
    }
    fn attribute(&self, path: &[&str]) -> Option<Vec<u8>> {
        (path == ["xds", "route_name"]).then(|| self.route.borrow().clone().into_bytes())
    }
    fn property(&self, property: Property) -> Option<Vec<u8>> {
        self.properties.borrow().get(property.name()).cloned()
    }
    fn set_property(&self, property: Property, value: &[u8]) {
        self.properties.borrow_mut().insert(property.name().to_owned(), value.to_vec());
    }
    fn shared_data(&self, key: &str) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        let values = self.shared.as_ref().ok_or(SharedDataError::Unavailable)?.values.borrow();
        Ok(values.get(key).map(|(value, version)| (value.clone(), Cas::new(*version).unwrap())))
    }
    fn set_shared_data(&self, key: &str, value: &[u8], expected: Option<Cas>) -> Result<(), SharedDataError> {
        let Shared { values, version } = &**self.shared.as_ref().ok_or(SharedDataError::Unavailable)?;
        let mut values = values.borrow_mut();
        if let (Some((_, found)), Some(expected)) = (values.get(key), expected)
            && *found != expected.get()
        {
            return Err(SharedDataError::Changed);
        }
        version.set(version.get() + 1);
        values.insert(key.to_owned(), (value.to_vec(), version.get()));
        Ok(())
    }
    fn count(&self, metric: Metric) {
        self.counted.borrow_mut().push(metric);
    }
    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
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
