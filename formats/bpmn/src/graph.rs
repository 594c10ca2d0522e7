//! The part of a model that is executed: nodes and flows of the executable process with references resolved.

use std::collections::HashMap;

use crate::Position;
use crate::model::*;

#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<GraphNode>,
    pub flows: Vec<GraphFlow>,
    pub starts: Vec<usize>,
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
    pub meer: Meer,
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
    End,
    TerminateEnd,
    ErrorEnd(String),
    /// Nothing the stepper has to wait for: manual task, event without definition.
    Pass,
    UserTask,
    Command,
    Decision,
    Receive(String),
    Timer(TimerSpec),
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
    /// What it would be, in German.
    Unsupported(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trigger {
    Timer(TimerSpec),
    /// `None` catches every code.
    Error(Option<String>),
    Message(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TimerSpec {
    Date(String),
    Duration(String),
    Cycle(String),
}

impl TimerSpec {
    pub fn text(&self) -> &str {
        match self {
            Self::Date(text) | Self::Duration(text) | Self::Cycle(text) => text,
        }
    }
}

/// Text of an attribute or timer that is FEEL when it begins with `=`.
pub(crate) fn feel_of(text: &str) -> Option<&str> {
    text.trim().strip_prefix('=').map(str::trim)
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
        builder.graph.starts = builder.nodes(&process.content, None);
        builder.connect(&process.content);
        builder.attach(&process.content);
        builder.graph
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

/// Names of messages and codes of errors, by id.
struct Roots<'m> {
    messages: HashMap<&'m str, &'m str>,
    errors: HashMap<&'m str, &'m str>,
}

impl<'m> Roots<'m> {
    fn of(definitions: &'m Definitions) -> Self {
        let (mut messages, mut errors) = (HashMap::new(), HashMap::new());
        for root in &definitions.roots {
            match root {
                Root::Message(message) => {
                    let name = message.name.as_deref().filter(|name| !name.is_empty());
                    messages.insert(message.base.id.as_str(), name.unwrap_or(&message.base.id));
                }
                Root::Error(error) => {
                    let code = error.code.as_deref().filter(|code| !code.is_empty());
                    errors.insert(error.base.id.as_str(), code.unwrap_or(&error.base.id));
                }
                _ => {}
            }
        }
        Self { messages, errors }
    }

    fn message(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.messages, reference?)
    }

    fn error(&self, reference: Option<&String>) -> Option<String> {
        lookup(&self.errors, reference?)
    }
}

/// References are qualified names: the id itself, or prefix and id.
fn lookup(map: &HashMap<&str, &str>, reference: &str) -> Option<String> {
    let local = reference.split_once(':').map_or(reference, |(_, local)| local);
    map.get(reference).or_else(|| map.get(local)).map(|&found| found.to_owned())
}

struct Builder<'m> {
    roots: Roots<'m>,
    graph: Graph,
}

impl Builder<'_> {
    /// Adds the nodes of a process or sub-process and returns its start events.
    fn nodes(&mut self, content: &FlowContent, parent: Option<usize>) -> Vec<usize> {
        let mut starts = Vec::new();
        for element in &content.elements {
            let FlowElement::Node(node) = element else { continue };
            let index = self.graph.nodes.len();
            self.graph.by_id.entry(node.base.id.clone()).or_insert(index);
            self.graph.nodes.push(GraphNode {
                id: node.base.id.clone(),
                name: node.name.clone(),
                at: node.base.at,
                parent,
                does: self.does(node),
                is_start: matches!(node.kind, NodeKind::StartEvent(_)),
                is_end: matches!(node.kind, NodeKind::EndEvent(_)),
                incoming: Vec::new(),
                outgoing: Vec::new(),
                default: None,
                boundary: Vec::new(),
                meer: node.meer.clone(),
            });
            match &node.kind {
                NodeKind::StartEvent(_) => starts.push(index),
                NodeKind::SubProcess(_, inner) => {
                    let inner_starts = self.nodes(&inner.content, Some(index));
                    if let Does::SubProcess { starts } = &mut self.graph.nodes[index].does {
                        *starts = inner_starts;
                    }
                }
                _ => {}
            }
        }
        starts
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
                    }
                }
                NodeKind::SubProcess(_, inner) => self.attach(&inner.content),
                _ => {}
            }
        }
    }

    fn does(&self, node: &FlowNode) -> Does {
        let no = |what: &str| Does::Unsupported(what.to_owned());
        match &node.kind {
            NodeKind::StartEvent(event) => match event.definitions.as_slice() {
                [] => Does::Start,
                [definition] => Does::Unsupported(format!("Startereignis mit {}", event_name(&definition.trigger))),
                _ => no("Startereignis mit mehreren Auslösern"),
            },
            NodeKind::EndEvent(event) => match event.definitions.as_slice() {
                [] => Does::End,
                [definition] => match &definition.trigger {
                    EventTrigger::Terminate => Does::TerminateEnd,
                    EventTrigger::Error(code) => match self.roots.error(code.as_ref()) {
                        Some(code) => Does::ErrorEnd(code),
                        None => no("Fehler-Endereignis ohne Fehler"),
                    },
                    other => Does::Unsupported(format!("Endereignis mit {}", event_name(other))),
                },
                _ => no("Endereignis mit mehreren Ergebnissen"),
            },
            NodeKind::ThrowEvent(event) => match event.definitions.as_slice() {
                [] => Does::Pass,
                [definition] => Does::Unsupported(format!("Zwischenereignis mit {}", event_name(&definition.trigger))),
                _ => no("Zwischenereignis mit mehreren Ergebnissen"),
            },
            NodeKind::CatchEvent(event) => match self.trigger(&event.definitions) {
                Ok(Trigger::Timer(spec)) => Does::Timer(spec),
                Ok(Trigger::Message(name)) => Does::Receive(name),
                Ok(Trigger::Error(_)) => no("Zwischenereignis mit Fehler"),
                Err(what) => Does::Unsupported(format!("Zwischenereignis {what}")),
            },
            NodeKind::BoundaryEvent(event) => match self.trigger(&event.definitions) {
                Ok(trigger) => Does::Boundary { interrupting: event.cancel_activity != Some(false), trigger },
                Err(what) => Does::Unsupported(format!("angeheftetes Ereignis {what}")),
            },
            NodeKind::Task(activity, kind) => match (activity_extra(activity), kind) {
                (Some(what), _) => no(what),
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
            NodeKind::SubProcess(activity, sub) => match (activity_extra(activity), &sub.kind) {
                (Some(what), _) => no(what),
                (None, _) if sub.triggered_by_event == Some(true) => no("Ereignis-Teilprozess"),
                (None, SubProcessKind::Embedded) => Does::SubProcess { starts: Vec::new() },
                (None, SubProcessKind::Transaction) => no("Transaktion"),
                (None, SubProcessKind::AdHoc) => no("Ad-hoc-Teilprozess"),
            },
            NodeKind::CallActivity(..) => no("Aufruf eines anderen Prozesses"),
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
            other => return Err(format!("mit {}", event_name(other))),
        })
    }
}

