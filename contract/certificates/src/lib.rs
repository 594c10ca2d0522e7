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
