//! The time of a signature: `20150830T123600Z`.

use std::fmt;

use gateway::{Civil, UnixMillis};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An instant in whole seconds. Printed in ISO 8601's basic format, as `X-Amz-Date` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant of a number of seconds since 1970.
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// Reads `20150830T123600Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        if date.len() != 8 || time.len() != 6 {
            return None;
        }
        let civil = Civil {
            year: number(date.get(0..4)?)?,
            month: number(date.get(4..6)?)?,
            day: number(date.get(6..8)?)?,
            hour: number(time.get(0..2)?)?,
            minute: number(time.get(2..4)?)?,
            second: number(time.get(4..6)?)?,
        };
        civil.instant().map(Self::from)
    }

    /// Reads the forms of the header `Date`: `Sun, 30 Aug 2015 12:36:00 GMT`, or the form of `X-Amz-Date`.
    pub fn parse_date_header(text: &str) -> Option<Self> {
        if let Some(timestamp) = Self::parse(text) {
            return Some(timestamp);
        }
        let mut parts = text.split_once(", ")?.1.split(' ');
        let day = number(parts.next()?)?;
        let name = parts.next()?;
        let month = MONTHS.iter().position(|month| *month == name)?;
        let year = number(parts.next()?)?;
        let mut time = parts.next()?.split(':');
        if parts.next() != Some("GMT") || parts.next().is_some() {
            return None;
        }
        let (hour, minute, second) = (number(time.next()?)?, number(time.next()?)?, number(time.next()?)?);
        let month = u64::try_from(month).ok()?.checked_add(1)?;
        Civil { year, month, day, hour, minute, second }.instant().map(Self::from)
    }

    /// The day in a credential scope: `20150830`.
    pub fn date(self) -> String {
        let Civil { year, month, day, .. } = self.civil();
        format!("{year:04}{month:02}{day:02}")
    }

    /// This many seconds later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// This many seconds earlier.
    #[must_use]
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    fn civil(self) -> Civil {
        UnixMillis(self.0.saturating_mul(1000)).civil()
    }
}

impl From<UnixMillis> for Timestamp {
    fn from(instant: UnixMillis) -> Self {
        Self(instant.seconds())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second } = self.civil();
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }
}

/// Digits only: `parse` alone would accept a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers() {
        let expected = Some(Timestamp(1_440_938_160));
        assert_eq!(Timestamp::parse("20150830T123600Z"), expected);
        assert_eq!(Timestamp::parse_date_header("Sun, 30 Aug 2015 12:36:00 GMT"), expected);
        assert_eq!(Timestamp::parse_date_header("20150830T123600Z"), expected);
        assert_eq!(Timestamp(1_440_938_160).to_string(), "20150830T123600Z");
        assert_eq!(Timestamp(1_440_938_160).date(), "20150830");
    }

    #[test]
    fn what_is_no_time() {
        for text in
            ["", "20150830T123600", "2015-08-30T12:36:00Z", "20150830T1236+0Z", "20150230T000000Z", "20150830T240000Z"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        for text in ["30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 CET", "Sun, 30 Aug 2015 12:36:00 GMT x"] {
            assert_eq!(Timestamp::parse_date_header(text), None, "{text}");
        }
    }
}
