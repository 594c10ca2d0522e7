use db::{Rx, Tx, params};
use kernel::{CaseId, Result, Timestamp, Uuid};
use serde_json::Value;

use crate::model::Kind;

db::record! {
    /// A question and, once there, its answer.
    pub struct Request {
        pub id: Uuid,
        pub case_id: CaseId,
        pub instance: Uuid,
        pub token: i64,
        pub kind: String,
        pub question: Value,
        pub proven: bool,
        pub unavailable: Value,
        pub state: String,
        pub result: Option<String>,
        pub differences: Option<Value>,
        pub record: Option<Value>,
        pub asked_at: Timestamp,
        pub answered_at: Option<Timestamp>,
    }
}

pub async fn add(tx: &mut Tx, r: &Request) -> Result<()> {
    let sql = "INSERT INTO registers_request (tenant, id, case_id, instance, token, kind, question, unavailable, state,
                   restricted, asked_at, proven)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10, $11)";
    tx.exec_one(
        sql,
        params![
            r.id,
            r.case_id,
            r.instance,
            r.token,
            &r.kind,
            &r.question,
            &r.unavailable,
            &r.state,
            r.asked_at,
            r.proven
        ],
    )
    .await
}

pub async fn request(rx: &mut Rx, id: Uuid) -> Result<Request> {
    let sql =
        "SELECT id, case_id, instance, token, kind, question, proven, unavailable, state, result, differences, record,
                      asked_at, answered_at
               FROM registers_request WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The latest request of a case to one register.
pub async fn latest(rx: &mut Rx, case: CaseId, kind: Kind) -> Result<Option<Request>> {
    let sql =
        "SELECT id, case_id, instance, token, kind, question, proven, unavailable, state, result, differences, record,
                      asked_at, answered_at
               FROM registers_request WHERE tenant = $1 AND case_id = $2 AND kind = $3
               ORDER BY asked_at DESC, id DESC LIMIT 1";
    rx.opt(sql, params![case, kind.code()]).await
}

/// The latest request of a case to one register that has its answer.
pub async fn latest_answered(rx: &mut Rx, case: CaseId, kind: Kind) -> Result<Option<Request>> {
    let sql =
        "SELECT id, case_id, instance, token, kind, question, proven, unavailable, state, result, differences, record,
                      asked_at, answered_at
               FROM registers_request WHERE tenant = $1 AND case_id = $2 AND kind = $3 AND state = 'answered'
               ORDER BY asked_at DESC, id DESC LIMIT 1";
    rx.opt(sql, params![case, kind.code()]).await
}

/// An answer as it is kept.
pub struct Answer<'a> {
    pub result: &'a str,
    pub differences: Option<Value>,
    pub record: Option<Value>,
    pub restricted: bool,
}

/// Stores the answer; false when the request has one already.
pub async fn answer(tx: &mut Tx, id: Uuid, answer: &Answer<'_>, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE registers_request SET state = 'answered', result = $3, differences = $4, record = $5,
                   restricted = $6, answered_at = $7
               WHERE tenant = $1 AND id = $2 AND state = 'waiting'";
    let Answer { result, differences, record, restricted } = answer;
    let changed = tx.exec(sql, params![id, *result, differences.clone(), record.clone(), *restricted, at]).await?;
    Ok(changed == 1)
}

/// The register refused the question; false when the request has an answer already.
pub async fn fail(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE registers_request SET state = 'failed', answered_at = $3
               WHERE tenant = $1 AND id = $2 AND state = 'waiting'";
    Ok(tx.exec(sql, params![id, at]).await? == 1)
}

/// The entry has a Sperrvermerk (§ 64 PStG). Ask only for those who may know it.
pub async fn is_restricted(rx: &mut Rx, id: Uuid) -> Result<bool> {
    let sql = "SELECT restricted FROM registers_request WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<(bool,)>(sql, params![id]).await?.0)
}

db::record! {
    /// What to look for in the civil register.
    pub struct CivilEntry {
        pub family_name: String,
        pub first_names: String,
        pub date: Option<String>,
        pub place: String,
        pub register_number: Option<String>,
    }
}

pub async fn note_civil(tx: &mut Tx, case: CaseId, e: &CivilEntry, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO registers_civil (tenant, case_id, family_name, first_names, date, place, register_number,
                   noted_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (tenant, case_id) DO UPDATE SET family_name = excluded.family_name,
                   first_names = excluded.first_names, date = excluded.date, place = excluded.place,
                   register_number = excluded.register_number, noted_at = excluded.noted_at";
    let values = params![case, &e.family_name, &e.first_names, e.date.clone(), &e.place, e.register_number.clone(), at];
    tx.exec_one(sql, values).await
}

pub async fn civil(rx: &mut Rx, case: CaseId) -> Result<Option<CivilEntry>> {
    let sql = "SELECT family_name, first_names, date, place, register_number FROM registers_civil
               WHERE tenant = $1 AND case_id = $2";
    rx.opt(sql, params![case]).await
}
