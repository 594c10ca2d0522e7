use contract_records::{AddStep, Audience, CaseView, Party, Status, StatusChanged};
use db::{Rx, Tx};
use house::{Call, InCity};
use identity::access::Confidentiality;
use kernel::{CaseId, Cx, Error, Event, Lang, Result, StaffId, Subject, Uuid};
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
    let entry = plan.entry(&new.entry).filter(|entry| !entry.is_heading()).ok_or(Error::NotFound)?;
    if let Some(whole) = new.part_of {
        let whole = store::file_for_staff(tx, whole, staff(cx)?).await?;
        if whole.closed_at.is_some() {
            return Err(Error::refused("records-file-closed"));
        }
    }
    let (now, today) = (cx.now(), cx.today());
    let year = i64::from(today.year());
    let running = cases::next_number(tx, &format!("{}-", entry.key), year).await?;
    let file = File {
        id: cx.sources.uuid(),
        plan: format!("{}-{running}", entry.key),
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
    if file.closed_at.is_some() {
        return Err(Error::refused("records-file-closed"));
    }
    let cls = file.cls.ok_or_else(|| Error::refused("records-file-collection"))?;
    let today = cx.today();
    let year = i64::from(today.year());
    let running = cases::next_number(tx, &file.plan, year).await?;
    let view = CaseView {
        id: cx.new_id(),
        number: model::case_number(&file.plan, today, running),
        service: String::new(),
        title,
        unit: file.unit.clone(),
        cls,
        status: Status::InProgress,
        opened_at: cx.now(),
        closed_at: None,
        account: None,
        lang: Lang::De,
        party: nobody(),
    };
    // Until it is closed, today's rule says how long it will be kept.
    let rule = plan.entry(&file.entry).and_then(|entry| entry.rule_on(today));
    let new = cases::NewCase {
        view: &view,
        file: file.id,
        confidentiality: &file.confidentiality,
        family_key: String::new(),
        retention_years: rule.map_or(0, |rule| i64::from(rule.years)),
        retention_basis: rule.map_or("", |rule| &rule.basis),
    };
    service::insert(cx, tx, &new).await?;
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
    let mut case = cases::case_for_staff(tx, id, staff(cx)?).await?;
    if !cx.actor.allows_in(perm::FILE, &case.unit) {
        return Err(Error::Forbidden);
    }
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
    if crate::circulation::store::open_of_case(tx, id).await? > 0 {
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
    store::set_closed(tx, file.id, closed.then(|| cx.now())).await?;
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
