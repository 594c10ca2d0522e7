use contract_desk::{PutItem, TaskDone};
use contract_records::{
    AddDocument, AddStep, Audience, CaseByNumber, CaseHandedOver, CaseOpened, CaseOpenedEvent, CaseView, Cases,
    CasesOfAccount, DocumentView, Documents, DocumentsOfCase, FilesOfCase, HandOver, MediaBreakCount, MediaBreaks,
    OpenCase, SetStatus, Status, StatusChanged, VisibleCase,
};
use db::{Rx, Tx};
use files::{FileInfected, Scan};
use house::{Call, InCity};
use identity::access::Confidentiality;
use jiff::ToSpan;
use kernel::{
    CaseId, Cx, DocumentId, Error, Event, FileId, Principal, Result, Subject, TaskOutcome, Timestamp, UnitKey, Uuid,
};
use serde::{Deserialize, Serialize};

use crate::{
    EVIDENCE, FILE, document, file,
    model::{self, By},
    participation, perm,
    plan::{Appraisal, Plan},
    store,
};

pub async fn open_case(cx: &Cx, tx: &mut Tx, c: OpenCase) -> Result<CaseOpened> {
    let (now, today) = (cx.now(), cx.today());
    let year = i64::from(today.year());
    let running = store::next_number(tx, &c.plan, year).await?;
    let number = model::case_number(&c.plan, year, running);
    let file = store::file_of(tx, cx.sources.uuid(), &c.plan, year, &format!("{} {year}", c.title), now).await?;
    let confidentiality = Confidentiality::from_code(&c.confidentiality)
        .ok_or_else(|| Error::internal(format!("unknown confidentiality {}", c.confidentiality)))?;
    let cls = identity::access::class_for(tx, today, &c.unit, confidentiality, None).await?;
    let view = CaseView {
        id: cx.new_id(),
        number: number.clone(),
        service: c.service,
        title: c.title,
        unit: c.unit,
        cls,
        status: Status::Received,
        opened_at: now,
        closed_at: None,
        account: c.account,
        lang: c.lang,
        party: c.party,
    };
    let new = store::NewCase {
        view: &view,
        file,
        confidentiality: &c.confidentiality,
        family_key: model::family_key(&view.party.family_name),
        retention_years: i64::from(c.retention_years),
        retention_basis: &c.retention_basis,
    };
    insert(cx, tx, &new).await?;
    let claim_code = match view.account {
        Some(_) => None,
        None if view.party.provenance == "office" => None,
        None => {
            // As long as anything may still happen in the case, and a while to fetch the result.
            let good_until = cx.local_now().saturating_add(1.year()).timestamp();
            Some(cx.city()?.identity.issue_claim(tx, cx, view.id, good_until).await?)
        }
    };
    Ok(CaseOpened { case: view.id, number: view.number, claim_code })
}

/// Writes a new case down, in its own room and on the desk.
pub async fn insert(cx: &Cx, tx: &mut Tx, new: &store::NewCase<'_>) -> Result<()> {
    let view = new.view;
    store::add_case(tx, new).await?;
    put_on_desk(cx, tx, view).await?;
    let event = CaseOpenedEvent {
        case: view.id,
        number: view.number.clone(),
        service: view.service.clone(),
        unit: view.unit.clone(),
    };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[1]).await?;
    Ok(())
}

pub async fn put_on_desk(cx: &Cx, tx: &mut Tx, case: &CaseView) -> Result<()> {
    let item = PutItem {
        case: case.id,
        cls: case.cls,
        number: case.number.clone(),
        title: case.title.clone(),
        party: format!("{} {}", case.party.first_names, case.party.family_name).trim().to_owned(),
        unit: case.unit.clone(),
        status: case.status.code().to_owned(),
        opened_at: case.opened_at,
        closed: case.status.closed(),
    };
    cx.call(tx, item).await
}

/// A document was put into a case. Its state hash is evidence.
#[derive(Serialize, Deserialize)]
struct DocumentAdded {
    document: DocumentId,
    case: CaseId,
    kind: String,
}

impl Event for DocumentAdded {
    const NAME: &'static str = "records.document-added";
    fn subject(&self) -> Subject {
        self.document.into()
    }
}

