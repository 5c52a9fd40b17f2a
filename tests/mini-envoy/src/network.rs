//! Clusters, and the stand-ins behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::{Answer, HeaderMap};

use super::config::{AppendAction, Cluster, Configuration, HeaderMutation};
use suite::backend::{Backend, Outcome, Received, SERVER, Stub};

/// Methods whose requests have no length when they have no body.
const BODYLESS: [&str; 5] = ["CONNECT", "DELETE", "GET", "HEAD", "TRACE"];

/// Everything that Envoy could connect to.
pub struct Network {
    clusters: BTreeMap<String, Endpoint>,
}

struct Endpoint {
    stub: Option<Arc<Stub>>,
    not_sent: Vec<String>,
    marks: Vec<(String, String)>,
}

impl Network {
    /// The clusters of a configuration.
    ///
    /// # Errors
    /// A cluster's filter does something that is not known here.
    pub fn new(configuration: &Configuration, backends: &[&Backend]) -> Result<Self, String> {
        let stubs: BTreeMap<(String, u16), Arc<Stub>> = backends
            .iter()
            .map(|backend| ((backend.address.ip().to_string(), backend.address.port()), Arc::clone(&backend.stub)))
            .collect();
        let endpoint = |cluster: &Cluster| {
            let mut endpoint =
                Endpoint { stub: stubs.get(&cluster.address).cloned(), not_sent: Vec::new(), marks: Vec::new() };
            for mutation in &cluster.request_mutations {
                match mutation {
                    HeaderMutation::Remove(name) => endpoint.not_sent.push(name.clone()),
                    HeaderMutation::Append(added) => return Err(format!("{added:?} of a cluster")),
                }
            }
            for mutation in &cluster.response_mutations {
                match mutation {
                    HeaderMutation::Append(added)
                        if added.append_action == AppendAction::OverwriteIfExistsOrAdd
                            && !added.header.value.contains('%') =>
                    {
                        endpoint.marks.push((added.header.key.clone(), added.header.value.clone()));
                    }
                    other => return Err(format!("{other:?} of a cluster")),
                }
            }
            Ok(endpoint)
        };
        let clusters = configuration.clusters.iter();
        let clusters = clusters.map(|(name, cluster)| Ok((name.clone(), endpoint(cluster)?)));
        Ok(Self { clusters: clusters.collect::<Result<_, String>>()? })
    }

    /// Names of the clusters.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.clusters.keys()
    }

    /// Sends a request to a cluster; without a body its headers end it. `None` when there is no such cluster.
    pub fn call(&self, cluster: &str, headers: &HeaderMap, body: Option<&[u8]>) -> Option<Answer> {
        let endpoint = self.clusters.get(cluster)?;
        let Some(stub) = &endpoint.stub else { return Some(Answer::Refused) };
        let method = headers.text(":method").unwrap_or_default();
        let mut sent = vec![("host".to_owned(), headers.get(":authority").unwrap_or_default().to_vec())];
        sent.extend(
            headers
                .iter()
                .filter(|(name, _)| !name.starts_with(':') && !endpoint.not_sent.iter().any(|other| other == name))
                .map(|(name, value)| (name.to_owned(), value.to_vec())),
        );
        // As the codec does it.
        if !headers.contains("content-length") {
            match body {
                Some(_) => sent.push(("transfer-encoding".to_owned(), b"chunked".to_vec())),
                None if BODYLESS.contains(&method.as_str()) => {}
                None => sent.push(("content-length".to_owned(), b"0".to_vec())),
            }
        }
        let received = Received {
            target: headers.text(":path").unwrap_or_default(),
            headers: sent,
            body: body.unwrap_or_default().to_vec(),
            method: method.clone(),
        };
        let answer = match stub.handle(received) {
            Outcome::Refused => return Some(Answer::Refused),
            Outcome::Silent => return Some(Answer::TimedOut),
            Outcome::Garbage => return Some(Answer::Garbage),
            Outcome::Closes => return Some(Answer::Closed),
            Outcome::CutShort(_) => return Some(Answer::CutShort),
            Outcome::Answer(answer) => answer,
        };
        let mut response = host::Response::new(answer.status);
        for (name, value) in answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(SERVER) {
            response = response.header(name, value);
        }
        if answer.status != 204 {
            response = response.header("content-length", answer.body.len().to_string());
        }
        for (name, value) in &endpoint.marks {
            response.headers.set(name, value);
        }
        let bodyless = method == "HEAD" || matches!(answer.status, 204 | 304) || answer.body.is_empty();
        response.frames = if bodyless { Vec::new() } else { vec![answer.body] };
        Some(response.into())
    }
}