fn activity_extra(activity: &Activity) -> Option<&'static str> {
    match &activity.loop_characteristics {
        Some(Loop::Standard(_)) => Some("Schleifen-Aktivität"),
        Some(Loop::MultiInstance(_)) => Some("Mehrfach-Aktivität"),
        None if activity.is_for_compensation == Some(true) => Some("Kompensation"),
        None if activity.start_quantity.is_some_and(|n| n != 1) => Some("Aktivität mit startQuantity"),
        None if activity.completion_quantity.is_some_and(|n| n != 1) => Some("Aktivität mit completionQuantity"),
        None => None,
    }
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
    /// Nodes from which one of `flows` can be reached without passing `gateway`. A boundary event is reached from
    /// the activity it is attached to.
    pub fn upstream(&self, gateway: usize, flows: &[usize]) -> std::collections::HashSet<usize> {
        let mut found = std::collections::HashSet::new();
        let mut open: Vec<usize> = flows.iter().map(|&flow| self.flows[flow].source).collect();
        while let Some(node) = open.pop() {
            if node == gateway || !found.insert(node) {
                continue;
            }
            open.extend(self.nodes[node].incoming.iter().map(|&flow| self.flows[flow].source));
            if let Does::Boundary { .. } = self.nodes[node].does {
                open.extend((0..self.nodes.len()).filter(|&host| self.nodes[host].boundary.contains(&node)));
            }
        }
        found
    }
}
