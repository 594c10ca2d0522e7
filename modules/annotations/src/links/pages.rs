use askama::Template;
use axum::Form;
use contract_records::{CaseView, CasesOfFile, VisibleCase, WorksOn};
use db::Rx;
use house::{Answer, Call, Path, Req, Viewed};
use kernel::{CaseId, Error, Result, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page};

use super::{
    service::{self, KINDS, Side},
    store::{self, Contact, Thing},
};
use crate::{notes, staff};

/// Longest name, role, number or address, in characters.
const LONGEST: usize = 200;

fn short(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

#[derive(Template)]
#[template(path = "links_panel.html")]
struct Panel<'a> {
    page: &'a Page,
    case: CaseId,
    sides: Vec<Side>,
    contacts: Vec<Contact>,
    may_write: bool,
}

/// What a side is to the reader's own, in words.
pub fn other_is(page: &Page, side: &Side) -> String {
    page.t(&format!("annotations-value-kind-{}", side.other_is))
}

/// How to reach a contact, in one line.
pub fn reach(contact: &Contact) -> String {
    let parts = [&contact.role, &contact.address, &contact.phone, &contact.email];
    parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" · ")
}

pub async fn panel(rq: &Req, rx: &mut Rx, id: CaseId) -> Result<Option<String>> {
    let page = rq.untitled();
    let sides = service::sides(&rq.cx, rx, Thing::Case(id)).await?;
    let contacts = store::contacts_of(rx, id).await?;
    let may_write = rq.cx.ask(rx, WorksOn { case: id }).await?;
    if sides.is_empty() && contacts.is_empty() && !may_write {
        return Ok(None);
    }
    Panel { page: &page, case: id, sides, contacts, may_write }.render().map(Some).map_err(Error::internal)
}

#[derive(Template)]
#[template(path = "file_panel.html")]
struct FilePanel<'a> {
    page: &'a Page,
    file: Uuid,
    /// A file of one matter: only such a one is marked.
    is_matter: bool,
    /// On the reader's own list.
    marked: bool,
    sides: Vec<Side>,
    contacts: Vec<Contact>,
    may_write: bool,
}

/// References of a file, the contacts of its cases, and whether the reader has marked it.
pub async fn file_panel(rq: &Req, rx: &mut Rx, viewed: Viewed) -> Result<Option<String>> {
    let Viewed::File(id) = viewed else { return Ok(None) };
    let page = rq.untitled();
    let file = service::file_seen(&rq.cx, rx, id).await?;
    let sides = service::sides(&rq.cx, rx, Thing::File(id)).await?;
    let cases = rq.cx.ask(rx, CasesOfFile { file: id }).await?;
    let contacts = store::contacts_in(rx, &cases).await?;
    if sides.is_empty() && contacts.is_empty() && !file.is_matter {
        return Ok(None);
    }
    let marked = notes::store::is_marked(rx, staff(&rq.cx)?, id).await?;
    let (is_matter, may_write) = (file.is_matter, service::leads(&rq.cx, &file));
    let panel = FilePanel { page: &page, file: id, is_matter, marked, sides, contacts, may_write };
    panel.render().map(Some).map_err(Error::internal)
}

#[derive(Deserialize, Default)]
pub struct ReferenceForm {
    #[serde(default, rename = "art")]
    kind: String,
    #[serde(default, rename = "aktenzeichen")]
    number: String,
}

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage<'a> {
    page: &'a Page,
    base: String,
    kinds: Vec<Choice>,
    number: String,
    errors: Errors,
}

fn base(thing: Thing) -> String {
    match thing {
        Thing::Case(id) => format!("/intern/vorgang/{id}"),
        Thing::File(id) => format!("/intern/akte/{id}"),
    }
}

fn shown<'a>(page: &'a Page, thing: Thing, asked: &ReferenceForm, errors: Errors) -> ReferencePage<'a> {
    let kinds = KINDS.map(|kind| {
        let chosen = kind == asked.kind || (asked.kind.is_empty() && kind == KINDS[0]);
        Choice::new(kind, page.t(&format!("annotations-value-kind-{kind}"))).selected(chosen)
    });
    ReferencePage { page, base: base(thing), kinds: kinds.to_vec(), number: asked.number.clone(), errors }
}

async fn reference_form(rq: &Req, thing: Thing) -> Answer {
    service::may_refer(&rq.cx, &mut rq.city.db.read().await?, thing).await?;
    let page = rq.page("annotations-reference-new");
    rq.html(&shown(&page, thing, &ReferenceForm::default(), Errors::new()))
}

