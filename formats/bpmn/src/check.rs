//! What keeps a model from being executed, said so that the person who drew it can find it.

use std::collections::{BTreeSet, HashSet};

use crate::graph::{Count, Does, Each, Graph, GraphFlow, GraphNode, Looped, TimerSpec, Trigger, executable, feel_of};
use crate::iso::{is_date, is_duration, parse_cycle};
use crate::model::*;
use crate::{Model, ModelError, Position, Rule};

/// Names that exist around the model. What is `None` is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub commands: Option<BTreeSet<String>>,
    /// `file-key#decision`
    pub decisions: Option<BTreeSet<String>>,
    pub forms: Option<BTreeSet<String>>,
    /// Organisation units and roles.
    pub units: Option<BTreeSet<String>>,
    /// What a call activity may call.
    pub processes: Option<BTreeSet<String>>,
}

/// A FEEL expression in the executable process, for a check of its syntax and names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionUse<'m> {
    pub at: Position,
    pub element: &'m str,
    pub kind: ExpressionKind,
    pub text: &'m str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionKind {
    /// True or false.
    Condition,
    /// A text: organisation unit, due period, time of a timer.
    Text,
    /// Any value: inputs, key of a message, number or list of passes and what they hand out.
    Value,
    /// Any value; besides the variables it sees the answer as `result`.
    Output,
}

impl Model {
    /// Everything that keeps the process from being executed as drawn; empty when it can be.
    #[must_use]
    pub fn check(&self, known: &Known) -> Vec<ModelError> {
        let mut check = Check { graph: &self.graph, known, errors: Vec::new() };
        let Some(process) = check.process(&self.definitions) else { return check.errors };
        check.foreign_names(&process.base, &process.base.id, process.name.as_deref());
        check.level(&process.content, &process.base, process.name.as_deref(), None);
        for node in &self.graph.nodes {
            check.node(node);
        }
        check.links();
        check.ways();
        check.errors.sort_by_key(|error| (error.line, error.column));
        check.errors
    }

    /// All FEEL expressions of the executable process.
    #[must_use]
    pub fn expressions(&self) -> Vec<ExpressionUse<'_>> {
        let mut found = Vec::new();
        for flow in &self.graph.flows {
            if let Some(text) = &flow.condition {
                let (at, element) = (flow.at, flow.id.as_str());
                found.push(ExpressionUse { at, element, kind: ExpressionKind::Condition, text });
            }
        }
        for node in &self.graph.nodes {
            let mut add = |kind, text| found.push(ExpressionUse { at: node.at, element: &node.id, kind, text });
            for mapping in &node.meer.inputs {
                add(ExpressionKind::Value, mapping.value.as_str());
            }
            for mapping in &node.meer.outputs {
                add(ExpressionKind::Output, mapping.value.as_str());
            }
            if let Some(condition) = node.meer.break_condition() {
                add(ExpressionKind::Condition, condition);
            }
            if let Some(key) = &node.meer.key {
                add(ExpressionKind::Value, feel_of(key).unwrap_or(key));
            }
            for (text, condition) in node.looped.iter().flat_map(Looped::expressions) {
                add(if condition { ExpressionKind::Condition } else { ExpressionKind::Value }, text);
            }
            let timer = node.timer().map(TimerSpec::text);
            for text in [node.meer.unit.as_deref(), node.meer.due.as_deref(), timer].into_iter().flatten() {
                if let Some(expression) = feel_of(text) {
                    add(ExpressionKind::Text, expression);
                }
            }
        }
        found
    }
}

impl GraphNode {
    fn timer(&self) -> Option<&TimerSpec> {
        match &self.does {
            Does::Timer(spec)
            | Does::TriggeredStart(Trigger::Timer(spec))
            | Does::EventStart { trigger: Trigger::Timer(spec), .. }
            | Does::Boundary { trigger: Trigger::Timer(spec), .. } => Some(spec),
            _ => None,
        }
    }

    fn is_unsupported(&self) -> bool {
        matches!(self.does, Does::Unsupported(_))
    }

    /// Whether something can happen while a token is here.
    fn waits(&self) -> bool {
        matches!(self.does, Does::UserTask | Does::Command | Does::Call(_) | Does::Receive(_) | Does::SubProcess { .. })
    }

    fn is_handler(&self) -> bool {
        matches!(self.does, Does::EventSubProcess { .. })
    }
}

