//! Token buckets: the arithmetic of every throttle, a pure function of (state, limit, now).
//!
//! A bucket holds up to `burst` tokens, starts full, gains `rate` tokens a second continuously, and gives one to each
//! request; a request that finds less than one token is refused.
//!
//! The arithmetic is exact, so there is no drift however long it runs. Rates and bursts are taken to a billionth of
//! a token, time to a microsecond, and tokens are counted in 10⁻¹⁵: a refill, rate × time, is then a product of two
//! integers that needs no rounding. What is stored is what is *missing* from a full bucket, so that a fresh state is
//! all zeros and stays valid under a new burst.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>

use crate::UnixMicros;

/// A token, in units of 10⁻¹⁵ tokens.
const TOKEN: u128 = 1_000_000_000_000_000;
/// A billionth of a token, in the same units.
const NANO: u128 = 1_000_000;
/// Billionths in a token.
const NANOS: f64 = 1e9;

/// How far behind the bucket's own time `now` may be and still count as the same moment: workers read the clock
/// before they wait for each other. A clock further behind has been set back, and the bucket follows it, because it
/// would not refill before the old time comes round again.
const MAX_BACKSTEP_MICROS: u64 = 5_000_000;

/// A rate and a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Billionths of a token per second, which is 10⁻¹⁵ tokens per microsecond.
    rate_nanos: u64,
    /// Billionths of a token.
    burst_nanos: u64,
}

impl Limit {
    /// `rate` tokens a second in a bucket of `burst`, both rounded to a billionth of a token and at most 1.8·10¹⁰.
    ///
    /// With a rate of 0, or a burst of less than 1, every request is refused. `None` for what is negative or not
    /// a number.
    pub fn new(rate: f64, burst: f64) -> Option<Self> {
        let nanos = |tokens: f64| (tokens.is_finite() && tokens >= 0.0).then(|| (tokens * NANOS).round() as u64);
        Some(Self { rate_nanos: nanos(rate)?, burst_nanos: nanos(burst)? })
    }

    /// Tokens per second.
    pub fn rate(self) -> f64 {
        self.rate_nanos as f64 / NANOS
    }

    /// Tokens in a full bucket.
    pub fn burst(self) -> f64 {
        self.burst_nanos as f64 / NANOS
    }
}

/// The state of a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What is missing from a full bucket at `time`, in 10⁻¹⁵ tokens.
    missing: u128,
    /// When `missing` was right.
    time: UnixMicros,
}

impl Bucket {
    /// Length of [`Bucket::encode`]'s form.
    pub const BYTES: usize = 24;

    /// A full bucket.
    pub fn full(now: UnixMicros) -> Self {
        Self { missing: 0, time: now }
    }

    /// Takes a token if there is one; otherwise the bucket is unchanged, unless the clock was set back.
    ///
    /// A `now` of up to five seconds before an earlier one counts as that one. A bucket from the future, after the
    /// clock was set back or because the bytes were none of ours, goes on from `now` without a refill.
    #[must_use]
    pub fn take(&mut self, limit: Limit, now: UnixMicros) -> bool {
        if self.time.0.saturating_sub(now.0) > MAX_BACKSTEP_MICROS {
            self.time = now;
        }
        if limit.rate_nanos == 0 {
            return false;
        }
        let burst = u128::from(limit.burst_nanos).saturating_mul(NANO);
        let elapsed = now.0.saturating_sub(self.time.0);
        let refill = u128::from(elapsed).saturating_mul(u128::from(limit.rate_nanos));
        // No more can be missing than the bucket holds: a smaller burst than before leaves it empty, not in debt.
        let missing = self.missing.min(burst).saturating_sub(refill).saturating_add(TOKEN);
        if missing > burst {
            return false;
        }
        *self = Self { missing, time: self.time.max(now) };
        true
    }

