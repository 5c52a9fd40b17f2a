//! Empties the caches of a stage, as API Gateway's own calls do.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageCache.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageAuthorizersCache.html>,
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-cache-authorizers.html>

use gateway::flush::authorizers_of;
use gateway::{Host, ProtocolType, Reply, Step, flush, json};

use crate::config::RawFlush;
use crate::store::cache_of;

/// What a request empties.
#[derive(Clone, Copy)]
enum Call {
    /// `FlushStageCache`: the responses of a REST API.
    Data,
    /// `FlushStageAuthorizersCache`: the answers of its authorizers.
    Authorizers,
    /// `ResetAuthorizersCache`: those of an HTTP API.
    HttpApiAuthorizers,
}

/// The calls, by what is before the API's id and behind the stage's name.
const CALLS: [(Call, &str, &str); 3] = [
    (Call::Data, "/restapis/", "/cache/data"),
    (Call::Authorizers, "/restapis/", "/cache/authorizers"),
    (Call::HttpApiAuthorizers, "/v2/apis/", "/cache/authorizers"),
];

/// Answers a request for a flush.
pub(crate) fn respond(stages: &[RawFlush], host: &dyn Host) -> Step {
    let path = host.request_header(":path").unwrap_or_default();
    let path = std::str::from_utf8(&path).unwrap_or_default();
    let method = host.request_header(":method").unwrap_or_default();
    let named = CALLS.iter().find_map(|(call, start, end)| {
        let (api, stage) = path.strip_prefix(start)?.strip_suffix(end)?.split_once("/stages/")?;
        Some((*call, api, stage))
    });
    let reply = match named {
        Some((call, api, stage)) if method == b"DELETE" => empty(stages, host, call, api, stage),
        _ => error(404, "NotFoundException", "expected DELETE /restapis/{apiId}/stages/{stage}/cache/data"),
    };
    Step::Respond(Box::new(reply))
}

fn empty(stages: &[RawFlush], host: &dyn Host, call: Call, api: &str, stage: &str) -> Reply {
    let (protocol_type, done) = match call {
        Call::Data | Call::Authorizers => (ProtocolType::Rest, 202),
        Call::HttpApiAuthorizers => (ProtocolType::Http, 204),
    };
    let of_api = |known: &&RawFlush| known.api_id == api && known.protocol_type == protocol_type;
    if !stages.iter().any(|known| of_api(&known)) {
        return error(404, "NotFoundException", "Invalid API identifier specified");
    }
    let Some(known) = stages.iter().find(|known| of_api(known) && known.stage == stage) else {
        return error(404, "NotFoundException", "Invalid stage identifier specified");
    };
    let caches = match call {
        Call::Data => known.caches.iter().map(|name| cache_of(name)).collect(),
        Call::Authorizers | Call::HttpApiAuthorizers => vec![authorizers_of(api, stage)],
    };
    // All of them, also when one cannot be emptied.
    let failed = caches.iter().filter(|cache| flush::flush(host, cache).is_err()).count();
    match failed {
        0 => Reply { status: done, ..Reply::default() },
        _ => error(503, "ServiceUnavailableException", "shared data cannot be written"),
    }
}

fn error(status: u16, kind: &'static str, message: &str) -> Reply {
    let body = format!("{{\"message\":{}}}", json::quote(message)).into_bytes();
    let mut reply = Reply { status, body, ..Reply::default() };
    reply.set_header("content-type", &b"application/json"[..]);
    reply.set_header("x-amzn-errortype", kind.as_bytes());
    reply
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use gateway::UnixMillis;
    use test_host::{SharedData, TestHost};

    use super::*;
    use crate::entry::Entry;
    use crate::store::Store;

    fn stages() -> Vec<RawFlush> {
        let caches = vec!["a/prod".to_owned(), "a/prod/canary".to_owned()];
        let of = |api_id: &str, protocol_type, caches| RawFlush {
            api_id: api_id.to_owned(),
            stage: "prod".to_owned(),
            protocol_type,
            caches,
        };
        vec![of("a", ProtocolType::Rest, caches), of("h", ProtocolType::Http, Vec::new())]
    }

    fn status(shared: &Rc<SharedData>, method: &str, path: &str) -> u16 {
        let host = TestHost { shared: Some(Rc::clone(shared)), ..TestHost::request(method, path, &[], b"") };
        match respond(&stages(), &host) {
            Step::Respond(reply) => reply.status,
            _ => 0,
        }
    }

    #[test]
    fn all_caches_of_the_stage_are_empty_then() {
        let shared = Rc::new(SharedData::default());
        let host = TestHost { shared: Some(Rc::clone(&shared)), ..TestHost::request("GET", "/", &[], b"") };
        let of = |name| Store::new(name, 1 << 30);
        let kept = |name| {
            let key = of(name).key(&host, b"key").unwrap_or_default();
            of(name).get(&host, &key, UnixMillis(1)).is_some()
        };
        let caches = ["a/prod", "a/prod/canary", "a/dev"];
        for _ in 0..2 {
            for name in caches {
                let key = of(name).key(&host, b"key").unwrap_or_default();
                of(name).put(&host, &key, &Entry::default(), UnixMillis(2));
            }
            assert_eq!(caches.map(kept), [true; 3]);
            assert_eq!(status(&shared, "DELETE", "/restapis/a/stages/prod/cache/data"), 202);
            assert_eq!(caches.map(kept), [false, false, true]);
        }
    }

    #[test]
    fn authorizers_of_both_kinds_of_api() {
        let shared = Rc::new(SharedData::default());
        let flushes = |api| {
            let host = TestHost { shared: Some(Rc::clone(&shared)), ..TestHost::request("GET", "/", &[], b"") };
            flush::flushes(&host, &authorizers_of(api, "prod"))
        };
        assert_eq!(status(&shared, "DELETE", "/restapis/a/stages/prod/cache/authorizers"), 202);
        assert_eq!((flushes("a"), flushes("h")), (Ok(1), Ok(0)));
        assert_eq!(status(&shared, "DELETE", "/v2/apis/h/stages/prod/cache/authorizers"), 204);
        assert_eq!((flushes("a"), flushes("h")), (Ok(1), Ok(1)));
    }

    #[test]
    fn what_is_no_flush() {
        let shared = Rc::new(SharedData::default());
        for (method, path) in [
            ("GET", "/restapis/a/stages/prod/cache/data"),
            ("DELETE", "/restapis/b/stages/prod/cache/data"),
            ("DELETE", "/restapis/a/stages/dev/cache/data"),
            ("DELETE", "/restapis/a/stages/prod/cache"),
            ("DELETE", "/restapis/h/stages/prod/cache/authorizers"),
            ("DELETE", "/v2/apis/a/stages/prod/cache/authorizers"),
            ("DELETE", "/v2/apis/h/stages/prod/cache/data"),
            ("GET", "/v2/apis/h/stages/prod/cache/authorizers"),
            ("DELETE", "/"),
        ] {
            assert_eq!(status(&shared, method, path), 404, "{method} {path}");
        }
    }

    #[test]
    fn without_shared_data() {
        let path = "/restapis/a/stages/prod/cache/data";
        let host = TestHost { shared: None, ..TestHost::request("DELETE", path, &[], b"") };
        assert!(matches!(respond(&stages(), &host), Step::Respond(reply) if reply.status == 503));
    }
}
