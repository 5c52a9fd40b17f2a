//! What came of the cases of each area.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected: why.
    Failed(String),
    /// Fails for a listed reason.
    KnownDifference,
    /// Could not be run: why.
    NotRun(String),
}

/// Counts of one area.
#[derive(Clone, Debug, Default)]
struct Area {
    passed: usize,
    failed: usize,
    known: usize,
    not_run: BTreeMap<String, usize>,
}

/// Counts by area.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    areas: BTreeMap<String, Area>,
}

impl Tally {
    /// Counts a case of `area` (`suite/area`), and prints it when it failed.
    pub fn add(&mut self, area: &str, case: &str, outcome: Outcome) {
        let counts = self.areas.entry(area.to_owned()).or_default();
        match outcome {
            Outcome::Passed => counts.passed += 1,
            Outcome::KnownDifference => counts.known += 1,
            Outcome::NotRun(reason) => *counts.not_run.entry(reason).or_default() += 1,
            Outcome::Failed(why) => {
                counts.failed += 1;
                eprintln!("FAILED {area}: {case}\n    {}", why.replace('\n', "\n    "));
            }
        }
    }

    /// Takes in another tally.
    pub fn merge(&mut self, other: Self) {
        for (name, area) in other.areas {
            let counts = self.areas.entry(name).or_default();
            counts.passed += area.passed;
            counts.failed += area.failed;
            counts.known += area.known;
            for (reason, count) in area.not_run {
                *counts.not_run.entry(reason).or_default() += count;
            }
        }
    }

    /// Prints the summary.
    pub fn report(&self) -> ExitCode {
        for (reason, count) in self.not_run() {
            println!("not run: {count}, {reason}");
        }
        print!("{self}");
        if self.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Whether no case failed.
    pub fn is_green(&self) -> bool {
        self.areas.values().all(|area| area.failed == 0)
    }

    /// Why cases were not run, over all areas, with how many each.
    pub fn not_run(&self) -> BTreeMap<String, usize> {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for (reason, count) in self.areas.values().flat_map(|area| &area.not_run) {
            *reasons.entry(reason.clone()).or_default() += count;
        }
        reasons
    }
}

/// A line for each area; in the alternate form, one for all.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let sum = |count: fn(&Area) -> usize| self.areas.values().map(count).sum::<usize>();
            return write!(f, "{} passed, {} failed", sum(|area| area.passed), sum(|area| area.failed));
        }
        for (name, area) in &self.areas {
            let not_run: usize = area.not_run.values().sum();
            let Area { passed, failed, known, .. } = area;
            writeln!(
                f,
                "conformance {name}: {passed} passed, {failed} failed, {known} known differences, {not_run} not run"
            )?;
        }
        Ok(())
    }
}
