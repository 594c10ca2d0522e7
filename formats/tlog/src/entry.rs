use crate::{Hash, leaf_hash};

const VERSION: u8 = 1;

/// Longest entry that fits into an entry bundle, in bytes.
pub const ENTRY_MAX_BYTES: usize = u16::MAX as usize;

/// One journal row as it stands in the log: a version byte, the public fact as canonical JSON (RFC 8785), and the
/// hash of salt and private part. Erasing the private part later leaves the entry, and with it every proof, as is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// JSON in the canonical form of RFC 8785; ids, codes and amounts only.
    pub fact: Vec<u8>,
    /// SHA-256(salt ‖ private part).
    pub private: Hash,
}

/// Bytes that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    #[error("an entry has at most 65,535 bytes")]
    TooLong,
    #[error("these bytes are not an entry of version 1")]
    Format,
}

impl Entry {
    /// The bytes that are hashed and published: 0x01 ‖ fact ‖ private.
    ///
    /// # Errors
    /// [`EntryError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        let length = 1 + self.fact.len() + self.private.len();
        if length > ENTRY_MAX_BYTES {
            return Err(EntryError::TooLong);
        }
        let mut bytes = Vec::with_capacity(length);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.fact);
        bytes.extend_from_slice(&self.private);
        Ok(bytes)
    }

    /// Reads what [`Entry::encode`] wrote.
    ///
    /// # Errors
    /// Another version, or fewer bytes than an entry has.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let rest = bytes.strip_prefix(&[VERSION]).ok_or(EntryError::Format)?;
        let (fact, private) = rest.split_last_chunk::<32>().ok_or(EntryError::Format)?;
        Ok(Self { fact: fact.to_vec(), private: *private })
    }

    /// Hash of this entry as a leaf of the tree.
    ///
    /// # Errors
    /// [`EntryError::TooLong`].
    pub fn leaf_hash(&self) -> Result<Hash, EntryError> {
        Ok(leaf_hash(&self.encode()?))
    }
}
