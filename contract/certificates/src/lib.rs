//! What the module `certificates` (Bescheinigungen und Bescheide) shows to others: issue, refuse, withdraw.

use kernel::{CaseId, Command, Event, Id, Query, Subject, TaskOutcome, TaskToken};
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
/// named user task. A decision type that is a Verwaltungsakt cannot be made without its remedy text.
/// Result: `document` = its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WriteLetter {
    pub case: CaseId,
    pub token: TaskToken,
    /// Key of the decision type in the city's data (`decisions.toml`): template, remedy, fee row.
    pub decision: String,
}

impl Command for WriteLetter {
    const NAME: &'static str = "certificates.write-letter";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// The texts that a letter of this case is made of, noted by the desk when a clerk decides.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoteReasons {
    pub case: CaseId,
    /// Element id of the user task in the process.
    pub task: String,
    /// Answers of the task form: key → text as shown.
    pub texts: Vec<(String, String)>,
}

impl Command for NoteReasons {
    const NAME: &'static str = "certificates.note-reasons";
    const CALLERS: &'static [&'static str] = &["desk"];
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
