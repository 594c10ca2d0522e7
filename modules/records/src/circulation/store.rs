use db::{Rx, Tx, params};
use kernel::{CaseId, Date, Result, StaffId, Timestamp, Uuid};

/// Lines of a list that are shown at once.
const MOST: i64 = 200;

db::record! {
    /// A circulation folder (Laufmappe).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Folder {
        pub id: Uuid,
        pub case_id: CaseId,
        pub title: String,
        pub instruction: String,
        /// All steps at once; otherwise one after the other.
        pub parallel: bool,
        /// `open`, `done`, `returned` or `withdrawn`.
        pub state: String,
        pub made_by: StaffId,
        pub made_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

impl Folder {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

db::record! {
    /// A step of a folder, addressed to one member of staff.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Step {
        pub id: Uuid,
        pub circulation_id: Uuid,
        /// From 1.
        pub n: i64,
        pub addressee: StaffId,
        /// `cosign` (Mitzeichnung), `final` (Schlusszeichnung) or `note` (zur Kenntnis).
        pub kind: String,
        pub opened_at: Option<Timestamp>,
        /// `signed`, `returned` or `noted`.
        pub outcome: Option<String>,
        pub reason: String,
        pub done_by: Option<StaffId>,
        pub done_at: Option<Timestamp>,
    }
}

impl Step {
    pub fn is_open(&self) -> bool {
        self.opened_at.is_some() && self.outcome.is_none()
    }
}

pub async fn add(tx: &mut Tx, f: &Folder) -> Result<()> {
    let sql =
        "INSERT INTO records_circulation (tenant, id, case_id, title, instruction, parallel, state, made_by, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    tx.exec_one(sql, params![f.id, f.case_id, &f.title, &f.instruction, f.parallel, &f.state, f.made_by, f.made_at])
        .await
}

pub async fn add_step(tx: &mut Tx, s: &Step) -> Result<()> {
    let sql = "INSERT INTO records_circulation_step (tenant, id, circulation_id, n, addressee, kind)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![s.id, s.circulation_id, s.n, s.addressee, &s.kind]).await
}

/// The folder, if one of the actor's access classes covers its case.
pub async fn for_staff(rx: &mut Rx, id: Uuid, staff: StaffId) -> Result<Folder> {
    let sql = "SELECT f.id, f.case_id, f.title, f.instruction, f.parallel, f.state, f.made_by, f.made_at, f.ended_at
               FROM records_circulation f
               JOIN records_case c ON c.tenant = f.tenant AND c.id = f.case_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $3
               WHERE f.tenant = $1 AND f.id = $2";
    rx.one(sql, params![id, staff]).await
}

/// Folders of a case, newest first.
pub async fn of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Folder>> {
    let sql = "SELECT id, case_id, title, instruction, parallel, state, made_by, made_at, ended_at
               FROM records_circulation WHERE tenant = $1 AND case_id = $2 ORDER BY made_at DESC, id DESC LIMIT $3";
    rx.list(sql, params![case, MOST]).await
}

/// How many folders of a case are still going round.
pub async fn open_of_case(rx: &mut Rx, case: CaseId) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM records_circulation WHERE tenant = $1 AND case_id = $2 AND state = 'open'";
    Ok(rx.one::<(i64,)>(sql, params![case]).await?.0)
}

pub async fn steps(rx: &mut Rx, folder: Uuid) -> Result<Vec<Step>> {
    let sql = "SELECT id, circulation_id, n, addressee, kind, opened_at, outcome, reason, done_by, done_at
               FROM records_circulation_step WHERE tenant = $1 AND circulation_id = $2 ORDER BY n";
    rx.list(sql, params![folder]).await
}

pub async fn open_step(tx: &mut Tx, step: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_circulation_step SET opened_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![step, at]).await
}

pub async fn end_step(tx: &mut Tx, step: Uuid, outcome: &str, reason: &str, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_circulation_step SET outcome = $3, reason = $4, done_by = $5, done_at = $6
               WHERE tenant = $1 AND id = $2 AND outcome IS NULL";
    tx.exec_one(sql, params![step, outcome, reason, by, at]).await
}

pub async fn end(tx: &mut Tx, folder: Uuid, state: &str, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_circulation SET state = $3, ended_at = $4
               WHERE tenant = $1 AND id = $2 AND state = 'open'";
    tx.exec_one(sql, params![folder, state, at]).await
}

/// Staff whose access classes cover a case.
pub async fn who_sees(rx: &mut Rx, case: CaseId) -> Result<Vec<StaffId>> {
    let sql = "SELECT a.actor FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls
               WHERE c.tenant = $1 AND c.id = $2 ORDER BY a.actor";
    Ok(rx.list::<(StaffId,)>(sql, params![case]).await?.into_iter().map(|(id,)| id).collect())
}

