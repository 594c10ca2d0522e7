use db::{Rx, Tx, either, params};
use kernel::{CaseId, Result, Timestamp, Uuid};
use serde_json::Value;

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

db::record! {
    /// Running instances that stand at the same places.
    pub struct Alike {
        pub n: i64,
        /// That of one of them: all of them go to the same places of another version.
        pub state: Value,
    }
}

/// All running instances of a version, grouped by where their tokens are: by what [`bpmn::preview`] asks of a token, its
/// element, the way that it came to a join, and whether the element is being repeated.
pub async fn alike(rx: &mut Rx, process: &str, version: i64) -> Result<Vec<Alike>> {
    let sql = either(
        "WITH placed AS (
           SELECT i.id,
                  (SELECT group_concat((t.value ->> '$.at') || ' ' || COALESCE(t.value ->> '$.for.join.flow', '')
                            || CASE WHEN COALESCE(t.value -> '$.for.loop', t.value -> '$.for.each') IS NULL
                               THEN '' ELSE ' repeated' END, ';')
                   FROM json_each(i.state, '$.tokens') AS t) AS place
           FROM processes_instance i
           WHERE i.tenant = $1 AND i.process = $2 AND i.version = $3 AND i.status = 'running'),
         counted AS (
           SELECT id, COUNT(*) OVER (PARTITION BY place) AS n,
                  ROW_NUMBER() OVER (PARTITION BY place ORDER BY id) AS nth
           FROM placed)
         SELECT c.n, i.state FROM counted c JOIN processes_instance i ON i.tenant = $1 AND i.id = c.id
         WHERE c.nth = 1 ORDER BY c.n DESC, c.id",
        "WITH placed AS (
           SELECT i.id,
                  (SELECT string_agg((t.value ->> 'at') || ' ' || COALESCE(t.value #>> '{for,join,flow}', '')
                            || CASE WHEN COALESCE(t.value #>> '{for,loop}', t.value #>> '{for,each}') IS NULL
                               THEN '' ELSE ' repeated' END, ';')
                   FROM jsonb_array_elements(i.state -> 'tokens') AS t(value)) AS place
           FROM processes_instance i
           WHERE i.tenant = $1 AND i.process = $2 AND i.version = $3 AND i.status = 'running'),
         counted AS (
           SELECT id, COUNT(*) OVER (PARTITION BY place) AS n,
                  ROW_NUMBER() OVER (PARTITION BY place ORDER BY id) AS nth
           FROM placed)
         SELECT c.n, i.state FROM counted c JOIN processes_instance i ON i.tenant = $1 AND i.id = c.id
         WHERE c.nth = 1 ORDER BY c.n DESC, c.id",
    );
    rx.list(sql, params![process, version]).await
}

pub async fn count_running(rx: &mut Rx, process: &str, version: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_instance
               WHERE tenant = $1 AND process = $2 AND version = $3 AND status = 'running'";
    Ok(rx.one::<(i64,)>(sql, params![process, version]).await?.0)
}

pub async fn set_version(tx: &mut Tx, instance: Uuid, version: i64) -> Result<()> {
    let sql = "UPDATE processes_instance SET version = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![instance, version]).await
}

