//! The part of a model that is executed: nodes and flows of the executable process with references resolved.

use std::collections::HashMap;

use crate::Position;
pub(crate) use crate::model::feel_of;
use crate::model::*;

#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<GraphNode>,
    pub flows: Vec<GraphFlow>,
    /// Start events of the process itself.
    pub starts: Vec<usize>,
    /// Event sub-processes of the process itself.
    pub handlers: Vec<usize>,
    by_id: HashMap<String, usize>,
    flow_by_id: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct GraphNode {
    pub id: String,
    pub name: Option<String>,
    pub at: Position,
    /// The sub-process around it.
    pub parent: Option<usize>,
    pub does: Does,
    pub is_start: bool,
    pub is_end: bool,
    pub incoming: Vec<usize>,
    pub outgoing: Vec<usize>,
    /// The default flow, when it is one of `outgoing`.
    pub default: Option<usize>,
    /// Boundary events attached to it.
    pub boundary: Vec<usize>,
    /// The activity a boundary event is attached to.
    pub host: Option<usize>,
    /// Event sub-processes inside it.
    pub handlers: Vec<usize>,
    /// Name of a link event.
    pub link: Option<String>,
    /// Throwing link events that lead here.
    pub links: Vec<usize>,
    pub looped: Option<Looped>,
    pub meer: Meer,
}

/// An activity that is done several times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Looped {
    /// `standardLoopCharacteristics`
    Standard { test_before: bool, maximum: Option<u32>, condition: Option<String> },
    /// `multiInstanceLoopCharacteristics`
    Each(Each),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Each {
    pub sequential: bool,
    pub count: Count,
    /// Name of the variable that holds the item of a collection.
    pub item: String,
    pub completion: Option<String>,
    /// What each pass hands out, and the variable in which it is collected.
    pub output: Option<(String, String)>,
}

/// FEEL for a number or for a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Count {
    Cardinality(String),
    Collection(String),
}

