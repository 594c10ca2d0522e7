//! What the module `annotations` (Notizen, Verweise, Ansprechpartner, Merkliste) shows to others: the words of notes. The
//! rest it shows itself, in parts of the pages of cases, files and documents.

use kernel::{CaseId, Query};

/// The words of a case's notes, the newest first, 200 notes at most, without a check of rights: the caller makes them found
/// by those only who see the case.
pub struct NoteTexts {
    pub case: CaseId,
}

impl Query for NoteTexts {
    const NAME: &'static str = "annotations.note-texts";
    const CALLERS: &'static [&'static str] = &["records"];
    type Answer = Vec<String>;
}
