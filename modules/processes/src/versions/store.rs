use db::{Rx, Tx, params};
use kernel::{Result, Uuid};
use serde_json::Value;

/// Instances that are looked at, or led over, at once.
pub const MOST: i64 = 1_000;

db::record! {
    /// How many instances a version has. The page does not show figures under five.
    pub struct Line {
        pub version: i64,
        pub running: i64,
        pub ended: i64,
    }
}

pub async fn lines(rx: &mut Rx, process: &str) -> Result<Vec<Line>> {
    let sql = "SELECT version, SUM(CASE WHEN status IN ('new', 'running') THEN 1 ELSE 0 END) AS running,
                      SUM(CASE WHEN status IN ('new', 'running') THEN 0 ELSE 1 END) AS ended
               FROM processes_instance WHERE tenant = $1 AND process = $2 GROUP BY version ORDER BY version DESC";
    rx.list(sql, params![process]).await
}

/// Running instances of a version with their states, the oldest first.
pub async fn running(rx: &mut Rx, process: &str, version: i64) -> Result<Vec<(Uuid, Value)>> {
    let sql = "SELECT id, state FROM processes_instance
               WHERE tenant = $1 AND process = $2 AND version = $3 AND status = 'running'
               ORDER BY started_at, id LIMIT $4";
    rx.list(sql, params![process, version, MOST]).await
}

pub async fn set_version(tx: &mut Tx, instance: Uuid, version: i64) -> Result<()> {
    let sql = "UPDATE processes_instance SET version = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![instance, version]).await
}