impl Looped {
    /// Its expressions, and whether each is a condition.
    pub fn expressions(&self) -> Vec<(&str, bool)> {
        match self {
            Self::Standard { condition, .. } => condition.iter().map(|text| (text.as_str(), true)).collect(),
            Self::Each(each) => {
                let (Count::Cardinality(count) | Count::Collection(count)) = &each.count;
                let completion = each.completion.iter().map(|text| (text.as_str(), true));
                let output = each.output.iter().map(|(text, _)| (text.as_str(), false));
                std::iter::once((count.as_str(), false)).chain(completion).chain(output).collect()
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct GraphFlow {
    pub id: String,
    pub name: Option<String>,
    pub at: Position,
    pub source: usize,
    pub target: usize,
    pub condition: Option<String>,
}

/// What happens when a token enters a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Does {
    Start,
    /// A start event of the process that something outside triggers.
    TriggeredStart(Trigger),
    /// The start event of an event sub-process.
    EventStart {
        interrupting: bool,
        trigger: Trigger,
    },
    End,
    TerminateEnd,
    ErrorEnd(String),
    /// Throwing intermediate event, or end event.
    Throw(Throw),
    /// Throwing link event, with the catching one of the same name.
    Link(Option<usize>),
    /// Catching link event.
    LinkTarget,
    /// Nothing the stepper has to wait for: manual task, event without definition.
    Pass,
    UserTask,
    Command,
    Decision,
    Receive(String),
    Signal(String),
    Timer(TimerSpec),
    /// Call activity, with the key of the called process.
    Call(String),
    Boundary {
        interrupting: bool,
        trigger: Trigger,
    },
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    SubProcess {
        starts: Vec<usize>,
    },
    EventSubProcess {
        starts: Vec<usize>,
    },
    /// What it would be, in German.
    Unsupported(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trigger {
    Timer(TimerSpec),
    /// `None` catches every code.
    Error(Option<String>),
    Message(String),
    Signal(String),
    /// `None` catches every code.
    Escalation(Option<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Throw {
    Message(String),
    Signal(String),
    Escalation(String),
}

/// When a timer is due, as written: an ISO 8601 text, or FEEL after `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerSpec {
    Date(String),
    Duration(String),
    Cycle(String),
}

impl TimerSpec {
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Date(text) | Self::Duration(text) | Self::Cycle(text) => text,
        }
    }
}

impl Graph {
    pub fn node(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub fn flow(&self, id: &str) -> Option<usize> {
        self.flow_by_id.get(id).copied()
    }

    /// Builds what can be built; `check` reports what cannot.
    pub fn build(definitions: &Definitions) -> Self {
        let Some(process) = executable(definitions) else { return Self::default() };
        let mut builder = Builder { roots: Roots::of(definitions), graph: Self::default() };
        let level = builder.nodes(&process.content, None, Around::Process);
        (builder.graph.starts, builder.graph.handlers) = (level.starts, level.handlers);
        builder.connect(&process.content);
        builder.attach(&process.content);
        builder.link();
        builder.graph
    }

    /// Event sub-processes of a level: of the process, or of the sub-process `around`.
    pub fn handlers(&self, around: Option<usize>) -> &[usize] {
        around.map_or(&self.handlers, |around| &self.nodes[around].handlers)
    }

    /// Nodes a token may go to next.
    pub fn successors(&self, node: usize) -> impl Iterator<Item = usize> {
        let here = &self.nodes[node];
        let link = if let Does::Link(target) = here.does { target } else { None };
        let flows = here.outgoing.iter().map(|&flow| self.flows[flow].target);
        flows.chain(here.boundary.iter().copied()).chain(link)
    }

    /// Nodes a token may come from.
    pub fn predecessors(&self, node: usize) -> impl Iterator<Item = usize> {
        let here = &self.nodes[node];
        let flows = here.incoming.iter().map(|&flow| self.flows[flow].source);
        flows.chain(here.host).chain(here.links.iter().copied())
    }
}

/// The one process that is marked as executable, or else the only process.
pub(crate) fn executable(definitions: &Definitions) -> Option<&Process> {
    let processes: Vec<&Process> = definitions
        .roots
        .iter()
        .filter_map(|root| if let Root::Process(process) = root { Some(&**process) } else { None })
        .collect();
    let mut marked = processes.iter().filter(|process| process.is_executable == Some(true));
    match (marked.next(), marked.next()) {
        (Some(process), None) => Some(process),
        (None, _) if processes.len() == 1 => processes.first().copied(),
        _ => None,
    }
}

/// Names of messages and signals and codes of errors and escalations, by id.
#[derive(Default)]
struct Roots<'m> {
    messages: HashMap<&'m str, &'m str>,
    signals: HashMap<&'m str, &'m str>,
    errors: HashMap<&'m str, &'m str>,
    escalations: HashMap<&'m str, &'m str>,
    global_tasks: HashMap<&'m str, &'m str>,
}

impl<'m> Roots<'m> {
    fn of(definitions: &'m Definitions) -> Self {
        let mut found = Self::default();
        for root in &definitions.roots {
            let (map, base, said) = match root {
                Root::Message(message) => (&mut found.messages, &message.base, &message.name),
                Root::Signal(signal) => (&mut found.signals, &signal.base, &signal.name),
                Root::Error(error) => (&mut found.errors, &error.base, &error.code),
                Root::Escalation(escalation) => (&mut found.escalations, &escalation.base, &escalation.code),
                Root::GlobalTask(task) => (&mut found.global_tasks, &task.base, &task.name),
                _ => continue,
            };
            let said = said.as_deref().filter(|said| !said.is_empty());
            map.insert(base.id.as_str(), said.unwrap_or(&base.id));
        }
        found
    }

    fn message(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.messages, reference?)
    }

    fn signal(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.signals, reference?)
    }

    fn error(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.errors, reference?)
    }

    fn escalation(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.escalations, reference?)
    }
}

/// References are qualified names: the id itself, or prefix and id.
fn lookup(map: &HashMap<&str, &str>, reference: &str) -> Option<String> {
    map.get(reference).or_else(|| map.get(local_name(reference))).map(|&found| found.to_owned())
}

