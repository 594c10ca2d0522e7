//! The postbox for applicants, the print stack for staff, and both on the page of a case.

pub mod citizen;
pub mod clerk;

use contract_records::DocumentView;

/// A document of a case as a link.
pub struct Linked {
    pub title: String,
    pub href: String,
}

impl Linked {
    fn of(document: &DocumentView, staff: bool) -> Self {
        let prefix = if staff { "/intern" } else { "" };
        let href = format!("{prefix}/vorgang/{}/dokument/{}", document.case, document.id);
        Self { title: document.title.clone(), href }
    }
}
