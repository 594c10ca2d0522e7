use contract_records::{CaseView, CasesSeen, Documents, FileSeen, FilesSeen};
use db::{Rx, Tx};
use house::Call;
use kernel::{CaseId, Cx, DocumentId, Error, Event, Result, Subject, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Note};
use crate::staff;

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
        let found = cx.ask(tx, Documents { ids: vec![document] }).await?;
        if found.iter().all(|found| found.case != case.id) {
            return Err(Error::NotFound);
        }
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

/// Cases and files that the actor has marked and may still see, the last mark first.
pub async fn marked(cx: &Cx, rx: &mut Rx) -> Result<(Vec<CaseView>, Vec<FileSeen>)> {
    let most = usize::try_from(store::MOST).unwrap_or(0);
    let (mut cases, mut files): (Vec<CaseView>, Vec<FileSeen>) = (Vec::new(), Vec::new());
    let (me, mut after) = (staff(cx)?, (store::LAST, Uuid::max()));
    // What is hidden from the actor must not fill the list: what comes behind it is theirs as well.
    loop {
        let marks = store::marks(rx, me, after).await?;
        let (of_cases, of_files): (Vec<_>, Vec<_>) = marks.iter().partition(|mark| mark.kind == "case");
        let ids = of_cases.iter().map(|mark| CaseId::from_uuid(mark.target)).collect();
        let seen_cases = cx.ask(rx, CasesSeen { ids }).await?;
        let seen_files = cx.ask(rx, FilesSeen { ids: of_files.iter().map(|mark| mark.target).collect() }).await?;
        for mark in &marks {
            cases.extend(seen_cases.iter().find(|case| case.id.uuid() == mark.target).cloned());
            files.extend(seen_files.iter().find(|file| file.id == mark.target).cloned());
        }
        match marks.last() {
            Some(last) if marks.len() == most && cases.len() + files.len() < most => after = (last.at, last.target),
            _ => return Ok((cases, files)),
        }
    }
}
