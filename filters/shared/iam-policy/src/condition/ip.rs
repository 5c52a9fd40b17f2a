//! Addresses and ranges of `IpAddress`.

use std::net::IpAddr;

/// A range of addresses. IPv4 addresses written as IPv6 (`::ffff:a.b.c.d`) are compared as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        if prefix > most {
            return None;
        }
        // A range of mapped addresses is a range of IPv4 addresses.
        match (address.to_canonical(), prefix.checked_sub(96)) {
            (mapped @ IpAddr::V4(_), Some(prefix)) if address.is_ipv6() => Some(Self { address: mapped, prefix }),
            _ => Some(Self { address, prefix }),
        }
    }

    pub(crate) fn contains(self, address: &str) -> bool {
        let Ok(address) = address.parse::<IpAddr>() else { return false };
        let same_bits = |a: u128, b: u128, width: u32| {
            // All bits of the other side count where the prefix is as long as the address.
            let behind = width.saturating_sub(u32::from(self.prefix));
            a.checked_shr(behind).unwrap_or_default() == b.checked_shr(behind).unwrap_or_default()
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same_bits(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same_bits(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranges() {
        for (network, address, expected) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.5", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "203.0.113.5", false),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.1", true),
            ("192.0.2.0/24", "nowhere", false),
        ] {
            assert_eq!(Network::parse(network).unwrap().contains(address), expected, "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_range() {
        for text in ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "2001:db8::/129", "x"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
