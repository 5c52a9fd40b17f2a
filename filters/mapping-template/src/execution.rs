//! What the execution log says of a call to an integration and of its answer.

use gateway::execution::{ExecutionLog, Part};
use gateway::{Callout, Edits, Host, Property, Step};

use crate::answer::Outcome;

/// The call, or the request as it goes on to Envoy's router. `authority` is the backend's own.
pub(crate) fn note_endpoint(host: &dyn Host, log: &ExecutionLog, authority: &str, step: &Step, body: &[u8]) {
    match step {
        Step::Callout(callout) => note_call(log, callout),
        Step::Edit(edits) => note_forwarded(host, log, authority, edits, body),
        _ => {}
    }
}

/// The answer to a call, `millis` after it was sent.
pub fn note_answer(log: &ExecutionLog, outcome: &Outcome, millis: u64) {
    let Outcome { status, headers, body } = outcome;
    log.note(Part::Answer, &format!("Received response. Status: {status}, Integration latency: {millis} ms"));
    if log.wants_data() {
        log.note_headers(Part::Answer, "Endpoint response headers", headers.iter());
        log.note_body(Part::Answer, "Endpoint response body before transformations", body);
    }
}

/// A call.
pub fn note_call(log: &ExecutionLog, callout: &Callout) {
    let named = |name: &str| {
        let header = callout.headers.iter().find(|(other, _)| other == name);
        header.map_or(&[][..], |(_, value)| value.as_slice())
    };
    log.note_endpoint(&callout.cluster, named(":authority"), named(":path"), |log| {
        let headers = callout.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        log.note_headers(Part::Endpoint, "Endpoint request headers", headers);
        log.note_body(Part::Endpoint, "Endpoint request body after transformations", &callout.body);
    });
}

/// An HTTP_PROXY request: the client's, with the filter's changes.
fn note_forwarded(host: &dyn Host, log: &ExecutionLog, authority: &str, edits: &Edits, body: &[u8]) {
    let left = |wanted: Property| {
        let property = edits.properties.iter().find(|(property, _)| *property == wanted);
        property.map(|(_, value)| value.as_slice())
    };
    let headers = host.request_headers();
    let set = |name: &str| {
        let set = edits.set.iter().find(|(other, _)| other == name);
        set.map(|(_, value)| value.as_ref()).or_else(|| headers.first(name)).unwrap_or_default()
    };
    let mut target = left(Property::UpstreamPath).unwrap_or_default().to_vec();
    if let Some(query) = gateway::split_target(set(":path")).1 {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    let cluster = host.attribute(&["xds", "cluster_name"]).unwrap_or_default();
    let authority = left(Property::UpstreamHost).unwrap_or(authority.as_bytes());
    log.note_endpoint(&String::from_utf8_lossy(&cluster), authority, &target, |log| {
        let is_kept = |name: &[u8]| {
            let changed = edits.set.iter().map(|(name, _)| name).chain(&edits.remove);
            !changed.into_iter().any(|other| other.as_bytes() == name)
        };
        let kept = headers.iter().filter(|(name, _)| is_kept(name));
        let changed = edits.set.iter().chain(&edits.add).map(|(name, value)| (name.as_bytes(), value.as_ref()));
        log.note_headers(Part::Endpoint, "Endpoint request headers", kept.chain(changed));
        if !body.is_empty() {
            log.note_body(Part::Endpoint, "Endpoint request body after transformations", body);
        }
    });
}
