use db::{Rx, Tx, either, params, record};
use kernel::{CaseId, Hash, Result, StaffId, Timestamp, Uuid};

/// Notes cases that wait for release; those that are known already stay as they are.
pub async fn add_due(tx: &mut Tx, cases: &[CaseId], at: Timestamp) -> Result<u64> {
    let mut added = 0;
    for case in cases {
        let sql = "INSERT INTO privacy_due (tenant, case_id, found_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        added += tx.exec(sql, params![*case, at]).await?;
    }
    Ok(added)
}

/// How many cases wait for release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub all: i64,
    /// Nobody has looked at them yet.
    pub unchecked: i64,
    /// Somebody else than the reader has.
    pub checked_by_others: i64,
}

/// Cases that wait for release, in the order of their ids, and how many there are in all.
pub async fn waiting(rx: &mut Rx, reader: StaffId, limit: i64) -> Result<(Vec<CaseId>, Waiting)> {
    let sql = "SELECT case_id FROM privacy_due WHERE tenant = $1 AND released_at IS NULL ORDER BY case_id LIMIT $2";
    let cases = rx.list::<(CaseId,)>(sql, params![limit]).await?.into_iter().map(|(case,)| case).collect();
    let count = "SELECT COUNT(*) AS n FROM privacy_due WHERE tenant = $1 AND released_at IS NULL";
    let (all,) = rx.one::<(i64,)>(count, &[]).await?;
    let count = "SELECT COUNT(*) AS n FROM privacy_due
                 WHERE tenant = $1 AND released_at IS NULL AND checked_by IS NULL";
    let (unchecked,) = rx.one::<(i64,)>(count, &[]).await?;
    let count = "SELECT COUNT(*) AS n FROM privacy_due
                 WHERE tenant = $1 AND released_at IS NULL AND checked_by <> $2";
    let (checked_by_others,) = rx.one::<(i64,)>(count, params![reader]).await?;
    Ok((cases, Waiting { all, unchecked, checked_by_others }))
}

/// Somebody has looked at the cases of a list and says that they may go.
pub async fn check(tx: &mut Tx, upto: CaseId, shown_at: Timestamp, by: StaffId, at: Timestamp) -> Result<u64> {
    let sql = "UPDATE privacy_due SET checked_by = $4, checked_at = $5
               WHERE tenant = $1 AND released_at IS NULL AND checked_by IS NULL AND case_id <= $2 AND found_at <= $3";
    tx.exec(sql, params![upto, shown_at, by, at]).await
}

/// Releases what somebody else has looked at, as far as the list went when it was shown.
pub async fn release(tx: &mut Tx, upto: CaseId, shown_at: Timestamp, by: StaffId, at: Timestamp) -> Result<u64> {
    let sql = "UPDATE privacy_due SET released_at = $5
               WHERE tenant = $1 AND released_at IS NULL AND case_id <= $2 AND checked_at <= $3 AND checked_by <> $4";
    tx.exec(sql, params![upto, shown_at, by, at]).await
}

pub async fn released(rx: &mut Rx, limit: i64) -> Result<Vec<CaseId>> {
    let sql = "SELECT case_id FROM privacy_due
               WHERE tenant = $1 AND released_at IS NOT NULL ORDER BY released_at, case_id LIMIT $2";
    Ok(rx.list::<(CaseId,)>(sql, params![limit]).await?.into_iter().map(|(case,)| case).collect())
}

/// Takes a case off the list; answers whether it was there and released.
pub async fn take_released(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let sql = "DELETE FROM privacy_due WHERE tenant = $1 AND case_id = $2 AND released_at IS NOT NULL";
    Ok(tx.exec(sql, params![case]).await? == 1)
}

record! {
    /// A line of the protocol of deletions (Löschprotokoll).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Deletion {
        pub id: Uuid,
        /// SHA-256 of the Aktenzeichen: whoever has the number can find the line, nobody the number.
        pub number_hash: Hash,
        pub at: Timestamp,
        pub basis: String,
        pub row_count: i64,
        pub file_count: i64,
    }
}

pub async fn add_deletion(tx: &mut Tx, d: &Deletion) -> Result<()> {
    let sql = "INSERT INTO privacy_deletion (tenant, id, number_hash, at, basis, row_count, file_count)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![d.id, d.number_hash, d.at, &d.basis, d.row_count, d.file_count]).await
}

pub async fn deletions(rx: &mut Rx, limit: i64) -> Result<Vec<Deletion>> {
    let sql = "SELECT id, number_hash, at, basis, row_count, file_count FROM privacy_deletion
               WHERE tenant = $1 ORDER BY at DESC, id DESC LIMIT $2";
    rx.list(sql, params![limit]).await
}

/// The tables of the database as it is.
///
/// # Errors
/// Those of the database.
pub async fn tables(rx: &mut Rx) -> Result<Vec<String>> {
    let sql = either(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
           AND $1 = $1 ORDER BY name",
        "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
         WHERE schemaname = current_schema() AND CAST($1 AS BIGINT) IS NOT NULL ORDER BY tablename",
    );
    Ok(rx.list::<(String,)>(sql, &[]).await?.into_iter().map(|(name,)| name).collect())
}
