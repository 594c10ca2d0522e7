use db::{Rx, Tx, params};
use kernel::{CaseId, Hash, Result, Timestamp, Uuid};
use serde_json::Value;

db::record! {
    /// A program outside that does service tasks (Arbeiter).
    #[derive(Clone, Debug)]
    pub struct Worker {
        pub id: Uuid,
        pub name: String,
        /// Names with one space between them.
        pub topics: String,
        pub created_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
    }
}

impl Worker {
    pub fn may(&self, topic: &str) -> bool {
        self.topics.split(' ').any(|own| own == topic)
    }
}

pub async fn add_worker(tx: &mut Tx, worker: &Worker, token: Hash) -> Result<()> {
    let sql = "INSERT INTO processes_worker (tenant, id, name, topics, token_hash, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let w = worker;
    tx.exec_one(sql, params![w.id, &w.name, &w.topics, token, w.created_at]).await
}

/// All of them, those that still may come first.
pub async fn workers(rx: &mut Rx) -> Result<Vec<Worker>> {
    let sql = "SELECT id, name, topics, created_at, revoked_at FROM processes_worker WHERE tenant = $1
               ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, name, id LIMIT 500";
    rx.list(sql, &[]).await
}

/// The one that holds the token and has not been shut out.
pub async fn worker_of(rx: &mut Rx, token: Hash) -> Result<Option<Worker>> {
    let sql = "SELECT id, name, topics, created_at, revoked_at FROM processes_worker
               WHERE tenant = $1 AND token_hash = $2 AND revoked_at IS NULL";
    rx.opt(sql, params![token]).await
}

pub async fn is_admitted(rx: &mut Rx, worker: Uuid) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM processes_worker WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(rx.one::<(i64,)>(sql, params![worker]).await?.0 > 0)
}

/// Shuts a program out; false when it is unknown or already is.
pub async fn revoke(tx: &mut Tx, worker: Uuid, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE processes_worker SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.exec(sql, params![worker, at]).await? == 1)
}

/// Lets others take at once what the program had taken; what it answers to that comes too late.
pub async fn free(tx: &mut Tx, worker: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_work SET state = 'open', due = $3, fence = fence + 1, worker = NULL
               WHERE tenant = $1 AND worker = $2 AND state = 'locked'";
    tx.exec(sql, params![worker, at]).await.map(|_| ())
}

db::record! {
    /// A service task that waits for such a program, or has waited.
    #[derive(Clone, Debug)]
    pub struct Entry {
        pub id: Uuid,
        pub topic: String,
        pub instance: Uuid,
        pub token: i64,
        pub case_id: CaseId,
        pub process: String,
        pub element: String,
        pub inputs: Value,
        /// `open`, `locked`, `done`, `error`, `failed` or `cancelled`.
        pub state: String,
        pub due: Timestamp,
        pub fence: i64,
        pub worker: Option<Uuid>,
        pub attempts: i64,
        pub answer: Option<Hash>,
    }
}

pub async fn add(tx: &mut Tx, e: &Entry, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO processes_work
                 (tenant, id, topic, instance, token, case_id, process, element, inputs, state, due, fence, attempts,
                  created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let bound = params![
        e.id, &e.topic, e.instance, e.token, e.case_id, &e.process, &e.element, &e.inputs, &e.state, e.due, e.fence,
        e.attempts, at,
    ];
    tx.exec_one(sql, bound).await
}

pub async fn entry(rx: &mut Rx, id: Uuid) -> Result<Entry> {
    let sql =
        "SELECT id, topic, instance, token, case_id, process, element, inputs, state, due, fence, worker, attempts,
                      answer
               FROM processes_work WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// What a program may take now, the oldest first: open work, and work whose lock has run out.
pub async fn due(rx: &mut Rx, topic: &str, now: Timestamp, limit: i64) -> Result<Vec<Entry>> {
    let sql =
        "SELECT id, topic, instance, token, case_id, process, element, inputs, state, due, fence, worker, attempts,
                      answer
               FROM processes_work
               WHERE tenant = $1 AND topic = $2 AND state IN ('open', 'locked') AND due <= $3
               ORDER BY created_at, id LIMIT $4";
    rx.list(sql, params![topic, now, limit]).await
}

/// Locks work for a program; false when somebody else was faster.
pub async fn lock(tx: &mut Tx, seen: &Entry, worker: Uuid, now: Timestamp, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE processes_work
               SET state = 'locked', fence = fence + 1, attempts = attempts + 1, worker = $4, due = $6, answer = NULL
               WHERE tenant = $1 AND id = $2 AND fence = $3 AND state IN ('open', 'locked') AND due <= $5";
    Ok(tx.exec(sql, params![seen.id, seen.fence, worker, now, until]).await? == 1)
}

pub async fn extend(tx: &mut Tx, id: Uuid, until: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_work SET due = $3 WHERE tenant = $1 AND id = $2 AND state = 'locked'";
    tx.exec_one(sql, params![id, until]).await
}

/// Ends work with an answer.
pub async fn end(tx: &mut Tx, id: Uuid, state: &str, answer: Option<Hash>, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_work SET state = $3, answer = $4, ended_at = $5 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, state, answer, at]).await
}

/// Puts work back that its program could not do now.
pub async fn put_back(tx: &mut Tx, id: Uuid, answer: Hash, due: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_work SET state = 'open', answer = $3, due = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, answer, due]).await
}

/// The process no longer wants an answer.
pub async fn cancel(tx: &mut Tx, instance: Uuid, token: i64, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_work SET state = 'cancelled', ended_at = $4
               WHERE tenant = $1 AND instance = $2 AND token = $3 AND state IN ('open', 'locked', 'failed')";
    tx.exec(sql, params![instance, token, at]).await.map(|_| ())
}

/// Offers failed work again from the beginning; false when it is not failed.
pub async fn reopen(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE processes_work
               SET state = 'open', due = $3, fence = fence + 1, attempts = 0, worker = NULL, answer = NULL, ended_at = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'failed'";
    Ok(tx.exec(sql, params![id, at]).await? == 1)
}

db::record! {
    /// How much of a topic waits for a program.
    pub struct Pending {
        pub topic: String,
        pub open: i64,
        pub locked: i64,
        pub failed: i64,
    }
}

pub async fn pending(rx: &mut Rx) -> Result<Vec<Pending>> {
    let sql = "SELECT topic, SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open,
                      SUM(CASE WHEN state = 'locked' THEN 1 ELSE 0 END) AS locked,
                      SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed
               FROM processes_work WHERE tenant = $1 AND state IN ('open', 'locked', 'failed')
               GROUP BY topic ORDER BY topic LIMIT 500";
    rx.list(sql, &[]).await
}
