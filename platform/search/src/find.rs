//! Answers a question from the words of the asker's access classes only.

use std::{cmp::Reverse, collections::BinaryHeap, io};

use kernel::{Result, Uuid};
use tantivy::{
    DocId, DocSet as _, InvertedIndexReader, Searcher, SegmentReader, TERMINATED,
    postings::{SegmentPostings, TermInfo},
    schema::IndexRecordOption,
};

use crate::{
    Hits, Question,
    open::{Open, failed},
    words::{self, Word},
};

/// What a key stands for.
#[derive(Clone, Copy)]
pub(crate) enum Sort {
    /// The whole reference.
    Number = 1,
    /// A word as it is written.
    Word = 2,
    Stem = 3,
}

/// How a word of a thing is written in the index. The class stands first: who looks up keys of some classes meets
/// nothing of any other, whatever it is.
pub(crate) fn key(cls: i64, kind: &str, sort: Sort, word: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(10 + kind.len() + word.len());
    key.extend_from_slice(&cls.to_be_bytes());
    key.extend_from_slice(kind.as_bytes());
    key.extend_from_slice(&[0, sort as u8]);
    key.extend_from_slice(word.as_bytes());
    key
}

pub(crate) fn find(open: &Open, question: &Question) -> Result<Hits> {
    let searcher = open.reader.searcher();
    let mut classes = question.classes.clone();
    classes.sort_unstable();
    classes.dedup();
    let wanted = Wanted { open, searcher: &searcher, classes: &classes };
    let keep = question.skip.saturating_add(question.take);
    // A reference leads to its thing alone, even where its parts are words of others.
    if let Some(reference) = words::reference(&question.text) {
        let mut found = Found::new(keep);
        wanted.collect(&mut found, |segment, cls| {
            let info = segment.info(&key(cls, question.kind, Sort::Number, &reference))?;
            segment.union(info.as_slice())
        })?;
        if found.total > 0 {
            return wanted.page(found, question);
        }
    }
    let words = words::asked(&question.text);
    let mut found = Found::new(keep);
    if !words.is_empty() {
        wanted.collect(&mut found, |segment, cls| segment.all_of(cls, question.kind, &words))?;
    }
    wanted.page(found, question)
}

struct Wanted<'a> {
    open: &'a Open,
    searcher: &'a Searcher,
    classes: &'a [i64],
}

impl Wanted<'_> {
    /// Counts and keeps what `docs` answers for each class of each segment. A thing has one class, so nothing comes
    /// twice.
    fn collect(&self, found: &mut Found, docs: impl Fn(&Segment<'_>, i64) -> io::Result<Vec<DocId>>) -> Result<()> {
        for (number, reader) in self.searcher.segment_readers().iter().enumerate() {
            let words = reader.inverted_index(self.open.fields.word).map_err(failed)?;
            let dates = reader.fast_fields().column_first_or_default::<i64>("at").map_err(failed)?;
            let segment = Segment { words: &words };
            for cls in self.classes {
                let docs = docs(&segment, *cls).map_err(kernel::Error::internal)?;
                for doc in docs.into_iter().filter(|doc| alive(reader, *doc)) {
                    found.add(dates.get_val(doc), number, doc);
                }
            }
        }
        Ok(())
    }

    fn page(&self, found: Found, question: &Question) -> Result<Hits> {
        let total = found.total;
        let mut ids = Vec::new();
        for place in found.newest_first().into_iter().skip(question.skip).take(question.take) {
            let Some(reader) = self.searcher.segment_readers().get(place.segment) else { continue };
            let columns = reader.fast_fields();
            let high = columns.column_first_or_default::<u64>("high").map_err(failed)?.get_val(place.doc);
            let low = columns.column_first_or_default::<u64>("low").map_err(failed)?.get_val(place.doc);
            ids.push(Uuid::from_u64_pair(high, low));
        }
        Ok(Hits { total, ids, building: false })
    }
}

fn alive(reader: &SegmentReader, doc: DocId) -> bool {
    reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc))
}

/// From so many lists on a word's documents are gathered first instead of looked up one by one.
const LISTS: usize = 4;

