use contract_records::FileToExport;
use db::{FromRow, Row, Rx, Tx, params};
use kernel::{CaseId, Date, DocumentId, FileId, Hash, Result, StaffId, Timestamp, Uuid};

use crate::store::{AT_ONCE, twenty};

/// The file that has this Aktenzeichen in the other system.
pub async fn file_of(rx: &mut Rx, source: &str, old: &str) -> Result<Option<Uuid>> {
    let sql = "SELECT file_id FROM records_origin_file WHERE tenant = $1 AND source = $2 AND old = $3";
    Ok(rx.opt::<(Uuid,)>(sql, params![source, old]).await?.map(|(id,)| id))
}

pub async fn add_file(tx: &mut Tx, source: &str, old: &str, file: Uuid) -> Result<()> {
    let sql = "INSERT INTO records_origin_file (tenant, source, old, file_id) VALUES ($1, $2, $3, $4)";
    tx.exec_one(sql, params![source, old, file]).await
}

db::record! {
    /// A case that was taken over.
    pub struct TakenCase {
        pub case_id: CaseId,
        pub unit: String,
        pub confidentiality: String,
        pub closed_at: Option<Timestamp>,
    }
}

pub async fn case_of(rx: &mut Rx, source: &str, old: &str) -> Result<Option<TakenCase>> {
    let sql = "SELECT o.case_id, c.unit, c.confidentiality, c.closed_at FROM records_origin_case o
               JOIN records_case c ON c.tenant = o.tenant AND c.id = o.case_id
               WHERE o.tenant = $1 AND o.source = $2 AND o.old = $3";
    rx.opt(sql, params![source, old]).await
}

pub async fn add_case(tx: &mut Tx, source: &str, old: &str, number: &str, case: CaseId) -> Result<()> {
    let sql = "INSERT INTO records_origin_case (tenant, source, old, number, case_id) VALUES ($1, $2, $3, $4, $5)";
    tx.exec_one(sql, params![source, old, number, case]).await
}

db::record! {
    /// A version of a document that was taken over.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TakenVersion {
        pub version: i64,
        pub document_id: DocumentId,
        pub case_id: CaseId,
        pub sha256: Hash,
    }
}

/// All versions of the document with this old id, oldest first.
pub async fn versions_of(rx: &mut Rx, source: &str, old: &str) -> Result<Vec<TakenVersion>> {
    let sql = "SELECT version, document_id, case_id, sha256 FROM records_origin_document
               WHERE tenant = $1 AND source = $2 AND old = $3 ORDER BY version";
    rx.list(sql, params![source, old]).await
}

pub async fn put_version(tx: &mut Tx, source: &str, old: &str, v: &TakenVersion, dated: Option<Date>) -> Result<()> {
    let sql = "INSERT INTO records_origin_document (tenant, source, old, version, document_id, case_id, sha256, dated)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (tenant, source, old, version) DO UPDATE SET sha256 = excluded.sha256,
                 dated = excluded.dated";
    tx.exec_one(sql, params![source, old, v.version, v.document_id, v.case_id, v.sha256, dated]).await
}

/// Source and old id of a case.
pub async fn origins_of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<(String, String)>> {
    let sql = "SELECT source, old FROM records_origin_case WHERE tenant = $1 AND case_id = $2";
    rx.list(sql, params![case]).await
}

/// Source and old id of the documents of a case.
pub async fn origins_of_documents(rx: &mut Rx, case: CaseId) -> Result<Vec<(String, String)>> {
    let sql = "SELECT DISTINCT source, old FROM records_origin_document WHERE tenant = $1 AND case_id = $2";
    rx.list(sql, params![case]).await
}

/// The last day counts.
pub async fn add_erased(tx: &mut Tx, trace: Hash, on: Date) -> Result<()> {
    let sql = "INSERT INTO records_erased_origin (tenant, trace, erased_on) VALUES ($1, $2, $3)
               ON CONFLICT (tenant, trace) DO UPDATE SET erased_on = excluded.erased_on";
    tx.exec_one(sql, params![trace, on]).await
}

pub async fn erased_on(rx: &mut Rx, trace: Hash) -> Result<Option<Date>> {
    let sql = "SELECT erased_on FROM records_erased_origin WHERE tenant = $1 AND trace = $2";
    Ok(rx.opt::<(Date,)>(sql, params![trace]).await?.map(|(day,)| day))
}

