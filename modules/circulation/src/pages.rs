use std::collections::HashMap;

use askama::Template;
use axum::Form;
use contract_circulation::{AddFollowUp, SendFolder, StepKind};
use contract_records::{CaseView, LogSeen, MayWrite, VisibleCase};
use db::Rx;
use house::{Answer, Call, Path, Req};
use identity::StaffLine;
use kernel::{CaseId, Date, Error, Result, StaffId, Uuid};
use serde::Deserialize;
use ui::{Choice, DateParts, Errors, Page, Tone};

use crate::{
    LEAD_FILES, guidelines,
    service::{self, staff},
    store::{self, Folder, FollowUp, Step, Todo},
};

/// Steps that a form offers.
const STEPS: usize = 6;
/// Longest instruction, reason or note, in characters.
const LONGEST: usize = 1000;
/// Longest title of a folder, in characters.
const LONGEST_TITLE: usize = 200;

fn state_tone(state: &str) -> Tone {
    match state {
        "done" | "signed" | "noted" => Tone::Success,
        "returned" => Tone::Danger,
        "withdrawn" | "dropped" => Tone::Warning,
        _ => Tone::Info,
    }
}

fn state_text(page: &Page, state: &str) -> String {
    page.t(&format!("circulation-state-{state}"))
}

fn kind_text(page: &Page, kind: &str) -> String {
    page.t(&format!("circulation-kind-{kind}"))
}

/// The text without what surrounds it, not longer than it may be.
fn short(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

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

#[derive(Template)]
#[template(path = "folders.html")]
struct Circulations<'a> {
    page: &'a Page,
    todo: Vec<(Todo, CaseView)>,
    made: Vec<(Folder, CaseView)>,
    names: HashMap<StaffId, String>,
    me: StaffId,
}

impl Circulations<'_> {
    /// For whom somebody stands in; empty for one's own.
    fn instead_of(&self, todo: &Todo) -> String {
        if todo.addressee == self.me {
            return String::new();
        }
        let name = self.names.get(&todo.addressee).map_or("", String::as_str);
        self.page.t1("circulation-for", "name", name)
    }
}

pub async fn circulations(rq: Req) -> Answer {
    let me = staff(&rq.cx)?;
    let mut rx = rq.city.db.read().await?;
    let mut todo = Vec::new();
    for addressee in service::acts_for(&rq.cx, &mut rx).await? {
        todo.extend(service::todo(&rq.cx, &mut rx, addressee).await?);
    }
    let names = names(&mut rx, todo.iter().map(|(line, _)| line.addressee)).await?;
    let made = service::made(&rq.cx, &mut rx).await?;
    drop(rx);
    let page = rq.page("circulation-list-title");
    rq.html(&Circulations { page: &page, todo, made, names, me })
}

struct Line {
    step: Step,
    /// Key of what became of it: `waiting`, `open`, `signed`, `returned`, `noted` or `dropped`.
    state: &'static str,
    addressee: String,
    /// Who did it instead; empty when it was the addressee.
    deputy: String,
    /// The reader may do it now.
    mine: bool,
    /// It waits for the reader, who must not do it: they made the folder.
    own: bool,
    /// The reader would do it for somebody else.
    instead: bool,
    error: String,
}

impl Line {
    fn is_note(&self) -> bool {
        self.step.kind == "note"
    }

    /// Field of the reason for giving the folder back.
    fn field(&self) -> String {
        reason_field(self.step.id)
    }
}

fn reason_field(step: Uuid) -> String {
    format!("grund-{step}")
}

fn state_of(folder: &Folder, step: &Step) -> &'static str {
    match step.outcome.as_deref() {
        Some("signed") => "signed",
        Some("noted") => "noted",
        Some(_) => "returned",
        None if !folder.is_open() => "dropped",
        None if step.opened_at.is_some() => "open",
        None => "waiting",
    }
}

#[derive(Template)]
#[template(path = "folder.html")]
struct FolderPage<'a> {
    page: &'a Page,
    folder: Folder,
    case: CaseView,
    maker: String,
    lines: Vec<Line>,
    may_withdraw: bool,
    may_renew: bool,
    guidelines: Vec<ui::Guideline>,
    errors: Errors,
}

fn folder_page(rq: &Req, folder: &Folder) -> Page {
    let mut page = rq.untitled();
    page.title = page.t1("circulation-of", "title", folder.title.as_str());
    page
}