struct Check<'m> {
    graph: &'m Graph,
    known: &'m Known,
    errors: Vec<ModelError>,
}

impl<'m> Check<'m> {
    fn report(&mut self, at: Position, id: &str, name: Option<&str>, rule: Rule, message: impl Into<String>) {
        self.errors.push(ModelError::new(at, id, rule, message).named(name));
    }

    fn at_node(&mut self, node: &GraphNode, rule: Rule, message: impl Into<String>) {
        self.report(node.at, &node.id, node.name.as_deref(), rule, message);
    }

    fn at_flow(&mut self, flow: &GraphFlow, rule: Rule, message: impl Into<String>) {
        self.report(flow.at, &flow.id, flow.name.as_deref(), rule, message);
    }

    fn process(&mut self, definitions: &'m Definitions) -> Option<&'m Process> {
        let base = &definitions.base;
        let Some(process) = executable(definitions) else {
            let message = "Die Datei braucht genau einen Prozess mit isExecutable=\"true\".";
            self.report(base.at, &base.id, definitions.name.as_deref(), Rule::Process, message);
            return None;
        };
        if process.is_executable != Some(true) {
            let message = "Der Prozess ist nicht als ausführbar gekennzeichnet (isExecutable=\"true\").";
            self.report(process.base.at, &process.base.id, process.name.as_deref(), Rule::Process, message);
        }
        Some(process)
    }

    /// Names in our namespace that exist nowhere.
    fn foreign_names(&mut self, base: &Base, id: &str, name: Option<&str>) {
        for attribute in base.attributes.iter().filter(|a| a.name.namespace == MEER) {
            let message = format!("Das Attribut meer:{} gibt es hier nicht.", attribute.name.local);
            self.report(base.at, id, name, Rule::UnknownExtension, message);
        }
        for element in base.extensions.iter().chain(&base.rest).filter(|e| e.name.namespace == MEER) {
            let message = format!("Das Element meer:{} gibt es hier nicht.", element.name.local);
            self.report(element.at, id, name, Rule::UnknownExtension, message);
        }
    }

    /// References and start events of a process or sub-process.
    fn level(&mut self, content: &'m FlowContent, base: &Base, name: Option<&str>, parent: Option<usize>) {
        let (mut starts, mut plain_starts) = (0, 0);
        for element in &content.elements {
            match element {
                FlowElement::Flow(flow) => {
                    self.foreign_names(&flow.base, &flow.base.id, flow.name.as_deref());
                    self.flow_ends(flow, parent);
                }
                FlowElement::Node(node) => {
                    let name = node.name.as_deref();
                    self.foreign_names(&node.base, &node.base.id, name);
                    self.own_names(node);
                    if let NodeKind::StartEvent(event) = &node.kind {
                        starts += 1;
                        plain_starts += usize::from(event.definitions.is_empty());
                    }
                    if let Some(repeated) = loop_of(&node.kind) {
                        self.foreign_names(repeated, &node.base.id, name);
                    }
                    match &node.kind {
                        NodeKind::BoundaryEvent(event) => self.boundary(node, event, parent),
                        NodeKind::SubProcess(_, sub) => {
                            self.level(&sub.content, &node.base, name, self.graph.node(&node.base.id));
                        }
                        _ => {}
                    }
                    self.default(node);
                }
                _ => {}
            }
        }
        let message = match (starts, plain_starts) {
            (0, _) => "Hier fehlt ein Startereignis.",
            (1, _) => return,
            (_, 0 | 1) if parent.is_none() => return,
            (_, _) if parent.is_none() => {
                "Hier stehen mehrere Startereignisse ohne Auslöser; ausgeführt wird genau eines."
            }
            _ => "Hier stehen mehrere Startereignisse; ausgeführt wird genau eines.",
        };
        self.report(base.at, &base.id, name, Rule::Start, message);
    }

    fn flow_ends(&mut self, flow: &SequenceFlow, parent: Option<usize>) {
        for (end, id) in [("Anfang", &flow.source), ("Ende", &flow.target)] {
            let message = match self.graph.node(id) {
                None => format!("Der Weg führt ins Leere: Sein {end} „{id}“ gibt es nicht."),
                Some(node) if self.graph.nodes[node].parent != parent => {
                    format!("Der Weg verlässt seinen Teilprozess: Sein {end} „{id}“ liegt auf einer anderen Ebene.")
                }
                Some(_) => continue,
            };
            self.report(flow.base.at, &flow.base.id, flow.name.as_deref(), Rule::Reference, message);
        }
    }

    fn boundary(&mut self, node: &FlowNode, event: &BoundaryEvent, parent: Option<usize>) {
        let host = self.graph.node(&event.attached_to).map(|host| &self.graph.nodes[host]);
        let trigger = if let [definition] = event.definitions.as_slice() { Some(&definition.trigger) } else { None };
        let is_error = matches!(trigger, Some(EventTrigger::Error(_)));
        let message = match host {
            Some(host)
                if host.parent == parent
                    && matches!(trigger, Some(EventTrigger::Escalation(_)))
                    && matches!(host.does, Does::UserTask | Does::Command | Does::Receive(_)) =>
            {
                "Das Ereignis kann nie eintreten: Nur ein Teilprozess oder aufgerufener Prozess eskaliert.".to_owned()
            }
            Some(host) if host.parent == parent && host.waits() => {
                if !is_error || event.cancel_activity != Some(false) {
                    return;
                }
                "Ein Fehlerereignis beendet seine Aufgabe immer; cancelActivity=\"false\" ist nicht möglich.".to_owned()
            }
            Some(host) if host.parent == parent => {
                format!("Das Ereignis kann nie eintreten: An „{}“ wird nicht gewartet.", host.id)
            }
            _ => format!("Das Ereignis hängt an „{}“, das es auf dieser Ebene nicht gibt.", event.attached_to),
        };
        self.report(node.base.at, &node.base.id, node.name.as_deref(), Rule::Reference, message);
    }

    fn default(&mut self, node: &FlowNode) {
        let default = match &node.kind {
            NodeKind::Gateway(gateway) => &gateway.default,
            NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _) => {
                &activity.default
            }
            _ => return,
        };
        let resolved = self.graph.node(&node.base.id).and_then(|index| self.graph.nodes[index].default);
        if let (Some(default), None) = (default, resolved) {
            let message = format!("Der Standardweg „{default}“ geht nicht von hier aus.");
            self.report(node.base.at, &node.base.id, node.name.as_deref(), Rule::Reference, message);
        }
    }

