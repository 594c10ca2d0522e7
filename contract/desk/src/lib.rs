//! What the module `desk` (Schreibtisch der Sachbearbeitung) shows to others: tasks for people.

use kernel::{CaseId, Command, Event, Query, StaffId, Subject, TaskToken, Timestamp, UnitKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Puts a user task of a process on the desk of an organisation unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenTask {
    pub case: CaseId,
    pub token: TaskToken,
    /// Element id in the process.
    pub element: String,
    /// Name of the task in the process, e.g. `Abweichung prüfen`.
    pub title: String,
    /// Key of the task form in the city's data; its codes go back into the process.
    pub form: String,
    pub unit: UnitKey,
    pub due: Option<Timestamp>,
    /// Somebody else must do it than the person who did that element (Vier-Augen-Prinzip).
    pub not_by: Option<StaffId>,
    /// A manual transfer into another system: counted as one Medienbruch when done.
    pub media_break: bool,
    /// FEEL over the codes of the form: counted only when it holds.
    #[serde(default)]
    pub media_break_when: Option<String>,
}

impl Command for OpenTask {
    const NAME: &'static str = "desk.open-task";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = ();
}

/// Takes a task from the desk that the process no longer waits for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CloseTask {
    pub token: TaskToken,
}

impl Command for CloseTask {
    const NAME: &'static str = "desk.close-task";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = ();
}

/// Who finished the task of this element in this instance last.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoneBy {
    pub token: TaskToken,
    pub element: String,
}

impl Command for DoneBy {
    const NAME: &'static str = "desk.done-by";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = Option<StaffId>;
}

/// Keeps the list of cases on the desk true: written by `records` and `desk` in the transaction that changes the case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PutItem {
    pub case: CaseId,
    pub cls: i64,
    pub number: String,
    pub title: String,
    /// Name of the applicant; only staff who may see the case are shown it.
    #[serde(default)]
    pub party: String,
    pub unit: UnitKey,
    pub status: String,
    pub opened_at: Timestamp,
    /// No longer on anybody's desk.
    pub closed: bool,
}

impl Command for PutItem {
    const NAME: &'static str = "desk.put-item";
    const CALLERS: &'static [&'static str] = &["records"];
    type Answer = ();
}

/// How many tasks of a case are still to be done.
pub struct OpenTasks {
    pub case: CaseId,
}

impl Query for OpenTasks {
    const NAME: &'static str = "desk.open-tasks";
    const CALLERS: &'static [&'static str] = &["records"];
    type Answer = i64;
}

/// What the clerk entered last in the task of this element of the case: answer key → text as shown.
pub struct TaskTexts {
    pub case: CaseId,
    pub element: String,
}

impl Query for TaskTexts {
    const NAME: &'static str = "desk.task-texts";
    const CALLERS: &'static [&'static str] = &["certificates", "postbox", "registers", "privacy"];
    type Answer = Vec<(String, String)>;
}

/// A clerk finished a task (evidential: the decision is a row of the desk).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDone {
    pub case: CaseId,
    pub token: TaskToken,
    pub element: String,
    /// Who finished it. Events from before do not say it.
    #[serde(default)]
    pub by: Option<StaffId>,
    /// Codes of the task form; no personal data.
    pub codes: serde_json::Map<String, serde_json::Value>,
    pub media_break: bool,
}

impl Event for TaskDone {
    const NAME: &'static str = "desk.task-done";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}