async fn shown<'a>(rq: &Req, page: &'a Page, folder: Folder, case: CaseView, errors: Errors) -> Result<FolderPage<'a>> {
    let me = staff(&rq.cx)?;
    let mut rx = rq.city.db.read().await?;
    let steps = store::steps(&mut rx, folder.id).await?;
    let people: Vec<StaffId> =
        steps.iter().flat_map(|step| [Some(step.addressee), step.done_by]).flatten().chain([folder.made_by]).collect();
    let names = names(&mut rx, people.into_iter()).await?;
    let acts_for = service::acts_for(&rq.cx, &mut rx).await?;
    let guidelines = guidelines::beside(rq, &mut rx, "circulation.sign").await?;
    drop(rx);
    let name = |id: StaffId| names.get(&id).cloned().unwrap_or_default();
    let lines = steps.into_iter().map(|step| {
        let waits = folder.is_open() && step.is_open() && acts_for.contains(&step.addressee);
        let own = waits && service::is_own(&folder, &step, me);
        Line {
            state: state_of(&folder, &step),
            addressee: name(step.addressee),
            deputy: step.done_by.filter(|by| *by != step.addressee).map(name).unwrap_or_default(),
            mine: waits && !own,
            own,
            instead: step.addressee != me,
            error: errors.of(&reason_field(step.id)).to_owned(),
            step,
        }
    });
    let lines = lines.collect();
    let leads = rq.cx.actor.allows_in(LEAD_FILES, &case.unit);
    Ok(FolderPage {
        page,
        lines,
        maker: name(folder.made_by),
        may_withdraw: leads && folder.is_open(),
        may_renew: leads && !case.status.closed() && folder.made_by == me && folder.state == "returned",
        guidelines,
        folder,
        case,
        errors,
    })
}

pub async fn circulation(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let (folder, case) = service::folder(&rq.cx, &mut rq.city.db.read().await?, id).await?;
    let seen = LogSeen { case: case.id, what: "circulation".into() };
    db::write!(rq.city.db, |tx| { rq.cx.call(tx, seen.clone()).await })?;
    let page = folder_page(&rq, &folder);
    rq.html(&shown(&rq, &page, folder, case, Errors::new()).await?)
}

pub async fn sign(rq: Req, Path((folder, step)): Path<(Uuid, Uuid)>) -> Answer {
    db::write!(rq.city.db, |tx| { service::sign(&rq.cx, tx, folder, step).await })?;
    rq.see_other_with(format!("/intern/laufmappe/{folder}"), "circulation-done-signed")
}

#[derive(Deserialize)]
pub struct ReasonForm {
    #[serde(default)]
    grund: String,
}

pub async fn give_back(rq: Req, Path((id, step)): Path<(Uuid, Uuid)>, Form(sent): Form<ReasonForm>) -> Answer {
    let (folder, case) = service::folder(&rq.cx, &mut rq.city.db.read().await?, id).await?;
    let reason = short(&sent.grund);
    if reason.is_empty() {
        let page = folder_page(&rq, &folder);
        let mut errors = Errors::new();
        errors.push(reason_field(step), page.t("circulation-reason-missing"));
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, folder, case, errors).await?);
    }
    db::write!(rq.city.db, |tx| { service::give_back(&rq.cx, tx, id, step, &reason).await })?;
    rq.see_other_with(format!("/intern/laufmappe/{id}"), "circulation-done-returned")
}

pub async fn withdraw(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::withdraw(&rq.cx, tx, id).await })?;
    rq.see_other_with(format!("/intern/laufmappe/{id}"), "circulation-done-withdrawn")
}

/// A line of the form: to whom, and what for.
struct Place {
    person_field: String,
    kind_field: String,
    person_label: String,
    kind_label: String,
    people: Vec<Choice>,
    kinds: Vec<Choice>,
    error: String,
}

#[derive(Template)]
#[template(path = "new.html")]
struct NewPage<'a> {
    page: &'a Page,
    case: CaseView,
    title: String,
    instruction: String,
    orders: Vec<Choice>,
    places: Vec<Place>,
    errors: Errors,
}

/// What the form of a new folder sent, by field.
#[derive(Default)]
struct Asked(HashMap<String, String>);

