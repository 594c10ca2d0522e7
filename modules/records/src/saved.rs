//! Searches that somebody keeps (gespeicherte Suchen), for themselves or for their unit. What is found is looked up anew each
//! time, with the rights of whoever asks.

use db::{Rx, Tx, params};
use kernel::{Result, StaffId, Timestamp, Uuid};

db::record! {
    #[derive(Clone, Debug, PartialEq)]
    pub struct Saved {
        pub id: Uuid,
        pub staff_id: StaffId,
        pub unit: String,
        pub name: String,
        pub question: String,
        /// For all of the unit.
        pub shared: bool,
        pub made_at: Timestamp,
    }
}

/// Own ones and those of the own unit, by name.
pub async fn of(rx: &mut Rx, staff: StaffId, unit: &str) -> Result<Vec<Saved>> {
    let sql = "SELECT id, staff_id, unit, name, question, shared, made_at FROM records_saved_search
               WHERE tenant = $1 AND (staff_id = $2 OR (unit = $3 AND shared = TRUE)) ORDER BY name, id LIMIT 100";
    rx.list(sql, params![staff, unit]).await
}

pub async fn add(tx: &mut Tx, s: &Saved) -> Result<()> {
    let sql = "INSERT INTO records_saved_search (tenant, id, staff_id, unit, name, question, shared, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.exec_one(sql, params![s.id, s.staff_id, &s.unit, &s.name, &s.question, s.shared, s.made_at]).await
}

/// # Errors
/// `NotFound` for one of somebody else.
pub async fn remove(tx: &mut Tx, id: Uuid, staff: StaffId) -> Result<()> {
    let sql = "DELETE FROM records_saved_search WHERE tenant = $1 AND id = $2 AND staff_id = $3";
    tx.exec_one(sql, params![id, staff]).await
}
