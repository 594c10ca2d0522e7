use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Multipart, Query},
};
use contract_records::CaseView;
use house::{Answer, Cut, FormData, Path, Req, Viewed};
use identity::access::Confidentiality;
use kernel::{Error, Result, Timestamp, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page, Row, Tone};

use super::{
    service::{self, NewFile},
    store::{self, File},
};
use crate::{
    document::list::Count,
    origin::{self, store::Elsewhere},
    pages::{Part, status, tone, view_panels},
    perm,
    plan::{self, Changes, Entry, Fault, FileType, Plan, Types},
};

/// Longest title of a file or case, in characters.
const LONGEST: usize = 200;
/// Largest file plan that is taken in, in bytes.
const LARGEST_PLAN: usize = 1_000_000;

fn plan_of(rq: &Req) -> Result<Arc<Plan>> {
    Plan::of(&rq.city.content)
}

struct PlanLine<'a> {
    entry: &'a Entry,
    rule: Option<&'a plan::Rule>,
    /// Open files that the reader may see.
    open: i64,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    page: &'a Page,
    lines: Vec<PlanLine<'a>>,
    may_change: bool,
}

impl PlanPage<'_> {
    fn appraisal(&self, rule: &plan::Rule) -> String {
        self.page.t(&format!("records-appraisal-{}", rule.appraisal.code()))
    }
}

pub async fn plan(rq: Req) -> Answer {
    let plan = plan_of(&rq)?;
    let staff = service::staff(&rq.cx)?;
    let open: std::collections::HashMap<String, i64> =
        store::open_by_entry(&mut rq.city.db.read().await?, staff).await?.into_iter().collect();
    let today = rq.cx.today();
    let lines = plan.entries().iter().map(|entry| PlanLine {
        entry,
        rule: entry.rule_on(today),
        open: open.get(&entry.key).copied().unwrap_or(0),
    });
    let page = rq.page("records-plan-title");
    rq.html(&PlanPage { page: &page, lines: lines.collect(), may_change: rq.cx.actor.allows(perm::PLAN) })
}

#[derive(Template)]
#[template(path = "plan_import.html")]
struct PlanImport<'a> {
    page: &'a Page,
    errors: Errors,
    table: String,
    version: i64,
    faults: Vec<Fault>,
    changes: Option<Changes>,
}

impl PlanImport<'_> {
    fn fault(&self, fault: &Fault) -> String {
        let key = format!("records-plan-fault-{}", fault.code);
        self.page.t2(&key, "line", fault.line, "value", fault.value.as_str())
    }
}

fn released(rq: &Req) -> i64 {
    rq.city.content.get(plan::KIND, plan::KEY).map_or(0, |item| item.version)
}

pub async fn plan_import(rq: Req) -> Answer {
    let page = rq.page("records-plan-import-title");
    let (table, version) = (String::new(), released(&rq));
    rq.html(&PlanImport { page: &page, errors: Errors::new(), table, version, faults: Vec::new(), changes: None })
}

#[derive(Deserialize)]
pub struct ImportForm {
    #[serde(default)]
    table: String,
    #[serde(default)]
    version: i64,
    #[serde(default)]
    release: String,
}

/// Takes a plan as a file (CSV, or xdomea 0301 as XML) and shows what it would change; releasing it is a step of its own.
pub async fn plan_file(rq: Req, form: Multipart) -> Answer {
    let mut sent = ImportForm { table: String::new(), version: released(&rq), release: String::new() };
    let mut form = FormData::new(form);
    let mut too_large = false;
    while let Some(mut field) = form.next().await {
        if field.name() == "datei" {
            let table = field.text(LARGEST_PLAN).await;
            too_large = table.is_none();
            sent.table = table.unwrap_or_default();
        }
    }
    let fault = match form.cut() {
        Some(Cut::Broken) => "records-upload-broken",
        Some(Cut::TooLarge) => "records-plan-table-large",
        None if too_large => "records-plan-table-large",
        None => return plan_take(rq, Form(sent)).await,
    };
    let page = rq.page("records-plan-import-title");
    let errors: Errors = [("datei", page.t(fault))].into_iter().collect();
    let page = page.checked(&errors);
    rq.invalid(&PlanImport {
        page: &page,
        errors,
        table: String::new(),
        version: sent.version,
        faults: Vec::new(),
        changes: None,
    })
}

