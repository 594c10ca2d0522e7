use kernel::{Error, Result};
use unicode_normalization::UnicodeNormalization as _;

/// An e-mail address as a person wrote it, and the key it is found by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email {
    pub address: String,
    pub key: String,
}

impl Email {
    /// Checks the form only; whether the address works is found out by a mail.
    ///
    /// # Errors
    /// `Invalid` with field `email` and code `email-invalid`.
    pub fn parse(typed: &str) -> Result<Email> {
        let address: String = typed.trim().nfc().collect();
        let fault = || Error::invalid("email", "email-invalid");
        let (local, domain) = address.rsplit_once('@').ok_or_else(fault)?;
        // RFC 5321 § 4.5.3.1: 64 octets before the sign, 254 in all.
        let fits = !local.is_empty() && local.len() <= 64 && address.len() <= 254;
        let plain = !address.chars().any(|c| c.is_whitespace() || c.is_control() || "\"(),:;<>[\\]".contains(c));
        let labels = domain.split('.').collect::<Vec<_>>();
        let named =
            labels.len() >= 2 && labels.iter().all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
        if fits && plain && named && !local.contains('@') {
            let key = key(&address);
            Ok(Email { address, key })
        } else {
            Err(fault())
        }
    }
}

/// The key of whatever was typed, also of what is no address: a sign-in does the same work for both.
pub(crate) fn key(typed: &str) -> String {
    typed.trim().chars().take(254).nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_spelling_and_are_found_in_any_case() {
        let email = Email::parse("  Erika.Muster@Beispiel.example ").unwrap();
        assert_eq!(email.address, "Erika.Muster@Beispiel.example");
        assert_eq!(email.key, key("ERIKA.MUSTER@beispiel.EXAMPLE"));
        assert_eq!(Email::parse("jörg@müller.example").unwrap().key, key("JO\u{308}RG@MÜLLER.example"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "@",
            "a@",
            "@b.de",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@b.de\r\nBcc: x@y.de",
            "a@b@c.de",
            "<a@b.de>",
            "a@b.de.",
            &format!("{}@b.de", "a".repeat(65)),
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
