use contract_records::{AddStep, Audience, CaseView, Party, Status, StatusChanged};
use db::{Rx, Tx};
use house::{Call, InCity};
use identity::access::Confidentiality;
use kernel::{CaseId, Cx, Error, Event, Lang, Result, StaffId, Subject, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, File};
use crate::{
    EVIDENCE, FILE, model, perm,
    plan::{FileType, Plan},
    service, store as cases,
};

/// What somebody says of a file that they open.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFile {
    /// Kennzeichen of the entry of the file plan.
    pub entry: String,
    pub title: String,
    /// Leading organisation unit (Federführung).
    pub unit: String,
    pub confidentiality: Confidentiality,
    pub medium: String,
    pub storage: String,
    /// The file this one is a part of (Teilakte, Band).
    pub part_of: Option<Uuid>,
}

/// A file was opened.
#[derive(Serialize, Deserialize)]
struct FileOpened {
    file: Uuid,
    number: String,
    entry: String,
    unit: String,
}

impl Event for FileOpened {
    const NAME: &'static str = "records.file-opened";
    fn subject(&self) -> Subject {
        subject(self.file)
    }
}

/// A file was closed (zu den Akten verfügt), or opened again.
#[derive(Serialize, Deserialize)]
struct FileClosed {
    file: Uuid,
    closed: bool,
}

impl Event for FileClosed {
    const NAME: &'static str = "records.file-closed";
    fn subject(&self) -> Subject {
        subject(self.file)
    }
}

fn subject(file: Uuid) -> Subject {
    Subject { kind: FILE.subject, id: file }
}

/// Opens a file for one matter under an entry of the plan; its Aktenzeichen is never given again.
///
/// # Errors
/// `Forbidden` without the right to lead files in the unit; `NotFound` for an entry that holds no files, and for a file
/// to be part of that the actor does not see.
pub async fn open(cx: &Cx, tx: &mut Tx, plan: &Plan, new: NewFile) -> Result<File> {
    if !cx.actor.allows_in(perm::FILE, &new.unit) {
        return Err(Error::Forbidden);
    }
    if let Some(whole) = new.part_of {
        let whole = store::file_for_staff(tx, whole, staff(cx)?).await?;
        if whole.closed_at.is_some() {
            return Err(Error::refused("records-file-closed"));
        }
    }
    put(cx, tx, plan, new).await
}

/// Opens a file; who may has been checked.
///
/// # Errors
/// `NotFound` for an entry that holds no files.
pub async fn put(cx: &Cx, tx: &mut Tx, plan: &Plan, new: NewFile) -> Result<File> {
    plan.entry(&new.entry).filter(|entry| !entry.is_heading()).ok_or(Error::NotFound)?;
    enter(cx, tx, new).await
}

/// Enters a file into the plan. Whether the actor may, and whether the entry holds files, the caller has checked.
pub async fn enter(cx: &Cx, tx: &mut Tx, new: NewFile) -> Result<File> {
    let (now, today) = (cx.now(), cx.today());
    let year = i64::from(today.year());
    let running = cases::next_number(tx, &format!("{}-", new.entry), year).await?;
    let file = File {
        id: cx.sources.uuid(),
        plan: format!("{}-{running}", new.entry),
        year,
        title: new.title,
        entry: new.entry,
        kind: "matter".into(),
        part_of: new.part_of,
        cls: Some(identity::access::class_for(tx, today, &new.unit, new.confidentiality, None).await?),
        unit: new.unit,
        confidentiality: new.confidentiality.code().into(),
        medium: new.medium,
        storage: new.storage,
        opened_at: now,
        closed_at: None,
    };
    store::add(tx, &file).await?;
    let event = FileOpened { file: file.id, number: file.number(), entry: file.entry.clone(), unit: file.unit.clone() };
    journal::emit_evidence(tx, cx, &event, None, &FILE).await?;
    Ok(file)
}

/// Opens a file with the parts that its type has.
///
/// # Errors
/// As [`open`].
pub async fn open_typed(cx: &Cx, tx: &mut Tx, plan: &Plan, new: NewFile, file_type: Option<&FileType>) -> Result<File> {
    let file = open(cx, tx, plan, new.clone()).await?;
    if let Some(file_type) = file_type {
        store::set_file_type(tx, file.id, &file_type.key).await?;
        for title in &file_type.parts {
            let part = NewFile { title: title.clone(), part_of: Some(file.id), ..new.clone() };
            open(cx, tx, plan, part).await?;
        }
    }
    Ok(file)
}

/// Opens a case (Vorgang) in a file; it is as confidential as the file.
///
/// # Errors
/// `NotFound` for a file the actor does not see, `Forbidden` without the right to lead files in its unit.
pub async fn open_case(cx: &Cx, tx: &mut Tx, plan: &Plan, file: Uuid, title: String) -> Result<CaseView> {
    let file = led(cx, tx, file).await?;
    put_case(cx, tx, plan, &file, title).await
}

