//! Leads instances: applies an event, stores the new state and carries out what the stepper asks for, all in one
//! transaction. What a process calls or sends stays within its case.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bpmn::{Due, Effect, Event, Model, Outcome, Reason, StartTrigger, State, Status, StepError, Vars};
use contract_desk::{CloseTask, DoneBy, OpenTask};
use contract_processes::{ProcessEnded, SendMessage, SendSignal, StartProcess, TaskFailed, TaskFinished};
use db::Tx;
use house::{Call, InCity, TaskStuck};
use jiff::Span;
use kernel::{CaseId, Cx, Error, Result, Subject, TaskOutcome, TaskToken, Timestamp, Uuid};
use process_rules::{load, rules::Rules, starts, times::due_at, topics::topic_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    jobs::{Advance, Fire},
    store::{self, Instance, NewIncident, Timer, Visit},
    versions, work,
};

pub async fn start(cx: &Cx, tx: &mut Tx, command: StartProcess) -> Result<Uuid> {
    let mut work = Work::default();
    let begun = work.begin(cx, &command.process, command.case, None)?;
    let id = begun.ok_or_else(|| Error::internal(format!("process {} is not released", command.process)))?;
    work.todo.push_back(Todo::Apply(id, Event::Start { vars: command.vars }));
    work.lead(cx, tx).await?;
    Ok(id)
}

/// Begins an instance of this version at a start event of its own choice.
pub async fn start_at(cx: &Cx, tx: &mut Tx, item: &content::Item, element: &str, case: CaseId) -> Result<Uuid> {
    let mut work = Work::default();
    let id = work.begin_by(cx, item, case, None)?;
    work.todo.push_back(Todo::Apply(id, Event::StartAt { element: element.to_owned(), vars: Vars::new() }));
    work.lead(cx, tx).await?;
    Ok(id)
}

pub async fn send_message(cx: &Cx, tx: &mut Tx, sent: SendMessage) -> Result<()> {
    let mut work = Work::default();
    let SendMessage { case, name, key, vars } = sent;
    work.todo.push_back(Todo::Deliver { case, name, key, vars });
    work.lead(cx, tx).await
}

pub async fn send_signal(cx: &Cx, tx: &mut Tx, sent: SendSignal) -> Result<()> {
    let mut work = Work::default();
    let SendSignal { case, name, vars } = sent;
    work.todo.push_back(Todo::Broadcast { case, name, vars });
    work.lead(cx, tx).await
}

/// Applies an event to a stored instance. An event that comes twice or too late changes nothing.
pub async fn advance(cx: &Cx, tx: &mut Tx, id: Uuid, event: Event) -> Result<()> {
    let mut work = Work::default();
    work.todo.push_back(Todo::Apply(id, event));
    work.lead(cx, tx).await
}

/// What became of an instance that was to be led over to another version.
#[derive(Debug)]
pub enum Switched {
    Done,
    /// It does not run any more, or is of another version.
    Gone,
    /// Nothing has happened; each reason names a step.
    Stays(Vec<Reason>),
}

/// An instance goes on by another version.
#[derive(Serialize, Deserialize)]
struct Migrated {
    instance: Uuid,
    process: String,
    from: i64,
    to: i64,
    /// What led it over; who began that and chose which step becomes which is in `processes.switch-begun`.
    #[serde(default)]
    run: Option<Uuid>,
    /// Each step at which the instance was, and the one at which it goes on.
    #[serde(default)]
    steps: Vec<Became>,
}

/// A step of the old version and what it is in the new one, by their ids.
#[derive(Serialize, Deserialize)]
struct Became {
    from: String,
    to: String,
}

impl kernel::Event for Migrated {
    const NAME: &'static str = "processes.migrated";
    fn subject(&self) -> Subject {
        Subject { kind: "process", id: self.instance }
    }
}

