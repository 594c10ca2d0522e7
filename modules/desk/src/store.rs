use contract_desk::{OpenTask, PutItem};
use db::{Rx, Tx, either, params};
use kernel::{CaseId, Id, Result, StaffId, TaskToken, Timestamp, Uuid};
use serde_json::Value;

kernel::id!(
    /// A task on the desk (Aufgabe).
    DeskTaskId, DeskTaskKind, "task"
);

/// Rows of a page of a list.
pub const PAGE: i64 = 50;

db::record! {
    #[derive(Clone, Debug, PartialEq)]
    pub struct Item {
        pub case_id: CaseId,
        pub number: String,
        pub title: String,
        pub party: String,
        pub unit: String,
        pub status: String,
        pub opened_at: Timestamp,
    }
}

/// Writes a case's line and keeps the counts of its class. Answers the class in which the case stood before; none for one
/// that is new.
pub async fn put_item(tx: &mut Tx, item: &PutItem) -> Result<Option<i64>> {
    let sql = "SELECT cls, closed FROM desk_item WHERE tenant = $1 AND case_id = $2";
    let before: Option<(i64, bool)> = tx.opt(sql, params![item.case]).await?;
    let sql = "INSERT INTO desk_item (tenant, case_id, cls, number, title, unit, status, opened_at, closed, party)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT (tenant, case_id) DO UPDATE SET cls = excluded.cls, number = excluded.number,
                 title = excluded.title, unit = excluded.unit, status = excluded.status, closed = excluded.closed,
                 party = excluded.party";
    let i = item;
    let values = params![i.case, i.cls, &i.number, &i.title, &i.unit, &i.status, i.opened_at, i.closed, &i.party];
    tx.exec_one(sql, values).await?;
    if before != Some((item.cls, item.closed)) {
        if let Some((cls, closed)) = before {
            count(tx, cls, closed, -1).await?;
        }
        count(tx, item.cls, item.closed, 1).await?;
    }
    Ok(before.map(|(cls, _)| cls))
}

async fn count(tx: &mut Tx, cls: i64, closed: bool, by: i64) -> Result<()> {
    let sql = "INSERT INTO desk_count (tenant, cls, closed, n) VALUES ($1, $2, $3, $4)
               ON CONFLICT (tenant, cls, closed) DO UPDATE SET n = desk_count.n + excluded.n";
    tx.exec_one(sql, params![cls, closed, by]).await
}

/// How many cases an actor sees, and how many there are.
pub async fn counts(rx: &mut Rx, actor: StaffId, closed: bool) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN a.cls IS NULL THEN 0 ELSE c.n END), 0) AS BIGINT) AS visible,
                      CAST(COALESCE(SUM(c.n), 0) AS BIGINT) AS total
               FROM desk_count c
               LEFT JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.closed = $3";
    rx.one(sql, params![actor, closed]).await
}

/// Where the next page of a list starts: behind this row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct After {
    pub at: Timestamp,
    pub case: CaseId,
}

impl After {
    pub const START: After = After { at: Timestamp::MIN, case: Id::from_uuid(Uuid::nil()) };
}

/// The cases an actor sees, oldest first. Two ways to the same answer: who sees little is led by the classes, who sees
/// much by the order; the wrong way costs hundreds of milliseconds at a million cases.
pub async fn items(rx: &mut Rx, actor: StaffId, closed: bool, after: After, share: (i64, i64)) -> Result<Vec<Item>> {
    let (visible, total) = share;
    let start = after.at.max(Timestamp::UNIX_EPOCH);
    let bound = params![actor, closed, start, after.case, PAGE + 1];
    if visible.saturating_mul(200) < total { rx.list(BY_CLASS, bound).await } else { rx.list(BY_ORDER, bound).await }
}

/// The line of one case, without a check of rights: the caller has one.
pub async fn item(rx: &mut Rx, case: CaseId) -> Result<Item> {
    let sql = "SELECT case_id, number, title, party, unit, status, opened_at FROM desk_item
               WHERE tenant = $1 AND case_id = $2";
    rx.one(sql, params![case]).await
}

