use db::{FromRow, Row, Rx, Tx, params};
use kernel::{Error, Event, Result, Subject, Timestamp, Uuid};
use serde_json::Value;
use tlog::Hash;

use crate::evidence::hash;

/// A numbered entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub seq: i64,
    pub id: Uuid,
    pub at: Timestamp,
    /// Name of the event.
    pub name: String,
    pub subject_kind: String,
    pub subject_id: Uuid,
    /// The event's fields with `name`, `at`, `actor`, `subject`, and `table` and `state` of an evidential row.
    pub fact: Value,
    /// Byte for byte as hashed.
    pub fact_text: String,
    /// Personal data, until erased.
    pub private: Option<Value>,
    /// SHA-256(salt ‖ private).
    pub private_hash: Hash,
}

impl Entry {
    /// The event, when the entry is one of this type.
    ///
    /// # Errors
    /// A fact of that name which the type cannot read: an incompatible change of the event.
    pub fn event<E: Event>(&self) -> Result<Option<E>> {
        if self.name != E::NAME {
            return Ok(None);
        }
        Ok(Some(serde_json::from_value(self.fact.clone())?))
    }

    /// Ids and codes of who did it; see [`kernel::Actor::to_fact`].
    pub fn actor(&self) -> &Value {
        &self.fact["actor"]
    }

    /// The entry as it stands in the tree; index `seq` − 1.
    pub fn leaf(&self) -> tlog::Entry {
        tlog::Entry { fact: self.fact_text.as_bytes().to_vec(), private: self.private_hash }
    }
}

impl FromRow for Entry {
    fn from_row(row: &Row) -> Result<Self> {
        let fact_text = row.get::<String>("fact")?;
        let private = row.get::<Option<String>>("private")?;
        Ok(Self {
            seq: row.get("seq")?,
            id: row.get("id")?,
            at: row.get("at")?,
            name: row.get("name")?,
            subject_kind: row.get("subject_kind")?,
            subject_id: row.get("subject_id")?,
            fact: serde_json::from_str(&fact_text)?,
            fact_text,
            private: private.map(|text| serde_json::from_str(&text)).transpose()?,
            private_hash: hash(&row.get::<Vec<u8>>("private_hash")?)?,
        })
    }
}

/// The next entries after a number, in order. Read them through a read view, not inside a write transaction: there
/// they would collide with the numbering of new ones.
///
/// # Errors
/// Those of the database.
pub async fn entries(rx: &mut Rx, after_seq: i64, limit: i64) -> Result<Vec<Entry>> {
    let sql = "SELECT seq, id, at, name, subject_kind, subject_id, fact, private, private_hash FROM journal_entry
               WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    rx.list(sql, params![after_seq, limit]).await
}

db::record! {
    /// What an entry is about, without what it says.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Touched {
        pub seq: i64,
        pub id: Uuid,
        pub subject_kind: String,
        pub subject_id: Uuid,
    }
}

/// What the entries from a number on are about, in order: for whoever keeps a copy of things and asks for their
/// present state.
///
/// # Errors
/// Those of the database.
pub async fn touched(rx: &mut Rx, from_seq: i64, limit: i64) -> Result<Vec<Touched>> {
    let sql = "SELECT seq, id, subject_kind, subject_id FROM journal_entry
               WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    rx.list(sql, params![from_seq, limit]).await
}

/// The last entries about a subject, newest first.
///
/// # Errors
/// Those of the database.
pub async fn of_subject(rx: &mut Rx, subject: &Subject, limit: i64) -> Result<Vec<Entry>> {
    let sql = "SELECT seq, id, at, name, subject_kind, subject_id, fact, private, private_hash FROM journal_entry
               WHERE tenant = $1 AND subject_id = $2 AND subject_kind = $3 AND seq IS NOT NULL
               ORDER BY seq DESC LIMIT $4";
    rx.list(sql, params![subject.id, subject.kind, limit]).await
}

/// One entry by the id that `emit` returned.
///
/// # Errors
/// [`Error::NotFound`] also while it has no number.
pub async fn entry(rx: &mut Rx, id: Uuid) -> Result<Entry> {
    let sql = "SELECT seq, id, at, name, subject_kind, subject_id, fact, private, private_hash FROM journal_entry
               WHERE tenant = $1 AND id = $2 AND seq IS NOT NULL";
    rx.one(sql, params![id]).await
}

/// Number of the last entry that the subscriber has dealt with; 0 before the first.
///
/// # Errors
/// Those of the database.
pub async fn cursor(rx: &mut Rx, subscriber: &str) -> Result<i64> {
    let sql = "SELECT seq FROM journal_cursor WHERE tenant = $1 AND subscriber = $2";
    Ok(rx.opt::<(i64,)>(sql, params![subscriber]).await?.map_or(0, |(seq,)| seq))
}

/// When the subscriber last got on; none before it ever did.
///
/// # Errors
/// Those of the database.
pub async fn cursor_moved(rx: &mut Rx, subscriber: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT moved_at FROM journal_cursor WHERE tenant = $1 AND subscriber = $2";
    Ok(rx.opt::<(Option<Timestamp>,)>(sql, params![subscriber]).await?.and_then(|(at,)| at))
}

/// Moves the subscriber's cursor in the transaction that holds what came of the entries up to `to`.
///
/// # Errors
/// [`Error::Conflict`] when the cursor is not at `from`: another process was faster, and this transaction must not
/// count.
pub async fn advance(tx: &mut Tx, subscriber: &str, from: i64, to: i64, now: Timestamp) -> Result<()> {
    if to < from {
        return Err(Error::internal("a cursor only moves on"));
    }
    let sql = "INSERT INTO journal_cursor (tenant, subscriber, seq) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    if from == 0 {
        tx.exec(sql, params![subscriber]).await?;
    }
    let sql = "UPDATE journal_cursor SET seq = $4, moved_at = $5 WHERE tenant = $1 AND subscriber = $2 AND seq = $3";
    match tx.exec(sql, params![subscriber, from, to, now]).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict("journal-cursor-moved")),
    }
}
