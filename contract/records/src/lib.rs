//! What the module `records` (eAkte) shows to others: open a case, put documents and steps into it, look at it.

mod disposal;
mod exchange;
mod reach;
mod rooms;

pub use reach::{
    AddDocumentWithin, CaseWithin, Change, ChangesWithin, CloseCaseWithin, DocumentWithin, FoundCase, OpenCaseWithin,
    OpenedWithin, Place, Reach, SaveVersionWithin, SavedWithin, Which,
};

pub use disposal::{
    CaseForArchive, CaseToOffer, CasesForArchive, CasesToOffer, ClosedCase, ClosedCases, CountDue, Disposal,
    DocumentKinds, DocumentsForArchive, DueAlike, SetDisposal, SetHeld, VersionForArchive, deletable_from,
    due_when_closed_before,
};
pub use rooms::{CaseOrFile, CasesOfFile, CasesSeen, FileSeen, FilesSeen, LogSeen, MayWrite, SeenUnder, WorksOn};

use kernel::{
    AccountId, CaseId, Command, Date, DocumentId, Event, FileId, PartialDate, Query, Subject, TaskOutcome, TaskToken,
    Timestamp, UnitKey,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use exchange::{
    Before, BeforeDocument, CaseToExport, CasesToExport, DocumentToExport, FileToExport, FilesToExport, KeepErased,
    LogGivenOut, PlanEntries, PlanEntry, TakeOver, TakenAs, TakenBefore, TakenCase, TakenDocument, TakenFile, TakenRow,
};

/// Who may see a document or a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The applicant and the staff with access to the case.
    Applicant,
    /// Staff with access to the case only.
    Staff,
}

impl Audience {
    pub fn code(self) -> &'static str {
        match self {
            Audience::Applicant => "applicant",
            Audience::Staff => "staff",
        }
    }
}

/// A postal address (Anschrift).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    pub street: String,
    pub house_number: String,
    #[serde(default)]
    pub addition: String,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166-1 alpha-2; empty means Germany.
    #[serde(default)]
    pub country: String,
}

/// The person a case is about (Antragsteller).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    pub family_name: String,
    /// Empty for persons with one name only.
    pub first_names: String,
    pub birth_date: Option<PartialDate>,
    pub address: Address,
    pub email: Option<String>,
    /// Where the data come from: `eid`, `account`, `typed`; `office` when the case is about nobody in particular.
    pub provenance: String,
}

impl Party {
    /// Whether the person was proved with an electronic means. Nobody else gets on the screen what a register says: who
    /// only knows somebody's name and address may be anybody.
    pub fn is_proven(&self) -> bool {
        self.provenance == "eid"
    }
}

/// Opens a case (Vorgang) in the file (Akte) of its file-plan entry and year and gives it an Aktenzeichen.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenCase {
    /// Key of the service in the catalogue.
    pub service: String,
    /// Key of the file-plan entry (Aktenplaneintrag), e.g. `33.20`.
    pub plan: String,
    /// Leading organisation unit (Federführung).
    pub unit: UnitKey,
    /// What it is about, without personal data, e.g. `Meldebescheinigung`.
    pub title: String,
    /// `normal`, `vertraulich` or `streng-vertraulich`; with the unit it decides the access class.
    pub confidentiality: String,
    pub party: Party,
    /// The applicant's account; none for guests.
    pub account: Option<AccountId>,
    pub lang: kernel::Lang,
    /// Years the closed case is kept, and the paragraph that says so.
    pub retention_years: u16,
    pub retention_basis: String,
}

impl Command for OpenCase {
    const NAME: &'static str = "records.open-case";
    const CALLERS: &'static [&'static str] = &["services", "processes"];
    type Answer = CaseOpened;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseOpened {
    pub case: CaseId,
    /// Aktenzeichen, e.g. `33.20/2026/000042`.
    pub number: String,
    /// Claim code for an applicant without account; shown once, kept as a hash. None where there is no applicant.
    pub claim_code: Option<String>,
}

/// Puts a stored file into the case as a document.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddDocument {
    pub case: CaseId,
    /// Code of the kind, e.g. `antrag`, `nachweis`, `bescheinigung`, `bescheid`, `schreiben`.
    pub kind: String,
    pub title: String,
    pub file: FileId,
    /// `eingang`, `ausgang` or `intern`.
    pub direction: String,
    pub audience: Audience,
}

