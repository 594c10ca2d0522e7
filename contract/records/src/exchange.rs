//! What the room `exchange` commands and asks: files of another system taken over, and the own ones given out.

use kernel::{CaseId, Command, Date, DocumentId, FileId, Hash, Query, StaffId, UnitKey, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Takes rows of another system's export over (Übernahme): opens the file and the case of each where they are not there
/// yet, and puts the document into them. Old id and source are unique: a second call changes nothing, and other bytes
/// become a version of their own.
///
/// The caller has checked that whoever asked may do it in the unit of each row.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TakeOver {
    /// Key of the other system.
    pub source: String,
    /// Its name, for people.
    pub source_name: String,
    pub rows: Vec<TakenRow>,
}

impl Command for TakeOver {
    const NAME: &'static str = "records.take-over";
    const CALLERS: &'static [&'static str] = &["exchange"];
    /// One for each row.
    type Answer = Vec<TakenAs>;
}

/// One row: a document with the file and the case it lies in, or only these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenRow {
    pub file: TakenFile,
    pub case: TakenCase,
    pub document: Option<TakenDocument>,
}

/// The file (Akte) of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenFile {
    /// Its Aktenzeichen in the other system.
    pub old: String,
    pub title: String,
    /// Kennzeichen of the entry of this city's file plan.
    pub entry: String,
    /// Old Aktenzeichen of the file it is a part of (Teilakte, Band).
    pub whole: Option<String>,
}

/// The case (Vorgang) of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenCase {
    /// What it is known by in the other system, unique there.
    pub old: String,
    /// Its Aktenzeichen there; empty where it had none.
    pub number: String,
    /// Empty for a row that names a file only; unit and level are then the file's.
    pub title: String,
    /// Leading organisation unit (Federführung); with the level it decides who sees the case.
    pub unit: UnitKey,
    /// `normal`, `vertraulich` or `streng-vertraulich`.
    pub confidentiality: String,
    /// Day on which it was closed there (zu den Akten verfügt).
    pub closed: Option<Date>,
}

/// The document of a row; its bytes are stored already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenDocument {
    pub old: String,
    /// Number of the version in the other system, from 1.
    pub version: i64,
    pub title: String,
    /// Date of the document itself.
    pub dated: Option<Date>,
    pub file: FileId,
    pub sha256: Hash,
    /// Bytes.
    pub size: i64,
    pub name: String,
    pub media_type: String,
}

/// What became of a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TakenAs {
    New,
    /// The document was there with other bytes: they are its newest version, or wait as a conflict where somebody
    /// changed it here meanwhile.
    Version,
    Unchanged,
    /// The case or the document was here and was erased on this day (Aussonderung, Löschung): nothing was written.
    Erased(Date),
    /// Nothing was written. The code says why: `entry`, `level`, `unit`, `whole`, `unit-differs`, `stricter`, `closed`,
    /// `moved`, `version-order`.
    Refused(String),
}

/// What of another system was taken over before.
pub struct TakenBefore {
    pub source: String,
    /// Old id and version of documents.
    pub documents: Vec<(String, i64)>,
    /// Old Aktenzeichen of files.
    pub files: Vec<String>,
    /// What cases are known by there.
    pub cases: Vec<String>,
}

impl Query for TakenBefore {
    const NAME: &'static str = "records.taken-before";
    const CALLERS: &'static [&'static str] = &["exchange"];
    type Answer = Before;
}

/// In the order of the question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Before {
    pub documents: Vec<BeforeDocument>,
    pub files: Vec<bool>,
    pub cases: Vec<bool>,
    /// On which day the document, or the case of the same place in the question, was erased here.
    pub erased: Vec<Option<Date>>,
}

/// Keeps a trace of what a case and its documents are known by in other systems, before they are erased: nothing that can be
/// read (Art. 17 DSGVO), but enough not to take them over again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeepErased {
    pub case: CaseId,
}

impl Command for KeepErased {
    const NAME: &'static str = "records.keep-erased";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = ();
}

/// What is known of an old id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BeforeDocument {
    Unknown,
    /// The document is there, this version of it is not.
    OtherVersion,
    /// The version is there, with these bytes.
    Same(Hash),
}

/// The entries of the city's file plan under which files can be opened.
pub struct PlanEntries;

impl Query for PlanEntries {
    const NAME: &'static str = "records.plan-entries";
    const CALLERS: &'static [&'static str] = &["exchange", "specialist"];
    type Answer = Vec<PlanEntry>;
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanEntry {
    /// Kennzeichen, e.g. `34.20`.
    pub key: String,
    pub title: String,
}

/// Files to be given out, by id: those that the member of staff may see, or all of them.
pub struct FilesToExport {
    pub staff: Option<StaffId>,
    pub after: Option<Uuid>,
    pub limit: i64,
}

impl Query for FilesToExport {
    const NAME: &'static str = "records.files-to-export";
    const CALLERS: &'static [&'static str] = &["exchange"];
    type Answer = Vec<FileToExport>;
}

#[derive(Clone, PartialEq, Debug)]
pub struct FileToExport {
    pub id: Uuid,
    /// Aktenzeichen.
    pub number: String,
    pub title: String,
    pub entry: String,
    /// Empty for a yearly collection: it has the units of its cases.
    pub unit: String,
    pub confidentiality: String,
    pub part_of: Option<Uuid>,
}

/// Cases of a file to be given out, by id, with their documents.
pub struct CasesToExport {
    pub staff: Option<StaffId>,
    pub file: Uuid,
    pub after: Option<CaseId>,
    pub limit: i64,
}

impl Query for CasesToExport {
    const NAME: &'static str = "records.cases-to-export";
    const CALLERS: &'static [&'static str] = &["exchange"];
    type Answer = Vec<CaseToExport>;
}

#[derive(Clone, PartialEq, Debug)]
pub struct CaseToExport {
    pub id: CaseId,
    /// Aktenzeichen.
    pub number: String,
    pub title: String,
    pub unit: UnitKey,
    pub confidentiality: String,
    pub closed: Option<Date>,
    pub documents: Vec<DocumentToExport>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct DocumentToExport {
    pub id: DocumentId,
    pub title: String,
    pub dated: Date,
    /// Number and bytes of every version, oldest first.
    pub versions: Vec<(i64, FileId)>,
}

/// Notes in the access log (Zugriffsprotokoll) that somebody was given these cases with their documents.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LogGivenOut {
    pub staff: StaffId,
    pub cases: Vec<CaseId>,
}

impl Command for LogGivenOut {
    const NAME: &'static str = "records.log-given-out";
    const CALLERS: &'static [&'static str] = &["exchange"];
    type Answer = ();
}