/// Opens a case in a file; who may has been checked.
///
/// # Errors
/// Refused in a closed file and in a yearly collection.
pub async fn put_case(cx: &Cx, tx: &mut Tx, plan: &Plan, file: &File, title: String) -> Result<CaseView> {
    if file.closed_at.is_some() {
        return Err(Error::refused("records-file-closed"));
    }
    let cls = file.cls.ok_or_else(|| Error::refused("records-file-collection"))?;
    let new = NewCase {
        title,
        unit: file.unit.clone(),
        confidentiality: &file.confidentiality,
        cls,
        opened_at: cx.now(),
        closed_at: None,
    };
    let case = enter_case(cx, tx, plan, file, new).await?;
    service::tell_staff(cx, tx, case.id, OPENED, &[]).await?;
    Ok(case)
}

/// Code of the step that says who opened a case by hand.
pub const OPENED: &str = "opened-office";

/// What is said of a case that goes into a file.
pub struct NewCase<'a> {
    pub title: String,
    pub unit: String,
    pub confidentiality: &'a str,
    pub cls: i64,
    pub opened_at: Timestamp,
    /// A case that was closed elsewhere before it came here.
    pub closed_at: Option<Timestamp>,
}

/// Puts a case into a file. Whether the actor may, the caller has checked.
pub async fn enter_case(cx: &Cx, tx: &mut Tx, plan: &Plan, file: &File, new: NewCase<'_>) -> Result<CaseView> {
    let today = cx.today();
    // The year of the file, whatever year it is: the numbers of files begin anew with each, and another one bears it.
    let running = cases::next_number(tx, &file.plan, file.year).await?;
    let mut view = CaseView {
        id: cx.new_id(),
        number: model::case_number(&file.plan, file.year, running),
        service: String::new(),
        title: new.title,
        unit: new.unit,
        cls: new.cls,
        status: Status::InProgress,
        opened_at: new.opened_at,
        closed_at: None,
        account: None,
        lang: Lang::De,
        party: nobody(),
    };
    // Until it is closed, today's rule says how long it will be kept; a case closed before there was a rule has it too.
    let entry = plan.entry(&file.entry);
    let closed_on = new.closed_at.map_or(today, model::day);
    let rule = entry.and_then(|entry| entry.rule_on(closed_on).or_else(|| entry.rule_on(today)));
    let row = cases::NewCase {
        view: &view,
        file: file.id,
        confidentiality: new.confidentiality,
        family_key: String::new(),
        retention_years: rule.map_or(0, |rule| i64::from(rule.years)),
        retention_basis: rule.map_or("", |rule| &rule.basis),
    };
    service::insert(cx, tx, &row).await?;
    if let Some(closed_at) = new.closed_at {
        view.status = Status::Done;
        view.closed_at = Some(closed_at);
        cases::set_status(tx, view.id, view.status, Some(closed_at)).await?;
        // Where the plan says nothing, the archive decides.
        let appraisal = rule.map_or(crate::plan::Appraisal::B, |rule| rule.appraisal);
        store::set_appraisal(tx, view.id, appraisal.code()).await?;
        service::put_on_desk(cx, tx, &view).await?;
        let event = StatusChanged { case: view.id, status: view.status };
        journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[1]).await?;
    }
    Ok(view)
}

/// A case that is about nobody in particular.
fn nobody() -> Party {
    Party {
        family_name: String::new(),
        first_names: String::new(),
        birth_date: None,
        address: contract_records::Address::default(),
        email: None,
        provenance: "office".into(),
    }
}

/// Closes a case that staff opened by hand (Schlussverfügung „zu den Akten“). Retention begins, by the rule of this day.
///
/// # Errors
/// Refused while a task of it is open or a folder of it goes round, and for a case that a process leads.
pub async fn close_case(cx: &Cx, tx: &mut Tx, plan: &Plan, id: CaseId) -> Result<()> {
    let case = cases::case_for_staff(tx, id, staff(cx)?).await?;
    if !cx.actor.allows_in(perm::FILE, &case.unit) {
        return Err(Error::Forbidden);
    }
    close(cx, tx, plan, case).await
}