db::record! {
    /// A step that waits for somebody.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Todo {
        pub folder: Uuid,
        pub title: String,
        pub number: String,
        pub case_title: String,
        pub kind: String,
        pub addressee: StaffId,
        pub opened_at: Timestamp,
    }
}

/// Open steps addressed to somebody in cases that the actor may see, the oldest first.
pub async fn todo(rx: &mut Rx, staff: StaffId, addressee: StaffId) -> Result<Vec<Todo>> {
    let sql = "SELECT f.id AS folder, f.title, c.number, c.title AS case_title, s.kind, s.addressee, s.opened_at
               FROM records_circulation_step s
               JOIN records_circulation f ON f.tenant = s.tenant AND f.id = s.circulation_id AND f.state = 'open'
               JOIN records_case c ON c.tenant = f.tenant AND c.id = f.case_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE s.tenant = $1 AND s.addressee = $3 AND s.outcome IS NULL AND s.opened_at IS NOT NULL
               ORDER BY s.opened_at, s.id LIMIT $4";
    rx.list(sql, params![staff, addressee, MOST]).await
}

db::record! {
    /// A folder in the list of who made it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Made {
        pub id: Uuid,
        pub title: String,
        pub number: String,
        pub case_title: String,
        pub state: String,
        pub made_at: Timestamp,
    }
}

/// Folders that the actor made of cases that they may still see, newest first.
pub async fn made_by(rx: &mut Rx, staff: StaffId) -> Result<Vec<Made>> {
    let sql = "SELECT f.id, f.title, c.number, c.title AS case_title, f.state, f.made_at
               FROM records_circulation f
               JOIN records_case c ON c.tenant = f.tenant AND c.id = f.case_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE f.tenant = $1 AND f.made_by = $2 ORDER BY f.made_at DESC, f.id DESC LIMIT $3";
    rx.list(sql, params![staff, MOST]).await
}

db::record! {
    /// A follow-up (Wiedervorlage) with what its list shows of the case.
    #[derive(Clone, Debug, PartialEq)]
    pub struct FollowUp {
        pub id: Uuid,
        pub case_id: CaseId,
        pub number: String,
        pub case_title: String,
        pub staff_id: StaffId,
        pub due: Date,
        pub note: String,
    }
}

pub struct NewFollowUp<'a> {
    pub id: Uuid,
    pub case: CaseId,
    pub staff: StaffId,
    pub due: Date,
    pub note: &'a str,
    pub at: Timestamp,
}

pub async fn add_follow_up(tx: &mut Tx, new: &NewFollowUp<'_>) -> Result<()> {
    let sql = "INSERT INTO records_follow_up (tenant, id, case_id, staff_id, due, note, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![new.id, new.case, new.staff, new.due, new.note, new.at]).await
}

/// What is not done and due by a day, of one member of staff, in cases that the actor may see; the oldest first.
pub async fn due_by(rx: &mut Rx, staff: StaffId, whose: StaffId, day: Date) -> Result<Vec<FollowUp>> {
    let sql = "SELECT w.id, w.case_id, c.number, c.title AS case_title, w.staff_id, w.due, w.note
               FROM records_follow_up w
               JOIN records_case c ON c.tenant = w.tenant AND c.id = w.case_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE w.tenant = $1 AND w.staff_id = $3 AND w.done_at IS NULL AND w.due <= $4
               ORDER BY w.due, w.id LIMIT $5";
    rx.list(sql, params![staff, whose, day, MOST]).await
}

/// What somebody wants to see again of one case and has not done.
pub async fn follow_ups_of_case(rx: &mut Rx, case: CaseId, staff: StaffId) -> Result<Vec<FollowUp>> {
    let sql = "SELECT w.id, w.case_id, c.number, c.title AS case_title, w.staff_id, w.due, w.note
               FROM records_follow_up w
               JOIN records_case c ON c.tenant = w.tenant AND c.id = w.case_id
               WHERE w.tenant = $1 AND w.case_id = $2 AND w.staff_id = $3 AND w.done_at IS NULL
               ORDER BY w.due, w.id LIMIT $4";
    rx.list(sql, params![case, staff, MOST]).await
}

/// A follow-up that is not done, in a case that the actor may see.
pub async fn follow_up(rx: &mut Rx, id: Uuid, staff: StaffId) -> Result<FollowUp> {
    let sql = "SELECT w.id, w.case_id, c.number, c.title AS case_title, w.staff_id, w.due, w.note
               FROM records_follow_up w
               JOIN records_case c ON c.tenant = w.tenant AND c.id = w.case_id
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $3
               WHERE w.tenant = $1 AND w.id = $2 AND w.done_at IS NULL";
    rx.one(sql, params![id, staff]).await
}

pub async fn follow_up_done(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_follow_up SET done_at = $3 WHERE tenant = $1 AND id = $2 AND done_at IS NULL";
    tx.exec_one(sql, params![id, at]).await
}
