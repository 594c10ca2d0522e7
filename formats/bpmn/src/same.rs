//! Whether two files say the same process: once drawn, once made in the list.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::Model;
use crate::edit::events;
use crate::graph::{Does, executable, feel_of};
use crate::model::*;
use crate::outline::{Kind, flow_nodes, kind_of};

/// The first thing in which two processes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Id of the element in the first model, or in the second when the first has none; empty for the process.
    pub element: String,
    /// One German sentence.
    pub message: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Difference {}

impl Model {
    /// Whether the executable process of another model is the same, whatever its ids, its drawing and the order in its file:
    /// names, kinds, properties, times, conditions, defaults, ways, and what stands inside what. The order of the ways out
    /// of a gateway is part of the file, not of the drawing: it does not count here.
    ///
    /// # Errors
    /// What differs first.
    pub fn same_process(&self, other: &Self) -> Result<(), Difference> {
        let (Some(first), Some(second)) = (executable(&self.definitions), executable(&other.definitions)) else {
            return Err(differs("", "Eine der beiden Dateien hat keinen Prozess, der ausgeführt wird."));
        };
        if said(&first.name) != said(&second.name) {
            return Err(differs("", "Die Prozesse heißen verschieden."));
        }
        let register = |process: &Process| {
            let Register { trigger, result, legal_basis, leika, owner } = &process.register;
            [trigger, result, legal_basis, leika, owner].map(|text| said(text).map(str::to_owned))
        };
        if register(first) != register(second) {
            return Err(differs("", "Die Angaben für das Prozessregister sind verschieden."));
        }
        let pair = Pair::of(self, other);
        pair.compare_statements()?;
        pair.compare_ways()?;
        pair.match_up()
    }
}

fn differs(element: &str, message: &str) -> Difference {
    Difference { element: element.to_owned(), message: message.to_owned() }
}

fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// What a node says, without ids: the German name of each statement, and its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Statement {
    kind: Kind,
    name: Option<String>,
    says: BTreeMap<&'static str, String>,
}

/// How one node hangs together with another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Tie {
    Way { name: Option<String>, condition: Option<String>, is_default: bool },
    Attached,
    Inside,
    FourEyes,
    Link,
}

/// How a node goes on, and what the nodes there say.
type Ways<'m> = Vec<(&'m Tie, &'m Statement)>;

/// Whether a tie goes out, which it is, and the class of the node at its other end.
type Ties<'m> = Vec<(bool, &'m Tie, usize)>;

/// The nodes of both models as one graph: first those of the first model, then those of the second.
struct Pair<'m> {
    ids: Vec<&'m str>,
    statements: Vec<Statement>,
    /// Ties from a node, and to it.
    out: Vec<Vec<(Tie, usize)>>,
    into: Vec<Vec<(Tie, usize)>>,
    /// So many of them are of the first model.
    first: usize,
}

impl<'m> Pair<'m> {
    fn of(first: &'m Model, second: &'m Model) -> Self {
        let mut pair = Self {
            ids: Vec::new(),
            statements: Vec::new(),
            out: Vec::new(),
            into: Vec::new(),
            first: first.graph.nodes.len(),
        };
        for model in [first, second] {
            let offset = pair.ids.len();
            let graph = &model.graph;
            pair.ids.extend(graph.nodes.iter().map(|node| node.id.as_str()));
            let roots = roots(&model.definitions);
            pair.statements.extend(flow_nodes(&model.definitions).into_iter().map(|node| statement(node, &roots)));
            pair.out.resize(pair.ids.len(), Vec::new());
            pair.into.resize(pair.ids.len(), Vec::new());
            let mut tie = |from: usize, tie: Tie, to: usize| {
                pair.into[offset + to].push((tie.clone(), offset + from));
                pair.out[offset + from].push((tie, offset + to));
            };
            for (index, flow) in graph.flows.iter().enumerate() {
                let is_default = graph.nodes[flow.source].default == Some(index);
                let condition = flow.condition.as_deref().map(str::trim).map(str::to_owned);
                let name = said(&flow.name).map(str::to_owned);
                tie(flow.source, Tie::Way { name, condition, is_default }, flow.target);
            }
            for (index, node) in graph.nodes.iter().enumerate() {
                if let Some(host) = node.host {
                    tie(index, Tie::Attached, host);
                }
                if let Some(around) = node.parent {
                    tie(index, Tie::Inside, around);
                }
                if let Some(other) = node.meer.four_eyes.as_deref().and_then(|id| graph.node(id)) {
                    tie(index, Tie::FourEyes, other);
                }
                if let Does::Link(Some(target)) = node.does {
                    tie(index, Tie::Link, target);
                }
            }
            pair.out.iter_mut().chain(&mut pair.into).for_each(|ties| ties.sort_unstable());
        }
        pair
    }

