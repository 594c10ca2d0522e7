use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use kernel::{Cx, Error, Hash, Result};
use sha2::Sha256;

const NONCE: usize = 24;

/// The city's key, from which one key per use is derived. Nothing of it is ever stored or logged.
#[derive(Clone)]
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
    mac: Hash,
    pepper: Hash,
}

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self> {
        let sealing = keyed(key, "identity sealing", &[])?;
        Ok(Self {
            cipher: XChaCha20Poly1305::new(&Key::from(sealing)),
            mac: keyed(key, "identity hashing", &[])?,
            pepper: keyed(key, "identity passwords", &[])?,
        })
    }

    /// Key of the password hash, so that the table alone does not allow guessing.
    pub(crate) fn pepper(&self) -> Hash {
        self.pepper
    }

    /// A keyed hash: what is looked up by value and must not be readable in the table.
    pub(crate) fn hash(&self, purpose: &str, parts: &[&[u8]]) -> Result<Hash> {
        keyed(&self.mac, purpose, parts)
    }

    /// Encrypts; `place` (table, column, row) is authenticated, so that a value moved elsewhere does not open.
    pub(crate) fn seal(&self, cx: &Cx, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = cx.random::<NONCE>();
        let payload = Payload { msg: plain, aad: place };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let mut out = nonce.to_vec();
        out.extend(sealed.map_err(|_| Error::internal("a secret could not be sealed"))?);
        Ok(out)
    }

    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let fault = || Error::internal("a sealed secret does not open: another key, or it was moved or changed");
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or_else(fault)?;
        let payload = Payload { msg: rest, aad: place };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| fault())
    }
}

fn keyed(key: &[u8], purpose: &str, parts: &[&[u8]]) -> Result<Hash> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(Error::internal)?;
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use kernel::{Principal, Sources, TenantId};

    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_place_only() {
        let cx = Cx::new(TenantId(1), Principal::Anonymous, Sources::system());
        let vault = Vault::new(&[1; 32]).unwrap();
        let sealed = vault.seal(&cx, b"row 1", b"secret").unwrap();
        assert_eq!(vault.open(b"row 1", &sealed).unwrap(), b"secret");
        assert!(vault.open(b"row 2", &sealed).is_err());
        assert!(Vault::new(&[2; 32]).unwrap().open(b"row 1", &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(vault.open(b"row 1", &sealed[..cut]).is_err());
        }
        assert_ne!(sealed, vault.seal(&cx, b"row 1", b"secret").unwrap(), "two sealings of one secret look alike");
    }

    #[test]
    fn hashed_parts_cannot_be_shifted_into_each_other() {
        let vault = Vault::new(&[1; 32]).unwrap();
        assert_ne!(vault.hash("x", &[b"ab", b"c"]).unwrap(), vault.hash("x", &[b"a", b"bc"]).unwrap());
        assert_ne!(vault.hash("x", &[b"a"]).unwrap(), vault.hash("y", &[b"a"]).unwrap());
    }
}
