//! The last stage: the client's signature against ours.

use subtle::ConstantTimeEq;

use crate::hash::hex;

/// Whether the client's signature, 64 lower-case hexadecimal digits, is `expected`. How long that takes does not tell
/// how many of them agree.
pub(crate) fn is_signature(claimed: &str, expected: &[u8; 32]) -> bool {
    claimed.as_bytes().ct_eq(hex(expected).as_bytes()).into()
}

/// Whether a session token is the stored one, compared the same way.
pub(crate) fn is_token(claimed: &[u8], stored: &str) -> bool {
    claimed.ct_eq(stored.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::string_slice)]
    use super::*;

    #[test]
    fn all_digits_in_lower_case() {
        let expected = [0xab; 32];
        let digits = "ab".repeat(32);
        assert!(is_signature(&digits, &expected));
        for other in
            [digits.to_uppercase(), digits[1..].to_owned(), format!("{digits}a"), String::new(), "ac".repeat(32)]
        {
            assert!(!is_signature(&other, &expected), "{other}");
        }
    }
}
