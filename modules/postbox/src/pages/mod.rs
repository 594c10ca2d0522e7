//! The postbox for applicants, the print stack for staff, and both on the page of a case.

pub mod citizen;
pub mod clerk;

use contract_records::DocumentView;
use db::Rx;
use kernel::Result;
use ui::Page;

/// A document of a case as a link.
pub struct Linked {
    pub title: String,
    pub href: String,
    /// Why it is not opened, in a few words.
    pub lock: Option<String>,
}

impl Linked {
    async fn all(page: &Page, rx: &mut Rx, documents: &[DocumentView], staff: bool) -> Result<Vec<Self>> {
        let files: Vec<_> = documents.iter().map(|document| document.file).collect();
        let mut locks = house::locked_files(page, rx, &files).await?;
        let prefix = if staff { "/intern" } else { "" };
        let linked = documents.iter().map(|document| Self {
            title: document.title.clone(),
            href: format!("{prefix}/vorgang/{}/dokument/{}", document.case, document.id),
            lock: locks.remove(&document.file),
        });
        Ok(linked.collect())
    }
}
