use db::{Rx, Tx, either, params};
use kernel::{CaseId, Result, Timestamp, Uuid};
use serde_json::{Value, json};

db::record! {
    pub struct Instance {
        pub id: Uuid,
        pub process: String,
        pub version: i64,
        pub case_id: CaseId,
        pub state: Value,
        pub status: String,
        /// The instance and token of the call activity that started it.
        pub parent: Option<Uuid>,
        pub parent_token: Option<i64>,
    }
}

pub async fn add(tx: &mut Tx, i: &Instance, began: Timestamp, ended: Option<Timestamp>) -> Result<()> {
    let sql = "INSERT INTO processes_instance
                 (tenant, id, process, version, case_id, state, status, started_at, parent, parent_token, ended_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (state, status, parent) = (&i.state, &i.status, i.parent);
    let bound = params![i.id, &i.process, i.version, i.case_id, state, status, began, parent, i.parent_token, ended];
    tx.exec_one(sql, bound).await
}

pub async fn instance(rx: &mut Rx, id: Uuid) -> Result<Instance> {
    let sql = "SELECT id, process, version, case_id, state, status, parent, parent_token FROM processes_instance
               WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// Instances of a case that have not ended, the oldest first.
pub async fn open_instances(rx: &mut Rx, case: CaseId) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM processes_instance
               WHERE tenant = $1 AND case_id = $2 AND status IN ('new', 'running') ORDER BY started_at, id";
    let found: Vec<(Uuid,)> = rx.list(sql, params![case]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The instance that a call activity started.
pub async fn called(rx: &mut Rx, parent: Uuid, token: i64) -> Result<Option<Uuid>> {
    let sql = "SELECT id FROM processes_instance WHERE tenant = $1 AND parent = $2 AND parent_token = $3";
    Ok(rx.opt::<(Uuid,)>(sql, params![parent, token]).await?.map(|(id,)| id))
}

/// The instance that called this one.
pub async fn caller(rx: &mut Rx, id: Uuid) -> Result<Option<Uuid>> {
    let sql = "SELECT parent FROM processes_instance WHERE tenant = $1 AND id = $2";
    Ok(rx.opt::<(Option<Uuid>,)>(sql, params![id]).await?.and_then(|(parent,)| parent))
}

pub async fn save(tx: &mut Tx, i: &Instance, ended: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE processes_instance SET state = $3, status = $4, ended_at = $5 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![i.id, &i.state, &i.status, ended]).await
}

db::record! {
    /// A timer that waits.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Timer {
        pub due: Timestamp,
        /// Where its repetition began; none for a timer from before that was kept.
        pub counted_from: Option<Timestamp>,
        /// So many intervals after that it is due.
        pub times: i64,
    }
}

pub async fn set_timer(tx: &mut Tx, instance: Uuid, token: i64, t: &Timer) -> Result<()> {
    let sql = "INSERT INTO processes_timer (tenant, instance, token, due, counted_from, times)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (tenant, instance, token)
               DO UPDATE SET due = excluded.due, counted_from = excluded.counted_from, times = excluded.times";
    tx.exec_one(sql, params![instance, token, t.due, t.counted_from, t.times]).await
}

pub async fn timer(rx: &mut Rx, instance: Uuid, token: i64) -> Result<Option<Timer>> {
    let sql = "SELECT due, counted_from, times FROM processes_timer WHERE tenant = $1 AND instance = $2 AND token = $3";
    rx.opt(sql, params![instance, token]).await
}

pub async fn drop_timer(tx: &mut Tx, instance: Uuid, token: i64) -> Result<()> {
    let sql = "DELETE FROM processes_timer WHERE tenant = $1 AND instance = $2 AND token = $3";
    tx.exec(sql, params![instance, token]).await.map(|_| ())
}

/// How long a token was at an element; nothing of who worked there (§ 72 LPVG NRW).
pub struct Visit {
    pub token: i64,
    pub element: String,
    pub entered: Timestamp,
    pub left: Option<Timestamp>,
    /// Left before its work was finished.
    pub interrupted: bool,
}

/// Writes the visits of an instance with one statement. Of two at the same element, token and moment the first stays.
pub async fn add_visits(tx: &mut Tx, instance: Uuid, visits: &[Visit]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let row = |visit: &Visit| {
        json!({
            "token": visit.token,
            "element": visit.element,
            "entered_us": visit.entered.as_microsecond(),
            "left_us": visit.left.map(Timestamp::as_microsecond),
            "interrupted": visit.interrupted,
        })
    };
    let sql = either(
        "INSERT INTO processes_visit (tenant, instance, token, element, entered_at, left_at, interrupted)
         SELECT $1, $2, value ->> 'token', value ->> 'element', value ->> 'entered_us', value ->> 'left_us',
                value ->> 'interrupted'
         FROM json_each($3) WHERE TRUE
         ON CONFLICT (tenant, instance, token, element, entered_at) DO NOTHING",
        "INSERT INTO processes_visit (tenant, instance, token, element, entered_at, left_at, interrupted)
         SELECT $1, CAST($2 AS UUID), n.token, n.element,
                TIMESTAMPTZ 'epoch' + n.entered_us * INTERVAL '1 microsecond',
                TIMESTAMPTZ 'epoch' + n.left_us * INTERVAL '1 microsecond', n.interrupted
         FROM jsonb_to_recordset($3) AS n(token BIGINT, element TEXT, entered_us BIGINT, left_us BIGINT,
                                          interrupted BOOLEAN)
         ON CONFLICT (tenant, instance, token, element, entered_at) DO NOTHING",
    );
    tx.exec(sql, params![instance, Value::Array(visits.iter().map(row).collect())]).await.map(|_| ())
}

pub async fn left(
    tx: &mut Tx,
    instance: Uuid,
    token: i64,
    element: &str,
    at: Timestamp,
    interrupted: bool,
) -> Result<()> {
    let sql = "UPDATE processes_visit SET left_at = $5, interrupted = $6
               WHERE tenant = $1 AND instance = $2 AND token = $3 AND element = $4 AND left_at IS NULL";
    tx.exec(sql, params![instance, token, element, at, interrupted]).await.map(|_| ())
}

/// The element at which a token is.
pub async fn element_of(rx: &mut Rx, instance: Uuid, token: i64) -> Result<Option<String>> {
    let sql = "SELECT element FROM processes_visit
               WHERE tenant = $1 AND instance = $2 AND token = $3 AND left_at IS NULL ORDER BY entered_at DESC LIMIT 1";
    Ok(rx.opt::<(String,)>(sql, params![instance, token]).await?.map(|(element,)| element))
}

/// Where an incident is, and the job or the work of a program outside that was given up with its name, if that is what
/// happened.
pub struct NewIncident {
    pub id: Uuid,
    pub instance: Uuid,
    pub token: i64,
    pub job: Option<(Uuid, String)>,
}

/// The message is what the stepper says; for a job it is the code of the failure.
pub async fn add_incident(
    tx: &mut Tx,
    incident: &NewIncident,
    element: &str,
    message: &str,
    at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO processes_incident (tenant, id, instance, token, element, message, at, job, work)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let i = incident;
    let (job, work) = i.job.clone().unzip();
    tx.exec_one(sql, params![i.id, i.instance, i.token, element, message, at, job, work]).await
}

/// Whether the job has an incident already that nobody has resolved.
pub async fn has_incident(rx: &mut Rx, job: Uuid) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM processes_incident WHERE tenant = $1 AND job = $2 AND resolved_at IS NULL";
    Ok(rx.one::<(i64,)>(sql, params![job]).await?.0 > 0)
}

