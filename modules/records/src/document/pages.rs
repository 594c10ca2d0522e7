use std::collections::HashMap;

use askama::Template;
use axum::{
    Form,
    extract::{Multipart, Query},
};
use contract_records::{CaseView, DocumentView};
use convert::Format;
use files::{Accept, Refusal, Scan, Stored, Type};
use house::{Answer, Cut, FormData, Path, Req, attachment};
use kernel::{CaseId, DocumentId, Error, FileId, Result, StaffId};
use serde::Deserialize;
use ui::{Errors, Flash, Page, Tone};

use super::{
    service::{self, Saved, Upload},
    store::{self, Checkout, Version},
};
use crate::{
    capture::{
        pages::capture,
        service::{in_sets, local},
        store::{self as mails, Enclosed},
    },
    file::pages::title_of,
    pages::{self, Place},
    store as cases,
};

/// Largest document, in bytes.
const MAX_FILE: usize = 20 * 1024 * 1024;
/// Largest text field, in bytes.
const MAX_FIELD: usize = 10_000;
/// Longest note, in characters.
const MAX_NOTE: usize = 500;
/// Files that are taken at once.
const MOST_FILES: usize = 50;
/// An e-mail that was filed before.
const KNOWN: &str = "records-done-mail-known-fehler";
const ACCEPT: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: MAX_FILE };

/// What a form with one file sent.
#[derive(Default)]
struct Sent {
    title: String,
    note: String,
    based_on: i64,
    name: String,
    /// None: larger than allowed.
    bytes: Option<Vec<u8>>,
    /// The body ended before its end.
    cut: Option<Cut>,
}

/// Reads the form of a version, or as much of it as came: the note goes back to the page.
async fn read(form: Multipart) -> Sent {
    let (mut form, mut sent) = (FormData::new(form), Sent::default());
    while let Some(mut field) = form.next().await {
        match field.name() {
            "datei" => {
                sent.name = field.file_name().unwrap_or_default().to_owned();
                sent.bytes = field.bytes(MAX_FILE).await;
            }
            "notiz" => {
                let note = field.text(MAX_FIELD).await.unwrap_or_default();
                sent.note = note.trim().chars().take(MAX_NOTE).collect();
            }
            "stand" => sent.based_on = field.text(MAX_FIELD).await.and_then(|text| text.parse().ok()).unwrap_or(0),
            _ => {}
        }
    }
    sent.cut = form.cut();
    sent
}

/// The media type of the file, by its content, or what is wrong with it.
fn media_type(page: &Page, sent: &Sent) -> Result<&'static str, String> {
    let name = files::clean_name(&sent.name);
    match &sent.bytes {
        _ if sent.cut == Some(Cut::Broken) => Err(page.t("records-upload-broken")),
        _ if sent.cut == Some(Cut::TooLarge) => Err(page.t1("records-upload-too-large", "mb", MAX_FILE / 1024 / 1024)),
        _ if sent.name.is_empty() => Err(page.t("records-upload-missing")),
        None => Err(page.t1("records-upload-too-large", "mb", MAX_FILE / 1024 / 1024)),
        Some(bytes) => match files::accept(bytes, ACCEPT) {
            Ok(kind) => Ok(kind.media_type()),
            Err(refusal) => {
                // Office files are archives, which look like something hidden in something else.
                let perhaps = matches!(refusal, Refusal::WrongType | Refusal::Suspicious);
                let text = || page.t1(&format!("records-{}", refusal.code()), "name", name.as_str());
                office(bytes, &name).filter(|_| perhaps).ok_or_else(text)
            }
        },
    }
}

/// The same; the fault goes to the field.
fn checked(page: &Page, errors: &mut Errors, sent: &Sent) -> Option<&'static str> {
    media_type(page, sent).map_err(|fault| errors.push("datei", fault)).ok()
}

/// A file of an office program without macros.
fn office(bytes: &[u8], name: &str) -> Option<&'static str> {
    Format::of(bytes, name).and_then(Format::media_type).filter(|_| !Format::has_macros(bytes))
}