    /// Our attributes stand only where they mean something.
    fn own_names(&mut self, node: &FlowNode) {
        let meer = &node.meer;
        let task = if let NodeKind::Task(_, kind) = &node.kind { Some(kind) } else { None };
        let is_user = matches!(task, Some(TaskKind::User { .. }));
        let is_command = matches!(task, Some(TaskKind::Service { .. } | TaskKind::Send { .. }));
        let is_rule = matches!(task, Some(TaskKind::BusinessRule { .. }));
        let is_call = matches!(node.kind, NodeKind::CallActivity(..));
        let does = self.graph.node(&node.base.id).map(|index| &self.graph.nodes[index].does);
        let starts_handler = matches!(does, Some(Does::EventStart { .. }));
        let starts_in_time = matches!(does, Some(Does::TriggeredStart(Trigger::Timer(_))));
        let (catches, throws): (&[EventDefinition], &[EventDefinition]) = match &node.kind {
            NodeKind::CatchEvent(CatchEvent { definitions, .. })
            | NodeKind::BoundaryEvent(BoundaryEvent { definitions, .. }) => (definitions, &[]),
            NodeKind::StartEvent(event) if starts_handler => (&event.definitions, &[]),
            NodeKind::ThrowEvent(ThrowEvent { definitions }) | NodeKind::EndEvent(EndEvent { definitions }) => {
                (&[], definitions)
            }
            _ => (&[], &[]),
        };
        let message = |events: &[EventDefinition]| {
            events.iter().any(|event| matches!(event.trigger, EventTrigger::Message { .. }))
        };
        let signal =
            |events: &[EventDefinition]| events.iter().any(|event| matches!(event.trigger, EventTrigger::Signal(_)));
        let receives_message = message(catches) || matches!(task, Some(TaskKind::Receive { .. }));
        let receives = receives_message || signal(catches);
        let sends = message(throws) || signal(throws);
        let misplaced = [
            ("command", meer.command.is_some(), is_command),
            ("form", meer.form.is_some(), is_user),
            ("unit", meer.unit.is_some(), is_user || starts_in_time),
            ("plan", meer.plan.is_some(), starts_in_time),
            ("due", meer.due.is_some(), is_user),
            ("four-eyes", meer.four_eyes.is_some(), is_user),
            ("medienbruch", meer.medienbruch.is_some(), is_user),
            ("decision", meer.decision.is_some(), is_rule),
            ("key", meer.key.is_some(), receives_message || message(throws)),
            ("input", !meer.inputs.is_empty(), is_user || is_command || is_rule || is_call || sends),
            ("output", !meer.outputs.is_empty(), is_user || is_command || is_rule || is_call || receives),
        ];
        for (name, given, allowed) in misplaced {
            if given && !allowed {
                let message = format!("meer:{name} gehört nicht an dieses Element.");
                self.report(node.base.at, &node.base.id, node.name.as_deref(), Rule::UnknownExtension, message);
            }
        }
    }

