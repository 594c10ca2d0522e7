//! Full text of what a city's staff may find: one index per city and node, a cache that can be thrown away and is fed
//! again from the journal.
//!
//! - An index card ([`Card`], Karteikarte) is what the index keeps about one thing: its access class, its reference,
//!   its words, its date. No text can be read back from it; what is shown comes from the database.
//! - [`Index::find`] answers a [`Question`] for the access classes of whoever asks. Every word stands in the index
//!   under its class, so that nothing of another class is ever touched: not for a hit, not for the number of hits, and
//!   not in the time it takes.
//! - [`Index::write`] puts cards in and takes them out, and says in the same commit up to which entry of the journal
//!   ([`Place`]) the index has read. After a crash both are what they were before.
//!
//! Everything here blocks; call it from a thread that may.
//!
//! Architecture invariant: only this crate names tantivy.

mod find;
mod index;
mod open;
mod words;

#[cfg(test)]
mod tests;

use kernel::{Timestamp, Uuid};
use serde::{Deserialize, Serialize};

pub use index::{Change, Index, State};
pub use open::Readers;

/// What the index keeps about one thing.
#[derive(Clone, PartialEq, Debug)]
pub struct Card {
    pub id: Uuid,
    /// Access class (Zugriffsklasse) of the thing.
    pub cls: i64,
    /// Its reference as people write it (Aktenzeichen): found as a whole and by its parts.
    pub number: String,
    /// Names: found in every spelling of umlauts, never by stem (Peter is not Peters).
    pub names: String,
    /// Running text: found in every inflection.
    pub text: String,
    /// What hits are sorted by, newest first.
    pub at: Timestamp,
}

/// Who looks for what.
#[derive(Clone, Debug)]
pub struct Question {
    /// Kind of thing, as the journal names subjects, e.g. `case`.
    pub kind: &'static str,
    /// The access classes of whoever asks.
    pub classes: Vec<i64>,
    /// Words that must all be there; the last one may be the beginning of a word. At most [`WORDS`] count.
    pub text: String,
    /// Hits to leave out at the start, and to answer after them.
    pub skip: usize,
    pub take: usize,
}

/// Words of a question that count.
pub const WORDS: usize = 12;

/// What was found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Hits {
    /// All hits among the classes asked for.
    pub total: usize,
    /// The page asked for, newest first.
    pub ids: Vec<Uuid>,
    /// The index is still being built: things may be missing.
    pub building: bool,
}

/// An entry of the journal: all up to and with it is in the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    pub seq: i64,
    /// Its id: a journal that has another entry under this number is not the one that the index was made from.
    pub entry: Uuid,
}

impl Place {
    /// Before the first entry.
    pub const START: Place = Place { seq: 0, entry: Uuid::nil() };
}