struct Line {
    document: DocumentView,
    newest: i64,
    conflicts: usize,
    holder: Option<Checkout>,
    /// Of an e-mail who sent it when, of an enclosure what it came in.
    note: String,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct Documents<'a> {
    page: &'a Page,
    case: CaseView,
    caption: String,
    lines: Vec<Line>,
    /// Address of the page with the next ones; empty on the last.
    next: String,
    names: HashMap<StaffId, String>,
    /// Bytes that are not opened, and why.
    locks: HashMap<FileId, String>,
    may_write: bool,
    typed: String,
    errors: Errors,
}

impl Documents<'_> {
    fn name(&self, holder: &Checkout) -> &str {
        self.names.get(&holder.staff_id).map_or("", String::as_str)
    }
}

/// The case with its page's title, for who sees it.
async fn case_of(rq: &Req, id: CaseId) -> Result<(CaseView, Page)> {
    let staff = crate::file::service::staff(&rq.cx)?;
    let case = cases::case_for_staff(&mut rq.city.db.read().await?, id, staff).await?;
    let mut page = rq.untitled();
    page.title = page.t1("records-documents-of", "number", case.number.as_str());
    Ok((case, page))
}

pub async fn names(rx: &mut db::Rx, ids: impl Iterator<Item = StaffId>) -> Result<HashMap<StaffId, String>> {
    let mut names = HashMap::new();
    for id in ids {
        if let std::collections::hash_map::Entry::Vacant(free) = names.entry(id) {
            free.insert(identity::staff_line(rx, id).await?.name);
        }
    }
    Ok(names)
}

/// What is said of e-mails and their enclosures in the list.
async fn notes(
    page: &Page,
    rx: &mut db::Rx,
    case: &CaseView,
    documents: &[DocumentView],
    enclosed: &[Enclosed],
) -> Result<HashMap<DocumentId, String>> {
    let mut notes = HashMap::new();
    for enclosed in enclosed {
        let parent = documents.iter().find(|document| document.id == enclosed.parent_id);
        if let Some(parent) = parent {
            notes.insert(enclosed.document_id, page.t1("records-mail-enclosed", "title", parent.title.as_str()));
        }
    }
    for mail in mails::of_case(rx, case.id).await? {
        let note = match mail.sent_at {
            Some(at) => page.t2("records-mail-line", "sender", mail.sender, "sent", local(at)),
            None => page.t1("records-mail-undated", "sender", mail.sender),
        };
        notes.insert(mail.document_id, note);
    }
    Ok(notes)
}

async fn list<'a>(
    rq: &Req,
    page: &'a Page,
    case: CaseView,
    place: &Place,
    typed: String,
    errors: Errors,
) -> Result<Documents<'a>> {
    let mut rx = rq.city.db.read().await?;
    let found = pages::Documents::read(&mut rx, page, case.id, true, place).await?;
    let mut lines = Vec::new();
    if let (Some(first), Some(last)) = (found.shown.first(), found.shown.last()) {
        let (first, last) = (first.added_at, last.added_at);
        let versions = store::versions_between(&mut rx, case.id, first, last).await?;
        let holders = store::checkouts_between(&mut rx, case.id, first, last, rq.cx.now()).await?;
        let mut holders: HashMap<_, _> = holders.into_iter().map(|holder| (holder.document_id, holder)).collect();
        let mut of_document: HashMap<DocumentId, Vec<Version>> = HashMap::new();
        for version in versions {
            of_document.entry(version.document_id).or_default().push(version);
        }
        let enclosed = mails::enclosed(&mut rx, case.id).await?;
        let mut notes = notes(page, &mut rx, &case, &found.shown, &enclosed).await?;
        for document in in_sets(found.shown, &enclosed) {
            let versions = of_document.remove(&document.id).unwrap_or_default();
            let holder = holders.remove(&document.id);
            let newest = service::newest(&versions);
            let conflicts = service::open_conflicts(&versions).count();
            let note = notes.remove(&document.id).unwrap_or_default();
            lines.push(Line { document, newest, conflicts, holder, note });
        }
    }
    let what = page.t("records-documents");
    let caption = if found.part.is_empty() { what } else { format!("{what}: {}", found.part) };
    let next = match found.next.as_str() {
        "" => String::new(),
        next => format!("/intern/vorgang/{}/dokumente{next}", case.id),
    };
    let names = names(&mut rx, lines.iter().filter_map(|line| Some(line.holder.as_ref()?.staff_id))).await?;
    let may_write = service::may_write(&rq.cx, &mut rx, &case).await.is_ok();
    let files: Vec<FileId> = lines.iter().map(|line| line.document.file).collect();
    let locks = house::locked_files(page, &mut rx, &files).await?;
    Ok(Documents { page, case, caption, lines, next, names, locks, may_write, typed, errors })
}