    fn node(&mut self, node: &'m GraphNode) {
        match &node.does {
            Does::Unsupported(what) => {
                self.at_node(node, Rule::Unsupported, format!("Dieses Element wird nicht ausgeführt: {what}."));
            }
            Does::UserTask => self.user_task(node),
            Does::Command => {
                let (command, known) = (node.meer.command.as_deref(), self.known.commands.as_ref());
                self.name(node, "command", "den Befehl", command, known);
            }
            Does::Decision => {
                let (decision, known) = (node.meer.decision.as_deref(), self.known.decisions.as_ref());
                self.name(node, "decision", "die Entscheidung", decision, known);
                if decision.is_some_and(|key| !key.split_once('#').is_some_and(|(f, d)| !f.is_empty() && !d.is_empty()))
                {
                    self.at_node(node, Rule::Value, "meer:decision hat die Form datei#entscheidung.");
                }
            }
            Does::Call(key) => match self.known.processes.as_ref() {
                _ if key.is_empty() => {
                    self.at_node(node, Rule::NotAssigned, "Hier fehlt der aufgerufene Prozess (calledElement).");
                }
                Some(known) if !known.contains(key) => {
                    self.at_node(node, Rule::UnknownName, format!("Es gibt den Prozess „{key}“ nicht."));
                }
                _ => {}
            },
            Does::EventBased => self.event_gateway(node),
            Does::EventSubProcess { .. } if !node.incoming.is_empty() || !node.outgoing.is_empty() => {
                let message = "Zu einem Ereignis-Teilprozess führt kein Weg, und von ihm geht keiner aus.";
                self.at_node(node, Rule::Reference, message);
            }
            Does::EventStart { interrupting: false, trigger: Trigger::Error(_) } => {
                let message = "Ein Fehlerereignis unterbricht immer; isInterrupting=\"false\" ist nicht möglich.";
                self.at_node(node, Rule::Reference, message);
            }
            _ => {}
        }
        if let Some(Looped::Each(Each { count: Count::Cardinality(text), .. })) = &node.looped
            && text.parse::<f64>().is_ok_and(|number| number < 0.0)
        {
            self.at_node(node, Rule::Value, format!("„{text}“ ist keine Anzahl von Durchgängen."));
        }
        if let Some(spec) = node.timer() {
            self.timer(node, spec);
        }
        for mapping in node.meer.inputs.iter().chain(&node.meer.outputs) {
            if mapping.value.trim().is_empty() {
                self.at_node(node, Rule::Missing, format!("Für „{}“ fehlt der Ausdruck (value).", mapping.name));
            }
        }
        self.conditions(node);
    }

    fn name(
        &mut self,
        node: &GraphNode,
        attribute: &str,
        what: &str,
        name: Option<&str>,
        known: Option<&BTreeSet<String>>,
    ) {
        match name.filter(|name| !name.is_empty()) {
            None => self.at_node(node, Rule::NotAssigned, format!("Hier fehlt meer:{attribute}.")),
            Some(name) if known.is_some_and(|known| !known.contains(name)) => {
                self.at_node(node, Rule::UnknownName, format!("Es gibt {what} „{name}“ nicht."));
            }
            Some(_) => {}
        }
    }

