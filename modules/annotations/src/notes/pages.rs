use std::collections::HashMap;

use askama::Template;
use axum::Form;
use contract_records::{CaseView, DocumentsOfCase, FileSeen, FilesSeen, VisibleCase};
use db::Rx;
use house::{Answer, Call, Path, Req, Viewed};
use kernel::{CaseId, DocumentId, Error, Result, StaffId, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page};

use super::{
    service::{self, NewNote},
    store::{self, Note},
};
use crate::staff;

/// Longest note, in characters.
const LONGEST: usize = 2000;
/// Last page that a note can be about.
const LAST_PAGE: i64 = 99_999;

/// The names of these members of staff.
async fn names(rx: &mut Rx, ids: impl Iterator<Item = StaffId>) -> Result<HashMap<StaffId, String>> {
    let mut names = HashMap::new();
    for id in ids {
        if let std::collections::hash_map::Entry::Vacant(free) = names.entry(id) {
            free.insert(identity::staff_line(rx, id).await?.name);
        }
    }
    Ok(names)
}

struct Line {
    note: Note,
    author: String,
    /// Title of the document it is about; empty for the whole case.
    about: String,
}

#[derive(Template)]
#[template(path = "notes_panel.html")]
struct Panel<'a> {
    page: &'a Page,
    case: CaseId,
    lines: Vec<Line>,
    marked: bool,
}

/// Notes of a case, and whether the reader has marked it.
pub async fn panel(rq: &Req, rx: &mut Rx, id: CaseId) -> Result<Option<String>> {
    let page = rq.untitled();
    let notes = store::of_case(rx, id).await?;
    let authors: HashMap<StaffId, String> = names(rx, notes.iter().map(|note| note.staff_id)).await?;
    let documents = match notes.is_empty() {
        true => Vec::new(),
        false => rq.cx.ask(rx, DocumentsOfCase { case: id }).await?,
    };
    let lines = notes.into_iter().map(|note| Line {
        author: authors.get(&note.staff_id).cloned().unwrap_or_default(),
        about: documents
            .iter()
            .find(|document| Some(document.id) == note.document_id)
            .map(|document| document.title.clone())
            .unwrap_or_default(),
        note,
    });
    let lines = lines.collect();
    let marked = store::is_marked(rx, staff(&rq.cx)?, id.uuid()).await?;
    Panel { page: &page, case: id, lines, marked }.render().map(Some).map_err(Error::internal)
}

#[derive(Template)]
#[template(path = "document_panel.html")]
struct DocumentPanel<'a> {
    page: &'a Page,
    case: CaseId,
    document: DocumentId,
    version: i64,
    /// With their authors' names.
    notes: Vec<(Note, String)>,
}

impl DocumentPanel<'_> {
    fn page_href(&self, page: &i64) -> String {
        format!("/intern/dokument/{}/ansehen?fassung={}&seite={page}", self.document, self.version)
    }
}

/// Notes on one document, and a form for the next.
pub async fn document_panel(rq: &Req, rx: &mut Rx, viewed: Viewed) -> Result<Option<String>> {
    let Viewed::Document { case, document, version } = viewed else { return Ok(None) };
    let notes = store::of_document(rx, case, document).await?;
    let authors = names(rx, notes.iter().map(|note| note.staff_id)).await?;
    let named = notes.into_iter().map(|note| {
        let author = authors.get(&note.staff_id).cloned().unwrap_or_default();
        (note, author)
    });
    let (page, notes) = (rq.untitled(), named.collect());
    DocumentPanel { page: &page, case, document, version, notes }.render().map(Some).map_err(Error::internal)
}

#[derive(Deserialize, Default)]
pub struct NoteForm {
    #[serde(default)]
    text: String,
    #[serde(default, rename = "wichtig")]
    important: String,
    #[serde(default, rename = "dokument")]
    document: String,
    #[serde(default, rename = "seite")]
    page: String,
    /// `ansicht`: back to the document where the note was written.
    #[serde(default, rename = "von")]
    from: String,
}

#[derive(Template)]
#[template(path = "note.html")]
struct NotePage<'a> {
    page: &'a Page,
    case: CaseView,
    documents: Vec<Choice>,
    asked: NoteForm,
    errors: Errors,
}

impl NotePage<'_> {
    fn important(&self) -> bool {
        self.asked.important == "ja"
    }
}