pub async fn documents(rq: Req, Path(id): Path<CaseId>, Query(place): Query<Place>) -> Answer {
    let (case, page) = case_of(&rq, id).await?;
    rq.html(&list(&rq, &page, case, &place, String::new(), Errors::new()).await?)
}

pub async fn add(rq: Req, Path(id): Path<CaseId>, form: Multipart) -> Answer {
    let (case, page) = case_of(&rq, id).await?;
    service::may_write(&rq.cx, &mut rq.city.db.read().await?, &case).await?;
    let (mut form, mut added) = (FormData::new(form), Added::default());
    let (mut title, mut first) = (String::new(), None::<Sent>);
    while let Some(mut field) = form.next().await {
        match field.name() {
            "titel" => title = field.text(MAX_FIELD).await.unwrap_or_default(),
            "datei" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let bytes = field.bytes(MAX_FILE).await;
                let file = Sent { name, bytes, cut: field.cut(), ..Sent::default() };
                if file.name.is_empty() {
                    continue;
                }
                // Whether there are several is known at the second one. Then each is stored as it comes, so that two of
                // them are in memory at most.
                if added.seen == 0 && first.is_none() {
                    first = Some(file);
                } else {
                    for file in first.take().into_iter().chain([file]) {
                        added.take(&rq, &page, &case, file).await?;
                    }
                }
            }
            _ => {}
        }
    }
    let cut = form.cut();
    let mut errors = Errors::new();
    if added.seen == 0 {
        // One alone has the typed title, or as the others the name of the file.
        if !title.trim().is_empty() {
            title_of(&page, &mut errors, "titel", &title);
        }
        if errors.is_empty() {
            let only = Sent { title: title.clone(), cut, ..first.unwrap_or_default() };
            match store_one(&rq, &page, &case, only, &mut added.patience).await? {
                Ok(notice) => return rq.see_other_with(format!("/intern/vorgang/{id}/dokumente"), notice),
                Err(fault) => errors.push("datei", fault),
            }
        }
    } else if cut.is_some() {
        // Where the body ended nobody knows how many there would have been.
        added.faults.push(page.t("records-upload-rest"));
    }
    let stored = added.notice();
    if let Some(notice) = stored.filter(|_| added.faults.is_empty()) {
        return rq.see_other_with(format!("/intern/vorgang/{id}/dokumente"), notice);
    }
    for fault in added.faults {
        errors.push("datei", fault);
    }
    let mut page = page.checked(&errors);
    page.flash = stored.map(|notice| Flash { tone: Tone::Info, text: page.t(notice) });
    rq.invalid(&list(&rq, &page, case, &Place::default(), title, errors).await?)
}

/// Stores a file as a document; what to say of it, or what is wrong with it.
async fn store_one(
    rq: &Req,
    page: &Page,
    case: &CaseView,
    sent: Sent,
    patience: &mut files::Patience,
) -> Result<Result<&'static str, String>> {
    let whole = sent.bytes.as_deref().filter(|_| sent.cut.is_none());
    if let Some(mail) = whole.and_then(|bytes| message::kind_of(&sent.name, bytes)) {
        // A message brings its own title: its subject.
        return capture(rq, page, case, mail, &sent.name, sent.bytes.unwrap_or_default()).await;
    }
    let media_type = match media_type(page, &sent) {
        Ok(media_type) => media_type,
        Err(fault) => return Ok(Err(fault)),
    };
    let title = Some(sent.title.trim().to_owned()).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| files::clean_name(&sent.name));
    let stored = rq.city.files.take_in_within(&rq.cx, sent.bytes.unwrap_or_default(), patience).await?;
    let upload = Upload { stored: &stored, name: &sent.name, media_type };
    db::write!(rq.city.db, |tx| { service::add(&rq.cx, tx, case, title.clone(), &upload).await })?;
    Ok(Ok(told(&stored).unwrap_or("records-done-document")))
}

