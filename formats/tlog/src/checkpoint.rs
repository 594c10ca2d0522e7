use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{Frontier, Hash, Note, NoteError, Signer, Verifier, empty_root};

/// A log's statement: with so many entries, this is the root of the tree (C2SP tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log; its key has the same name.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    pub root: Hash,
    /// Further lines, each not empty.
    pub extensions: Vec<String>,
}

/// A checkpoint that cannot be read, written or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("a checkpoint is origin, size and root, one line each, then lines that are not empty")]
    Format,
    #[error("the checkpoint is not signed by the log's key")]
    NotFromThisLog,
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// The checkpoint of a tree.
    #[must_use]
    pub fn of(origin: impl Into<String>, tree: &Frontier) -> Self {
        Self { origin: origin.into(), size: tree.size(), root: tree.root(), extensions: Vec::new() }
    }

    /// The signed note. The first signer is the log itself, whose key is named like the origin.
    ///
    /// # Errors
    /// An origin or extension that is empty or has line feeds; a first signer of another name.
    pub fn sign(&self, signers: &[Signer]) -> Result<Note, CheckpointError> {
        let is_line = |line: &str| !line.is_empty() && !line.contains('\n');
        if !is_line(&self.origin) || !self.extensions.iter().all(|line| is_line(line)) {
            return Err(CheckpointError::Format);
        }
        if signers.first().is_none_or(|log| log.verifier().name() != self.origin) {
            return Err(CheckpointError::NotFromThisLog);
        }
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        Ok(Note::sign(text, signers)?)
    }

    /// Reads the text of a note, without its signatures.
    ///
    /// # Errors
    /// [`CheckpointError::Format`], also for a size with leading zeros and an empty tree with another root.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Format)?.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Format);
        let origin = line()?.to_owned();
        let digits = line()?;
        let size = digits.parse::<u64>().map_err(|_| CheckpointError::Format)?;
        let root = BASE64_STANDARD.decode(line()?).map_err(|_| CheckpointError::Format)?;
        let root = Hash::try_from(root).map_err(|_| CheckpointError::Format)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        let canonical = size.to_string() == digits && extensions.iter().all(|line| !line.is_empty());
        if !canonical || (size == 0 && root != empty_root()) {
            return Err(CheckpointError::Format);
        }
        Ok(Self { origin, size, root, extensions })
    }

    /// Reads a checkpoint and checks that its log signed it.
    ///
    /// # Errors
    /// Another form, another log's name, or no valid signature of `log`.
    pub fn open(note: &Note, log: &Verifier) -> Result<Self, CheckpointError> {
        let signed_by_log = note.verify(std::slice::from_ref(log)).is_ok();
        let checkpoint = Self::parse_text(note.text())?;
        if !signed_by_log || checkpoint.origin != log.name() {
            return Err(CheckpointError::NotFromThisLog);
        }
        Ok(checkpoint)
    }
}