async fn shown<'a>(rq: &Req, page: &'a Page, case: CaseView, asked: NoteForm, errors: Errors) -> Result<NotePage<'a>> {
    let documents = rq.cx.ask(&mut rq.city.db.read().await?, DocumentsOfCase { case: case.id }).await?;
    let documents = documents.into_iter().map(|document| {
        let id = document.id.to_string();
        let selected = id == asked.document;
        Choice::new(id, document.title).selected(selected)
    });
    Ok(NotePage { page, case, documents: documents.collect(), asked, errors })
}

async fn seen(rq: &Req, id: CaseId) -> Result<CaseView> {
    rq.cx.ask(&mut rq.city.db.read().await?, VisibleCase { case: id }).await
}

pub async fn new_note(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let case = seen(&rq, id).await?;
    let page = rq.page("annotations-note-new");
    rq.html(&shown(&rq, &page, case, NoteForm::default(), Errors::new()).await?)
}

pub async fn add(rq: Req, Path(id): Path<CaseId>, Form(asked): Form<NoteForm>) -> Answer {
    let case = seen(&rq, id).await?;
    let page = rq.page("annotations-note-new");
    let text = asked.text.trim();
    let mut errors = Errors::new();
    if text.is_empty() {
        errors.push("text", page.t("annotations-note-missing"));
    } else if text.chars().count() > LONGEST {
        errors.push("text", page.t1("annotations-note-long", "max", LONGEST));
    }
    let typed = asked.page.trim();
    let number = typed.parse::<i64>().ok().filter(|number| (1..=LAST_PAGE).contains(number));
    if !typed.is_empty() && number.is_none() {
        errors.push("seite", page.t("annotations-note-page-wrong"));
    } else if number.is_some() && asked.document.is_empty() {
        errors.push("seite", page.t("annotations-note-page-of-none"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, case, asked, errors).await?);
    }
    let document = asked.document.parse::<DocumentId>().ok();
    let important = asked.important == "ja";
    let new = NewNote { document, page: number, text, important };
    db::write!(rq.city.db, |tx| { service::add(&rq.cx, tx, &case, &new).await })?;
    let back = match document {
        Some(document) if asked.from == "ansicht" => format!("/intern/dokument/{document}/ansehen"),
        _ => format!("/intern/vorgang/{id}"),
    };
    rq.see_other_with(back, "annotations-done-note")
}

pub async fn done(rq: Req, Path((id, note)): Path<(CaseId, Uuid)>) -> Answer {
    let case = seen(&rq, id).await?;
    db::write!(rq.city.db, |tx| { service::done(&rq.cx, tx, case.id, note).await })?;
    rq.see_other_with(format!("/intern/vorgang/{id}"), "annotations-done-note-done")
}

#[derive(Deserialize)]
pub struct MarkForm {
    /// `nein` takes the mark away.
    #[serde(default)]
    merken: String,
}

pub async fn mark_case(rq: Req, Path(id): Path<CaseId>, Form(sent): Form<MarkForm>) -> Answer {
    let (case, me) = (seen(&rq, id).await?, staff(&rq.cx)?);
    mark(&rq, me, "case", case.id.uuid(), &sent).await?;
    rq.see_other(format!("/intern/vorgang/{id}"))
}

pub async fn mark_file(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<MarkForm>) -> Answer {
    let me = staff(&rq.cx)?;
    let files = rq.cx.ask(&mut rq.city.db.read().await?, FilesSeen { ids: vec![id] }).await?;
    let file = files.first().ok_or(Error::NotFound)?;
    mark(&rq, me, "file", file.id, &sent).await?;
    rq.see_other(format!("/intern/akte/{id}"))
}

async fn mark(rq: &Req, me: StaffId, kind: &str, target: Uuid, sent: &MarkForm) -> Result<()> {
    db::write!(rq.city.db, |tx| {
        match sent.merken.as_str() {
            "nein" => store::unmark(tx, me, target).await,
            _ => store::mark(tx, me, kind, target, rq.cx.now()).await,
        }
    })
}

#[derive(Template)]
#[template(path = "marked.html")]
struct Marked<'a> {
    page: &'a Page,
    cases: Vec<CaseView>,
    files: Vec<FileSeen>,
}

pub async fn marked(rq: Req) -> Answer {
    let (cases, files) = service::marked(&rq.cx, &mut rq.city.db.read().await?).await?;
    let page = rq.page("annotations-marked-title");
    rq.html(&Marked { page: &page, cases, files })
}