db::record! {
    /// Running instances of one version are led over to another one (Umstellung).
    #[derive(Clone, Debug)]
    pub struct Run {
        pub id: Uuid,
        pub process: String,
        pub from_version: i64,
        pub to_version: i64,
        /// Steps of the old version with those of the new one.
        pub mapping: Value,
        /// `running` or `done`.
        pub state: String,
        /// Instances that ran when it began.
        pub total: i64,
        pub seen: i64,
        pub moved: i64,
        /// The last instance that was looked at.
        pub after_id: Uuid,
        pub started_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

pub async fn add_run(tx: &mut Tx, r: &Run) -> Result<()> {
    let sql =
        "INSERT INTO processes_switch (tenant, id, process, from_version, to_version, mapping, state, total, seen,
                 moved, after_id, started_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        r.id,
        &r.process,
        r.from_version,
        r.to_version,
        &r.mapping,
        &r.state,
        r.total,
        r.seen,
        r.moved,
        r.after_id,
        r.started_at
    ];
    tx.exec_one(sql, values).await
}

pub async fn run(rx: &mut Rx, id: Uuid) -> Result<Run> {
    let sql = "SELECT id, process, from_version, to_version, mapping, state, total, seen, moved, after_id, started_at,
                      ended_at
               FROM processes_switch WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The newest twenty of a process.
pub async fn runs(rx: &mut Rx, process: &str) -> Result<Vec<Run>> {
    let sql = "SELECT id, process, from_version, to_version, mapping, state, total, seen, moved, after_id, started_at,
                      ended_at
               FROM processes_switch WHERE tenant = $1 AND process = $2 ORDER BY started_at DESC, id DESC LIMIT 20";
    rx.list(sql, params![process]).await
}

/// Whether instances of this version are being led over.
pub async fn is_running(rx: &mut Rx, process: &str, from: i64) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM processes_switch
               WHERE tenant = $1 AND process = $2 AND from_version = $3 AND state = 'running'";
    Ok(rx.one::<(i64,)>(sql, params![process, from]).await?.0 > 0)
}

/// Instances that come next.
pub async fn next(rx: &mut Rx, run: &Run, most: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM processes_instance
               WHERE tenant = $1 AND process = $2 AND version = $3 AND status = 'running' AND id > $4
               ORDER BY id LIMIT $5";
    let bound = params![&run.process, run.from_version, run.after_id, most];
    Ok(rx.list::<(Uuid,)>(sql, bound).await?.into_iter().map(|(id,)| id).collect())
}

/// Moves a run on to an instance; answers false when somebody else has done so.
pub async fn claim(tx: &mut Tx, run: Uuid, after: Uuid, instance: Uuid) -> Result<bool> {
    let sql = "UPDATE processes_switch SET after_id = $4, seen = seen + 1
               WHERE tenant = $1 AND id = $2 AND after_id = $3 AND state = 'running'";
    Ok(tx.exec(sql, params![run, after, instance]).await? == 1)
}

pub async fn add_moved(tx: &mut Tx, run: Uuid) -> Result<()> {
    let sql = "UPDATE processes_switch SET moved = moved + 1 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![run]).await
}

pub async fn end_run(tx: &mut Tx, run: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_switch SET state = 'done', ended_at = $3
               WHERE tenant = $1 AND id = $2 AND state = 'running'";
    tx.exec(sql, params![run, at]).await.map(|_| ())
}

/// Why an instance stayed; step and reason are empty where it was an error.
pub async fn add_stay(tx: &mut Tx, run: Uuid, instance: Uuid, element: &str, message: &str) -> Result<()> {
    let sql = "INSERT INTO processes_switch_stay (tenant, run, instance, element, message) VALUES ($1, $2, $3, $4, $5)";
    tx.exec_one(sql, params![run, instance, element, message]).await
}

db::record! {
    /// An instance that could not be led over.
    pub struct Stay {
        pub case_id: CaseId,
        pub started_at: Timestamp,
        pub element: String,
        pub message: String,
    }
}

pub async fn count_stays(rx: &mut Rx, run: Uuid) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_switch_stay s
               JOIN processes_instance i ON i.tenant = s.tenant AND i.id = s.instance
               WHERE s.tenant = $1 AND s.run = $2";
    Ok(rx.one::<(i64,)>(sql, params![run]).await?.0)
}

/// The oldest first.
pub async fn stays(rx: &mut Rx, run: Uuid, skip: i64, most: i64) -> Result<Vec<Stay>> {
    let sql = "SELECT i.case_id, i.started_at, s.element, s.message FROM processes_switch_stay s
               JOIN processes_instance i ON i.tenant = s.tenant AND i.id = s.instance
               WHERE s.tenant = $1 AND s.run = $2 ORDER BY i.started_at, i.id LIMIT $3 OFFSET $4";
    rx.list(sql, params![run, most, skip]).await
}