/// Leads a running instance of the version `from` over to another one. `mapping` names steps of the old version with those
/// of the new one; what it does not name keeps its id. `run` is what it is a part of.
pub async fn switch(
    cx: &Cx,
    tx: &mut Tx,
    id: Uuid,
    from: i64,
    to: &content::Item,
    mapping: &BTreeMap<String, String>,
    run: Uuid,
) -> Result<Switched> {
    let mut work = Work::default();
    let Some(at) = work.fetch(cx, tx, id).await? else { return Ok(Switched::Gone) };
    let city = cx.city()?;
    let new = city.content.parse(to, load)?;
    let (steps, effects) = {
        let live = &mut work.live[at];
        if live.instance.version != from || live.instance.status != "running" {
            return Ok(Switched::Gone);
        }
        let places = bpmn::preview(&live.model, &live.state, &new, mapping).into_iter();
        let steps: BTreeMap<String, String> =
            places.filter_map(|place| place.to.ok().map(|to| (place.element, to))).collect();
        let rules = Rules::new(cx, &city.content);
        match bpmn::migrate(&live.model, live.state.clone(), &new, mapping, &rules) {
            Ok((state, effects)) => {
                live.state = state;
                live.model = new;
                live.instance.version = to.version;
                live.changed = true;
                (steps, effects)
            }
            Err(reasons) => return Ok(Switched::Stays(reasons)),
        }
    };
    versions::store::set_version(tx, id, to.version).await?;
    let steps = steps.into_iter().map(|(from, to)| Became { from, to }).collect();
    let migrated = Migrated { instance: id, process: to.key.clone(), from, to: to.version, run: Some(run), steps };
    journal::emit(tx, cx, &migrated).await?;
    for effect in effects {
        match effect {
            // The same token, at another element: work that was given up there still is, and its incident stays open.
            Effect::Left { token, element, interrupted } if work.live[at].state.token(token).is_some() => {
                store::left(tx, id, number(token)?, &element, cx.now(), interrupted).await?;
            }
            effect => work.carry_out(cx, tx, at, effect).await?,
        }
    }
    work.lead(cx, tx).await?;
    Ok(Switched::Done)
}

/// The model of the version that the instance runs by.
async fn model(cx: &Cx, tx: &mut Tx, instance: &Instance) -> Result<Arc<Model>> {
    let city = cx.city()?;
    let released = city.content.get("processes", &instance.process).filter(|i| i.version == instance.version);
    let item = match released {
        Some(item) => item,
        None => Arc::new(content::version(tx, "processes", &instance.process, instance.version).await?),
    };
    city.content.parse(&item, load)
}

/// Steps in one transaction; more are processes that send each other signals in a circle.
const MAX_STEPS: usize = 5_000;
/// How deep processes may call one another; deeper is a circle.
const MAX_CALLS: usize = 10;

/// What is still to be done in this transaction.
enum Todo {
    Apply(Uuid, Event),
    /// Hand a message to the oldest instance of the case that waits for it.
    Deliver {
        case: CaseId,
        name: String,
        key: Value,
        vars: Vars,
    },
    /// Hand a signal to every instance of the case that waits for it.
    Broadcast {
        case: CaseId,
        name: String,
        vars: Vars,
    },
}

/// An instance while it is led.
struct Live {
    instance: Instance,
    model: Arc<Model>,
    state: State,
    changed: bool,
    began: Timestamp,
    ended: Option<Timestamp>,
    /// Has a row. One that begins gets its row at the end, with the state it has come to by then.
    stored: bool,
    /// Elements entered in this transaction, written together at its end.
    visits: Vec<Visit>,
}

impl Live {
    /// Whether the token entered the element in this transaction; it has left it then.
    fn leave(&mut self, token: i64, element: &str, at: Timestamp, interrupted: bool) -> bool {
        let here = |visit: &&mut Visit| visit.token == token && visit.left.is_none() && visit.element == element;
        let Some(visit) = self.visits.iter_mut().rev().find(here) else { return false };
        (visit.left, visit.interrupted) = (Some(at), interrupted);
        true
    }
}

/// The instances that one transaction leads: one, and those of its case that it calls, that called it, or that it sends
/// something to. All are stored together, so that none of it happens twice or half.
#[derive(Default)]
struct Work {
    live: Vec<Live>,
    todo: VecDeque<Todo>,
}

