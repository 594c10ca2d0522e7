use db::{Rx, Tx, params};
use kernel::{CaseId, DocumentId, FileId, Result, StaffId, Timestamp, Uuid};

use crate::store::{After, END};

db::record! {
    /// A version (Fassung) of a document.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Version {
        pub id: Uuid,
        pub document_id: DocumentId,
        /// From 1.
        pub n: i64,
        /// The version that was the newest for whoever wrote this one.
        pub based_on: i64,
        /// Somebody else had saved a version meanwhile: this one waits to be looked at.
        pub conflict: bool,
        pub file_id: FileId,
        pub note: String,
        pub staff_id: Option<StaffId>,
        pub at: Timestamp,
    }
}

db::record! {
    /// Somebody works on a document.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Checkout {
        pub document_id: DocumentId,
        pub staff_id: StaffId,
        pub at: Timestamp,
        pub until: Timestamp,
    }
}

/// All versions, oldest first. A document that was put into the case and never changed has none: it is its own first.
pub async fn versions(rx: &mut Rx, document: DocumentId) -> Result<Vec<Version>> {
    let sql = "SELECT id, document_id, n, based_on, conflict, file_id, note, staff_id, at FROM records_version
               WHERE tenant = $1 AND document_id = $2 ORDER BY n";
    rx.list(sql, params![document]).await
}

/// The versions of those documents of a case that were added from one moment to another, by document and oldest first.
pub async fn versions_between(rx: &mut Rx, case: CaseId, first: Timestamp, last: Timestamp) -> Result<Vec<Version>> {
    // CROSS JOIN: SQLite keeps to this order of tables then, here and below.
    let sql = "SELECT v.id, v.document_id, v.n, v.based_on, v.conflict, v.file_id, v.note, v.staff_id, v.at
               FROM records_document d CROSS JOIN records_version v
               WHERE d.tenant = $1 AND d.case_id = $2 AND d.added_at >= $3 AND d.added_at <= $4
                 AND v.tenant = $1 AND v.document_id = d.id ORDER BY v.document_id, v.n";
    rx.list(sql, params![case, first, last]).await
}

/// Who has one of those documents out at this moment.
pub async fn checkouts_between(
    rx: &mut Rx,
    case: CaseId,
    first: Timestamp,
    last: Timestamp,
    now: Timestamp,
) -> Result<Vec<Checkout>> {
    let sql = "SELECT k.document_id, k.staff_id, k.at, k.until
               FROM records_document d CROSS JOIN records_checkout k
               WHERE d.tenant = $1 AND d.case_id = $2 AND d.added_at >= $3 AND d.added_at <= $4
                 AND k.tenant = $1 AND k.document_id = d.id AND k.until > $5";
    rx.list(sql, params![case, first, last, now]).await
}

pub async fn add_version(tx: &mut Tx, v: &Version) -> Result<()> {
    let sql =
        "INSERT INTO records_version (tenant, id, document_id, n, based_on, conflict, file_id, note, staff_id, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tx.exec_one(sql, params![v.id, v.document_id, v.n, v.based_on, v.conflict, v.file_id, &v.note, v.staff_id, v.at])
        .await
}

pub async fn set_file(tx: &mut Tx, document: DocumentId, file: FileId) -> Result<()> {
    let sql = "UPDATE records_document SET file_id = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![document, file]).await
}

pub async fn checkout(rx: &mut Rx, document: DocumentId) -> Result<Option<Checkout>> {
    let sql = "SELECT document_id, staff_id, at, until FROM records_checkout WHERE tenant = $1 AND document_id = $2";
    rx.opt(sql, params![document]).await
}

pub async fn put_checkout(tx: &mut Tx, c: &Checkout) -> Result<()> {
    let sql = "INSERT INTO records_checkout (tenant, document_id, staff_id, at, until) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, document_id) DO UPDATE SET staff_id = excluded.staff_id, at = excluded.at,
                 until = excluded.until";
    tx.exec_one(sql, params![c.document_id, c.staff_id, c.at, c.until]).await
}

pub async fn end_checkout(tx: &mut Tx, document: DocumentId) -> Result<()> {
    tx.exec("DELETE FROM records_checkout WHERE tenant = $1 AND document_id = $2", params![document]).await?;
    Ok(())
}

/// Whether somebody has a document of the case out.
pub async fn checked_out_in(rx: &mut Rx, case: CaseId, now: Timestamp) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM records_checkout k
               JOIN records_document d ON d.tenant = k.tenant AND d.id = k.document_id
               WHERE k.tenant = $1 AND d.case_id = $2 AND k.until > $3";
    Ok(rx.one::<(i64,)>(sql, params![case, now]).await?.0 > 0)
}

/// Bytes of all versions of the case's documents that are not the documents' own newest.
pub async fn older_files(rx: &mut Rx, case: CaseId) -> Result<Vec<FileId>> {
    let sql = "SELECT v.file_id FROM records_document d CROSS JOIN records_version v
               WHERE d.tenant = $1 AND d.case_id = $2 AND v.tenant = $1 AND v.document_id = d.id
                 AND v.file_id <> d.file_id";
    Ok(rx.list::<(FileId,)>(sql, params![case]).await?.into_iter().map(|(file,)| file).collect())
}

/// Which documents a list shows; what is empty lets all through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Key of the unit that leads the case.
    pub unit: Option<String>,
    pub kind: Option<String>,
    /// Added from this moment on.
    pub from: Option<Timestamp>,
    /// Added before this moment.
    pub before: Option<Timestamp>,
}

