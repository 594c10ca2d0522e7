use db::{Rx, Tx, params};
use kernel::{CaseId, Date, Result, StaffId, Timestamp, Uuid};

/// Lines of a list that are read at once, and most that are shown.
pub const MOST: i64 = 200;
/// Before and after everything that is ever listed.
pub const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
pub const LAST: Timestamp = Timestamp::constant(253_000_000_000, 0);

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

pub async fn folder(rx: &mut Rx, id: Uuid) -> Result<Folder> {
    let sql = "SELECT id, case_id, title, instruction, parallel, state, made_by, made_at, ended_at
               FROM records_circulation WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
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

/// Staff to whom an access class is open.
pub async fn who_holds(rx: &mut Rx, cls: i64) -> Result<Vec<StaffId>> {
    let sql = "SELECT actor FROM identity_access WHERE tenant = $1 AND cls = $2 ORDER BY actor";
    Ok(rx.list::<(StaffId,)>(sql, params![cls]).await?.into_iter().map(|(id,)| id).collect())
}

db::record! {
    /// A step that waits for somebody.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Todo {
        pub folder: Uuid,
        pub case_id: CaseId,
        pub title: String,
        pub step: Uuid,
        pub kind: String,
        pub addressee: StaffId,
        pub opened_at: Timestamp,
    }
}

/// Open steps addressed to somebody, the oldest first, from behind one on.
pub async fn todo(rx: &mut Rx, addressee: StaffId, after: (Timestamp, Uuid)) -> Result<Vec<Todo>> {
    let sql = "SELECT f.id AS folder, f.case_id, f.title, s.id AS step, s.kind, s.addressee, s.opened_at
               FROM records_circulation_step s
               JOIN records_circulation f ON f.tenant = s.tenant AND f.id = s.circulation_id AND f.state = 'open'
               WHERE s.tenant = $1 AND s.addressee = $2 AND s.outcome IS NULL
                 AND s.opened_at >= $3 AND (s.opened_at > $3 OR s.id > $4)
               ORDER BY s.opened_at, s.id LIMIT $5";
    rx.list(sql, params![addressee, after.0, after.1, MOST]).await
}

/// Folders that somebody made, newest first, from behind one on.
pub async fn made_by(rx: &mut Rx, staff: StaffId, after: (Timestamp, Uuid)) -> Result<Vec<Folder>> {
    let sql = "SELECT id, case_id, title, instruction, parallel, state, made_by, made_at, ended_at
               FROM records_circulation
               WHERE tenant = $1 AND made_by = $2 AND made_at <= $3 AND (made_at < $3 OR id < $4)
               ORDER BY made_at DESC, id DESC LIMIT $5";
    rx.list(sql, params![staff, after.0, after.1, MOST]).await
}

db::record! {
    /// A follow-up (Wiedervorlage).
    #[derive(Clone, Debug, PartialEq)]
    pub struct FollowUp {
        pub id: Uuid,
        pub case_id: CaseId,
        pub staff_id: StaffId,
        pub due: Date,
        pub note: String,
    }
}

pub async fn add_follow_up(tx: &mut Tx, new: &FollowUp, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO records_follow_up (tenant, id, case_id, staff_id, due, note, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![new.id, new.case_id, new.staff_id, new.due, &new.note, at]).await
}

/// What is not done and due by a day, of one member of staff, the oldest first, from behind one on.
pub async fn due_by(rx: &mut Rx, whose: StaffId, day: Date, after: (Date, Uuid)) -> Result<Vec<FollowUp>> {
    let sql = "SELECT id, case_id, staff_id, due, note FROM records_follow_up
               WHERE tenant = $1 AND staff_id = $2 AND done_at IS NULL AND due <= $3
                 AND due >= $4 AND (due > $4 OR id > $5)
               ORDER BY due, id LIMIT $6";
    rx.list(sql, params![whose, day, after.0, after.1, MOST]).await
}

/// What somebody wants to see again of one case and has not done.
pub async fn follow_ups_of_case(rx: &mut Rx, case: CaseId, staff: StaffId) -> Result<Vec<FollowUp>> {
    let sql = "SELECT id, case_id, staff_id, due, note FROM records_follow_up
               WHERE tenant = $1 AND case_id = $2 AND staff_id = $3 AND done_at IS NULL ORDER BY due, id LIMIT $4";
    rx.list(sql, params![case, staff, MOST]).await
}

/// A follow-up that is not done.
pub async fn follow_up(rx: &mut Rx, id: Uuid) -> Result<FollowUp> {
    let sql = "SELECT id, case_id, staff_id, due, note FROM records_follow_up
               WHERE tenant = $1 AND id = $2 AND done_at IS NULL";
    rx.one(sql, params![id]).await
}

pub async fn follow_up_done(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_follow_up SET done_at = $3 WHERE tenant = $1 AND id = $2 AND done_at IS NULL";
    tx.exec_one(sql, params![id, at]).await
}
