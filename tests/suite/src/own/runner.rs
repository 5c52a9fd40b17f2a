//! A case file on one level.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::scratch::Scratch;
use super::{Case, CaseFile, Expect};
use crate::backend::{Backend, Received};
use crate::level::{Gateway, Level, NotStarted};
use crate::tally::{Outcome, Tally};

/// How long statistics may take until they are right: Envoy adds histograms up every five seconds.
const STATISTICS_TIMEOUT: Duration = Duration::from_secs(12);

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
    let mut scratch = Scratch::new(&file.files);
    let paths = file.files.keys().map(|name| (name.clone(), scratch.path(name).display().to_string()));
    let names: BTreeMap<String, String> = urls.chain(paths).collect();
    let settings = file.settings_text(&names);
    let options: Vec<String> = file.options.iter().map(|option| named(option, &names)).collect();
    let started = level.start(&definition, &settings, &options, &backends.values().collect::<Vec<_>>());
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
        let outcome = reason.map_or_else(|| run_case(case, &mut *gateway, &backends, &mut scratch), Outcome::NotRun);
        tally.add(area, &case.name, outcome);
    }
    tally
}

fn run_case(
    case: &Case,
    gateway: &mut dyn Gateway,
    backends: &BTreeMap<&String, Backend>,
    scratch: &mut Scratch,
) -> Outcome {
    for (index, step) in case.steps().iter().enumerate() {
        gateway.wait(Duration::from_secs_f64(step.wait));
        let request = step.request.to_request();
        let mut bodies: Vec<serde_json::Value> = Vec::new();
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
            if !step.counts.is_empty() {
                bodies.push(serde_json::from_slice(&response.body).unwrap_or_default());
            }
            let received: Vec<(String, Received)> = backends
                .iter()
                .flat_map(|(name, backend)| {
                    backend.take_received().into_iter().map(|request| ((*name).clone(), request))
                })
                .collect();
            let mut differences = step.expect.differences(request.method == "HEAD", &response, &received);
            differences.extend(gateway.problems());
            if let Some(log) = &step.expect.log {
                differences.extend(log.differences(&scratch.new_lines(&log.file, log.count())));
            }
            if !step.expect.statistics.is_empty() {
                differences.extend(statistics(&step.expect, gateway));
            }
            if !differences.is_empty() {
                return Outcome::Failed(format!("{at}: {}", differences.join("\n")));
            }
        }
        for (pointer, values) in &step.counts {
            for (value, (least, most)) in values {
                let text = |found: &serde_json::Value| found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                let has = |body: &&serde_json::Value| body.pointer(pointer).map(text).as_ref() == Some(value);
                let count = bodies.iter().filter(has).count();
                if count < *least as usize || count > *most as usize {
                    return Outcome::Failed(format!("{pointer} is {value} {count} times, expected {least} to {most}"));
                }
            }
        }
    }
    Outcome::Passed
}

/// What is different in the statistics, once Envoy has had the time to add up its histograms.
fn statistics(expect: &Expect, gateway: &mut dyn Gateway) -> Vec<String> {
    let deadline = Instant::now() + STATISTICS_TIMEOUT;
    loop {
        let Some(page) = gateway.statistics() else { return vec!["there are no statistics".to_owned()] };
        let differences = expect.statistics_differences(&page);
        if differences.is_empty() || Instant::now() > deadline {
            return differences;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// An option, or what it stands for when it is `{NAME}`.
fn named(option: &str, names: &BTreeMap<String, String>) -> String {
    let name = option.strip_prefix('{').and_then(|option| option.strip_suffix('}'));
    name.and_then(|name| names.get(name)).map_or_else(|| option.to_owned(), String::clone)
}
