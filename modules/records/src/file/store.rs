use db::{Rx, Tx, params};
use kernel::{CaseId, Result, StaffId, Timestamp, Uuid};

use crate::store::{CaseRow, CaseView, END};

/// Files on one page.
pub const PAGE: i64 = 50;
/// Cases of a file that are shown at once.
pub const CASES: i64 = 200;

db::record! {
    /// A file (Akte).
    #[derive(Clone, Debug, PartialEq)]
    pub struct File {
        pub id: Uuid,
        /// Kennzeichen: that of the entry, with a running number for a file of one matter.
        pub plan: String,
        pub year: i64,
        pub title: String,
        pub entry: String,
        /// `collection` or `matter`.
        pub kind: String,
        pub part_of: Option<Uuid>,
        pub unit: String,
        pub confidentiality: String,
        pub cls: Option<i64>,
        /// `electronic`, `hybrid` or `paper`.
        pub medium: String,
        /// Where the paper lies.
        pub storage: String,
        pub opened_at: Timestamp,
        pub closed_at: Option<Timestamp>,
    }
}

impl File {
    /// Aktenzeichen of the file.
    pub fn number(&self) -> String {
        format!("{}/{}", self.plan, self.year)
    }

    pub fn is_matter(&self) -> bool {
        self.kind == "matter"
    }
}

pub async fn add(tx: &mut Tx, f: &File) -> Result<()> {
    let sql =
        "INSERT INTO records_file (tenant, id, plan, year, title, entry, kind, part_of, unit, confidentiality, cls,
                 medium, storage, opened_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    tx.exec_one(
        sql,
        params![
            f.id,
            &f.plan,
            f.year,
            &f.title,
            &f.entry,
            &f.kind,
            f.part_of,
            &f.unit,
            &f.confidentiality,
            f.cls,
            &f.medium,
            &f.storage,
            f.opened_at,
        ],
    )
    .await?;
    match f.cls {
        Some(cls) => count(tx, cls, &f.entry, f.closed_at.is_some(), 1).await,
        None => Ok(()),
    }
}

async fn count(tx: &mut Tx, cls: i64, entry: &str, closed: bool, by: i64) -> Result<()> {
    let sql = "INSERT INTO records_file_count (tenant, cls, entry, closed, n) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, cls, entry, closed) DO UPDATE SET n = records_file_count.n + excluded.n";
    tx.exec_one(sql, params![cls, entry, closed, by]).await
}

/// The file and its place in the counts move to another class.
pub async fn set_class(tx: &mut Tx, file: &File, cls: i64) -> Result<()> {
    if let Some(before) = file.cls {
        count(tx, before, &file.entry, file.closed_at.is_some(), -1).await?;
    }
    count(tx, cls, &file.entry, file.closed_at.is_some(), 1).await?;
    tx.exec_one("UPDATE records_file SET cls = $3 WHERE tenant = $1 AND id = $2", params![file.id, cls]).await
}

/// How many files of one matter the actor may see, and how many there are; of one entry, or of all.
pub async fn counts(rx: &mut Rx, staff: StaffId, entry: Option<&str>) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN a.cls IS NULL THEN 0 ELSE k.n END), 0) AS BIGINT) AS visible,
                      CAST(COALESCE(SUM(k.n), 0) AS BIGINT) AS total
               FROM records_file_count k
               LEFT JOIN identity_access a ON a.tenant = k.tenant AND a.cls = k.cls AND a.actor = $2
               WHERE k.tenant = $1 AND (CAST($3 AS TEXT) IS NULL OR k.entry = $3)";
    rx.one(sql, params![staff, entry]).await
}

