//! A case file on a real Envoy.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Case, CaseFile};
use crate::backend::{Backend, Received};
use crate::client;
use crate::gateway::Gateway;
use crate::tally::{Outcome, Tally};

/// How a gateway is started: with the text of a definition, of settings, and options.
pub type Start = fn(&str, &str, &[String]) -> Result<Gateway, String>;

/// Runs the cases of a file on the gateway that `start` starts.
pub fn run(file: &CaseFile, area: &str, start: Start) -> Tally {
    let mut tally = Tally::default();
    let backends: BTreeMap<&String, Backend> =
        file.backends.iter().map(|(name, behaviour)| (name, Backend::start(behaviour))).collect();
    let definition = serde_yaml_ng::to_string(&file.definition).expect("a definition");
    let urls = backends.iter().map(|(name, backend)| ((*name).clone(), format!("http://{}", backend.address)));
    let settings = file.settings_text(&urls.collect());
    let gateway = match start(&definition, &settings, &file.options) {
        Ok(gateway) => gateway,
        Err(report) => {
            tally.add(area, "the gateway starts", Outcome::Failed(report));
            for case in &file.cases {
                tally.add(area, &case.name, Outcome::NotRun("the gateway did not start".to_owned()));
            }
            return tally;
        }
    };
    for case in &file.cases {
        let outcome = match &case.not_on_envoy {
            Some(reason) => Outcome::NotRun(format!("on Envoy: {reason}")),
            None => run_case(case, &gateway, &backends),
        };
        tally.add(area, &case.name, outcome);
    }
    let log = gateway.log();
    if log.contains("panicked") || log.contains("Function: proxy_on") {
        tally.add(area, "the filters never trap", Outcome::Failed(log));
    }
    tally
}

fn run_case(case: &Case, gateway: &Gateway, backends: &BTreeMap<&String, Backend>) -> Outcome {
    for (index, step) in case.steps().iter().enumerate() {
        std::thread::sleep(Duration::from_secs_f64(step.wait));
        let request = step.request.to_request();
        for time in 1..=step.repeat {
            for backend in backends.values() {
                backend.take_received();
            }
            let mut request = request.clone();
            if let Some(sign) = &step.request.sign {
                sign.sign(&mut request, gateway.address);
            }
            let at = format!("step {}, time {time}", index + 1);
            let response = match client::send(gateway.address, &request) {
                Ok(response) => response,
                Err(error) => return Outcome::Failed(format!("{at}: {error}")),
            };
            let received: Vec<(String, Received)> = backends
                .iter()
                .flat_map(|(name, backend)| {
                    backend.take_received().into_iter().map(|request| ((*name).clone(), request))
                })
                .collect();
            let differences = step.expect.differences(request.method == "HEAD", &response, &received);
            if !differences.is_empty() {
                return Outcome::Failed(format!("{at}: {}", differences.join("\n")));
            }
        }
    }
    Outcome::Passed
}
