//! What the module `circulation` (Laufmappe, Wiedervorlage) shows to others: send a folder round, set a follow-up, ask
//! whether a folder of a case is still going round.

use kernel::{CaseId, Command, Date, Query, StaffId, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a step of a folder asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Mitzeichnung.
    Cosign,
    /// Schlusszeichnung: comes last, and never from whoever made the folder.
    Final,
    /// Zur Kenntnis.
    Note,
}

impl StepKind {
    /// In the order in which forms offer them; the first one is chosen where nothing was.
    pub const ALL: [StepKind; 3] = [StepKind::Cosign, StepKind::Final, StepKind::Note];

    pub fn code(self) -> &'static str {
        match self {
            StepKind::Cosign => "cosign",
            StepKind::Final => "final",
            StepKind::Note => "note",
        }
    }

    /// The kind with this code; the first one for any other code.
    pub fn from_code(code: &str) -> StepKind {
        StepKind::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or(StepKind::Cosign)
    }
}

/// Sends a circulation folder (Laufmappe) round about a case, in the name of whoever acts. Answers the folder.
///
/// # Errors
/// `NotFound` and `Forbidden` as for writing in the case; refused without a step, with more than one Schlusszeichnung,
/// with one by whoever acts, and for an addressee who does not see the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendFolder {
    pub case: CaseId,
    pub title: String,
    pub instruction: String,
    /// All steps at once but the Schlusszeichnung; otherwise one after the other.
    pub parallel: bool,
    /// Addressee and what for, in order.
    pub steps: Vec<(StaffId, StepKind)>,
}

impl Command for SendFolder {
    const NAME: &'static str = "circulation.send-folder";
    const CALLERS: &'static [&'static str] = &["records"];
    type Answer = Uuid;
}

/// Puts a case on somebody's list of follow-ups (Wiedervorlage), so that they look at it. The caller has checked that
/// they see the case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddFollowUp {
    pub case: CaseId,
    pub staff: StaffId,
    /// First day on which it is on the list.
    pub due: Date,
    pub note: String,
}

impl Command for AddFollowUp {
    const NAME: &'static str = "circulation.add-follow-up";
    const CALLERS: &'static [&'static str] = &["records", "sharing"];
    type Answer = ();
}

/// How many folders of a case are still going round: while there is one, the case is not closed.
pub struct OpenFolders {
    pub case: CaseId,
}

impl Query for OpenFolders {
    const NAME: &'static str = "circulation.open-folders";
    const CALLERS: &'static [&'static str] = &["records"];
    type Answer = i64;
}
