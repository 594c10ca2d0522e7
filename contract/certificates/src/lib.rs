//! What the module `certificates` (Bescheinigungen und Bescheide) shows to others: issue, refuse, withdraw.

use kernel::{CaseId, Command, DocumentId, Event, Id, Query, Subject, TaskOutcome, TaskToken, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::id!(
    /// A certificate with a code that anybody can check.
    CertificateId, CertificateKind, "certificate"
);

/// Process task: makes the certificate (Meldebescheinigung, § 18 BMG) of the case from the register's answer.
/// Result: `document` = its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IssueCertificate {
    pub case: CaseId,
    pub token: TaskToken,
    /// Template and kind, e.g. `meldebescheinigung`.
    pub kind: String,
}

impl Command for IssueCertificate {
    const NAME: &'static str = "certificates.issue";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Process task: makes a letter or decision from a template of the city and the texts that the clerk entered in the
/// named user task (asked of the desk). A decision type that is a Verwaltungsakt cannot be made without its remedy text.
/// Result: `document` = its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WriteLetter {
    pub case: CaseId,
    pub token: TaskToken,
    /// Key of the decision type in the city's data (`decisions.toml`): template, remedy, fee row.
    pub decision: String,
    /// Element id of the user task whose texts give the reasons; empty for none.
    #[serde(default)]
    pub task: String,
}

impl Command for WriteLetter {
    const NAME: &'static str = "certificates.write-letter";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Makes a plain letter (Mitteilung) in a case from ready sentences, for somebody without a postbox. The document comes
/// later, with [`NoteWritten`]; the same reference twice makes one letter.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WriteNote {
    pub case: CaseId,
    /// The caller's name for the letter.
    pub reference: Uuid,
    /// Subject of the letter and title of the document, in German.
    pub title: String,
    pub paragraphs: Vec<String>,
}

impl Command for WriteNote {
    const NAME: &'static str = "certificates.write-note";
    const CALLERS: &'static [&'static str] = &["postbox"];
    type Answer = ();
}

/// Certificates issued in a case.
pub struct CertificatesOf {
    pub case: CaseId,
}

impl Query for CertificatesOf {
    const NAME: &'static str = "certificates.of-case";
    const CALLERS: &'static [&'static str] = &["postbox", "desk", "records", "privacy"];
    type Answer = Vec<CertificateId>;
}

/// A letter asked for by [`WriteNote`] lies in the case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteWritten {
    pub case: CaseId,
    pub reference: Uuid,
    pub document: DocumentId,
}

impl Event for NoteWritten {
    const NAME: &'static str = "certificates.note-written";
    fn subject(&self) -> Subject {
        self.document.into()
    }
}

/// A certificate was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateIssued {
    pub certificate: CertificateId,
    pub case: CaseId,
    pub kind: String,
}

impl Event for CertificateIssued {
    const NAME: &'static str = "certificates.issued";
    fn subject(&self) -> Subject {
        let id: Id<CertificateKind> = self.certificate;
        id.into()
    }
}
