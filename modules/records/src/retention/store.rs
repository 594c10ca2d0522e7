use db::{Rx, Tx, params};
use kernel::{CaseId, DocumentId, FileId, Result, StaffId, Timestamp, Uuid};

use crate::store::twenty;

/// The different lengths of retention among closed cases, in years.
pub async fn retentions(rx: &mut Rx) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT retention_years FROM records_case WHERE tenant = $1 AND closed_at IS NOT NULL";
    Ok(rx.list::<(i64,)>(sql, &[]).await?.into_iter().map(|(years,)| years).collect())
}

db::record! {
    /// A closed case and how long it is kept.
    pub struct Kept {
        pub id: CaseId,
        pub number: String,
        pub closed_at: Timestamp,
        pub retention_years: i64,
        pub retention_basis: String,
    }
}

/// Cases that may go with this retention that were closed before a moment, those closed first in front.
pub async fn closed_before(rx: &mut Rx, years: i64, before: Timestamp, limit: i64) -> Result<Vec<Kept>> {
    let sql = "SELECT id, number, closed_at, retention_years, retention_basis FROM records_case
               WHERE tenant = $1 AND closed_at < $2 AND retention_years = $3
                 AND held = FALSE AND (appraisal = 'V' OR disposal = 'settled')
               ORDER BY closed_at, id LIMIT $4";
    rx.list(sql, params![before, years, limit]).await
}

/// Those of these cases that are closed and may go, at most [`crate::store::AT_ONCE`], in any order.
pub async fn closed(rx: &mut Rx, ids: &[CaseId]) -> Result<Vec<Kept>> {
    let sql = "SELECT id, number, closed_at, retention_years, retention_basis FROM records_case
               WHERE tenant = $1 AND closed_at IS NOT NULL
                 AND held = FALSE AND (appraisal = 'V' OR disposal = 'settled')
                 AND id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let Some(bound) = twenty(ids) else { return Ok(Vec::new()) };
    rx.list(sql, &bound).await
}

db::record! {
    pub struct ToOffer {
        pub id: CaseId,
        pub number: String,
        pub title: String,
        pub closed_at: Timestamp,
        pub retention_years: i64,
        pub appraisal: String,
    }
}

/// Those the actor may see that were closed before a moment with this retention and wait for the archive to be asked;
/// those closed first in front.
pub async fn to_offer(rx: &mut Rx, staff: StaffId, years: i64, before: Timestamp, limit: i64) -> Result<Vec<ToOffer>> {
    let sql = "SELECT c.id, c.number, c.title, c.closed_at, c.retention_years, c.appraisal FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $5
               WHERE c.tenant = $1 AND c.closed_at < $2 AND c.retention_years = $3
                 AND c.held = FALSE AND c.appraisal <> 'V' AND c.disposal = ''
               ORDER BY c.closed_at, c.id LIMIT $4";
    rx.list(sql, params![before, years, limit, staff]).await
}

pub async fn set_held(tx: &mut Tx, case: CaseId, held: bool) -> Result<()> {
    tx.exec_one("UPDATE records_case SET held = $3 WHERE tenant = $1 AND id = $2", params![case, held]).await
}

pub async fn set_disposal(tx: &mut Tx, case: CaseId, code: &str) -> Result<()> {
    tx.exec_one("UPDATE records_case SET disposal = $3 WHERE tenant = $1 AND id = $2", params![case, code]).await
}

db::record! {
    pub struct ForArchive {
        pub id: CaseId,
        pub number: String,
        pub title: String,
        pub unit: String,
        pub confidentiality: String,
        pub entry: String,
        pub opened_at: Timestamp,
        pub closed_at: Option<Timestamp>,
        pub retention_years: i64,
        pub medium: String,
        pub file_plan: String,
        pub file_year: i64,
        pub file_title: String,
    }
}

