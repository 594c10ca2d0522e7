//! Lists, the page of a task, and the tasks on the page of a case.

use askama::Template;
use axum::{Form as Fields, extract::Query};
use db::Rx;
use forms::{
    AcceptError, Accepted, Answers, CHECK_STEP, Facts, FieldError, Form, Next, Submitted, View, render_check,
    render_step,
};
use house::{Answer, Path, Req};
use kernel::{CaseId, Error, Result, StaffId, Timestamp};
use serde::Deserialize;
use ui::{Page, Tone};

use crate::{
    perm, service,
    store::{self, After, DeskTaskId, Item, PAGE, Task, TaskLine},
};

fn actor(rq: &Req) -> Result<StaffId> {
    rq.cx.actor.staff().ok_or(Error::StaffSignIn)
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    page: &'a Page,
    mine: i64,
    free: i64,
    works: bool,
}

pub async fn home(rq: Req) -> Answer {
    let actor = actor(&rq)?;
    let works = rq.cx.actor.allows(perm::WORK);
    let (mut mine, mut free) = (0, 0);
    if works {
        let mut rx = rq.city.db.read().await?;
        (mine, free) = store::task_counts(&mut rx, actor).await?;
    }
    let page = rq.page("desk-home-title");
    rq.html(&Home { page: &page, mine, free, works })
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct Tasks<'a> {
    page: &'a Page,
    mine: Vec<TaskLine>,
    free: Vec<TaskLine>,
    held: Vec<Held>,
    /// Exact, also where the lists are cut off.
    counts: (i64, i64),
    actor: StaffId,
    now: Timestamp,
}

/// A task that somebody else has claimed, and their name.
struct Held {
    task: TaskLine,
    holder: String,
}

/// Names of those who hold tasks that the actor may take over.
async fn may_take(rq: &Req, rx: &mut Rx, tasks: Vec<TaskLine>) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for task in tasks {
        if let Some(holder) = task.claimed_by
            && task.not_by != rq.cx.actor.staff()
            && service::may_take_from(&rq.cx, rx, holder, &task.unit).await?
        {
            let holder = identity::staff_line(rx, holder).await?.name;
            held.push(Held { task, holder });
        }
    }
    Ok(held)
}

impl Tasks<'_> {
    fn may_claim(&self, task: &TaskLine) -> bool {
        task.not_by != Some(self.actor)
    }

    fn late(&self, task: &TaskLine) -> bool {
        task.due.is_some_and(|due| due < self.now)
    }
}

pub async fn tasks(rq: Req) -> Answer {
    let actor = actor(&rq)?;
    let mut rx = rq.city.db.read().await?;
    let (mine, free) = (store::my_tasks(&mut rx, actor).await?, store::free_tasks(&mut rx, actor).await?);
    let held = store::held_tasks(&mut rx, actor).await?;
    let held = may_take(&rq, &mut rx, held).await?;
    let counts = store::task_counts(&mut rx, actor).await?;
    let page = rq.page("desk-tasks-title");
    rq.html(&Tasks { page: &page, mine, free, held, counts, actor, now: rq.cx.now() })
}

/// The next task: the most urgent of one's own, else the most urgent free one. The "next case" key leads here.
pub async fn next(rq: Req) -> Answer {
    let actor = actor(&rq)?;
    let mut rx = rq.city.db.read().await?;
    let own = store::my_tasks(&mut rx, actor).await?.into_iter().next();
    let next = match own {
        Some(task) => Some(task),
        None => store::free_tasks(&mut rx, actor).await?.into_iter().find(|t| t.not_by != Some(actor)),
    };
    match next {
        Some(task) => rq.see_other(format!("/intern/vorgang/{}", task.case_id)),
        None => rq.see_other_with("/intern/aufgaben", "desk-nothing-left"),
    }
}

#[derive(Deserialize, Default)]
pub struct ListQuery {
    #[serde(default)]
    erledigt: bool,
    /// Microseconds and case of the last row shown.
    #[serde(default)]
    nach: Option<String>,
}

fn after(text: Option<&str>) -> After {
    let parsed = text.and_then(|text| {
        let (micros, case) = text.split_once('_')?;
        let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
        Some(After { at, case: case.parse().ok()? })
    });
    parsed.unwrap_or(After::START)
}

#[derive(Template)]
#[template(path = "cases.html")]
struct Cases<'a> {
    page: &'a Page,
    items: Vec<Item>,
    visible: i64,
    closed: bool,
    next: Option<String>,
}

