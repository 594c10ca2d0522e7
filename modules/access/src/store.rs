use db::{Rx, Tx, params};
use kernel::{Result, StaffId, Timestamp, Uuid};

/// Lines of a list that are shown at once.
const MOST: i64 = 200;

db::record! {
    /// A request for access (Anfrage nach Zugang).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Request {
        pub id: Uuid,
        pub staff_id: StaffId,
        /// What it is about, as typed: an Aktenzeichen, an address, a description.
        pub reference: String,
        pub reason: String,
        pub made_at: Timestamp,
        /// Empty until it is answered.
        pub answer: String,
        pub answered_at: Option<Timestamp>,
    }
}

pub async fn add(tx: &mut Tx, r: &Request) -> Result<()> {
    let sql = "INSERT INTO access_request (tenant, id, staff_id, reference, reason, made_at, answer)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![r.id, r.staff_id, &r.reference, &r.reason, r.made_at, &r.answer]).await
}

/// Those of one member of staff, newest first.
pub async fn of_staff(rx: &mut Rx, staff: StaffId) -> Result<Vec<Request>> {
    let sql = "SELECT id, staff_id, reference, reason, made_at, answer, answered_at FROM access_request
               WHERE tenant = $1 AND staff_id = $2 ORDER BY made_at DESC, id DESC LIMIT 20";
    rx.list(sql, params![staff]).await
}

/// Those that nobody has answered, the oldest first.
pub async fn open(rx: &mut Rx) -> Result<Vec<Request>> {
    let sql = "SELECT id, staff_id, reference, reason, made_at, answer, answered_at FROM access_request
               WHERE tenant = $1 AND answered_at IS NULL ORDER BY made_at, id LIMIT $2";
    rx.list(sql, params![MOST]).await
}

/// How many of somebody nobody has answered.
pub async fn open_of(rx: &mut Rx, staff: StaffId) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM access_request
               WHERE tenant = $1 AND staff_id = $2 AND answered_at IS NULL";
    Ok(rx.one::<(i64,)>(sql, params![staff]).await?.0)
}

/// # Errors
/// `NotFound` for one that is answered.
pub async fn one(rx: &mut Rx, id: Uuid) -> Result<Request> {
    let sql = "SELECT id, staff_id, reference, reason, made_at, answer, answered_at FROM access_request
               WHERE tenant = $1 AND id = $2 AND answered_at IS NULL";
    rx.one(sql, params![id]).await
}

pub async fn answer(tx: &mut Tx, id: Uuid, text: &str, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE access_request SET answer = $3, answered_by = $4, answered_at = $5
               WHERE tenant = $1 AND id = $2 AND answered_at IS NULL";
    tx.exec_one(sql, params![id, text, by, at]).await
}