const BY_CLASS: db::Sql = either(
    "SELECT d.case_id, d.number, d.title, d.party, d.unit, d.status, d.opened_at
     FROM identity_access a CROSS JOIN desk_item d ON d.tenant = a.tenant AND d.cls = a.cls AND d.closed = $3
     WHERE a.tenant = $1 AND a.actor = $2 AND (d.opened_at, d.case_id) > ($4, $5)
     ORDER BY d.opened_at, d.case_id LIMIT $6",
    "SELECT d.case_id, d.number, d.title, d.party, d.unit, d.status, d.opened_at
     FROM identity_access a CROSS JOIN LATERAL (
       SELECT i.case_id, i.number, i.title, i.party, i.unit, i.status, i.opened_at FROM desk_item i
       WHERE i.tenant = a.tenant AND i.cls = a.cls AND i.closed = $3 AND (i.opened_at, i.case_id) > ($4, $5)
       ORDER BY i.opened_at, i.case_id LIMIT $6) d
     WHERE a.tenant = $1 AND a.actor = $2 ORDER BY d.opened_at, d.case_id LIMIT $6",
);

const BY_ORDER: db::Sql = either(
    "SELECT d.case_id, d.number, d.title, d.party, d.unit, d.status, d.opened_at
     FROM desk_item d INDEXED BY desk_item_order
     WHERE d.tenant = $1 AND d.closed = $3 AND (d.opened_at, d.case_id) > ($4, $5)
       AND d.cls IN (SELECT a.cls FROM identity_access a WHERE a.tenant = $1 AND a.actor = $2)
     ORDER BY d.opened_at, d.case_id LIMIT $6",
    "SELECT d.case_id, d.number, d.title, d.party, d.unit, d.status, d.opened_at FROM desk_item d
     WHERE d.tenant = $1 AND d.closed = $3 AND (d.opened_at, d.case_id) > ($4, $5)
       AND EXISTS (SELECT 1 FROM identity_access a WHERE a.tenant = $1 AND a.actor = $2 AND a.cls = d.cls)
     ORDER BY d.opened_at, d.case_id LIMIT $6",
);

db::record! {
    #[derive(Clone, Debug)]
    pub struct Task {
        pub id: DeskTaskId,
        pub case_id: CaseId,
        pub cls: i64,
        pub instance: Uuid,
        pub token: i64,
        pub element: String,
        pub title: String,
        pub form: String,
        pub form_version: i64,
        pub unit: String,
        pub due: Option<Timestamp>,
        pub not_by: Option<StaffId>,
        pub media_break: bool,
        pub media_break_when: Option<String>,
        pub opened_at: Timestamp,
        pub claimed_by: Option<StaffId>,
        pub draft: Option<Value>,
        pub state: String,
    }
}

impl Task {
    pub fn open(&self) -> bool {
        self.state == "open"
    }
}

pub async fn class_of_case(rx: &mut Rx, case: CaseId) -> Result<(i64, String)> {
    rx.one("SELECT cls, unit FROM desk_item WHERE tenant = $1 AND case_id = $2", params![case]).await
}

/// Units whose tasks of a case stand in a class.
pub async fn units_of_tasks(rx: &mut Rx, case: CaseId, cls: i64) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT unit FROM desk_task WHERE tenant = $1 AND case_id = $2 AND cls = $3 ORDER BY unit";
    Ok(rx.list::<(String,)>(sql, params![case, cls]).await?.into_iter().map(|(unit,)| unit).collect())
}

/// Puts the tasks that a unit has of a case from one class into another.
pub async fn move_tasks(tx: &mut Tx, case: CaseId, from: i64, unit: &str, to: i64) -> Result<()> {
    let sql = "UPDATE desk_task SET cls = $5 WHERE tenant = $1 AND case_id = $2 AND cls = $3 AND unit = $4";
    tx.exec(sql, params![case, from, unit, to]).await.map(|_| ())
}

pub async fn add_task(
    tx: &mut Tx,
    id: DeskTaskId,
    cls: i64,
    form_version: i64,
    t: &OpenTask,
    at: Timestamp,
) -> Result<()> {
    let sql =
        "INSERT INTO desk_task (tenant, id, case_id, cls, instance, token, element, title, form, form_version, unit,
                 due, not_by, media_break, media_break_when, opened_at, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'open')";
    let token = i64::try_from(t.token.token).map_err(kernel::Error::internal)?;
    tx.exec_one(
        sql,
        params![
            id,
            t.case,
            cls,
            t.token.instance,
            token,
            &t.element,
            &t.title,
            &t.form,
            form_version,
            &t.unit,
            t.due,
            t.not_by,
            t.media_break,
            t.media_break_when.clone(),
            at,
        ],
    )
    .await
}

