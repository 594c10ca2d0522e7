use contract_records::Reach;
use db::{Rx, Tx, params};
use kernel::{CaseId, Date, DocumentId, Error, Hash, Result, StaffId, Timestamp, Uuid};
use serde_json::Value;

/// Calls of a system that are shown.
const CALLS: i64 = 100;

db::record! {
    /// The machine account of a specialist system.
    #[derive(Clone, Debug, PartialEq)]
    pub struct System {
        pub id: Uuid,
        pub name: String,
        /// Leading unit (Federführung) of the cases it works with.
        pub unit: String,
        /// Kennzeichen of the entries of the file plan, as a JSON list.
        pub entries: Value,
        /// Highest confidentiality.
        pub level: String,
        /// Calls within an hour.
        pub per_hour: i64,
        pub made_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
        pub last_used_at: Option<Timestamp>,
    }
}

impl System {
    pub fn entries(&self) -> Vec<String> {
        let all = self.entries.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub fn reach(&self) -> Reach {
        Reach { entries: self.entries(), unit: self.unit.clone(), level: self.level.clone() }
    }
}

pub async fn add(tx: &mut Tx, s: &System, token: Hash, by: Option<StaffId>) -> Result<()> {
    let sql = "INSERT INTO specialist_system (tenant, id, name, unit, entries, level, per_hour, token_hash, made_by,
                 made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tx.exec_one(sql, params![s.id, &s.name, &s.unit, &s.entries, &s.level, s.per_hour, token, by, s.made_at]).await
}

/// Those in force first, by name.
pub async fn all(rx: &mut Rx) -> Result<Vec<System>> {
    let sql = "SELECT id, name, unit, entries, level, per_hour, made_at, revoked_at, last_used_at
               FROM specialist_system WHERE tenant = $1
               ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, name, id LIMIT 500";
    rx.list(sql, &[]).await
}

pub async fn one(rx: &mut Rx, id: Uuid) -> Result<System> {
    let sql = "SELECT id, name, unit, entries, level, per_hour, made_at, revoked_at, last_used_at
               FROM specialist_system WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The account in force that has this token.
pub async fn with_token(rx: &mut Rx, token: Hash) -> Result<Option<System>> {
    let sql = "SELECT id, name, unit, entries, level, per_hour, made_at, revoked_at, last_used_at
               FROM specialist_system WHERE tenant = $1 AND token_hash = $2 AND revoked_at IS NULL";
    rx.opt(sql, params![token]).await
}

pub async fn revoke(tx: &mut Tx, id: Uuid, by: Option<StaffId>, at: Timestamp) -> Result<()> {
    let sql = "UPDATE specialist_system SET revoked_by = $3, revoked_at = $4
               WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL";
    tx.exec_one(sql, params![id, by, at]).await
}

pub async fn set_token(tx: &mut Tx, id: Uuid, token: Hash) -> Result<()> {
    let sql = "UPDATE specialist_system SET token_hash = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL";
    tx.exec_one(sql, params![id, token]).await
}

/// Writes a call down; the account was used.
pub async fn called(
    tx: &mut Tx,
    id: Uuid,
    system: Uuid,
    at: Timestamp,
    what: &str,
    case: Option<CaseId>,
) -> Result<()> {
    let sql = "INSERT INTO specialist_call (tenant, id, system_id, at, what, case_id) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![id, system, at, what, case]).await?;
    let sql = "UPDATE specialist_system SET last_used_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![system, at]).await
}

db::record! {
    pub struct Call {
        pub at: Timestamp,
        pub what: String,
    }
}

/// The last calls of a system, newest first.
pub async fn calls(rx: &mut Rx, system: Uuid) -> Result<Vec<Call>> {
    let sql = "SELECT at, what FROM specialist_call WHERE tenant = $1 AND system_id = $2
               ORDER BY at DESC, id DESC LIMIT $3";
    rx.list(sql, params![system, CALLS]).await
}

db::record! {
    /// What a system calls a case or a document.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Reference {
        pub id: Uuid,
        pub case_id: CaseId,
        pub document_id: Option<DocumentId>,
        pub reference: String,
        pub written: Option<Date>,
        pub received: Option<Date>,
    }
}

pub async fn add_reference(tx: &mut Tx, system: Uuid, r: &Reference) -> Result<()> {
    let sql = "INSERT INTO specialist_reference (tenant, id, system_id, case_id, document_id, reference, written,
                 received)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.exec_one(sql, params![r.id, system, r.case_id, r.document_id, &r.reference, r.written, r.received]).await
}

/// What a system calls a case and its documents.
pub async fn references(rx: &mut Rx, system: Uuid, case: CaseId) -> Result<Vec<Reference>> {
    let sql = "SELECT id, case_id, document_id, reference, written, received FROM specialist_reference
               WHERE tenant = $1 AND system_id = $2 AND case_id = $3 ORDER BY id";
    rx.list(sql, params![system, case]).await
}

/// Cases that a system calls so, or that hold a document it calls so; at most 20.
pub async fn called_so(rx: &mut Rx, system: Uuid, reference: &str) -> Result<Vec<CaseId>> {
    let sql = "SELECT DISTINCT case_id FROM specialist_reference
               WHERE tenant = $1 AND system_id = $2 AND reference = $3 ORDER BY case_id LIMIT 20";
    Ok(rx.list::<(CaseId,)>(sql, params![system, reference]).await?.into_iter().map(|(case,)| case).collect())
}

/// What a request with this key was answered.
///
/// # Errors
/// `Conflict` when another request had the key.
pub async fn answered(rx: &mut Rx, system: Uuid, key: &str, request: Hash) -> Result<Option<Value>> {
    let sql = "SELECT request, answer FROM specialist_answer WHERE tenant = $1 AND system_id = $2 AND key = $3";
    match rx.opt::<(Hash, Value)>(sql, params![system, key]).await? {
        Some((first, answer)) if first == request => Ok(Some(answer)),
        Some(_) => Err(Error::Conflict("key-used")),
        None => Ok(None),
    }
}

/// Keeps an answer until [`forget_answers`].
pub async fn keep_answer(
    tx: &mut Tx,
    system: Uuid,
    key: &str,
    request: Hash,
    answer: &Value,
    at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO specialist_answer (tenant, system_id, key, request, answer, at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![system, key, request, answer, at]).await
}

pub async fn forget_answers(tx: &mut Tx, before: Timestamp) -> Result<()> {
    tx.exec("DELETE FROM specialist_answer WHERE tenant = $1 AND at < $2", params![before]).await.map(|_| ())
}