async fn refer(rq: &Req, thing: Thing, asked: &ReferenceForm) -> Answer {
    let mut rx = rq.city.db.read().await?;
    service::may_refer(&rq.cx, &mut rx, thing).await?;
    let other = service::numbered(&rq.cx, &mut rx, &short(&asked.number)).await?;
    drop(rx);
    let page = rq.page("annotations-reference-new");
    let Some(other) = other.filter(|other| *other != thing) else {
        let errors: Errors = [("aktenzeichen", page.t("annotations-reference-unknown"))].into_iter().collect();
        let page = page.checked(&errors);
        return rq.invalid(&shown(&page, thing, asked, errors));
    };
    let kind = KINDS.into_iter().find(|kind| *kind == asked.kind).unwrap_or(KINDS[0]);
    db::write!(rq.city.db, |tx| { service::refer(&rq.cx, tx, thing, kind, other).await })?;
    rq.see_other_with(base(thing), "annotations-done-reference")
}

async fn unrefer(rq: &Req, thing: Thing, reference: Uuid) -> Answer {
    db::write!(rq.city.db, |tx| { service::remove(&rq.cx, tx, thing, reference).await })?;
    rq.see_other_with(base(thing), "annotations-done-unreferred")
}

pub async fn case_reference(rq: Req, Path(id): Path<CaseId>) -> Answer {
    reference_form(&rq, Thing::Case(id)).await
}

pub async fn refer_case(rq: Req, Path(id): Path<CaseId>, Form(asked): Form<ReferenceForm>) -> Answer {
    refer(&rq, Thing::Case(id), &asked).await
}

pub async fn unrefer_case(rq: Req, Path((id, reference)): Path<(CaseId, Uuid)>) -> Answer {
    unrefer(&rq, Thing::Case(id), reference).await
}

pub async fn file_reference(rq: Req, Path(id): Path<Uuid>) -> Answer {
    reference_form(&rq, Thing::File(id)).await
}

pub async fn refer_file(rq: Req, Path(id): Path<Uuid>, Form(asked): Form<ReferenceForm>) -> Answer {
    refer(&rq, Thing::File(id), &asked).await
}

pub async fn unrefer_file(rq: Req, Path((id, reference)): Path<(Uuid, Uuid)>) -> Answer {
    unrefer(&rq, Thing::File(id), reference).await
}

#[derive(Deserialize, Default)]
pub struct ContactForm {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "rolle")]
    role: String,
    #[serde(default, rename = "anschrift")]
    address: String,
    #[serde(default, rename = "telefon")]
    phone: String,
    #[serde(default, rename = "mail")]
    email: String,
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage<'a> {
    page: &'a Page,
    case: CaseView,
    asked: ContactForm,
    errors: Errors,
}

async fn writable(rq: &Req, id: CaseId) -> Result<CaseView> {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: id }).await?;
    if rq.cx.ask(&mut rx, WorksOn { case: id }).await? { Ok(case) } else { Err(Error::Forbidden) }
}

pub async fn new_contact(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let case = writable(&rq, id).await?;
    let page = rq.page("annotations-contact-new");
    rq.html(&ContactPage { page: &page, case, asked: ContactForm::default(), errors: Errors::new() })
}

pub async fn add_contact(rq: Req, Path(id): Path<CaseId>, Form(asked): Form<ContactForm>) -> Answer {
    let case = writable(&rq, id).await?;
    let page = rq.page("annotations-contact-new");
    let mut errors = Errors::new();
    if asked.name.trim().is_empty() {
        errors.push("name", page.t("annotations-contact-name-missing"));
    }
    if !asked.email.trim().is_empty() && !asked.email.contains('@') {
        errors.push("mail", page.t("annotations-contact-mail-wrong"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&ContactPage { page: &page, case, asked, errors });
    }
    let contact = Contact {
        id: rq.cx.sources.uuid(),
        case_id: id,
        name: short(&asked.name),
        role: short(&asked.role),
        address: short(&asked.address),
        phone: short(&asked.phone),
        email: short(&asked.email),
    };
    db::write!(rq.city.db, |tx| { service::add_contact(&rq.cx, tx, &contact).await })?;
    rq.see_other_with(format!("/intern/vorgang/{id}"), "annotations-done-contact")
}

pub async fn remove_contact(rq: Req, Path((id, contact)): Path<(CaseId, Uuid)>) -> Answer {
    db::write!(rq.city.db, |tx| { service::remove_contact(&rq.cx, tx, id, contact).await })?;
    rq.see_other_with(format!("/intern/vorgang/{id}"), "annotations-done-contact-removed")
}