/// Those of these cases that exist, at most [`crate::store::AT_ONCE`], in any order.
pub async fn for_archive(rx: &mut Rx, ids: &[CaseId]) -> Result<Vec<ForArchive>> {
    let sql = "SELECT c.id, c.number, c.title, c.unit, c.confidentiality, f.entry, c.opened_at, c.closed_at,
                 c.retention_years, f.medium, f.plan AS file_plan, f.year AS file_year, f.title AS file_title
               FROM records_case c JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
               WHERE c.tenant = $1 AND c.id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let Some(bound) = twenty(ids) else { return Ok(Vec::new()) };
    rx.list(sql, &bound).await
}

/// Case, kind and number of the documents in at most [`crate::store::AT_ONCE`] cases.
pub async fn document_kinds(rx: &mut Rx, ids: &[CaseId]) -> Result<Vec<(CaseId, String, i64)>> {
    let sql = "SELECT case_id, kind, COUNT(*) AS n FROM records_document WHERE tenant = $1 AND case_id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
               GROUP BY case_id, kind ORDER BY case_id, kind";
    let Some(bound) = twenty(ids) else { return Ok(Vec::new()) };
    rx.list(sql, &bound).await
}

/// Id, number and bytes of the versions of a document, oldest first.
pub async fn versions(rx: &mut Rx, document: DocumentId) -> Result<Vec<(Uuid, i64, FileId)>> {
    let sql = "SELECT id, n, file_id FROM records_version WHERE tenant = $1 AND document_id = $2 ORDER BY n";
    rx.list(sql, params![document]).await
}

/// When the first and the last case were closed.
pub async fn span(rx: &mut Rx) -> Result<Option<(Timestamp, Timestamp)>> {
    let sql = "SELECT MIN(closed_at) AS first, MAX(closed_at) AS last FROM records_case WHERE tenant = $1";
    let (first, last) = rx.one::<(Option<Timestamp>, Option<Timestamp>)>(sql, &[]).await?;
    Ok(first.zip(last))
}

db::record! {
    /// Cases that become due alike.
    pub struct Alike {
        pub entry: String,
        pub by_hand: bool,
        pub years: i64,
        pub appraisal: String,
        pub held: bool,
        pub n: i64,
    }
}

/// Cases closed from one moment to before another.
pub async fn closed_alike(rx: &mut Rx, from: Timestamp, to: Timestamp) -> Result<Vec<Alike>> {
    let sql = "SELECT f.entry, FALSE AS by_hand, c.retention_years AS years, c.appraisal, c.held, COUNT(*) AS n
               FROM records_case c JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
               WHERE c.tenant = $1 AND c.closed_at >= $2 AND c.closed_at < $3
               GROUP BY f.entry, c.retention_years, c.appraisal, c.held";
    rx.list(sql, params![from, to]).await
}

/// Cases that are open; what will be said of them when they are closed is not known yet.
pub async fn open_alike(rx: &mut Rx) -> Result<Vec<Alike>> {
    let sql = "SELECT x.entry, x.by_hand, x.years, CAST('' AS TEXT) AS appraisal, x.held, COUNT(*) AS n
               FROM (SELECT f.entry AS entry, c.service = '' AS by_hand, c.retention_years AS years, c.held AS held
                     FROM records_case c JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
                     WHERE c.tenant = $1 AND c.closed_at IS NULL) x
               GROUP BY x.entry, x.by_hand, x.years, x.held";
    rx.list(sql, &[]).await
}

db::record! {
    pub struct Closed {
        pub number: String,
        pub title: String,
        pub closed_at: Timestamp,
        pub retention_years: i64,
        pub held: bool,
    }
}

/// Cases of an entry closed from one moment to before another that the actor may see, those closed first in front.
pub async fn closed_of_entry(
    rx: &mut Rx,
    staff: StaffId,
    entry: &str,
    from: Timestamp,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<Closed>> {
    let sql = "SELECT c.number, c.title, c.closed_at, c.retention_years, c.held
               FROM records_case c
               JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND f.entry = $3 AND c.closed_at >= $4 AND c.closed_at < $5
               ORDER BY c.closed_at, c.id LIMIT $6";
    rx.list(sql, params![staff, entry, from, to, limit]).await
}
