use std::sync::atomic::{AtomicI64, Ordering};

use db::{Tx, params};
use kernel::{Cx, Error, Event, Result, Subject, Uuid, canonical_json, sha256};
use serde_json::{Map, Value, json};

use crate::evidence::{Evidence, state, state_hash};

/// Place of an entry inside its transaction. UUIDv7 of one millisecond do not sort, and a transaction never leaves
/// its process, so one counter per process is enough.
static ORDINAL: AtomicI64 = AtomicI64::new(0);

/// State of a row that is gone.
pub(crate) const DELETED: &str = "deleted";

/// Writes an entry in the caller's transaction and returns its id. It has no number before the commit.
///
/// The fact is the event's fields with `name`, `at` (µs), `actor` and `subject`; an event may not use these names, nor
/// `table` and `state`.
///
/// # Errors
/// An event that is no object, uses a reserved name, holds a fraction or is longer than 64 KiB.
pub async fn emit<E: Event>(tx: &mut Tx, cx: &Cx, event: &E) -> Result<Uuid> {
    append(tx, cx, Told::of(event)?, None, None).await
}

/// Like [`emit`], with personal data that [`erase_private`] can take away later. Subscribers do not get it.
///
/// # Errors
/// As [`emit`].
pub async fn emit_private<E: Event>(tx: &mut Tx, cx: &Cx, event: &E, private: Value) -> Result<Uuid> {
    append(tx, cx, Told::of(event)?, Some(private), None).await
}

/// Like [`emit`], for a change of an evidential row: call it after the change. The row whose id is that of the
/// event's subject is read again and the hash of its state becomes part of the fact.
///
/// # Errors
/// As [`emit`]; [`Error::NotFound`] when there is no such row; an event about something else than the evidence.
pub async fn emit_evidence<E: Event>(
    tx: &mut Tx,
    cx: &Cx,
    event: &E,
    private: Option<Value>,
    evidence: &Evidence,
) -> Result<Uuid> {
    let row = evidential_row(tx, event, evidence).await?.ok_or(Error::NotFound)?;
    let state = state_hash(&state(&row, evidence.columns)?)?;
    append(tx, cx, Told::of(event)?, private, Some((evidence.table, state))).await
}

/// The last word about an evidential row, after it was deleted (e.g. at the end of its retention).
///
/// # Errors
/// As [`emit_evidence`]; the row is still there.
pub async fn emit_deleted<E: Event>(
    tx: &mut Tx,
    cx: &Cx,
    event: &E,
    private: Option<Value>,
    evidence: &Evidence,
) -> Result<Uuid> {
    if evidential_row(tx, event, evidence).await?.is_some() {
        return Err(Error::internal(format!("a row of {} is said to be deleted and is there", evidence.table)));
    }
    append(tx, cx, Told::of(event)?, private, Some((evidence.table, DELETED.to_owned()))).await
}

async fn evidential_row<E: Event>(tx: &mut Tx, event: &E, evidence: &Evidence) -> Result<Option<db::Row>> {
    let subject = event.subject();
    if subject.kind != evidence.subject {
        let (table, wanted) = (evidence.table, evidence.subject);
        return Err(Error::internal(format!("{} is about a {}, {table} about a {wanted}", E::NAME, subject.kind)));
    }
    Ok(tx.query(evidence.one, params![subject.id]).await?.pop())
}

/// An event without its type.
struct Told {
    name: &'static str,
    subject: Subject,
    fields: Value,
}

impl Told {
    fn of<E: Event>(event: &E) -> Result<Told> {
        Ok(Told { name: E::NAME, subject: event.subject(), fields: serde_json::to_value(event)? })
    }
}

async fn append(
    tx: &mut Tx,
    cx: &Cx,
    told: Told,
    private: Option<Value>,
    evidence: Option<(&'static str, String)>,
) -> Result<Uuid> {
    let Told { name, subject, fields } = told;
    let at = cx.now();
    let actor = cx.actor.to_fact();
    let Value::Object(fields) = fields else { return Err(Error::internal(format!("{name} is no object"))) };
    let mut fact = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("at".to_owned(), json!(at.as_microsecond())),
        ("actor".to_owned(), actor.clone()),
        ("subject".to_owned(), json!({"kind": subject.kind, "id": subject.id})),
    ]);
    let table = evidence.as_ref().map(|(table, _)| *table);
    if let Some((table, state)) = evidence {
        fact.insert("table".to_owned(), json!(table));
        fact.insert("state".to_owned(), json!(state));
    }
    for (field, value) in fields {
        if fact.contains_key(&field) || field == "table" || field == "state" {
            return Err(Error::internal(format!("{name} uses the reserved field name {field}")));
        }
        fact.insert(field, value);
    }
    let fact = canonical_json(&Value::Object(fact))?;
    let (private, salt) = match private {
        Some(private) => (Some(canonical_json(&private)?), Some(cx.random::<32>())),
        None => (None, None),
    };
    let private_hash = private_hash(salt.as_ref().map_or(&[], |salt| salt), private.as_deref());
    let leaf = leaf(&fact, private_hash)?;
    let id = cx.sources.uuid();
    // The transaction's own number orders transactions by what they saw: one that began after the other's commit has
    // the greater number. On SQLite all new entries belong to the one open commit.
    let sql = db::either(
        "INSERT INTO journal_entry (tenant, id, txn, ord, at, name, subject_kind, subject_id, actor, evidence, fact,
             private, salt, private_hash, leaf)
         VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        "INSERT INTO journal_entry (tenant, id, txn, ord, at, name, subject_kind, subject_id, actor, evidence, fact,
             private, salt, private_hash, leaf)
         VALUES ($1, $2, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
             $13, $14)",
    );
    let values = params![
        id,
        ORDINAL.fetch_add(1, Ordering::Relaxed),
        at,
        name,
        subject.kind,
        subject.id,
        canonical_json(&actor)?,
        table,
        fact,
        private,
        salt.map(|salt| salt.to_vec()),
        private_hash,
        leaf,
    ];
    tx.exec_one(sql, values).await?;
    Ok(id)
}

/// SHA-256(salt ‖ private); an entry without private part has an empty one and no salt.
pub(crate) fn private_hash(salt: &[u8], private: Option<&str>) -> tlog::Hash {
    sha256(&[salt, private.unwrap_or_default().as_bytes()])
}

pub(crate) fn leaf(fact: &str, private: tlog::Hash) -> Result<tlog::Hash> {
    tlog::Entry { fact: fact.as_bytes().to_vec(), private }.leaf_hash().map_err(Error::internal)
}

/// Name of the entry that [`erase_private`] writes. Without it `check` reports the private parts as taken away.
pub const ERASED: &str = "journal.erased";

/// Takes away the private parts and salts of all entries about the subject (Art. 17 DSGVO), and says so in an entry
/// [`ERASED`]. Facts, numbers and proofs stay. Returns how many entries lost their private part.
///
/// # Errors
/// Those of the database.
pub async fn erase_private(tx: &mut Tx, cx: &Cx, subject: Subject) -> Result<u64> {
    let sql = "UPDATE journal_entry SET private = NULL, salt = NULL
               WHERE tenant = $1 AND subject_id = $2 AND subject_kind = $3 AND private IS NOT NULL";
    let entries = tx.exec(sql, params![subject.id, subject.kind]).await?;
    if entries > 0 {
        let told = Told { name: ERASED, subject, fields: json!({"entries": entries}) };
        append(tx, cx, told, None, None).await?;
    }
    Ok(entries)
}