pub async fn withdraw(tx: &mut Tx, token: TaskToken) -> Result<()> {
    let sql = "UPDATE desk_task SET state = 'withdrawn', draft = NULL
               WHERE tenant = $1 AND instance = $2 AND token = $3 AND state = 'open'";
    let number = i64::try_from(token.token).map_err(kernel::Error::internal)?;
    tx.exec(sql, params![token.instance, number]).await.map(|_| ())
}

pub async fn done_by(rx: &mut Rx, instance: Uuid, element: &str) -> Result<Option<StaffId>> {
    let sql = "SELECT done_by FROM desk_task WHERE tenant = $1 AND instance = $2 AND element = $3 AND state = 'done'
               ORDER BY done_at DESC LIMIT 1";
    Ok(rx.opt::<(Option<StaffId>,)>(sql, params![instance, element]).await?.and_then(|(id,)| id))
}

/// The task, if one of the actor's access classes covers it.
pub async fn task(rx: &mut Rx, id: DeskTaskId, actor: StaffId) -> Result<Task> {
    let sql = "SELECT t.id, t.case_id, t.cls, t.instance, t.token, t.element, t.title, t.form, t.form_version, t.unit,
                      t.due, t.not_by, t.media_break, t.media_break_when, t.opened_at, t.claimed_by, t.draft, t.state
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $3
               WHERE t.tenant = $1 AND t.id = $2";
    rx.one(sql, params![id, actor]).await
}

db::record! {
    /// A line of the list of tasks.
    #[derive(Clone, Debug)]
    pub struct TaskLine {
        pub id: DeskTaskId,
        pub case_id: CaseId,
        pub title: String,
        pub number: String,
        pub case_title: String,
        pub party: String,
        pub due: Option<Timestamp>,
        pub opened_at: Timestamp,
        pub claimed_by: Option<StaffId>,
        pub not_by: Option<StaffId>,
        pub unit: String,
    }
}

