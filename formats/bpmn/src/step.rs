//! (state, event) → (state, effects).

mod events;
mod migrate;
mod repeat;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

pub use self::migrate::{Placement, Reason, migrate, preview};
use crate::Model;
use crate::graph::{Does, Graph, GraphNode, NodeSet, TimerSpec, Trigger, feel_of};
use crate::iso::{is_date, is_duration, parse_cycle};
use crate::model::Mapping;
use crate::state::{Awaits, Outcome, Pass, Resume, State, Status, Token, Vars, Wait, Watch};

/// Ways tokens may take in one step; beyond it they stop with an incident.
pub const MAX_MOVES: usize = 2_000;
/// Tokens of one instance; beyond it a token that would become several stops with an incident. Only an event that
/// does not interrupt can add one more each time it happens.
pub const MAX_TOKENS: usize = 5_000;
/// Passes of one multi-instance activity; one with more stops with an incident.
pub const MAX_PASSES: usize = 1_000;

/// What happens to an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first event of an instance, with its first variables.
    Start { vars: Vars },
    /// The first event of an instance that begins at a start event of its own choice: the message came, the time was
    /// reached, the signal was sent. See [`Model::starts`].
    StartAt { element: String, vars: Vars },
    /// A user task, command or called process is done. Its outputs see the answer as `result`; without outputs the members of the
    /// answer become variables.
    Completed { token: u64, vars: Vars },
    /// A user task, command or called process ended with an error code; an event may catch it.
    Failed { token: u64, code: String },
    /// A timer of [`Effect::ScheduleTimer`] is due; `token` as stated there.
    TimerFired { token: u64 },
    /// A message came in; the first token that waits for this name and key takes it.
    Message { name: String, key: Value, vars: Vars },
    /// A signal was sent; everything that waits for it takes it.
    Signal { name: String, vars: Vars },
    /// A called process reports [`Effect::Escalated`]; it goes on.
    Escalated { token: u64, code: String },
    /// Somebody removed the cause of an incident.
    Retry { token: u64 },
    /// End the instance now.
    Cancel,
}

/// What the caller has to do, in this order, in the transaction that stores the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A token came to an element. Each `Entered` is followed, now or later, by one `Left` of the same token.
    Entered {
        token: u64,
        element: String,
    },
    /// A token left an element; `interrupted` when its work was not finished.
    Left {
        token: u64,
        element: String,
        interrupted: bool,
    },
    CallCommand {
        token: u64,
        element: String,
        command: String,
        inputs: Vars,
    },
    /// The answer is no longer wanted; it would be [`StepError::Stale`].
    CancelCommand {
        token: u64,
    },
    OpenUserTask(UserTask),
    /// A user task is withdrawn without having been completed.
    CloseUserTask {
        token: u64,
    },
    /// Start a process; its end is [`Event::Completed`] or [`Event::Failed`] for this token.
    CallProcess {
        token: u64,
        element: String,
        key: String,
        inputs: Vars,
    },
    /// The called process is no longer wanted: end it.
    CancelProcess {
        token: u64,
    },
    /// `after` is the timer this one repeats: `due` is one interval more from where the repetition began, which for whole days
    /// is one after the time that one was due. A time after the date `until` does not come any more.
    ScheduleTimer {
        token: u64,
        element: String,
        due: Due,
        after: Option<u64>,
        until: Option<String>,
    },
    CancelTimer {
        token: u64,
    },
    AwaitMessage {
        token: u64,
        element: String,
        name: String,
        key: Value,
    },
    ForgetMessage {
        token: u64,
    },
    AwaitSignal {
        token: u64,
        element: String,
        name: String,
    },
    ForgetSignal {
        token: u64,
    },
    /// Deliver a message to one that waits for it, as [`Event::Message`].
    SendMessage {
        token: u64,
        element: String,
        name: String,
        key: Value,
        vars: Vars,
    },
    /// Deliver a signal to all that wait for it, this instance included, as [`Event::Signal`].
    Broadcast {
        token: u64,
        element: String,
        name: String,
        vars: Vars,
    },
    /// An escalation that nothing in the instance caught, for the call activity it was called by.
    Escalated {
        code: String,
    },
    /// A token cannot go on; [`Event::Retry`] lets it try again.
    Incident {
        token: u64,
        element: String,
        message: String,
    },
    Finished {
        outcome: Outcome,
    },
}

/// Work for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct UserTask {
    pub token: u64,
    pub element: String,
    pub name: Option<String>,
    pub form: Option<String>,
    /// Organisation unit or role.
    pub unit: Option<String>,
    /// ISO 8601 duration from now.
    pub due: Option<String>,
    /// Id of the task that must have been done by another person.
    pub four_eyes: Option<String>,
    /// A manual step into another system, or one that may become it.
    pub medienbruch: bool,
    /// FEEL over the task's answers: only when it holds was there such a step.
    pub medienbruch_when: Option<String>,
    pub inputs: Vars,
}

/// When a timer is due, as ISO 8601 text that has been checked for its form only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    Date(String),
    Duration(String),
}

