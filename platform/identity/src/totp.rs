//! One-time passwords by time (TOTP, RFC 6238) with the values that every authenticator app knows: HMAC-SHA-1,
//! 30 seconds, six digits.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Error, Result, Timestamp};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one that are accepted too: clocks differ, and people type slowly
/// (RFC 6238 § 5.2).
const WINDOW: i64 = 1;

/// RFC 4226 § 5.3, six digits.
fn code(secret: &[u8], step: i64) -> Result<u32> {
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(secret).map_err(Error::internal)?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0x0f);
    let value = u32::from_be_bytes([digest[offset], digest[offset + 1], digest[offset + 2], digest[offset + 3]]);
    Ok((value & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code was typed, if it lies after `last_step`: a code is good once.
pub(crate) fn check(secret: &[u8], now: Timestamp, last_step: i64, typed: &str) -> Result<Option<i64>> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let well_formed = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    let typed: u32 = if well_formed { digits.parse().unwrap_or(u32::MAX) } else { u32::MAX };
    let present = now.as_second().div_euclid(STEP_SECONDS);
    let mut found = i64::MIN;
    for step in present - WINDOW..=present + WINDOW {
        let equal = code(secret, step)?.ct_eq(&typed) & Choice::from(u8::from(step > last_step));
        found.conditional_assign(&step, equal);
    }
    Ok((found > i64::MIN).then_some(found))
}

/// The secret as people type it into an app.
pub(crate) fn as_text(secret: &[u8]) -> String {
    let text = BASE32_NOPAD.encode(secret);
    let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|c| std::str::from_utf8(c).ok()).collect();
    groups.join(" ")
}

/// The address that the QR code holds (`otpauth`, the form that authenticator apps agree on).
pub(crate) fn uri(secret: &[u8], issuer: &str, label: &str) -> String {
    let issuer = percent(issuer);
    let secret = BASE32_NOPAD.encode(secret);
    format!(
        "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        percent(label)
    )
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The present code of a secret given as text: what an authenticator app shows. For tests and demo tools.
///
/// # Errors
/// When the text is no Base32.
pub fn current_code(secret: &str, now: Timestamp) -> Result<String> {
    let bare: String = secret.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = BASE32_NOPAD.decode(bare.as_bytes()).map_err(Error::internal)?;
    Ok(format!("{:06}", code(&secret, now.as_second().div_euclid(STEP_SECONDS))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238 appendix B, SHA-1 rows, last six of the eight digits.
    #[test]
    fn the_examples_of_the_standard() {
        for (second, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(check(SECRET, at(second), 0, digits).unwrap(), Some(second / 30), "{second}");
            assert_eq!(current_code(&as_text(SECRET), at(second)).unwrap(), digits);
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute_and_a_half() {
        let step = 1_111_111_111 / 30;
        assert_eq!(check(SECRET, at(1_111_111_111), step - 1, "050 471").unwrap(), Some(step));
        assert_eq!(check(SECRET, at(1_111_111_111), step, "050471").unwrap(), None, "used before");
        assert_eq!(check(SECRET, at((step + 1) * 30), 0, "050471").unwrap(), Some(step), "one step late");
        assert_eq!(check(SECRET, at((step - 1) * 30), 0, "050471").unwrap(), Some(step), "one step early");
        assert_eq!(check(SECRET, at((step + 2) * 30), 0, "050471").unwrap(), None, "two steps late");
        for wrong in ["", "050472", "50471", "0504711", "05047a", "０５０４７１"] {
            assert_eq!(check(SECRET, at(1_111_111_111), 0, wrong).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_for_apps_escapes_names() {
        let uri = uri(SECRET, "Stadt Meer & Co", "a@b.de");
        assert!(
            uri.starts_with("otpauth://totp/Stadt%20Meer%20%26%20Co:a%40b.de?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
        );
    }
}
