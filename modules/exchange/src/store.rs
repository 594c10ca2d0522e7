use db::{Rx, Tx, params};
use kernel::{Date, Hash, Result, StaffId, Timestamp, Uuid};
use serde_json::Value;

db::record! {
    /// Another system whose export is taken over.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Source {
        pub key: String,
        pub name: String,
    }
}

pub async fn sources(rx: &mut Rx) -> Result<Vec<Source>> {
    rx.list("SELECT key, name FROM exchange_source WHERE tenant = $1 ORDER BY name, key", &[]).await
}

pub async fn source(rx: &mut Rx, key: &str) -> Result<Source> {
    rx.one("SELECT key, name FROM exchange_source WHERE tenant = $1 AND key = $2", params![key]).await
}

/// Nothing happens when it is there.
pub async fn add_source(tx: &mut Tx, source: &Source, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO exchange_source (tenant, key, name, made_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (tenant, key) DO NOTHING";
    tx.exec(sql, params![&source.key, &source.name, at]).await?;
    Ok(())
}

db::record! {
    /// A version of a mapping.
    pub struct Saved {
        pub version: i64,
        pub body: Value,
    }
}

/// The newest mapping of a source.
pub async fn mapping(rx: &mut Rx, source: &str) -> Result<Option<Saved>> {
    let sql = "SELECT version, body FROM exchange_mapping WHERE tenant = $1 AND source = $2
               ORDER BY version DESC LIMIT 1";
    rx.opt(sql, params![source]).await
}

pub async fn mapping_version(rx: &mut Rx, source: &str, version: i64) -> Result<Saved> {
    let sql = "SELECT version, body FROM exchange_mapping WHERE tenant = $1 AND source = $2 AND version = $3";
    rx.one(sql, params![source, version]).await
}

pub async fn add_mapping(tx: &mut Tx, source: &str, m: &Saved, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO exchange_mapping (tenant, source, version, body, saved_by, saved_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![source, m.version, &m.body, by, at]).await
}

db::record! {
    /// A dry run or an import.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Run {
        pub id: Uuid,
        /// `check` or `import`.
        pub kind: String,
        /// `running`, `stopped`, `failed` or `done`.
        pub state: String,
        pub source: String,
        pub version: i64,
        pub folder: String,
        pub table_file: String,
        pub sha256: Hash,
        /// Keys of the units it may write into.
        pub units: Value,
        pub total: i64,
        pub next_row: i64,
        pub created: i64,
        pub versions: i64,
        pub unchanged: i64,
        pub refused: i64,
        /// Code of what ended it early; empty for nothing.
        pub fault: String,
        pub started_by: StaffId,
        pub started_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

pub async fn run(rx: &mut Rx, id: Uuid) -> Result<Run> {
    let sql = "SELECT id, kind, state, source, version, folder, table_file, sha256, units, total, next_row, created,
                 versions, unchanged, refused, fault, started_by, started_at, ended_at
               FROM exchange_run WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The newest fifty; only those of one person, or all.
pub async fn runs(rx: &mut Rx, only: Option<StaffId>) -> Result<Vec<Run>> {
    let sql = "SELECT id, kind, state, source, version, folder, table_file, sha256, units, total, next_row, created,
                 versions, unchanged, refused, fault, started_by, started_at, ended_at
               FROM exchange_run WHERE tenant = $1 AND (CAST($2 AS UUID) IS NULL OR started_by = $2)
               ORDER BY started_at DESC, id DESC LIMIT 50";
    rx.list(sql, params![only]).await
}

pub async fn add_run(tx: &mut Tx, r: &Run) -> Result<()> {
    let sql = "INSERT INTO exchange_run (tenant, id, kind, state, source, version, folder, table_file, sha256, units,
                 total, next_row, created, versions, unchanged, refused, fault, started_by, started_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    tx.exec_one(
        sql,
        params![
            r.id,
            &r.kind,
            &r.state,
            &r.source,
            r.version,
            &r.folder,
            &r.table_file,
            r.sha256,
            &r.units,
            r.total,
            r.next_row,
            r.created,
            r.versions,
            r.unchanged,
            r.refused,
            &r.fault,
            r.started_by,
            r.started_at,
        ],
    )
    .await
}

/// Claims the rows from `from` up to `to`; false when somebody else did, or the run was stopped.
pub async fn claim(tx: &mut Tx, run: Uuid, from: i64, to: i64) -> Result<bool> {
    let sql = "UPDATE exchange_run SET next_row = $4
               WHERE tenant = $1 AND id = $2 AND next_row = $3 AND state = 'running'";
    Ok(tx.exec(sql, params![run, from, to]).await? == 1)
}

/// What became of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub created: i64,
    pub versions: i64,
    pub unchanged: i64,
    pub refused: i64,
}

pub async fn count(tx: &mut Tx, run: Uuid, c: Counts) -> Result<()> {
    let sql = "UPDATE exchange_run SET created = created + $3, versions = versions + $4, unchanged = unchanged + $5,
                 refused = refused + $6 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![run, c.created, c.versions, c.unchanged, c.refused]).await
}

/// Ends a run, or goes on with it; only from one of these states.
pub async fn set_state(
    tx: &mut Tx,
    run: Uuid,
    from: [&str; 2],
    to: &str,
    fault: &str,
    ended: Option<Timestamp>,
) -> Result<bool> {
    let sql = "UPDATE exchange_run SET state = $5, fault = $6, ended_at = $7
               WHERE tenant = $1 AND id = $2 AND state IN ($3, $4)";
    Ok(tx.exec(sql, params![run, from[0], from[1], to, fault, ended]).await? == 1)
}

db::record! {
    /// A row that was refused.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Refused {
        pub line: i64,
        pub code: String,
        /// Key of the faulty field; empty where it is the whole row.
        pub field: String,
        /// When the same was erased here.
        pub erased_on: Option<Date>,
    }
}

