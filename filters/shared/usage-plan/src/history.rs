//! What was used on past days, in a few bytes a day.

use crate::Day;

/// How many days before today are kept: the longest range that GetUsage reports, today included.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>
const MAX_DAYS: u32 = 89;

/// A day's line in the usage report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUsage {
    /// The day.
    pub day: Day,
    /// Requests that passed on that day.
    pub used: u64,
    /// What the quota had left at the end of the day.
    pub remaining: u64,
}

/// Days with requests, oldest first, as three variable-length numbers each: days since the one before (since 1970 for
/// the first), used, remaining.
///
/// It stays in this form: a request only carries it along, and a day is added once a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<u8>);

impl History {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// All days; where the bytes make no sense, those before.
    pub(crate) fn days(&self) -> Vec<DayUsage> {
        let mut bytes = self.0.as_slice();
        let mut days: Vec<DayUsage> = Vec::new();
        while let (Some(gap), Some(used), Some(remaining)) =
            (read_number(&mut bytes), read_number(&mut bytes), read_number(&mut bytes))
        {
            let before = days.last().map_or(0, |last| last.day.0);
            let Some(day) = u32::try_from(gap).ok().and_then(|gap| before.checked_add(gap)) else { break };
            if (gap == 0 && !days.is_empty()) || days.len() > MAX_DAYS as usize {
                break;
            }
            days.push(DayUsage { day: Day(day), used, remaining });
        }
        days
    }

    /// Adds the day that is over, and forgets those too long before `today`. A day without requests is not kept.
    pub(crate) fn push(&mut self, over: DayUsage, today: Day) {
        let mut days = self.days();
        days.retain(|known| known.day < over.day);
        if over.used > 0 {
            days.push(over);
        }
        days.retain(|known| known.day >= today.back(MAX_DAYS));
        self.replace(&days);
    }

    /// Forgets `day` and those after it.
    pub(crate) fn forget_from(&mut self, day: Day) {
        let mut days = self.days();
        days.retain(|known| known.day < day);
        self.replace(&days);
    }

    /// Requests from `start` on.
    pub(crate) fn used_since(&self, start: Day) -> u64 {
        self.days().iter().filter(|known| known.day >= start).fold(0, |sum, known| known.used.saturating_add(sum))
    }

    fn replace(&mut self, days: &[DayUsage]) {
        self.0.clear();
        let mut before = 0;
        for known in days {
            write_number(&mut self.0, u64::from(known.day.0.saturating_sub(before)));
            write_number(&mut self.0, known.used);
            write_number(&mut self.0, known.remaining);
            before = known.day.0;
        }
    }
}

/// Seven bits a byte, lowest first, the top bit set on all but the last (LEB128).
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits.leading_zeros() < shift {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn days_come_back(days in prop::collection::btree_map(19_000..19_080u32, (1..u64::MAX, any::<u64>()), 0..80)) {
            let days: Vec<DayUsage> = days
                .into_iter()
                .map(|(day, (used, remaining))| DayUsage { day: Day(day), used, remaining })
                .collect();
            let mut history = History::default();
            for day in &days {
                history.push(*day, Day(19_080));
            }
            prop_assert_eq!(history.days(), days);
        }

        #[test]
        fn garbage_ends_the_list(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut history = History::from_bytes(&bytes);
            let days = history.days();
            prop_assert!(days.len() <= 90);
            prop_assert!(days.is_sorted_by(|a, b| a.day < b.day));
            history.push(DayUsage { day: Day(20_000), used: 1, remaining: 1 }, Day(20_001));
            prop_assert!(history.days().len() <= 90);
        }
    }

    #[test]
    fn ninety_days_are_kept() {
        let mut history = History::default();
        for day in 0..1000 {
            history.push(DayUsage { day: Day(day), used: 1, remaining: 0 }, Day(day).next());
        }
        assert_eq!(history.days().first().unwrap().day, Day(1000 - 89));
        assert!(history.as_bytes().len() < 300);
    }
}
