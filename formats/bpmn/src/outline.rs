//! A process as an ordered list that can be read aloud: the same model as the diagram, without a drawing.

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