/// What became of several files that came at once. Each is a document of its own, so that one that is refused takes no
/// other with it.
#[derive(Default)]
struct Added {
    seen: usize,
    /// Of each file that was refused its name and why.
    faults: Vec<String>,
    /// What is to be said of those that were stored.
    notices: Vec<&'static str>,
    patience: files::Patience,
}

impl Added {
    async fn take(&mut self, rq: &Req, page: &Page, case: &CaseView, file: Sent) -> Result<()> {
        let name = files::clean_name(&file.name);
        self.seen += 1;
        let outcome = match self.seen {
            _ if file.cut.is_some() => Err(page.t("records-upload-broken")),
            0..=MOST_FILES => store_one(rq, page, case, file, &mut self.patience).await?,
            _ => Err(page.t1("records-upload-many", "max", MOST_FILES)),
        };
        match outcome {
            Ok(KNOWN) => self.faults.push(page.t2("records-upload-refused", "name", name, "why", page.t(KNOWN))),
            Ok(notice) => self.notices.push(notice),
            // Some faults name the file themselves.
            Err(fault) if fault.contains(&name) => self.faults.push(fault),
            Err(fault) => self.faults.push(page.t2("records-upload-refused", "name", name, "why", fault)),
        }
        Ok(())
    }

    /// What to say of those that were stored, if any: what matters most.
    fn notice(&self) -> Option<&'static str> {
        let told = [
            ("records-done-infected-fehler", "records-done-several-infected-fehler"),
            ("records-done-mail-without", "records-done-several-without"),
            ("records-done-unchecked", "records-done-several-unchecked"),
            ("records-done-mail-unchecked", "records-done-several-unchecked"),
        ];
        let told = told.iter().find(|(one, _)| self.notices.contains(one)).map(|(_, several)| *several);
        told.or_else(|| (!self.notices.is_empty()).then_some("records-done-several"))
    }
}

/// What to say of a file that was kept and is not opened.
fn told(stored: &Stored) -> Option<&'static str> {
    match stored.scan {
        Scan::Infected { .. } => Some("records-done-infected-fehler"),
        Scan::Unchecked => Some("records-done-unchecked"),
        Scan::Own | Scan::Clean { .. } | Scan::Elsewhere { .. } => None,
    }
}

#[derive(Template)]
#[template(path = "versions.html")]
struct Versions<'a> {
    page: &'a Page,
    case: CaseView,
    document: DocumentView,
    versions: Vec<Version>,
    conflicts: Vec<i64>,
    names: HashMap<StaffId, String>,
    /// Bytes that are not opened, and why.
    locks: HashMap<FileId, String>,
    holder: Option<Checkout>,
    mine: bool,
    may_write: bool,
    note: String,
    errors: Errors,
}

impl Versions<'_> {
    fn author(&self, version: &Version) -> &str {
        version.staff_id.as_ref().and_then(|staff| self.names.get(staff)).map_or("", String::as_str)
    }

    fn holder_name(&self, holder: &Checkout) -> &str {
        self.names.get(&holder.staff_id).map_or("", String::as_str)
    }

    fn newest(&self) -> i64 {
        service::newest(&self.versions)
    }

    fn is_valid(&self, version: &Version) -> bool {
        service::valid(&self.versions, self.document.file) == Some(version.n)
    }

    fn base(&self) -> String {
        format!("/intern/vorgang/{}/dokument/{}", self.case.id, self.document.id)
    }
}

async fn page_of<'a>(
    rq: &Req,
    page: &'a Page,
    case: CaseView,
    id: DocumentId,
    note: String,
    errors: Errors,
) -> Result<Versions<'a>> {
    let mut rx = rq.city.db.read().await?;
    let document = service::document_of(&mut rx, &case, id).await?;
    let versions = store::versions(&mut rx, id).await?;
    let holder = service::holder(&rq.cx, &mut rx, id).await?;
    let ids = versions.iter().filter_map(|v| v.staff_id).chain(holder.as_ref().map(|h| h.staff_id));
    let names = names(&mut rx, ids).await?;
    let mine = holder.as_ref().is_some_and(|holder| Some(holder.staff_id) == rq.cx.actor.staff());
    let may_write = service::may_write(&rq.cx, &mut rx, &case).await.is_ok();
    let conflicts = service::open_conflicts(&versions).map(|version| version.n).collect();
    let files: Vec<FileId> = versions.iter().map(|version| version.file_id).chain([document.file]).collect();
    let locks = house::locked_files(page, &mut rx, &files).await?;
    Ok(Versions { page, case, document, versions, conflicts, names, locks, holder, mine, may_write, note, errors })
}

