//! A city's index on this node: what it has read, and how it changes.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::Arc,
};

use kernel::{Result, TenantId, Uuid};
use serde::{Deserialize, Serialize};
use tantivy::{
    IndexWriter, TantivyDocument, TantivyError, Term, directory::error::LockError, merge_policy::NoMergePolicy,
};

use crate::{
    Card, Hits, Place, Question, Readers,
    find::{self, Sort, key},
    open::{Fields, Open, failed},
    words,
};

/// Counted up when cards are written in another way: an index of another number is made anew.
const VERSION: u32 = 1;

/// Memory of a writer, which lives as long as one change. The library asks for at least 15 MB.
const WRITER_BYTES: usize = 32_000_000;

/// A city's index in its folder. Cheap to make: files are opened at the first question.
pub struct Index {
    folder: PathBuf,
    /// What the index is of. When this changes, it is made anew.
    made_of: String,
    readers: Arc<Readers>,
}

/// What one commit brings.
pub struct Change<'a> {
    /// Things of these kinds and ids are looked at: their old cards go.
    pub of: &'a [(&'static str, Uuid)],
    /// Their new cards. A thing without one is no longer there.
    pub cards: &'a [(&'static str, Card)],
    /// Where the index stands before.
    pub from: Place,
    pub to: Place,
    /// The end of the journal was reached.
    pub caught_up: bool,
}

/// How far an index is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    pub place: Place,
    /// The end of the journal was reached once.
    pub complete: bool,
    /// Words of things that are gone may still lie in the files; see [`Index::purge`].
    pub leftovers: bool,
}

/// What lies in the commit beside the cards.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Note {
    made_of: String,
    place: Place,
    complete: bool,
    leftovers: bool,
}

impl Index {
    /// The index of a city in its own folder, for things of these kinds.
    pub fn new(folder: PathBuf, tenant: TenantId, kinds: &[&str], readers: Arc<Readers>) -> Self {
        let kinds: BTreeSet<&str> = kinds.iter().copied().collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let made_of = format!("{VERSION} {} {}", tenant.0, kinds.join(","));
        Self { folder, made_of, readers }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn find(&self, question: &Question) -> Result<Hits> {
        if !self.is_there() {
            return Ok(Hits { building: true, ..Hits::default() });
        }
        let open = self.readers.get(&self.folder)?;
        let note = self.note(&open)?;
        if note.made_of != self.made_of {
            return Ok(Hits { building: true, ..Hits::default() });
        }
        let hits = find::find(&open, question)?;
        Ok(Hits { building: !note.complete, ..hits })
    }

    /// How far this index is; one of something else is thrown away here.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn state(&self) -> Result<State> {
        let note = self.note(&*self.readers.get(&self.folder)?)?;
        if note.made_of != self.made_of {
            self.clear()?;
            return Ok(State { place: Place::START, complete: false, leftovers: false });
        }
        Ok(State { place: note.place, complete: note.complete, leftovers: note.leftovers })
    }

    /// The index lies on the disk, in whatever state.
    pub fn is_there(&self) -> bool {
        self.folder.join("meta.json").exists()
    }

    /// Throws everything away: the next change begins anew.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn clear(&self) -> Result<()> {
        self.readers.remove(&self.folder)
    }

    /// Makes a change and remembers its place, both or neither. False when nothing was done, because another process
    /// is writing or has moved the index on: look at the state again.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, change: &Change<'_>) -> Result<bool> {
        let open = self.readers.get(&self.folder)?;
        let Some(mut writer) = writer(&open)? else { return Ok(false) };
        let before = self.note(&open)?;
        if before.place != change.from || before.made_of != self.made_of {
            return Ok(false);
        }
        for (kind, id) in change.of {
            writer.delete_term(Term::from_field_bytes(open.fields.thing, &thing(kind, *id)));
        }
        for (kind, card) in change.cards {
            writer.add_document(document(&open.fields, kind, card)).map_err(failed)?;
        }
        let there: HashSet<(&str, Uuid)> = change.cards.iter().map(|(kind, card)| (*kind, card.id)).collect();
        let gone = change.of.iter().any(|thing| !there.contains(thing));
        let note = Note {
            made_of: self.made_of.clone(),
            place: change.to,
            complete: before.complete || change.caught_up,
            leftovers: before.leftovers || gone,
        };
        commit(&mut writer, &note)?;
        writer.wait_merging_threads().map_err(failed)?;
        Ok(true)
    }

    /// Writes the files that hold words of things that are gone anew without them, and removes the old ones. False
    /// when another process is writing.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn purge(&self) -> Result<bool> {
        let open = self.readers.get(&self.folder)?;
        let Some(mut writer) = writer(&open)? else { return Ok(false) };
        let note = Note { leftovers: false, ..self.note(&open)? };
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for segment in open.index.searchable_segment_metas().map_err(failed)? {
            if segment.has_deletes() {
                writer.merge(&[segment.id()]).wait().map_err(failed)?;
            }
        }
        commit(&mut writer, &note)?;
        // The old files go when no reader of this process shows them any more.
        open.reader.reload().map_err(failed)?;
        writer.garbage_collect_files().wait().map_err(failed)?;
        writer.wait_merging_threads().map_err(failed)?;
        Ok(true)
    }

    fn note(&self, open: &Open) -> Result<Note> {
        let metas = open.index.load_metas().map_err(failed)?;
        let fresh = Note { made_of: self.made_of.clone(), place: Place::START, complete: false, leftovers: false };
        Ok(match metas.payload {
            // Written by another version: not made of what this one makes it of.
            Some(text) => serde_json::from_str(&text).unwrap_or(Note { made_of: String::new(), ..fresh }),
            None => fresh,
        })
    }
}

/// None when another process, or another thread of this one, has the writer.
fn writer(open: &Open) -> Result<Option<IndexWriter>> {
    match open.index.writer_with_num_threads(1, WRITER_BYTES) {
        Ok(writer) => Ok(Some(writer)),
        Err(TantivyError::LockFailure(LockError::LockBusy, _)) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn commit(writer: &mut IndexWriter, note: &Note) -> Result<()> {
    let note = serde_json::to_string(note)?;
    let mut prepared = writer.prepare_commit().map_err(failed)?;
    prepared.set_payload(&note);
    prepared.commit().map_err(failed)?;
    Ok(())
}

fn thing(kind: &str, id: Uuid) -> Vec<u8> {
    [kind.as_bytes(), &[0], id.as_bytes()].concat()
}

fn document(fields: &Fields, kind: &str, card: &Card) -> TantivyDocument {
    let mut keys = BTreeSet::new();
    let mut put = |sort, word: &str| keys.insert(key(card.cls, kind, sort, word));
    if let Some(reference) = words::reference(&card.number) {
        put(Sort::Number, &reference);
    }
    for text in [&card.number, &card.names, &card.text] {
        for word in words::plain_words(text) {
            put(Sort::Word, &word);
        }
    }
    for stem in words::stems(&card.text) {
        put(Sort::Stem, &stem);
    }
    let mut document = TantivyDocument::new();
    for key in &keys {
        document.add_bytes(fields.word, key);
    }
    document.add_bytes(fields.thing, &thing(kind, card.id));
    let (high, low) = card.id.as_u64_pair();
    document.add_u64(fields.high, high);
    document.add_u64(fields.low, low);
    document.add_i64(fields.at, card.at.as_microsecond());
    document
}
