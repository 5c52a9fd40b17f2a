//! Says of the token in `x-jws` whether a key of the set in `x-jwks` has signed it: once by Envoy's `verify_signature`,
//! once in Rust. The suite sends it every recorded token, and the two have to agree.
#![cfg(target_arch = "wasm32")]

use std::rc::Rc;

use gateway::{ConfigError, Filter, Host, Reply, Step, Stream};
use jwt::{HOST_FUNCTION, Key, Token};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

shell::module! {
    filters: [Vectors],
    callbacks: [request_headers],
}

/// The filter; it has no settings.
pub struct Vectors;

/// No settings.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConfig {}

impl Filter for Vectors {
    const NAME: &'static str = "token-vectors";
    type Raw = RawConfig;
    type Stream = VectorStream;

    fn configure(_: RawConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn stream(self: &Rc<Self>) -> VectorStream {
        VectorStream
    }
}

/// One request.
pub struct VectorStream;

impl Stream for VectorStream {
    fn on_request_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Step {
        let [token, keys] = ["x-jws", "x-jwks"].map(|name| host.request_header(name).unwrap_or_default());
        let keys: Value = serde_json::from_slice(&keys).unwrap_or_default();
        let verdicts = Token::parse(&token).map_or_else(|_| Vec::new(), |token| verdicts(host, &token, &keys));
        let headers = vec![("content-type".into(), b"application/json".as_slice().into())];
        let body = json!({"keys": verdicts}).to_string().into_bytes();
        Step::Respond(Box::new(Reply { status: 200, headers, body, error: None }))
    }
}

/// For each key that can be read: what the host says (null where it is not asked, or does not answer), and what Rust says.
fn verdicts(host: &dyn Host, token: &Token<'_>, keys: &Value) -> Vec<Value> {
    let keys = keys.as_array().into_iter().flatten();
    let keys = keys.filter_map(|key| Key::from_jwk(key.as_object()?).ok());
    let both = |key: Key| {
        let algorithm = token.header.algorithm;
        let argument = jwt::host_argument(&key, algorithm, token.signed, &token.signature);
        let answer = argument.and_then(|argument| host.foreign_function(HOST_FUNCTION, &argument));
        let by_host = answer.as_deref().and_then(jwt::host_answer);
        let by_rust = jwt::verify(&key, algorithm, token.signed, &token.signature);
        json!({"algorithm": algorithm.name(), "host": by_host, "rust": by_rust})
    };
    keys.map(both).collect()
}