    fn user_task(&mut self, node: &GraphNode) {
        let known = self.known;
        self.name(node, "form", "das Formular", node.meer.form.as_deref(), known.forms.as_ref());
        if let Some(unit) = node.meer.unit.as_deref().filter(|unit| feel_of(unit).is_none()) {
            self.name(node, "unit", "die Stelle oder Rolle", Some(unit), known.units.as_ref());
        }
        if let Some(due) = node.meer.due.as_deref().filter(|due| feel_of(due).is_none() && !is_duration(due.trim())) {
            let message = format!("Die Frist „{due}“ ist keine Dauer nach ISO 8601 (Beispiel: P14D).");
            self.at_node(node, Rule::Value, message);
        }
        if let Some(other) = &node.meer.four_eyes {
            let is_user = |index: usize| self.graph.nodes[index].does == Does::UserTask;
            if *other == node.id || !self.graph.node(other).is_some_and(is_user) {
                let message = format!("meer:four-eyes nennt „{other}“; das ist keine andere Benutzeraufgabe.");
                self.at_node(node, Rule::Reference, message);
            }
        }
    }

    fn timer(&mut self, node: &GraphNode, spec: &TimerSpec) {
        let text = spec.text();
        let readable = match spec {
            _ if feel_of(text).is_some() => true,
            TimerSpec::Date(text) => is_date(text),
            TimerSpec::Duration(text) => is_duration(text),
            TimerSpec::Cycle(text) => parse_cycle(text).is_some(),
        };
        if !readable {
            let message = format!("„{text}“ ist keine lesbare Zeitangabe nach ISO 8601 (Beispiele: P14D, R3/P7D).");
            self.at_node(node, Rule::Timer, message);
        } else if matches!((spec, &node.does), (TimerSpec::Cycle(_), Does::Timer(_))) {
            let message = "Ein Zwischenereignis wartet einmal; eine Wiederholung ist hier nicht möglich.";
            self.at_node(node, Rule::Timer, message);
        }
    }

    fn event_gateway(&mut self, node: &GraphNode) {
        for &flow in &node.outgoing {
            let target = &self.graph.nodes[self.graph.flows[flow].target];
            if !matches!(target.does, Does::Timer(_) | Does::Receive(_) | Does::Signal(_)) {
                let message = "Hinter einem Ereignis-Gateway stehen nur Zeit-, Nachrichten- und Signalereignisse.";
                self.at_node(target, Rule::Unsupported, message);
            } else if target.incoming.len() > 1 {
                let message = "Zu einem Ereignis hinter einem Ereignis-Gateway führt kein zweiter Weg.";
                self.at_node(target, Rule::Unsupported, message);
            } else if !target.boundary.is_empty() || target.looped.is_some() {
                // The gateway waits for it, so nobody is ever at this step (BPMN 2.0.2, 10.6.6).
                let message =
                    "An einem Schritt hinter einem Ereignis-Gateway hängt kein Ereignis, und er wird nicht wiederholt.";
                self.at_node(target, Rule::Unsupported, message);
            }
        }
    }

    /// Every way out has a condition or is the default, and one of them is always open.
    fn conditions(&mut self, node: &'m GraphNode) {
        let flows: Vec<&GraphFlow> = node.outgoing.iter().map(|&flow| &self.graph.flows[flow]).collect();
        let default = node.default.map(|flow| &self.graph.flows[flow]);
        let is_default = |flow: &GraphFlow| default.is_some_and(|default| default.id == flow.id);
        let chooses = matches!(node.does, Does::Exclusive | Does::Inclusive);
        let evaluates = !matches!(node.does, Does::Parallel | Does::EventBased);
        for flow in &flows {
            match flow.condition.as_deref() {
                Some("") => self.at_flow(flow, Rule::Condition, "Die Bedingung ist leer."),
                Some(_) if is_default(flow) => {
                    self.at_flow(flow, Rule::Condition, "Der Standardweg hat eine Bedingung; sie würde nie geprüft.");
                }
                Some(_) if !evaluates => {
                    self.at_flow(flow, Rule::Condition, "An diesem Gateway werden Bedingungen nicht geprüft.");
                }
                None if chooses && flows.len() > 1 && !is_default(flow) => {
                    self.at_flow(
                        flow,
                        Rule::Condition,
                        "Dieser Weg hat keine Bedingung und ist nicht der Standardweg.",
                    );
                }
                _ => {}
            }
        }
        let conditions: Option<Vec<&str>> = flows.iter().map(|flow| flow.condition.as_deref()).collect();
        if let (true, None, Some(conditions)) = (evaluates, default, conditions)
            && !conditions.is_empty()
            && !cover(&conditions)
        {
            let message = "Wenn keine Bedingung zutrifft, geht es nicht weiter: Hier fehlt ein Standardweg (default).";
            self.at_node(node, Rule::NoDefault, message);
        }
    }