impl Command for AddDocument {
    const NAME: &'static str = "records.add-document";
    const CALLERS: &'static [&'static str] = &["services", "certificates", "postbox", "desk", "payments"];
    type Answer = DocumentId;
}

/// Adds a step to the case's timeline; the text is `timeline-<code>` in plain words, in the reader's language.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddStep {
    pub case: CaseId,
    pub code: String,
    /// Values for the text: dates, amounts, codes.
    pub args: Vec<(String, String)>,
    pub audience: Audience,
    /// This step was a manual transfer into another system (Medienbruch), counted and shown honestly.
    pub media_break: bool,
}

impl Command for AddStep {
    const NAME: &'static str = "records.add-step";
    const CALLERS: &'static [&'static str] = &[
        "services",
        "certificates",
        "postbox",
        "desk",
        "payments",
        "registers",
        "processes",
        "sharing",
        "circulation",
    ];
    type Answer = ();
}

/// Where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Received,
    InProgress,
    /// The applicant has to answer.
    WaitingApplicant,
    /// The applicant has to pay.
    WaitingPayment,
    /// Decided and delivered or dispatched (Schlussverfügung zdA follows).
    Done,
    Refused,
    Withdrawn,
}

impl Status {
    pub const ALL: [Status; 7] = [
        Status::Received,
        Status::InProgress,
        Status::WaitingApplicant,
        Status::WaitingPayment,
        Status::Done,
        Status::Refused,
        Status::Withdrawn,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Status::Received => "received",
            Status::InProgress => "in-progress",
            Status::WaitingApplicant => "waiting-applicant",
            Status::WaitingPayment => "waiting-payment",
            Status::Done => "done",
            Status::Refused => "refused",
            Status::Withdrawn => "withdrawn",
        }
    }

    pub fn from_code(code: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Nothing more happens in the case.
    pub fn closed(self) -> bool {
        matches!(self, Status::Done | Status::Refused | Status::Withdrawn)
    }
}

/// Sets the case's status; a closing one starts retention. As a process task it is called by name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetStatus {
    pub case: CaseId,
    pub token: TaskToken,
    pub status: Status,
}

impl Command for SetStatus {
    const NAME: &'static str = "records.set-status";
    const CALLERS: &'static [&'static str] = &["processes", "payments", "postbox", "services"];
    type Answer = TaskOutcome;
}

/// Process task: hands the case over to another organisation unit (Abgabe). It keeps its confidentiality; only that unit
/// and those above it see it from now on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HandOver {
    pub case: CaseId,
    pub token: TaskToken,
    /// Key of the unit.
    pub unit: String,
}

impl Command for HandOver {
    const NAME: &'static str = "records.hand-over";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// It was decided which unit leads a case from now on, be it the one that led it before. Which one is said in an entry of
/// its own (`records.unit-decided`): an applicant may read what the journal says of their case, and a case about an
/// entry with a Sperrvermerk (§ 64 PStG) is led by a unit of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseHandedOver {
    pub case: CaseId,
}

impl Event for CaseHandedOver {
    const NAME: &'static str = "records.case-handed-over";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// What other modules may know of cases. Cases that do not exist are left out.
pub struct Cases {
    pub ids: Vec<CaseId>,
}

impl Query for Cases {
    const NAME: &'static str = "records.cases";
    const CALLERS: &'static [&'static str] = &[
        "services",
        "certificates",
        "postbox",
        "desk",
        "payments",
        "registers",
        "processes",
        "privacy",
        "accounts",
        "sharing",
    ];
    type Answer = Vec<CaseView>;
}

#[derive(Clone, Debug, Serialize)]
pub struct CaseView {
    pub id: CaseId,
    pub number: String,
    pub service: String,
    pub title: String,
    pub unit: UnitKey,
    /// Access class of the case (see identity).
    pub cls: i64,
    pub status: Status,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub account: Option<AccountId>,
    pub lang: kernel::Lang,
    pub party: Party,
}

/// May the actor of the context see this case: the applicant's own account, the guest of this case, or staff through
/// the access class. Answers [`kernel::Error::NotFound`] otherwise, as for a case that does not exist.
pub struct VisibleCase {
    pub case: CaseId,
}

