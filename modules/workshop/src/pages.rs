//! The list of drafts, the page of one draft, and what is done with it as a whole.

use std::collections::HashMap;

use askama::Template;
use axum::{Form, extract::Query};
use content::Item;
use db::Rx;
use house::{Answer, Path, Req};
use http::StatusCode;
use kernel::{Error, Result, StaffId, Timestamp, Uuid};
use process_rules::name_in;
use serde::Deserialize;
use ui::{Choice, Errors, Page, Tone, paths::escaped};

use super::{
    WORKSHOP,
    lint::{self, Finding},
    service, steps,
    store::{self, Draft},
};
use crate::perm;

/// Longest note or reason, in characters.
const LONGEST: usize = 2000;

pub fn state_tone(state: &str) -> Tone {
    match state {
        "released" => Tone::Success,
        "review" => Tone::Warning,
        "dropped" => Tone::Danger,
        _ => Tone::Info,
    }
}

pub fn state_text(page: &Page, state: &str) -> String {
    page.t(&format!("processes-draft-{state}"))
}

pub fn address(id: Uuid) -> String {
    format!("{WORKSHOP}/{id}")
}

/// The text without what surrounds it, not longer than it may be.
fn short(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

/// Names of staff; a dash for who is forgotten.
async fn names(rx: &mut Rx, ids: impl Iterator<Item = StaffId>) -> Result<HashMap<StaffId, String>> {
    let mut names = HashMap::new();
    for id in ids {
        if let std::collections::hash_map::Entry::Vacant(free) = names.entry(id) {
            free.insert(identity::staff_line(rx, id).await?.name);
        }
    }
    Ok(names)
}

fn name_of(names: &HashMap<StaffId, String>, id: Option<StaffId>) -> String {
    id.and_then(|id| names.get(&id)).map_or("–", String::as_str).to_owned()
}

struct DraftLine {
    href: String,
    name: String,
    state: String,
    note: String,
    author: String,
    changed_at: Timestamp,
}

/// Something released, of which a draft can be begun.
struct ReleasedLine {
    kind: &'static str,
    key: String,
    name: String,
    version: i64,
    /// Where the versions of a process lie; empty for a decision.
    versions: String,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    page: &'a Page,
    drafts: Vec<DraftLine>,
    processes: Vec<ReleasedLine>,
    decisions: Vec<ReleasedLine>,
    may_design: bool,
}

pub async fn list(rq: Req) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let drafts = store::drafts(&mut rx).await?;
    let names = names(&mut rx, drafts.iter().filter_map(|draft| draft.author)).await?;
    drop(rx);
    let content = &rq.city.content;
    let drafts = drafts.into_iter().map(|draft| {
        let released = content.get(&draft.kind, &draft.key);
        let name = released.map_or_else(|| draft.key.clone(), |item| name_in(&draft.kind, &draft.key, &item.body));
        DraftLine {
            href: address(draft.id),
            name,
            author: name_of(&names, draft.author),
            state: draft.state,
            note: draft.note,
            changed_at: draft.changed_at,
        }
    });
    let released = |kind: &'static str| {
        let line = |item: std::sync::Arc<Item>| ReleasedLine {
            kind,
            key: item.key.clone(),
            name: name_in(kind, &item.key, &item.body),
            version: item.version,
            versions: match kind {
                "processes" => format!("/intern/prozesse/{}/versionen", escaped(&item.key)),
                _ => String::new(),
            },
        };
        content.all(kind).into_iter().map(line).collect::<Vec<_>>()
    };
    let page = rq.page("processes-design-title");
    rq.html(&List {
        page: &page,
        drafts: drafts.collect(),
        processes: released("processes"),
        decisions: released("decisions"),
        may_design: rq.cx.actor.allows(perm::DESIGN),
    })
}

#[derive(Deserialize)]
pub struct BeginForm {
    #[serde(default)]
    art: String,
    #[serde(default)]
    key: String,
}

pub async fn begin(rq: Req, Form(sent): Form<BeginForm>) -> Answer {
    let id = db::write!(rq.city.db, |tx| { service::begin(&rq.cx, tx, &sent.art, &sent.key).await })?;
    rq.see_other_with(address(id), "processes-done-begun")
}