    /// Every node of the one says what one of the other says.
    fn compare_statements(&self) -> Result<(), Difference> {
        let mut left: HashMap<&Statement, Vec<usize>> = HashMap::new();
        for node in (self.first..self.ids.len()).rev() {
            left.entry(&self.statements[node]).or_default().push(node);
        }
        let missing: Vec<usize> =
            (0..self.first).filter(|&node| left.get_mut(&self.statements[node]).and_then(Vec::pop).is_none()).collect();
        let mut added: Vec<usize> = left.into_values().flatten().collect();
        added.sort_unstable();
        let Some(&node) = missing.first() else {
            return added.first().map_or(Ok(()), |&node| {
                Err(differs(self.ids[node], &format!("{} gibt es nur im zweiten Prozess.", self.called(node))))
            });
        };
        let here = &self.statements[node];
        let alike = |&&other: &&usize| {
            let there = &self.statements[other];
            there.kind == here.kind && there.name == here.name
        };
        let message = match added.iter().find(alike) {
            None => format!("{} gibt es nur im ersten Prozess.", self.called(node)),
            Some(&other) => {
                let there = &self.statements[other];
                let what = here
                    .says
                    .keys()
                    .chain(there.says.keys())
                    .find(|what| here.says.get(*what) != there.says.get(*what));
                let what = what.copied().unwrap_or_default();
                let text = |says: &BTreeMap<&str, String>| {
                    says.get(what).map_or_else(|| "nicht angegeben".to_owned(), |text| format!("„{text}“"))
                };
                let (one, two) = (text(&here.says), text(&there.says));
                format!("Bei {} ist verschieden, was unter „{what}“ steht: {one} und {two}.", self.called(node))
            }
        };
        Err(differs(self.ids[node], &message))
    }

