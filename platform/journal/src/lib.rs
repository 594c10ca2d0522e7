//! What happened, who did it, when, to which object: audit trail, event bus and evidence in one table.
//!
//! - [`emit`] writes an entry in the caller's transaction; [`emit_evidence`] also records the state of a row that
//!   must be provable later.
//! - The [`Sequencer`] numbers entries without gaps and keeps a Merkle tree over them. Everybody who reads
//!   ([`entries`], [`of_subject`], proofs) sees numbered entries only, in one order.
//! - [`Checkpoints`] keeps signed statements about the tree outside the database.
//! - [`check`] compares all of it again, and the evidential rows of other modules with it.
//!
//! An entry has a public part (`fact`: ids, codes, amounts) and a private part that can be erased without harm to any
//! proof: leaf = SHA-256(0x00 ‖ 0x01 ‖ fact ‖ SHA-256(salt ‖ private)).

pub mod check;
mod checkpoints;
mod emit;
mod evidence;
mod read;
mod sequencer;
mod tree;

pub use checkpoints::{Checkpoints, SigningKey, read_checkpoint};
pub use emit::{ERASED, emit, emit_deleted, emit_evidence, emit_private, erase_private};
pub use evidence::{Evidence, Kind, state, state_hash};
pub use read::{Entry, Touched, advance, cursor, cursor_moved, entries, entry, of_subject, touched};
pub use sequencer::{Sequencer, run_sequencer, settle};
pub use tree::{consistency_proof, frontier, inclusion_proof, root, size, tile};

/// Tables `journal_*`.
pub const MIGRATIONS: db::Migrations = db::migrations!("journal": "0001_init", "0002_cursor_moved");
