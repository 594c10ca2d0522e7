//! Leads instances: applies an event, stores the new state and carries out what the stepper asks for, all in one
//! transaction.

use std::{collections::VecDeque, sync::Arc};

use bpmn::{Due, Effect, Event, Model, State, Status, StepError, Vars};
use contract_desk::{CloseTask, DoneBy, OpenTask};
use contract_processes::{ProcessEnded, StartProcess, TaskFailed, TaskFinished};
use db::Tx;
use house::{Call, InCity, TaskStuck};
use jiff::{Span, Zoned, civil::DateTime};
use kernel::{CaseId, Cx, Error, Result, TaskOutcome, TaskToken, Timestamp, Uuid};
use serde_json::Value;

use crate::{
    jobs::{Advance, Fire},
    rules::Rules,
    store::{self, Instance, NewIncident},
};

/// The model of one version, read once.
///
/// # Errors
/// Names the first fault with file, line and column.
pub fn load(item: &content::Item) -> Result<Model> {
    Model::parse(&item.body).map_err(|errors| {
        let first = errors.first().map_or(String::new(), |e| format!("{}:{}: {}", e.line, e.column, e.message));
        Error::internal(format!("{}:{first}", item.name))
    })
}

pub async fn start(cx: &Cx, tx: &mut Tx, command: StartProcess) -> Result<Uuid> {
    let city = cx.city()?;
    let item = city.content.get("processes", &command.process);
    let item = item.ok_or_else(|| Error::internal(format!("process {} is not released", command.process)))?;
    let instance = Instance {
        id: cx.sources.uuid(),
        process: command.process,
        version: item.version,
        case_id: command.case,
        state: serde_json::to_value(State::new())?,
        status: "new".into(),
    };
    store::add(tx, &instance, cx.now()).await?;
    let id = instance.id;
    let model = city.content.parse(&item, load)?;
    run(cx, tx, instance, &model, Event::Start { vars: command.vars }).await?;
    Ok(id)
}

/// Applies an event to a stored instance. An event that comes twice or too late changes nothing.
pub async fn advance(cx: &Cx, tx: &mut Tx, id: Uuid, event: Event) -> Result<()> {
    let instance = match store::instance(tx, id).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    let model = model(cx, tx, &instance).await?;
    run(cx, tx, instance, &model, event).await
}

/// The model of the version that the instance started with.
async fn model(cx: &Cx, tx: &mut Tx, instance: &Instance) -> Result<Arc<Model>> {
    let city = cx.city()?;
    let released = city.content.get("processes", &instance.process).filter(|i| i.version == instance.version);
    let item = match released {
        Some(item) => item,
        None => Arc::new(content::version(tx, "processes", &instance.process, instance.version).await?),
    };
    city.content.parse(&item, load)
}

async fn run(cx: &Cx, tx: &mut Tx, instance: Instance, model: &Model, first: Event) -> Result<()> {
    let city = cx.city()?;
    let (id, case) = (instance.id, instance.case_id);
    let mut state: State = serde_json::from_value(instance.state)?;
    let mut events = VecDeque::from([first]);
    let mut ended = None;
    while let Some(event) = events.pop_front() {
        let rules = Rules::new(cx, &city.content);
        let (next, effects) = match bpmn::step(model, state.clone(), event, &rules) {
            Ok(stepped) => stepped,
            Err(StepError::Stale { .. } | StepError::NotRunning | StepError::NoReceiver { .. }) => continue,
            Err(error) => return Err(Error::internal(format!("process {}: {error}", instance.process))),
        };
        state = next;
        for effect in effects {
            if let Effect::Finished { .. } = effect {
                ended = Some(cx.now());
            }
            events.extend(carry_out(cx, tx, id, case, effect).await?);
        }
    }
    let status = match state.status() {
        Status::New => "new",
        Status::Running => "running",
        Status::Ended(bpmn::Outcome::Completed | bpmn::Outcome::Terminated) => "completed",
        Status::Ended(bpmn::Outcome::Failed(_)) => "failed",
        Status::Ended(bpmn::Outcome::Cancelled) => "cancelled",
    };
    store::save(tx, id, &serde_json::to_value(&state)?, status, ended).await?;
    if ended.is_some() {
        let event = ProcessEnded { instance: id, case, process: instance.process, end: status.into() };
        journal::emit(tx, cx, &event).await?;
    }
    Ok(())
}

/// Does what the stepper asks for; answers the event that follows at once, if any.
async fn carry_out(cx: &Cx, tx: &mut Tx, id: Uuid, case: CaseId, effect: Effect) -> Result<Option<Event>> {
    let now = cx.now();
    match effect {
        Effect::Entered { token, element } => store::entered(tx, id, number(token)?, &element, now).await?,
        Effect::Left { token, element, interrupted } => {
            store::left(tx, id, number(token)?, &element, now, interrupted).await?;
            store::resolve_jobs_of_token(tx, id, number(token)?, now).await?;
        }
        Effect::CallCommand { token, command, inputs, .. } => {
            return call(cx, tx, id, case, token, &command, inputs).await;
        }
        Effect::CancelCommand { .. } => {}
        Effect::OpenUserTask(task) => open_task(cx, tx, id, case, task).await?,
        Effect::CloseUserTask { token } => cx.call(tx, CloseTask { token: TaskToken { instance: id, token } }).await?,
        Effect::ScheduleTimer { token, due, after, .. } => {
            let from = match after {
                Some(earlier) => store::timer(tx, id, number(earlier)?).await?.unwrap_or(now),
                None => now,
            };
            let at = due_at(&due, from)?;
            store::set_timer(tx, id, number(token)?, at).await?;
            jobs::enqueue_at(tx, cx, &Fire { instance: id, token }, at).await?;
        }
        Effect::CancelTimer { token } => store::drop_timer(tx, id, number(token)?).await?,
        Effect::AwaitMessage { .. } | Effect::ForgetMessage { .. } => {}
        Effect::Incident { token, element, message } => {
            tracing::warn!(instance = %id, element, "process incident: {message}");
            let incident = cx.sources.uuid();
            let incident = NewIncident { id: incident, instance: id, token: number(token)?, job: None };
            store::add_incident(tx, &incident, &element, &message, now).await?;
        }
        Effect::Finished { .. } => {}
    }
    Ok(None)
}

