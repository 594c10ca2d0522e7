//! What the instances that ran say. No statement here names a column that says who did something: § 72 LPVG NRW; a test of
//! `figures` reads this file.
//!
//! Steps are counted over the newest 20,000 instances that began since a moment ([`super::figures::MOST_INSTANCES`]).

use db::{Rx, params};
use kernel::{Result, Timestamp, Uuid};

/// How many instances began since a moment.
pub async fn started(rx: &mut Rx, process: &str, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_instance WHERE tenant = $1 AND process = $2 AND started_at >= $3";
    Ok(rx.one::<(i64,)>(sql, params![process, since]).await?.0)
}

/// How many instances ended since a moment, however.
pub async fn ended(rx: &mut Rx, process: &str, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_instance WHERE tenant = $1 AND process = $2 AND ended_at >= $3";
    Ok(rx.one::<(i64,)>(sql, params![process, since]).await?.0)
}

/// Begin and end of the newest instances that were completed since a moment.
pub async fn lives(rx: &mut Rx, process: &str, since: Timestamp) -> Result<Vec<(Timestamp, Timestamp)>> {
    let sql = "SELECT started_at, ended_at FROM processes_instance
               WHERE tenant = $1 AND process = $2 AND ended_at >= $3 AND status = 'completed'
               ORDER BY ended_at DESC LIMIT 20000";
    rx.list(sql, params![process, since]).await
}

db::record! {
    /// How often instances came to an element.
    pub struct Visits {
        pub element: String,
        pub visits: i64,
        pub cases: i64,
        /// Instances that came there more than once.
        pub again: i64,
    }
}

pub async fn visits(rx: &mut Rx, process: &str, since: Timestamp) -> Result<Vec<Visits>> {
    let sql = "SELECT g.element AS element, CAST(SUM(g.n) AS BIGINT) AS visits, COUNT(*) AS cases,
                      SUM(CASE WHEN g.n > 1 THEN 1 ELSE 0 END) AS again
               FROM (SELECT v.element AS element, v.instance AS instance, COUNT(*) AS n
                     FROM (SELECT id FROM processes_instance WHERE tenant = $1 AND process = $2 AND started_at >= $3
                           ORDER BY started_at DESC, id LIMIT 20000) c
                     JOIN processes_visit v ON v.tenant = $1 AND v.instance = c.id
                     GROUP BY v.element, v.instance) g
               GROUP BY g.element ORDER BY g.element";
    rx.list(sql, params![process, since]).await
}

db::record! {
    /// A visit that was finished.
    pub struct Stay {
        pub element: String,
        pub instance: Uuid,
        pub entered_at: Timestamp,
        pub left_at: Timestamp,
    }
}

/// The newest 2,000 finished visits of each element.
pub async fn stays(rx: &mut Rx, process: &str, since: Timestamp) -> Result<Vec<Stay>> {
    let sql = "SELECT d.element AS element, d.instance AS instance, d.entered_at AS entered_at, d.left_at AS left_at
               FROM (SELECT v.element AS element, v.instance AS instance, v.entered_at AS entered_at,
                            v.left_at AS left_at,
                            ROW_NUMBER() OVER (PARTITION BY v.element ORDER BY v.entered_at DESC) AS n
                     FROM (SELECT id FROM processes_instance WHERE tenant = $1 AND process = $2 AND started_at >= $3
                           ORDER BY started_at DESC, id LIMIT 20000) c
                     JOIN processes_visit v ON v.tenant = $1 AND v.instance = c.id
                     WHERE v.left_at IS NOT NULL AND v.interrupted = false) d
               WHERE d.n <= 2000";
    rx.list(sql, params![process, since]).await
}

/// How many instances lie at each element now, whenever they began.
pub async fn lying(rx: &mut Rx, process: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT v.element, COUNT(DISTINCT v.instance) AS n FROM processes_instance i
               JOIN processes_visit v ON v.tenant = i.tenant AND v.instance = i.id
               WHERE i.tenant = $1 AND i.process = $2 AND i.status = 'running' AND v.left_at IS NULL
               GROUP BY v.element ORDER BY v.element";
    rx.list(sql, params![process]).await
}

/// How many instances had an incident at each element, resolved or not.
pub async fn incidents(rx: &mut Rx, process: &str, since: Timestamp) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT f.element, COUNT(DISTINCT f.instance) AS n
               FROM (SELECT id FROM processes_instance WHERE tenant = $1 AND process = $2 AND started_at >= $3
                     ORDER BY started_at DESC, id LIMIT 20000) c
               JOIN processes_incident f ON f.tenant = $1 AND f.instance = c.id
               GROUP BY f.element ORDER BY f.element";
    rx.list(sql, params![process, since]).await
}

/// How many instances had an incident anywhere.
pub async fn with_incident(rx: &mut Rx, process: &str, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(DISTINCT f.instance) AS n
               FROM (SELECT id FROM processes_instance WHERE tenant = $1 AND process = $2 AND started_at >= $3
                     ORDER BY started_at DESC, id LIMIT 20000) c
               JOIN processes_incident f ON f.tenant = $1 AND f.instance = c.id";
    Ok(rx.one::<(i64,)>(sql, params![process, since]).await?.0)
}
