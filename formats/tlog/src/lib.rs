//! Merkle tree, proofs and signed checkpoints of a transparency log, without I/O.
//!
//! - [`Frontier`] appends leaves and tells which tree nodes a store has to keep.
//! - [`inclusion_proof`] and [`consistency_proof`] read O(log n) of those nodes through a closure.
//! - [`Checkpoint`] and [`Note`] are the signed statement about one tree size.
//! - [`Proof`] binds one stored document to a checkpoint and is verified offline.
//! - [`Tile`] addresses the static files of a published log.
//!
//! Sources: RFC 6962 section 2.1, RFC 9162 section 2.1, and the C2SP specifications signed-note, tlog-checkpoint,
//! tlog-tiles and tlog-proof.

mod checkpoint;
mod document;
mod entry;
mod hash;
mod note;
mod proof;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use document::{Evidence, Proof, ProofFileError};
pub use entry::{ENTRY_MAX_BYTES, Entry, EntryError};
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use note::{KeyError, Note, NoteError, Signature, Signer, Verifier};
pub use proof::{Mismatch, ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use tile::{BundleError, TILE_WIDTH, Tile, TileKind, decode_bundle, encode_bundle};
pub use tree::{Frontier, FrontierError, Node, root_at};