pub async fn file(rx: &mut Rx, id: Uuid) -> Result<File> {
    let sql =
        "SELECT id, plan, year, title, entry, kind, part_of, unit, confidentiality, cls, medium, storage, opened_at,
                 closed_at
               FROM records_file WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The file, if one of the actor's access classes covers it; a yearly collection, if it covers one of its cases.
pub async fn file_for_staff(rx: &mut Rx, id: Uuid, staff: StaffId) -> Result<File> {
    let sql =
        "SELECT f.id, f.plan, f.year, f.title, f.entry, f.kind, f.part_of, f.unit, f.confidentiality, f.cls, f.medium,
                 f.storage, f.opened_at, f.closed_at
               FROM records_file f
               WHERE f.tenant = $1 AND f.id = $2 AND (
                 EXISTS (SELECT 1 FROM identity_access a WHERE a.tenant = f.tenant AND a.cls = f.cls AND a.actor = $3)
                 OR (f.cls IS NULL AND EXISTS (
                   SELECT 1 FROM records_case c
                   JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $3
                   WHERE c.tenant = f.tenant AND c.file_id = f.id)))";
    rx.one(sql, params![id, staff]).await
}

/// Files of one matter that the actor may see, newest first, from behind (`opened`, `id`) on; of one entry, or of all.
/// `share` is the answer of [`counts`]: who sees little is led by the classes, who sees much by the order.
pub async fn files(
    rx: &mut Rx,
    staff: StaffId,
    entry: Option<&str>,
    after: Option<(Timestamp, Uuid)>,
    share: (i64, i64),
) -> Result<Vec<File>> {
    let (at, id) = after.unwrap_or((END, Uuid::max()));
    let (visible, total) = share;
    match entry {
        _ if visible.saturating_mul(200) < total => rx.list(BY_CLASS, params![staff, entry, at, id, PAGE + 1]).await,
        Some(entry) => rx.list(BY_ENTRY, params![staff, entry, at, id, PAGE + 1]).await,
        None => rx.list(BY_ORDER, params![staff, at, id, PAGE + 1]).await,
    }
}

// CROSS JOIN: SQLite keeps to this order of tables then.
const BY_CLASS: &str =
    "SELECT f.id, f.plan, f.year, f.title, f.entry, f.kind, f.part_of, f.unit, f.confidentiality, f.cls, f.medium,
            f.storage, f.opened_at, f.closed_at
     FROM identity_access a CROSS JOIN records_file f
     WHERE a.tenant = $1 AND a.actor = $2 AND f.tenant = $1 AND f.cls = a.cls
       AND (CAST($3 AS TEXT) IS NULL OR f.entry = $3) AND (f.opened_at, f.id) < ($4, $5)
     ORDER BY f.opened_at DESC, f.id DESC LIMIT $6";

const BY_ENTRY: &str =
    "SELECT f.id, f.plan, f.year, f.title, f.entry, f.kind, f.part_of, f.unit, f.confidentiality, f.cls, f.medium,
            f.storage, f.opened_at, f.closed_at
     FROM records_file f
     WHERE f.tenant = $1 AND f.cls IS NOT NULL AND f.entry = $3 AND (f.opened_at, f.id) < ($4, $5)
       AND EXISTS (SELECT 1 FROM identity_access a WHERE a.tenant = $1 AND a.actor = $2 AND a.cls = f.cls)
     ORDER BY f.opened_at DESC, f.id DESC LIMIT $6";

const BY_ORDER: &str =
    "SELECT f.id, f.plan, f.year, f.title, f.entry, f.kind, f.part_of, f.unit, f.confidentiality, f.cls, f.medium,
            f.storage, f.opened_at, f.closed_at
     FROM records_file f
     WHERE f.tenant = $1 AND f.cls IS NOT NULL AND (f.opened_at, f.id) < ($3, $4)
       AND EXISTS (SELECT 1 FROM identity_access a WHERE a.tenant = $1 AND a.actor = $2 AND a.cls = f.cls)
     ORDER BY f.opened_at DESC, f.id DESC LIMIT $5";

/// Parts (Teilakten, Bände) of a file that the actor may see.
pub async fn parts(rx: &mut Rx, staff: StaffId, of: Uuid) -> Result<Vec<File>> {
    let sql =
        "SELECT f.id, f.plan, f.year, f.title, f.entry, f.kind, f.part_of, f.unit, f.confidentiality, f.cls, f.medium,
                 f.storage, f.opened_at, f.closed_at
               FROM records_file f
               JOIN identity_access a ON a.tenant = f.tenant AND a.cls = f.cls AND a.actor = $2
               WHERE f.tenant = $1 AND f.part_of = $3 ORDER BY f.opened_at, f.id";
    rx.list(sql, params![staff, of]).await
}

/// Cases of a file that the actor may see, newest first.
pub async fn cases(rx: &mut Rx, staff: StaffId, file: Uuid) -> Result<Vec<CaseView>> {
    let sql = "SELECT c.id, c.number, c.service, c.title, c.unit, c.cls, c.status, c.account_id, c.lang, c.party,
                 c.opened_at, c.closed_at
               FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.file_id = $3 ORDER BY c.opened_at DESC, c.id DESC LIMIT $4";
    Ok(rx.list::<CaseRow>(sql, params![staff, file, CASES]).await?.into_iter().map(|row| row.0).collect())
}

/// The file of one matter with this Aktenzeichen.
pub async fn file_by_number(rx: &mut Rx, plan: &str, year: i64) -> Result<File> {
    let sql =
        "SELECT id, plan, year, title, entry, kind, part_of, unit, confidentiality, cls, medium, storage, opened_at,
                 closed_at
               FROM records_file WHERE tenant = $1 AND plan = $2 AND year = $3 AND kind = 'matter'";
    rx.one(sql, params![plan, year]).await
}

/// The file of one matter with this Aktenzeichen, if the actor may see it.
pub async fn file_numbered(rx: &mut Rx, staff: StaffId, number: &str) -> Result<Option<Uuid>> {
    let Some((plan, year)) = number.rsplit_once('/') else { return Ok(None) };
    let Ok(year) = year.parse::<i64>() else { return Ok(None) };
    let sql = "SELECT f.id FROM records_file f
               JOIN identity_access a ON a.tenant = f.tenant AND a.cls = f.cls AND a.actor = $2
               WHERE f.tenant = $1 AND f.plan = $3 AND f.year = $4";
    Ok(rx.opt::<(Uuid,)>(sql, params![staff, plan, year]).await?.map(|(id,)| id))
}

/// All cases of a file that the actor may see, oldest first.
pub async fn all_cases(rx: &mut Rx, staff: StaffId, file: Uuid) -> Result<Vec<CaseView>> {
    let sql = "SELECT c.id, c.number, c.service, c.title, c.unit, c.cls, c.status, c.account_id, c.lang, c.party,
                 c.opened_at, c.closed_at
               FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.file_id = $3 ORDER BY c.opened_at, c.id";
    Ok(rx.list::<CaseRow>(sql, params![staff, file]).await?.into_iter().map(|row| row.0).collect())
}

/// The file a case lies in.
pub async fn file_of_case(rx: &mut Rx, case: CaseId) -> Result<Uuid> {
    let sql = "SELECT file_id FROM records_case WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<(Uuid,)>(sql, params![case]).await?.0)
}

/// Key of the type (Aktentyp) a file was opened with; empty for none.
pub async fn file_type(rx: &mut Rx, file: Uuid) -> Result<String> {
    let sql = "SELECT file_type FROM records_file WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<(String,)>(sql, params![file]).await?.0)
}

pub async fn set_file_type(tx: &mut Tx, file: Uuid, key: &str) -> Result<()> {
    tx.exec_one("UPDATE records_file SET file_type = $3 WHERE tenant = $1 AND id = $2", params![file, key]).await
}

/// Titles of the documents of a file that the actor may see, at most some thousand.
pub async fn document_titles(rx: &mut Rx, staff: StaffId, file: Uuid) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT d.title FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               JOIN records_document d ON d.tenant = c.tenant AND d.case_id = c.id
               WHERE c.tenant = $1 AND c.file_id = $3 LIMIT 5000";
    Ok(rx.list::<(String,)>(sql, params![staff, file]).await?.into_iter().map(|(title,)| title).collect())
}