/// First shows what a table would change, then, with the same table, releases it.
pub async fn plan_take(rq: Req, Form(sent): Form<ImportForm>) -> Answer {
    let page = rq.page("records-plan-import-title");
    let mut errors = Errors::new();
    if sent.table.trim().is_empty() {
        errors.push("table", page.t("records-plan-table-missing"));
    } else if sent.table.len() > LARGEST_PLAN {
        errors.push("table", page.t("records-plan-table-large"));
    }
    let mut answer =
        PlanImport { page: &page, errors, table: sent.table, version: sent.version, faults: Vec::new(), changes: None };
    if !answer.errors.is_empty() {
        let page = rq.page("records-plan-import-title").checked(&answer.errors);
        answer.page = &page;
        return rq.invalid(&answer);
    }
    // A table never begins like this; what a browser sends of a file may have a byte order mark.
    let is_xml = answer.table.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).starts_with('<');
    let read = if is_xml { Plan::from_xdomea(&answer.table, rq.cx.today()) } else { Plan::from_csv(&answer.table) };
    let new = match read {
        Ok(new) => new,
        Err(faults) => {
            answer.faults = faults;
            return rq.invalid(&answer);
        }
    };
    if sent.release == "ja" {
        service::check_plan(&rq.cx, &new)?;
        db::write!(rq.city.db, |tx| { service::release_plan(&rq.cx, tx, answer.version, &new).await })?;
        house::take_released(&rq.app, &rq.city).await?;
        return rq.see_other_with("/intern/aktenplan", "records-done-plan");
    }
    answer.changes = Some(plan_of(&rq)?.changes(&new));
    rq.html(&answer)
}

#[derive(Template)]
#[template(path = "files.html")]
struct Files<'a> {
    page: &'a Page,
    entry: Option<&'a Entry>,
    files: Vec<File>,
    caption: String,
    units: identity::Units,
    next: String,
    may_open: bool,
}

impl Files<'_> {
    fn unit<'a>(&'a self, file: &'a File) -> &'a str {
        self.units.get(&file.unit).map_or(&file.unit, |unit| &unit.name)
    }
}

#[derive(Deserialize, Default)]
pub struct Which {
    #[serde(default)]
    plan: String,
    /// `<moment>,<id>` of the last file of the page before.
    #[serde(default)]
    nach: String,
    /// Number of the first file of this page.
    #[serde(default)]
    ab: String,
}

