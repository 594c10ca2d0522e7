//! The deletion run (Löschlauf): what the law says must go, goes everywhere, and the journal keeps its proof.
//!
//! 1. Every night cases whose retention has ended are put on a list.
//! 2. Somebody with the right looks at the list and says that it may go; somebody else releases it.
//! 3. Each released case is deleted in one transaction: the rows of every module, the files' rows, the private parts
//!    of the journal. One line of the protocol stays, without anything that leads to a person.
//!
//! Tables with a retention of their own do not go with the case: some must be kept longer (payments: § 59 KomHVO NRW),
//! some go earlier. Each night what has reached its age is deleted, without a list: no case hangs on it
//! ([`Retention::Aged`]).

use std::collections::BTreeMap;

use contract_records::{DocumentsOfCase, DueCase, DueForDeletion, FilesOfCase, KeepErased};
use db::{Rx, Tx, params};
use house::{App, Call, Holds, InCity, Key, Retention};
use jiff::ToSpan as _;
use journal::Evidence;
use kernel::{CaseId, Cx, Error, Event, FileId, Result, Subject, Timestamp, Uuid, sha256};
use serde::{Deserialize, Serialize};

use crate::{schema::hex, store};

/// Cases that one night's search adds to the list at most; the rest follow the next nights.
const PER_NIGHT: i64 = 5_000;
/// Cases that a run takes from the list at once.
const BATCH: i64 = 200;
/// Days that the answers of commands are kept, so that a repeated call has one effect.
const ANSWER_DAYS: i64 = 90;

/// Looks for cases whose retention has ended.
#[derive(Serialize, Deserialize)]
pub struct Find {}

impl jobs::Job for Find {
    const NAME: &'static str = "privacy.find-due";
}

/// Deletes what was released.
#[derive(Serialize, Deserialize)]
pub struct Run {}

impl jobs::Job for Run {
    const NAME: &'static str = "privacy.deletion-run";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Removes the bytes of files whose rows are gone. A job of its own, so that a crash between commit and removal leaves
/// nothing behind.
#[derive(Serialize, Deserialize)]
pub struct RemoveFiles {
    files: Vec<FileId>,
}

impl jobs::Job for RemoveFiles {
    const NAME: &'static str = "privacy.remove-files";
}

/// A case was deleted at the end of its retention.
#[derive(Debug, Serialize, Deserialize)]
pub struct CaseDeleted {
    pub case: CaseId,
    /// SHA-256 of the Aktenzeichen, as in the protocol.
    pub number_hash: String,
    /// The paragraph that said how long it was kept.
    pub basis: String,
    pub rows: i64,
    pub files: i64,
}

impl Event for CaseDeleted {
    const NAME: &'static str = "privacy.case-deleted";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// The list of due cases was released.
#[derive(Debug, Serialize, Deserialize)]
pub struct Released {
    /// Last one of the released cases in the order of ids.
    pub upto: CaseId,
    pub cases: i64,
}

impl Event for Released {
    const NAME: &'static str = "privacy.deletion-released";
    fn subject(&self) -> Subject {
        self.upto.into()
    }
}

/// An evidential row went, or lost its personal data, with the case it belonged to.
#[derive(Serialize, Deserialize)]
struct RowErased {
    #[serde(skip)]
    kind: &'static str,
    row: Uuid,
}

impl Event for RowErased {
    const NAME: &'static str = "privacy.row-erased";
    fn subject(&self) -> Subject {
        Subject { kind: self.kind, id: self.row }
    }
}

pub async fn find(cx: Cx, _: Find) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read_long().await?;
    let due = cx.ask(&mut rx, DueForDeletion { today: cx.today(), only: None, limit: PER_NIGHT }).await?;
    drop(rx);
    let cases: Vec<CaseId> = due.iter().map(|due| due.case).collect();
    let added = db::write!(city.db, |tx| { store::add_due(tx, &cases, cx.now()).await })?;
    if added > 0 {
        tracing::info!(city = %city.key, added, "cases wait for the release of their deletion");
    }
    expire(&cx).await?;
    run(cx, Run {}).await
}

/// Deletes what has reached the age of its table, with the journal's last word about evidential rows.
async fn expire(cx: &Cx) -> Result<()> {
    let (city, app) = (cx.city()?, cx.app()?);
    let days_ago = |days: i64| -> Result<Timestamp> {
        Ok(cx.local_now().checked_sub(days.days()).map_err(Error::internal)?.timestamp())
    };
    db::write!(city.db, |tx| { house::forget_answers(tx, days_ago(ANSWER_DAYS)?).await })?;
    let evidence = app.evidence();
    for table in app.modules.iter().flat_map(|m| m.tables) {
        let Holds::Person { retention: Retention::Aged { days, expire, .. }, .. } = table.holds else { continue };
        let before = days_ago(i64::from(days))?;
        let of_table = evidence.iter().find(|e| e.table == table.name);
        let rows = db::write!(city.db, |tx| {
            let ids = match (of_table, aged_ids(&app, table.name)?) {
                (Some(_), Some(sql)) => tx.list::<(Uuid,)>(sql, params![before]).await?,
                _ => Vec::new(),
            };
            let rows = tx.exec(expire, params![before]).await?;
            for (id,) in ids {
                if let Some(evidence) = of_table {
                    tell(cx, tx, evidence, id).await?;
                }
            }
            Ok(rows)
        })?;
        if rows > 0 {
            tracing::info!(city = %city.key, table = table.name, rows, "deleted at the end of their retention");
        }
    }
    Ok(())
}

fn aged_ids(app: &App, table: &str) -> Result<Option<&'static str>> {
    Ok(app.shared(|app| Ok(AgedIds::new(app)))?.0.get(table).copied())
}