/// Cases of the file, and its parts, that are still open, whoever sees them.
pub async fn open_inside(rx: &mut Rx, file: Uuid) -> Result<i64> {
    let sql = "SELECT (SELECT COUNT(*) FROM records_case WHERE tenant = $1 AND file_id = $2 AND closed_at IS NULL)
                    + (SELECT COUNT(*) FROM records_file WHERE tenant = $1 AND part_of = $2 AND closed_at IS NULL) AS n";
    Ok(rx.one::<(i64,)>(sql, params![file]).await?.0)
}

/// The file goes to another unit, in its place in the counts too.
pub async fn set_unit(tx: &mut Tx, file: &File, unit: &str, cls: i64) -> Result<()> {
    set_class(tx, file, cls).await?;
    let sql = "UPDATE records_file SET unit = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![file.id, unit]).await
}

/// Closes a file, or opens it again, and counts it there.
pub async fn set_closed(tx: &mut Tx, file: &File, closed: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE records_file SET closed_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![file.id, closed]).await?;
    let (was, is) = (file.closed_at.is_some(), closed.is_some());
    let Some(cls) = file.cls.filter(|_| was != is) else { return Ok(()) };
    count(tx, cls, &file.entry, was, -1).await?;
    count(tx, cls, &file.entry, is, 1).await
}

/// How long a case is kept, by the rule of the day on which it was closed.
pub async fn set_retention(tx: &mut Tx, case: CaseId, years: i64, basis: &str) -> Result<()> {
    let sql = "UPDATE records_case SET retention_years = $3, retention_basis = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![case, years, basis]).await
}

/// What the archive's rule says of a case that is being closed.
pub async fn set_appraisal(tx: &mut Tx, case: CaseId, appraisal: &str) -> Result<()> {
    let sql = "UPDATE records_case SET appraisal = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![case, appraisal]).await
}

/// Entries of the file plan under which files were opened .
pub async fn used_entries(rx: &mut Rx) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT entry FROM records_file WHERE tenant = $1";
    Ok(rx.list::<(String,)>(sql, &[]).await?.into_iter().map(|(entry,)| entry).collect())
}

/// How many open files of an entry the actor may see, by entry.
pub async fn open_by_entry(rx: &mut Rx, staff: StaffId) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT k.entry, CAST(SUM(k.n) AS BIGINT) AS n FROM records_file_count k
               JOIN identity_access a ON a.tenant = k.tenant AND a.cls = k.cls AND a.actor = $2
               WHERE k.tenant = $1 AND k.closed = false GROUP BY k.entry";
    rx.list(sql, params![staff]).await
}