/// What a start event stands in.
#[derive(Clone, Copy, PartialEq)]
enum Around {
    Process,
    SubProcess,
    EventSubProcess,
}

/// Start events and event sub-processes of one level.
#[derive(Default)]
struct Level {
    starts: Vec<usize>,
    handlers: Vec<usize>,
}

struct Builder<'m> {
    roots: Roots<'m>,
    graph: Graph,
}

impl Builder<'_> {
    /// Adds the nodes of a process or sub-process.
    fn nodes(&mut self, content: &FlowContent, parent: Option<usize>, around: Around) -> Level {
        let mut level = Level::default();
        for element in &content.elements {
            let FlowElement::Node(node) = element else { continue };
            let index = self.graph.nodes.len();
            self.graph.by_id.entry(node.base.id.clone()).or_insert(index);
            self.graph.nodes.push(GraphNode {
                id: node.base.id.clone(),
                name: node.name.clone(),
                at: node.base.at,
                parent,
                does: self.does(node, around),
                is_start: matches!(node.kind, NodeKind::StartEvent(_)),
                is_end: matches!(node.kind, NodeKind::EndEvent(_)),
                incoming: Vec::new(),
                outgoing: Vec::new(),
                default: None,
                boundary: Vec::new(),
                host: None,
                handlers: Vec::new(),
                link: link_name(&node.kind),
                links: Vec::new(),
                looped: looped(&node.kind).ok().flatten(),
                meer: node.meer.clone(),
            });
            match &node.kind {
                NodeKind::StartEvent(_) => level.starts.push(index),
                NodeKind::SubProcess(_, inner) => {
                    let handles = inner.triggered_by_event == Some(true);
                    if handles {
                        level.handlers.push(index);
                    }
                    let around = if handles { Around::EventSubProcess } else { Around::SubProcess };
                    let inside = self.nodes(&inner.content, Some(index), around);
                    let sub = &mut self.graph.nodes[index];
                    sub.handlers = inside.handlers;
                    if let Does::SubProcess { starts } | Does::EventSubProcess { starts } = &mut sub.does {
                        *starts = inside.starts;
                    }
                }
                _ => {}
            }
        }
        level
    }

    /// Leads throwing link events to the catching one of the same name on their level (BPMN 2.0.2, 10.5.1).
    fn link(&mut self) {
        let mut targets: HashMap<(Option<usize>, String), usize> = HashMap::new();
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if let (Does::LinkTarget, Some(name)) = (&node.does, &node.link) {
                targets.entry((node.parent, name.clone())).or_insert(index);
            }
        }
        for index in 0..self.graph.nodes.len() {
            let node = &self.graph.nodes[index];
            let Does::Link(_) = node.does else { continue };
            let target = node.link.clone().and_then(|name| targets.get(&(node.parent, name)).copied());
            self.graph.nodes[index].does = Does::Link(target);
            if let Some(target) = target {
                self.graph.nodes[target].links.push(index);
            }
        }
    }

    fn connect(&mut self, content: &FlowContent) {
        for element in &content.elements {
            match element {
                FlowElement::Flow(flow) => {
                    let (Some(source), Some(target)) = (self.graph.node(&flow.source), self.graph.node(&flow.target))
                    else {
                        continue;
                    };
                    if self.graph.nodes[source].parent != self.graph.nodes[target].parent {
                        continue;
                    }
                    let index = self.graph.flows.len();
                    self.graph.flow_by_id.entry(flow.base.id.clone()).or_insert(index);
                    self.graph.nodes[source].outgoing.push(index);
                    self.graph.nodes[target].incoming.push(index);
                    self.graph.flows.push(GraphFlow {
                        id: flow.base.id.clone(),
                        name: flow.name.clone(),
                        at: flow.base.at,
                        source,
                        target,
                        condition: flow.condition.as_ref().map(|e| {
                            let body = e.body.trim();
                            feel_of(body).unwrap_or(body).to_owned()
                        }),
                    });
                }
                FlowElement::Node(node) => {
                    if let NodeKind::SubProcess(_, inner) = &node.kind {
                        self.connect(&inner.content);
                    }
                }
                _ => {}
            }
        }
    }

    fn attach(&mut self, content: &FlowContent) {
        for element in &content.elements {
            let FlowElement::Node(node) = element else { continue };
            let Some(index) = self.graph.node(&node.base.id) else { continue };
            let default = match &node.kind {
                NodeKind::Gateway(gateway) => gateway.default.as_deref(),
                NodeKind::Task(activity, _)
                | NodeKind::SubProcess(activity, _)
                | NodeKind::CallActivity(activity, _) => activity.default.as_deref(),
                _ => None,
            };
            self.graph.nodes[index].default = default
                .and_then(|id| self.graph.flow(id))
                .filter(|flow| self.graph.nodes[index].outgoing.contains(flow));
            match &node.kind {
                NodeKind::BoundaryEvent(event) => {
                    if let Some(host) = self.graph.node(&event.attached_to) {
                        self.graph.nodes[host].boundary.push(index);
                        self.graph.nodes[index].host = Some(host);
                    }
                }
                NodeKind::SubProcess(_, inner) => self.attach(&inner.content),
                _ => {}
            }
        }
    }

    fn does(&self, node: &FlowNode, around: Around) -> Does {
        let no = |what: &str| Does::Unsupported(what.to_owned());
        match &node.kind {
            NodeKind::StartEvent(event) => self.start(event, around),
            NodeKind::EndEvent(event) => match event.definitions.as_slice() {
                [] => Does::End,
                [definition] => match &definition.trigger {
                    EventTrigger::Terminate => Does::TerminateEnd,
                    EventTrigger::Error(code) => match self.roots.error(code.as_ref()) {
                        Some(code) => Does::ErrorEnd(code),
                        None => no("Fehler-Endereignis ohne Fehler"),
                    },
                    thrown => {
                        self.throw(thrown).unwrap_or_else(|what| Does::Unsupported(format!("Endereignis {what}")))
                    }
                },
                _ => no("Endereignis mit mehreren Ergebnissen"),
            },
            NodeKind::ThrowEvent(event) => match event.definitions.as_slice() {
                [] => Does::Pass,
                [EventDefinition { trigger: EventTrigger::Link { .. }, .. }] => Does::Link(None),
                [definition] => self
                    .throw(&definition.trigger)
                    .unwrap_or_else(|what| Does::Unsupported(format!("Zwischenereignis {what}"))),
                _ => no("Zwischenereignis mit mehreren Ergebnissen"),
            },
            NodeKind::CatchEvent(CatchEvent { definitions, .. })
                if matches!(definitions.as_slice(), [EventDefinition { trigger: EventTrigger::Link { .. }, .. }]) =>
            {
                Does::LinkTarget
            }
            NodeKind::CatchEvent(event) => match self.trigger(&event.definitions) {
                Ok(Trigger::Timer(spec)) => Does::Timer(spec),
                Ok(Trigger::Message(name)) => Does::Receive(name),
                Ok(Trigger::Signal(name)) => Does::Signal(name),
                Ok(Trigger::Error(_)) => no("Zwischenereignis mit Fehler"),
                Ok(Trigger::Escalation(_)) => no("empfangendes Zwischenereignis mit Eskalation"),
                Err(what) => Does::Unsupported(format!("Zwischenereignis {what}")),
            },
            NodeKind::BoundaryEvent(event) => match self.trigger(&event.definitions) {
                Ok(trigger) => Does::Boundary { interrupting: event.cancel_activity != Some(false), trigger },
                Err(what) => Does::Unsupported(format!("angeheftetes Ereignis {what}")),
            },
            NodeKind::Task(activity, kind) => match (self.activity_extra(node, activity), kind) {
                (Some(what), _) => Does::Unsupported(what),
                (None, TaskKind::Abstract) => no("Aufgabe ohne Art"),
                (None, TaskKind::Manual) => Does::Pass,
                (None, TaskKind::User { .. }) => Does::UserTask,
                (None, TaskKind::Service { .. } | TaskKind::Send { .. }) => Does::Command,
                (None, TaskKind::BusinessRule { .. }) => Does::Decision,
                (None, TaskKind::Script { .. }) => no("Skript-Aufgabe"),
                (None, TaskKind::Receive { instantiate: Some(true), .. }) => no("Empfangsaufgabe, die startet"),
                (None, TaskKind::Receive { message, .. }) => match self.roots.message(message.as_ref()) {
                    Some(name) => Does::Receive(name),
                    None => no("Empfangsaufgabe ohne Nachricht"),
                },
            },
            NodeKind::SubProcess(activity, sub) => match (self.activity_extra(node, activity), &sub.kind) {
                (Some(what), _) => Does::Unsupported(what),
                (None, SubProcessKind::Transaction) => no("Transaktion"),
                (None, SubProcessKind::AdHoc) => no("Ad-hoc-Teilprozess"),
                (None, SubProcessKind::Embedded) if sub.triggered_by_event != Some(true) => {
                    Does::SubProcess { starts: Vec::new() }
                }
                (None, SubProcessKind::Embedded) if activity.loop_characteristics.is_some() => {
                    no("Ereignis-Teilprozess mit Schleife")
                }
                (None, SubProcessKind::Embedded) => Does::EventSubProcess { starts: Vec::new() },
            },
            NodeKind::CallActivity(activity, called) => match self.activity_extra(node, activity) {
                Some(what) => Does::Unsupported(what),
                None if called.as_deref().is_some_and(|key| lookup(&self.roots.global_tasks, key).is_some()) => {
                    no("Aufruf einer globalen Aufgabe")
                }
                None => Does::Call(called.as_deref().map(local_name).unwrap_or_default().to_owned()),
            },
            NodeKind::Gateway(gateway) => match gateway.kind {
                GatewayKind::Exclusive => Does::Exclusive,
                GatewayKind::Parallel => Does::Parallel,
                GatewayKind::Inclusive => Does::Inclusive,
                GatewayKind::EventBased if gateway.instantiate == Some(true) => no("Ereignis-Gateway, das startet"),
                GatewayKind::EventBased if gateway.event_gateway_type.as_deref() == Some("Parallel") => {
                    no("paralleles Ereignis-Gateway")
                }
                GatewayKind::EventBased => Does::EventBased,
                GatewayKind::Complex => no("komplexes Gateway"),
            },
        }
    }

    /// Start events: of the process with or without a trigger, of a sub-process without, of an event sub-process with.
    fn start(&self, event: &StartEvent, around: Around) -> Does {
        if event.definitions.is_empty() {
            return match around {
                Around::EventSubProcess => Does::Unsupported("Ereignis-Teilprozess ohne Auslöser".to_owned()),
                Around::Process | Around::SubProcess => Does::Start,
            };
        }
        match (self.trigger(&event.definitions), around) {
            (Err(what), _) => Does::Unsupported(format!("Startereignis {what}")),
            (Ok(_), Around::SubProcess) => {
                Does::Unsupported("Startereignis mit Auslöser in einem Teilprozess".to_owned())
            }
            (Ok(trigger), Around::EventSubProcess) => {
                Does::EventStart { interrupting: event.is_interrupting != Some(false), trigger }
            }
            (Ok(Trigger::Error(_) | Trigger::Escalation(_)), Around::Process) => Does::Unsupported(
                "Startereignis mit Fehler oder Eskalation außerhalb eines Ereignis-Teilprozesses".to_owned(),
            ),
            (Ok(trigger), Around::Process) => Does::TriggeredStart(trigger),
        }
    }

    fn throw(&self, trigger: &EventTrigger) -> Result<Does, String> {
        Ok(Does::Throw(match trigger {
            EventTrigger::Message { message, .. } => {
                Throw::Message(self.roots.message(message.as_ref()).ok_or("ohne bekannte Nachricht")?)
            }
            EventTrigger::Signal(signal) => {
                Throw::Signal(self.roots.signal(signal.as_ref()).ok_or("ohne bekanntes Signal")?)
            }
            EventTrigger::Escalation(code) => {
                Throw::Escalation(self.roots.escalation(code.as_ref()).ok_or("ohne bekannte Eskalation")?)
            }
            other => return Err(format!("mit {}", event_name(other))),
        }))
    }

    /// What keeps an activity from being executed, whatever it does.
    fn activity_extra(&self, node: &FlowNode, activity: &Activity) -> Option<String> {
        if let Err(what) = looped(&node.kind) {
            return Some(what);
        }
        let what = if activity.is_for_compensation == Some(true) {
            "Kompensation"
        } else if activity.start_quantity.is_some_and(|n| n != 1) {
            "Aktivität mit startQuantity"
        } else if activity.completion_quantity.is_some_and(|n| n != 1) {
            "Aktivität mit completionQuantity"
        } else {
            return None;
        };
        Some(what.to_owned())
    }

    fn trigger(&self, definitions: &[EventDefinition]) -> Result<Trigger, String> {
        let [definition] = definitions else {
            return Err(if definitions.is_empty() { "ohne Auslöser" } else { "mit mehreren Auslösern" }.to_owned());
        };
        let text = |e: &Expression| e.body.trim().to_owned();
        Ok(match &definition.trigger {
            EventTrigger::Timer(Timer::Date(e)) => Trigger::Timer(TimerSpec::Date(text(e))),
            EventTrigger::Timer(Timer::Duration(e)) => Trigger::Timer(TimerSpec::Duration(text(e))),
            EventTrigger::Timer(Timer::Cycle(e)) => Trigger::Timer(TimerSpec::Cycle(text(e))),
            EventTrigger::Timer(Timer::None) => return Err("mit Zeit, aber ohne Zeitangabe".to_owned()),
            EventTrigger::Error(None) => Trigger::Error(None),
            EventTrigger::Error(code) => {
                Trigger::Error(Some(self.roots.error(code.as_ref()).ok_or("mit unbekanntem Fehler")?))
            }
            EventTrigger::Message { message, .. } => {
                Trigger::Message(self.roots.message(message.as_ref()).ok_or("ohne bekannte Nachricht")?)
            }
            EventTrigger::Signal(signal) => {
                Trigger::Signal(self.roots.signal(signal.as_ref()).ok_or("ohne bekanntes Signal")?)
            }
            EventTrigger::Escalation(None) => Trigger::Escalation(None),
            EventTrigger::Escalation(code) => {
                Trigger::Escalation(Some(self.roots.escalation(code.as_ref()).ok_or("mit unbekannter Eskalation")?))
            }
            other => return Err(format!("mit {}", event_name(other))),
        })
    }
}