    /// Nodes that say the same have the same ways to nodes that say the same.
    fn compare_ways(&self) -> Result<(), Difference> {
        let ways = |node: usize| {
            let mut ways: Vec<_> = self.out[node].iter().map(|(tie, to)| (tie, &self.statements[*to])).collect();
            ways.sort_unstable();
            ways
        };
        let mut left: HashMap<(&Statement, Ways), usize> = HashMap::new();
        for node in self.first..self.ids.len() {
            *left.entry((&self.statements[node], ways(node))).or_default() += 1;
        }
        for node in 0..self.first {
            match left.get_mut(&(&self.statements[node], ways(node))) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let message = format!(
                        "Von {} geht es verschieden weiter: Ziele, Bedingungen, Namen oder der Standardweg sind andere.",
                        self.called(node)
                    );
                    return Err(differs(self.ids[node], &message));
                }
            }
        }
        Ok(())
    }

    /// Each node of the first model has its own one in the second, with the same ties between them: exactly, not by
    /// their looks. Classes of nodes are divided until their ties agree; where several remain in one, one pair after the
    /// other is set.
    fn match_up(&self) -> Result<(), Difference> {
        let start = Classes::of(self);
        // Which of the nodes of the second model each choice took.
        let mut choices: Vec<usize> = Vec::new();
        let mut first_failure = None;
        for _ in 0..MAX_TRIES {
            let mut classes = start.clone();
            let mut at = 0;
            let mut widths = Vec::new();
            let failed = loop {
                if let Some(node) = classes.unequal(self) {
                    break Some(node);
                }
                let Some((node, others)) = classes.undecided(self) else { break None };
                let choice = choices.get(at).copied().unwrap_or(0);
                widths.push(others.len());
                at += 1;
                classes.join(self, node, others[choice]);
            };
            let Some(node) = failed else { return Ok(()) };
            first_failure.get_or_insert(node);
            // The next choice, the last one first.
            choices.resize(widths.len(), 0);
            while let Some(last) = choices.last_mut() {
                *last += 1;
                if *last < widths[choices.len() - 1] {
                    break;
                }
                choices.pop();
            }
            if choices.is_empty() {
                let message = format!("{} steht an einer anderen Stelle im Ablauf.", self.called(node));
                return Err(differs(self.ids[node], &message));
            }
        }
        let node = first_failure.unwrap_or_default();
        let message = "Ob beide Prozesse gleich sind, lässt sich nicht feststellen: Zu viele Schritte sehen gleich aus. Geben Sie ihnen verschiedene Namen.";
        Err(differs(self.ids.get(node).copied().unwrap_or_default(), message))
    }

    /// Those of each model hang together with the very same nodes: it does not matter which of them is which.
    fn are_twins(&self, members: &[usize]) -> bool {
        let (one, two): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&node| node < self.first);
        [one, two].iter().all(|side| {
            side.windows(2)
                .all(|pair| self.out[pair[0]] == self.out[pair[1]] && self.into[pair[0]] == self.into[pair[1]])
        })
    }

    fn called(&self, node: usize) -> String {
        format!("„{}“", self.statements[node].name.as_deref().unwrap_or(self.ids[node]))
    }
}

/// How often a choice among nodes that look the same is tried again.
const MAX_TRIES: usize = 200;

/// Nodes by what cannot be told apart.
#[derive(Clone)]
struct Classes {
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// Classes that may have become unequal or still hold several pairs.
    open: Vec<usize>,
}

impl Classes {
    fn of(pair: &Pair) -> Self {
        let mut numbers: HashMap<&Statement, usize> = HashMap::new();
        let mut classes = Self { of: Vec::new(), members: Vec::new(), open: Vec::new() };
        for (node, statement) in pair.statements.iter().enumerate() {
            let next = numbers.len();
            let class = *numbers.entry(statement).or_insert(next);
            if class == classes.members.len() {
                classes.members.push(Vec::new());
            }
            classes.members[class].push(node);
            classes.of.push(class);
        }
        classes.open = (0..classes.members.len()).rev().collect();
        classes.divide(pair, (0..pair.ids.len()).collect());
        classes
    }

    /// Divides classes whose nodes have different ties to the nodes that have just changed class, and so on, until nothing
    /// changes. Nodes of one class have had the same ties before, so only those to changed nodes can tell them apart.
    fn divide(&mut self, pair: &Pair, mut changed: Vec<usize>) {
        while !changed.is_empty() {
            let mut ties: BTreeMap<usize, Ties> = BTreeMap::new();
            for &node in &changed {
                for (tie, to) in &pair.out[node] {
                    ties.entry(*to).or_default().push((false, tie, self.of[node]));
                }
                for (tie, from) in &pair.into[node] {
                    ties.entry(*from).or_default().push((true, tie, self.of[node]));
                }
            }
            let mut groups: BTreeMap<usize, HashMap<Ties, Vec<usize>>> = BTreeMap::new();
            for (node, mut ties) in ties {
                ties.sort_unstable();
                groups.entry(self.of[node]).or_default().entry(ties).or_default().push(node);
            }
            let mut moved = Vec::new();
            for (class, groups) in groups {
                let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
                groups.sort_unstable();
                let seen: usize = groups.iter().map(Vec::len).sum();
                // Those without such ties keep the number of the class; where there are none, the largest group does.
                if seen == self.members[class].len() {
                    let largest = groups.iter().enumerate().max_by_key(|(_, group)| group.len()).map(|(at, _)| at);
                    largest.map(|at| groups.swap_remove(at));
                }
                for group in groups {
                    self.set_apart(&group);
                    moved.extend(group);
                }
            }
            changed = moved;
        }
    }

