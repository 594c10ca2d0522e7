//! What the rooms that were once part of `records` ask of its cases and files and tell them: `circulation`, which sends
//! folders round about a case, `annotations`, which keeps what is noted beside it, and `disposal`; of their questions `privacy`
//! asks one, too.

use kernel::{CaseId, Command, Query, UnitKey, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CaseView;

/// Those of these cases that the member of staff who acts may see, in any order.
///
/// # Errors
/// [`kernel::Error::StaffSignIn`] for everybody else.
pub struct CasesSeen {
    pub ids: Vec<CaseId>,
}

impl Query for CasesSeen {
    const NAME: &'static str = "records.cases-seen";
    const CALLERS: &'static [&'static str] = &["circulation", "disposal", "annotations", "privacy"];
    type Answer = Vec<CaseView>;
}

/// May the member of staff who acts change a case: it is open, and their unit leads it or takes part to work on it.
///
/// # Errors
/// [`kernel::Error::NotFound`] when they do not see the case, [`kernel::Error::Forbidden`] without the right; refused for a
/// closed case.
pub struct MayWrite {
    pub case: CaseId,
}

impl Query for MayWrite {
    const NAME: &'static str = "records.may-write";
    const CALLERS: &'static [&'static str] = &["circulation"];
    type Answer = ();
}

/// Notes in the access log (Zugriffsprotokoll) that the member of staff who acts looked at something of a case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LogSeen {
    pub case: CaseId,
    /// Code of what they looked at; in words it is `records-value-what-<code>`.
    pub what: String,
}

impl Command for LogSeen {
    const NAME: &'static str = "records.log-seen";
    const CALLERS: &'static [&'static str] = &["circulation", "disposal"];
    type Answer = ();
}

/// Does the member of staff who acts work on a case, be it closed: their unit leads it or takes part to work on it.
///
/// # Errors
/// [`kernel::Error::NotFound`] when they do not see the case.
pub struct WorksOn {
    pub case: CaseId,
}

impl Query for WorksOn {
    const NAME: &'static str = "records.works-on";
    const CALLERS: &'static [&'static str] = &["annotations"];
    type Answer = bool;
}

/// Those of these files that the member of staff who acts may see, in any order.
///
/// # Errors
/// [`kernel::Error::StaffSignIn`] for everybody else.
pub struct FilesSeen {
    pub ids: Vec<Uuid>,
}

impl Query for FilesSeen {
    const NAME: &'static str = "records.files-seen";
    const CALLERS: &'static [&'static str] = &["annotations"];
    type Answer = Vec<FileSeen>;
}

/// A file (Akte) as its readers see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSeen {
    pub id: Uuid,
    /// Aktenzeichen.
    pub number: String,
    pub title: String,
    /// Opened for one matter; otherwise the yearly collection of an entry of the plan, which no unit leads.
    pub is_matter: bool,
    /// Leading organisation unit (Federführung); empty for a collection.
    pub unit: UnitKey,
}

/// The newest cases of a file among those that the member of staff who acts may see, as many as the page of the file
/// shows.
///
/// # Errors
/// [`kernel::Error::StaffSignIn`] for everybody else.
pub struct CasesOfFile {
    pub file: Uuid,
}

impl Query for CasesOfFile {
    const NAME: &'static str = "records.cases-of-file";
    const CALLERS: &'static [&'static str] = &["annotations"];
    type Answer = Vec<CaseId>;
}

/// What has this Aktenzeichen, if the member of staff who acts may see it; nothing is the answer for what they do not see
/// and for what does not exist.
///
/// # Errors
/// [`kernel::Error::StaffSignIn`] for everybody else.
pub struct SeenUnder {
    pub number: String,
}

impl Query for SeenUnder {
    const NAME: &'static str = "records.seen-under";
    const CALLERS: &'static [&'static str] = &["annotations"];
    type Answer = Option<CaseOrFile>;
}

/// What an Aktenzeichen is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseOrFile {
    Case(CaseId),
    /// A file of one matter.
    File(Uuid),
}
