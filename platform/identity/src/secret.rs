//! A link for one outsider and the secret that goes with it by another channel: read out on the telephone, typed once.

use kernel::{Cx, Result};

use crate::{Identity, password::Stored};

/// Digits of a spoken secret. Digits, because letters are misheard; with five tries the chance to guess is 1 to 20 million.
const DIGITS: usize = 8;

/// What is stored of a spoken secret: an Argon2id tag under the city's key, and the cost with which it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretHash {
    pub tag: Vec<u8>,
    pub params: String,
}

/// A random secret to be read out, e.g. `4829 1305`.
pub fn spoken_secret(cx: &Cx) -> String {
    let mut digits = String::with_capacity(DIGITS + 1);
    let mut count = 0;
    while count < DIGITS {
        // 250 is the largest multiple of 10 in a byte: above it the first digits would be more likely.
        for byte in cx.random::<32>().into_iter().filter(|byte| *byte < 250).take(DIGITS - count) {
            if count == DIGITS / 2 {
                digits.push(' ');
            }
            digits.push(char::from(b'0' + byte % 10));
            count += 1;
        }
    }
    digits
}

/// What somebody typed, as bare digits: spaces, hyphens and points do not matter. None when it cannot be such a secret.
pub fn read_spoken(typed: &str) -> Option<String> {
    let mut digits = String::with_capacity(DIGITS);
    for c in typed.chars() {
        match c {
            '0'..='9' => digits.push(c),
            c if c.is_whitespace() || matches!(c, '-' | '.' | '\u{2010}'..='\u{2015}') => {}
            _ => return None,
        }
        if digits.len() > DIGITS {
            return None;
        }
    }
    (digits.len() == DIGITS).then_some(digits)
}

impl Identity {
    /// Hashes a secret for the thing it opens; `owner` is a text that only this thing has.
    ///
    /// # Errors
    /// A machine without memory for it.
    pub async fn hash_spoken(&self, owner: &str, secret: &str) -> Result<SecretHash> {
        let bare = read_spoken(secret).unwrap_or_default();
        let Stored { tag, params } = self.passwords.hash(&owner_key(owner), &bare).await?;
        Ok(SecretHash { tag, params })
    }

    /// Whether this is the secret. It takes as long when there is none to compare with.
    ///
    /// # Errors
    /// As [`Identity::hash_spoken`]; a stored hash of an unknown cost.
    pub async fn is_spoken(&self, owner: &str, typed: &str, stored: Option<&SecretHash>) -> Result<bool> {
        let bare = read_spoken(typed).unwrap_or_default();
        let candidates: Vec<Stored> =
            stored.into_iter().map(|s| Stored { tag: s.tag.clone(), params: s.params.clone() }).collect();
        Ok(self.passwords.pick(&owner_key(owner), &bare, &candidates).await?.is_some())
    }
}

/// No login or address looks like this: a secret of one kind is never taken for one of another.
fn owner_key(owner: &str) -> String {
    format!("spoken secret\0{owner}")
}

#[cfg(test)]
mod tests {
    use kernel::{Principal, Sources, TenantId};

    use super::*;
    use crate::Policy;

    #[test]
    fn a_secret_is_read_back_however_it_is_typed() {
        let cx = Cx::new(TenantId(1), Principal::Anonymous, Sources::system());
        for _ in 0..50 {
            let secret = spoken_secret(&cx);
            let bare = secret.replace(' ', "");
            assert_eq!((secret.len(), bare.len()), (9, 8));
            assert_eq!(read_spoken(&secret), Some(bare.clone()));
            assert_eq!(read_spoken(&format!(" {}-{} ", &bare[..3], &bare[3..])), Some(bare));
        }
        for wrong in ["", "4829 130", "4829 13055", "4829 130x", "٤٨٢٩١٣٠٥"] {
            assert_eq!(read_spoken(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn only_the_secret_of_this_owner_fits() {
        let identity = Identity::new(Policy::default(), &[7; 32]).unwrap();
        let stored = identity.hash_spoken("one", "4829 1305").await.unwrap();
        assert!(identity.is_spoken("one", "48291305", Some(&stored)).await.unwrap());
        assert!(!identity.is_spoken("one", "48291306", Some(&stored)).await.unwrap());
        assert!(!identity.is_spoken("other", "48291305", Some(&stored)).await.unwrap());
        assert!(!identity.is_spoken("one", "48291305", None).await.unwrap());
    }
}