/// An event that does not fit the state. Nothing has happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The token is gone or waits for something else: the event was delivered twice or too late.
    #[error("nothing of this kind waits under the number {token}")]
    Stale { token: u64 },
    #[error("nobody waits for the message or signal {name}")]
    NoReceiver { name: String },
    #[error("the instance has already been started")]
    AlreadyStarted,
    #[error("the instance has not been started or has ended")]
    NotRunning,
    #[error("the model has no process with such a start event")]
    NotExecutable,
    /// The state belongs to another model.
    #[error("the state names the element {element}, which this model does not have")]
    OtherModel { element: String },
    /// No sequence of events leads to this state; it was damaged where it was stored.
    #[error("the state contradicts itself at the number {token}")]
    Damaged { token: u64 },
}

/// Expressions and decisions, implemented by the caller (FEEL and DMN). Every error becomes an incident.
pub trait Conditions {
    /// Value of a condition; anything but true or false, also null, is an error.
    ///
    /// # Errors
    /// A message for the person who resolves the incident.
    fn condition(&self, expression: &str, vars: &Vars) -> Result<bool, String>;

    /// Value of an expression.
    ///
    /// # Errors
    /// A message for the person who resolves the incident.
    fn value(&self, expression: &str, vars: &Vars) -> Result<Value, String>;

    /// Whether a time that came out of an expression exists: its form has been checked, its meaning is the caller's.
    ///
    /// # Errors
    /// A message for the person who resolves the incident.
    fn time(&self, due: &Due) -> Result<(), String> {
        let _ = due;
        Ok(())
    }

    /// Result of the decision `file-key#decision`.
    ///
    /// # Errors
    /// A message for the person who resolves the incident.
    fn decision(&self, key: &str, inputs: &Vars) -> Result<Value, String>;
}

/// Applies one event. The same model, state, event and answers of `conditions` always give the same result.
///
/// # Errors
/// [`StepError`] when the event does not fit; the caller keeps the state it has stored.
pub fn step(
    model: &Model,
    state: State,
    event: Event,
    conditions: &dyn Conditions,
) -> Result<(State, Vec<Effect>), StepError> {
    let graph = &model.graph;
    verify(graph, &state)?;
    let running = state.status == Status::Running;
    let mut machine = Machine::new(graph, conditions, state);
    match event {
        Event::Start { vars } => machine.start(None, vars)?,
        Event::StartAt { element, vars } => machine.start(Some(&element), vars)?,
        _ if !running => return Err(StepError::NotRunning),
        Event::Completed { token, vars } => machine.completed(token, vars)?,
        Event::Failed { token, code } => machine.failed(token, &code)?,
        Event::TimerFired { token } => machine.timer_fired(token)?,
        Event::Message { name, key, vars } => machine.message(name, &key, vars)?,
        Event::Signal { name, vars } => machine.signal(name, &vars)?,
        Event::Escalated { token, code } => machine.escalated(token, &code)?,
        Event::Retry { token } => machine.retry(token)?,
        Event::Cancel => machine.end(Outcome::Cancelled),
    }
    machine.run();
    Ok((machine.state, machine.effects))
}

/// Whether a stored state is one of this model: elements exist, numbers are unique, every token lies in a sub-process
/// or repeated activity that was entered before it, and every pass in its own activity.
fn verify(graph: &Graph, state: &State) -> Result<(), StepError> {
    let elements = state.tokens.iter().map(|t| &t.element).chain(state.watches.iter().map(|w| &w.element));
    if let Some(element) = elements.into_iter().find(|element| graph.node(element).is_none()) {
        return Err(StepError::OtherModel { element: element.clone() });
    }
    let mut numbers = HashSet::new();
    let mut scopes = HashSet::from([0]);
    let mut repeated = HashMap::new();
    for token in &state.tokens {
        if token.id == 0 || token.id > state.last || !numbers.insert(token.id) {
            return Err(StepError::Damaged { token: token.id });
        }
        if let Wait::Scope | Wait::Loop { .. } | Wait::Each { .. } = token.wait {
            scopes.insert(token.id);
        }
        if let Wait::Loop { .. } | Wait::Each { .. } = token.wait {
            repeated.insert(token.id, token.element.as_str());
        }
    }
    if let Some(token) = state.tokens.iter().find(|t| t.scope >= t.id || !scopes.contains(&t.scope)) {
        return Err(StepError::Damaged { token: token.id });
    }
    let is_pass = |t: &Token| repeated.get(&t.scope).is_some_and(|element| *element == t.element);
    let stray =
        |t: &&Token| repeated.contains_key(&t.scope) != is_pass(t) || state.passes.contains_key(&t.id) != is_pass(t);
    if let Some(token) = state.tokens.iter().find(stray) {
        return Err(StepError::Damaged { token: token.id });
    }
    if let Some(&token) = state.passes.keys().find(|id| !numbers.contains(id)) {
        return Err(StepError::Damaged { token });
    }
    let no_host = |host: u64| host != 0 && !numbers.contains(&host);
    let astray = |w: &&Watch| w.id == 0 || w.id > state.last || numbers.contains(&w.id) || no_host(w.host);
    match state.watches.iter().find(astray) {
        Some(watch) => Err(StepError::Damaged { token: watch.id }),
        None => Ok(()),
    }
}

/// A token on its way to a node.
struct Way {
    node: usize,
    scope: u64,
    flow: Option<usize>,
    /// The pass it begins.
    pass: Option<Pass>,
}

/// A token inside a node.
#[derive(Clone, Copy)]
struct Here<'m> {
    id: u64,
    node: &'m GraphNode,
    scope: u64,
}

