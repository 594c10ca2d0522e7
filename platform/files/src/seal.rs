//! Bytes on disk under a key of their own, which lies beside them under the city's key (envelope encryption).

use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use kernel::{Error, FileId, Random, Result, sha256};

/// Wraps and unwraps the keys of files: the city's key file, or a machine that never gives its key away.
pub trait KeyProvider: Send + Sync {
    /// The file's key as it may lie on disk.
    ///
    /// # Errors
    /// The provider does not answer.
    fn wrap(&self, file: FileId, key: &[u8; 32]) -> Result<Vec<u8>>;

    /// `None` for another provider's key, one of another file, or changed bytes.
    ///
    /// # Errors
    /// The provider does not answer.
    fn unwrap(&self, file: FileId, wrapped: &[u8]) -> Result<Option<[u8; 32]>>;
}

const NONCE: usize = 24;

/// The city's key from its key file. After a change, older keys still open what was sealed with them.
pub struct CityKey {
    current: XChaCha20Poly1305,
    older: Vec<XChaCha20Poly1305>,
    random: std::sync::Arc<dyn Random>,
}

impl CityKey {
    /// `key` seals; `older` keys open only. What is used is derived from them, so that the same key file may serve
    /// other purposes.
    pub fn new(key: &[u8; 32], older: &[[u8; 32]], random: std::sync::Arc<dyn Random>) -> Self {
        let cipher = |key: &[u8; 32]| XChaCha20Poly1305::new(&Key::from(sha256(&[b"meer files sealing", key])));
        Self { current: cipher(key), older: older.iter().map(cipher).collect(), random }
    }
}

impl KeyProvider for CityKey {
    fn wrap(&self, file: FileId, key: &[u8; 32]) -> Result<Vec<u8>> {
        let (id, mut nonce) = (file.uuid(), [0; NONCE]);
        self.random.fill(&mut nonce);
        let payload = Payload { msg: key, aad: id.as_bytes() };
        let sealed = self.current.encrypt(&XNonce::from(nonce), payload);
        Ok([&nonce[..], &sealed.map_err(|_| Error::internal("a file's key could not be sealed"))?].concat())
    }

    fn unwrap(&self, file: FileId, wrapped: &[u8]) -> Result<Option<[u8; 32]>> {
        let Some((nonce, sealed)) = wrapped.split_first_chunk::<NONCE>() else { return Ok(None) };
        let id = file.uuid();
        let open = |cipher: &XChaCha20Poly1305| {
            cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: id.as_bytes() }).ok()
        };
        let key = std::iter::once(&self.current).chain(&self.older).find_map(open);
        Ok(key.and_then(|key| key.try_into().ok()))
    }
}

/// Beginning of a sealed file: this, the length of the wrapped key (u16, big endian), the wrapped key, the contents.
const MARK: &[u8; 8] = b"\xffMEERv1\n";

/// The contents are sealed with a fresh key that is used once, so their nonce is constant.
pub(crate) fn seal(keys: &dyn KeyProvider, file: FileId, key: &[u8; 32], plain: &[u8]) -> Result<Vec<u8>> {
    let wrapped = keys.wrap(file, key)?;
    let length = u16::try_from(wrapped.len()).map_err(Error::internal)?.to_be_bytes();
    let sealed = XChaCha20Poly1305::new(&Key::from(*key)).encrypt(&XNonce::from([0; NONCE]), plain);
    let sealed = sealed.map_err(|_| Error::internal("a file could not be sealed"))?;
    Ok([MARK, &length[..], &wrapped, &sealed].concat())
}

/// Opens a sealed file; one without mark was written before the city had a key and is taken as it is.
///
/// `None` when the bytes were changed or sealed with another city's key.
///
/// # Errors
/// Those of the key provider.
pub(crate) fn open(keys: &dyn KeyProvider, file: FileId, bytes: Vec<u8>) -> Result<Option<Vec<u8>>> {
    let Some(rest) = bytes.strip_prefix(MARK) else { return Ok(Some(bytes)) };
    let Some((length, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
    let Some((wrapped, sealed)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else { return Ok(None) };
    let Some(key) = keys.unwrap(file, wrapped)? else { return Ok(None) };
    Ok(XChaCha20Poly1305::new(&Key::from(key)).decrypt(&XNonce::from([0; NONCE]), sealed).ok())
}
