//! The few structures of ASN.1 DER that the host's `verify_signature` takes.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: [u8; 2] = [0x05, 0x00];
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// Object identifier of the curve P-256.
pub const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// Object identifier of the curve P-384.
pub const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// Object identifier of the curve P-521.
pub const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

/// An RSA key as SubjectPublicKeyInfo; modulus and exponent are big-endian.
pub fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = tlv(SEQUENCE, &[&integer(modulus), &integer(exponent)]);
    public_key(&[&tlv(OBJECT_IDENTIFIER, &[RSA_ENCRYPTION]), &NULL], &key)
}

/// A point on a curve as SubjectPublicKeyInfo.
pub fn ec_key(curve: &[u8], x: &[u8], y: &[u8]) -> Vec<u8> {
    const UNCOMPRESSED: u8 = 4;
    let algorithm = [tlv(OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY]), tlv(OBJECT_IDENTIFIER, &[curve])];
    let [name, curve] = &algorithm;
    public_key(&[name, curve], &[&[UNCOMPRESSED], x, y].concat())
}

/// An ECDSA signature, which a token writes as `r` and `s` of equal length.
pub fn ecdsa_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&integer(r), &integer(s)])
}

fn public_key(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    const NO_UNUSED_BITS: u8 = 0;
    tlv(SEQUENCE, &[&tlv(SEQUENCE, algorithm), &tlv(BIT_STRING, &[&[NO_UNUSED_BITS], key])])
}

/// A number that is not negative, in as few bytes as it needs.
fn integer(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = big_endian.get(zeros..).unwrap_or_default();
    match digits.first() {
        Some(first) if first & 0x80 == 0 => tlv(INTEGER, &[digits]),
        _ => tlv(INTEGER, &[&[0], digits]),
    }
}

fn tlv(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let size: usize = content.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(size.saturating_add(6));
    out.push(tag);
    let bytes = size.to_be_bytes();
    match u8::try_from(size) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let digits = bytes.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            out.extend_from_slice(digits);
        }
    }
    for part in content {
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_as_short_as_can_be() {
        assert_eq!(integer(&[0, 0, 5]), [2, 1, 5]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn lengths() {
        assert_eq!(tlv(4, &[&[0; 127]]).get(..2), Some(&[4, 127][..]));
        assert_eq!(tlv(4, &[&[0; 128]]).get(..3), Some(&[4, 0x81, 128][..]));
        assert_eq!(tlv(4, &[&[0; 300]]).get(..4), Some(&[4, 0x82, 1, 44][..]));
    }
}