fn after(which: &Which) -> Option<(Timestamp, Uuid)> {
    let (at, id) = which.nach.split_once(',')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

pub async fn files(rq: Req, Query(which): Query<Which>) -> Answer {
    let plan = plan_of(&rq)?;
    let entry = plan.entry(&which.plan);
    let mut rx = rq.city.db.read().await?;
    let staff = service::staff(&rq.cx)?;
    let (key, after) = (entry.map(|entry| entry.key.as_str()), after(&which));
    let share = store::counts(&mut rx, staff, key).await?;
    let mut files = store::files(&mut rx, staff, key, after, share).await?;
    let units = identity::units(&mut rx).await?;
    drop(rx);
    let on_page = usize::try_from(store::PAGE).unwrap_or(0);
    let more = files.len() > on_page;
    files.truncate(on_page);
    let first = if after.is_some() { which.ab.parse().unwrap_or(1).max(1) } else { 1 };
    let part = Part { first, shown: files.len() as i64, count: Count::Exactly(share.0) };
    let next = files.last().filter(|_| more).map_or_else(String::new, |last| {
        let (plan, at, id) = (key.unwrap_or_default(), last.opened_at, last.id);
        format!("/intern/akten?plan={plan}&nach={at},{id}&ab={}", part.next())
    });
    let page = rq.page("records-files-title");
    let caption = part.caption(&page, page.t("records-files-caption"));
    rq.html(&Files { page: &page, entry, files, caption, units, next, may_open: rq.cx.actor.allows(perm::FILE) })
}

#[derive(Deserialize, Default)]
pub struct FileForm {
    #[serde(default)]
    entry: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    confidentiality: String,
    #[serde(default)]
    medium: String,
    #[serde(default)]
    storage: String,
    /// The file this one becomes a part of.
    #[serde(default)]
    part_of: String,
    /// Key of the type (Aktentyp).
    #[serde(default)]
    file_type: String,
}

impl FileForm {
    /// What the chosen type says, where nothing was said yet.
    fn begin_with(&mut self, file_type: &FileType) {
        let fill = |field: &mut String, value: &str| {
            if field.is_empty() {
                *field = value.to_owned();
            }
        };
        fill(&mut self.entry, &file_type.entry);
        fill(&mut self.confidentiality, file_type.level.code());
        fill(&mut self.medium, MEDIA[usize::from(file_type.paper)]);
    }
}

#[derive(Template)]
#[template(path = "file_new.html")]
struct NewFilePage<'a> {
    page: &'a Page,
    asked: &'a FileForm,
    errors: Errors,
    entries: Vec<Choice>,
    units: Vec<Choice>,
    levels: Vec<Choice>,
    media: Vec<Choice>,
    whole: Option<File>,
    types: Arc<Types>,
}

impl NewFilePage<'_> {
    fn chosen(&self) -> Option<&FileType> {
        self.types.get(&self.asked.file_type)
    }
}

const MEDIA: [&str; 3] = ["electronic", "hybrid", "paper"];
const LEVELS: [Confidentiality; 3] =
    [Confidentiality::Normal, Confidentiality::Vertraulich, Confidentiality::StrengVertraulich];

async fn new_page<'a>(rq: &Req, page: &'a Page, asked: &'a FileForm, errors: Errors) -> Result<NewFilePage<'a>> {
    let plan = plan_of(rq)?;
    let mut rx = rq.city.db.read().await?;
    let units = identity::units(&mut rx).await?;
    let whole = match asked.part_of.parse::<Uuid>() {
        Ok(whole) => Some(store::file_for_staff(&mut rx, whole, service::staff(&rq.cx)?).await?),
        Err(_) => None,
    };
    drop(rx);
    let leaves = plan.entries().iter().filter(|entry| !entry.is_heading());
    let choice = |value: &str, label: String, chosen: &str| Choice::new(value, label).selected(value == chosen);
    Ok(NewFilePage {
        page,
        entries: leaves.map(|e| choice(&e.key, format!("{} {}", e.key, e.title), &asked.entry)).collect(),
        units: units
            .all()
            .iter()
            .filter(|unit| rq.cx.actor.allows_in(perm::FILE, &unit.key))
            .map(|unit| choice(&unit.key, unit.name.clone(), &asked.unit))
            .collect(),
        levels: LEVELS
            .map(|level| {
                choice(level.code(), page.t(&format!("records-level-{}", level.code())), &asked.confidentiality)
            })
            .to_vec(),
        media: MEDIA.map(|m| choice(m, page.t(&format!("records-medium-{m}")), &asked.medium)).to_vec(),
        asked,
        errors,
        whole,
        types: Types::of(&rq.city.content)?,
    })
}

pub async fn new_file(rq: Req, Query(mut asked): Query<FileForm>) -> Answer {
    if let Some(file_type) = Types::of(&rq.city.content)?.get(&asked.file_type) {
        asked.begin_with(file_type);
    }
    let page = rq.page("records-file-new");
    rq.html(&new_page(&rq, &page, &asked, Errors::new()).await?)
}

