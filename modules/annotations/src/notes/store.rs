use db::{Rx, Tx, params};
use kernel::{CaseId, DocumentId, Result, StaffId, Timestamp, Uuid};

/// Lines of a list that are read at once, and most that are shown.
pub const MOST: i64 = 200;
/// After everything that is ever listed.
pub const LAST: Timestamp = Timestamp::constant(253_000_000_000, 0);

db::record! {
    /// A note on a case, or on one document of it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Note {
        pub id: Uuid,
        pub case_id: CaseId,
        pub document_id: Option<DocumentId>,
        /// Of the document, from 1.
        pub page: Option<i64>,
        pub staff_id: StaffId,
        pub at: Timestamp,
        pub text: String,
        pub important: bool,
        pub done_at: Option<Timestamp>,
    }
}

pub async fn add(tx: &mut Tx, n: &Note) -> Result<()> {
    let sql = "INSERT INTO records_note (tenant, id, case_id, document_id, page, staff_id, at, text, important)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let n = params![n.id, n.case_id, n.document_id, n.page, n.staff_id, n.at, &n.text, n.important];
    tx.exec_one(sql, n).await
}

/// Notes of a case: what is open and important first, then the newest.
pub async fn of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Note>> {
    let sql = "SELECT id, case_id, document_id, page, staff_id, at, text, important, done_at FROM records_note
               WHERE tenant = $1 AND case_id = $2
               ORDER BY CASE WHEN done_at IS NOT NULL THEN 2 WHEN important = TRUE THEN 0 ELSE 1 END, at DESC, id
               LIMIT $3";
    rx.list(sql, params![case, MOST]).await
}

/// Notes of one document: in the order of its pages, those on the whole of it first.
pub async fn of_document(rx: &mut Rx, case: CaseId, document: DocumentId) -> Result<Vec<Note>> {
    let sql = "SELECT id, case_id, document_id, page, staff_id, at, text, important, done_at FROM records_note
               WHERE tenant = $1 AND case_id = $2 AND document_id = $3
               ORDER BY COALESCE(page, 0), at, id LIMIT $4";
    rx.list(sql, params![case, document, MOST]).await
}

pub async fn done(tx: &mut Tx, case: CaseId, note: Uuid, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_note SET done_by = $4, done_at = $5
               WHERE tenant = $1 AND id = $2 AND case_id = $3 AND done_at IS NULL";
    tx.exec_one(sql, params![note, case, by, at]).await
}

/// The words of a case's notes, the newest first.
pub async fn texts(rx: &mut Rx, case: CaseId) -> Result<Vec<String>> {
    let sql = "SELECT text FROM records_note WHERE tenant = $1 AND case_id = $2 ORDER BY at DESC, id LIMIT $3";
    Ok(rx.list::<(String,)>(sql, params![case, MOST]).await?.into_iter().map(|(text,)| text).collect())
}

/// Marks a `case` or a `file`; a second time is no error.
pub async fn mark(tx: &mut Tx, staff: StaffId, kind: &str, target: Uuid, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO records_favourite (tenant, staff_id, target, kind, at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, staff_id, target) DO NOTHING";
    tx.exec(sql, params![staff, target, kind, at]).await.map(|_| ())
}

pub async fn unmark(tx: &mut Tx, staff: StaffId, target: Uuid) -> Result<()> {
    let sql = "DELETE FROM records_favourite WHERE tenant = $1 AND staff_id = $2 AND target = $3";
    tx.exec(sql, params![staff, target]).await.map(|_| ())
}

pub async fn is_marked(rx: &mut Rx, staff: StaffId, target: Uuid) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM records_favourite WHERE tenant = $1 AND staff_id = $2 AND target = $3";
    Ok(rx.one::<(i64,)>(sql, params![staff, target]).await?.0 > 0)
}

db::record! {
    /// What somebody has marked: a `case` or a `file`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mark {
        pub target: Uuid,
        pub kind: String,
        pub at: Timestamp,
    }
}

/// What somebody has marked, the last mark first, from behind one on.
pub async fn marks(rx: &mut Rx, staff: StaffId, after: (Timestamp, Uuid)) -> Result<Vec<Mark>> {
    let sql = "SELECT target, kind, at FROM records_favourite
               WHERE tenant = $1 AND staff_id = $2 AND at <= $3 AND (at < $3 OR target < $4)
               ORDER BY at DESC, target DESC LIMIT $5";
    rx.list(sql, params![staff, after.0, after.1, MOST]).await
}