/// How often an activity is done (BPMN 2.0.2, 10.3.8).
fn looped(kind: &NodeKind) -> Result<Option<Looped>, String> {
    let (NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _)) = kind
    else {
        return Ok(None);
    };
    let feel = |text: &str| feel_of(text).unwrap_or(text.trim()).to_owned();
    let some = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    Ok(Some(match &activity.loop_characteristics {
        None => return Ok(None),
        Some(Loop::Standard(standard)) => {
            let maximum = match standard.maximum.as_deref().map(str::trim) {
                None => None,
                Some(text) => Some(
                    text.parse()
                        .ok()
                        .filter(|&n: &u32| n > 0)
                        .ok_or_else(|| format!("Schleifen-Aktivität mit loopMaximum=\"{text}\""))?,
                ),
            };
            let condition = standard.condition.as_ref().map(|e| feel(&e.body)).filter(|text| !text.is_empty());
            if maximum.is_none() && condition.is_none() {
                return Err("Schleifen-Aktivität ohne Bedingung und ohne loopMaximum".to_owned());
            }
            Looped::Standard { test_before: standard.test_before == Some(true), maximum, condition }
        }
        Some(Loop::MultiInstance(multiple)) => {
            let cardinality = multiple.cardinality.as_ref().map(|e| feel(&e.body)).filter(|text| !text.is_empty());
            let count = match (cardinality, some(&multiple.collection)) {
                (Some(number), None) => Count::Cardinality(number),
                (None, Some(list)) => Count::Collection(feel(&list)),
                (None, None) => {
                    return Err("Mehrfach-Aktivität ohne loopCardinality und ohne meer:collection".to_owned());
                }
                (Some(_), Some(_)) => {
                    return Err("Mehrfach-Aktivität mit loopCardinality und mit meer:collection".to_owned());
                }
            };
            if let Some(behavior) = multiple.behavior.as_deref().filter(|behavior| *behavior != "All") {
                return Err(format!("Mehrfach-Aktivität mit behavior=\"{behavior}\""));
            }
            let output = match (some(&multiple.output), some(&multiple.outputs)) {
                (Some(output), Some(outputs)) => Some((feel(&output), outputs)),
                (None, None) => None,
                _ => return Err("Mehrfach-Aktivität, die nur eines von meer:output und meer:outputs nennt".to_owned()),
            };
            Looped::Each(Each {
                sequential: multiple.is_sequential == Some(true),
                count,
                item: some(&multiple.item).unwrap_or_else(|| "item".to_owned()),
                completion: multiple.completion.as_ref().map(|e| feel(&e.body)).filter(|text| !text.is_empty()),
                output,
            })
        }
    }))
}