/// What is typed as a title, or the fault.
pub fn title_of(page: &Page, errors: &mut Errors, field: &str, typed: &str) -> String {
    let title = typed.trim();
    if title.is_empty() {
        errors.push(field, page.t("records-title-missing"));
    } else if title.chars().count() > LONGEST {
        errors.push(field, page.t1("records-title-long", "max", LONGEST));
    }
    title.to_owned()
}

pub async fn open_file(rq: Req, Form(asked): Form<FileForm>) -> Answer {
    let page = rq.page("records-file-new");
    let plan = plan_of(&rq)?;
    let mut errors = Errors::new();
    let title = title_of(&page, &mut errors, "title", &asked.title);
    if plan.entry(&asked.entry).is_none_or(Entry::is_heading) {
        errors.push("entry", page.t("records-entry-missing"));
    }
    if asked.unit.is_empty() || !rq.cx.actor.allows_in(perm::FILE, &asked.unit) {
        errors.push("unit", page.t("records-unit-missing"));
    }
    let confidentiality = Confidentiality::from_code(&asked.confidentiality).unwrap_or_default();
    let medium = MEDIA.into_iter().find(|m| *m == asked.medium).unwrap_or(MEDIA[0]);
    if medium != MEDIA[0] && asked.storage.trim().is_empty() {
        errors.push("storage", page.t("records-storage-missing"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&new_page(&rq, &page, &asked, errors).await?);
    }
    let types = Types::of(&rq.city.content)?;
    let file_type = types.get(&asked.file_type);
    let file = db::write!(rq.city.db, |tx| {
        let new = NewFile {
            entry: asked.entry.clone(),
            title: title.clone(),
            unit: asked.unit.clone(),
            confidentiality,
            medium: medium.to_owned(),
            storage: asked.storage.trim().chars().take(LONGEST).collect(),
            part_of: asked.part_of.parse().ok(),
        };
        service::open_typed(&rq.cx, tx, &plan, new, file_type).await
    })?;
    rq.see_other_with(format!("/intern/akte/{}", file.id), "records-done-file")
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage<'a> {
    page: &'a Page,
    file: File,
    rows: Vec<Row>,
    whole: Option<File>,
    parts: Vec<File>,
    cases: Vec<CaseView>,
    elsewhere: Vec<Elsewhere>,
    may_write: bool,
    /// Documents that its type asks for, and whether they are there.
    checklist: Vec<(String, bool)>,
    /// What other rooms have to say of the file.
    panels: Vec<String>,
    errors: Errors,
}

fn rows(page: &Page, plan: &Plan, file: &File, unit: &str) -> Vec<Row> {
    let entry = plan.entry(&file.entry).map_or_else(|| file.entry.clone(), |e| format!("{} {}", e.key, e.title));
    let mut rows = vec![Row::new(page.t("records-file-entry"), entry)];
    if file.is_matter() {
        rows.push(Row::new(page.t("records-col-unit"), unit));
        rows.push(Row::new(page.t("records-file-level"), page.t(&format!("records-level-{}", file.confidentiality))));
        rows.push(Row::new(page.t("records-file-medium"), page.t(&format!("records-medium-{}", file.medium))));
        if !file.storage.is_empty() {
            rows.push(Row::new(page.t("records-file-storage"), &file.storage));
        }
    }
    rows.push(Row::new(page.t("records-file-opened"), page.datetime(file.opened_at)));
    if let Some(closed) = file.closed_at {
        rows.push(Row::new(page.t("records-file-closed"), page.datetime(closed)));
    }
    rows
}

async fn shown<'a>(rq: &Req, page: &'a Page, id: Uuid, errors: Errors) -> Result<FilePage<'a>> {
    let plan = plan_of(rq)?;
    let staff = service::staff(&rq.cx)?;
    let mut rx = rq.city.db.read().await?;
    let file = store::file_for_staff(&mut rx, id, staff).await?;
    let units = identity::units(&mut rx).await?;
    let whole = match file.part_of {
        Some(whole) => match store::file_for_staff(&mut rx, whole, staff).await {
            Err(Error::NotFound) => None,
            found => Some(found?),
        },
        None => None,
    };
    let (parts, cases) = (store::parts(&mut rx, staff, id).await?, store::cases(&mut rx, staff, id).await?);
    let all_types = Types::of(&rq.city.content)?;
    let file_type = all_types.get(&store::file_type(&mut rx, id).await?);
    let checklist = match file_type.filter(|found| !found.documents.is_empty()) {
        Some(found) => plan::checklist(found, &store::document_titles(&mut rx, staff, id).await?),
        None => Vec::new(),
    };
    let panels = view_panels(rq, &mut rx, Viewed::File(id)).await?;
    let elsewhere = origin::store::elsewhere(&mut rx, None, Some(id)).await?;
    let old = origin::store::old_numbers_of_file(&mut rx, id).await?;
    drop(rx);
    let unit = units.get(&file.unit).map_or(file.unit.as_str(), |unit| &unit.name);
    let mut rows = rows(page, &plan, &file, unit);
    rows.extend(old.into_iter().map(|old| Row::new(page.t1("records-origin-of", "source", old.source), old.old)));
    if let Some(found) = file_type {
        rows.insert(0, Row::new(page.t("records-file-type"), &found.name));
    }
    Ok(FilePage {
        page,
        rows,
        elsewhere,
        may_write: file.is_matter() && rq.cx.actor.allows_in(perm::FILE, &file.unit),
        file,
        whole,
        parts,
        cases,
        checklist,
        panels,
        errors,
    })
}