pub async fn cases(rq: Req, Query(query): Query<ListQuery>) -> Answer {
    let actor = actor(&rq)?;
    let mut rx = rq.city.db.read().await?;
    let share = store::counts(&mut rx, actor, query.erledigt).await?;
    let mut items = store::items(&mut rx, actor, query.erledigt, after(query.nach.as_deref()), share).await?;
    let more = items.len() as i64 > PAGE;
    items.truncate(PAGE as usize);
    let next = items.last().filter(|_| more).map(|last| {
        let tab = if query.erledigt { "erledigt=true&" } else { "" };
        format!("/intern/vorgaenge?{tab}nach={}_{}", last.opened_at.as_microsecond(), last.case_id)
    });
    let page = rq.page("desk-cases-title");
    rq.html(&Cases { page: &page, items, visible: share.0, closed: query.erledigt, next })
}

pub async fn claim(rq: Req, Path(id): Path<DeskTaskId>) -> Answer {
    let actor = actor(&rq)?;
    db::write!(rq.city.db, |tx| { service::claim(tx, id, actor).await })?;
    rq.see_other(format!("/intern/aufgabe/{id}"))
}

pub async fn take_over(rq: Req, Path(id): Path<DeskTaskId>) -> Answer {
    let actor = actor(&rq)?;
    let task = db::write!(rq.city.db, |tx| {
        service::take_over(&rq.cx, tx, id, actor).await?;
        store::task(tx, id, actor).await
    })?;
    rq.see_other(format!("/intern/vorgang/{}", task.case_id))
}

pub async fn release(rq: Req, Path(id): Path<DeskTaskId>) -> Answer {
    let actor = actor(&rq)?;
    db::write!(rq.city.db, |tx| { store::release(tx, id, actor).await })?;
    rq.see_other_with("/intern/aufgaben", "desk-released")
}

/// A task with its form and what was entered so far.
struct Opened {
    task: Task,
    case: Item,
    form: std::sync::Arc<Form>,
    answers: Answers,
    facts: Facts,
}

async fn opened(rq: &Req, rx: &mut Rx, id: DeskTaskId) -> Result<Opened> {
    let actor = actor(rq)?;
    let task = store::task(rx, id, actor).await?;
    if !task.open() || task.claimed_by != Some(actor) {
        return Err(Error::Conflict("desk-not-yours"));
    }
    let case = store::item(rx, task.case_id).await?;
    let form = service::form_of(&rq.cx, rx, &task).await?;
    let facts = Facts::new(forms::Account::of(&rq.cx.actor), rq.cx.today());
    let answers = service::draft_of(&task, &form, &facts)?;
    Ok(Opened { task, case, form, answers, facts })
}

fn step_url(id: DeskTaskId, next: Next<'_>) -> String {
    let step = match next {
        Next::Step(step) => step,
        Next::Check => CHECK_STEP,
    };
    format!("/intern/aufgabe/{id}/{step}")
}

pub async fn open(rq: Req, Path(id): Path<DeskTaskId>) -> Answer {
    let o = opened(&rq, &mut rq.city.db.read().await?, id).await?;
    let reading = o.form.read(&o.answers, &o.facts).map_err(Error::internal)?;
    rq.see_other(step_url(id, reading.resume()))
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage<'a> {
    page: &'a Page,
    task: &'a Task,
    case: &'a Item,
    body: String,
}

pub async fn step(rq: Req, Path((id, step)): Path<(DeskTaskId, String)>) -> Answer {
    let o = opened(&rq, &mut rq.city.db.read().await?, id).await?;
    show(&rq, &o, &step, &[], None)
}

fn show(rq: &Req, o: &Opened, step: &str, errors: &[FieldError], raw: Option<&Submitted>) -> Answer {
    let id = o.task.id;
    let reading = o.form.read(&o.answers, &o.facts).map_err(Error::internal)?;
    let mut page = rq.untitled();
    page.title = o.task.title.clone();
    page.invalid = !errors.is_empty();
    let back = match reading.previous(step) {
        Some(before) => step_url(id, Next::Step(before)),
        None => format!("/intern/vorgang/{}", o.task.case_id),
    };
    let body = if step == CHECK_STEP {
        if reading.resume() != Next::Check {
            return rq.see_other(step_url(id, reading.resume()));
        }
        let action = format!("/intern/aufgabe/{id}/abschliessen");
        let view = View { page: &page, action: &action, back: &back, autosave: "", later: false };
        let change = |step: &str| step_url(id, Next::Step(step));
        render_check(&reading, errors, change, &page.t("desk-finish"), &view)
    } else {
        let Some(shown) = reading.page(step) else { return rq.see_other(step_url(id, reading.resume())) };
        let action = step_url(id, Next::Step(step));
        let view = View { page: &page, action: &action, back: &back, autosave: "", later: false };
        render_step(&reading, shown, errors, raw, &view)
    };
    let template = TaskPage { page: &page, task: &o.task, case: &o.case, body: body.map_err(Error::internal)? };
    if errors.is_empty() { rq.html(&template) } else { rq.invalid(&template) }
}

