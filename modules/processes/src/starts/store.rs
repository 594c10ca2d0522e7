use db::{Rx, Tx, params};
use kernel::{Result, Timestamp};

db::record! {
    /// When a start event with a time begins the next instance.
    pub struct Planned {
        pub process: String,
        pub element: String,
        pub version: i64,
        /// None when the last time has come.
        pub due: Option<Timestamp>,
    }
}

pub async fn all(rx: &mut Rx) -> Result<Vec<Planned>> {
    let sql = "SELECT process, element, version, due FROM processes_start_timer WHERE tenant = $1
               ORDER BY process, element";
    rx.list(sql, &[]).await
}

pub async fn planned(rx: &mut Rx, process: &str, element: &str) -> Result<Option<Planned>> {
    let sql = "SELECT process, element, version, due FROM processes_start_timer
               WHERE tenant = $1 AND process = $2 AND element = $3";
    rx.opt(sql, params![process, element]).await
}

pub async fn set(tx: &mut Tx, p: &Planned) -> Result<()> {
    let sql = "INSERT INTO processes_start_timer (tenant, process, element, version, due) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, process, element)
               DO UPDATE SET version = excluded.version, due = excluded.due";
    tx.exec_one(sql, params![&p.process, &p.element, p.version, p.due]).await
}

pub async fn drop(tx: &mut Tx, process: &str, element: &str) -> Result<()> {
    let sql = "DELETE FROM processes_start_timer WHERE tenant = $1 AND process = $2 AND element = $3";
    tx.exec(sql, params![process, element]).await.map(|_| ())
}

/// Twice is once.
pub async fn add_overdue(tx: &mut Tx, p: &Planned) -> Result<()> {
    let sql = "INSERT INTO processes_start_overdue (tenant, process, element, version, due) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, process, element, version, due) DO NOTHING";
    tx.exec(sql, params![&p.process, &p.element, p.version, p.due]).await.map(|_| ())
}

/// Takes the time that an earlier version still has to begin; answers whether there was one.
pub async fn take_overdue(tx: &mut Tx, process: &str, element: &str, version: i64, due: Timestamp) -> Result<bool> {
    let sql = "DELETE FROM processes_start_overdue
               WHERE tenant = $1 AND process = $2 AND element = $3 AND version = $4 AND due = $5";
    Ok(tx.exec(sql, params![process, element, version, due]).await? == 1)
}
