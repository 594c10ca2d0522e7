use contract_desk::{CloseTask, DoneBy, OpenTask, OpenTasks, PutItem, TaskDone, TaskTexts};
use contract_processes::TaskFinished;
use db::{Rx, Tx};
use forms::{Answers, Facts, Form, SubmitError};
use house::InCity;
use identity::{access::class_in, events::StaffStateChanged};
use kernel::{CaseId, Cx, Error, Lang, Result, StaffId, TaskToken, Timestamp};
use serde_json::{Map, Value};

use crate::{
    EVIDENCE, perm,
    store::{self, DeskTaskId, Task},
};

pub async fn put_item(cx: &Cx, tx: &mut Tx, item: PutItem) -> Result<()> {
    let before = store::put_item(tx, &item).await?;
    let Some(old) = before.filter(|old| *old != item.cls) else { return Ok(()) };
    // Who does not see the case any more does not see its tasks; a task of another unit stays with that unit alone.
    for unit in store::units_of_tasks(tx, item.case, old).await? {
        let cls = if unit == item.unit { item.cls } else { class_in(tx, cx.today(), old, &unit).await? };
        store::move_tasks(tx, item.case, old, &unit, cls).await?;
    }
    Ok(())
}

pub async fn open_task(cx: &Cx, tx: &mut Tx, mut task: OpenTask) -> Result<()> {
    let (case_class, case_unit) = store::class_of_case(tx, task.case).await?;
    if task.unit.is_empty() {
        task.unit = case_unit.clone();
    }
    // A task for another unit is seen by that unit, whoever leads the case, and is as confidential as the case.
    let cls =
        if task.unit == case_unit { case_class } else { class_in(tx, cx.today(), case_class, &task.unit).await? };
    let form = cx.city()?.content.get("forms", &task.form);
    let form = form.ok_or_else(|| Error::internal(format!("task form {} is not released", task.form)))?;
    store::add_task(tx, cx.new_id(), cls, form.version, &task, cx.now()).await
}

pub async fn close_task(_: &Cx, tx: &mut Tx, c: CloseTask) -> Result<()> {
    store::withdraw(tx, c.token).await
}

pub async fn done_by(_: &Cx, tx: &mut Tx, c: DoneBy) -> Result<Option<StaffId>> {
    store::done_by(tx, c.token.instance, &c.element).await
}

pub async fn open_tasks(_: &Cx, rx: &mut Rx, q: OpenTasks) -> Result<i64> {
    store::open_tasks(rx, q.case).await
}

pub async fn task_texts(_: &Cx, rx: &mut Rx, q: TaskTexts) -> Result<Vec<(String, String)>> {
    let texts = store::texts(rx, q.case, &q.element).await?;
    Ok(texts.map(serde_json::from_value).transpose()?.unwrap_or_default())
}

/// The form of a task in the version it was opened with.
pub async fn form_of(cx: &Cx, rx: &mut Rx, task: &Task) -> Result<std::sync::Arc<Form>> {
    let city = cx.city()?;
    let released = city.content.get("forms", &task.form).filter(|i| i.version == task.form_version);
    let item = match released {
        Some(item) => item,
        None => std::sync::Arc::new(content::version(rx, "forms", &task.form, task.form_version).await?),
    };
    city.content.parse(&item, |item| {
        Form::load(&item.name, &item.body)
            .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
    })
}

/// What the clerk has entered so far.
pub fn draft_of(task: &Task, form: &Form, facts: &Facts) -> Result<Answers> {
    match &task.draft {
        Some(draft) => Ok(serde_json::from_value(draft.clone())?),
        None => Ok(form.blank(facts)),
    }
}

/// Claims a task for the actor.
///
/// # Errors
/// `Refused(desk-four-eyes)` when somebody else must do it; `Conflict` when somebody was faster.
pub async fn claim(tx: &mut Tx, id: DeskTaskId, actor: StaffId) -> Result<()> {
    let task = store::task(tx, id, actor).await?;
    if task.not_by == Some(actor) {
        return Err(Error::refused("desk-four-eyes"));
    }
    if !store::claim(tx, id, actor).await? {
        return Err(Error::Conflict("desk-claimed"));
    }
    Ok(())
}

/// Whether the one who acts may take a task of this unit from its holder: as the holder's deputy, or with the right to
/// assign tasks there.
pub async fn may_take_from(cx: &Cx, rx: &mut Rx, holder: StaffId, unit: &str) -> Result<bool> {
    let Some(actor) = cx.actor.staff() else { return Ok(false) };
    Ok(cx.actor.allows_in(perm::ASSIGN, unit)
        || identity::represented_by(rx, actor, cx.today()).await?.contains(&holder))
}

