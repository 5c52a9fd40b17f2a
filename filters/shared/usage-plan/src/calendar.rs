//! Days and quota periods in UTC.
//!
//! A quota needs four facts of the calendar: the day of an instant, the Monday of its week, the first of its month,
//! and the `YYYY-MM-DD` form of a day. That is the whole module; a date library would add time zones, parsing and
//! formatting to every filter that counts.

use std::fmt;

use gateway::UnixMillis;
use serde::{Deserialize, Serialize};

const MICROS_PER_DAY: u64 = 86_400_000_000;

/// Microseconds since 1970-01-01 00:00 UTC.
///
/// Finer than [`UnixMillis`], which converts into it: a bucket of one token that refills every 11.1 ms loses up to
/// a millisecond of each interval to a clock of milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMicros(pub u64);

impl UnixMicros {
    /// The UTC day.
    pub fn day(self) -> Day {
        Day(u32::try_from(self.0 / MICROS_PER_DAY).unwrap_or(u32::MAX))
    }
}

impl From<UnixMillis> for UnixMicros {
    fn from(millis: UnixMillis) -> Self {
        Self(millis.0.saturating_mul(1000))
    }
}

/// A UTC day, counted from 1970-01-01. Printed and parsed as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u32);

const DAYS_IN_400_YEARS: u32 = 146_097;
/// Days from 0000-03-01, where the arithmetic begins its years, to 1970-01-01.
const DAYS_TO_1970: u32 = 719_468;

impl Day {
    /// 9999-12-31, the last day with a four-digit year.
    pub const MAX: Self = Self(2_932_896);

    /// The day of a date, from 1970-01-01 to [`Day::MAX`].
    pub fn from_date(year: u32, month: u32, day: u32) -> Option<Self> {
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        // Years that begin in March end with the leap day, so it needs no case of its own.
        let (march_year, march_month) =
            if month > 2 { (year, month.saturating_sub(3)) } else { (year.saturating_sub(1), month.saturating_add(9)) };
        let years_days = march_year
            .saturating_mul(365)
            .saturating_add(march_year / 4)
            .saturating_add(march_year / 400)
            .saturating_sub(march_year / 100);
        let months_days = march_month.saturating_mul(153).saturating_add(2) / 5;
        let days = years_days.saturating_add(months_days).saturating_add(day).saturating_sub(1);
        let result = Self(days.checked_sub(DAYS_TO_1970)?);
        // The 31st of a month of 30 days came out as the first of the next month.
        (result.date() == (year, month, day)).then_some(result)
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let mut field = |width: usize| {
            fields.next().filter(|f| f.len() == width && f.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()
        };
        let (year, month, day) = (field(4)?, field(2)?, field(2)?);
        if fields.next().is_some() { None } else { Self::from_date(year, month, day) }
    }

    /// Year, month (1–12) and day (1–31).
    pub fn date(self) -> (u32, u32, u32) {
        let days = self.0.saturating_add(DAYS_TO_1970);
        let (era, day) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
        let leap_days = (day / 1460).saturating_add(day / 146_096).saturating_sub(day / 36_524);
        let year = day.saturating_sub(leap_days) / 365;
        let before = year.saturating_mul(365).saturating_add(year / 4).saturating_sub(year / 100);
        let day = day.saturating_sub(before);
        let march_month = day.saturating_mul(5).saturating_add(2) / 153;
        let first = march_month.saturating_mul(153).saturating_add(2) / 5;
        let day = day.saturating_sub(first).saturating_add(1);
        let month = if march_month < 10 { march_month.saturating_add(3) } else { march_month.saturating_sub(9) };
        let year = year.saturating_add(era.saturating_mul(400)).saturating_add(u32::from(month <= 2));
        (year, month, day)
    }

    /// `days` days earlier, 1970-01-01 at the least.
    pub fn back(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// The next day.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// How often a quota starts anew.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Period {
    /// At 00:00 UTC.
    Day,
    /// On Mondays at 00:00 UTC. Not documented: reports differ between Monday and Sunday; ISO weeks decide.
    Week,
    /// On the first of the month at 00:00 UTC.
    Month,
}

impl Period {
    /// The first day of the period that `day` is in.
    pub fn start(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            // 1970-01-01 was a Thursday, the fourth day of its week.
            Self::Week => day.back(day.0.saturating_add(3) % 7),
            Self::Month => day.back(day.date().2.saturating_sub(1)),
        }
    }

    /// As AWS writes it: `DAY`, `WEEK`, `MONTH`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use super::*;

    fn start(period: Period, day: &str, expected: &str) {
        assert_eq!(period.start(Day::parse(day).unwrap()).to_string(), expected, "{period:?} of {day}");
    }

    #[test]
    fn periods_begin_at_midnight_monday_and_the_first() {
        start(Period::Day, "2024-09-24", "2024-09-24");
        start(Period::Week, "2024-09-23", "2024-09-23");
        start(Period::Week, "2024-09-24", "2024-09-23");
        start(Period::Week, "2024-09-29", "2024-09-23");
        start(Period::Week, "2024-09-30", "2024-09-30");
        start(Period::Week, "2025-01-01", "2024-12-30");
        start(Period::Month, "2024-02-29", "2024-02-01");
        start(Period::Month, "2024-12-31", "2024-12-01");
        start(Period::Month, "2100-03-01", "2100-03-01");
        // The week of the epoch began in 1969.
        start(Period::Week, "1970-01-02", "1970-01-01");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_calendar() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for number in 0..DAYS_IN_400_YEARS {
            assert_eq!(Day(number).date(), (year, month, day));
            assert_eq!(Day::from_date(year, month, day), Some(Day(number)));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn only_real_dates_are_days() {
        for text in ["", "2024", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-1"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        for text in ["1969-12-31", "10000-01-01", "2024-01-01-", "+024-01-01", "2024-01-01T00:00:00Z"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(Day::MAX.to_string(), "9999-12-31");
        assert_eq!(UnixMicros(u64::MAX).day().to_string().len(), "586524-01-19".len());
    }

    #[test]
    fn a_day_lasts_until_the_last_microsecond() {
        let midnight = Day::parse("2024-09-25").unwrap();
        let micros = u64::from(midnight.0) * MICROS_PER_DAY;
        assert_eq!(UnixMicros(micros).day(), midnight);
        assert_eq!(UnixMicros(micros - 1).day(), midnight.back(1));
        assert_eq!(UnixMicros::from(UnixMillis(micros / 1000)), UnixMicros(micros));
    }
}
