//! A process as an ordered list that can be read aloud: the same model as the diagram, without a drawing.

use std::collections::{HashMap, HashSet};

use crate::Model;
use crate::dominators::Dominators;
use crate::graph::{Does, Graph, executable};
use crate::model::*;

/// A node of the process in the list. Every node has exactly one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `1`, `2`; `2a.1` is the first step of the first way out of step 2, `2a` an event attached to step 2, and `4.1` the
    /// first step inside sub-process 4.
    pub number: String,
    /// Id of the node.
    pub element: String,
    pub kind: Kind,
    pub name: Option<String>,
    /// How deep it is nested in branches and sub-processes, from 0.
    pub depth: usize,
    /// Boundary event: the activity it is attached to.
    pub host: Option<Target>,
    /// The sub-process it stands in.
    pub inside: Option<String>,
    /// Sequence flows out of it, in the order of the file; more than one at gateways, mostly. Their ids are what
    /// [`Edit`](crate::Edit) takes where it says `flow`.
    pub ways: Vec<Way>,
    /// Where the only way out leads, when that is not the following line of the same branch: "weiter mit Schritt 3".
    pub goes_to: Option<Target>,
    /// A way from a start leads here. Nodes without one stand at the end of their level.
    pub is_reached: bool,
}

/// A sequence flow out of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Id of the sequence flow.
    pub flow: String,
    pub name: Option<String>,
    /// FEEL, without a leading `=`.
    pub condition: Option<String>,
    /// It is taken when no condition holds (default).
    pub is_default: bool,
    pub target: Target,
    /// The target is the first line of this way's own branch (`2a.1`); otherwise the way leads to a line elsewhere.
    pub is_branch: bool,
}

/// A line that another one refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub element: String,
    pub number: String,
    pub name: Option<String>,
}

/// What a node is, in the terms of BPMN 2.0.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Start(On),
    End(On),
    /// Intermediate event that waits.
    Catch(On),
    /// Intermediate event that tells something.
    Throw(On),
    Boundary {
        on: On,
        interrupting: bool,
    },
    UserTask,
    ServiceTask,
    BusinessRuleTask,
    SendTask,
    ReceiveTask,
    ManualTask,
    ScriptTask,
    /// A task without type.
    Task,
    CallActivity,
    SubProcess,
    EventSubProcess,
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Complex,
}

/// What an event reacts to or causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum On {
    Nothing,
    Message,
    Timer,
    Error,
    Escalation,
    Signal,
    Compensation,
    Condition,
    Link,
    Cancel,
    Terminate,
    /// A definition elsewhere in the file, or several at one event.
    Other,
}

impl Model {
    /// The executable process as a list in the order of its ways: what a branch consists of stands below its gateway,
    /// and what comes after the place where branches join stands behind them. Every node is in it once, also those no
    /// way leads to.
    #[must_use]
    pub fn outline(&self) -> Vec<Line> {
        let nodes = flow_nodes(&self.definitions);
        let kinds: Vec<Kind> = nodes.iter().map(|node| kind_of(node)).collect();
        let graph = &self.graph;
        let arrangement = Arrangement::of(graph, &kinds);
        let target = |node: usize| Target {
            element: graph.nodes[node].id.clone(),
            number: arrangement.places[node].number.clone(),
            name: graph.nodes[node].name.clone(),
        };
        let line = |&index: &usize| {
            let (node, place) = (&graph.nodes[index], &arrangement.places[index]);
            let ways: Vec<Way> = node
                .outgoing
                .iter()
                .map(|&flow| {
                    let said = &graph.flows[flow];
                    Way {
                        flow: said.id.clone(),
                        name: said.name.clone(),
                        condition: said.condition.clone(),
                        is_default: node.default == Some(flow),
                        target: target(said.target),
                        is_branch: arrangement.places[said.target].branch_of == Some(flow),
                    }
                })
                .collect();
            let follows = |next: usize| {
                let next = &arrangement.places[next];
                next.sequence == place.sequence && next.position == place.position + 1
            };
            let only = match (node.outgoing.as_slice(), &node.does) {
                ([flow], _) => Some(graph.flows[*flow].target),
                ([], Does::Link(to)) => *to,
                _ => None,
            };
            Line {
                number: place.number.clone(),
                element: node.id.clone(),
                kind: kinds[index],
                name: node.name.clone(),
                depth: place.depth,
                host: node.host.map(target),
                inside: node.parent.map(|parent| graph.nodes[parent].id.clone()),
                ways,
                goes_to: only.filter(|&next| !follows(next)).map(target),
                is_reached: place.is_reached,
            }
        };
        arrangement.order.iter().map(line).collect()
    }
}

/// Branches are nested that deep; those further inside stand in the sequence of their gateway, so that the numbers of a
/// process that only ever branches do not grow without end.
const MAX_BRANCHES: usize = 24;