struct Segment<'a> {
    words: &'a InvertedIndexReader,
}

impl Segment<'_> {
    fn info(&self, key: &[u8]) -> io::Result<Option<TermInfo>> {
        self.words.terms().get(key)
    }

    /// Documents of a class that have all words, ascending.
    fn all_of(&self, cls: i64, kind: &str, words: &[Word]) -> io::Result<Vec<DocId>> {
        let mut lists = Vec::with_capacity(words.len());
        for word in words {
            let list = self.lists_of(cls, kind, word)?;
            if list.is_empty() {
                return Ok(Vec::new());
            }
            lists.push(list);
        }
        // The rarest word first: the others are only looked up for its documents.
        lists.sort_by_key(|infos| infos.iter().map(|info| u64::from(info.doc_freq)).sum::<u64>());
        let mut lists = lists.into_iter();
        let Some(rarest) = lists.next() else { return Ok(Vec::new()) };
        let mut docs = self.union(&rarest)?;
        for infos in lists {
            if docs.is_empty() {
                break;
            }
            self.retain(&mut docs, &infos)?;
        }
        Ok(docs)
    }

    /// Where the spellings of a word stand.
    fn lists_of(&self, cls: i64, kind: &str, word: &Word) -> io::Result<Vec<TermInfo>> {
        let plain = key(cls, kind, Sort::Word, &word.plain);
        let mut infos = Vec::new();
        if word.prefix {
            let mut end = plain.clone();
            // Greater than every byte of UTF-8.
            end.push(0xff);
            let mut stream = self.words.terms().range().ge(&plain).lt(&end).into_stream()?;
            while stream.advance() {
                infos.push(stream.value().clone());
            }
        } else {
            infos.extend(self.info(&plain)?);
        }
        infos.extend(self.info(&key(cls, kind, Sort::Stem, &word.stem))?);
        Ok(infos)
    }

    fn docs(&self, info: &TermInfo) -> io::Result<SegmentPostings> {
        self.words.read_postings_from_terminfo(info, IndexRecordOption::Basic)
    }

    fn union(&self, infos: &[TermInfo]) -> io::Result<Vec<DocId>> {
        let mut all = Vec::with_capacity(infos.iter().map(|info| info.doc_freq as usize).sum());
        for info in infos {
            let mut docs = self.docs(info)?;
            while docs.doc() != TERMINATED {
                all.push(docs.doc());
                docs.advance();
            }
        }
        if infos.len() > 1 {
            all.sort_unstable();
            all.dedup();
        }
        Ok(all)
    }

    /// Keeps the documents that stand in one of the lists.
    fn retain(&self, docs: &mut Vec<DocId>, infos: &[TermInfo]) -> io::Result<()> {
        if infos.len() > LISTS {
            let other = self.union(infos)?;
            docs.retain(|doc| other.binary_search(doc).is_ok());
            return Ok(());
        }
        let mut lists = infos.iter().map(|info| self.docs(info)).collect::<io::Result<Vec<_>>>()?;
        docs.retain(|doc| lists.iter_mut().any(|list| list.doc() <= *doc && list.seek(*doc) == *doc));
        Ok(())
    }
}

/// Where a document stands, ordered by its date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Dated {
    at: i64,
    segment: usize,
    doc: DocId,
}

/// How many there are, and the newest of them.
struct Found {
    total: usize,
    keep: usize,
    /// The oldest of the kept ones on top.
    newest: BinaryHeap<Reverse<Dated>>,
}

impl Found {
    fn new(keep: usize) -> Self {
        Self { total: 0, keep, newest: BinaryHeap::new() }
    }

    fn add(&mut self, at: i64, segment: usize, doc: DocId) {
        self.total += 1;
        let dated = Dated { at, segment, doc };
        if self.newest.len() < self.keep {
            self.newest.push(Reverse(dated));
        } else if let Some(mut oldest) = self.newest.peek_mut()
            && dated > oldest.0
        {
            *oldest = Reverse(dated);
        }
    }

    fn newest_first(self) -> Vec<Dated> {
        self.newest.into_sorted_vec().into_iter().map(|Reverse(dated)| dated).collect()
    }
}