pub async fn versions(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    let (case, page) = case_of(&rq, case).await?;
    rq.html(&page_of(&rq, &page, case, document, String::new(), Errors::new()).await?)
}

pub async fn save(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>, form: Multipart) -> Answer {
    let (case, page) = case_of(&rq, case).await?;
    service::may_write(&rq.cx, &mut rq.city.db.read().await?, &case).await?;
    let view = service::document_of(&mut rq.city.db.read().await?, &case, document).await?;
    let sent = read(form).await;
    let mut errors = Errors::new();
    let Some(media_type) = checked(&page, &mut errors, &sent) else {
        let page = page.checked(&errors);
        return rq.invalid(&page_of(&rq, &page, case, document, sent.note, errors).await?);
    };
    let stored = rq.city.files.take_in(&rq.cx, sent.bytes.unwrap_or_default()).await?;
    let upload = Upload { stored: &stored, name: &sent.name, media_type };
    let saved = db::write!(rq.city.db, |tx| {
        service::save(&rq.cx, tx, &case, &view, sent.based_on, &sent.note, &upload).await
    })?;
    let notice = told(&stored).unwrap_or(match saved {
        Saved::Newest => "records-done-version",
        Saved::Conflict => "records-done-conflict-fehler",
    });
    rq.see_other_with(format!("/intern/vorgang/{}/dokument/{document}/fassungen", case.id), notice)
}

pub async fn check_out(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    let (case, _) = case_of(&rq, case).await?;
    service::document_of(&mut rq.city.db.read().await?, &case, document).await?;
    db::write!(rq.city.db, |tx| { service::check_out(&rq.cx, tx, &case, document).await })?;
    rq.see_other_with(format!("/intern/vorgang/{}/dokument/{document}/fassungen", case.id), "records-done-checked-out")
}

/// Who had the document out on the page that was seen; without it whoever asks.
#[derive(Deserialize)]
pub struct GivenBack {
    #[serde(default)]
    von: String,
}

pub async fn check_in(
    rq: Req,
    Path((case, document)): Path<(CaseId, DocumentId)>,
    Form(given): Form<GivenBack>,
) -> Answer {
    let (case, _) = case_of(&rq, case).await?;
    service::document_of(&mut rq.city.db.read().await?, &case, document).await?;
    let of = match given.von.parse::<StaffId>() {
        Ok(of) => of,
        Err(_) => crate::file::service::staff(&rq.cx)?,
    };
    db::write!(rq.city.db, |tx| { service::check_in(&rq.cx, tx, &case, document, of).await })?;
    rq.see_other_with(format!("/intern/vorgang/{}/dokument/{document}/fassungen", case.id), "records-done-checked-in")
}

#[derive(Deserialize)]
pub struct Which {
    fassung: i64,
}

pub async fn take(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>, Form(which): Form<Which>) -> Answer {
    let (case, _) = case_of(&rq, case).await?;
    let view = service::document_of(&mut rq.city.db.read().await?, &case, document).await?;
    db::write!(rq.city.db, |tx| { service::take(&rq.cx, tx, &case, &view, which.fassung).await })?;
    rq.see_other_with(format!("/intern/vorgang/{}/dokument/{document}/fassungen", case.id), "records-done-version")
}

/// One version, to be saved; looking at it is in the access log.
pub async fn version(rq: Req, Path((case, document, n)): Path<(CaseId, DocumentId, i64)>) -> Answer {
    let (case, _) = case_of(&rq, case).await?;
    let mut rx = rq.city.db.read().await?;
    service::document_of(&mut rx, &case, document).await?;
    let versions = store::versions(&mut rx, document).await?;
    let version = versions.into_iter().find(|version| version.n == n).ok_or(Error::NotFound)?;
    let meta = files::meta(&mut rx, version.file_id).await?;
    drop(rx);
    crate::pages::log(&rq, case.id, "document").await?;
    let bytes = rq.city.files.read_verified(&meta).await?;
    Ok(attachment(&meta.media_type, &meta.name, bytes))
}
