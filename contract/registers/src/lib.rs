//! What the module `registers` shows to others: asking the specialist systems per case. No register is copied; the
//! request, the match result and the data to be printed are kept with the case.

use kernel::{CaseId, Command, PartialDate, Query, TaskOutcome, TaskToken, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Process task: asks the population register (Melderegister) whether the applicant of the case fully matches.
/// Result: `match` = `full`, `differs`, `not-found`, `ambiguous`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AskPopulation {
    pub case: CaseId,
    pub token: TaskToken,
    /// Kinds of data to be answered on a full match, codes of § 18 BMG; `base` is the simple certificate.
    pub fields: Vec<String>,
    /// Asks again with the register's own values where the first answer differed: a clerk compared both and takes
    /// the person for the same.
    #[serde(default)]
    pub corrected: bool,
}

impl Command for AskPopulation {
    const NAME: &'static str = "registers.ask-population";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Process task: asks the civil register (Personenstandsregister) whether an entry is there; no register data is
/// answered. Result: `entry` = `found`, `not-found`, `needs-registrar`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AskCivil {
    pub case: CaseId,
    pub token: TaskToken,
    /// `geburt`, `ehe`, `lebenspartnerschaft` or `tod`.
    pub event: String,
}

impl Command for AskCivil {
    const NAME: &'static str = "registers.ask-civil";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// What to look for in the civil register, noted by `services` at submission (personal data of the entry).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoteCivilEntry {
    pub case: CaseId,
    pub family_name: String,
    pub first_names: String,
    pub date: Option<PartialDate>,
    pub place: String,
    pub register_number: Option<String>,
}

impl Command for NoteCivilEntry {
    const NAME: &'static str = "registers.note-civil-entry";
    const CALLERS: &'static [&'static str] = &["services"];
    type Answer = ();
}

/// The latest answer of the population register for a case.
pub struct PopulationAnswer {
    pub case: CaseId,
}

impl Query for PopulationAnswer {
    const NAME: &'static str = "registers.population-answer";
    const CALLERS: &'static [&'static str] = &["certificates", "desk", "privacy"];
    type Answer = Option<Answered>;
}

#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    pub result: String,
    pub at: Timestamp,
    /// The record to print; only on a full match, or after a clerk took it over from a second look.
    pub record: Option<Value>,
}