/// Takes a task over that somebody else has claimed, with what they have entered so far.
///
/// # Errors
/// `NotFound` for one who may not; `Refused(desk-four-eyes)`; `Conflict` when it is no longer so.
pub async fn take_over(cx: &Cx, tx: &mut Tx, id: DeskTaskId, actor: StaffId) -> Result<()> {
    let task = store::task(tx, id, actor).await?;
    if task.not_by == Some(actor) {
        return Err(Error::refused("desk-four-eyes"));
    }
    let Some(holder) = task.claimed_by.filter(|holder| *holder != actor) else {
        return claim(tx, id, actor).await;
    };
    if !may_take_from(cx, tx, holder, &task.unit).await? {
        return Err(Error::NotFound);
    }
    if !store::take_over(tx, id, holder, actor).await? {
        return Err(Error::Conflict("desk-claimed"));
    }
    journal::emit(tx, cx, &TakenOver { task: id, case: task.case_id, from: holder, by: actor }).await?;
    Ok(())
}

/// Who left does nothing any more: what they had claimed is free.
pub async fn staff_changed(_: &Cx, tx: &mut Tx, event: StaffStateChanged, _: Timestamp) -> Result<()> {
    // Somebody may have come back before this was heard.
    if !identity::staff_line(tx, event.staff).await?.active {
        store::free_of(tx, event.staff).await?;
    }
    Ok(())
}

/// Finishes a task that the actor holds: stores the answers as evidence and tells the process the codes.
///
/// # Errors
/// `Conflict` when the task is no longer open or somebody else's; `Invalid` when answers are missing.
pub async fn finish(cx: &Cx, tx: &mut Tx, id: DeskTaskId, actor: StaffId) -> Result<()> {
    let task = store::task(tx, id, actor).await?;
    if !task.open() || task.claimed_by != Some(actor) {
        return Err(Error::Conflict("desk-not-yours"));
    }
    if task.not_by == Some(actor) {
        return Err(Error::refused("desk-four-eyes"));
    }
    let form = form_of(cx, tx, &task).await?;
    let facts = Facts::new(forms::Account::of(&cx.actor), cx.today());
    let answers = draft_of(&task, &form, &facts)?;
    let complete = form.validate_all(&answers, &facts).map_err(incomplete)?;
    let reading = form.read(&complete.answers, &facts).map_err(Error::internal)?;
    let codes: Map<String, Value> = reading.facts();
    let texts: Vec<(String, String)> = reading
        .summary(Lang::De)
        .into_iter()
        .flat_map(|section| section.rows)
        .map(|row| (row.field, row.value))
        .collect();
    let stored = serde_json::to_value(&complete.answers)?;
    if !store::finish(tx, id, actor, &stored, &serde_json::to_value(texts)?, cx.now()).await? {
        return Err(Error::Conflict("desk-not-yours"));
    }
    let token = TaskToken { instance: task.instance, token: u64::try_from(task.token).map_err(Error::internal)? };
    let done = Done { task: id };
    journal::emit_evidence(tx, cx, &done, None, &EVIDENCE).await?;
    let media_break = task.media_break && really_broke(cx, &task, &codes);
    let (element, by) = (task.title, Some(actor));
    let event = TaskDone { case: task.case_id, token, element, by, codes: codes.clone(), media_break };
    journal::emit(tx, cx, &event).await?;
    journal::emit(tx, cx, &TaskFinished { token, vars: codes }).await.map(|_| ())
}

/// Whether the outcome meant typing data into another system. What cannot be told is counted.
fn really_broke(cx: &Cx, task: &Task, codes: &Map<String, Value>) -> bool {
    let Some(condition) = &task.media_break_when else { return true };
    let mut scope = feel::Scope::default();
    for name in codes.keys() {
        scope.declare(name.as_str(), feel::Type::Any);
    }
    let names = codes.iter().map(|(k, v)| (k.as_str(), feel::Value::from_json(v))).collect();
    let holds = feel::Expr::parse(condition, &scope).ok();
    holds.and_then(|expr| expr.eval_condition(&names, &feel::Env::at(cx.local_now())).ok()).unwrap_or(true)
}

fn incomplete(error: SubmitError) -> Error {
    match error {
        SubmitError::Incomplete(fields) => Error::Invalid(fields.into_iter().map(|(_, e)| e).collect()),
        other => Error::internal(other),
    }
}

/// A decision at the desk, with the state hash of its row.
#[derive(serde::Serialize, serde::Deserialize)]
struct Done {
    task: DeskTaskId,
}

impl kernel::Event for Done {
    const NAME: &'static str = "desk.decided";
    fn subject(&self) -> kernel::Subject {
        self.task.into()
    }
}

/// A claimed task went to somebody else.
#[derive(serde::Serialize, serde::Deserialize)]
struct TakenOver {
    task: DeskTaskId,
    case: CaseId,
    from: StaffId,
    by: StaffId,
}

impl kernel::Event for TakenOver {
    const NAME: &'static str = "desk.taken-over";
    fn subject(&self) -> kernel::Subject {
        self.task.into()
    }
}