/// Closes a case; who may has been checked.
///
/// # Errors
/// As [`close_case`], but for rights.
pub async fn close(cx: &Cx, tx: &mut Tx, plan: &Plan, mut case: CaseView) -> Result<()> {
    let id = case.id;
    if !case.service.is_empty() {
        return Err(Error::refused("records-led-by-process"));
    }
    if case.status.closed() {
        return Ok(());
    }
    if cx.ask(tx, contract_desk::OpenTasks { case: id }).await? > 0 {
        return Err(Error::refused("records-open-tasks"));
    }
    if crate::document::store::checked_out_in(tx, id, cx.now()).await? {
        return Err(Error::refused("records-checked-out"));
    }
    if open_folders(cx, tx, id).await? > 0 {
        return Err(Error::refused("records-open-circulation"));
    }
    case.status = Status::Done;
    cases::set_status(tx, id, case.status, Some(cx.now())).await?;
    let file = store::file_of_case(tx, id).await?;
    let file = store::file(tx, file).await?;
    if let Some(rule) = plan.entry(&file.entry).and_then(|entry| entry.rule_on(cx.today())) {
        store::set_retention(tx, id, i64::from(rule.years), &rule.basis).await?;
    }
    service::set_appraisal(cx, tx, id).await?;
    service::put_on_desk(cx, tx, &case).await?;
    let event = StatusChanged { case: id, status: case.status };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[1]).await?;
    let step = AddStep {
        case: id,
        code: format!("status-{}", case.status.code()),
        args: Vec::new(),
        audience: Audience::Applicant,
        media_break: false,
    };
    service::add_step(cx, tx, step).await
}

/// Circulation folders of a case that are still going round; none in a city that has no such folders.
async fn open_folders(cx: &Cx, rx: &mut Rx, case: CaseId) -> Result<i64> {
    match cx.ask(rx, contract_circulation::OpenFolders { case }).await {
        Err(Error::NotAvailable(_)) => Ok(0),
        answer => answer,
    }
}

/// Closes a file, or opens it again.
///
/// # Errors
/// Refused while a case or part in it is open.
pub async fn set_closed(cx: &Cx, tx: &mut Tx, file: Uuid, closed: bool) -> Result<()> {
    let file = led(cx, tx, file).await?;
    if !file.is_matter() {
        return Err(Error::refused("records-file-collection"));
    }
    if file.closed_at.is_some() == closed {
        return Ok(());
    }
    if closed && store::open_inside(tx, file.id).await? > 0 {
        return Err(Error::refused("records-open-cases"));
    }
    store::set_closed(tx, &file, closed.then(|| cx.now())).await?;
    journal::emit_evidence(tx, cx, &FileClosed { file: file.id, closed }, None, &FILE).await?;
    Ok(())
}

/// The file, if the actor sees it and leads files in its unit.
async fn led(cx: &Cx, rx: &mut Rx, file: Uuid) -> Result<File> {
    let file = store::file_for_staff(rx, file, staff(cx)?).await?;
    if cx.actor.allows_in(perm::FILE, &file.unit) { Ok(file) } else { Err(Error::Forbidden) }
}

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

/// Whether a new file plan fits the city's other data: with one fault in it the city does not open any more. Takes its time,
/// so it is asked before the transaction.
///
/// # Errors
/// Refused with the first fault that the plan brings.
pub fn check_plan(cx: &Cx, plan: &Plan) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let seen = city.content.get(crate::plan::KIND, crate::plan::KEY).ok_or(Error::NotFound)?;
    let body = plan.to_toml()?;
    let item = content::Item { version: seen.version + 1, body: body.as_str().into(), ..seen.as_ref().clone() };
    let known = house::content_faults(&app, &city.content);
    let faults = house::content_faults(&app, &city.content.with(item));
    match faults.into_iter().find(|fault| !known.contains(fault)) {
        None => Ok(()),
        Some(fault) => Err(Error::refused_with("records-plan-faults", vec![("fault", fault)])),
    }
}

/// Releases a new file plan. Entries under which files lie stay, whatever the new plan says.
///
/// # Errors
/// `Conflict` when somebody else released a plan after the one that was seen (`version`), refused with the entry that is
/// still used.
pub async fn release_plan(cx: &Cx, tx: &mut Tx, version: i64, plan: &Plan) -> Result<()> {
    let content = &cx.city()?.content;
    let seen = content.get(crate::plan::KIND, crate::plan::KEY).ok_or(Error::NotFound)?;
    if seen.version != version {
        return Err(Error::Conflict("records-plan-changed"));
    }
    let used = store::used_entries(tx).await?;
    if let Some(missing) = used.into_iter().find(|key| plan.entry(key).is_none_or(|entry| entry.is_heading())) {
        return Err(Error::refused_with("records-plan-used", vec![("key", missing)]));
    }
    let body = plan.to_toml()?;
    let version = content::edit(tx, cx, &seen, &body).await?;
    journal::emit(tx, cx, &PlanReleased { version, entries: plan.entries().len() }).await?;
    Ok(())
}

/// A new file plan holds.
#[derive(Serialize, Deserialize)]
struct PlanReleased {
    version: i64,
    entries: usize,
}

impl Event for PlanReleased {
    const NAME: &'static str = "records.plan-released";
    fn subject(&self) -> Subject {
        Subject { kind: "file-plan", id: Uuid::nil() }
    }
}