pub async fn add_refused(tx: &mut Tx, run: Uuid, r: &Refused) -> Result<()> {
    let sql = "INSERT INTO exchange_refused (tenant, run_id, line, old_id, code, value, field, erased_on)
               VALUES ($1, $2, $3, '', $4, '', $5, $6)";
    tx.exec_one(sql, params![run, r.line, &r.code, &r.field, r.erased_on]).await
}

/// Refused rows in the order of the table, `skip` of them left out.
pub async fn refused(rx: &mut Rx, run: Uuid, skip: i64, limit: i64) -> Result<Vec<Refused>> {
    let sql = "SELECT line, code, field, erased_on FROM exchange_refused WHERE tenant = $1 AND run_id = $2
               ORDER BY line LIMIT $3 OFFSET $4";
    rx.list(sql, params![run, limit, skip]).await
}

/// How often which reason, the most frequent first.
pub async fn reasons(rx: &mut Rx, run: Uuid) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT code, COUNT(*) AS n FROM exchange_refused WHERE tenant = $1 AND run_id = $2
               GROUP BY code ORDER BY n DESC, code";
    rx.list(sql, params![run]).await
}

/// Forgets the refused rows of runs that ended before a moment.
pub async fn forget_refused(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM exchange_refused WHERE tenant = $1 AND run_id IN
                 (SELECT id FROM exchange_run WHERE tenant = $1 AND ended_at < $2)";
    tx.exec(sql, params![before]).await
}

/// Runs that somebody should be working on.
pub async fn running_runs(rx: &mut Rx) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM exchange_run WHERE tenant = $1 AND state = 'running' ORDER BY id";
    Ok(rx.list::<(Uuid,)>(sql, &[]).await?.into_iter().map(|(id,)| id).collect())
}

/// Exports that somebody should be working on.
pub async fn running_exports(rx: &mut Rx) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM exchange_export WHERE tenant = $1 AND state = 'running' ORDER BY id";
    Ok(rx.list::<(Uuid,)>(sql, &[]).await?.into_iter().map(|(id,)| id).collect())
}

db::record! {
    /// Files given out.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Export {
        pub id: Uuid,
        /// `running`, `failed` or `done`.
        pub state: String,
        pub files: i64,
        pub cases: i64,
        pub documents: i64,
        pub fault: String,
        pub staff_id: StaffId,
        pub started_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

pub async fn add_export(tx: &mut Tx, id: Uuid, staff: StaffId, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO exchange_export (tenant, id, state, files, cases, documents, fault, staff_id, started_at)
               VALUES ($1, $2, 'running', 0, 0, 0, '', $3, $4)";
    tx.exec_one(sql, params![id, staff, at]).await
}

pub async fn export(rx: &mut Rx, id: Uuid) -> Result<Export> {
    let sql = "SELECT id, state, files, cases, documents, fault, staff_id, started_at, ended_at FROM exchange_export
               WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The newest twenty of somebody.
pub async fn exports(rx: &mut Rx, staff: StaffId) -> Result<Vec<Export>> {
    let sql = "SELECT id, state, files, cases, documents, fault, staff_id, started_at, ended_at FROM exchange_export
               WHERE tenant = $1 AND staff_id = $2 ORDER BY started_at DESC, id DESC LIMIT 20";
    rx.list(sql, params![staff]).await
}

/// Starts one that failed once more.
///
/// # Errors
/// `NotFound` for one that did not fail.
pub async fn restart_export(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE exchange_export SET state = 'running', fault = '', started_at = $3, ended_at = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'failed'";
    tx.exec_one(sql, params![id, at]).await
}

pub async fn end_export(
    tx: &mut Tx,
    id: Uuid,
    state: &str,
    fault: &str,
    counts: (i64, i64, i64),
    at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE exchange_export SET state = $3, fault = $4, files = $5, cases = $6, documents = $7, ended_at = $8
               WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, state, fault, counts.0, counts.1, counts.2, at]).await
}
