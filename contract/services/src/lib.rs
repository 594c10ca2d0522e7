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
    /// The codes that were chosen, by key of the field: a string, or a list where several could be ticked.
    pub codes: serde_json::Map<String, serde_json::Value>,
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

impl Section {
    /// The title, unless the only label says the same: a page that asks one question is named after it.
    pub fn heading(&self) -> Option<&str> {
        let repeated = matches!(self.rows.as_slice(), [(label, _)] if *label == self.title);
        (!repeated).then_some(&self.title)
    }
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
