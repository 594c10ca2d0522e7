use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{Checkpoint, CheckpointError, Entry, EntryError, Hash, Note, NoteError, Verifier, verify_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A path through a tree of 2^64 leaves.
const MAX_PATH: usize = 64;

/// Evidence for one stored document as a text file (C2SP tlog-proof): the log entry that names the document's
/// hash (in the `extra` line), its place in the tree, and a signed checkpoint. Nothing else is needed to verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub entry: Entry,
    pub index: u64,
    /// Audit path from [`crate::inclusion_proof`].
    pub path: Vec<Hash>,
    pub checkpoint: Note,
}

/// What a verified proof shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub index: u64,
    pub checkpoint: Checkpoint,
    /// The public part of the journal row.
    pub fact: serde_json::Value,
}

/// A proof file that cannot be read or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    #[error("this is not a proof file of version 1")]
    Format,
    #[error("the proof file holds no entry: {0}")]
    Entry(#[from] EntryError),
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("the entry is not in the tree of the checkpoint")]
    NotInTree,
    #[error("the log entry names another file")]
    OtherFile,
}

impl Proof {
    /// Reads the text form.
    ///
    /// # Errors
    /// Any other form.
    pub fn parse(input: &str) -> Result<Self, ProofFileError> {
        let (head, note) = input.split_once("\n\n").ok_or(ProofFileError::Format)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ProofFileError::Format);
        }
        let mut field = |name: &str| {
            lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' ')).ok_or(ProofFileError::Format)
        };
        let entry = BASE64_STANDARD.decode(field("extra")?).map_err(|_| ProofFileError::Format)?;
        let digits = field("index")?;
        let index = digits.parse::<u64>().ok().filter(|index| index.to_string() == digits);
        let mut path = Vec::new();
        for line in lines {
            if path.len() == MAX_PATH {
                return Err(ProofFileError::Format);
            }
            let hash = BASE64_STANDARD.decode(line).map_err(|_| ProofFileError::Format)?;
            path.push(Hash::try_from(hash).map_err(|_| ProofFileError::Format)?);
        }
        Ok(Self {
            entry: Entry::decode(&entry)?,
            index: index.ok_or(ProofFileError::Format)?,
            path,
            checkpoint: Note::parse(note)?,
        })
    }

    /// Checks signature and path and returns the entry's public part.
    ///
    /// # Errors
    /// When one of them does not hold or the fact is not JSON.
    pub fn verify_entry(&self, log: &Verifier) -> Result<Evidence, ProofFileError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, log)?;
        verify_inclusion(&self.entry.leaf_hash()?, self.index, checkpoint.size, &self.path, &checkpoint.root)
            .map_err(|_| ProofFileError::NotInTree)?;
        let fact = serde_json::from_slice(&self.entry.fact).map_err(|_| EntryError::Format)?;
        Ok(Evidence { index: self.index, checkpoint, fact })
    }

    /// Checks that the log holds this very file. `pointer` (RFC 6901) says where the fact keeps the file's SHA-256
    /// as lower-case hexadecimal digits, such as `/sha256`: the verifier decides it, never the proof, so that no
    /// other member of the fact can stand in for it.
    ///
    /// # Errors
    /// As [`Proof::verify_entry`], or [`ProofFileError::OtherFile`].
    pub fn verify_file(&self, sha256: &Hash, pointer: &str, log: &Verifier) -> Result<Evidence, ProofFileError> {
        let evidence = self.verify_entry(log)?;
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        match evidence.fact.pointer(pointer) {
            Some(serde_json::Value::String(named)) if *named == hex => Ok(evidence),
            _ => Err(ProofFileError::OtherFile),
        }
    }

    /// The text form, for a file with the extension `.tlog-proof`.
    ///
    /// # Errors
    /// [`EntryError::TooLong`].
    pub fn to_text(&self) -> Result<String, EntryError> {
        let entry = self.entry.encode()?;
        Ok(Text { proof: self, entry }.to_string())
    }
}

struct Text<'a> {
    proof: &'a Proof,
    entry: Vec<u8>,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nextra {}\nindex {}", BASE64_STANDARD.encode(&self.entry), self.proof.index)?;
        for hash in &self.proof.path {
            writeln!(f, "{}", BASE64_STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.proof.checkpoint)
    }
}