impl Asked {
    fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    fn kind(&self, n: usize) -> StepKind {
        StepKind::from_code(self.of(&format!("art-{n}")))
    }
}

fn new_page<'a>(page: &'a Page, case: CaseView, people: &[StaffLine], asked: &Asked, errors: Errors) -> NewPage<'a> {
    let order = asked.of("ablauf");
    let places = (1..=STEPS).map(|n| {
        let (person_field, kind_field) = (format!("person-{n}"), format!("art-{n}"));
        let choices = people.iter().map(|line| {
            let id = line.id.to_string();
            let selected = asked.of(&person_field) == id;
            Choice::new(id, line.name.as_str()).selected(selected)
        });
        let kinds = StepKind::ALL
            .map(|kind| Choice::new(kind.code(), kind_text(page, kind.code())).selected(kind == asked.kind(n)));
        Place {
            person_label: page.t1("circulation-person", "n", n),
            kind_label: page.t1("circulation-kind", "n", n),
            people: choices.collect(),
            kinds: kinds.to_vec(),
            error: errors.of(&person_field).to_owned(),
            person_field,
            kind_field,
        }
    });
    let places = places.collect();
    let orders =
        [("nacheinander", "circulation-in-order"), ("gleichzeitig", "circulation-parallel")].map(|(code, key)| {
            let chosen = code == order || (order.is_empty() && code == "nacheinander");
            Choice::new(code, page.t(key)).selected(chosen)
        });
    NewPage {
        page,
        case,
        title: asked.of("titel").to_owned(),
        instruction: asked.of("auftrag").to_owned(),
        orders: orders.to_vec(),
        places,
        errors,
    }
}

/// The case in which somebody may send a folder round, with those to whom it may go.
async fn start(rq: &Req, id: CaseId) -> Result<(CaseView, Vec<StaffLine>, Page)> {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: id }).await?;
    rq.cx.ask(&mut rx, MayWrite { case: id }).await?;
    let people = service::addressees(&rq.cx, &mut rx, id).await?;
    Ok((case, people, rq.page("circulation-new")))
}

pub async fn new_circulation(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let (case, people, page) = start(&rq, id).await?;
    rq.html(&new_page(&page, case, &people, &Asked::default(), Errors::new()))
}

pub async fn send(rq: Req, Path(id): Path<CaseId>, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let (case, people, page) = start(&rq, id).await?;
    let asked = Asked(sent.into_iter().collect());
    let mut errors = Errors::new();
    let title = asked.of("titel").trim().to_owned();
    if title.is_empty() {
        errors.push("titel", page.t("circulation-title-missing"));
    } else if title.chars().count() > LONGEST_TITLE {
        errors.push("titel", page.t1("circulation-title-long", "max", LONGEST_TITLE));
    }
    let mut steps = Vec::new();
    let mut finals = 0;
    for n in 1..=STEPS {
        let field = format!("person-{n}");
        let Some(person) = people.iter().find(|line| line.id.to_string() == asked.of(&field)) else {
            // What was chosen is nobody to whom a step may go.
            if !asked.of(&field).is_empty() {
                errors.push(field, page.t("circulation-person-unknown"));
            }
            continue;
        };
        let kind = asked.kind(n);
        if kind == StepKind::Final {
            finals += 1;
            if finals > 1 {
                errors.push(field, page.t("circulation-one-final"));
            } else if rq.cx.actor.staff() == Some(person.id) {
                errors.push(field, page.t("circulation-own-final"));
            }
        }
        steps.push((person.id, kind));
    }
    if steps.is_empty() && errors.of("person-1").is_empty() {
        errors.push("person-1", page.t("circulation-person-missing"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&new_page(&page, case, &people, &asked, errors));
    }
    let new = SendFolder {
        case: id,
        title,
        instruction: short(asked.of("auftrag")),
        parallel: asked.of("ablauf") == "gleichzeitig",
        steps,
    };
    let folder = db::write!(rq.city.db, |tx| { service::send(&rq.cx, tx, new.clone()).await })?;
    rq.see_other_with(format!("/intern/laufmappe/{folder}"), "circulation-done-sent")
}

struct Short {
    folder: Folder,
    /// With whom it is.
    with: String,
}

#[derive(Template)]
#[template(path = "panel.html")]
struct Panel<'a> {
    page: &'a Page,
    case: CaseId,
    folders: Vec<Short>,
    follow_ups: Vec<FollowUp>,
    may_send: bool,
    parts: DateParts,
}

