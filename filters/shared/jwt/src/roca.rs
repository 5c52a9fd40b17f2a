//! RSA keys that a faulty chip library has made, and that can be factored (CVE-2017-15361, "ROCA").
//!
//! Their primes have the form `k · M + 65537^a mod M` with `M` a product of small primes. So the modulus is a power of
//! 65537 modulo each of those, which another key is by a chance of less than one in a hundred million.
//!
//! Source: Nemec et al., "The Return of Coppersmith's Attack", section 3

/// The primes of `M` modulo which the powers of 65537 are far from everything.
const PRIMES: [u64; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus, big-endian, has the fingerprint.
pub fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u64) -> u64 {
    number.iter().fold(0, |rest, byte| (rest << 8 | u64::from(*byte)).checked_rem(prime).unwrap_or_default())
}

/// Whether `value` is a power of 65537 modulo `prime`. The powers repeat after at most `prime - 1` of them.
fn is_power(value: u64, prime: u64) -> bool {
    let mut power = 1_u64;
    for _ in 0..prime {
        if power == value {
            return true;
        }
        power = power.saturating_mul(65_537).checked_rem(prime).unwrap_or_default();
    }
    false
}
