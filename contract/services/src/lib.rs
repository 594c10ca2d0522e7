//! What the module `services` (Bürgerportal) shows to others: the application behind a case, and what the city does
//! with personal data.

use kernel::{CaseId, Event, Money, Query, Subject};
use serde::{Deserialize, Serialize};

/// The submitted application of a case, as text for reading and as typed answers. Whoever asks has checked that the
/// person may see the case.
pub struct ApplicationOf {
    pub case: CaseId,
}

impl Query for ApplicationOf {
    const NAME: &'static str = "services.application-of";
    const CALLERS: &'static [&'static str] = &["desk", "certificates", "postbox", "registers", "privacy"];
    type Answer = Option<Application>;
}

#[derive(Clone, Debug, Serialize)]
pub struct Application {
    pub service: String,
    pub form: String,
    pub form_version: i64,
    /// Answers by key, computed values and the facts of the moment (`forms::Complete`).
    pub answers: serde_json::Value,
    /// Sections with label and value, as the applicant saw them before submitting.
    pub sections: Vec<Section>,
    /// The same in German, for the office.
    pub sections_german: Vec<Section>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Section {
    pub title: String,
    /// Label and value; lines of a value are parted by `\n`.
    pub rows: Vec<(String, String)>,
}

/// An application was submitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplicationSubmitted {
    pub case: CaseId,
    pub service: String,
    pub form: String,
    pub form_version: i64,
    /// Level of the session, `ohne` without one.
    pub level: String,
    pub fee_cents: Money,
    pub uploads: usize,
}

impl Event for ApplicationSubmitted {
    const NAME: &'static str = "services.submitted";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// What the city does with personal data in its online services, from the services' own data: the entries of the
/// record of processing activities (Verzeichnis von Verarbeitungstätigkeiten, Art. 30 DSGVO).
pub struct ProcessingRegister;

impl Query for ProcessingRegister {
    const NAME: &'static str = "services.processing-register";
    const CALLERS: &'static [&'static str] = &["privacy"];
    type Answer = Vec<ProcessingEntry>;
}

/// One entry of the record, in the language of the context.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ProcessingEntry {
    pub service: String,
    pub title: String,
    /// Leading organisation unit.
    pub unit: String,
    pub purpose: String,
    pub legal_basis: Vec<String>,
    /// Categories of personal data (Art. 30 (1) (c)).
    pub data: Vec<String>,
    /// Those of them that are special categories (Art. 9).
    pub special: Vec<String>,
    pub recipients: Vec<String>,
    /// Time limits for erasure (Art. 30 (1) (f)).
    pub retention: Vec<String>,
}