pub async fn step_sent(
    rq: Req,
    Path((id, step)): Path<(DeskTaskId, String)>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Answer {
    let mut o = opened(&rq, &mut rq.city.db.read().await?, id).await?;
    let submitted = Submitted::from(fields);
    let accepted = o.form.accept(&step, &submitted, &mut o.answers, &o.facts);
    match accepted {
        Ok(outcome) => {
            let draft = serde_json::to_value(&o.answers).map_err(Error::from)?;
            db::write!(rq.city.db, |tx| { store::save_draft(tx, id, &draft).await })?;
            match outcome {
                Accepted::Stay(raw) => show(&rq, &o, &step, &[], Some(&raw)),
                Accepted::Next => {
                    let reading = o.form.read(&o.answers, &o.facts).map_err(Error::internal)?;
                    rq.see_other(step_url(id, reading.next(&step)))
                }
            }
        }
        Err(AcceptError::Fields(errors)) => show(&rq, &o, &step, &errors, Some(&submitted)),
        Err(AcceptError::NotOnPath) => {
            let reading = o.form.read(&o.answers, &o.facts).map_err(Error::internal)?;
            rq.see_other(step_url(id, reading.resume()))
        }
        Err(AcceptError::Rule(fault)) => Err(Error::internal(fault).into()),
    }
}

pub async fn finish(rq: Req, Path(id): Path<DeskTaskId>) -> Answer {
    let actor = actor(&rq)?;
    let finished = db::write!(rq.city.db, |tx| {
        let task = store::task(tx, id, actor).await?;
        service::finish(&rq.cx, tx, id, actor).await?;
        Ok(task.case_id)
    });
    match finished {
        Ok(case) => rq.see_other_with(format!("/intern/vorgang/{case}"), "desk-finished"),
        // Something is missing: back to where it is asked.
        Err(Error::Invalid(_)) => rq.see_other(format!("/intern/aufgabe/{id}")),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "case_tasks.html")]
struct CaseTasks<'a> {
    page: &'a Page,
    tasks: Vec<TaskLine>,
    held: Vec<Held>,
    actor: StaffId,
}

impl CaseTasks<'_> {
    /// The holder's name, where the actor may take the task over.
    fn holder(&self, task: &TaskLine) -> Option<&str> {
        self.held.iter().find(|held| held.task.id == task.id).map(|held| held.holder.as_str())
    }
}

/// The open tasks on the page of a case.
pub async fn case_tasks(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(actor) = rq.cx.actor.staff().filter(|_| rq.cx.actor.allows(perm::WORK)) else { return Ok(None) };
    let tasks = store::tasks_of_case(rx, case, actor).await?;
    if tasks.is_empty() {
        return Ok(None);
    }
    let others = tasks.iter().filter(|task| task.claimed_by.is_some_and(|by| by != actor)).cloned().collect();
    let held = may_take(rq, rx, others).await?;
    let page = rq.untitled();
    CaseTasks { page: &page, tasks, held, actor }.render().map(Some).map_err(Error::internal)
}

fn tone(status: &str) -> Tone {
    match status {
        "done" => Tone::Success,
        "refused" => Tone::Danger,
        "waiting-applicant" | "waiting-payment" => Tone::Warning,
        _ => Tone::Info,
    }
}

/// In the words for staff, where there are such.
fn status(page: &Page, status: &str) -> String {
    let key = format!("status-{status}");
    let for_staff = format!("{key}-staff");
    page.t(if page.texts.has(page.lang, &for_staff) { &for_staff } else { &key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mangled_page_mark_starts_at_the_beginning() {
        for bad in [None, Some(""), Some("x_y"), Some("12_"), Some("99999999999999999999_0")] {
            assert_eq!(after(bad), After::START);
        }
        let case = CaseId::from_uuid(kernel::Uuid::from_u128(7));
        let at = Timestamp::from_microsecond(12).unwrap();
        assert_eq!(after(Some(&format!("12_{case}"))), After { at, case });
    }
}
