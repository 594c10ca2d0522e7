use contract_records::CaseView;
use db::Tx;
use kernel::{CaseId, Cx, DocumentId, Event, Result, Subject, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Note};
use crate::{document::service::document_of, file::service::staff};

/// A note was written, or done. What it says stands in the row only.
#[derive(Serialize, Deserialize)]
struct NoteAdded {
    case: CaseId,
    note: Uuid,
    done: bool,
}

impl Event for NoteAdded {
    const NAME: &'static str = "records.note-added";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// What somebody notes.
pub struct NewNote<'a> {
    pub document: Option<DocumentId>,
    /// Page of the document, from 1.
    pub page: Option<i64>,
    pub text: &'a str,
    pub important: bool,
}

/// Writes a note; whoever sees the case may.
///
/// # Errors
/// `NotFound` for a document of another case.
pub async fn add(cx: &Cx, tx: &mut Tx, case: &CaseView, new: &NewNote<'_>) -> Result<()> {
    if let Some(document) = new.document {
        document_of(tx, case, document).await?;
    }
    let note = Note {
        id: cx.sources.uuid(),
        case_id: case.id,
        document_id: new.document,
        page: new.page,
        staff_id: staff(cx)?,
        at: cx.now(),
        text: new.text.to_owned(),
        important: new.important,
        done_at: None,
    };
    store::add(tx, &note).await?;
    journal::emit(tx, cx, &NoteAdded { case: case.id, note: note.id, done: false }).await?;
    Ok(())
}

/// # Errors
/// `NotFound` for a note of another case, or one that is done.
pub async fn done(cx: &Cx, tx: &mut Tx, case: CaseId, note: Uuid) -> Result<()> {
    store::done(tx, case, note, staff(cx)?, cx.now()).await?;
    journal::emit(tx, cx, &NoteAdded { case, note, done: true }).await?;
    Ok(())
}