struct Machine<'m> {
    graph: &'m Graph,
    conditions: &'m dyn Conditions,
    state: State,
    effects: Vec<Effect>,
    ways: VecDeque<Way>,
    moves: usize,
    /// From where each way into a gateway can be reached; asked for often while joins wait for one another.
    reach: HashMap<usize, NodeSet>,
}

impl<'m> Machine<'m> {
    fn new(graph: &'m Graph, conditions: &'m dyn Conditions, state: State) -> Self {
        let (effects, ways) = (Vec::new(), VecDeque::new());
        Self { graph, conditions, state, effects, ways, moves: 0, reach: HashMap::new() }
    }

    fn start(&mut self, element: Option<&str>, vars: Vars) -> Result<(), StepError> {
        if self.state.status != Status::New {
            return Err(StepError::AlreadyStarted);
        }
        let begins = |node: &&usize| match (element, &self.graph.nodes[**node]) {
            (None, node) => node.does == Does::Start,
            (Some(id), node) => node.id == id && matches!(node.does, Does::Start | Does::TriggeredStart(_)),
        };
        let starts: Vec<usize> = self.graph.starts.iter().filter(begins).copied().collect();
        if starts.is_empty() {
            return Err(StepError::NotExecutable);
        }
        self.state.status = Status::Running;
        self.state.vars = vars;
        self.set_out(&starts, 0);
        Ok(())
    }

    /// Puts a token at each of these nodes.
    fn set_out(&mut self, nodes: &[usize], scope: u64) {
        self.ways.extend(nodes.iter().map(|&node| Way { node, scope, flow: None, pass: None }));
    }

    fn completed(&mut self, token: u64, vars: Vars) -> Result<(), StepError> {
        let here = self.take(token, |wait| matches!(wait, Wait::User | Wait::Command | Wait::Process))?;
        self.release_watches(token, None);
        self.answer(here, vars);
        Ok(())
    }

    fn failed(&mut self, token: u64, code: &str) -> Result<(), StepError> {
        let here = self.waiting(token, |wait| matches!(wait, Wait::User | Wait::Command | Wait::Process))?;
        if !self.throw(here.id, here.scope, code) {
            self.remove(token);
            let what = if let Does::Call(_) = here.node.does { "Der aufgerufene Prozess" } else { "Die Aufgabe" };
            let message = format!("{what} meldet den Fehler „{code}“, den kein Ereignis auffängt.");
            self.incident(here, Resume::Enter, message);
        }
        Ok(())
    }

    fn timer_fired(&mut self, timer: u64) -> Result<(), StepError> {
        if let Ok(here) = self.take(timer, |wait| matches!(wait, Wait::Timer)) {
            self.release_watches(timer, None);
            self.leave(here);
            return Ok(());
        }
        self.watch_fired(timer, |awaits| matches!(awaits, Awaits::Timer | Awaits::Cycle { .. }))?;
        Ok(())
    }

    fn message(&mut self, name: String, key: &Value, vars: Vars) -> Result<(), StepError> {
        let Some(receiver) = self.state.message_receiver(&name, key) else {
            return Err(StepError::NoReceiver { name });
        };
        if let Ok(here) = self.take(receiver, |wait| matches!(wait, Wait::Message { .. })) {
            self.release_watches(receiver, None);
            self.answer(here, vars);
        } else if let Some(here) = self.watch_fired(receiver, |awaits| matches!(awaits, Awaits::Message { .. }))? {
            self.answer(here, vars);
        }
        Ok(())
    }

    fn retry(&mut self, token: u64) -> Result<(), StepError> {
        let position = self.position(token).ok_or(StepError::Stale { token })?;
        let Wait::Incident { resume, .. } = &self.state.tokens[position].wait else {
            return Err(StepError::Stale { token });
        };
        let resume = resume.clone();
        let old = self.take(token, |_| true)?;
        match resume {
            Resume::Enter => {
                self.left(old, true);
                let here = self.entered(old.node, old.scope);
                for watch in self.state.watches.iter_mut().filter(|watch| watch.host == token) {
                    watch.host = here.id;
                }
                if let Some(pass) = self.state.passes.remove(&token) {
                    self.state.passes.insert(here.id, pass);
                }
                self.act(here);
            }
            Resume::Answer(vars) => self.answer(old, vars),
            Resume::Leave => self.leave(old),
        }
        Ok(())
    }

    /// Moves tokens until all of them wait.
    fn run(&mut self) {
        loop {
            while let Some(way) = self.ways.pop_front() {
                self.arrive(&way);
            }
            if !(self.finish_scope() || self.fire_inclusive()) {
                break;
            }
        }
        if self.state.status != Status::Running {
            return;
        }
        if self.state.tokens.is_empty() {
            self.end(Outcome::Completed);
        } else if self
            .state
            .tokens
            .iter()
            .all(|t| matches!(t.wait, Wait::Join { .. } | Wait::Scope | Wait::Loop { .. } | Wait::Each { .. }))
        {
            let stuck = self.state.tokens.iter().filter(|t| matches!(t.wait, Wait::Join { .. }));
            self.effects.extend(stuck.map(|token| Effect::Incident {
                token: token.id,
                element: token.element.clone(),
                message: "Der Vorgang wartet hier auf Zweige, die nicht mehr kommen können.".to_owned(),
            }));
        }
    }

    fn next_id(&mut self) -> u64 {
        self.state.last = self.state.last.saturating_add(1);
        self.state.last
    }

    fn position(&self, token: u64) -> Option<usize> {
        self.state.tokens.iter().position(|t| t.id == token)
    }

