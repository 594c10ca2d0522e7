//! What the module `guidelines` (Richtlinien zur Anwendung, Rechtskonzept) shows to others: the paragraphs that govern a
//! button, so that they stand beside it.

use kernel::{Date, Query};

/// The paragraphs in force today that govern a button, e.g. `records.close`.
pub struct Beside {
    pub button: &'static str,
}

impl Query for Beside {
    const NAME: &'static str = "guidelines.beside";
    const CALLERS: &'static [&'static str] = &["records", "privacy", "circulation", "disposal"];
    type Answer = Vec<Paragraph>;
}

/// One paragraph as it reads today.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paragraph {
    pub key: String,
    pub title: String,
    /// Document and place in it, e.g. `Richtlinien zur Anwendung, Nr. 4`.
    pub source: String,
    pub version: i64,
    pub valid_from: Date,
    /// One text for each paragraph of running text, in German.
    pub text: Vec<String>,
    /// The member of staff who asks has acknowledged this version. True for whoever is no member of staff.
    pub acknowledged: bool,
    /// Where it stands among the others.
    pub href: String,
    /// Where acknowledging it is posted to.
    pub acknowledge_href: String,
}
