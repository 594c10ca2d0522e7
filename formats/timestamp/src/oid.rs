//! Object identifiers, as the content bytes of their DER encoding.

/// 1.2.840.113549.1.7.2, RFC 5652 section 5.1.
pub const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.16.1.4, RFC 3161 section 2.4.2.
pub const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// 1.2.840.113549.1.9.3, RFC 5652 section 11.1.
pub const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// 1.2.840.113549.1.9.4, RFC 5652 section 11.2.
pub const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// 1.2.840.113549.1.9.16.2.12, RFC 2634 section 5.4.
pub const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
/// 1.2.840.113549.1.9.16.2.47, RFC 5035 section 3.
pub const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];

/// 2.16.840.1.101.3.4.2.1 to .3, RFC 5754 section 2.
pub const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
pub const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
pub const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

/// 1.2.840.113549.1.1.1 and .11 to .13, RFC 8017 appendix A.2.4.
pub const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
pub const RSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c];
pub const RSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d];
/// 1.2.840.10045.2.1, RFC 5480 section 2.1.1; curves 1.2.840.10045.3.1.7 and 1.3.132.0.34.
pub const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.2.840.10045.4.3.2 and .3, RFC 5758 section 3.2.
pub const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
pub const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];

/// 2.5.29.14, .15, .19, .32, .37, RFC 5280 section 4.2.1.
pub const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
pub const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.8, RFC 3161 section 2.3.
pub const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// 2.5.4.3 and 2.5.4.10: commonName and organizationName.
pub const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
pub const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// The content bytes of a dotted identifier, e.g. `1.3.6.1.4.1.99999.1`; none when it is not one.
pub fn encode(dotted: &str) -> Option<Vec<u8>> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().ok()).collect::<Option<_>>()?;
    let [first, second, rest @ ..] = arcs.as_slice() else { return None };
    if *first > 2 || (*first < 2 && *second > 39) || arcs.len() > 32 {
        return None;
    }
    let mut bytes = Vec::new();
    for arc in std::iter::once(first.checked_mul(40)?.checked_add(*second)?).chain(rest.iter().copied()) {
        let digits = (64 - (arc | 1).leading_zeros()).div_ceil(7);
        for place in (0..digits).rev() {
            let more = if place > 0 { 0x80 } else { 0 };
            bytes.push(more | ((arc >> (7 * place)) & 0x7f) as u8);
        }
    }
    Some(bytes)
}

/// The dotted form of content bytes; none when they are no identifier or one with an arc over 64 bit.
pub fn dotted(content: &[u8]) -> Option<String> {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0u64;
    let mut inside = false;
    for byte in content {
        // A leading 0x80 would be a second way of writing the same number.
        if (!inside && *byte == 0x80) || arc >> 57 != 0 {
            return None;
        }
        arc = (arc << 7) | u64::from(byte & 0x7f);
        inside = byte & 0x80 != 0;
        if !inside {
            arcs.push(arc);
            arc = 0;
        }
    }
    let (first, rest) = arcs.split_first().filter(|_| !inside)?;
    let top = (first / 40).min(2);
    let mut text = format!("{top}.{}", first - top * 40);
    for arc in rest {
        text.push_str(&format!(".{arc}"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_form_and_bytes_are_the_same() {
        for (text, bytes) in
            [("1.2.840.113549.1.9.16.1.4", TST_INFO), ("2.16.840.1.101.3.4.2.1", SHA256), ("1.3.132.0.34", P384)]
        {
            assert_eq!(encode(text).as_deref(), Some(bytes));
            assert_eq!(dotted(bytes).as_deref(), Some(text));
        }
        assert_eq!(dotted(&encode("2.999.3").unwrap()).as_deref(), Some("2.999.3"), "the example of X.690");
        for nothing in ["", "1", "3.1", "1.40", "1.a", "1..2", "2.18446744073709551615"] {
            assert_eq!(encode(nothing), None, "{nothing}");
        }
        for nothing in [&[][..], &[0x2a, 0x86], &[0x2a, 0x80, 0x01], &[0xff; 20]] {
            assert_eq!(dotted(nothing), None, "{nothing:?}");
        }
    }
}