    /// The form in shared data: 10⁻¹⁵ tokens missing (16 bytes), microseconds since 1970 (8 bytes), little-endian.
    pub fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        self.write(&mut bytes);
        bytes
    }

    /// Appends [`Bucket::encode`]'s form.
    pub(crate) fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.missing.to_le_bytes());
        bytes.extend_from_slice(&self.time.0.to_le_bytes());
    }

    /// Reads [`Bucket::encode`]'s form. `None` for anything else, which counts as a full bucket.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (missing, time) = bytes.split_first_chunk::<16>()?;
        let time = u64::from_le_bytes(time.try_into().ok()?);
        Some(Self { missing: u128::from_le_bytes(*missing), time: UnixMicros(time) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use proptest::prelude::*;

    use super::*;

    const START: u64 = 1_727_181_296_000_000;

    fn limit(rate: f64, burst: f64) -> Limit {
        Limit::new(rate, burst).unwrap()
    }

    /// Which of the requests at `seconds` after the start pass.
    fn check(rate: f64, burst: f64, seconds: &[f64], expected: &[bool]) {
        let mut bucket = Bucket::full(UnixMicros(START));
        let passed: Vec<bool> = seconds
            .iter()
            .map(|s| bucket.take(limit(rate, burst), UnixMicros(START + (s * 1e6).round() as u64)))
            .collect();
        assert_eq!(passed, expected, "rate {rate}, burst {burst}");
    }

    #[test]
    fn rate_1_burst_2_as_documented() {
        check(1.0, 2.0, &[0.0, 0.0, 0.0, 0.5, 1.0, 2.0], &[true, true, false, false, true, true]);
    }

    #[test]
    fn a_token_is_there_on_the_microsecond() {
        check(0.1, 1.0, &[0.0, 9.999_999, 10.0, 19.999_999, 20.0], &[true, false, true, false, true]);
        check(0.3, 1.0, &[0.0, 3.333_333, 3.333_334], &[true, false, true]);
        check(3.0, 1.0, &[0.0, 0.333_333, 0.333_334], &[true, false, true]);
        check(0.000_01, 1.0, &[0.0, 99_999.999_999, 100_000.0], &[true, false, true]);
    }

    #[test]
    fn a_fraction_of_a_token_is_not_a_request() {
        check(1.0, 2.5, &[0.0, 0.0, 0.0, 0.5, 0.5], &[true, true, false, true, false]);
        check(1.0, 0.999, &[0.0, 100.0], &[false, false]);
    }

    #[test]
    fn zero_refuses_everything() {
        check(0.0, 10.0, &[0.0, 100.0], &[false, false]);
        check(10.0, 0.0, &[0.0, 100.0], &[false, false]);
        check(0.0, 0.0, &[0.0, 100.0], &[false, false]);
    }

    #[test]
    fn numbers_that_are_no_limits() {
        for number in [-1.0, f64::NAN, f64::INFINITY, -0.000_000_1] {
            assert_eq!(Limit::new(number, 1.0), None);
            assert_eq!(Limit::new(1.0, number), None);
        }
        assert_eq!(limit(1e300, 1e300), limit(f64::MAX, f64::MAX));
        assert_eq!((limit(0.1, 5.0).rate(), limit(0.1, 5.0).burst()), (0.1, 5.0));
    }

    #[test]
    fn a_smaller_burst_empties_and_a_larger_one_fills() {
        let mut bucket = Bucket::full(UnixMicros(START));
        for _ in 0..10 {
            assert!(bucket.take(limit(1.0, 10.0), UnixMicros(START)));
        }
        assert!(!bucket.clone().take(limit(1.0, 3.0), UnixMicros(START)));
        assert!(bucket.clone().take(limit(1.0, 3.0), UnixMicros(START + 1_000_000)));
        assert!(bucket.take(limit(1.0, 11.0), UnixMicros(START)));
        assert!(!bucket.take(limit(1.0, 11.0), UnixMicros(START)));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_the_bucket() {
        let limit = limit(1.0, 1.0);
        let mut bucket = Bucket::full(UnixMicros(START));
        assert!(bucket.take(limit, UnixMicros(START)));
        let earlier = START - 3_600_000_000;
        assert!(!bucket.take(limit, UnixMicros(earlier)), "going back gives no token");
        assert!(!bucket.take(limit, UnixMicros(earlier + 999_999)));
        assert!(bucket.take(limit, UnixMicros(earlier + 1_000_000)), "the refill goes on from the new time");
    }

    #[test]
    fn a_late_worker_gains_nothing() {
        let limit = limit(1000.0, 1.0);
        let mut bucket = Bucket::full(UnixMicros(START));
        assert!(bucket.take(limit, UnixMicros(START + 1000)));
        assert!(!bucket.take(limit, UnixMicros(START)));
        assert!(!bucket.take(limit, UnixMicros(START + 1999)));
        assert!(bucket.take(limit, UnixMicros(START + 2000)));
    }

    /// A bucket in whole billionths of a token, by plain rules: fill up first, then look.
    struct Reference {
        tokens: i128,
        time: u64,
    }

    impl Reference {
        fn take(&mut self, rate_millis: u32, burst_millis: u32, now: u64) -> bool {
            // Thousandths of a token a second are 10⁻⁹ tokens a microsecond.
            let full = i128::from(burst_millis) * 1_000_000;
            self.tokens = (self.tokens + i128::from(now - self.time) * i128::from(rate_millis)).min(full);
            self.time = now;
            let passes = self.tokens >= 1_000_000_000 && rate_millis > 0;
            self.tokens -= if passes { 1_000_000_000 } else { 0 };
            passes
        }
    }

    fn gap() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0..2000u64, 4 => 0..2_000_000u64, 1 => 0..u64::from(u32::MAX) * 1000]
    }

    proptest! {
        /// Every single decision is the one that exact arithmetic makes.
        #[test]
        fn decides_as_exact_arithmetic(
            rate in prop_oneof![0..50u32, 0..5_000_000u32], burst in prop_oneof![0..3000u32, 0..50_000u32],
            gaps in prop::collection::vec(gap(), 1..300),
        ) {
            let limit = limit(f64::from(rate) / 1000.0, f64::from(burst) / 1000.0);
            let mut now = START;
            let mut bucket = Bucket::full(UnixMicros(now));
            let mut reference = Reference { tokens: i128::from(burst) * 1_000_000, time: now };
            for gap in gaps {
                now += gap;
                bucket = Bucket::decode(&bucket.encode()).unwrap();
                prop_assert_eq!(bucket.take(limit, UnixMicros(now)), reference.take(rate, burst, now));
            }
        }

        /// In every interval, not only from the start: never more than burst + rate × time.
        #[test]
        fn no_interval_passes_more_than_burst_and_rate(
            rate in 0.0..2000.0f64, burst in 0.0..20.0f64, gaps in prop::collection::vec(0..3000u64, 1..150),
        ) {
            let limit = limit(rate, burst);
            let mut bucket = Bucket::full(UnixMicros(START));
            let mut passed = Vec::new();
            let mut now = START;
            for gap in gaps {
                now += gap;
                if bucket.take(limit, UnixMicros(now)) {
                    passed.push(now);
                }
            }
            for (i, from) in passed.iter().enumerate() {
                for (j, to) in passed.iter().enumerate().skip(i) {
                    let allowed = burst + rate * (to - from) as f64 / 1e6;
                    prop_assert!((j - i + 1) as f64 <= allowed + 1e-6, "{} in {} µs", j - i + 1, to - from);
                }
            }
        }

        /// Under constant pressure nothing is lost: the rate is reached to the last whole token.
        #[test]
        fn constant_demand_gets_the_whole_rate(rate in 1..400u32, burst in 1..10u32) {
            let limit = limit(f64::from(rate), f64::from(burst));
            let mut bucket = Bucket::full(UnixMicros(START));
            let seconds = 3;
            let step = 100; // microseconds between requests
            let passed = (0..=seconds * 1_000_000 / step)
                .filter(|i| bucket.take(limit, UnixMicros(START + i * step)))
                .count() as f64;
            let due = f64::from(burst) + f64::from(rate) * seconds as f64;
            prop_assert!(passed <= due);
            // A bucket of one token loses what comes in while the next request is on its way.
            let lost = if burst == 1 { f64::from(rate) * step as f64 / 1e6 } else { 0.0 };
            prop_assert!(passed >= due * (1.0 - lost) - 1.0, "{passed} of {due}");
        }

        /// Whatever the bytes, the limits and the clock: no panic, and a second after the worst there is a token.
        #[test]
        fn garbage_is_survived(
            bytes in prop::collection::vec(any::<u8>(), 0..40), rate in any::<f64>(), burst in any::<f64>(),
            times in prop::collection::vec(any::<u64>(), 1..20),
        ) {
            let Some(any_limit) = Limit::new(rate.abs(), burst.abs()) else { return Ok(()) };
            let mut bucket = Bucket::decode(&bytes).unwrap_or(Bucket::full(UnixMicros(0)));
            for time in times {
                let _ = bucket.take(any_limit, UnixMicros(time));
            }
            let now = bucket.time.0.min(u64::MAX - 2_000_000);
            let _ = bucket.take(limit(1.0, 1.0), UnixMicros(now));
            let passes = bucket.take(limit(1.0, 1.0), UnixMicros(now + 1_000_000))
                || bucket.take(limit(1.0, 1.0), UnixMicros(now + 2_000_000));
            prop_assert!(passes);
        }

        /// A full bucket again after any clock: going back never creates tokens by itself.
        #[test]
        fn tokens_come_only_from_time_that_went_forward(
            steps in prop::collection::vec(-20_000_000..20_000_000i64, 1..200), burst in 1..5u32,
        ) {
            let limit = limit(1.0, f64::from(burst));
            let mut now = START;
            let mut forward = 0u64;
            let mut passed = 0u32;
            let mut bucket = Bucket::full(UnixMicros(now));
            for step in steps {
                now = now.saturating_add_signed(step);
                forward += u64::try_from(step).unwrap_or(0);
                passed += u32::from(bucket.take(limit, UnixMicros(now)));
            }
            prop_assert!(f64::from(passed) <= f64::from(burst) + forward as f64 / 1e6 + 1e-9);
        }
    }
}