    /// Makes a class of its own of these nodes, which are of one class.
    fn set_apart(&mut self, group: &[usize]) {
        let new = self.members.len();
        let old = group.first().map_or(0, |&node| self.of[node]);
        for &node in group {
            self.of[node] = new;
        }
        let of = &self.of;
        self.members[old].retain(|&node| of[node] == old);
        self.members.push(group.to_vec());
        self.open.extend([old, new]);
    }

    /// A node of a class with more nodes of one model than of the other.
    fn unequal(&self, pair: &Pair) -> Option<usize> {
        let uneven = |class: &&usize| {
            let members = &self.members[**class];
            members.iter().filter(|&&node| node < pair.first).count() * 2 != members.len()
        };
        self.open.iter().filter(uneven).filter_map(|&class| self.members[class].first().copied()).min()
    }

    /// A node of the first model for which several of the second remain.
    fn undecided(&mut self, pair: &Pair) -> Option<(usize, Vec<usize>)> {
        while let Some(class) = self.open.pop() {
            let members = &self.members[class];
            if members.len() > 2 && !pair.are_twins(members) {
                let (one, two): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&node| node < pair.first);
                self.open.push(class);
                return Some((one.into_iter().min()?, two));
            }
        }
        None
    }

    /// Sets a node of the first model and one of the second apart as a pair.
    fn join(&mut self, pair: &Pair, node: usize, other: usize) {
        self.set_apart(&[node, other]);
        self.divide(pair, vec![node, other]);
    }
}

/// What messages, signals, errors and escalations are called, by id.
fn roots(definitions: &Definitions) -> HashMap<&str, &str> {
    let mut found = HashMap::new();
    for root in &definitions.roots {
        let (base, said) = match root {
            Root::Message(message) => (&message.base, &message.name),
            Root::Signal(signal) => (&signal.base, &signal.name),
            Root::Error(error) => (&error.base, &error.code),
            Root::Escalation(escalation) => (&escalation.base, &escalation.code),
            _ => continue,
        };
        found.extend(said.as_deref().map(|said| (base.id.as_str(), said)));
    }
    found
}