pub async fn forget_erased(tx: &mut Tx, before: Date) -> Result<()> {
    let sql = "DELETE FROM records_erased_origin WHERE tenant = $1 AND erased_on < $2";
    tx.exec(sql, params![before]).await.map(|_| ())
}

/// Whether anything that came from elsewhere was ever erased: most cities are not to look for each row.
pub async fn any_erased(rx: &mut Rx) -> Result<bool> {
    let sql = "SELECT erased_on FROM records_erased_origin WHERE tenant = $1 LIMIT 1";
    Ok(rx.opt::<(Date,)>(sql, &[]).await?.is_some())
}

db::record! {
    /// Something that a case is known by elsewhere.
    pub struct Word {
        pub case_id: CaseId,
        pub word: String,
    }
}

/// What these cases, their files and their documents are known by elsewhere; at most [`AT_ONCE`] cases.
pub async fn words(rx: &mut Rx, cases: &[CaseId]) -> Result<Vec<Word>> {
    let sql = "SELECT o.case_id, o.number AS word FROM records_origin_case o
               WHERE o.tenant = $1 AND o.number <> '' AND o.case_id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
               UNION
               SELECT c.id AS case_id, f.old AS word FROM records_case c
               JOIN records_origin_file f ON f.tenant = c.tenant AND f.file_id = c.file_id
               WHERE c.tenant = $1 AND c.id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
               UNION
               SELECT e.case_id, e.identifier AS word FROM records_elsewhere e
               WHERE e.tenant = $1 AND e.case_id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let Some(bound) = twenty(cases) else { return Ok(Vec::new()) };
    rx.list(sql, &bound).await
}

/// Cases that are known by exactly this elsewhere, or whose file or one of whose documents is, among those that the
/// member of staff may see; at most [`AT_ONCE`].
pub async fn cases_known_as(rx: &mut Rx, staff: StaffId, old: &str) -> Result<Vec<CaseId>> {
    let sql = "SELECT c.id FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.id IN (
                 SELECT o.case_id FROM records_origin_case o WHERE o.tenant = $1 AND o.number = $3
                 UNION SELECT d.case_id FROM records_origin_document d WHERE d.tenant = $1 AND d.old = $3
                 UNION SELECT k.id FROM records_case k
                   JOIN records_origin_file f ON f.tenant = k.tenant AND f.file_id = k.file_id
                   WHERE k.tenant = $1 AND f.old = $3)
               ORDER BY c.opened_at DESC, c.id DESC LIMIT $4";
    let most = i64::try_from(AT_ONCE).unwrap_or(0);
    Ok(rx.list::<(CaseId,)>(sql, params![staff, old, most]).await?.into_iter().map(|(id,)| id).collect())
}

/// Old ids of documents that are shown of a case.
pub const SHOWN: i64 = 100;

db::record! {
    /// A document and what it was called in the other system.
    pub struct OldDocument {
        pub title: String,
        pub source: String,
        pub old: String,
        pub dated: Option<Date>,
    }
}

pub async fn old_documents(rx: &mut Rx, case: CaseId) -> Result<Vec<OldDocument>> {
    let sql = "SELECT DISTINCT d.title, o.source, o.old, o.dated FROM records_origin_document o
               JOIN records_document d ON d.tenant = o.tenant AND d.id = o.document_id
               WHERE o.tenant = $1 AND o.case_id = $2 ORDER BY o.old LIMIT $3";
    rx.list(sql, params![case, SHOWN]).await
}

db::record! {
    /// What something is called in another system.
    pub struct OldNumber {
        pub source: String,
        pub old: String,
    }
}

pub async fn old_numbers(rx: &mut Rx, case: CaseId) -> Result<Vec<OldNumber>> {
    let sql = "SELECT source, number AS old FROM records_origin_case
               WHERE tenant = $1 AND case_id = $2 AND number <> '' ORDER BY source, old";
    rx.list(sql, params![case]).await
}

pub async fn old_numbers_of_file(rx: &mut Rx, file: Uuid) -> Result<Vec<OldNumber>> {
    let sql = "SELECT source, old FROM records_origin_file WHERE tenant = $1 AND file_id = $2 ORDER BY source, old";
    rx.list(sql, params![file]).await
}

db::record! {
    /// A file that is led in another system.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Elsewhere {
        pub id: Uuid,
        pub case_id: Option<CaseId>,
        pub file_id: Option<Uuid>,
        /// Name of the system.
        pub led_in: String,
        /// Aktenzeichen or id there.
        pub identifier: String,
        /// Web address; empty where there is none.
        pub address: String,
        pub made_by: StaffId,
        pub made_at: Timestamp,
    }
}