/// Which node stands where in the list.
pub(crate) struct Arrangement {
    /// By number of the node in the graph.
    pub places: Vec<Place>,
    /// Nodes in the order of the list.
    pub order: Vec<usize>,
    pub sequences: Vec<Sequence>,
    /// Number of each node in an order in which every way goes forward, except those that come back.
    pub rank: Vec<usize>,
}

#[derive(Clone, Default)]
pub(crate) struct Place {
    pub number: String,
    pub depth: usize,
    pub sequence: usize,
    pub position: usize,
    /// The flow whose branch begins here.
    pub branch_of: Option<usize>,
    pub is_reached: bool,
}

/// Steps one after the other: a level, or a branch.
pub(crate) struct Sequence {
    prefix: String,
    depth: usize,
    next: usize,
    /// Gateway or activity the branch goes out from, or sub-process it is the content of.
    pub owner: Option<usize>,
}

/// What is to be put into the list next.
struct Open {
    node: usize,
    sequence: usize,
    branch_of: Option<usize>,
    /// It has a sequence of its own, of which it is the head: a boundary event.
    is_head: bool,
}

impl Arrangement {
    pub fn of(graph: &Graph, kinds: &[Kind]) -> Self {
        let count = graph.nodes.len();
        let same_level = |a: usize, b: usize| a != b && graph.nodes[a].parent == graph.nodes[b].parent;
        let successors: Vec<Vec<usize>> = (0..count)
            .map(|node| graph.successors(node).filter(|&next| next == node || same_level(node, next)).collect())
            .collect();
        let mut is_led_to = vec![false; count];
        for &next in successors.iter().flatten() {
            is_led_to[next] = true;
        }
        let begins = |&node: &usize| graph.nodes[node].is_start || kinds[node] == Kind::EventSubProcess;
        let first: Vec<usize> = (0..count).filter(begins).collect();
        let sources = (0..count).filter(|&node| !is_led_to[node]);
        let others: Vec<usize> = sources.chain(0..count).collect();
        let tree = Dominators::of(&successors, &first, &others);

        let mut levels: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        for &root in &tree.roots {
            levels.entry(graph.nodes[root].parent).or_default().push(root);
        }
        for level in levels.values_mut() {
            level.sort_by_key(|&node| match kinds[node] {
                _ if graph.nodes[node].is_start => (tree.phase[node], 0, node),
                Kind::EventSubProcess => (tree.phase[node], 2, node),
                _ => (tree.phase[node], 1, tree.rank[node]),
            });
        }

        let mut found = Self {
            places: vec![Place::default(); count],
            order: Vec::with_capacity(count),
            sequences: vec![Sequence { prefix: String::new(), depth: 0, next: 1, owner: None }],
            rank: Vec::new(),
        };
        let step = |node: usize, sequence: usize| Open { node, sequence, branch_of: None, is_head: false };
        let mut open: Vec<Open> = Vec::new();
        open.extend(levels.remove(&None).unwrap_or_default().into_iter().rev().map(|node| step(node, 0)));
        while let Some(next) = open.pop() {
            let node = next.node;
            let sequence = found.put(&next, tree.phase[node] == 0);
            let mut then = Vec::new();
            if let Some(content) = levels.remove(&Some(node)) {
                let inside = found.begin(node, String::new());
                then.extend(content.into_iter().map(|node| step(node, inside)));
            }
            let here = &graph.nodes[node];
            let nests = found.sequences[sequence].depth < MAX_BRANCHES;
            let branches = nests && here.outgoing.len() > 1;
            let mut heads = HashSet::new();
            let (mut events, mut rest) = (Vec::new(), Vec::new());
            for &child in &tree.children[node] {
                let alone = tree.entries[child] == 1;
                if nests && alone && graph.nodes[child].host == Some(node) {
                    events.push(child);
                } else if branches
                    && alone
                    && graph.nodes[child].incoming.iter().any(|&f| graph.flows[f].source == node)
                {
                    heads.insert(child);
                } else {
                    rest.push(child);
                }
            }
            // Where all other ways lead back or elsewhere, there is nothing to nest.
            if heads.len() == 1 && rest.is_empty() {
                rest.extend(heads.drain());
            }
            let mut letters = 0;
            if branches {
                for (at, &flow) in here.outgoing.iter().enumerate() {
                    if heads.remove(&graph.flows[flow].target) {
                        let sequence = found.begin(node, letter(at));
                        let head = graph.flows[flow].target;
                        then.push(Open { node: head, sequence, branch_of: Some(flow), is_head: false });
                    }
                }
                letters = here.outgoing.len();
            }
            // In the order of the file, as the ways.
            events.sort_unstable();
            for event in events {
                let sequence = found.begin(node, letter(letters));
                letters += 1;
                then.push(Open { node: event, sequence, branch_of: None, is_head: true });
            }
            then.extend(rest.into_iter().map(|node| step(node, sequence)));
            open.extend(then.into_iter().rev());
        }
        found.rank = tree.rank;
        found
    }

