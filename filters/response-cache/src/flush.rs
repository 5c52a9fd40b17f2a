//! Empties the caches of a stage, as `FlushStageCache` does: `DELETE /restapis/{apiId}/stages/{stage}/cache/data`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageCache.html>

use gateway::{Host, Reply, Step, json};

use crate::config::RawFlush;
use crate::store;

/// Answers a request for a flush.
pub(crate) fn respond(stages: &[RawFlush], host: &dyn Host) -> Step {
    let path = host.request_header(":path").unwrap_or_default();
    let path = std::str::from_utf8(&path).unwrap_or_default();
    let method = host.request_header(":method").unwrap_or_default();
    let named = path
        .strip_prefix("/restapis/")
        .and_then(|rest| rest.strip_suffix("/cache/data"))
        .and_then(|rest| rest.split_once("/stages/"));
    let reply = match named {
        Some((api, stage)) if method == b"DELETE" => flush(stages, host, api, stage),
        _ => error(404, "NotFoundException", "expected DELETE /restapis/{apiId}/stages/{stage}/cache/data"),
    };
    Step::Respond(Box::new(reply))
}

fn flush(stages: &[RawFlush], host: &dyn Host, api: &str, stage: &str) -> Reply {
    if !stages.iter().any(|known| known.api_id == api) {
        return error(404, "NotFoundException", "Invalid API identifier specified");
    }
    let Some(known) = stages.iter().find(|known| known.api_id == api && known.stage == stage) else {
        return error(404, "NotFoundException", "Invalid stage identifier specified");
    };
    // All of them, also when one cannot be emptied.
    let failed = known.caches.iter().filter(|name| store::flush(host, name).is_err()).count();
    match failed {
        0 => Reply { status: 202, ..Reply::default() },
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
        vec![RawFlush { api_id: "a".to_owned(), stage: "prod".to_owned(), caches }]
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
    fn what_is_no_flush() {
        let shared = Rc::new(SharedData::default());
        for (method, path) in [
            ("GET", "/restapis/a/stages/prod/cache/data"),
            ("DELETE", "/restapis/b/stages/prod/cache/data"),
            ("DELETE", "/restapis/a/stages/dev/cache/data"),
            ("DELETE", "/restapis/a/stages/prod/cache"),
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
