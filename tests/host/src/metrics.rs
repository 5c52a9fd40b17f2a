//! Counters, gauges and histograms. All VMs of a host count into the same ones, by name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use crate::Status;

/// Type of a metric; also the lowest bits of its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

/// Distance between two ids of one type.
const ID_STEP: u32 = 4;

impl MetricType {
    fn of(bits: u32) -> Option<Self> {
        [Self::Counter, Self::Gauge, Self::Histogram].get(bits as usize).copied()
    }
}

/// The values, by type and name.
#[derive(Default)]
pub(crate) struct Metrics {
    values: Mutex<BTreeMap<(MetricType, String), Value>>,
}

#[derive(Clone, Default)]
struct Value {
    number: u64,
    recorded: Vec<u64>,
}

impl Metrics {
    /// Value of a counter or gauge with this name, 0 where there is none.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let values = self.values.lock().unwrap();
        [MetricType::Counter, MetricType::Gauge]
            .into_iter()
            .find_map(|kind| values.get(&(kind, name.to_owned())).map(|value| value.number))
            .unwrap_or(0)
    }

    /// What was recorded in a histogram.
    pub(crate) fn recorded(&self, name: &str) -> Vec<u64> {
        let values = self.values.lock().unwrap();
        values.get(&(MetricType::Histogram, name.to_owned())).map(|value| value.recorded.clone()).unwrap_or_default()
    }

    /// All counters and gauges.
    pub(crate) fn numbers(&self) -> BTreeMap<String, u64> {
        let values = self.values.lock().unwrap();
        let numbers = values.iter().filter(|((kind, _), _)| *kind != MetricType::Histogram);
        numbers.map(|((_, name), value)| (name.clone(), value.number)).collect()
    }

    fn with(&self, key: &(MetricType, String), change: impl FnOnce(&mut Value)) {
        change(self.values.lock().unwrap().entry(key.clone()).or_default());
    }
}

/// The ids that one VM has defined.
#[derive(Default)]
pub(crate) struct MetricIds {
    names: HashMap<u32, (MetricType, String)>,
    defined: [u32; 3],
}

impl MetricIds {
    pub(crate) fn define(&mut self, metrics: &Metrics, kind: u32, name: &[u8]) -> Result<u32, Status> {
        let kind = MetricType::of(kind).ok_or(Status::BadArgument)?;
        let count = &mut self.defined[kind as usize];
        *count += 1;
        let id = *count * ID_STEP + kind as u32;
        let key = (kind, String::from_utf8_lossy(name).into_owned());
        metrics.with(&key, |_| ());
        self.names.insert(id, key);
        Ok(id)
    }

    pub(crate) fn increment(&self, metrics: &Metrics, id: u32, by: i64) -> Result<(), Status> {
        let kind = MetricType::of(id % ID_STEP).filter(|kind| *kind != MetricType::Histogram);
        let kind = kind.ok_or(Status::BadArgument)?;
        let key = self.names.get(&id).ok_or(Status::NotFound)?;
        if kind == MetricType::Counter && by <= 0 {
            return Err(Status::BadArgument);
        }
        metrics.with(key, |value| value.number = value.number.wrapping_add_signed(by));
        Ok(())
    }

    pub(crate) fn record(&self, metrics: &Metrics, id: u32, number: u64) -> Result<(), Status> {
        let key = self.names.get(&id).ok_or(Status::NotFound)?;
        metrics.with(key, |value| match key.0 {
            MetricType::Counter => value.number = value.number.wrapping_add(number),
            MetricType::Gauge => value.number = number,
            MetricType::Histogram => value.recorded.push(number),
        });
        Ok(())
    }

    pub(crate) fn get(&self, metrics: &Metrics, id: u32) -> Result<u64, Status> {
        let kind = MetricType::of(id % ID_STEP).filter(|kind| *kind != MetricType::Histogram);
        kind.ok_or(Status::BadArgument)?;
        let key = self.names.get(&id).ok_or(Status::NotFound)?;
        let mut number = 0;
        metrics.with(key, |value| number = value.number);
        Ok(number)
    }
}
