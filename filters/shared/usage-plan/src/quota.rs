//! Quotas: how many requests of a key a plan lets through per day, week or month; a pure function of (state, quota,
//! today).
//!
//! The state belongs to one (usage plan, API key). It names the day it was last counted on, so an old period ends
//! by itself: nobody has to reset anything at midnight. It also keeps what [`crate::report`] tells about past days.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

use crate::history::{DayUsage, History};
use crate::{Day, Period};

/// A plan's quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests per period.
    pub limit: u64,
    /// When the count starts anew.
    pub period: Period,
    /// Requests subtracted from the limit in the plan's first period.
    pub offset: u64,
    /// The day on which the plan was created; without it there is no first period and `offset` does nothing.
    pub created: Option<Day>,
}

impl Quota {
    /// What the period that `day` is in allows.
    ///
    /// Not documented: AWS calls `offset` the number of requests subtracted in the initial period, and we take that to
    /// be the period of the plan's creation.
    pub fn limit_on(&self, day: Day) -> u64 {
        let first = self.created.is_some_and(|created| self.period.start(created) == self.period.start(day));
        if first { self.limit.saturating_sub(self.offset) } else { self.limit }
    }
}

/// How far the clock may go back, in days, and still count in the later day: workers pass midnight one after the other.
/// Behind that the state follows the clock, or a moment's wrong date would stop the key until that date has passed.
const MAX_BACKSTEP_DAYS: u32 = 1;

/// What a key has used of a plan's quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    period: Period,
    /// The day of the last count.
    day: Day,
    /// Requests in the period that `day` is in.
    used: u64,
    /// Requests on `day`.
    used_today: u64,
    /// What the quota had left after the last request.
    remaining: u64,
    /// The days before `day`.
    history: History,
}

impl Usage {
    /// Length of the fixed part of [`Usage::encode`]'s form.
    const FIXED_BYTES: usize = 29;

    /// Nothing used yet.
    pub fn none(quota: &Quota, today: Day) -> Self {
        Self {
            period: quota.period,
            day: today,
            used: 0,
            used_today: 0,
            remaining: quota.limit_on(today),
            history: History::default(),
        }
    }

    /// Counts a request if the quota has one left. A refused request changes nothing that counts.
    ///
    /// A `today` one day before an earlier one counts as that one. After a greater step back the period's count is
    /// kept, so that turning the clock back gives nobody a second quota.
    #[must_use]
    pub fn charge(&mut self, quota: &Quota, today: Day) -> bool {
        self.go_to(quota, today);
        let Some(left) = quota.limit_on(self.day).checked_sub(self.used).and_then(|left| left.checked_sub(1)) else {
            return false;
        };
        self.used = self.used.saturating_add(1);
        self.used_today = self.used_today.saturating_add(1);
        self.remaining = left;
        true
    }

    /// Used and left on each day from `from` to `to`, both included.
    ///
    /// A day without requests has what the last day of its period with requests has left, or else the whole quota.
    pub fn days(&self, quota: &Quota, from: Day, to: Day) -> Vec<DayUsage> {
        let mut known = self.history.days();
        known.push(DayUsage { day: self.day, used: self.used_today, remaining: self.remaining });
        let mut known = known.into_iter().peekable();
        let mut last: Option<DayUsage> = None;
        let mut days = Vec::new();
        let mut day = from;
        while day <= to && days.len() < crate::report::MAX_REPORT_DAYS {
            while let Some(next) = known.next_if(|next| next.day <= day) {
                last = Some(next);
            }
            days.push(match last {
                Some(last) if last.day == day => last,
                Some(last) if quota.period.start(last.day) == quota.period.start(day) => {
                    DayUsage { day, used: 0, remaining: last.remaining }
                }
                _ => DayUsage { day, used: 0, remaining: quota.limit_on(day) },
            });
            day = day.next();
        }
        days
    }

    /// Moves on to `today`: closes the day that is over, and the period.
    fn go_to(&mut self, quota: &Quota, today: Day) {
        let before = quota.period.start(self.day);
        if today > self.day {
            let over = DayUsage { day: self.day, used: self.used_today, remaining: self.remaining };
            self.history.push(over, today);
            (self.day, self.used_today) = (today, 0);
        } else if today < self.day.back(MAX_BACKSTEP_DAYS) {
            self.history.forget_from(today);
            self.day = today;
        }
        let start = quota.period.start(self.day);
        if quota.period != self.period {
            // The plan counts in other periods now: add up what this one has seen so far.
            self.period = quota.period;
            self.used = self.history.used_since(start).saturating_add(self.used_today);
        } else if start > before {
            self.used = 0;
        }
    }