#[derive(Template)]
#[template(path = "new.html")]
struct NewPage<'a> {
    page: &'a Page,
    errors: Errors,
    kinds: Vec<Choice>,
    sources: Vec<Choice>,
    key: String,
    /// The name as typed.
    typed: String,
}

#[derive(Deserialize, Default)]
pub struct NewForm {
    #[serde(default)]
    art: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    name: String,
    /// `processes/<key>` or `decisions/<key>`; empty for the template.
    #[serde(default)]
    vorlage: String,
}

fn new_page<'a>(rq: &Req, page: &'a Page, sent: &NewForm, errors: Errors) -> NewPage<'a> {
    let kinds = [("processes", page.t("processes-a-process")), ("decisions", page.t("processes-a-decision"))];
    let kinds = kinds.map(|(code, text)| {
        let chosen = code == sent.art || (sent.art.is_empty() && code == "processes");
        Choice::new(code, text).selected(chosen)
    });
    let mut sources = Vec::new();
    for kind in ["processes", "decisions"] {
        for item in rq.city.content.all(kind) {
            let value = format!("{kind}/{}", item.key);
            let selected = value == sent.vorlage;
            sources.push(Choice::new(value, name_in(kind, &item.key, &item.body)).selected(selected));
        }
    }
    NewPage { page, errors, kinds: kinds.to_vec(), sources, key: sent.key.clone(), typed: sent.name.clone() }
}

pub async fn new_draft(rq: Req) -> Answer {
    let page = rq.page("processes-design-new");
    rq.html(&new_page(&rq, &page, &NewForm::default(), Errors::new()))
}

pub async fn make(rq: Req, Form(sent): Form<NewForm>) -> Answer {
    let page = rq.page("processes-design-new");
    let (key, name) = (sent.key.trim().to_owned(), sent.name.trim().chars().take(200).collect::<String>());
    let mut errors = Errors::new();
    if name.is_empty() {
        errors.push("name", page.t("processes-name-missing"));
    }
    if !service::is_key(&key) {
        errors.push("key", page.t("processes-key-wrong"));
    }
    // What is copied says itself what it is.
    let (kind, copy) = match sent.vorlage.split_once('/') {
        Some((kind, source)) => (kind.to_owned(), Some(source.to_owned())),
        None => (sent.art.clone(), None),
    };
    if !matches!(kind.as_str(), "processes" | "decisions") {
        errors.push("art", page.t("processes-kind-missing"));
    } else if rq.city.content.get(&kind, &key).is_some() {
        errors.push("key", page.t("processes-key-taken"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&new_page(&rq, &page, &sent, errors));
    }
    let id =
        db::write!(rq.city.db, |tx| { service::begin_new(&rq.cx, tx, &kind, &key, &name, copy.as_deref()).await })?;
    rq.see_other_with(address(id), "processes-done-begun")
}

/// A fault with the way to where it is put right.
struct FindingLine {
    finding: Finding,
    href: String,
}

#[derive(Template)]
#[template(path = "draft.html")]
struct DraftPage<'a> {
    page: &'a Page,
    draft: Draft,
    author: String,
    reviewer: String,
    findings: Vec<FindingLine>,
    /// Lines that only the draft has, that changed, and that only the released version has.
    changes: steps::Changes,
    is_new: bool,
    /// Something was released since the draft began.
    is_outdated: bool,
    released_version: i64,
    others: i64,
    last_change: String,
    may_design: bool,
    may_release: bool,
    /// Whoever looks changed the draft.
    is_own: bool,
    errors: Errors,
    reason: String,
    /// What changes and why, as it stands in its field.
    typed_note: String,
    /// Somebody else saved in between.
    is_conflict: bool,
}

impl DraftPage<'_> {
    /// Key of the sentence that says what to do next.
    fn next_step(&self) -> &'static str {
        match self.draft.state.as_str() {
            "review" if self.is_own => "processes-next-other",
            "review" if self.may_release => "processes-next-release",
            "review" => "processes-next-wait",
            "released" => "processes-next-released",
            "dropped" => "processes-next-dropped",
            _ if self.is_outdated => "processes-next-outdated",
            _ if !self.findings.is_empty() => "processes-next-faults",
            _ if !self.is_new && !self.draft.is_decision() && self.changes.is_empty() => "processes-next-change",
            _ if self.draft.note.is_empty() => "processes-next-note",
            _ => "processes-next-submit",
        }
    }

    fn next_text(&self) -> String {
        let key = self.next_step();
        self.page.t(key)
    }
}

