use db::{Rx, Tx, params};
use kernel::{Result, StaffId, Timestamp, Uuid};

/// Changes of a draft that can be undone.
pub const MOST_STEPS: i64 = 50;
/// Drafts that the list shows.
const MOST_DRAFTS: i64 = 200;

db::record! {
    /// A process or decision that is being changed (Entwurf).
    #[derive(Clone, Debug)]
    pub struct Draft {
        pub id: Uuid,
        /// `processes` or `decisions`.
        pub kind: String,
        pub key: String,
        /// The released version it began from; 0 for something new.
        pub base_version: i64,
        pub body: String,
        /// `draft`, `review`, `released` or `dropped`.
        pub state: String,
        /// What changes, and why.
        pub note: String,
        /// Why it was given back last.
        pub reason: String,
        /// None once that person has left and is forgotten.
        pub author: Option<StaffId>,
        pub reviewer: Option<StaffId>,
        pub created_at: Timestamp,
        pub changed_at: Timestamp,
        pub revision: i64,
        pub released_version: Option<i64>,
    }
}

impl Draft {
    pub fn is_decision(&self) -> bool {
        self.kind == "decisions"
    }

    pub fn is_open(&self) -> bool {
        self.state == "draft"
    }
}

pub async fn add(tx: &mut Tx, d: &Draft) -> Result<()> {
    let sql = "INSERT INTO processes_draft
                 (tenant, id, kind, key, base_version, body, state, note, reason, author, created_at, changed_at, revision)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = params![
        d.id,
        &d.kind,
        &d.key,
        d.base_version,
        &d.body,
        &d.state,
        &d.note,
        &d.reason,
        d.author,
        d.created_at,
        d.changed_at,
        d.revision
    ];
    tx.exec_one(sql, values).await
}

pub async fn draft(rx: &mut Rx, id: Uuid) -> Result<Draft> {
    let sql = "SELECT id, kind, key, base_version, body, state, note, reason, author, reviewer, created_at, changed_at,
                      revision, released_version
               FROM processes_draft WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

db::record! {
    /// A draft in the list.
    #[derive(Clone, Debug)]
    pub struct Line {
        pub id: Uuid,
        pub kind: String,
        pub key: String,
        pub state: String,
        pub note: String,
        pub author: Option<StaffId>,
        pub changed_at: Timestamp,
    }
}

/// Drafts: open ones before those that are decided, the one changed last first.
pub async fn drafts(rx: &mut Rx) -> Result<Vec<Line>> {
    let sql = "SELECT id, kind, key, state, note, author, changed_at FROM processes_draft
               WHERE tenant = $1
               ORDER BY CASE WHEN state IN ('draft', 'review') THEN 0 ELSE 1 END, changed_at DESC, id DESC LIMIT $2";
    rx.list(sql, params![MOST_DRAFTS]).await
}

/// Other drafts of the same process that somebody works on.
pub async fn others(rx: &mut Rx, draft: &Draft) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_draft
               WHERE tenant = $1 AND kind = $2 AND key = $3 AND id <> $4 AND state IN ('draft', 'review')";
    Ok(rx.one::<(i64,)>(sql, params![&draft.kind, &draft.key, draft.id]).await?.0)
}

/// A new text, if nobody saved another one since `revision`; answers whether it was taken.
pub async fn set_body(tx: &mut Tx, id: Uuid, revision: i64, body: &str, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE processes_draft SET body = $4, revision = revision + 1, changed_at = $5
               WHERE tenant = $1 AND id = $2 AND revision = $3 AND state = 'draft'";
    Ok(tx.exec(sql, params![id, revision, body, at]).await? == 1)
}

/// What changes and why, if nobody saved anything since `revision`; answers whether it was taken.
pub async fn set_note(tx: &mut Tx, id: Uuid, revision: i64, note: &str, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE processes_draft SET note = $4, revision = revision + 1, changed_at = $5
               WHERE tenant = $1 AND id = $2 AND revision = $3 AND state = 'draft'";
    Ok(tx.exec(sql, params![id, revision, note, at]).await? == 1)
}

pub async fn set_base(tx: &mut Tx, id: Uuid, version: i64, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_draft SET base_version = $3, changed_at = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, version, at]).await
}

pub async fn set_state(tx: &mut Tx, id: Uuid, state: &str, at: Timestamp) -> Result<()> {
    let sql = "UPDATE processes_draft SET state = $3, changed_at = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, state, at]).await
}

/// What somebody else decided about a draft; `version` is the released one.
pub struct Decision<'a> {
    pub state: &'a str,
    pub reviewer: StaffId,
    pub reason: &'a str,
    pub version: Option<i64>,
    pub at: Timestamp,
}

pub async fn decide(tx: &mut Tx, id: Uuid, d: &Decision<'_>) -> Result<()> {
    let sql =
        "UPDATE processes_draft SET state = $3, reviewer = $4, reason = $5, released_version = $6, decided_at = $7,
                 changed_at = $7 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, d.state, d.reviewer, d.reason, d.version, d.at]).await
}

pub async fn add_editor(tx: &mut Tx, draft: Uuid, staff: StaffId) -> Result<()> {
    let sql = "INSERT INTO processes_draft_editor (tenant, draft, staff) VALUES ($1, $2, $3)
               ON CONFLICT (tenant, draft, staff) DO NOTHING";
    tx.exec(sql, params![draft, staff]).await.map(|_| ())
}

/// Everybody who changed a draft.
pub async fn editors(rx: &mut Rx, draft: Uuid) -> Result<Vec<StaffId>> {
    let sql = "SELECT staff FROM processes_draft_editor WHERE tenant = $1 AND draft = $2 ORDER BY staff";
    Ok(rx.list::<(StaffId,)>(sql, params![draft]).await?.into_iter().map(|(staff,)| staff).collect())
}

/// Keeps the text before a change; the oldest ones go.
pub async fn push_step(tx: &mut Tx, draft: &Draft, what: &str, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO processes_draft_step (tenant, draft, revision, body, what, at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![draft.id, draft.revision, &draft.body, what, at]).await?;
    let sql = "DELETE FROM processes_draft_step WHERE tenant = $1 AND draft = $2 AND revision NOT IN
                 (SELECT revision FROM processes_draft_step WHERE tenant = $1 AND draft = $2
                  ORDER BY revision DESC LIMIT $3)";
    tx.exec(sql, params![draft.id, MOST_STEPS]).await.map(|_| ())
}

db::record! {
    /// The text before the last change.
    pub struct Step {
        pub revision: i64,
        pub body: String,
        pub what: String,
    }
}

pub async fn last_step(rx: &mut Rx, draft: Uuid) -> Result<Option<Step>> {
    let sql = "SELECT revision, body, what FROM processes_draft_step WHERE tenant = $1 AND draft = $2
               ORDER BY revision DESC LIMIT 1";
    rx.opt(sql, params![draft]).await
}

/// What could be undone of a draft that nobody changes any more.
pub async fn drop_steps(tx: &mut Tx, draft: Uuid) -> Result<()> {
    let sql = "DELETE FROM processes_draft_step WHERE tenant = $1 AND draft = $2";
    tx.exec(sql, params![draft]).await.map(|_| ())
}

pub async fn drop_step(tx: &mut Tx, draft: Uuid, revision: i64) -> Result<()> {
    let sql = "DELETE FROM processes_draft_step WHERE tenant = $1 AND draft = $2 AND revision = $3";
    tx.exec_one(sql, params![draft, revision]).await
}