pub async fn add_document(cx: &Cx, tx: &mut Tx, c: AddDocument) -> Result<DocumentId> {
    let document = DocumentView {
        id: cx.new_id(),
        case: c.case,
        kind: c.kind,
        title: c.title,
        file: c.file,
        direction: c.direction,
        audience: c.audience,
        added_at: cx.now(),
    };
    store::add_document(tx, &document).await?;
    let event = DocumentAdded { document: document.id, case: document.case, kind: document.kind };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[0]).await?;
    // What is found later is told by `files.infected`.
    let locked = files::locked(tx, &[document.file]).await?;
    if let Some(Scan::Infected { signature, .. }) = locked.get(&document.file) {
        add_infected(cx, tx, document.case, &document.title, document.audience, signature).await?;
    }
    Ok(document.id)
}

/// Malware was found in a document: a step that everybody reads who sees the document.
pub async fn add_infected(
    cx: &Cx,
    tx: &mut Tx,
    case: CaseId,
    title: &str,
    audience: Audience,
    signature: &str,
) -> Result<()> {
    let step = AddStep {
        case,
        code: "file-infected".into(),
        args: vec![("title".into(), title.to_owned()), ("signature".into(), signature.to_owned())],
        audience,
        media_break: false,
    };
    // Whoever put it there, the program found it.
    store::add_step(tx, cx.sources.uuid(), cx.now(), &step, Some(By::Process)).await
}

/// The scanner found malware in a file that had been put into a case before.
pub async fn file_infected(cx: &Cx, tx: &mut Tx, event: FileInfected, _: Timestamp) -> Result<()> {
    for document in store::documents_with_file(tx, event.file).await? {
        add_infected(cx, tx, document.case, &document.title, document.audience, &event.signature).await?;
    }
    Ok(())
}

/// A step that staff read and the applicant does not.
pub async fn tell_staff(cx: &Cx, tx: &mut Tx, case: CaseId, code: &str, args: &[(&str, &str)]) -> Result<()> {
    let step = AddStep {
        case,
        code: code.into(),
        args: args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        audience: Audience::Staff,
        media_break: false,
    };
    add_step(cx, tx, step).await
}

pub async fn add_step(cx: &Cx, tx: &mut Tx, c: AddStep) -> Result<()> {
    store::add_step(tx, cx.sources.uuid(), cx.now(), &c, Some(By::of(&cx.actor))).await
}

pub async fn set_status(cx: &Cx, tx: &mut Tx, c: SetStatus) -> Result<TaskOutcome> {
    let mut case = store::case(tx, c.case).await?;
    if case.status != c.status {
        let closed_at = c.status.closed().then(|| cx.now());
        store::set_status(tx, c.case, c.status, closed_at).await?;
        if closed_at.is_some() {
            set_appraisal(cx, tx, c.case).await?;
        }
        case.status = c.status;
        put_on_desk(cx, tx, &case).await?;
        journal::emit_evidence(tx, cx, &StatusChanged { case: c.case, status: c.status }, None, &EVIDENCE[1]).await?;
        let step = AddStep {
            case: c.case,
            code: format!("status-{}", c.status.code()),
            args: Vec::new(),
            audience: Audience::Applicant,
            media_break: false,
        };
        store::add_step(tx, cx.sources.uuid(), cx.now(), &step, Some(By::of(&cx.actor))).await?;
    }
    Ok(TaskOutcome::done([]))
}

/// What the rule of this day says of a case that is closed now. Where the plan says nothing, the archive decides.
pub async fn set_appraisal(cx: &Cx, tx: &mut Tx, case: CaseId) -> Result<()> {
    let plan = Plan::of(&cx.city()?.content)?;
    let file = file::store::file_of_case(tx, case).await?;
    let file = file::store::file(tx, file).await?;
    let rule = plan.entry(&file.entry).and_then(|entry| entry.rule_on(cx.today()));
    let appraisal = rule.map_or(Appraisal::B, |rule| rule.appraisal);
    file::store::set_appraisal(tx, case, appraisal.code()).await
}