fn link_name(kind: &NodeKind) -> Option<String> {
    let (NodeKind::CatchEvent(CatchEvent { definitions, .. }) | NodeKind::ThrowEvent(ThrowEvent { definitions })) =
        kind
    else {
        return None;
    };
    match definitions.as_slice() {
        [EventDefinition { trigger: EventTrigger::Link { name, .. }, .. }] => name.clone(),
        _ => None,
    }
}

/// A reference is a qualified name: the id itself, or prefix and id. This is the id.
pub(crate) fn local_name(reference: &str) -> &str {
    reference.split_once(':').map_or(reference, |(_, local)| local)
}

fn event_name(trigger: &EventTrigger) -> &'static str {
    match trigger {
        EventTrigger::Message { .. } => "Nachricht",
        EventTrigger::Timer(_) => "Zeit",
        EventTrigger::Error(_) => "Fehler",
        EventTrigger::Escalation(_) => "Eskalation",
        EventTrigger::Signal(_) => "Signal",
        EventTrigger::Compensate { .. } => "Kompensation",
        EventTrigger::Conditional(_) => "Bedingung",
        EventTrigger::Link { .. } => "Link",
        EventTrigger::Cancel => "Abbruch",
        EventTrigger::Terminate => "Terminierung",
        EventTrigger::Reference(_) => "Verweis auf eine Ereignisdefinition",
    }
}

