//! Making a proof.

use db::Rx;
use kernel::{Error, FileId, Result, Subject};
use tlog::{Checkpoint, Note, Proof, Verifier};

/// Entries about one file: stored, later perhaps deleted.
const ABOUT_A_FILE: i64 = 100;

/// The proof of a file's bytes under the newest checkpoint; none while that does not cover the entry.
///
/// # Errors
/// A checkpoint that is not of this key, a tree that lacks a node.
pub async fn of_file(rx: &mut Rx, file: FileId, newest: Note, key: &Verifier) -> Result<Option<Proof>> {
    let checkpoint = Checkpoint::open(&newest, key).map_err(Error::internal)?;
    let size = i64::try_from(checkpoint.size).map_err(Error::internal)?;
    let subject: Subject = file.into();
    let entries = journal::of_subject(rx, &subject, ABOUT_A_FILE).await?;
    let Some(entry) = entries.into_iter().find(|e| e.name == files::STORED && e.seq <= size) else { return Ok(None) };
    let path = journal::inclusion_proof(rx, entry.seq, size).await?;
    let index = u64::try_from(entry.seq - 1).map_err(Error::internal)?;
    Ok(Some(Proof { entry: entry.leaf(), index, path, checkpoint: newest }))
}
