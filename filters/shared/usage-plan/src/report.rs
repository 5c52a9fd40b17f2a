//! The usage report in the shape of GetUsage: what each key of a plan has used on each day, and had left.
//!
//! Only plans with a quota keep such counts. Not documented: what AWS reports of others; here it is an empty report.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::counters::Counters;
use crate::plans::Plans;
use crate::quota::Usage;
use crate::{Day, UnixMicros, subscription};

/// The longest range of a report, and how long days are remembered.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>
pub const MAX_REPORT_DAYS: usize = 90;
/// The most keys on one page of a report.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>
pub const MAX_REPORT_KEYS: usize = 500;
/// Keys on a page when nothing else is asked for.
const DEFAULT_REPORT_KEYS: usize = 25;

/// What is asked for, as written in GetUsage's URL.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsageRequest<'a> {
    /// The plan.
    pub usage_plan_id: &'a str,
    /// The first day, `YYYY-MM-DD`.
    pub start_date: &'a str,
    /// The last day, `YYYY-MM-DD`.
    pub end_date: &'a str,
    /// Only this key.
    pub key_id: Option<&'a str>,
    /// `position` of the page before.
    pub position: Option<&'a str>,
    /// Keys on a page: 25 when absent, at most 500.
    pub limit: Option<usize>,
}

/// A page of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageReport {
    /// The plan.
    pub usage_plan_id: String,
    /// The first day, `YYYY-MM-DD`.
    pub start_date: String,
    /// The last day, `YYYY-MM-DD`.
    pub end_date: String,
    /// What to ask for to get the next page; `None` after the last.
    pub position: Option<String>,
    /// By key id, for each day: used that day, left at its end.
    pub items: BTreeMap<String, Vec<[u64; 2]>>,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageError {
    /// There is no such plan.
    NoSuchPlan(String),
    /// The plan has no such key.
    NoSuchKey(String),
    /// Not a date.
    NotADate(String),
    /// The last day is before the first, or more than 90 days are asked for.
    Range,
    /// Not a position that a report has given.
    Position(String),
    /// The counters cannot be read.
    Unavailable,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchPlan(id) => write!(f, "there is no usage plan `{}`", id.escape_debug()),
            Self::NoSuchKey(id) => write!(f, "the usage plan has no key `{}`", id.escape_debug()),
            Self::NotADate(text) => write!(f, "`{}` is not a date, expected YYYY-MM-DD", text.escape_debug()),
            Self::Range => write!(f, "expected an end date from the start date on, {MAX_REPORT_DAYS} days at most"),
            Self::Position(text) => write!(f, "`{}` is not a position", text.escape_debug()),
            Self::Unavailable => f.write_str("the counters cannot be read"),
        }
    }
}

impl std::error::Error for UsageError {}

impl Plans {
    /// Reports what the keys of a plan have used.
    ///
    /// # Errors
    /// What is asked for does not exist, or the counters cannot be read.
    pub fn usage(
        &self,
        request: &UsageRequest,
        now: impl Into<UnixMicros>,
        counters: &(impl Counters + ?Sized),
    ) -> Result<UsageReport, UsageError> {
        let today = now.into().day();
        let (from, to) = (date(request.start_date)?, date(request.end_date)?);
        let days = to.0.checked_sub(from.0).ok_or(UsageError::Range)? as usize;
        if days >= MAX_REPORT_DAYS {
            return Err(UsageError::Range);
        }
        let plan = self.plans.iter().position(|plan| *plan.id == *request.usage_plan_id);
        let (index, plan) = plan
            .and_then(|i| Some((u16::try_from(i).ok()?, self.plans.get(i)?)))
            .ok_or_else(|| UsageError::NoSuchPlan(request.usage_plan_id.to_owned()))?;
        let skip = match request.position {
            Some(text) => text.parse().map_err(|_| UsageError::Position(text.to_owned()))?,
            None => 0,
        };
        let mut keys = self
            .keys
            .all()
            .filter(|key| self.keys.plans(*key).contains(&index))
            .map(|key| self.keys.id(key))
            .filter(|id| request.key_id.is_none_or(|wanted| *id == wanted))
            .skip(skip)
            .peekable();
        if let Some(wanted) = request.key_id
            && keys.peek().is_none()
        {
            return Err(UsageError::NoSuchKey(wanted.to_owned()));
        }
        let page = request.limit.unwrap_or(DEFAULT_REPORT_KEYS).clamp(1, MAX_REPORT_KEYS);
        let mut items = BTreeMap::new();
        if let Some(quota) = plan.quota {
            for id in keys.by_ref().take(page) {
                let found = counters.load(&subscription::counter(&plan.id, id)).map_err(|_| UsageError::Unavailable)?;
                let usage = found
                    .and_then(|(bytes, _)| subscription::usage(&bytes))
                    .unwrap_or_else(|| Usage::none(&quota, today));
                let days = usage.days(&quota, from, to);
                items.insert(id.to_owned(), days.iter().map(|day| [day.used, day.remaining]).collect());
            }
        }
        let more = plan.quota.is_some() && keys.peek().is_some();
        Ok(UsageReport {
            usage_plan_id: request.usage_plan_id.to_owned(),
            start_date: request.start_date.to_owned(),
            end_date: request.end_date.to_owned(),
            position: more.then(|| skip.saturating_add(page).to_string()),
            items,
        })
    }
}

fn date(text: &str) -> Result<Day, UsageError> {
    Day::parse(text).ok_or_else(|| UsageError::NotADate(text.to_owned()))
}