fn statement(node: &FlowNode, roots: &HashMap<&str, &str>) -> Statement {
    let mut says: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut say = |what: &'static str, text: Option<&str>| {
        if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
            let told = says.entry(what).or_default();
            if !told.is_empty() {
                told.push_str("; ");
            }
            told.push_str(text);
        }
    };
    let flag = |flag: Option<bool>| flag.filter(|flag| *flag).map(|_| "ja");
    let meer = &node.meer;
    say("Befehl", meer.command.as_deref());
    say("Formular", meer.form.as_deref());
    say("Stelle", meer.unit.as_deref());
    say("Aktenplaneintrag", meer.plan.as_deref());
    say("Frist", meer.due.as_deref());
    say("Medienbruch", meer.medienbruch.as_deref());
    say("Entscheidung", meer.decision.as_deref());
    say("Schlüssel der Nachricht", meer.key.as_deref());
    for (what, mappings) in [("Eingaben", &meer.inputs), ("Ausgaben", &meer.outputs)] {
        let mut told: Vec<_> = mappings.iter().map(|m| format!("{} = {}", m.name.trim(), m.value.trim())).collect();
        told.sort();
        told.iter().for_each(|mapping| say(what, Some(mapping)));
    }
    for documentation in &node.base.documentation {
        say("Beschreibung", Some(&documentation.text));
    }
    let called = |id: &Option<String>| id.as_deref().map(|id| roots.get(id).copied().unwrap_or(id).to_owned());
    for event in events(&node.kind) {
        match &event.trigger {
            EventTrigger::Message { message, .. } => say("Nachricht", called(message).as_deref()),
            EventTrigger::Signal(signal) => say("Signal", called(signal).as_deref()),
            EventTrigger::Error(error) => say("Fehler", called(error).as_deref()),
            EventTrigger::Escalation(escalation) => say("Eskalation", called(escalation).as_deref()),
            EventTrigger::Timer(Timer::Date(time)) => say("Zeitpunkt", Some(&time.body)),
            EventTrigger::Timer(Timer::Duration(time)) => say("Dauer", Some(&time.body)),
            EventTrigger::Timer(Timer::Cycle(time)) => say("Wiederkehr", Some(&time.body)),
            EventTrigger::Conditional(condition) => say("Bedingung", condition.as_ref().map(|e| e.body.as_str())),
            EventTrigger::Link { name, .. } => say("Link", name.as_deref()),
            _ => {}
        }
    }
    match &node.kind {
        NodeKind::StartEvent(event) => say("unterbricht nicht", flag(event.is_interrupting.map(|flag| !flag))),
        NodeKind::Task(_, task) => match task {
            TaskKind::Abstract | TaskKind::Manual => {}
            TaskKind::User { implementation } | TaskKind::BusinessRule { implementation } => {
                say("Umsetzung", implementation.as_deref());
            }
            TaskKind::Service { implementation, .. } => say("Umsetzung", implementation.as_deref()),
            TaskKind::Script { format, script } => {
                say("Skript", format.as_deref());
                say("Skript", script.as_deref());
            }
            TaskKind::Send { implementation, message, .. } => {
                say("Umsetzung", implementation.as_deref());
                say("Nachricht", called(message).as_deref());
            }
            TaskKind::Receive { implementation, message, instantiate, .. } => {
                say("Umsetzung", implementation.as_deref());
                say("Nachricht", called(message).as_deref());
                say("startet", flag(*instantiate));
            }
        },
        NodeKind::SubProcess(_, inner) => match inner.kind {
            SubProcessKind::Embedded => {}
            SubProcessKind::Transaction => say("Art", Some("Transaktion")),
            SubProcessKind::AdHoc => say("Art", Some("Ad-hoc")),
        },
        NodeKind::CallActivity(_, key) => say("Aufgerufener Prozess", key.as_deref()),
        NodeKind::Gateway(gateway) => {
            say("startet", flag(gateway.instantiate));
            let parallel = gateway.event_gateway_type.as_deref().filter(|kind| *kind != "Exclusive");
            say("Art", parallel);
        }
        _ => {}
    }
    if let NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _) =
        &node.kind
    {
        say("Kompensation", flag(activity.is_for_compensation));
        for quantity in [activity.start_quantity, activity.completion_quantity] {
            say("Anzahl", quantity.filter(|n| *n != 1).map(|n| n.to_string()).as_deref());
        }
        let body = |expression: &Option<Expression>| expression.as_ref().map(|e| feel(&e.body).to_owned());
        match &activity.loop_characteristics {
            None => {}
            Some(Loop::Standard(again)) => {
                say("Wiederholung", Some("solange"));
                say("Wiederholung: Bedingung", body(&again.condition).as_deref());
                say("Wiederholung: höchstens", again.maximum.as_deref());
                say("Wiederholung: Bedingung vorher geprüft", flag(again.test_before));
            }
            Some(Loop::MultiInstance(each)) => {
                let sequential = each.is_sequential == Some(true);
                say("Wiederholung", Some(if sequential { "nacheinander" } else { "gleichzeitig" }));
                say("Wiederholung: Anzahl", body(&each.cardinality).as_deref());
                say("Wiederholung: Liste", each.collection.as_deref().map(feel));
                say("Wiederholung: genug, wenn", body(&each.completion).as_deref());
                say("Wiederholung: Name des Eintrags", each.item.as_deref());
                say("Wiederholung: Ergebnis", each.output.as_deref().map(feel));
                say("Wiederholung: Name der Ergebnisse", each.outputs.as_deref());
                say("Wiederholung: Verhalten", each.behavior.as_deref().filter(|behavior| *behavior != "All"));
            }
        }
    }
    Statement { kind: kind_of(node), name: said(&node.name).map(str::to_owned), says }
}

/// FEEL with or without the `=` before it.
fn feel(text: &str) -> &str {
    feel_of(text).unwrap_or(text.trim())
}