async fn draft_page<'a>(rq: &Req, page: &'a Page, draft: Draft, errors: Errors, reason: &str) -> Result<DraftPage<'a>> {
    let mut rx = rq.city.db.read().await?;
    let editors = store::editors(&mut rx, draft.id).await?;
    let names = names(&mut rx, draft.author.into_iter().chain(draft.reviewer)).await?;
    let others = store::others(&mut rx, &draft).await?;
    let last = store::last_step(&mut rx, draft.id).await?;
    let before = match draft.base_version {
        0 => None,
        version => Some(content::version(&mut rx, &draft.kind, &draft.key, version).await?),
    };
    drop(rx);
    let released = rq.city.content.get(&draft.kind, &draft.key);
    let newest = released.map_or(0, |item| item.version);
    let is_working = matches!(draft.state.as_str(), "draft" | "review");
    let findings = match is_working {
        true => lint::of(&rq.app, &rq.city.content, &draft),
        false => Vec::new(),
    };
    let findings = findings.into_iter().map(|finding| {
        let href = match (draft.is_decision(), finding.element.as_str()) {
            (true, _) => format!("{}/zeichnung", address(draft.id)),
            (false, "") => String::new(),
            (false, element) => format!("{}/schritte#{}", address(draft.id), steps::anchor(element)),
        };
        FindingLine { finding, href }
    });
    let findings = findings.collect();
    let me = rq.cx.actor.staff();
    Ok(DraftPage {
        page,
        author: name_of(&names, draft.author),
        reviewer: name_of(&names, draft.reviewer),
        findings,
        changes: steps::changes(rq, page, before.as_ref().map(|item| &*item.body), &draft),
        is_new: draft.base_version == 0,
        is_outdated: is_working && newest != draft.base_version,
        released_version: newest,
        others,
        last_change: last.map(|step| did(page, &step.what)).unwrap_or_default(),
        may_design: rq.cx.actor.allows(perm::DESIGN),
        may_release: rq.cx.actor.allows(perm::RELEASE),
        is_own: me.is_some_and(|me| editors.contains(&me)),
        errors,
        reason: reason.to_owned(),
        typed_note: draft.note.clone(),
        is_conflict: false,
        draft,
    })
}

/// The draft as somebody else has left it meanwhile, with what was typed, and the status of a conflict.
async fn conflict(rq: &Req, id: Uuid, note: Option<String>, reason: &str) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let page = titled(rq, &draft);
    let shown = draft_page(rq, &page, draft, Errors::new(), reason).await?;
    let typed_note = note.unwrap_or_else(|| shown.typed_note.clone());
    let mut response = rq.html(&DraftPage { typed_note, is_conflict: true, ..shown })?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

/// A change in words, by its code.
pub fn did(page: &Page, code: &str) -> String {
    page.t(&format!("processes-did-{code}"))
}

pub fn titled(rq: &Req, draft: &Draft) -> Page {
    let mut page = rq.untitled();
    page.title = page.t1("processes-draft-of", "name", name_in(&draft.kind, &draft.key, &draft.body));
    page
}

pub async fn draft(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let page = titled(&rq, &draft);
    rq.html(&draft_page(&rq, &page, draft, Errors::new(), "").await?)
}

#[derive(Deserialize)]
pub struct NoteForm {
    #[serde(default)]
    revision: i64,
    #[serde(default)]
    note: String,
}

pub async fn describe(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<NoteForm>) -> Answer {
    let note = short(&sent.note);
    match db::write!(rq.city.db, |tx| { service::describe(&rq.cx, tx, id, sent.revision, &note).await }) {
        Ok(()) => rq.see_other_with(address(id), "processes-done-described"),
        Err(Error::Conflict(_)) => conflict(&rq, id, Some(note), "").await,
        Err(other) => Err(other.into()),
    }
}

