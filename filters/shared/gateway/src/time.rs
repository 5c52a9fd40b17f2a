//! Time as filters see it: handed in by the host, never read by a core.

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl UnixMillis {
    /// Whole seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// ISO 8601 with milliseconds: `2024-09-24T12:34:56.123Z`.
    pub fn iso8601(self) -> String {
        let Civil { year, month, day, hour, minute, second } = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", self.0 % 1000)
    }

    /// The form of `$context.requestTime`: `24/Sep/2024:12:34:56 +0000`.
    pub fn request_time(self) -> String {
        let Civil { year, month, day, hour, minute, second } = self.civil();
        let month = month_name(month);
        format!("{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
    }

    /// The form in which Java prints a date, and so the claims of a user pool: `Sat Jun 01 20:33:43 UTC 2024`.
    pub fn java_date(self) -> String {
        let days = self.seconds() / 86_400;
        let weekday = usize::try_from(days % 7).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"Thu");
        let Civil { year, month, day, hour, minute, second } = self.civil();
        let month = month_name(month);
        format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year:04}")
    }

    /// Date and time in UTC.
    pub fn civil(self) -> Civil {
        let seconds = self.seconds();
        let (year, month, day) = civil_from_days(seconds / 86_400);
        Civil { year, month, day, hour: seconds / 3600 % 24, minute: seconds / 60 % 60, second: seconds % 60 }
    }
}

/// A date and time of day in UTC, in the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: u64,
    /// Month, 1–12.
    pub month: u64,
    /// Day of the month, 1–31.
    pub day: u64,
    /// Hour, 0–23.
    pub hour: u64,
    /// Minute, 0–59.
    pub minute: u64,
    /// Second, 0–59.
    pub second: u64,
}

impl Civil {
    /// The instant, from 1970 to the end of 9999; `None` for what is no date or no time of day.
    pub fn instant(self) -> Option<UnixMillis> {
        if !(1970..=9999).contains(&self.year) || self.hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let days = days_from_civil(self.year, self.month, self.day)?;
        // What a calendar does not have, such as 30 February, comes back as another day.
        if civil_from_days(days) != (self.year, self.month, self.day) {
            return None;
        }
        let minutes = days.checked_mul(1440)?.checked_add(self.hour.checked_mul(60)?)?.checked_add(self.minute)?;
        let seconds = minutes.checked_mul(60)?.checked_add(self.second)?;
        seconds.checked_mul(1000).map(UnixMillis)
    }
}

/// The name of a month (1–12).
fn month_name(month: u64) -> &'static str {
    usize::try_from(month).ok().and_then(|month| MONTHS.get(month.saturating_sub(1))).unwrap_or(&"Jan")
}

/// Days from 0000-03-01, where the arithmetic begins its years, to 1970-01-01.
const DAYS_FROM_YEAR_0_TO_1970: u64 = 719_468;

/// Days since 1970-01-01; the inverse of [`civil_from_days`], for dates that exist.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March end with the leap day, so it needs no case of its own.
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let years_days = year.checked_mul(365)?.checked_add(year / 4)?.checked_add(year / 400)?.checked_sub(year / 100)?;
    let months_days = month.checked_mul(153)?.checked_add(2)? / 5;
    years_days.checked_add(months_days)?.checked_add(day)?.checked_sub(1)?.checked_sub(DAYS_FROM_YEAR_0_TO_1970)
}

/// Year, month (1–12) and day (1–31) in the proleptic Gregorian calendar, from days since 1970-01-01.
///
/// The arithmetic runs on years that begin in March, so that the leap day is the last one.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days.saturating_add(DAYS_FROM_YEAR_0_TO_1970);
    let (era, day) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let leap_days = (day / 1460).wrapping_sub(day / 36_524).wrapping_add(day / 146_096);
    let year = day.wrapping_sub(leap_days) / 365;
    let before = year.wrapping_mul(365).wrapping_add(year / 4).wrapping_sub(year / 100);
    let day = day.wrapping_sub(before);
    let month = day.wrapping_mul(5).wrapping_add(2) / 153;
    let first = month.wrapping_mul(153).wrapping_add(2) / 5;
    let day = day.wrapping_sub(first).wrapping_add(1);
    let calendar_month = if month < 10 { month.wrapping_add(3) } else { month.wrapping_sub(9) };
    let year = year.wrapping_add(era.wrapping_mul(400)).wrapping_add(u64::from(calendar_month <= 2));
    (year, calendar_month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(millis: u64, expected: &str) {
        assert_eq!(UnixMillis(millis).request_time(), expected);
    }

    #[test]
    fn request_time() {
        check(0, "01/Jan/1970:00:00:00 +0000");
        check(1_727_181_296_123, "24/Sep/2024:12:34:56 +0000");
        check(1_709_164_800_000, "29/Feb/2024:00:00:00 +0000");
        check(1_735_689_599_999, "31/Dec/2024:23:59:59 +0000");
        check(4_107_542_400_000, "01/Mar/2100:00:00:00 +0000");
    }

    #[test]
    fn java_date() {
        for (seconds, expected) in [
            (0, "Thu Jan 01 00:00:00 UTC 1970"),
            (951_782_400, "Tue Feb 29 00:00:00 UTC 2000"),
            (1_654_115_623, "Wed Jun 01 20:33:43 UTC 2022"),
            (1_717_273_223, "Sat Jun 01 20:20:23 UTC 2024"),
            (253_402_300_799, "Fri Dec 31 23:59:59 UTC 9999"),
        ] {
            assert_eq!(UnixMillis(seconds * 1000).java_date(), expected);
        }
    }

    #[test]
    fn dates_and_instants() {
        for seconds in [0, 86_399, 951_782_400, 1_709_164_800, 4_107_542_400, 253_402_300_799] {
            let instant = UnixMillis(seconds * 1000);
            assert_eq!(instant.civil().instant(), Some(instant), "{seconds}");
        }
        let date = |year, month, day| Civil { year, month, day, ..Civil::default() }.instant();
        assert_eq!(date(2015, 8, 30), Some(UnixMillis(1_440_892_800_000)));
        for (year, month, day) in
            [(2023, 2, 29), (2024, 2, 30), (2024, 4, 31), (2024, 13, 1), (2024, 0, 1), (1969, 1, 1)]
        {
            assert_eq!(date(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(Civil { hour: 24, ..UnixMillis(0).civil() }.instant(), None);
    }

    #[test]
    fn iso8601() {
        assert_eq!(UnixMillis(1_727_181_296_023).iso8601(), "2024-09-24T12:34:56.023Z");
    }

    #[test]
    fn far_times_do_not_panic() {
        let _ = UnixMillis(u64::MAX).request_time();
        let _ = UnixMillis(u64::MAX).java_date();
    }
}