impl Work {
    async fn lead(mut self, cx: &Cx, tx: &mut Tx) -> Result<()> {
        let mut steps = 0;
        while let Some(todo) = self.todo.pop_front() {
            steps += 1;
            if steps > MAX_STEPS {
                return Err(Error::internal("processes set each other off in a circle"));
            }
            match todo {
                Todo::Apply(id, event) => self.apply(cx, tx, id, event).await?,
                Todo::Deliver { case, name, key, vars } => self.deliver(cx, tx, case, name, key, vars).await?,
                Todo::Broadcast { case, name, vars } => {
                    self.store_new(tx).await?;
                    for id in store::open_instances(tx, case).await? {
                        let event = Event::Signal { name: name.clone(), vars: vars.clone() };
                        self.apply(cx, tx, id, event).await?;
                    }
                    let begun = starts::begun_by(&cx.city()?.content, StartTrigger::Signal(&name));
                    self.begin_all(cx, case, begun, &vars)?;
                }
            }
        }
        self.save(cx, tx).await
    }

    /// Gives their rows to the instances that have begun, for who looks for them there.
    async fn store_new(&mut self, tx: &mut Tx) -> Result<()> {
        for live in self.live.iter_mut().filter(|live| !live.stored) {
            store::add(tx, &live.instance, live.began, None).await?;
            live.stored = true;
        }
        Ok(())
    }

    /// Begins an instance that has not started; none when there is no such process.
    fn begin(&mut self, cx: &Cx, process: &str, case: CaseId, caller: Option<(Uuid, i64)>) -> Result<Option<Uuid>> {
        match cx.city()?.content.get("processes", process) {
            Some(item) => self.begin_by(cx, &item, case, caller).map(Some),
            None => Ok(None),
        }
    }

    /// Begins an instance of this version that has not started.
    fn begin_by(&mut self, cx: &Cx, item: &content::Item, case: CaseId, caller: Option<(Uuid, i64)>) -> Result<Uuid> {
        let model = cx.city()?.content.parse(item, load)?;
        let state = State::new();
        let instance = Instance {
            id: cx.sources.uuid(),
            process: item.key.clone(),
            version: item.version,
            case_id: case,
            state: serde_json::to_value(&state)?,
            status: "new".into(),
            parent: caller.map(|(parent, _)| parent),
            parent_token: caller.map(|(_, token)| token),
        };
        let id = instance.id;
        let began = cx.now();
        let visits = Vec::new();
        self.live.push(Live { instance, model, state, changed: false, began, ended: None, stored: false, visits });
        Ok(id)
    }

    /// Begins instances at start events that something has triggered.
    fn begin_all(&mut self, cx: &Cx, case: CaseId, starts: Vec<starts::At>, vars: &Vars) -> Result<()> {
        for starts::At { process, element } in starts {
            if let Some(id) = self.begin(cx, &process, case, None)? {
                self.todo.push_back(Todo::Apply(id, Event::StartAt { element, vars: vars.clone() }));
            }
        }
        Ok(())
    }

