use db::{Rx, Tx, params};
use kernel::{Cx, Error, Result, TaskToken, Timestamp, Uuid};
use serde_json::Value;

pub(crate) struct New<'a> {
    pub name: &'a str,
    pub body: &'a Value,
    pub dedup_key: Option<String>,
    pub priority: i64,
    pub max_attempts: u32,
    pub due: Timestamp,
    pub task: Option<TaskToken>,
}

pub(crate) async fn insert(tx: &mut Tx, cx: &Cx, new: New<'_>) -> Result<()> {
    // An update also where nothing changes: it holds the waiting row, so that nobody starts it before this
    // transaction's work can be seen.
    let sql = "INSERT INTO jobs_job
                   (tenant, id, name, body, dedup_key, priority, state, due, attempts, max_attempts, fence, created_at,
                    task_instance, task_token)
               VALUES ($1, $2, $3, $4, $5, $6, 'ready', $7, 0, $8, 0, $9, $10, $11)
               ON CONFLICT (tenant, name, dedup_key) WHERE dedup_key IS NOT NULL AND state = 'ready'
               DO UPDATE SET due = CASE WHEN excluded.due < jobs_job.due THEN excluded.due ELSE jobs_job.due END";
    let token = new.task.map(|task| i64::try_from(task.token).map_err(Error::internal)).transpose()?;
    let values = params![
        cx.sources.uuid(),
        new.name,
        new.body.to_string(),
        new.dedup_key,
        new.priority,
        new.due,
        new.max_attempts,
        cx.now(),
        new.task.map(|task| task.instance),
        token,
    ];
    tx.exec_one(sql, values).await
}

db::record! {
    /// A due job as it was seen.
    #[derive(Debug)]
    pub(crate) struct Due {
        pub id: Uuid,
        pub name: String,
        pub body: String,
        pub priority: i64,
        pub due: Timestamp,
        pub attempts: i64,
        pub max_attempts: i64,
        pub fence: i64,
        pub task_instance: Option<Uuid>,
        pub task_token: Option<i64>,
    }
}

impl Due {
    pub(crate) fn task(&self) -> Option<TaskToken> {
        Some(TaskToken { instance: self.task_instance?, token: u64::try_from(self.task_token?).ok()? })
    }
}

/// The next moment at which a job becomes due, also one of a name that nobody here handles.
pub(crate) async fn next_due(rx: &mut Rx) -> Result<Option<Timestamp>> {
    let sql = "SELECT due FROM jobs_job WHERE tenant = $1 AND state <> 'dead' ORDER BY due LIMIT 1";
    Ok(rx.opt::<(Timestamp,)>(sql, &[]).await?.map(|(due,)| due))
}

pub(crate) async fn due(rx: &mut Rx, name: &str, now: Timestamp, limit: i64) -> Result<Vec<Due>> {
    let sql = "SELECT id, name, body, priority, due, attempts, max_attempts, fence, task_instance, task_token
               FROM jobs_job
               WHERE tenant = $1 AND name = $2 AND due <= $3 AND state <> 'dead'
               ORDER BY priority DESC, due, id LIMIT $4";
    rx.list(sql, params![name, now, limit]).await
}

/// Takes a due job until `until`; false when somebody else was faster or it is no longer due.
pub(crate) async fn claim(tx: &mut Tx, seen: &Due, now: Timestamp, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE jobs_job SET state = 'running', due = $5, attempts = attempts + 1, fence = fence + 1
               WHERE tenant = $1 AND id = $2 AND fence = $3 AND due <= $4 AND state <> 'dead'";
    Ok(tx.exec(sql, params![seen.id, seen.fence, now, until]).await? == 1)
}

pub(crate) async fn renew(tx: &mut Tx, id: Uuid, fence: i64, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE jobs_job SET due = $4 WHERE tenant = $1 AND id = $2 AND fence = $3 AND state = 'running'";
    Ok(tx.exec(sql, params![id, fence, until]).await? == 1)
}

pub(crate) async fn done(tx: &mut Tx, id: Uuid, fence: i64) -> Result<bool> {
    let sql = "DELETE FROM jobs_job WHERE tenant = $1 AND id = $2 AND fence = $3";
    Ok(tx.exec(sql, params![id, fence]).await? == 1)
}

pub(crate) async fn bury(tx: &mut Tx, id: Uuid, fence: i64, error: &str) -> Result<bool> {
    let sql = "UPDATE jobs_job SET state = 'dead', fence = fence + 1, last_error = $4
               WHERE tenant = $1 AND id = $2 AND fence = $3";
    Ok(tx.exec(sql, params![id, fence, error]).await? == 1)
}

/// Puts a claimed job back. When the same job waits already, that one does the work and this one goes.
pub(crate) async fn again(tx: &mut Tx, id: Uuid, fence: i64, due: Timestamp, error: &str) -> Result<bool> {
    if drop_for_twin(tx, id, fence).await? {
        return Ok(true);
    }
    let sql = "UPDATE jobs_job SET state = 'ready', due = $4, fence = fence + 1, last_error = $5
               WHERE tenant = $1 AND id = $2 AND fence = $3";
    Ok(tx.exec(sql, params![id, fence, due, error]).await? == 1)
}

/// Gives back a job whose run was cut short by an orderly end of the program; the run does not count.
pub(crate) async fn release(tx: &mut Tx, id: Uuid, fence: i64, now: Timestamp) -> Result<bool> {
    if drop_for_twin(tx, id, fence).await? {
        return Ok(true);
    }
    let sql = "UPDATE jobs_job SET state = 'ready', due = $4, fence = fence + 1, attempts = attempts - 1
               WHERE tenant = $1 AND id = $2 AND fence = $3";
    Ok(tx.exec(sql, params![id, fence, now]).await? == 1)
}

