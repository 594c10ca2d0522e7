//! BPMN 2.0.2 process models: read, check and step, without I/O.
//!
//! [`Model::parse`] reads a file, [`step`] leads one instance from state to state. See the README for the supported
//! elements and the state machine.

mod check;
mod error;
mod graph;
mod iso;
mod limits;
pub mod model;
mod read;
mod state;
mod step;
mod write;

pub use check::{ExpressionKind, ExpressionUse, Known};
pub use error::{ModelError, Position, Rule};
pub use graph::TimerSpec;
pub use limits::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS};
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
        Ok(Self::from(read::read(xml)?))
    }

    /// Everything the file says.
    #[must_use]
    pub fn definitions(&self) -> &model::Definitions {
        &self.definitions
    }

    /// The name of the first process of the file.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.definitions.roots.iter().find_map(|root| match root {
            model::Root::Process(process) => process.name.as_deref(),
            _ => None,
        })
    }
}

/// One of the ways in which a process may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start<'m> {
    pub element: &'m str,
    pub name: Option<&'m str>,
    pub trigger: StartTrigger<'m>,
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
                Some(Start { element: &node.id, name: node.name.as_deref(), trigger })
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