    /// Opens a sequence below a node.
    fn begin(&mut self, owner: usize, letter: String) -> usize {
        let place = &self.places[owner];
        let prefix = format!("{}{letter}.", place.number);
        self.sequences.push(Sequence { prefix, depth: place.depth + 1, next: 1, owner: Some(owner) });
        self.sequences.len() - 1
    }

    /// Gives a node its place and returns the sequence that goes on behind it.
    fn put(&mut self, open: &Open, is_reached: bool) -> usize {
        let sequence = &mut self.sequences[open.sequence];
        let (number, position) = if open.is_head {
            (sequence.prefix.trim_end_matches('.').to_owned(), 0)
        } else {
            sequence.next += 1;
            (format!("{}{}", sequence.prefix, sequence.next - 1), sequence.next - 1)
        };
        self.places[open.node] = Place {
            number,
            depth: sequence.depth,
            sequence: open.sequence,
            position,
            branch_of: open.branch_of,
            is_reached,
        };
        self.order.push(open.node);
        open.sequence
    }
}

/// `a` to `z`, then `aa`.
fn letter(mut at: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + u8::try_from(at % 26).unwrap_or_default()));
        if at < 26 {
            break;
        }
        at = at / 26 - 1;
    }
    letters.iter().rev().collect()
}

/// The flow nodes of the executable process, in the order of the graph's.
pub(crate) fn flow_nodes(definitions: &Definitions) -> Vec<&FlowNode> {
    fn add<'m>(content: &'m FlowContent, found: &mut Vec<&'m FlowNode>) {
        for element in &content.elements {
            let FlowElement::Node(node) = element else { continue };
            found.push(node);
            if let NodeKind::SubProcess(_, inner) = &node.kind {
                add(&inner.content, found);
            }
        }
    }
    let mut found = Vec::new();
    if let Some(process) = executable(definitions) {
        add(&process.content, &mut found);
    }
    found
}

pub(crate) fn kind_of(node: &FlowNode) -> Kind {
    match &node.kind {
        NodeKind::StartEvent(event) => Kind::Start(on(&event.definitions)),
        NodeKind::EndEvent(event) => Kind::End(on(&event.definitions)),
        NodeKind::CatchEvent(event) => Kind::Catch(on(&event.definitions)),
        NodeKind::ThrowEvent(event) => Kind::Throw(on(&event.definitions)),
        NodeKind::BoundaryEvent(event) => {
            Kind::Boundary { on: on(&event.definitions), interrupting: event.cancel_activity != Some(false) }
        }
        NodeKind::Task(_, task) => match task {
            TaskKind::Abstract => Kind::Task,
            TaskKind::Manual => Kind::ManualTask,
            TaskKind::User { .. } => Kind::UserTask,
            TaskKind::Service { .. } => Kind::ServiceTask,
            TaskKind::BusinessRule { .. } => Kind::BusinessRuleTask,
            TaskKind::Script { .. } => Kind::ScriptTask,
            TaskKind::Send { .. } => Kind::SendTask,
            TaskKind::Receive { .. } => Kind::ReceiveTask,
        },
        NodeKind::SubProcess(_, inner) if inner.triggered_by_event == Some(true) => Kind::EventSubProcess,
        NodeKind::SubProcess(..) => Kind::SubProcess,
        NodeKind::CallActivity(..) => Kind::CallActivity,
        NodeKind::Gateway(gateway) => match gateway.kind {
            GatewayKind::Exclusive => Kind::Exclusive,
            GatewayKind::Parallel => Kind::Parallel,
            GatewayKind::Inclusive => Kind::Inclusive,
            GatewayKind::EventBased => Kind::EventBased,
            GatewayKind::Complex => Kind::Complex,
        },
    }
}

fn on(definitions: &[EventDefinition]) -> On {
    match definitions {
        [] => On::Nothing,
        [definition] => match &definition.trigger {
            EventTrigger::Message { .. } => On::Message,
            EventTrigger::Timer(_) => On::Timer,
            EventTrigger::Error(_) => On::Error,
            EventTrigger::Escalation(_) => On::Escalation,
            EventTrigger::Signal(_) => On::Signal,
            EventTrigger::Compensate { .. } => On::Compensation,
            EventTrigger::Conditional(_) => On::Condition,
            EventTrigger::Link { .. } => On::Link,
            EventTrigger::Cancel => On::Cancel,
            EventTrigger::Terminate => On::Terminate,
            EventTrigger::Reference(_) => On::Other,
        },
        _ => On::Other,
    }
}