fn file_page(rq: &Req, file: &File) -> Page {
    let mut page = rq.untitled();
    page.title = format!("{} {}", file.title, file.number());
    page
}

pub async fn file(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let staff = service::staff(&rq.cx)?;
    let file = store::file_for_staff(&mut rq.city.db.read().await?, id, staff).await?;
    let page = file_page(&rq, &file);
    rq.html(&shown(&rq, &page, id, Errors::new()).await?)
}

#[derive(Deserialize)]
pub struct CaseForm {
    #[serde(default)]
    title: String,
}

pub async fn open_case(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<CaseForm>) -> Answer {
    let staff = service::staff(&rq.cx)?;
    let file = store::file_for_staff(&mut rq.city.db.read().await?, id, staff).await?;
    let page = file_page(&rq, &file);
    let mut errors = Errors::new();
    let title = title_of(&page, &mut errors, "title", &sent.title);
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, id, errors).await?);
    }
    let plan = plan_of(&rq)?;
    let case = db::write!(rq.city.db, |tx| { service::open_case(&rq.cx, tx, &plan, id, title.clone()).await })?;
    rq.see_other_with(format!("/intern/vorgang/{}", case.id), "records-done-case")
}

pub async fn close_file(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::set_closed(&rq.cx, tx, id, true).await })?;
    rq.see_other_with(format!("/intern/akte/{id}"), "records-done-closed")
}

pub async fn reopen_file(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::set_closed(&rq.cx, tx, id, false).await })?;
    rq.see_other_with(format!("/intern/akte/{id}"), "records-done-reopened")
}

pub async fn close_case(rq: Req, Path(id): Path<kernel::CaseId>) -> Answer {
    let plan = plan_of(&rq)?;
    db::write!(rq.city.db, |tx| { service::close_case(&rq.cx, tx, &plan, id).await })?;
    rq.see_other_with(format!("/intern/vorgang/{id}"), "records-done-closed")
}

fn file_tone(file: &File) -> Tone {
    if file.closed_at.is_some() { Tone::Success } else { Tone::Info }
}

fn file_state(page: &Page, file: &File) -> String {
    page.t(if file.closed_at.is_some() { "records-file-is-closed" } else { "records-file-is-open" })
}

fn key_of<'a>(entry: &Option<&'a Entry>) -> &'a str {
    entry.map_or("", |entry| entry.key.as_str())
}