    /// The place of a token that waits in this way; it stays there.
    fn waiting(&self, token: u64, fits: impl Fn(&Wait) -> bool) -> Result<Here<'m>, StepError> {
        let stale = StepError::Stale { token };
        let found = self.state.token(token).filter(|t| fits(&t.wait)).ok_or(stale.clone())?;
        let node = self.graph.node(&found.element).ok_or(stale)?;
        Ok(Here { id: token, node: &self.graph.nodes[node], scope: found.scope })
    }

    fn take(&mut self, token: u64, fits: impl Fn(&Wait) -> bool) -> Result<Here<'m>, StepError> {
        let here = self.waiting(token, fits)?;
        self.remove(token);
        Ok(here)
    }

    fn remove(&mut self, token: u64) {
        self.state.tokens.retain(|t| t.id != token);
    }

    fn wait(&mut self, here: Here, wait: Wait) {
        let token = Token { id: here.id, element: here.node.id.clone(), scope: here.scope, wait };
        self.state.tokens.push(token);
    }

    fn entered(&mut self, node: &'m GraphNode, scope: u64) -> Here<'m> {
        let id = self.next_id();
        self.effects.push(Effect::Entered { token: id, element: node.id.clone() });
        Here { id, node, scope }
    }

    fn left(&mut self, here: Here, interrupted: bool) {
        self.effects.push(Effect::Left { token: here.id, element: here.node.id.clone(), interrupted });
    }

    fn incident(&mut self, here: Here, resume: Resume, message: String) {
        let element = here.node.id.clone();
        self.effects.push(Effect::Incident { token: here.id, element, message: message.clone() });
        self.wait(here, Wait::Incident { message, resume });
    }

    fn arrive(&mut self, way: &Way) {
        let node = &self.graph.nodes[way.node];
        let joins = matches!(node.does, Does::Parallel | Does::Inclusive) && node.incoming.len() > 1;
        if let (true, Some(flow)) = (joins, way.flow) {
            let id = self.next_id();
            let flow = self.graph.flows[flow].id.clone();
            self.wait(Here { id, node, scope: way.scope }, Wait::Join { flow });
            if node.does == Does::Parallel {
                self.fire_parallel(node, way.scope);
            }
            return;
        }
        let here = self.entered(node, way.scope);
        if let Some(pass) = way.pass.clone() {
            self.state.passes.insert(here.id, pass);
        }
        self.act(here);
    }

    /// Takes the oldest token of each incoming flow when every flow has one.
    fn fire_parallel(&mut self, node: &'m GraphNode, scope: u64) {
        let oldest = |flow: &usize| {
            let flow = &self.graph.flows[*flow].id;
            self.joining(node, scope).find(|(_, f)| f == flow).map(|(id, _)| id)
        };
        let Some(taken) = node.incoming.iter().map(oldest).collect::<Option<Vec<u64>>>() else { return };
        self.join(node, scope, &taken);
    }

    fn joining(&self, node: &GraphNode, scope: u64) -> impl Iterator<Item = (u64, &str)> {
        self.state.tokens.iter().filter_map(move |token| match &token.wait {
            Wait::Join { flow } if token.scope == scope && token.element == node.id => Some((token.id, flow.as_str())),
            _ => None,
        })
    }

    fn join(&mut self, node: &'m GraphNode, scope: u64, taken: &[u64]) {
        self.state.tokens.retain(|token| !taken.contains(&token.id));
        let here = self.entered(node, scope);
        self.leave(here);
    }

    /// Does what the node is for; an activity that is done several times begins its passes.
    fn act(&mut self, here: Here<'m>) {
        if let Some(looped) = here.node.looped.as_ref().filter(|_| !self.is_pass(here.id)) {
            return self.begin_passes(here, looped);
        }
        match &here.node.does {
            Does::Start | Does::TriggeredStart(_) => match self.plan_process(here) {
                Ok(plans) => {
                    self.watch_all(0, plans);
                    self.leave(here);
                }
                Err(message) => self.incident(here, Resume::Enter, message),
            },
            Does::Pass | Does::Parallel | Does::Exclusive | Does::Inclusive => self.leave(here),
            Does::Boundary { .. } | Does::EventStart { .. } | Does::Link(_) | Does::LinkTarget => self.leave(here),
            Does::End => self.left(here, false),
            Does::TerminateEnd => {
                self.left(here, false);
                self.terminate(here.scope);
            }
            Does::ErrorEnd(code) => {
                self.left(here, false);
                if !self.throw(0, here.scope, code) {
                    self.end(Outcome::Failed(code.clone()));
                }
            }
            Does::Throw(thrown) => {
                if let Err(message) = self.throw_event(here, thrown) {
                    self.incident(here, Resume::Enter, message);
                }
            }
            Does::Unsupported(what) => {
                self.incident(here, Resume::Enter, format!("Dieses Element wird nicht ausgeführt: {what}."));
            }
            Does::Decision => match self.decide(here) {
                Ok(answer) => {
                    self.set(here, answer);
                    self.leave(here);
                }
                Err(message) => self.incident(here, Resume::Enter, message),
            },
            Does::UserTask
            | Does::Command
            | Does::Call(_)
            | Does::Receive(_)
            | Does::Signal(_)
            | Does::Timer(_)
            | Does::EventBased => {
                if let Err(message) = self.open(here) {
                    self.incident(here, Resume::Enter, message);
                }
            }
            Does::SubProcess { starts } | Does::EventSubProcess { starts } => {
                if let Err(message) = self.open_scope(here, starts) {
                    self.incident(here, Resume::Enter, message);
                }
            }
        }
    }

    /// Opens a sub-process or event sub-process and puts a token at each of `starts`.
    fn open_scope(&mut self, here: Here<'m>, starts: &[usize]) -> Result<(), String> {
        let mut plans = self.plan_boundaries(here)?;
        plans.extend(self.plan_handlers(here, &here.node.handlers)?);
        self.allow(starts.len() + 1)?;
        self.wait(here, Wait::Scope);
        self.watch_all(here.id, plans);
        self.set_out(starts, here.id);
        Ok(())
    }

    fn is_pass(&self, token: u64) -> bool {
        self.state.passes.contains_key(&token)
    }

    /// The variables a token sees: those of the process, covered by those of the passes it is in.
    fn vars(&self, here: Here) -> Cow<'_, Vars> {
        let passes: Vec<&Pass> = self.around(here).filter_map(|token| self.state.passes.get(&token)).collect();
        if passes.is_empty() {
            return Cow::Borrowed(&self.state.vars);
        }
        let mut vars = self.state.vars.clone();
        for pass in passes.into_iter().rev() {
            vars.extend(pass.vars.clone().unwrap_or_default());
            vars.insert("loopCounter".to_owned(), pass.number.into());
        }
        Cow::Owned(vars)
    }

    /// Sets variables where the token belongs: in its pass of a multi-instance activity, else in the process.
    fn set(&mut self, here: Here, vars: Vars) {
        let own = self.around(here).find(|token| self.state.passes.get(token).is_some_and(|pass| pass.vars.is_some()));
        let pass = own.and_then(|token| self.state.passes.get_mut(&token));
        pass.and_then(|pass| pass.vars.as_mut()).unwrap_or(&mut self.state.vars).extend(vars);
    }

    /// The token and those around it, from the inside out.
    fn around(&self, here: Here) -> impl Iterator<Item = u64> {
        // Without passes nobody needs to look.
        let mut next = (!self.state.passes.is_empty()).then_some((here.id, here.scope));
        std::iter::from_fn(move || {
            let (id, scope) = next?;
            next = self.state.token(scope).map(|around| (around.id, around.scope));
            Some(id)
        })
    }

    fn decide(&self, here: Here) -> Result<Vars, String> {
        let key = here.node.meer.decision.as_deref().ok_or("Die Regelaufgabe nennt keine Entscheidung.")?;
        let answer = self.conditions.decision(key, &self.inputs(here)?)?;
        self.outputs(here, answer)
    }

    fn inputs(&self, here: Here) -> Result<Vars, String> {
        self.map(&here.node.meer.inputs, &self.vars(here))
    }

    fn map(&self, mappings: &[Mapping], vars: &Vars) -> Result<Vars, String> {
        mappings
            .iter()
            .map(|m| {
                let value = self.conditions.value(&m.value, vars);
                value.map(|value| (m.name.clone(), value)).map_err(|error| format!("{}: {error}", m.name))
            })
            .collect()
    }

    /// The variables that the answer of a task sets.
    fn outputs(&self, here: Here, answer: Value) -> Result<Vars, String> {
        let mappings = &here.node.meer.outputs;
        if mappings.is_empty() {
            return match answer {
                Value::Object(vars) => Ok(vars),
                Value::Null => Ok(Vars::new()),
                _ => Err("Das Ergebnis ist ein einzelner Wert; dafür fehlt eine Ausgabe (meer:output).".to_owned()),
            };
        }
        let mut vars = self.vars(here).into_owned();
        vars.insert("result".to_owned(), answer);
        self.map(mappings, &vars)
    }

    fn answer(&mut self, here: Here<'m>, answer: Vars) {
        // A message event without outputs of its own takes the members of the message like any other answer.
        match self.outputs(here, Value::Object(answer.clone())) {
            Ok(vars) => {
                self.set(here, vars);
                self.leave(here);
            }
            Err(message) => self.incident(here, Resume::Answer(answer), message),
        }
    }

    /// Lets a token wait for the world outside. Everything that can fail comes before the first effect.
    fn open(&mut self, here: Here<'m>) -> Result<(), String> {
        let node = here.node;
        let plans = match node.does {
            Does::EventBased => self.plan_events(here)?,
            _ => self.plan_boundaries(here)?,
        };
        let element = node.id.clone();
        let wait = match &node.does {
            Does::UserTask => {
                let task = self.user_task(here)?;
                self.effects.push(Effect::OpenUserTask(task));
                Wait::User
            }
            Does::Command => {
                let command = node.meer.command.clone().ok_or("Die Aufgabe nennt keinen Befehl.")?;
                let inputs = self.inputs(here)?;
                self.effects.push(Effect::CallCommand { token: here.id, element, command, inputs });
                Wait::Command
            }
            Does::Receive(name) => {
                let (name, key) = (name.clone(), self.message_key(here, node)?);
                let (shown, shown_key) = (name.clone(), key.clone());
                self.effects.push(Effect::AwaitMessage { token: here.id, element, name: shown, key: shown_key });
                Wait::Message { name, key }
            }
            Does::Signal(name) => {
                self.effects.push(Effect::AwaitSignal { token: here.id, element, name: name.clone() });
                Wait::Signal { name: name.clone() }
            }
            Does::Call(key) => {
                let inputs = self.inputs(here)?;
                self.effects.push(Effect::CallProcess { token: here.id, element, key: key.clone(), inputs });
                Wait::Process
            }
            Does::Timer(spec) => {
                let (due, _) = self.due(here, spec)?;
                self.effects.push(Effect::ScheduleTimer { token: here.id, element, due, after: None, until: None });
                Wait::Timer
            }
            _ => Wait::Events,
        };
        self.wait(here, wait);
        self.watch_all(here.id, plans);
        Ok(())
    }

    fn user_task(&self, here: Here) -> Result<UserTask, String> {
        let node = here.node;
        let task = UserTask {
            token: here.id,
            element: node.id.clone(),
            name: node.name.clone(),
            form: node.meer.form.clone(),
            unit: self.text(here, node.meer.unit.as_deref())?,
            due: self.text(here, node.meer.due.as_deref())?,
            four_eyes: node.meer.four_eyes.clone(),
            medienbruch: node.meer.may_break(),
            medienbruch_when: node.meer.break_condition().map(str::to_owned),
            inputs: self.inputs(here)?,
        };
        if let Some(due) = &task.due {
            if !is_duration(due) {
                return Err(format!("Die Frist „{due}“ ist keine Dauer nach ISO 8601."));
            }
            self.conditions.time(&Due::Duration(due.clone()))?;
        }
        Ok(task)
    }

    /// A text, or the value of the FEEL expression after `=`, which must be a text.
    fn text(&self, here: Here, text: Option<&str>) -> Result<Option<String>, String> {
        text.map(|text| match feel_of(text) {
            None => Ok(text.trim().to_owned()),
            Some(expression) => match self.conditions.value(expression, &self.vars(here))? {
                Value::String(value) => Ok(value),
                other => Err(format!("„{expression}“ ergibt keinen Text, sondern {other}.")),
            },
        })
        .transpose()
    }

    fn message_key(&self, here: Here, node: &GraphNode) -> Result<Value, String> {
        let Some(expression) = &node.meer.key else { return Ok(Value::Null) };
        match self.conditions.value(feel_of(expression).unwrap_or(expression), &self.vars(here))? {
            Value::Null => Err("Der Schlüssel der Nachricht ist leer.".to_owned()),
            key => Ok(key),
        }
    }

    fn due(&self, here: Here, spec: &TimerSpec) -> Result<(Due, Awaits), String> {
        let text = self.text(here, Some(spec.text()))?.unwrap_or_default();
        let unreadable = || format!("„{text}“ ist keine lesbare Zeitangabe.");
        let (due, awaits) = match spec {
            TimerSpec::Date(_) if is_date(&text) => (Due::Date(text), Awaits::Timer),
            TimerSpec::Duration(_) if is_duration(&text) => (Due::Duration(text), Awaits::Timer),
            TimerSpec::Cycle(_) => {
                let cycle = parse_cycle(&text).ok_or_else(unreadable)?;
                self.conditions.time(&Due::Duration(cycle.interval.clone()))?;
                if let Some(end) = &cycle.end {
                    self.conditions.time(&Due::Date(end.clone()))?;
                }
                let due = cycle.start.map_or_else(|| Due::Duration(cycle.interval.clone()), Due::Date);
                (due, Awaits::Cycle { left: cycle.times.map(|n| n - 1), interval: cycle.interval, until: cycle.end })
            }
            _ => return Err(unreadable()),
        };
        self.conditions.time(&due)?;
        Ok((due, awaits))
    }

    /// What is attached to an activity. None are planned again when a retried activity still has them, or for a single
    /// pass: they belong to the activity as a whole.
    fn plan_boundaries(&self, here: Here<'m>) -> Result<Vec<Plan<'m>>, String> {
        if self.is_pass(here.id) || self.state.watches.iter().any(|watch| watch.host == here.id) {
            return Ok(Vec::new());
        }
        let planned = here.node.boundary.iter().map(|&boundary| self.plan(here, boundary));
        planned.filter_map(Result::transpose).collect()
    }

    fn plan_events(&self, here: Here<'m>) -> Result<Vec<Plan<'m>>, String> {
        let mut plans = Vec::new();
        for &flow in &here.node.outgoing {
            let plan = self.plan(here, self.graph.flows[flow].target)?;
            plans.push(
                plan.ok_or("Hinter dem Ereignis-Gateway steht etwas anderes als ein Ereignis, auf das gewartet wird.")?,
            );
        }
        if plans.is_empty() { Err("Hinter dem Ereignis-Gateway steht kein Ereignis.".to_owned()) } else { Ok(plans) }
    }

    /// What has to be done so that an event is noticed; nothing for events that come from inside.
    fn plan(&self, here: Here<'m>, event: usize) -> Result<Option<Plan<'m>>, String> {
        let node = &self.graph.nodes[event];
        let timer = |spec| self.due(here, spec).map(|(due, awaits)| Plan { node, awaits, due: Some(due) });
        let message = |name: &String| {
            let awaits = Awaits::Message { name: name.clone(), key: self.message_key(here, node)? };
            Ok::<_, String>(Plan { node, awaits, due: None })
        };
        let signal = |name: &String| Plan { node, awaits: Awaits::Signal { name: name.clone() }, due: None };
        Ok(match &node.does {
            Does::Timer(spec) => Some(timer(spec)?),
            Does::Receive(name) => Some(message(name)?),
            Does::Signal(name) => Some(signal(name)),
            Does::Boundary { trigger, .. } | Does::EventStart { trigger, .. } => match trigger {
                Trigger::Timer(spec) => Some(timer(spec)?),
                Trigger::Message(name) => Some(message(name)?),
                Trigger::Signal(name) => Some(signal(name)),
                Trigger::Error(_) | Trigger::Escalation(_) => None,
            },
            _ => None,
        })
    }

    fn watch_all(&mut self, host: u64, plans: Vec<Plan<'m>>) {
        for plan in plans {
            self.watch(host, plan, None);
        }
    }

    fn watch(&mut self, host: u64, plan: Plan<'m>, after: Option<u64>) {
        let id = self.next_id();
        let element = plan.node.id.clone();
        if let Some(due) = plan.due {
            let until = if let Awaits::Cycle { until, .. } = &plan.awaits { until.clone() } else { None };
            self.effects.push(Effect::ScheduleTimer { token: id, element: element.clone(), due, after, until });
        }
        match &plan.awaits {
            Awaits::Message { name, key } => {
                let (name, key) = (name.clone(), key.clone());
                self.effects.push(Effect::AwaitMessage { token: id, element: element.clone(), name, key });
            }
            Awaits::Signal { name } => {
                self.effects.push(Effect::AwaitSignal { token: id, element: element.clone(), name: name.clone() });
            }
            Awaits::Timer | Awaits::Cycle { .. } => {}
        }
        self.state.watches.push(Watch { id, element, host, awaits: plan.awaits });
    }

    /// Removes what is attached to a token; `fired` needs no cancellation.
    fn release_watches(&mut self, host: u64, fired: Option<u64>) {
        self.release(fired, |watch| watch.host == host);
    }

    fn release(&mut self, fired: Option<u64>, doomed: impl Fn(&Watch) -> bool) {
        let (gone, kept) = std::mem::take(&mut self.state.watches).into_iter().partition(|watch| doomed(watch));
        self.state.watches = kept;
        let gone: Vec<Watch> = gone;
        self.effects.extend(gone.into_iter().filter(|watch| Some(watch.id) != fired).map(|watch| match watch.awaits {
            Awaits::Message { .. } => Effect::ForgetMessage { token: watch.id },
            Awaits::Signal { .. } => Effect::ForgetSignal { token: watch.id },
            Awaits::Timer | Awaits::Cycle { .. } => Effect::CancelTimer { token: watch.id },
        }));
    }

    /// Ends a token before its time, with everything inside and attached to it.
    fn withdraw(&mut self, token: u64) {
        let mut doomed = vec![token];
        let mut next = 0;
        while let Some(&scope) = doomed.get(next) {
            doomed.extend(self.state.tokens.iter().filter(|t| t.scope == scope).map(|t| t.id));
            next += 1;
        }
        // Innermost first.
        for &id in doomed.iter().rev() {
            self.release_watches(id, None);
            let Some(position) = self.position(id) else { continue };
            let token = self.state.tokens.remove(position);
            self.state.passes.remove(&id);
            match token.wait {
                Wait::User => self.effects.push(Effect::CloseUserTask { token: id }),
                Wait::Command => self.effects.push(Effect::CancelCommand { token: id }),
                Wait::Timer => self.effects.push(Effect::CancelTimer { token: id }),
                Wait::Message { .. } => self.effects.push(Effect::ForgetMessage { token: id }),
                Wait::Signal { .. } => self.effects.push(Effect::ForgetSignal { token: id }),
                Wait::Process => self.effects.push(Effect::CancelProcess { token: id }),
                // It has not entered the gateway yet.
                Wait::Join { .. } => continue,
                Wait::Scope | Wait::Loop { .. } | Wait::Each { .. } | Wait::Events | Wait::Incident { .. } => {}
            }
            self.effects.push(Effect::Left { token: id, element: token.element, interrupted: true });
        }
        self.ways.retain(|way| !doomed.contains(&way.scope));
    }

    /// Ends everything in a process or sub-process; a sub-process is then complete.
    fn terminate(&mut self, scope: u64) {
        if scope == 0 {
            return self.end(Outcome::Terminated);
        }
        self.empty(scope);
    }

    /// Ends all tokens in a process or sub-process.
    fn empty(&mut self, scope: u64) {
        let inside: Vec<u64> = self.state.tokens.iter().filter(|t| t.scope == scope).map(|t| t.id).collect();
        for token in inside {
            self.withdraw(token);
        }
        self.ways.retain(|way| way.scope != scope);
    }

    /// Ends the instance.
    fn end(&mut self, outcome: Outcome) {
        self.empty(0);
        self.release_watches(0, None);
        self.ways.clear();
        self.state.status = Status::Ended(outcome.clone());
        self.effects.push(Effect::Finished { outcome });
    }

    /// Leads a token on whose work is done; the pass of a repeated activity ends here.
    fn leave(&mut self, here: Here<'m>) {
        if self.is_pass(here.id) {
            return self.end_pass(here);
        }
        match self.route(here).and_then(|ways| self.allow(ways.len()).map(|()| ways)) {
            Ok(ways) => {
                self.left(here, false);
                let scope = here.scope;
                self.ways.extend(ways.into_iter().map(|(node, flow)| Way { node, scope, flow, pass: None }));
            }
            Err(message) => self.incident(here, Resume::Leave, message),
        }
    }

    /// Counts tokens that set out; every token does so here, so no loop or fan-out goes unseen.
    fn allow(&mut self, ways: usize) -> Result<(), String> {
        self.moves += ways;
        if self.moves > MAX_MOVES {
            return Err(format!("Mehr als {MAX_MOVES} Schritte ohne Halt: Der Prozess läuft vermutlich im Kreis."));
        }
        if self.state.tokens.len() + self.ways.len() + ways > MAX_TOKENS {
            return Err(format!("Mehr als {MAX_TOKENS} gleichzeitige Zweige."));
        }
        Ok(())
    }

    /// Where to go, and along which flow. An exclusive gateway takes the first that is true in the order of the file, a
    /// parallel gateway all, every other node all that are true or have no condition (BPMN 2.0.2, 13.2.1 and 13.3).
    fn route(&self, here: Here) -> Result<Vec<(usize, Option<usize>)>, String> {
        let node = here.node;
        if let Does::Link(target) = node.does {
            let target = target.ok_or("Zu diesem Link gibt es auf dieser Ebene kein Ziel.")?;
            return Ok(vec![(target, None)]);
        }
        let mut taken = Vec::new();
        if node.does == Does::Parallel {
            taken.clone_from(&node.outgoing);
        } else {
            let vars = self.vars(here);
            for &flow in node.outgoing.iter().filter(|&&flow| Some(flow) != node.default) {
                if self.is_open(flow, &vars)? {
                    taken.push(flow);
                    if node.does == Does::Exclusive {
                        break;
                    }
                }
            }
        }
        if taken.is_empty() {
            taken.extend(node.default);
        }
        if taken.is_empty() && !node.outgoing.is_empty() {
            return Err("Keine Bedingung trifft zu, und es gibt keinen Standardweg.".to_owned());
        }
        Ok(taken.into_iter().map(|flow| (self.graph.flows[flow].target, Some(flow))).collect())
    }

    fn is_open(&self, flow: usize, vars: &Vars) -> Result<bool, String> {
        let flow = &self.graph.flows[flow];
        let Some(condition) = &flow.condition else { return Ok(true) };
        self.conditions.condition(condition, vars).map_err(|error| {
            let name = flow.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&flow.id);
            format!("Die Bedingung des Wegs „{name}“ ist nicht auswertbar: {error}")
        })
    }

    /// Leads on a sub-process in which no token is left.
    fn finish_scope(&mut self) -> bool {
        if !self.state.tokens.iter().any(|token| token.wait == Wait::Scope) {
            return false;
        }
        let busy: HashSet<u64> = self.state.tokens.iter().map(|token| token.scope).collect();
        let done = self.state.tokens.iter().find(|token| token.wait == Wait::Scope && !busy.contains(&token.id));
        let Some(id) = done.map(|token| token.id) else { return false };
        let Ok(here) = self.take(id, |_| true) else { return false };
        self.release_watches(id, None);
        self.leave(here);
        true
    }

    /// Leads on an inclusive join to which no further token can come (BPMN 2.0.2, 13.4.3).
    fn fire_inclusive(&mut self) -> bool {
        let graph = self.graph;
        if !self.state.tokens.iter().any(|token| matches!(token.wait, Wait::Join { .. })) {
            return false;
        }
        // One pass over the tokens, so that many joins that wait for one another stay cheap.
        let mut gateways = Vec::new();
        let mut waiting: HashMap<(usize, u64), Vec<(u64, usize)>> = HashMap::new();
        let mut occupied: HashMap<u64, NodeSet> = HashMap::new();
        for token in &self.state.tokens {
            let Some(node) = graph.node(&token.element) else { continue };
            occupied.entry(token.scope).or_insert_with(|| graph.no_nodes()).insert(node);
            if let Wait::Join { flow } = &token.wait
                && graph.nodes[node].does == Does::Inclusive
                && let Some(flow) = graph.flow(flow)
            {
                let here = (node, token.scope);
                let arrived = waiting.entry(here).or_insert_with(|| {
                    gateways.push(here);
                    Vec::new()
                });
                arrived.push((token.id, flow));
            }
        }
        for (gateway, scope) in gateways {
            let (Some(tokens), Some(occupied)) = (waiting.get(&(gateway, scope)), occupied.get(&scope)) else {
                continue;
            };
            let mut arrived = HashSet::new();
            let taken: Vec<u64> =
                tokens.iter().filter(|(_, flow)| arrived.insert(*flow)).map(|(token, _)| *token).collect();
            if self.awaited(gateway, occupied, &arrived) {
                continue;
            }
            self.join(&graph.nodes[gateway], scope, &taken);
            return true;
        }
        false
    }

    /// Whether from one of the nodes in `occupied` a flow without token can be reached and none with token.
    fn awaited(&mut self, gateway: usize, occupied: &NodeSet, arrived: &HashSet<usize>) -> bool {
        let graph = self.graph;
        let (mut to_empty, mut to_full) = (graph.no_nodes(), graph.no_nodes());
        for &flow in &graph.nodes[gateway].incoming {
            let reach = self.reach.entry(flow).or_insert_with(|| graph.upstream(gateway, flow));
            let side = if arrived.contains(&flow) { &mut to_full } else { &mut to_empty };
            side.extend(reach);
        }
        occupied.any_in_first_only(&to_empty, &to_full)
    }
}

struct Plan<'m> {
    node: &'m GraphNode,
    awaits: Awaits,
    due: Option<Due>,
}