    /// Each throwing link event has one catching event of its name on its level (BPMN 2.0.2, 10.5.1).
    fn links(&mut self) {
        let graph = self.graph;
        let mut targets = HashSet::new();
        for node in &graph.nodes {
            let name = node.link.as_deref().unwrap_or_default();
            match &node.does {
                Does::Link(None) => {
                    let message = format!("Zum Link „{name}“ gibt es auf dieser Ebene kein Ziel.");
                    self.at_node(node, Rule::Reference, message);
                }
                Does::LinkTarget if !targets.insert((node.parent, name)) => {
                    self.at_node(
                        node,
                        Rule::Reference,
                        format!("Der Link „{name}“ hat auf dieser Ebene mehrere Ziele."),
                    );
                }
                Does::Link(_) if !node.outgoing.is_empty() => {
                    self.at_node(node, Rule::Reference, "Von einem auslösenden Link darf kein Weg ausgehen.");
                }
                Does::LinkTarget if !node.incoming.is_empty() => {
                    self.at_node(node, Rule::Reference, "Zum Ziel eines Links darf kein Weg führen.");
                }
                _ => {}
            }
        }
    }

    /// Every node lies on a way from a start to an end.
    fn ways(&mut self) {
        let graph = self.graph;
        // An element that is not executed is reported once; what lies behind or before it is not its fault.
        let all = || graph.nodes.iter().enumerate();
        let starts = all().filter(|(_, node)| node.is_start || node.is_handler() || node.is_unsupported());
        let reached = closure(starts.map(|(index, _)| index), |index| graph.successors(index).collect());
        let ends = all().filter(|(_, node)| {
            node.is_end || node.is_handler() || node.is_unsupported() || node.does == Does::Link(None)
        });
        let ending = closure(ends.map(|(index, _)| index), |index| graph.predecessors(index).collect());
        for (index, node) in graph.nodes.iter().enumerate() {
            let is_source = node.is_start || matches!(node.does, Does::Boundary { .. });
            if is_source && !node.incoming.is_empty() {
                self.at_node(node, Rule::Reference, "Zu diesem Ereignis darf kein Weg führen.");
            }
            if node.is_end && !node.outgoing.is_empty() {
                self.at_node(node, Rule::Reference, "Von einem Endereignis darf kein Weg ausgehen.");
            }
            if node.is_unsupported() || node.is_handler() {
                continue;
            }
            let stops = node.is_end || matches!(node.does, Does::Link(_));
            if !reached.contains(&index) {
                self.at_node(node, Rule::Unreachable, "Kein Weg vom Start führt hierher.");
            } else if !stops && node.outgoing.is_empty() {
                self.at_node(
                    node,
                    Rule::DeadEnd,
                    "Hier geht es nicht weiter: Es fehlt ein Weg bis zu einem Endereignis.",
                );
            } else if !ending.contains(&index) {
                self.at_node(node, Rule::DeadEnd, "Von hier führt kein Weg zu einem Endereignis.");
            }
        }
    }
}

/// What says how often an activity is done.
fn loop_of(kind: &NodeKind) -> Option<&Base> {
    let (NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _)) = kind
    else {
        return None;
    };
    Some(match activity.loop_characteristics.as_ref()? {
        Loop::Standard(standard) => &standard.base,
        Loop::MultiInstance(multiple) => &multiple.base,
    })
}

fn closure(from: impl Iterator<Item = usize>, next: impl Fn(usize) -> Vec<usize>) -> HashSet<usize> {
    let mut found = HashSet::new();
    let mut open: Vec<usize> = from.collect();
    while let Some(index) = open.pop() {
        if found.insert(index) {
            open.extend(next(index));
        }
    }
    found
}

/// Whether it is plain to see that one of the conditions holds: one of them is `true`, or one is `not(other)`.
fn cover(conditions: &[&str]) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let conditions: Vec<String> = conditions.iter().map(|text| bare(text)).collect();
    let negated = |text: &String| conditions.contains(&format!("not({text})"));
    conditions.iter().any(|text| text == "true" || negated(text))
}