impl Graph {
    /// Nodes from which `flow` can be reached without passing `gateway`. A boundary event is reached from the
    /// activity it is attached to, a catching link event from the throwing ones.
    pub fn upstream(&self, gateway: usize, flow: usize) -> NodeSet {
        let mut found = self.no_nodes();
        let mut open = vec![self.flows[flow].source];
        while let Some(node) = open.pop() {
            if node != gateway && found.insert(node) {
                open.extend(self.predecessors(node));
            }
        }
        found
    }

    pub fn no_nodes(&self) -> NodeSet {
        NodeSet { bits: vec![0; self.nodes.len().div_ceil(64)] }
    }
}

/// A set of nodes of one graph.
pub(crate) struct NodeSet {
    bits: Vec<u64>,
}

impl NodeSet {
    /// Whether it was not in it before.
    pub fn insert(&mut self, node: usize) -> bool {
        let (word, bit) = (node / 64, 1 << (node % 64));
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        is_new
    }

    pub fn extend(&mut self, others: &Self) {
        self.bits.iter_mut().zip(&others.bits).for_each(|(bits, others)| *bits |= others);
    }

    /// Whether one of its nodes is in the first set and not in the second.
    pub fn any_in_first_only(&self, first: &Self, second: &Self) -> bool {
        self.bits.iter().zip(&first.bits).zip(&second.bits).any(|((bits, first), second)| bits & first & !second != 0)
    }
}