/// How many tasks the actor has claimed, and how many that they see nobody has.
pub async fn task_counts(rx: &mut Rx, actor: StaffId) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN t.claimed_by IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT) AS mine,
                      CAST(COALESCE(SUM(CASE WHEN t.claimed_by IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS free
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $2
               WHERE t.tenant = $1 AND t.state = 'open' AND (t.claimed_by IS NULL OR t.claimed_by = $2)";
    rx.one(sql, params![actor]).await
}

/// Tasks that the actor has claimed, most urgent first.
pub async fn my_tasks(rx: &mut Rx, actor: StaffId) -> Result<Vec<TaskLine>> {
    let sql = "SELECT t.id, t.case_id, t.title, d.number, d.title AS case_title, d.party, t.due, t.opened_at,
                      t.claimed_by, t.not_by, t.unit
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $2
               JOIN desk_item d ON d.tenant = t.tenant AND d.case_id = t.case_id
               WHERE t.tenant = $1 AND t.claimed_by = $2 AND t.state = 'open'
               ORDER BY t.due NULLS LAST, t.id LIMIT 200";
    rx.list(sql, params![actor]).await
}

/// Tasks that nobody has claimed, among those the actor sees, most urgent first.
pub async fn free_tasks(rx: &mut Rx, actor: StaffId) -> Result<Vec<TaskLine>> {
    let sql = "SELECT t.id, t.case_id, t.title, d.number, d.title AS case_title, d.party, t.due, t.opened_at,
                      t.claimed_by, t.not_by, t.unit
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $2
               JOIN desk_item d ON d.tenant = t.tenant AND d.case_id = t.case_id
               WHERE t.tenant = $1 AND t.claimed_by IS NULL AND t.state = 'open'
               ORDER BY t.due NULLS LAST, t.id LIMIT 200";
    rx.list(sql, params![actor]).await
}

/// Tasks that somebody else has claimed, among those the actor sees, most urgent first.
pub async fn held_tasks(rx: &mut Rx, actor: StaffId) -> Result<Vec<TaskLine>> {
    let sql = "SELECT t.id, t.case_id, t.title, d.number, d.title AS case_title, d.party, t.due, t.opened_at,
                      t.claimed_by, t.not_by, t.unit
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $2
               JOIN desk_item d ON d.tenant = t.tenant AND d.case_id = t.case_id
               WHERE t.tenant = $1 AND t.claimed_by IS NOT NULL AND t.claimed_by <> $2 AND t.state = 'open'
               ORDER BY t.due NULLS LAST, t.id LIMIT 200";
    rx.list(sql, params![actor]).await
}

pub async fn tasks_of_case(rx: &mut Rx, case: CaseId, actor: StaffId) -> Result<Vec<TaskLine>> {
    let sql = "SELECT t.id, t.case_id, t.title, d.number, d.title AS case_title, d.party, t.due, t.opened_at,
                      t.claimed_by, t.not_by, t.unit
               FROM desk_task t
               JOIN identity_access a ON a.tenant = t.tenant AND a.cls = t.cls AND a.actor = $3
               JOIN desk_item d ON d.tenant = t.tenant AND d.case_id = t.case_id
               WHERE t.tenant = $1 AND t.case_id = $2 AND t.state = 'open' ORDER BY t.opened_at";
    rx.list(sql, params![case, actor]).await
}

/// Claims a free task; answers whether it was still free.
pub async fn claim(tx: &mut Tx, id: DeskTaskId, actor: StaffId) -> Result<bool> {
    let sql = "UPDATE desk_task SET claimed_by = $3
               WHERE tenant = $1 AND id = $2 AND state = 'open' AND (claimed_by IS NULL OR claimed_by = $3)";
    Ok(tx.exec(sql, params![id, actor]).await? == 1)
}

pub async fn release(tx: &mut Tx, id: DeskTaskId, actor: StaffId) -> Result<()> {
    let sql = "UPDATE desk_task SET claimed_by = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'open' AND claimed_by = $3";
    tx.exec_one(sql, params![id, actor]).await
}

/// Gives a task that `holder` has claimed to the actor, with what was entered so far; answers whether it was still so.
pub async fn take_over(tx: &mut Tx, id: DeskTaskId, holder: StaffId, actor: StaffId) -> Result<bool> {
    let sql = "UPDATE desk_task SET claimed_by = $4
               WHERE tenant = $1 AND id = $2 AND state = 'open' AND claimed_by = $3";
    Ok(tx.exec(sql, params![id, holder, actor]).await? == 1)
}

/// Frees what somebody has claimed; answers how many tasks.
pub async fn free_of(tx: &mut Tx, holder: StaffId) -> Result<u64> {
    let sql = "UPDATE desk_task SET claimed_by = NULL WHERE tenant = $1 AND claimed_by = $2 AND state = 'open'";
    tx.exec(sql, params![holder]).await
}

pub async fn save_draft(tx: &mut Tx, id: DeskTaskId, draft: &Value) -> Result<()> {
    let sql = "UPDATE desk_task SET draft = $3 WHERE tenant = $1 AND id = $2 AND state = 'open'";
    tx.exec_one(sql, params![id, draft]).await
}

/// Finishes an open task; answers whether it was still open.
pub async fn finish(
    tx: &mut Tx,
    id: DeskTaskId,
    actor: StaffId,
    answers: &Value,
    texts: &Value,
    at: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE desk_task SET state = 'done', done_by = $3, done_at = $4, answers = $5, texts = $6, draft = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'open' AND claimed_by = $3";
    Ok(tx.exec(sql, params![id, actor, at, answers, texts]).await? == 1)
}

/// The texts of the last finished task of an element in a case.
pub async fn open_tasks(rx: &mut Rx, case: CaseId) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM desk_task WHERE tenant = $1 AND case_id = $2 AND state IN ('open', 'claimed')";
    Ok(rx.one::<(i64,)>(sql, params![case]).await?.0)
}

pub async fn texts(rx: &mut Rx, case: CaseId, element: &str) -> Result<Option<Value>> {
    let sql = "SELECT texts FROM desk_task WHERE tenant = $1 AND case_id = $2 AND element = $3 AND state = 'done'
               ORDER BY done_at DESC LIMIT 1";
    Ok(rx.opt::<(Option<Value>,)>(sql, params![case, element]).await?.and_then(|(texts,)| texts))
}