impl Query for VisibleCase {
    const NAME: &'static str = "records.visible-case";
    const CALLERS: &'static [&'static str] = &[
        "services",
        "certificates",
        "postbox",
        "desk",
        "payments",
        "registers",
        "processes",
        "privacy",
        "evidence",
        "sharing",
        "circulation",
        "disposal",
        "annotations",
    ];
    type Answer = CaseView;
}

/// One document as others may see it.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentView {
    pub id: DocumentId,
    pub case: CaseId,
    pub kind: String,
    pub title: String,
    pub file: FileId,
    pub direction: String,
    pub audience: Audience,
    pub added_at: Timestamp,
}

/// Documents by id, without a check of rights: the caller has one.
pub struct Documents {
    pub ids: Vec<DocumentId>,
}

impl Query for Documents {
    const NAME: &'static str = "records.documents";
    const CALLERS: &'static [&'static str] =
        &["postbox", "certificates", "desk", "services", "privacy", "sharing", "annotations"];
    type Answer = Vec<DocumentView>;
}

/// All cases of an account, oldest first, without a check of rights: the caller has one.
pub struct CasesOfAccount {
    pub account: AccountId,
}

impl Query for CasesOfAccount {
    const NAME: &'static str = "records.cases-of-account";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = Vec<CaseView>;
}

/// The case with this Aktenzeichen, without a check of rights: the caller has one.
pub struct CaseByNumber {
    pub number: String,
}

impl Query for CaseByNumber {
    const NAME: &'static str = "records.case-by-number";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = Option<CaseView>;
}

/// All documents of a case, oldest first, without a check of rights: the caller has one.
pub struct DocumentsOfCase {
    pub case: CaseId,
}

impl Query for DocumentsOfCase {
    const NAME: &'static str = "records.documents-of-case";
    const CALLERS: &'static [&'static str] = &["privacy", "evidence", "sharing", "annotations"];
    type Answer = Vec<DocumentView>;
}

/// Bytes of every version of every document of a case, without a check of rights: the caller has one.
pub struct FilesOfCase {
    pub case: CaseId,
}

impl Query for FilesOfCase {
    const NAME: &'static str = "records.files-of-case";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = Vec<FileId>;
}

/// The PDF that was made of an office file of a case so that it can be looked at, without a check of rights: the caller
/// has one.
pub struct RenditionOf {
    pub file: FileId,
}

impl Query for RenditionOf {
    const NAME: &'static str = "records.rendition-of";
    const CALLERS: &'static [&'static str] = &["sharing"];
    type Answer = Option<FileId>;
}

/// Closed cases whose retention has ended by this day, that the archive has or does not want, and that nothing holds back;
/// those closed first in front.
pub struct DueForDeletion {
    pub today: Date,
    /// Only those of these, in some hundreds: to show them, or to look again before one is deleted.
    pub only: Option<Vec<CaseId>>,
    pub limit: i64,
}

impl Query for DueForDeletion {
    const NAME: &'static str = "records.due-for-deletion";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = Vec<DueCase>;
}

/// A case that has to be deleted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DueCase {
    pub case: CaseId,
    pub number: String,
    pub closed_at: Timestamp,
    pub retention_years: i64,
    /// The paragraph that says how long it was kept.
    pub retention_basis: String,
    /// First day on which it may be deleted.
    pub deletable_from: Date,
}

/// How often somebody carried data into another system by hand since a moment (Medienbruch), by service. A number of
/// services, never of persons (§ 72 LPVG NRW).
pub struct MediaBreaks {
    pub since: Timestamp,
}

impl Query for MediaBreaks {
    const NAME: &'static str = "records.media-breaks";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = Vec<MediaBreakCount>;
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MediaBreakCount {
    /// Key of the service in the catalogue.
    pub service: String,
    pub count: i64,
}

/// A case was opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseOpenedEvent {
    pub case: CaseId,
    pub number: String,
    pub service: String,
    pub unit: UnitKey,
}

impl Event for CaseOpenedEvent {
    const NAME: &'static str = "records.case-opened";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// A case changed its status.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusChanged {
    pub case: CaseId,
    pub status: Status,
}

impl Event for StatusChanged {
    const NAME: &'static str = "records.status-changed";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}
