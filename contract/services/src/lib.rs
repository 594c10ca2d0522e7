//! What the module `services` (Bürgerportal) shows to others: the application behind a case.

use kernel::{CaseId, Query};
use serde::Serialize;

/// The submitted application of a case, as text for reading and as typed answers.
pub struct ApplicationOf {
    pub case: CaseId,
}

impl Query for ApplicationOf {
    const NAME: &'static str = "services.application-of";
    const CALLERS: &'static [&'static str] = &["desk", "certificates", "postbox", "privacy"];
    type Answer = Option<Application>;
}

#[derive(Clone, Debug, Serialize)]
pub struct Application {
    pub service: String,
    pub form: String,
    pub form_version: i64,
    pub answers: serde_json::Value,
    /// Sections with label and value, as the applicant saw them before submitting.
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Section {
    pub title: String,
    pub rows: Vec<(String, String)>,
}