/// The revision that somebody saw.
#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    pub revision: i64,
}

pub async fn submit(rq: Req, Path(id): Path<Uuid>, Form(seen): Form<Seen>) -> Answer {
    db::write!(rq.city.db, |tx| { service::submit(&rq.cx, tx, id, seen.revision).await })?;
    rq.see_other_with(address(id), "processes-done-submitted")
}

pub async fn recall(rq: Req, Path(id): Path<Uuid>, Form(seen): Form<Seen>) -> Answer {
    match db::write!(rq.city.db, |tx| { service::recall(&rq.cx, tx, id, seen.revision).await }) {
        Ok(()) => rq.see_other_with(address(id), "processes-done-recalled"),
        Err(Error::Conflict(_)) => conflict(&rq, id, None, "").await,
        Err(other) => Err(other.into()),
    }
}

#[derive(Deserialize)]
pub struct ReasonForm {
    #[serde(default)]
    revision: i64,
    #[serde(default)]
    grund: String,
}

pub async fn give_back(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<ReasonForm>) -> Answer {
    let reason = short(&sent.grund);
    if reason.is_empty() {
        let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
        let mut errors = Errors::new();
        let page = titled(&rq, &draft);
        errors.push("grund", page.t("processes-reason-missing"));
        let page = page.checked(&errors);
        return rq.invalid(&draft_page(&rq, &page, draft, errors, &sent.grund).await?);
    }
    match db::write!(rq.city.db, |tx| { service::give_back(&rq.cx, tx, id, sent.revision, &reason).await }) {
        Ok(()) => rq.see_other_with(address(id), "processes-done-returned"),
        Err(Error::Conflict(_)) => conflict(&rq, id, None, &reason).await,
        Err(other) => Err(other.into()),
    }
}

pub async fn release(rq: Req, Path(id): Path<Uuid>, Form(seen): Form<Seen>) -> Answer {
    db::write!(rq.city.db, |tx| { service::release(&rq.cx, tx, id, seen.revision).await })?;
    house::take_released(&rq.app, &rq.city).await?;
    rq.see_other_with(address(id), "processes-done-released")
}

pub async fn rebase(rq: Req, Path(id): Path<Uuid>, Form(seen): Form<Seen>) -> Answer {
    db::write!(rq.city.db, |tx| { service::rebase(&rq.cx, tx, id, seen.revision).await })?;
    rq.see_other_with(address(id), "processes-done-rebased")
}

/// Where undoing leads back to.
#[derive(Deserialize)]
pub struct UndoForm {
    #[serde(default)]
    revision: i64,
    #[serde(default)]
    zurueck: String,
}

pub async fn undo(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<UndoForm>) -> Answer {
    db::write!(rq.city.db, |tx| { service::undo(&rq.cx, tx, id, sent.revision).await })?;
    let back = match sent.zurueck.as_str() {
        "schritte" => format!("{}/schritte", address(id)),
        "zeichnung" => format!("{}/zeichnung", address(id)),
        _ => address(id),
    };
    rq.see_other_with(back, "processes-done-undone")
}

#[derive(Template)]
#[template(path = "drop.html")]
struct DropPage<'a> {
    page: &'a Page,
    id: Uuid,
    revision: i64,
}

pub async fn ask_drop(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    if !draft.is_open() {
        return Err(Error::refused("processes-draft-closed").into());
    }
    let page = rq.page("processes-drop");
    rq.html(&DropPage { page: &page, id, revision: draft.revision })
}

pub async fn drop_draft(rq: Req, Path(id): Path<Uuid>, Form(seen): Form<Seen>) -> Answer {
    match db::write!(rq.city.db, |tx| { service::drop_draft(&rq.cx, tx, id, seen.revision).await }) {
        Ok(()) => rq.see_other_with(WORKSHOP, "processes-done-dropped"),
        Err(Error::Conflict(_)) => conflict(&rq, id, None, "").await,
        Err(other) => Err(other.into()),
    }
}

/// The address of a page of the list for one element.
pub fn step_address(id: Uuid, element: &str) -> String {
    format!("{}/schritt/{}", address(id), escaped(element))
}

/// What a page was asked in its address.
pub type Asked = Query<HashMap<String, String>>;