/// What goes round about a case, and when whoever looks wants to see it again.
pub async fn panel(rq: &Req, rx: &mut Rx, id: CaseId) -> Result<Option<String>> {
    let page = rq.untitled();
    let mut folders = Vec::new();
    for folder in store::of_case(rx, id).await? {
        let steps = if folder.is_open() { store::steps(rx, folder.id).await? } else { Vec::new() };
        let open: Vec<StaffId> = steps.iter().filter(|step| step.is_open()).map(|step| step.addressee).collect();
        let names = names(rx, open.iter().copied()).await?;
        let with: Vec<&str> = open.iter().filter_map(|id| names.get(id)).map(String::as_str).collect();
        folders.push(Short { with: with.join(", "), folder });
    }
    let panel = Panel {
        page: &page,
        case: id,
        folders,
        follow_ups: store::follow_ups_of_case(rx, id, staff(&rq.cx)?).await?,
        may_send: rq.cx.ask(rx, MayWrite { case: id }).await.is_ok(),
        parts: DateParts::default(),
    };
    panel.render().map(Some).map_err(Error::internal)
}

#[derive(Template)]
#[template(path = "follow_ups.html")]
struct FollowUps<'a> {
    page: &'a Page,
    due: Vec<(FollowUp, CaseView)>,
    names: HashMap<StaffId, String>,
    me: StaffId,
}

impl FollowUps<'_> {
    fn instead_of(&self, follow_up: &FollowUp) -> String {
        if follow_up.staff_id == self.me {
            return String::new();
        }
        let name = self.names.get(&follow_up.staff_id).map_or("", String::as_str);
        self.page.t1("circulation-for", "name", name)
    }
}

pub async fn follow_ups(rq: Req) -> Answer {
    let me = staff(&rq.cx)?;
    let mut rx = rq.city.db.read().await?;
    let due = service::due(&rq.cx, &mut rx).await?;
    let names = names(&mut rx, due.iter().map(|(follow_up, _)| follow_up.staff_id)).await?;
    drop(rx);
    let page = rq.page("circulation-follow-ups-title");
    rq.html(&FollowUps { page: &page, due, names, me })
}

#[derive(Deserialize)]
pub struct FollowUpForm {
    #[serde(default, rename = "faellig")]
    day: String,
    #[serde(default, rename = "faellig-month")]
    month: String,
    #[serde(default, rename = "faellig-year")]
    year: String,
    #[serde(default, rename = "vermerk")]
    note: String,
}

impl FollowUpForm {
    fn parts(&self) -> DateParts {
        DateParts { day: self.day.clone(), month: self.month.clone(), year: self.year.clone() }
    }

    fn due(&self) -> Option<Date> {
        let (day, month) = (self.day.trim().parse().ok()?, self.month.trim().parse().ok()?);
        Date::new(self.year.trim().parse().ok()?, month, day).ok()
    }
}

#[derive(Template)]
#[template(path = "follow_up.html")]
struct FollowUpPage<'a> {
    page: &'a Page,
    case: CaseView,
    asked: FollowUpForm,
    errors: Errors,
}

pub async fn follow_up(rq: Req, Path(id): Path<CaseId>, Form(asked): Form<FollowUpForm>) -> Answer {
    let case = rq.cx.ask(&mut rq.city.db.read().await?, VisibleCase { case: id }).await?;
    let due = asked.due().filter(|day| *day >= rq.cx.today());
    let Some(due) = due else {
        let page = rq.page("circulation-follow-up-new");
        let errors: Errors = [("faellig", page.t("circulation-follow-up-wrong"))].into_iter().collect();
        let page = page.checked(&errors);
        return rq.invalid(&FollowUpPage { page: &page, case, asked, errors });
    };
    let new = AddFollowUp { case: id, staff: staff(&rq.cx)?, due, note: short(&asked.note) };
    db::write!(rq.city.db, |tx| { service::add_follow_up(&rq.cx, tx, new.clone()).await })?;
    rq.see_other_with(format!("/intern/vorgang/{id}"), "circulation-done-follow-up")
}

pub async fn follow_up_done(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::follow_up_done(&rq.cx, tx, id).await })?;
    rq.see_other_with("/intern/wiedervorlagen", "circulation-done-follow-up-done")
}