/// Marks an open incident as resolved and answers its instance, token and job.
pub async fn resolve_incident(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<(Uuid, i64, Option<Uuid>)> {
    let sql = "UPDATE processes_incident SET resolved_at = $3
               WHERE tenant = $1 AND id = $2 AND resolved_at IS NULL RETURNING instance, token, job";
    tx.one(sql, params![id, at]).await
}

/// The job runs again: its incident is none any more.
pub async fn resolve_job(tx: &mut Tx, job: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_incident SET resolved_at = $3
               WHERE tenant = $1 AND job = $2 AND resolved_at IS NULL";
    tx.exec(sql, params![job, at]).await.map(|_| ())
}

/// The token has gone on: nobody waits for a job there any more.
pub async fn resolve_jobs_of_token(tx: &mut Tx, instance: Uuid, token: i64, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_incident SET resolved_at = $4
               WHERE tenant = $1 AND instance = $2 AND token = $3 AND resolved_at IS NULL AND job IS NOT NULL";
    tx.exec(sql, params![instance, token, at]).await.map(|_| ())
}

db::record! {
    pub struct OpenIncident {
        pub id: Uuid,
        pub process: String,
        pub version: i64,
        pub element: String,
        pub message: String,
        pub at: Timestamp,
        pub job: Option<Uuid>,
        /// Name of the job; the message is the code of its last failure then.
        pub work: Option<String>,
    }
}

pub async fn open_incidents(rx: &mut Rx) -> Result<Vec<OpenIncident>> {
    let sql = "SELECT i.id, p.process, p.version, i.element, i.message, i.at, i.job, i.work FROM processes_incident i
               JOIN processes_instance p ON p.tenant = i.tenant AND p.id = i.instance
               WHERE i.tenant = $1 AND i.resolved_at IS NULL ORDER BY i.at LIMIT 200";
    rx.list(sql, &[]).await
}

db::record! {
    /// How a process is used. Figures under 5 are not shown by the page.
    pub struct Usage {
        pub process: String,
        pub running: i64,
        pub ended: i64,
    }
}

pub async fn usage(rx: &mut Rx) -> Result<Vec<Usage>> {
    let sql = "SELECT process, SUM(CASE WHEN status = 'running' THEN 1 ELSE 0 END) AS running,
                      SUM(CASE WHEN status = 'running' THEN 0 ELSE 1 END) AS ended
               FROM processes_instance WHERE tenant = $1 GROUP BY process ORDER BY process";
    rx.list(sql, &[]).await
}