    /// The place of an instance among those that are led; none when it is gone.
    async fn fetch(&mut self, cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<Option<usize>> {
        if let Some(at) = self.live.iter().position(|live| live.instance.id == id) {
            return Ok(Some(at));
        }
        let instance = match store::instance(tx, id).await {
            Err(Error::NotFound) => return Ok(None),
            found => found?,
        };
        let model = model(cx, tx, &instance).await?;
        let state: State = serde_json::from_value(instance.state.clone())?;
        let (began, visits) = (cx.now(), Vec::new());
        self.live.push(Live { instance, model, state, changed: false, began, ended: None, stored: true, visits });
        Ok(Some(self.live.len() - 1))
    }

    async fn apply(&mut self, cx: &Cx, tx: &mut Tx, id: Uuid, event: Event) -> Result<()> {
        let Some(at) = self.fetch(cx, tx, id).await? else { return Ok(()) };
        let city = cx.city()?;
        let effects = {
            let live = &mut self.live[at];
            let rules = Rules::new(cx, &city.content);
            let (next, effects) = match bpmn::step(&live.model, live.state.clone(), event, &rules) {
                Ok(stepped) => stepped,
                Err(StepError::Stale { .. } | StepError::NotRunning | StepError::NoReceiver { .. }) => return Ok(()),
                Err(error) => return Err(Error::internal(format!("process {}: {error}", live.instance.process))),
            };
            live.state = next;
            live.changed = true;
            effects
        };
        for effect in effects {
            self.carry_out(cx, tx, at, effect).await?;
        }
        Ok(())
    }

    /// A message that nobody waits for begins the process that starts with it. Without such a process it is gone, as it is
    /// in the model: who needs it waits before it is sent.
    async fn deliver(
        &mut self,
        cx: &Cx,
        tx: &mut Tx,
        case: CaseId,
        name: String,
        key: Value,
        vars: Vars,
    ) -> Result<()> {
        self.store_new(tx).await?;
        for id in store::open_instances(tx, case).await? {
            let Some(at) = self.fetch(cx, tx, id).await? else { continue };
            if self.live[at].state.awaits_message(&name, &key) {
                return self.apply(cx, tx, id, Event::Message { name, key, vars }).await;
            }
        }
        let begun = starts::begun_by(&cx.city()?.content, StartTrigger::Message(&name));
        if let Some(first) = begun.into_iter().next() {
            return self.begin_all(cx, case, vec![first], &vars);
        }
        tracing::warn!(%case, sent = name, "nobody waits for this message of a process");
        Ok(())
    }

    async fn save(self, cx: &Cx, tx: &mut Tx) -> Result<()> {
        for live in self.live.into_iter().filter(|live| live.changed || !live.stored) {
            let status = match live.state.status() {
                Status::New => "new",
                Status::Running => "running",
                Status::Ended(Outcome::Completed | Outcome::Terminated) => "completed",
                Status::Ended(Outcome::Failed(_)) => "failed",
                Status::Ended(Outcome::Cancelled) => "cancelled",
            };
            let mut instance = live.instance;
            instance.state = serde_json::to_value(&live.state)?;
            instance.status = status.to_owned();
            if live.stored {
                store::save(tx, &instance, live.ended).await?;
            } else {
                store::add(tx, &instance, live.began, live.ended).await?;
            }
            let Instance { id, case_id: case, process, .. } = instance;
            store::add_visits(tx, id, &live.visits).await?;
            if live.ended.is_some() {
                let event = ProcessEnded { instance: id, case, process, end: status.into() };
                journal::emit(tx, cx, &event).await?;
            }
        }
        Ok(())
    }

    /// Does what the stepper asks for.
    async fn carry_out(&mut self, cx: &Cx, tx: &mut Tx, at: usize, effect: Effect) -> Result<()> {
        let now = cx.now();
        let (id, case) = (self.live[at].instance.id, self.live[at].instance.case_id);
        match effect {
            Effect::Entered { token, element } => {
                let visit = Visit { token: number(token)?, element, entered: now, left: None, interrupted: false };
                self.live[at].visits.push(visit);
            }
            Effect::Left { token, element, interrupted } => {
                let token = number(token)?;
                // A job is given up after the transaction that entered: what was entered in this one has no incident.
                if !self.live[at].leave(token, &element, now, interrupted) {
                    store::left(tx, id, token, &element, now, interrupted).await?;
                    store::resolve_jobs_of_token(tx, id, token, now).await?;
                }
            }
            Effect::CallCommand { token, element, command, inputs } => {
                if let Some(topic) = topic_of(&command) {
                    let (token, process) = (number(token)?, &self.live[at].instance.process);
                    let place = work::Place { instance: id, token, case, process, element: &element };
                    return work::offer(cx, tx, place, topic, inputs).await;
                }
                let answer = call(cx, tx, id, case, token, &command, inputs).await?;
                self.todo.extend(answer.map(|event| Todo::Apply(id, event)));
            }
            Effect::CancelCommand { token } => work::store::cancel(tx, id, number(token)?, now).await?,
            Effect::CallProcess { token, key, inputs, .. } => {
                self.call_process(cx, tx, at, token, &key, inputs).await?
            }
            Effect::CancelProcess { token } => {
                self.store_new(tx).await?;
                let called = store::called(tx, id, number(token)?).await?;
                self.todo.extend(called.map(|called| Todo::Apply(called, Event::Cancel)));
            }
            Effect::OpenUserTask(task) => open_task(cx, tx, id, case, task).await?,
            Effect::CloseUserTask { token } => {
                cx.call(tx, CloseTask { token: TaskToken { instance: id, token } }).await?;
            }
            Effect::ScheduleTimer { token, due, after, until, .. } => {
                let earlier = match after {
                    Some(earlier) => store::timer(tx, id, number(earlier)?).await?,
                    None => None,
                };
                let timer = timer_at(&due, now, earlier)?;
                let is_over = match until {
                    Some(end) => timer.due > due_at(&Due::Date(end), now)?,
                    None => false,
                };
                if !is_over {
                    store::set_timer(tx, id, number(token)?, &timer).await?;
                    jobs::enqueue_at(tx, cx, &Fire { instance: id, token }, timer.due).await?;
                }
            }
            Effect::CancelTimer { token } => store::drop_timer(tx, id, number(token)?).await?,
            // What an instance waits for is in its state.
            Effect::AwaitMessage { .. } | Effect::ForgetMessage { .. } => {}
            Effect::AwaitSignal { .. } | Effect::ForgetSignal { .. } => {}
            Effect::SendMessage { name, key, vars, .. } => {
                self.todo.push_back(Todo::Deliver { case, name, key, vars });
            }
            Effect::Broadcast { name, vars, .. } => self.todo.push_back(Todo::Broadcast { case, name, vars }),
            Effect::Escalated { code } => {
                if let Some((caller, token)) = self.caller(at)? {
                    self.todo.push_back(Todo::Apply(caller, Event::Escalated { token, code }));
                }
            }
            Effect::Incident { token, element, message } => {
                tracing::warn!(instance = %id, element, "process incident: {message}");
                let incident = cx.sources.uuid();
                let incident = NewIncident { id: incident, instance: id, token: number(token)?, job: None };
                store::add_incident(tx, &incident, &element, &message, now).await?;
            }
            Effect::Finished { outcome } => {
                self.live[at].ended = Some(now);
                if let Some((caller, token)) = self.caller(at)? {
                    let event = match outcome {
                        Outcome::Completed | Outcome::Terminated => {
                            Event::Completed { token, vars: self.live[at].state.vars().clone() }
                        }
                        Outcome::Failed(code) => Event::Failed { token, code },
                        // Mostly because the caller wants it no longer, and is told nothing new then.
                        Outcome::Cancelled => Event::Failed { token, code: "cancelled".to_owned() },
                    };
                    self.todo.push_back(Todo::Apply(caller, event));
                }
            }
        }
        Ok(())
    }

    /// Starts the process of a call activity; one that cannot start is an error of that activity, for its boundary event
    /// or the process owner.
    async fn call_process(
        &mut self,
        cx: &Cx,
        tx: &mut Tx,
        at: usize,
        token: u64,
        key: &str,
        inputs: Vars,
    ) -> Result<()> {
        let (id, case) = (self.live[at].instance.id, self.live[at].instance.case_id);
        self.store_new(tx).await?;
        let (mut depth, mut around) = (1, store::caller(tx, id).await?);
        while let Some(caller) = around.filter(|_| depth <= MAX_CALLS) {
            depth += 1;
            around = store::caller(tx, caller).await?;
        }
        let released = cx.city()?.content.parsed("processes", key, load);
        let refusal = match released {
            _ if depth > MAX_CALLS => Some("calls-too-deep"),
            Err(Error::NotFound) => Some("not-released"),
            Err(other) => return Err(other),
            Ok(model) if !has_plain_start(&model) => Some("no-plain-start"),
            Ok(_) => None,
        };
        let begun = match refusal {
            None => self.begin(cx, key, case, Some((id, number(token)?)))?,
            Some(_) => None,
        };
        self.todo.push_back(match begun {
            Some(called) => Todo::Apply(called, Event::Start { vars: inputs }),
            None => {
                let code = refusal.unwrap_or("not-released").to_owned();
                Todo::Apply(id, Event::Failed { token, code })
            }
        });
        Ok(())
    }

    /// The instance that called this one, and its token that waits for it.
    fn caller(&self, at: usize) -> Result<Option<(Uuid, u64)>> {
        let instance = &self.live[at].instance;
        let (Some(parent), Some(token)) = (instance.parent, instance.parent_token) else { return Ok(None) };
        Ok(Some((parent, u64::try_from(token).map_err(Error::internal)?)))
    }
}

fn has_plain_start(model: &Model) -> bool {
    model.starts().iter().any(|start| start.trigger == StartTrigger::Plain)
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

/// The timer that is set. The times of a repetition are counted from where it began: monthly from 31 January is 31 March after
/// 28 February, and an hour that a change of clocks leaves out moves that one day only.
fn timer_at(due: &Due, now: Timestamp, earlier: Option<Timer>) -> Result<Timer> {
    let Due::Duration(interval) = due else {
        let due = due_at(due, now)?;
        return Ok(Timer { due, counted_from: Some(due), times: 0 });
    };
    let (from, times) = match earlier {
        Some(earlier) => (earlier.counted_from.unwrap_or(earlier.due), earlier.times.saturating_add(1)),
        None => (now, 1),
    };
    let wrong = |e: jiff::Error| Error::internal(format!("timer: {e}"));
    let span: Span = interval.parse().map_err(wrong)?;
    let span = span.checked_mul(times).map_err(wrong)?;
    let due = from.to_zoned(kernel::berlin()).checked_add(span).map_err(wrong)?.timestamp();
    Ok(Timer { due, counted_from: Some(from), times })
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

    /// The first times of a timer that is set at `now` and repeats after `interval`.
    fn repeated(now: &str, interval: &str, most: usize) -> Vec<String> {
        let (mut found, mut earlier) = (Vec::new(), None);
        for _ in 0..most {
            let timer = timer_at(&Due::Duration(interval.into()), now.parse().unwrap(), earlier).unwrap();
            found.push(timer.due.to_zoned(kernel::berlin()).datetime().to_string());
            earlier = Some(timer);
        }
        found
    }

    #[test]
    fn a_repetition_is_counted_from_where_it_began() {
        let monthly = repeated("2027-01-31T09:00:00Z", "P1M", 3);
        assert_eq!(monthly, ["2027-02-28T10:00:00", "2027-03-31T10:00:00", "2027-04-30T10:00:00"]);
        let yearly = repeated("2028-02-29T09:00:00Z", "P1Y", 4);
        assert_eq!(
            yearly,
            ["2029-02-28T10:00:00", "2030-02-28T10:00:00", "2031-02-28T10:00:00", "2032-02-29T10:00:00"]
        );
        // 02:30 does not exist on 29 March 2026; the days after it are not moved.
        let daily = repeated("2026-03-28T01:30:00Z", "P1D", 2);
        assert_eq!(daily, ["2026-03-29T03:30:00", "2026-03-30T02:30:00"]);
    }

    #[test]
    fn a_timer_from_before_goes_on_from_where_it_is_due() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let kept = Timer { due: at("2027-02-28T09:00:00Z"), counted_from: None, times: 0 };
        let next = timer_at(&Due::Duration("P1D".into()), at("2027-03-05T00:00:00Z"), Some(kept)).unwrap();
        assert_eq!(next.due, at("2027-03-01T09:00:00Z"));
        let dated = timer_at(&Due::Date("2027-01-31T10:00:00".into()), at("2026-01-01T00:00:00Z"), None).unwrap();
        let after = timer_at(&Due::Duration("P1M".into()), at("2027-01-31T09:00:00Z"), Some(dated)).unwrap();
        let last = timer_at(&Due::Duration("P1M".into()), at("2027-02-28T09:00:00Z"), Some(after)).unwrap();
        assert_eq!(last.due, at("2027-03-31T08:00:00Z"));
    }
}
