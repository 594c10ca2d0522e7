use crate::{Hash, empty_root, node_hash};

/// Why a proof could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("a tree of {old} leaves cannot be the beginning of one of {new}")]
    NotAPrefix { old: u64, new: u64 },
    #[error("the store lacks the node at level {level}, index {index}")]
    MissingNode { level: u8, index: u64 },
}

/// A proof that does not prove what it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the stated root")]
pub struct Mismatch;

/// Size of the left subtree of a tree of `len` ≥ 2 leaves: the largest power of two smaller than `len`.
fn split(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// Reads stored nodes and hashes incomplete subtrees from them.
struct Nodes<F>(F);

impl<F: Fn(u8, u64) -> Option<Hash>> Nodes<F> {
    fn complete(&self, start: u64, len: u64) -> Result<Hash, ProofError> {
        let level = len.ilog2() as u8;
        let index = start >> level;
        (self.0)(level, index).ok_or(ProofError::MissingNode { level, index })
    }

    /// Hash of the leaves `start .. start + len`, `len` ≥ 1, where `start` is the beginning of a subtree.
    fn range(&self, mut start: u64, mut len: u64) -> Result<Hash, ProofError> {
        let mut lefts = Vec::new();
        while !len.is_power_of_two() {
            let left = split(len);
            lefts.push(self.complete(start, left)?);
            start += left;
            len -= left;
        }
        let last = self.complete(start, len)?;
        Ok(lefts.iter().rev().fold(last, |right, left| node_hash(left, &right)))
    }
}

/// Audit path of the leaf `index` in the tree of the first `size` leaves (RFC 9162 section 2.1.3.1).
///
/// `node(level, index)` reads a node that [`crate::Frontier::append`] returned; it is asked O(log n) times.
///
/// # Errors
/// When the leaf is not in the tree or the store lacks a node.
pub fn inclusion_proof(index: u64, size: u64, node: impl Fn(u8, u64) -> Option<Hash>) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let nodes = Nodes(node);
    let (mut start, mut len) = (0, size);
    let mut path = Vec::new();
    while len > 1 {
        let left = split(len);
        if index < start + left {
            path.push(nodes.range(start + left, len - left)?);
            len = left;
        } else {
            path.push(nodes.complete(start, left)?);
            start += left;
            len -= left;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the first `old` leaves of the tree of `new` leaves are those of the tree of `old` leaves
/// (RFC 9162 section 2.1.4.1). Empty when `old` is 0 or equals `new`.
///
/// # Errors
/// When `old` is greater than `new` or the store lacks a node.
pub fn consistency_proof(old: u64, new: u64, node: impl Fn(u8, u64) -> Option<Hash>) -> Result<Vec<Hash>, ProofError> {
    if old > new {
        return Err(ProofError::NotAPrefix { old, new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let nodes = Nodes(node);
    let (mut start, mut len) = (0, new);
    let mut path = Vec::new();
    while start + len > old {
        let left = split(len);
        if old <= start + left {
            path.push(nodes.range(start + left, len - left)?);
            len = left;
        } else {
            path.push(nodes.complete(start, left)?);
            start += left;
            len -= left;
        }
    }
    if start > 0 {
        path.push(nodes.range(start, len)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that a leaf stands at `index` in the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`Mismatch`] in every other case, also for a path of the wrong length.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), Mismatch> {
    if index >= size {
        return Err(Mismatch);
    }
    let (mut position, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(Mismatch);
        }
        if position & 1 == 1 || position == last {
            hash = node_hash(sibling, &hash);
            // A right edge without sibling is carried up unchanged to the level where it has one.
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(Mismatch) }
}

/// Checks that the tree of `new` leaves begins with the leaves of the tree of `old` leaves
/// (RFC 9162 section 2.1.4.2). The empty tree is the beginning of every tree.
///
/// # Errors
/// [`Mismatch`] in every other case.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> Result<(), Mismatch> {
    let holds = |condition: bool| if condition { Ok(()) } else { Err(Mismatch) };
    if old > new {
        return Err(Mismatch);
    }
    if old == 0 {
        return holds(path.is_empty() && *old_root == empty_root() && (new > 0 || new_root == old_root));
    }
    if old == new {
        return holds(path.is_empty() && old_root == new_root);
    }
    // A complete old tree is itself the first node of the path and is left out of it.
    let (first, rest) = if old.is_power_of_two() { (old_root, path) } else { path.split_first().ok_or(Mismatch)? };
    let below = (old - 1).trailing_ones();
    let (mut position, mut last) = ((old - 1) >> below, (new - 1) >> below);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(Mismatch);
        }
        if position & 1 == 1 || position == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    holds(last == 0 && old_hash == *old_root && new_hash == *new_root)
}
