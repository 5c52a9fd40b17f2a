//! Dates of conditions: the ISO 8601 forms of the W3C, or seconds since 1970.
//!
//! Source: <https://www.w3.org/TR/NOTE-datetime>

/// Microseconds since 1970, `None` for what is no date. Years run from 0000 to 9999.
pub(crate) fn micros(text: &str) -> Option<i128> {
    // A year has four digits; fewer or more are seconds.
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if digits(whole) && (fraction.is_empty() || digits(fraction)) && (text.len() != 4 || text.starts_with('-')) {
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let whole: i64 = whole.parse().ok()?;
        let total = i128::from(whole).checked_mul(1_000_000)?.checked_add(fraction_micros(fraction)?)?;
        return total.checked_mul(sign);
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = match (parts.next(), time) {
        (Some(day), _) => number(day, 2)?,
        (None, None) => 1,
        // A time needs its day.
        (None, Some(_)) => return None,
    };
    let days = days(year, month, day)?;
    let (in_day, offset) = time.map_or(Some((0, 0)), time_of_day)?;
    let seconds = days.checked_mul(86_400)?.checked_sub(offset)?;
    i128::from(seconds).checked_mul(1_000_000)?.checked_add(in_day)
}

/// `03:04Z`, `03:04:05.678+01:00`: microseconds since midnight, and seconds that the zone is ahead of UTC.
fn time_of_day(text: &str) -> Option<(i128, i64)> {
    let at = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = text.split_at_checked(at)?;
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let seconds = of_clock(number(hours, 2)?, number(minutes, 2)?, 0)?;
            if zone.starts_with('-') { seconds.checked_neg()? } else { seconds }
        }
    };
    let mut parts = clock.splitn(3, ':');
    let hours = number(parts.next()?, 2)?;
    let minutes = number(parts.next()?, 2)?;
    let (seconds, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            (number(whole, 2)?, fraction_micros(fraction).filter(|_| !fraction.is_empty())?)
        }
    };
    let whole = of_clock(hours, minutes, seconds)?;
    Some((i128::from(whole).checked_mul(1_000_000)?.checked_add(fraction)?, offset))
}

fn of_clock(hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
    // 60 is a leap second.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)
}

/// Digits behind the point as microseconds; more than six are cut.
fn fraction_micros(digits: &str) -> Option<i128> {
    let mut micros: i128 = 0;
    let mut places = digits.bytes();
    for _ in 0..6 {
        let digit = match places.next() {
            Some(byte) if byte.is_ascii_digit() => byte.wrapping_sub(b'0'),
            Some(_) => return None,
            None => 0,
        };
        micros = micros.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    places.all(|byte| byte.is_ascii_digit()).then_some(micros)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    if !(1..=*lengths.get(before)?).contains(&day) {
        return None;
    }
    let in_year = lengths.iter().take(before).sum::<i64>().checked_add(day)?.checked_sub(1)?;
    // Leap days of all years before this one, from the year 0 on.
    let leap_days = match year.checked_sub(1)? {
        -1 => 0,
        last => (last / 4).checked_sub(last / 100)?.checked_add(last / 400)?.checked_add(1)?,
    };
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_528;
    year.checked_mul(365)?.checked_add(leap_days)?.checked_add(in_year)?.checked_sub(DAYS_FROM_YEAR_0_TO_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        const SECOND: i128 = 1_000_000;
        for (text, expected) in [
            ("1970", Some(0)),
            ("1970-01", Some(0)),
            ("2026-01-02", Some(1_767_312_000 * SECOND)),
            ("2026-01-02T03:04Z", Some(1_767_323_040 * SECOND)),
            ("2026-01-02T03:04:05Z", Some(1_767_323_045 * SECOND)),
            ("2026-01-02T03:04:05.123+01:00", Some(1_767_319_445 * SECOND + 123_000)),
            ("2026-01-02T03:04:05-00:30", Some(1_767_324_845 * SECOND)),
            ("2000-02-29", Some(951_782_400 * SECOND)),
            ("0000-01-01", Some(-62_167_219_200 * SECOND)),
            ("1767323045", Some(1_767_323_045 * SECOND)),
            ("1767323045.5", Some(1_767_323_045 * SECOND + 500_000)),
            ("-1", Some(-SECOND)),
            ("12345", Some(12_345 * SECOND)),
            ("2026-02-29", None),
            ("2026-13", None),
            ("2026-1-2", None),
            ("2026-01-02T03:04", None),
            ("2026-01T03:04Z", None),
            ("2026-01-02T24:00Z", None),
            ("2026-01-02T03:04:05.Z", None),
            ("2026-01-02T03:04:05.xZ", None),
            ("tomorrow", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