/// Those of the cases on the list that are due, in the list's order: one question for all of them.
///
/// # Errors
/// Those of the database.
pub async fn still_due(cx: &Cx, rx: &mut Rx, cases: &[CaseId]) -> Result<Vec<DueCase>> {
    let limit = i64::try_from(cases.len()).unwrap_or(i64::MAX);
    let question = DueForDeletion { today: cx.today(), only: Some(cases.to_vec()), limit };
    let due = cx.ask(rx, question).await?.into_iter().map(|due| (due.case, due));
    let mut due: BTreeMap<CaseId, DueCase> = due.collect();
    Ok(cases.iter().filter_map(|case| due.remove(case)).collect())
}

/// The list of due cases was looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Checked {
    /// Last one of the cases in the order of ids.
    pub upto: CaseId,
    pub cases: i64,
}

impl Event for Checked {
    const NAME: &'static str = "privacy.deletion-checked";
    fn subject(&self) -> Subject {
        self.upto.into()
    }
}

/// Somebody has looked at the cases on the list. Answers how many.
///
/// # Errors
/// Those of the database.
pub async fn check(cx: &Cx, tx: &mut Tx, upto: CaseId, shown_at: Timestamp) -> Result<u64> {
    let by = cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let checked = store::check(tx, upto, shown_at, by, cx.now()).await?;
    if checked > 0 {
        let cases = i64::try_from(checked).unwrap_or(i64::MAX);
        journal::emit(tx, cx, &Checked { upto, cases }).await?;
    }
    Ok(checked)
}

/// Releases the cases on the list that somebody else has looked at (Vier-Augen-Prinzip). Answers how many.
///
/// # Errors
/// Those of the database.
pub async fn release(cx: &Cx, tx: &mut Tx, upto: CaseId, shown_at: Timestamp) -> Result<u64> {
    let by = cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let released = store::release(tx, upto, shown_at, by, cx.now()).await?;
    if released > 0 {
        let cases = i64::try_from(released).unwrap_or(i64::MAX);
        journal::emit(tx, cx, &Released { upto, cases }).await?;
        jobs::enqueue(tx, cx, &Run {}).await?;
    }
    Ok(released)
}

pub async fn run(cx: Cx, _: Run) -> Result<()> {
    let city = cx.city()?;
    loop {
        let cases = store::released(&mut city.db.read().await?, BATCH).await?;
        if cases.is_empty() {
            return Ok(());
        }
        for case in cases {
            db::write!(city.db, |tx| { delete(&cx, tx, case).await })?;
        }
    }
}

pub async fn remove_files(cx: Cx, job: RemoveFiles) -> Result<()> {
    let city = cx.city()?;
    for file in job.files {
        city.files.remove(file).await?;
    }
    Ok(())
}

/// Deletes one released case. A case that is no longer due (somebody opened it again) only leaves the list.
async fn delete(cx: &Cx, tx: &mut Tx, case: CaseId) -> Result<()> {
    if !store::take_released(tx, case).await? {
        return Ok(());
    }
    let Some(due) = still_due(cx, tx, &[case]).await?.pop() else { return Ok(()) };
    let app = cx.app()?;
    let documents = cx.ask(tx, DocumentsOfCase { case }).await?;
    let files = cx.ask(tx, FilesOfCase { case }).await?;
    let evidence = evidential_rows(tx, &app, case).await?;

    cx.call(tx, KeepErased { case }).await?;
    let rows = erase_tables(tx, &app, case).await?;
    for (evidence, id) in &evidence {
        tell(cx, tx, evidence, *id).await?;
    }
    for file in &files {
        files::forget(tx, cx, *file).await?;
    }
    let mut subjects = vec![Subject::from(case)];
    subjects.extend(documents.iter().map(|d| Subject::from(d.id)));
    subjects.extend(files.iter().map(|f| Subject::from(*f)));
    subjects.extend(evidence.iter().map(|(e, id)| Subject { kind: e.subject, id: *id }));
    for subject in subjects {
        journal::erase_private(tx, cx, subject).await?;
    }
    write_protocol(cx, tx, &due, rows, &files).await
}