/// Which unit leads a case from now on. It is told of the hand-over and not of the case: what is told of a case is in the
/// export for its applicant, and [`CaseHandedOver`] says why the unit must not be there.
#[derive(Serialize, Deserialize)]
struct UnitDecided {
    hand_over: Uuid,
    case: CaseId,
    unit: UnitKey,
}

impl Event for UnitDecided {
    const NAME: &'static str = "records.unit-decided";
    fn subject(&self) -> Subject {
        Subject { kind: "hand-over", id: self.hand_over }
    }
}

/// # Errors
/// `NotFound` when the city has no such unit.
pub async fn hand_over(cx: &Cx, tx: &mut Tx, c: HandOver) -> Result<TaskOutcome> {
    set_leading(cx, tx, c.case, c.unit).await?;
    Ok(TaskOutcome::done([]))
}

/// Gives a case to a unit (Abgabe), whoever decided it.
async fn set_leading(cx: &Cx, tx: &mut Tx, id: CaseId, unit: UnitKey) -> Result<()> {
    let mut case = store::case(tx, id).await?;
    if case.unit != unit {
        case.cls = identity::access::class_in(tx, cx.today(), case.cls, &unit).await?;
        case.unit = unit;
        // Whom the old unit had invited, the new one invites again, or not (Sperrvermerk, § 64 PStG).
        participation::service::end_of_case(cx, tx, case.id).await?;
        store::set_unit(tx, case.id, &case.unit, case.cls).await?;
        put_on_desk(cx, tx, &case).await?;
        participation::service::settle_case(cx, tx, case.id).await?;
    }
    journal::emit_evidence(tx, cx, &CaseHandedOver { case: case.id }, None, &EVIDENCE[1]).await?;
    let decided = UnitDecided { hand_over: cx.sources.uuid(), case: case.id, unit: case.unit };
    journal::emit(tx, cx, &decided).await?;
    Ok(())
}

/// What a sealed unit leads stays there, and nothing is given to one by hand: a process does it (Sperrvermerk, § 64 PStG).
async fn may_hand_over(cx: &Cx, rx: &mut Rx, from: &str, to: &str) -> Result<String> {
    if !cx.actor.allows_in(perm::FILE, from) {
        return Err(Error::Forbidden);
    }
    let units = identity::units(rx).await?;
    let open = |key: &str| units.get(key).filter(|unit| !unit.sealed);
    match (open(from), open(to)) {
        (Some(_), Some(unit)) if from != to => Ok(unit.name.clone()),
        _ => Err(Error::refused("records-hand-over-unit")),
    }
}

async fn tell_handed_over(cx: &Cx, tx: &mut Tx, case: CaseId, unit: &str) -> Result<()> {
    tell_staff(cx, tx, case, "handed-over", &[("unit", unit)]).await
}

/// Gives a case that staff opened by hand to another unit.
///
/// # Errors
/// `Forbidden` without the right to lead files in its unit; refused for a closed case, for one that a process leads, and
/// where a sealed unit is on either side.
pub async fn hand_over_case(cx: &Cx, tx: &mut Tx, id: CaseId, unit: &str) -> Result<()> {
    let case = store::case_for_staff(tx, id, file::service::staff(cx)?).await?;
    let name = may_hand_over(cx, tx, &case.unit, unit).await?;
    if !case.service.is_empty() {
        return Err(Error::refused("records-led-by-process"));
    }
    if case.status.closed() {
        return Err(Error::refused("records-case-closed"));
    }
    set_leading(cx, tx, id, unit.to_owned()).await?;
    tell_handed_over(cx, tx, id, &name).await
}

/// A file went to another unit.
#[derive(Serialize, Deserialize)]
struct FileHandedOver {
    file: Uuid,
    unit: UnitKey,
}

impl Event for FileHandedOver {
    const NAME: &'static str = "records.file-handed-over";
    fn subject(&self) -> Subject {
        Subject { kind: FILE.subject, id: self.file }
    }
}

