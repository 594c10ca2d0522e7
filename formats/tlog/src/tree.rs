use crate::{Hash, ProofError, empty_root, node_hash};

/// A node over a complete subtree of `2^level` leaves: it covers the leaves from `index << level` on.
///
/// Such a node never changes once it exists, so a store may keep it for ever. Level 0 is the leaf itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub level: u8,
    pub index: u64,
    pub hash: Hash,
}

/// The right edge of a tree: the roots of its maximal complete subtrees, largest first.
///
/// This is all that is needed to append and to know the root; it has one hash per set bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

/// A stored frontier that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    #[error("a tree of {size} leaves has {expected} hashes on its right edge, not {found}")]
    HashCount { size: u64, expected: u32, found: usize },
    #[error("a tree of {0} leaves is beyond what a tiled log can hold")]
    TooLarge(u64),
}

impl Frontier {
    /// Leaves that fit: six levels of tiles of 256 hashes (C2SP tlog-tiles).
    pub const MAX_SIZE: u64 = 1 << 48;

    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a frontier that was stored as `size` and [`Frontier::hashes`].
    ///
    /// # Errors
    /// When the number of hashes does not belong to the size.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > Self::MAX_SIZE {
            return Err(FrontierError::TooLarge(size));
        }
        let expected = size.count_ones();
        if hashes.len() != expected as usize {
            return Err(FrontierError::HashCount { size, expected, found: hashes.len() });
        }
        Ok(Self { size, hashes })
    }

    /// Reads the frontier of the first `size` leaves from stored nodes, at most one read per bit of the size.
    ///
    /// # Errors
    /// [`ProofError::MissingNode`] when the store lacks one of them.
    pub fn load(size: u64, node: impl Fn(u8, u64) -> Option<Hash>) -> Result<Self, ProofError> {
        let mut hashes = Vec::with_capacity(size.count_ones() as usize);
        let mut start = 0;
        for level in (0..64u8).rev().filter(|level| size >> level & 1 == 1) {
            let index = start >> level;
            hashes.push(node(level, index).ok_or(ProofError::MissingNode { level, index })?);
            start += 1 << level;
        }
        Ok(Self { size, hashes })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the maximal complete subtrees, largest subtree first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends the hash of a leaf ([`crate::leaf_hash`]) and returns the nodes this completes: first the leaf
    /// itself (level 0), then each inner node, lowest level first. They are what a store must keep; an
    /// average of two per leaf.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let mut completed = vec![Node { level: 0, index: self.size, hash: leaf }];
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() as u8 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            completed.push(Node { level, index: self.size >> level, hash });
        }
        self.hashes.push(hash);
        self.size += 1;
        completed
    }

    /// The Merkle tree hash of all leaves (RFC 6962 section 2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_right = self.hashes.iter().rev();
        let Some(&last) = from_right.next() else { return empty_root() };
        from_right.fold(last, |right, left| node_hash(left, &right))
    }
}

/// The root the tree had when it held `size` leaves, from stored nodes.
///
/// # Errors
/// [`ProofError::MissingNode`] when the store lacks a node.
pub fn root_at(size: u64, node: impl Fn(u8, u64) -> Option<Hash>) -> Result<Hash, ProofError> {
    Ok(Frontier::load(size, node)?.root())
}
