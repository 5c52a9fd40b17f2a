//! A case file on one level.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Case, CaseFile};
use crate::backend::{Backend, Received};
use crate::level::{Gateway, Level, NotStarted};
use crate::tally::{Outcome, Tally};

/// Runs the cases of a file.
pub fn run(file: &CaseFile, area: &str, level: &dyn Level) -> Tally {
    let mut tally = Tally::default();
    let backends: BTreeMap<&String, Backend> = file
        .backends
        .iter()
        .zip(1..)
        .map(|((name, behaviour), number)| (name, level.backend(behaviour, number)))
        .collect();
    let definition = serde_yaml_ng::to_string(&file.definition).expect("a definition");
    let urls = backends.iter().map(|(name, backend)| ((*name).clone(), backend.url()));
    let settings = file.settings_text(&urls.collect());
    let started = level.start(&definition, &settings, &file.options, &backends.values().collect::<Vec<_>>());
    let mut gateway = match started {
        Ok(gateway) => gateway,
        Err(reason) => {
            let outcome = match reason {
                NotStarted::Unsupported(what) => Outcome::NotRun(format!("without Envoy: {what}")),
                NotStarted::Refused(report) => Outcome::Failed(report),
            };
            for case in &file.cases {
                tally.add(area, &case.name, outcome.clone());
            }
            return tally;
        }
    };
    for case in &file.cases {
        let reason = match level.is_real() {
            true => case.not_on_envoy.as_ref().map(|reason| format!("on Envoy: {reason}")),
            false => case.envoy_only.as_ref().map(|reason| format!("without Envoy: {reason}")),
        };
        let outcome = reason.map_or_else(|| run_case(case, &mut *gateway, &backends), Outcome::NotRun);
        tally.add(area, &case.name, outcome);
    }
    tally
}

fn run_case(case: &Case, gateway: &mut dyn Gateway, backends: &BTreeMap<&String, Backend>) -> Outcome {
    for (index, step) in case.steps().iter().enumerate() {
        gateway.wait(Duration::from_secs_f64(step.wait));
        let request = step.request.to_request();
        for time in 1..=step.repeat {
            for backend in backends.values() {
                backend.take_received();
            }
            let mut request = request.clone();
            if let Some(sign) = &step.request.sign {
                sign.sign(&mut request, gateway.address(), gateway.now());
            }
            let at = format!("step {}, time {time}", index + 1);
            let response = match gateway.send(&request) {
                Ok(response) => response,
                Err(error) => return Outcome::Failed(format!("{at}: {error}")),
            };
            let received: Vec<(String, Received)> = backends
                .iter()
                .flat_map(|(name, backend)| {
                    backend.take_received().into_iter().map(|request| ((*name).clone(), request))
                })
                .collect();
            let mut differences = step.expect.differences(request.method == "HEAD", &response, &received);
            differences.extend(gateway.problems());
            if !differences.is_empty() {
                return Outcome::Failed(format!("{at}: {}", differences.join("\n")));
            }
        }
    }
    Outcome::Passed
}
