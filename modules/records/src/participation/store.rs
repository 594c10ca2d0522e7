use db::{Rx, Tx, params};
use kernel::{CaseId, Date, Result, StaffId, Timestamp, UnitKey, Uuid};

db::record! {
    /// A unit takes part in a case or in a file.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Participation {
        pub id: Uuid,
        /// Either this or the file.
        pub case_id: Option<CaseId>,
        pub file_id: Option<Uuid>,
        pub unit: UnitKey,
        /// Its people work on the documents; otherwise they only read.
        pub may_work: bool,
        pub reason: String,
        /// Included; none: until it is ended.
        pub last_day: Option<Date>,
        pub begun_by: StaffId,
        pub begun_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

pub async fn add(tx: &mut Tx, p: &Participation) -> Result<()> {
    let sql = "INSERT INTO records_participation (tenant, id, case_id, file_id, unit, may_work, reason, last_day,
                 begun_by, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tx.exec_one(
        sql,
        params![p.id, p.case_id, p.file_id, &p.unit, p.may_work, &p.reason, p.last_day, p.begun_by, p.begun_at],
    )
    .await
}

pub async fn one(rx: &mut Rx, id: Uuid) -> Result<Participation> {
    let sql = "SELECT id, case_id, file_id, unit, may_work, reason, last_day, begun_by, begun_at, ended_at
               FROM records_participation WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// Those of a case itself, not those of its file; the running ones first.
pub async fn of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Participation>> {
    let sql = "SELECT id, case_id, file_id, unit, may_work, reason, last_day, begun_by, begun_at, ended_at
               FROM records_participation WHERE tenant = $1 AND case_id = $2
               ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, begun_at DESC, id LIMIT 200";
    rx.list(sql, params![case]).await
}

/// Those of a whole file, the running ones first.
pub async fn of_file(rx: &mut Rx, file: Uuid) -> Result<Vec<Participation>> {
    let sql = "SELECT id, case_id, file_id, unit, may_work, reason, last_day, begun_by, begun_at, ended_at
               FROM records_participation WHERE tenant = $1 AND file_id = $2
               ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, begun_at DESC, id LIMIT 200";
    rx.list(sql, params![file]).await
}

/// Units that take part in a case on a day, by itself or with its file; with `working` only those that may work on it. What
/// was agreed for a file holds for the cases that the file's own unit leads.
pub async fn units(rx: &mut Rx, case: CaseId, today: Date, working: bool) -> Result<Vec<UnitKey>> {
    let sql = "SELECT p.unit FROM records_participation p
               WHERE p.tenant = $1 AND p.case_id = $2 AND p.ended_at IS NULL
                 AND (p.last_day IS NULL OR p.last_day >= $3) AND (p.may_work = TRUE OR $4 = FALSE)
               UNION
               SELECT p.unit FROM records_case c
               JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id AND f.unit = c.unit
               JOIN records_participation p ON p.tenant = f.tenant AND p.file_id = f.id AND p.ended_at IS NULL
               WHERE c.tenant = $1 AND c.id = $2
                 AND (p.last_day IS NULL OR p.last_day >= $3) AND (p.may_work = TRUE OR $4 = FALSE)";
    let units = rx.list::<(String,)>(sql, params![case, today, working]).await?;
    Ok(units.into_iter().map(|(unit,)| unit).collect())
}

/// Units that take part in a whole file on a day.
pub async fn units_of_file(rx: &mut Rx, file: Uuid, today: Date) -> Result<Vec<UnitKey>> {
    let sql = "SELECT DISTINCT unit FROM records_participation
               WHERE tenant = $1 AND file_id = $2 AND ended_at IS NULL AND (last_day IS NULL OR last_day >= $3)";
    let units = rx.list::<(String,)>(sql, params![file, today]).await?;
    Ok(units.into_iter().map(|(unit,)| unit).collect())
}

/// Running ones whose last day is over, behind an id, at most some hundred.
pub async fn past(rx: &mut Rx, today: Date, after: Uuid) -> Result<Vec<Participation>> {
    let sql = "SELECT id, case_id, file_id, unit, may_work, reason, last_day, begun_by, begun_at, ended_at
               FROM records_participation WHERE tenant = $1 AND ended_at IS NULL AND last_day < $2 AND id > $3
               ORDER BY id LIMIT 200";
    rx.list(sql, params![today, after]).await
}

/// Ends one; `by` is nobody when its last day is over.
pub async fn end(tx: &mut Tx, id: Uuid, by: Option<StaffId>, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_participation SET ended_by = $3, ended_at = $4
               WHERE tenant = $1 AND id = $2 AND ended_at IS NULL";
    tx.exec_one(sql, params![id, by, at]).await
}

/// Ends all of a case itself.
pub async fn end_of_case(tx: &mut Tx, case: CaseId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_participation SET ended_at = $3
               WHERE tenant = $1 AND case_id = $2 AND ended_at IS NULL";
    tx.exec(sql, params![case, at]).await.map(|_| ())
}

/// Ends all of a whole file.
pub async fn end_of_file(tx: &mut Tx, file: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_participation SET ended_at = $3
               WHERE tenant = $1 AND file_id = $2 AND ended_at IS NULL";
    tx.exec(sql, params![file, at]).await.map(|_| ())
}

/// Cases of a file that its own unit leads.
pub async fn cases_of_file(rx: &mut Rx, file: Uuid) -> Result<Vec<CaseId>> {
    let sql = "SELECT c.id FROM records_case c
               JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id AND f.unit = c.unit
               WHERE c.tenant = $1 AND c.file_id = $2 ORDER BY c.id";
    Ok(rx.list::<(CaseId,)>(sql, params![file]).await?.into_iter().map(|(id,)| id).collect())
}