/// Calls a command; answers the event that follows at once, none when the answer comes later.
async fn call(
    cx: &Cx,
    tx: &mut Tx,
    id: Uuid,
    case: CaseId,
    token: u64,
    command: &str,
    mut inputs: Vars,
) -> Result<Option<Event>> {
    inputs.insert("case".into(), serde_json::to_value(case)?);
    inputs.insert("token".into(), serde_json::to_value(TaskToken { instance: id, token })?);
    tx.begin_part().await?;
    match cx.call_task(tx, command, Value::Object(inputs)).await {
        Ok(outcome) => {
            tx.keep_part().await?;
            match outcome {
                TaskOutcome::Done { vars } => Ok(Some(Event::Completed { token, vars })),
                TaskOutcome::Waiting => Ok(None),
            }
        }
        // A rule of the called module said no: the process may have drawn a way for it. What the module wrote before it
        // found out is taken back.
        Err(Error::Refused(refusal)) => {
            tx.undo_part().await?;
            Ok(Some(Event::Failed { token, code: refusal.code.to_owned() }))
        }
        Err(other) => Err(other),
    }
}

async fn open_task(cx: &Cx, tx: &mut Tx, id: Uuid, case: CaseId, task: bpmn::UserTask) -> Result<()> {
    let token = TaskToken { instance: id, token: task.token };
    let not_by = match task.four_eyes {
        Some(element) => cx.call(tx, DoneBy { token, element }).await?,
        None => None,
    };
    let due = task.due.map(|d| due_at(&Due::Duration(d), cx.now())).transpose()?;
    cx.call(
        tx,
        OpenTask {
            case,
            token,
            title: task.name.unwrap_or_else(|| task.element.clone()),
            element: task.element,
            form: task.form.unwrap_or_default(),
            unit: task.unit.unwrap_or_default(),
            due,
            not_by,
            media_break: task.medienbruch,
            media_break_when: task.medienbruch_when,
        },
    )
    .await
}

fn number(token: u64) -> Result<i64> {
    i64::try_from(token).map_err(Error::internal)
}

/// The moment a timer is due. Durations with days or longer are counted on the wall clock of Europe/Berlin.
pub fn due_at(due: &Due, from: Timestamp) -> Result<Timestamp> {
    let wrong = |e: jiff::Error| Error::internal(format!("timer: {e}"));
    let zoned: Zoned = from.to_zoned(kernel::berlin());
    match due {
        Due::Duration(text) => {
            let span: Span = text.parse().map_err(wrong)?;
            Ok(zoned.checked_add(span).map_err(wrong)?.timestamp())
        }
        Due::Date(text) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                return Ok(at);
            }
            let local: DateTime = text.parse().map_err(wrong)?;
            Ok(local.to_zoned(kernel::berlin()).map_err(wrong)?.timestamp())
        }
    }
}

pub async fn task_finished(cx: &Cx, tx: &mut Tx, event: TaskFinished, _: Timestamp) -> Result<()> {
    let job = Advance { token: event.token, vars: event.vars, failed: None };
    jobs::enqueue(tx, cx, &job).await.map(|_| ())
}

pub async fn task_failed(cx: &Cx, tx: &mut Tx, event: TaskFailed, _: Timestamp) -> Result<()> {
    let job = Advance { token: event.token, vars: Vars::new(), failed: Some(event.code) };
    jobs::enqueue(tx, cx, &job).await.map(|_| ())
}

/// A job that an instance waits for was given up: an incident, so that somebody sees it. The instance itself stays as it
/// is, since the job can run again.
pub async fn task_stuck(cx: &Cx, tx: &mut Tx, event: TaskStuck, at: Timestamp) -> Result<()> {
    let TaskToken { instance, token } = event.token;
    let running = match store::instance(tx, instance).await {
        Err(Error::NotFound) => false,
        found => found?.status == "running",
    };
    // Somebody may have been faster and let it run again; and one job is one incident, however often it is given up.
    if !running || !jobs::is_dead(tx, event.job).await? || store::has_incident(tx, event.job).await? {
        return Ok(());
    }
    let job = Some((event.job, event.work.clone()));
    let incident = NewIncident { id: cx.sources.uuid(), instance, token: number(token)?, job };
    let element = store::element_of(tx, instance, incident.token).await?.unwrap_or_else(|| event.work.clone());
    tracing::warn!(instance = %instance, element, job = event.work, error = event.error, "process incident: job given up");
    store::add_incident(tx, &incident, &element, &event.error, at).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_wall_clock_over_a_clock_change() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // Clocks go forward on 2026-03-29: one day later is the same hour, 24 hours later is not.
        let from = at("2026-03-28T11:00:00Z");
        assert_eq!(due_at(&Due::Duration("P1D".into()), from).unwrap(), at("2026-03-29T10:00:00Z"));
        assert_eq!(due_at(&Due::Duration("PT24H".into()), from).unwrap(), at("2026-03-29T11:00:00Z"));
        assert_eq!(due_at(&Due::Date("2026-07-01T08:00:00".into()), from).unwrap(), at("2026-07-01T06:00:00Z"));
        assert!(due_at(&Due::Duration("bald".into()), from).is_err());
    }
}