async fn drop_for_twin(tx: &mut Tx, id: Uuid, fence: i64) -> Result<bool> {
    let sql = "DELETE FROM jobs_job WHERE tenant = $1 AND id = $2 AND fence = $3 AND EXISTS (
                   SELECT 1 FROM jobs_job AS twin
                   WHERE twin.tenant = $1 AND twin.name = jobs_job.name AND twin.dedup_key = jobs_job.dedup_key
                     AND twin.state = 'ready' AND twin.id <> jobs_job.id)";
    Ok(tx.exec(sql, params![id, fence]).await? == 1)
}

db::record! {
    /// A job that waits or runs, for the operations page.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Waiting {
        pub id: Uuid,
        pub name: String,
        /// `ready` or `running`.
        pub state: String,
        /// Ready: not before; running: end of the lease.
        pub due: Timestamp,
        pub attempts: i64,
        pub max_attempts: i64,
        /// Code of the last failure.
        pub last_error: Option<String>,
        pub created_at: Timestamp,
    }
}

db::record! {
    /// A job that needs a person.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Dead {
        pub id: Uuid,
        pub name: String,
        pub attempts: i64,
        /// Code of the last failure.
        pub error: String,
        /// When it was enqueued.
        pub at: Timestamp,
    }
}

/// Jobs that wait or run, those due first; at most 200.
///
/// # Errors
/// Those of the database.
pub async fn pending(rx: &mut Rx) -> Result<Vec<Waiting>> {
    let sql = "SELECT id, name, state, due, attempts, max_attempts, last_error, created_at FROM jobs_job
               WHERE tenant = $1 AND state <> 'dead' ORDER BY due LIMIT 200";
    rx.list(sql, &[]).await
}

/// Jobs that need a person, newest first; at most 200.
///
/// # Errors
/// Those of the database.
pub async fn dead(rx: &mut Rx) -> Result<Vec<Dead>> {
    let sql = "SELECT id, name, attempts, COALESCE(last_error, '') AS error, created_at AS at FROM jobs_job
               WHERE tenant = $1 AND state = 'dead' ORDER BY created_at DESC LIMIT 200";
    rx.list(sql, &[]).await
}

/// Whether this job is among the dead.
///
/// # Errors
/// Those of the database.
pub async fn is_dead(rx: &mut Rx, id: Uuid) -> Result<bool> {
    let sql = "SELECT id FROM jobs_job WHERE tenant = $1 AND id = $2 AND state = 'dead'";
    Ok(rx.opt::<(Uuid,)>(sql, params![id]).await?.is_some())
}

/// Whether a job of this name and key ([`Job::dedup_key`](crate::Job::dedup_key)) is among the dead.
///
/// # Errors
/// Those of the database.
pub async fn is_given_up(rx: &mut Rx, name: &str, dedup_key: &str) -> Result<bool> {
    let sql = "SELECT id FROM jobs_job WHERE tenant = $1 AND name = $2 AND dedup_key = $3 AND state = 'dead' LIMIT 1";
    Ok(rx.opt::<(Uuid,)>(sql, params![name, dedup_key]).await?.is_some())
}

/// Whether a job of this name and key ([`Job::dedup_key`](crate::Job::dedup_key)) waits or runs, also one whose process died and
/// that runs again when its lease is over. Otherwise it is done, given up or thrown away.
///
/// # Errors
/// Those of the database.
pub async fn is_under_way(rx: &mut Rx, name: &str, dedup_key: &str) -> Result<bool> {
    let sql = "SELECT id FROM jobs_job WHERE tenant = $1 AND name = $2 AND dedup_key = $3 AND state <> 'dead' LIMIT 1";
    Ok(rx.opt::<(Uuid,)>(sql, params![name, dedup_key]).await?.is_some())
}

/// Number of jobs per name that are not done and not dead, whenever they are due.
///
/// # Errors
/// Those of the database.
pub async fn left_over(rx: &mut Rx) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT name, COUNT(*) AS n FROM jobs_job
               WHERE tenant = $1 AND state <> 'dead' GROUP BY name ORDER BY name";
    rx.list(sql, &[]).await
}

/// Lets a dead job run again at once, with all its attempts.
///
/// # Errors
/// [`Error::NotFound`] when it is not among the dead.
pub async fn retry(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    let sql = "SELECT fence FROM jobs_job WHERE tenant = $1 AND id = $2 AND state = 'dead'";
    let (fence,) = tx.one::<(i64,)>(sql, params![id]).await?;
    if drop_for_twin(tx, id, fence).await? {
        return Ok(());
    }
    let sql = "UPDATE jobs_job SET state = 'ready', due = $3, attempts = 0, fence = fence + 1
               WHERE tenant = $1 AND id = $2 AND state = 'dead'";
    tx.exec_one(sql, params![id, now]).await
}

/// Throws a dead job away.
///
/// # Errors
/// [`Error::NotFound`] when it is not among the dead.
pub async fn discard(tx: &mut Tx, id: Uuid) -> Result<()> {
    tx.exec_one("DELETE FROM jobs_job WHERE tenant = $1 AND id = $2 AND state = 'dead'", params![id]).await
}

/// What a failure may leave in the table: a code, and the name of the peer. Texts can hold personal data.
pub(crate) fn failure_code(error: &Error) -> String {
    match error {
        Error::Peer { peer, .. } => format!("peer {peer}"),
        Error::NotAvailable(module) => format!("module {module} not available"),
        other => other.code().to_owned(),
    }
}
