//! BPMN 2.0.2 process models: read, check and step, without I/O.
//!
//! [`Model::parse`] reads a file, [`step`] leads one instance from state to state. See the README for the supported
//! elements and the state machine.

mod check;
mod dominators;
mod edit;
mod graph;
mod iso;
mod layout;
mod outline;
pub mod period;
mod same;
mod state;
mod step;

pub use bpmn_model::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, ModelError, Position, Rule, model};
pub use check::{ExpressionKind, ExpressionUse, Known};
pub use edit::{Beside, Edit, EditError, Goal, NewStep, Passes, Properties, Repeat, StepKind, Time};
pub use graph::TimerSpec;
pub use iso::{Cycle, parse_cycle};
pub use outline::{Kind, Line, On, Target, Way};
pub use same::Difference;
pub use state::{Awaits, Outcome, Resume, State, Status, Token, Vars, Wait, Watch};
pub use step::{
    Conditions, Due, Effect, Event, MAX_MOVES, MAX_PASSES, MAX_TOKENS, Placement, Reason, StepError, UserTask, migrate,
    preview, step,
};

/// A BPMN file: what it says, and the executable process in it, ready to be stepped.
#[derive(Clone, Debug)]
pub struct Model {
    definitions: model::Definitions,
    graph: graph::Graph,
}

impl Model {
    /// Reads a file. What is wrong with the process itself is told by [`Model::check`], so that half-drawn models can be
    /// loaded and shown.
    ///
    /// # Errors
    /// Text that is not BPMN 2.0, is too large, or has missing or unreadable attributes.
    pub fn parse(xml: &str) -> Result<Self, Vec<ModelError>> {
        Ok(Self::from(bpmn_model::read(xml)?))
    }

    /// The model as a BPMN file, made from [`Model::definitions`] alone. Every element is written with a prefix; the
    /// prefixes of the file that was read stay declared, because values may use them.
    #[must_use]
    pub fn to_xml(&self) -> String {
        bpmn_model::write(&self.definitions)
    }

    /// Everything the file says.
    #[must_use]
    pub fn definitions(&self) -> &model::Definitions {
        &self.definitions
    }

    /// The first process of the file.
    #[must_use]
    pub fn process(&self) -> Option<&model::Process> {
        self.definitions.roots.iter().find_map(|root| match root {
            model::Root::Process(process) => Some(process.as_ref()),
            _ => None,
        })
    }

    /// The name of the first process of the file that has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.definitions.roots.iter().find_map(|root| match root {
            model::Root::Process(process) => process.name.as_deref(),
            _ => None,
        })
    }

    /// Activities and waiting events of that process, those in sub-processes after the sub-process, in the order of the
    /// file: where an instance can spend time.
    #[must_use]
    pub fn places(&self) -> Vec<Place<'_>> {
        let mut places = Vec::new();
        if let Some(process) = self.process() {
            add_places(&process.content, false, &mut places);
        }
        places
    }
}

/// An element at which an instance can spend time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'m> {
    pub element: &'m str,
    pub name: Option<&'m str>,
    /// It is, or stands in, a repetition: the same instance comes there several times as drawn.
    pub repeats: bool,
    /// A person may have to carry data into another system by hand here.
    pub may_break: bool,
}

fn add_places<'m>(content: &'m model::FlowContent, inside_repetition: bool, places: &mut Vec<Place<'m>>) {
    for element in &content.elements {
        let model::FlowElement::Node(node) = element else { continue };
        let repetition = match &node.kind {
            model::NodeKind::Task(activity, _)
            | model::NodeKind::SubProcess(activity, _)
            | model::NodeKind::CallActivity(activity, _) => activity.loop_characteristics.is_some(),
            model::NodeKind::CatchEvent(_) => false,
            _ => continue,
        };
        let repeats = inside_repetition || repetition;
        let may_break = node.meer.may_break();
        places.push(Place { element: &node.base.id, name: node.name.as_deref(), repeats, may_break });
        if let model::NodeKind::SubProcess(_, sub) = &node.kind {
            add_places(&sub.content, repeats, places);
        }
    }
}

/// One of the ways in which a process may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start<'m> {
    pub element: &'m str,
    pub name: Option<&'m str>,
    pub trigger: StartTrigger<'m>,
    /// `meer:plan` and `meer:unit`: where the case belongs that a time opens.
    pub plan: Option<&'m str>,
    pub unit: Option<&'m str>,
    pub at: Position,
}

/// What a process begins with; who notices it sends [`Event::StartAt`], for a plain start [`Event::Start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTrigger<'m> {
    Plain,
    /// A message of this name.
    Message(&'m str),
    /// A signal of this name.
    Signal(&'m str),
    /// A time; one that repeats starts an instance each time.
    Timer(&'m TimerSpec),
}

impl Model {
    /// The start events of the process itself, in the order of the file.
    #[must_use]
    pub fn starts(&self) -> Vec<Start<'_>> {
        let nodes = self.graph.starts.iter().map(|&start| &self.graph.nodes[start]);
        nodes
            .filter_map(|node| {
                let trigger = match &node.does {
                    graph::Does::Start => StartTrigger::Plain,
                    graph::Does::TriggeredStart(graph::Trigger::Message(name)) => StartTrigger::Message(name),
                    graph::Does::TriggeredStart(graph::Trigger::Signal(name)) => StartTrigger::Signal(name),
                    graph::Does::TriggeredStart(graph::Trigger::Timer(spec)) => StartTrigger::Timer(spec),
                    _ => return None,
                };
                let (plan, unit) = (node.meer.plan.as_deref(), node.meer.unit.as_deref());
                Some(Start { element: &node.id, name: node.name.as_deref(), trigger, plan, unit, at: node.at })
            })
            .collect()
    }
}

impl From<model::Definitions> for Model {
    fn from(definitions: model::Definitions) -> Self {
        let graph = graph::Graph::build(&definitions);
        Self { definitions, graph }
    }
}