    /// The form in shared data: period (1 byte), day (4), used (8), used that day (8), left (8), history; little-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        self.write(&mut bytes);
        bytes
    }

    /// Length of [`Usage::encode`]'s form.
    pub(crate) fn size(&self) -> usize {
        Self::FIXED_BYTES.saturating_add(self.history.as_bytes().len())
    }

    /// Appends [`Usage::encode`]'s form.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(match self.period {
            Period::Day => 1,
            Period::Week => 2,
            Period::Month => 3,
        });
        bytes.extend_from_slice(&self.day.0.to_le_bytes());
        for number in [self.used, self.used_today, self.remaining] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(self.history.as_bytes());
    }

    /// Reads [`Usage::encode`]'s form. `None` for anything else, which counts as nothing used.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[period], bytes) = bytes.split_first_chunk()?;
        let (&day, bytes) = bytes.split_first_chunk()?;
        let (&used, bytes) = bytes.split_first_chunk()?;
        let (&used_today, bytes) = bytes.split_first_chunk()?;
        let (&remaining, history) = bytes.split_first_chunk()?;
        let period = match period {
            1 => Period::Day,
            2 => Period::Week,
            3 => Period::Month,
            _ => return None,
        };
        let usage = Self {
            period,
            day: Day(u32::from_le_bytes(day)),
            used: u64::from_le_bytes(used),
            used_today: u64::from_le_bytes(used_today),
            remaining: u64::from_le_bytes(remaining),
            history: History::from_bytes(history),
        };
        (usage.day <= Day::MAX && usage.used_today <= usage.used).then_some(usage)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn quota(limit: u64, period: Period) -> Quota {
        Quota { limit, period, offset: 0, created: None }
    }

    /// How many of ten requests on each of the days pass.
    fn check(quota: Quota, days: &[&str], expected: &[usize]) {
        let mut usage = Usage::none(&quota, day("2024-01-01"));
        let passed: Vec<usize> =
            days.iter().map(|d| (0..10).filter(|_| usage.charge(&quota, day(d))).count()).collect();
        assert_eq!(passed, expected, "{quota:?}");
    }

    #[test]
    fn each_period_has_its_limit() {
        check(quota(3, Period::Day), &["2024-09-24", "2024-09-24", "2024-09-25"], &[3, 0, 3]);
        check(quota(3, Period::Week), &["2024-09-24", "2024-09-29", "2024-09-30"], &[3, 0, 3]);
        check(quota(13, Period::Week), &["2024-09-24", "2024-09-29", "2024-09-30"], &[10, 3, 10]);
        check(quota(3, Period::Month), &["2024-09-01", "2024-09-30", "2024-10-01"], &[3, 0, 3]);
        check(quota(0, Period::Day), &["2024-09-24", "2024-09-25"], &[0, 0]);
    }

    #[test]
    fn the_offset_counts_in_the_period_of_creation() {
        let mut month = Quota { offset: 4, created: Some(day("2024-09-20")), ..quota(5, Period::Month) };
        check(month, &["2024-09-20", "2024-09-30", "2024-10-01"], &[1, 0, 5]);
        month.offset = 27;
        check(month, &["2024-09-20", "2024-10-01"], &[0, 5]);
        month.created = None;
        check(month, &["2024-09-20", "2024-10-01"], &[5, 5]);
        let week = Quota { offset: 2, created: Some(day("2024-09-29")), ..quota(5, Period::Week) };
        check(week, &["2024-09-24", "2024-09-30"], &[3, 5]);
    }

    #[test]
    fn a_clock_set_back_gives_no_second_quota() {
        let quota = quota(3, Period::Day);
        check(quota, &["2024-09-25", "2024-09-24", "2024-09-25", "2024-09-26"], &[3, 0, 0, 3]);
        check(quota, &["2024-09-25", "2024-09-01", "2024-09-02"], &[3, 0, 3]);
        let mut usage = Usage::none(&quota, day("2099-01-01"));
        assert!(usage.charge(&quota, day("2099-01-01")));
        assert!(usage.charge(&quota, day("2024-09-24")));
        assert!(usage.charge(&quota, day("2024-09-24")));
        assert!(!usage.charge(&quota, day("2024-09-24")));
    }

    #[test]
    fn another_period_counts_what_it_has_seen() {
        let mut usage = Usage::none(&quota(10, Period::Day), day("2024-08-31"));
        for date in ["2024-08-31", "2024-09-02", "2024-09-03"] {
            for _ in 0..4 {
                assert!(usage.charge(&quota(10, Period::Day), day(date)));
            }
        }
        let monthly = quota(10, Period::Month);
        let passed = (0..10).filter(|_| usage.charge(&monthly, day("2024-09-03"))).count();
        assert_eq!(passed, 2, "eight were used in September");
        let daily = quota(10, Period::Day);
        let passed = (0..10).filter(|_| usage.charge(&daily, day("2024-09-03"))).count();
        assert_eq!(passed, 4, "six were used today");
    }

    #[test]
    fn past_days_tell_what_was_used_and_left() {
        let quota = quota(10, Period::Week);
        let mut usage = Usage::none(&quota, day("2024-09-24"));
        for date in ["2024-09-24", "2024-09-24", "2024-09-26", "2024-09-30"] {
            assert!(usage.charge(&quota, day(date)));
        }
        let days: Vec<_> = usage
            .days(&quota, day("2024-09-22"), day("2024-10-01"))
            .into_iter()
            .map(|d| (d.day.to_string(), d.used, d.remaining))
            .collect();
        let expected = [
            ("2024-09-22", 0, 10),
            ("2024-09-23", 0, 10),
            ("2024-09-24", 2, 8),
            ("2024-09-25", 0, 8),
            ("2024-09-26", 1, 7),
            ("2024-09-27", 0, 7),
            ("2024-09-28", 0, 7),
            ("2024-09-29", 0, 7),
            ("2024-09-30", 1, 9),
            ("2024-10-01", 0, 9),
        ];
        assert_eq!(days, expected.map(|(date, used, left)| (date.to_owned(), used, left)));
    }

    fn period() -> impl Strategy<Value = Period> {
        prop_oneof![Just(Period::Day), Just(Period::Week), Just(Period::Month)]
    }

    proptest! {
        /// The reference keeps every request's period in a table and counts there.
        #[test]
        fn counts_like_a_table_of_periods(
            period in period(), limit in 0..20u64, offset in 0..5u64, created in 19_990..20_010u32,
            steps in prop::collection::vec((0..12u32, 1..8usize), 1..60),
        ) {
            let quota = Quota { limit, period, offset, created: Some(Day(created)) };
            let mut used: BTreeMap<Day, u64> = BTreeMap::new();
            let mut per_day: BTreeMap<Day, u64> = BTreeMap::new();
            let mut today = Day(19_980);
            let mut usage = Usage::none(&quota, today);
            for (gap, requests) in steps {
                today = Day(today.0 + gap);
                for _ in 0..requests {
                    usage = Usage::decode(&usage.encode()).unwrap();
                    let first = period.start(Day(created)) == period.start(today);
                    let allowed = if first { limit.saturating_sub(offset) } else { limit };
                    let used = used.entry(period.start(today)).or_default();
                    let passes = *used < allowed;
                    prop_assert_eq!(usage.charge(&quota, today), passes);
                    if passes {
                        *used += 1;
                        *per_day.entry(today).or_default() += 1;
                    }
                }
            }
            // Ninety days are known.
            for report in usage.days(&quota, today.back(89), today) {
                prop_assert_eq!(report.used, per_day.get(&report.day).copied().unwrap_or(0));
            }
            prop_assert!(usage.encode().len() <= 29 + 90 * 12);
        }

        #[test]
        fn garbage_is_survived(
            bytes in prop::collection::vec(any::<u8>(), 0..80), tag in 0..5u8, period in period(),
            days in prop::collection::vec(any::<u32>(), 1..10),
        ) {
            let quota = quota(5, period);
            for bytes in [bytes.clone(), [vec![tag], bytes].concat()] {
                let mut usage = Usage::decode(&bytes).unwrap_or_else(|| Usage::none(&quota, Day(0)));
                for day in &days {
                    let _ = usage.charge(&quota, Day(*day));
                    let _ = usage.days(&quota, Day(day.saturating_sub(3)), Day(*day));
                }
                // The next period is free of it.
                let _ = usage.charge(&quota, Day(20_000));
                prop_assert!(usage.charge(&quota, Day(20_040)));
            }
        }
    }
}