db::record! {
    /// How many documents of a kind lie in those cases of a unit that the reader may see.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Share {
        pub unit: String,
        pub kind: String,
        pub n: i64,
    }
}

/// What the reader may see, by unit and kind: exact, since every write keeps the counts.
pub async fn shares(rx: &mut Rx, staff: StaffId) -> Result<Vec<Share>> {
    let sql = "SELECT k.unit, k.kind, CAST(SUM(k.n) AS BIGINT) AS n FROM records_document_count k
               JOIN identity_access a ON a.tenant = k.tenant AND a.cls = k.cls AND a.actor = $2
               WHERE k.tenant = $1 AND k.n > 0 GROUP BY k.unit, k.kind ORDER BY k.unit, k.kind";
    rx.list(sql, params![staff]).await
}

/// How many documents there are, whoever sees them.
pub async fn total(rx: &mut Rx) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n FROM records_document_count WHERE tenant = $1";
    Ok(rx.one::<(i64,)>(sql, &[]).await?.0)
}

db::record! {
    /// A line of the list of documents.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Listed {
        pub id: DocumentId,
        pub case_id: CaseId,
        pub kind: String,
        pub title: String,
        pub added_at: Timestamp,
        /// Aktenzeichen of the case.
        pub number: String,
        pub unit: String,
    }
}

/// The documents an actor may see, newest first. Two ways to the same answer, as in the list of cases: who sees little is
/// led by the classes (`by_class`), who sees much by the order.
pub async fn list(
    rx: &mut Rx,
    staff: StaffId,
    filter: &Filter,
    after: Option<After>,
    by_class: bool,
    limit: i64,
) -> Result<Vec<Listed>> {
    let from = filter.from.unwrap_or(Timestamp::UNIX_EPOCH);
    let end = (filter.before.unwrap_or(END), DocumentId::from_uuid(Uuid::nil()));
    let (at, id) = after.unwrap_or(end);
    let bound = params![staff, filter.unit.clone(), filter.kind.clone(), from, at, id, limit];
    if by_class { rx.list(BY_CLASS, bound).await } else { rx.list(BY_ORDER, bound).await }
}

// CROSS JOIN: SQLite keeps to this order of tables then.
const BY_CLASS: &str = "SELECT d.id, d.case_id, d.kind, d.title, d.added_at, c.number, c.unit
    FROM (SELECT i.id, i.added_at
          FROM identity_access a CROSS JOIN records_document_count k CROSS JOIN records_document i
          WHERE a.tenant = $1 AND a.actor = $2 AND k.tenant = $1 AND k.cls = a.cls
            AND (CAST($3 AS TEXT) IS NULL OR k.unit = $3) AND (CAST($4 AS TEXT) IS NULL OR k.kind = $4)
            AND i.tenant = $1 AND i.cls IS NOT NULL AND i.cls = k.cls AND i.kind = k.kind
            AND i.added_at >= $5 AND (i.added_at, i.id) < ($6, $7)
          ORDER BY i.added_at DESC, i.id DESC LIMIT $8) p
    CROSS JOIN records_document d CROSS JOIN records_case c
    WHERE d.tenant = $1 AND d.id = p.id AND c.tenant = $1 AND c.id = d.case_id
    ORDER BY d.added_at DESC, d.id DESC";

const BY_ORDER: &str = "SELECT d.id, d.case_id, d.kind, d.title, d.added_at, c.number, c.unit
    FROM (SELECT i.id, i.added_at FROM records_document i
          WHERE i.tenant = $1 AND i.cls IS NOT NULL AND i.added_at >= $5 AND (i.added_at, i.id) < ($6, $7)
            AND (CAST($4 AS TEXT) IS NULL OR i.kind = $4)
            AND EXISTS (SELECT 1 FROM identity_access a WHERE a.tenant = $1 AND a.actor = $2 AND a.cls = i.cls)
            AND (CAST($3 AS TEXT) IS NULL OR EXISTS (
              SELECT 1 FROM records_document_count k
              WHERE k.tenant = $1 AND k.cls = i.cls AND k.kind = i.kind AND k.unit = $3))
          ORDER BY i.added_at DESC, i.id DESC LIMIT $8) p
    CROSS JOIN records_document d CROSS JOIN records_case c
    WHERE d.tenant = $1 AND d.id = p.id AND c.tenant = $1 AND c.id = d.case_id
    ORDER BY d.added_at DESC, d.id DESC";
db::record! {
    /// A PDF made of an office file so that it can be looked at.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Rendition {
        /// The file it was made of.
        pub source_id: FileId,
        /// None: none could be made, and `fault` says why.
        pub file_id: Option<FileId>,
        pub fault: Option<String>,
    }
}

pub async fn rendition(rx: &mut Rx, source: FileId) -> Result<Option<Rendition>> {
    let sql = "SELECT source_id, file_id, fault FROM records_rendition WHERE tenant = $1 AND source_id = $2";
    rx.opt(sql, params![source]).await
}

pub async fn add_rendition(tx: &mut Tx, case: CaseId, r: &Rendition, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO records_rendition (tenant, source_id, case_id, file_id, fault, at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![r.source_id, case, r.file_id, r.fault.clone(), at]).await
}

/// Bytes of all renditions of the case's files.
pub async fn renditions_of(rx: &mut Rx, case: CaseId) -> Result<Vec<FileId>> {
    let sql = "SELECT file_id FROM records_rendition WHERE tenant = $1 AND case_id = $2 AND file_id IS NOT NULL";
    Ok(rx.list::<(FileId,)>(sql, params![case]).await?.into_iter().map(|(file,)| file).collect())
}
