use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use kernel::{Error, Hash, Result};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::{policy::Argon2Cost, vault::Vault};

/// Least length in characters. There are no other rules but the list of common ones (NIST SP 800-63B § 5.1.1.2, BSI
/// ORP.4): rules about signs make passwords worse.
pub const MIN_CHARS: usize = 10;
/// Most bytes that are hashed.
const MAX_BYTES: usize = 1024;

/// Passwords that everybody tries first, one per line, lower case.
const COMMON: &str = include_str!("../data/common-passwords.txt");

/// What is stored of a password.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub tag: Vec<u8>,
    /// Cost with which the tag was made, e.g. `argon2id,m=19456,t=2,p=1`.
    pub params: String,
}

/// Hashes passwords, a few at a time: each takes the policy's memory.
#[derive(Clone)]
pub(crate) struct Hasher {
    vault: Vault,
    cost: Argon2Cost,
    slots: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new(vault: Vault, cost: Argon2Cost) -> Result<Self> {
        argon2(cost, &vault.pepper())?;
        let slots = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self { vault, cost, slots: Arc::new(Semaphore::new(slots)) })
    }

    /// Hashes for one owner key (an e-mail address, a staff login).
    ///
    /// The salt is a keyed hash of the owner key and not random: accounts that share an address share it, so one
    /// computation serves them all, and a sign-in costs the same whether the address has no account, one or several.
    pub(crate) async fn hash(&self, owner: &str, password: &str) -> Result<Stored> {
        let tag = self.tag(owner, password, self.cost).await?;
        Ok(Stored { tag: tag.to_vec(), params: text(self.cost) })
    }

    /// The position of the one candidate whose password this is. All are compared, and an unknown owner key costs as
    /// much as a known one.
    pub(crate) async fn pick(&self, owner: &str, password: &str, candidates: &[Stored]) -> Result<Option<usize>> {
        let mut costs = vec![self.cost];
        for stored in candidates {
            let cost = parse(&stored.params)?;
            if !costs.contains(&cost) {
                costs.push(cost);
            }
        }
        let mut found = u64::MAX;
        for cost in costs {
            let tag = self.tag(owner, password, cost).await?;
            let params = text(cost);
            for (position, stored) in (0u64..).zip(candidates) {
                let same = tag.as_slice().ct_eq(&stored.tag) & Choice::from(u8::from(stored.params == params));
                found.conditional_assign(&position, same);
            }
        }
        Ok(usize::try_from(found).ok().filter(|at| *at < candidates.len()))
    }

    /// Whether the tag was made with another cost than today's.
    pub(crate) fn outdated(&self, stored: &Stored) -> bool {
        stored.params != text(self.cost)
    }

    async fn tag(&self, owner: &str, password: &str, cost: Argon2Cost) -> Result<Hash> {
        let salt = self.vault.hash("password salt", &[owner.as_bytes()])?;
        let mut password: String = password.nfc().collect();
        while password.len() > MAX_BYTES {
            password.pop();
        }
        let pepper = self.vault.pepper();
        let _slot = self.slots.acquire().await.map_err(Error::internal)?;
        let work = move || -> Result<Hash> {
            let mut tag = [0u8; 32];
            argon2(cost, &pepper)?
                .hash_password_into(password.as_bytes(), &salt[..16], &mut tag)
                .map_err(Error::internal)?;
            Ok(tag)
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

fn argon2(cost: Argon2Cost, pepper: &[u8]) -> Result<Argon2<'_>> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(Error::internal)?;
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(Error::internal)
}

fn text(cost: Argon2Cost) -> String {
    format!("argon2id,m={},t={},p={}", cost.memory_kib, cost.passes, cost.lanes)
}

fn parse(params: &str) -> Result<Argon2Cost> {
    let fault = || Error::internal("a stored password has an unknown cost");
    let mut parts = params.split(',');
    if parts.next() != Some("argon2id") {
        return Err(fault());
    }
    let mut next = |name: &str| {
        parts.next().and_then(|p| p.strip_prefix(name)).and_then(|n| n.parse::<u32>().ok()).ok_or_else(fault)
    };
    Ok(Argon2Cost { memory_kib: next("m=")?, passes: next("t=")?, lanes: next("p=")? })
}

/// Checks a new password against the rules; `own` are the owner's address or login and label.
///
/// # Errors
/// `Invalid` with field `password` and code `password-short` (arg `min`), `password-long` or `password-common`.
pub(crate) fn check_new(password: &str, own: &[&str]) -> Result<()> {
    let normal: String = password.nfc().collect();
    let lower = normal.to_lowercase();
    if normal.chars().count() < MIN_CHARS {
        let error = kernel::FieldError::new("password", "password-short").with("min", MIN_CHARS);
        return Err(Error::Invalid(vec![error]));
    }
    if normal.len() > MAX_BYTES {
        return Err(Error::invalid("password", "password-long"));
    }
    let mut first = lower.chars();
    let repeated = first.next().is_some_and(|c| first.all(|other| other == c));
    let own_name = own.iter().any(|own| {
        let own = own.to_lowercase();
        own == lower || own.split('@').next() == Some(lower.as_str())
    });
    if repeated || own_name || COMMON.lines().any(|common| common == lower) {
        return Err(Error::invalid("password", "password-common"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(memory_kib: u32) -> Hasher {
        let vault = Vault::new(&[3; 32]).unwrap();
        Hasher::new(vault, Argon2Cost { memory_kib, passes: 1, lanes: 1 }).unwrap()
    }

    #[tokio::test]
    async fn the_password_picks_among_those_who_share_an_address() {
        let new = hasher(64);
        let old = hasher(32);
        let couple = [
            old.hash("a@b.de", "Sommerregen am Rhein").await.unwrap(),
            new.hash("a@b.de", "Winterabend im Hafen").await.unwrap(),
        ];
        assert_eq!(new.pick("a@b.de", "Sommerregen am Rhein", &couple).await.unwrap(), Some(0));
        assert_eq!(new.pick("a@b.de", "Winterabend im Hafen", &couple).await.unwrap(), Some(1));
        assert_eq!(new.pick("a@b.de", "Winterabend im Hafen ", &couple).await.unwrap(), None);
        assert_eq!(new.pick("c@b.de", "Winterabend im Hafen", &couple).await.unwrap(), None);
        assert_eq!(new.pick("a@b.de", "Winterabend im Hafen", &[]).await.unwrap(), None);
        assert!(new.outdated(&couple[0]) && !new.outdated(&couple[1]));
    }

    #[tokio::test]
    async fn composed_and_decomposed_umlauts_are_one_password() {
        let hasher = hasher(64);
        let stored = [hasher.hash("a", "größer und schöner").await.unwrap()];
        assert_eq!(hasher.pick("a", "gro\u{308}ßer und scho\u{308}ner", &stored).await.unwrap(), Some(0));
    }

    #[tokio::test]
    async fn another_key_or_a_changed_cost_text_does_not_verify() {
        let stored = hasher(64).hash("a", "passwort genug").await.unwrap();
        let other = Hasher::new(Vault::new(&[4; 32]).unwrap(), hasher(64).cost).unwrap();
        assert_eq!(other.pick("a", "passwort genug", std::slice::from_ref(&stored)).await.unwrap(), None);
        for broken in ["", "bcrypt,m=1", "argon2id,m=x,t=1,p=1", "argon2id,m=64"] {
            let bad = Stored { params: broken.to_owned(), ..stored.clone() };
            assert!(hasher(64).pick("a", "passwort genug", &[bad]).await.is_err());
        }
    }

    #[test]
    fn length_and_the_common_list_are_the_only_rules() {
        let code = |p: &str| match check_new(p, &["erika.muster@beispiel.example"]) {
            Ok(()) => "ok".to_owned(),
            Err(Error::Invalid(errors)) => errors[0].code.clone(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(code("kurz"), "password-short");
        assert_eq!(code("äöüäöüäöü"), "password-short", "nine characters, eighteen bytes");
        assert_eq!(code("aaaaaaaaaaaa"), "password-common");
        assert_eq!(code("Password123"), "password-common");
        assert_eq!(code("Erika.Muster"), "password-common");
        assert_eq!(code("nur kleine buchstaben"), "ok");
        assert_eq!(code(&"x1".repeat(600)), "password-long");
    }

    #[test]
    fn the_common_list_is_in_the_form_it_is_compared_in() {
        for line in COMMON.lines() {
            assert_eq!(line, line.trim().to_lowercase());
            assert!(line.chars().count() >= MIN_CHARS, "{line} is refused by its length already");
        }
    }
}