async fn write_protocol(cx: &Cx, tx: &mut Tx, due: &DueCase, rows: u64, files: &[FileId]) -> Result<()> {
    let number_hash = sha256(&[due.number.as_bytes()]);
    let line = store::Deletion {
        id: cx.sources.uuid(),
        number_hash,
        at: cx.now(),
        basis: due.retention_basis.clone(),
        row_count: i64::try_from(rows).unwrap_or(i64::MAX),
        file_count: i64::try_from(files.len()).unwrap_or(i64::MAX),
    };
    store::add_deletion(tx, &line).await?;
    let event = CaseDeleted {
        case: due.case,
        number_hash: hex(&number_hash),
        basis: line.basis,
        rows: line.row_count,
        files: line.file_count,
    };
    journal::emit(tx, cx, &event).await?;
    if !files.is_empty() {
        jobs::enqueue(tx, cx, &RemoveFiles { files: files.to_vec() }).await?;
    }
    Ok(())
}

/// Tables whose rows go with the case, and the statement that takes them.
fn with_case(app: &App) -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    for table in app.modules.iter().flat_map(|m| m.tables) {
        match table.holds {
            Holds::Person { by: Key::Case, erase, retention: Retention::WithCase, .. } => all.push((table.name, erase)),
            Holds::Sum { leave } => all.push((table.name, leave)),
            Holds::Person { .. } | Holds::NoPerson(_) => {}
        }
    }
    // Backwards: rows that point at others are declared after them.
    all.reverse();
    all
}

async fn erase_tables(tx: &mut Tx, app: &App, case: CaseId) -> Result<u64> {
    let mut rows = 0;
    for (_, erase) in with_case(app) {
        rows += tx.exec(erase, params![case]).await?;
    }
    Ok(rows)
}

/// The evidential rows that the case's erasure will touch, found by the conditions of the `erase` statements.
pub async fn evidential_rows(rx: &mut Rx, app: &App, case: CaseId) -> Result<Vec<(Evidence, Uuid)>> {
    let of_table: BTreeMap<&str, Evidence> = app.evidence().into_iter().map(|e| (e.table, e)).collect();
    let ids = app.shared(|app| Ok(IdsOf::new(app)))?;
    let mut found = Vec::new();
    for (table, _) in with_case(app) {
        let (Some(evidence), Some(sql)) = (of_table.get(table), ids.0.get(table)) else { continue };
        let rows = rx.list::<(Uuid,)>(*sql, params![case]).await?;
        found.extend(rows.into_iter().map(|(id,)| (*evidence, id)));
    }
    Ok(found)
}

/// Per evidential table the statement that finds the ids of a case's rows. Made once per process, because statements
/// live as long as the program.
struct IdsOf(BTreeMap<&'static str, &'static str>);

impl IdsOf {
    fn new(app: &App) -> Self {
        let evidence = app.evidence();
        let all = with_case(app).into_iter();
        let evidential = all.filter(|(table, _)| evidence.iter().any(|e| e.table == *table));
        Self(evidential.filter_map(|(table, erase)| Some((table, &*ids_like(table, erase)?.leak()))).collect())
    }
}

/// The same for the rows that have reached their table's age.
struct AgedIds(BTreeMap<&'static str, &'static str>);

impl AgedIds {
    fn new(app: &App) -> Self {
        let evidence = app.evidence();
        let mut ids = BTreeMap::new();
        for table in app.modules.iter().flat_map(|m| m.tables).filter(|t| evidence.iter().any(|e| e.table == t.name)) {
            if let Holds::Person { retention: Retention::Aged { expire, .. }, .. } = table.holds
                && let Some(sql) = ids_like(table.name, expire)
            {
                ids.insert(table.name, &*sql.leak());
            }
        }
        Self(ids)
    }
}

/// The ids of the rows that a statement deletes or changes.
fn ids_like(table: &str, erase: &str) -> Option<String> {
    let condition = &erase[erase.find(" WHERE ").or_else(|| erase.find("\nWHERE "))?..];
    Some(["SELECT id FROM ", table, condition].concat())
}

/// The journal's last word about an evidential row.
async fn tell(cx: &Cx, tx: &mut Tx, evidence: &Evidence, id: Uuid) -> Result<()> {
    let event = RowErased { kind: evidence.subject, row: id };
    let gone = tx.query(evidence.one, params![id]).await?.is_empty();
    if gone {
        journal::emit_deleted(tx, cx, &event, None, evidence).await?;
    } else {
        journal::emit_evidence(tx, cx, &event, None, evidence).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_of_the_erasure_finds_the_rows() {
        let delete = "DELETE FROM filing_note WHERE tenant = $1 AND case_id = $2";
        let expected = "SELECT id FROM filing_note WHERE tenant = $1 AND case_id = $2";
        assert_eq!(ids_like("filing_note", delete).as_deref(), Some(expected));
        let update = "UPDATE filing_note SET name = '', at = NULL\nWHERE tenant = $1 AND case_id = $2";
        assert!(
            ids_like("filing_note", update).is_some_and(|sql| sql.ends_with("\nWHERE tenant = $1 AND case_id = $2"))
        );
        assert_eq!(ids_like("filing_note", "DELETE FROM filing_note"), None);
    }
}
