//! What a specialist system (Fachverfahren) may do in files, within its reach. What lies outside is answered like what
//! does not exist.

use kernel::{CaseId, Command, DocumentId, FileId, Query, Timestamp, UnitKey, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Status;

const CALLERS: &[&str] = &["specialist"];

/// How far a specialist system sees: cases led by its unit, under its entries of the file plan, up to its level.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// Kennzeichen of entries of the file plan, at most [`Reach::MOST_ENTRIES`]. None: it sees nothing.
    pub entries: Vec<String>,
    /// Leading organisation unit (Federführung).
    pub unit: UnitKey,
    /// Highest confidentiality: `normal`, `vertraulich` or `streng-vertraulich`.
    pub level: String,
}

impl Reach {
    pub const MOST_ENTRIES: usize = 10;
}

/// Where a case is opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a new file under this entry of the file plan.
    Entry(String),
    /// In the file with this Aktenzeichen, e.g. `61.50-1/2026`.
    File(String),
}

/// Opens a case (Vorgang) by hand of a specialist system.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenCaseWithin {
    pub reach: Reach,
    pub place: Place,
    pub title: String,
    /// Of a new file; a case in a file is as confidential as the file.
    pub confidentiality: String,
}

impl Command for OpenCaseWithin {
    const NAME: &'static str = "records.open-case-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = OpenedWithin;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenedWithin {
    pub case: CaseId,
    /// Aktenzeichen of the case.
    pub number: String,
    /// Aktenzeichen of the file.
    pub file_number: String,
}

/// Puts a stored file into a case as a document for staff.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddDocumentWithin {
    pub reach: Reach,
    pub case: CaseId,
    pub kind: String,
    pub title: String,
    /// `eingang`, `ausgang` or `intern`.
    pub direction: String,
    pub file: FileId,
}

impl Command for AddDocumentWithin {
    const NAME: &'static str = "records.add-document-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = DocumentId;
}

/// Saves a version of a document. One that is based on an older version, or that comes while somebody has the document
/// out, is kept beside the newest one as a conflict.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaveVersionWithin {
    pub reach: Reach,
    pub case: CaseId,
    pub document: DocumentId,
    /// The version that was changed, from 1.
    pub based_on: i64,
    pub note: String,
    pub file: FileId,
}

impl Command for SaveVersionWithin {
    const NAME: &'static str = "records.save-version-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = SavedWithin;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedWithin {
    /// Number of the new version.
    pub n: i64,
    pub conflict: bool,
}

/// Closes a case (Schlussverfügung „zu den Akten“).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CloseCaseWithin {
    pub reach: Reach,
    pub case: CaseId,
}

impl Command for CloseCaseWithin {
    const NAME: &'static str = "records.close-case-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = ();
}

/// Which case is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    Id(CaseId),
    /// Aktenzeichen of the case.
    Number(String),
}

/// One case with its documents. Answers [`kernel::Error::NotFound`] for one out of reach.
pub struct CaseWithin {
    pub reach: Reach,
    pub which: Which,
}

impl Query for CaseWithin {
    const NAME: &'static str = "records.case-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = FoundCase;
}

#[derive(Clone, Debug)]
pub struct FoundCase {
    pub id: CaseId,
    pub number: String,
    pub title: String,
    pub file_number: String,
    /// Kennzeichen of the entry of the file plan.
    pub entry: String,
    pub unit: UnitKey,
    pub confidentiality: String,
    pub status: Status,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Oldest first.
    pub documents: Vec<DocumentWithin>,
}

#[derive(Clone, Debug)]
pub struct DocumentWithin {
    pub id: DocumentId,
    pub kind: String,
    pub title: String,
    pub direction: String,
    pub added_at: Timestamp,
    /// Number of the newest version, from 1.
    pub version: i64,
}

/// What happened to the cases in reach after a change and before a moment, oldest first.
pub struct ChangesWithin {
    pub reach: Reach,
    pub after: Option<Change>,
    pub before: Timestamp,
    pub limit: i64,
}

impl Query for ChangesWithin {
    const NAME: &'static str = "records.changes-within";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = Vec<Change>;
}

/// Something that happened to a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    pub at: Timestamp,
    /// `1` opened, `2` document added, `3` version saved, `4` closed; changes of one moment come in this order.
    pub what: String,
    /// The case, or the document or version that was added.
    pub id: Uuid,
    pub case: CaseId,
    pub document: Option<DocumentId>,
}