pub async fn elsewhere(rx: &mut Rx, case: Option<CaseId>, file: Option<Uuid>) -> Result<Vec<Elsewhere>> {
    let sql = "SELECT id, case_id, file_id, led_in, identifier, address, made_by, made_at FROM records_elsewhere
               WHERE tenant = $1 AND (case_id = $2 OR file_id = $3) ORDER BY made_at, id";
    rx.list(sql, params![case, file]).await
}

pub async fn add_elsewhere(tx: &mut Tx, e: &Elsewhere) -> Result<()> {
    let sql =
        "INSERT INTO records_elsewhere (tenant, id, case_id, file_id, led_in, identifier, address, made_by, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![e.id, e.case_id, e.file_id, &e.led_in, &e.identifier, &e.address, e.made_by, e.made_at];
    tx.exec_one(sql, values).await
}

pub async fn remove_elsewhere(tx: &mut Tx, id: Uuid, case: Option<CaseId>, file: Option<Uuid>) -> Result<()> {
    let sql = "DELETE FROM records_elsewhere WHERE tenant = $1 AND id = $2 AND (case_id = $3 OR file_id = $4)";
    tx.exec_one(sql, params![id, case, file]).await
}

/// A file as it is given out.
struct FileRow(FileToExport);

impl FromRow for FileRow {
    fn from_row(row: &Row) -> Result<Self> {
        let (plan, year): (String, i64) = (row.get("plan")?, row.get("year")?);
        Ok(Self(FileToExport {
            id: row.get("id")?,
            number: format!("{plan}/{year}"),
            title: row.get("title")?,
            entry: row.get("entry")?,
            unit: row.get("unit")?,
            confidentiality: row.get("confidentiality")?,
            part_of: row.get("part_of")?,
        }))
    }
}

/// Files behind an id: those that the member of staff may see, or all.
pub async fn files(rx: &mut Rx, staff: Option<StaffId>, after: Uuid, limit: i64) -> Result<Vec<FileToExport>> {
    let sql = "SELECT f.id, f.plan, f.year, f.title, f.entry, f.unit, f.confidentiality, f.part_of FROM records_file f
               WHERE f.tenant = $1 AND f.id > $3 AND (CAST($2 AS UUID) IS NULL
                 OR EXISTS (SELECT 1 FROM identity_access a
                            WHERE a.tenant = f.tenant AND a.cls = f.cls AND a.actor = $2)
                 OR (f.cls IS NULL AND EXISTS (
                   SELECT 1 FROM records_case c
                   JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
                   WHERE c.tenant = f.tenant AND c.file_id = f.id)))
               ORDER BY f.id LIMIT $4";
    Ok(rx.list::<FileRow>(sql, params![staff, after, limit]).await?.into_iter().map(|row| row.0).collect())
}

db::record! {
    /// A case as it is given out.
    pub struct CaseRow {
        pub id: CaseId,
        pub number: String,
        pub title: String,
        pub unit: String,
        pub confidentiality: String,
        pub closed_at: Option<Timestamp>,
    }
}

/// Cases of a file behind an id: those that the member of staff may see, or all.
pub async fn cases(rx: &mut Rx, staff: Option<StaffId>, file: Uuid, after: Uuid, limit: i64) -> Result<Vec<CaseRow>> {
    let sql = "SELECT c.id, c.number, c.title, c.unit, c.confidentiality, c.closed_at FROM records_case c
               WHERE c.tenant = $1 AND c.file_id = $3 AND c.id > $4 AND (CAST($2 AS UUID) IS NULL
                 OR EXISTS (SELECT 1 FROM identity_access a
                            WHERE a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2))
               ORDER BY c.id LIMIT $5";
    rx.list(sql, params![staff, file, after, limit]).await
}

/// Date of a document that was taken over.
pub async fn dated(rx: &mut Rx, document: DocumentId) -> Result<Option<Date>> {
    let sql = "SELECT dated FROM records_origin_document
               WHERE tenant = $1 AND document_id = $2 AND dated IS NOT NULL ORDER BY version DESC LIMIT 1";
    Ok(rx.opt::<(Date,)>(sql, params![document]).await?.map(|(day,)| day))
}

/// The bytes of a document's versions by their number; a document that was never changed has one.
pub fn numbered(versions: Vec<(i64, FileId)>, only: FileId) -> Vec<(i64, FileId)> {
    if versions.is_empty() { vec![(1, only)] } else { versions }
}