/// Gives a file of one matter to another unit, with the cases in it that its unit leads.
///
/// # Errors
/// As [`hand_over_case`]; refused for a yearly collection and for a closed file.
pub async fn hand_over_file(cx: &Cx, tx: &mut Tx, id: Uuid, unit: &str) -> Result<()> {
    let file = file::store::file_for_staff(tx, id, file::service::staff(cx)?).await?;
    let name = may_hand_over(cx, tx, &file.unit, unit).await?;
    let class = file.cls.ok_or_else(|| Error::refused("records-file-collection"))?;
    if file.closed_at.is_some() {
        return Err(Error::refused("records-file-closed"));
    }
    let cases = participation::store::cases_of_file(tx, id).await?;
    participation::service::end_of_file(cx, tx, id).await?;
    let cls = identity::access::class_in(tx, cx.today(), class, unit).await?;
    file::store::set_unit(tx, &file, unit, cls).await?;
    journal::emit_evidence(tx, cx, &FileHandedOver { file: id, unit: unit.to_owned() }, None, &FILE).await?;
    for case in cases {
        set_leading(cx, tx, case, unit.to_owned()).await?;
        tell_handed_over(cx, tx, case, &name).await?;
    }
    Ok(())
}

pub async fn cases(_: &Cx, rx: &mut Rx, q: Cases) -> Result<Vec<CaseView>> {
    let mut found = Vec::with_capacity(q.ids.len());
    for id in q.ids {
        match store::case(rx, id).await {
            Ok(case) => found.push(case),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub async fn visible_case(cx: &Cx, rx: &mut Rx, q: VisibleCase) -> Result<CaseView> {
    match &cx.actor.principal {
        Principal::Staff { user, .. } => store::case_for_staff(rx, q.case, *user).await,
        Principal::Citizen { account, .. } => {
            let case = store::case(rx, q.case).await?;
            if case.account == Some(*account) { Ok(case) } else { Err(Error::NotFound) }
        }
        Principal::Guest { case } if *case == q.case => store::case(rx, q.case).await,
        Principal::Guest { .. } | Principal::Anonymous | Principal::Machine { .. } | Principal::System { .. } => {
            Err(Error::NotFound)
        }
    }
}

pub async fn documents(_: &Cx, rx: &mut Rx, q: Documents) -> Result<Vec<DocumentView>> {
    let mut found = Vec::with_capacity(q.ids.len());
    for id in q.ids {
        match store::document(rx, id).await {
            Ok(document) => found.push(document),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub async fn cases_of_account(_: &Cx, rx: &mut Rx, q: CasesOfAccount) -> Result<Vec<CaseView>> {
    store::all_cases_of_account(rx, q.account).await
}

pub async fn case_by_number(_: &Cx, rx: &mut Rx, q: CaseByNumber) -> Result<Option<CaseView>> {
    store::case_by_number(rx, q.number.trim()).await
}

pub async fn documents_of_case(_: &Cx, rx: &mut Rx, q: DocumentsOfCase) -> Result<Vec<DocumentView>> {
    store::documents_of(rx, q.case).await
}

pub async fn media_breaks(_: &Cx, rx: &mut Rx, q: MediaBreaks) -> Result<Vec<MediaBreakCount>> {
    let counted = store::media_breaks(rx, q.since).await?;
    Ok(counted.into_iter().map(|(service, count)| MediaBreakCount { service, count }).collect())
}

pub async fn files_of_case(_: &Cx, rx: &mut Rx, q: FilesOfCase) -> Result<Vec<FileId>> {
    let mut files: Vec<FileId> = store::documents_of(rx, q.case).await?.into_iter().map(|d| d.file).collect();
    files.extend(document::store::older_files(rx, q.case).await?);
    files.extend(document::store::renditions_of(rx, q.case).await?);
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// A finished task of the desk is a step of the case; a manual transfer counts as one Medienbruch.
pub async fn task_done(cx: &Cx, tx: &mut Tx, event: TaskDone, _: Timestamp) -> Result<()> {
    let step = AddStep {
        case: event.case,
        code: "task-done".into(),
        args: vec![("element".into(), event.element)],
        audience: Audience::Staff,
        media_break: event.media_break,
    };
    // Heard by the program: who it was stands in the event.
    store::add_step(tx, cx.sources.uuid(), cx.now(), &step, event.by.map(By::Staff)).await
}
