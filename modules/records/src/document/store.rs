use db::{Rx, Tx, params};
use kernel::{CaseId, DocumentId, FileId, Result, StaffId, Timestamp, Uuid};

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
    let sql = "SELECT v.file_id FROM records_version v
               JOIN records_document d ON d.tenant = v.tenant AND d.id = v.document_id
               WHERE v.tenant = $1 AND d.case_id = $2 AND v.file_id <> d.file_id";
    Ok(rx.list::<(FileId,)>(sql, params![case]).await?.into_iter().map(|(file,)| file).collect())
}

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
