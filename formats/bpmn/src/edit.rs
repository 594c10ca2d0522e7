//! Changes of a process, one at a time: what the list editor does, on the model the diagram shows.

mod draft;
mod properties;

use std::fmt;

use crate::Model;
use crate::model::{Mapping, Register};
use crate::outline::flow_nodes;
use draft::Draft;

pub(crate) use draft::all_ids;
pub(crate) use properties::events;

/// One change. Elements and flows are named by their ids, as [`Model::outline`](crate::Model::outline) gives them.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new step behind an element with one way out, or none yet.
    InsertAfter { element: String, step: NewStep },
    /// A new step on a sequence flow; the flow keeps its condition and leads to the step.
    InsertOn { flow: String, step: NewStep },
    /// "If the condition holds, the step first; otherwise go on": an exclusive gateway, the step, and an exclusive gateway that
    /// joins, on a sequence flow. The way past the step is the default.
    InsertDecision {
        flow: String,
        /// Name of the gateway: the question.
        question: Option<String>,
        /// FEEL.
        condition: String,
        /// Name of the way to the step.
        yes: Option<String>,
        /// Name of the way past it.
        no: Option<String>,
        step: NewStep,
    },
    /// One more way out of a gateway.
    AddWay {
        gateway: String,
        name: Option<String>,
        /// FEEL; none at parallel and event-based gateways, and on the way that is to be the default.
        condition: Option<String>,
        target: Goal,
    },
    /// What a way says: all three are set as given. A way that becomes the default takes that from another and has no
    /// condition.
    SetWay { flow: String, name: Option<String>, condition: Option<String>, is_default: bool },
    /// Leads a way elsewhere on the same level.
    Redirect { flow: String, target: Goal },
    /// Takes a way away; its source keeps at least one.
    RemoveWay { flow: String },
    /// Takes a node away; what led to it leads to what came after it.
    Remove { element: String },
    /// Puts a step to another place of the same level; both places lie in a plain sequence.
    Move { element: String, to: Beside },
    /// Empty: without name.
    Rename { element: String, name: String },
    /// What the step is to do: all of it is set as given. [`Model::properties`](crate::Model::properties) reads it.
    SetProperties { element: String, properties: Properties },
    /// An event at an activity that comes when the time is over.
    AddTimer { host: String, name: Option<String>, time: Time, interrupting: bool, target: Goal },
    /// An event at an activity that comes when it fails; with a code, only when it fails with that.
    AddError { host: String, name: Option<String>, code: Option<String>, target: Goal },
    /// An event at an activity that comes with a message; `key` is FEEL for the key that the message must carry.
    AddMessage {
        host: String,
        name: Option<String>,
        message: String,
        key: Option<String>,
        interrupting: bool,
        target: Goal,
    },
    /// The time of a timer event.
    SetTime { element: String, time: Time },
    /// The code of an error event. Without a code an event at an activity catches every error, and an end event ends
    /// without one.
    SetError { element: String, code: Option<String> },
    /// Whether an event at an activity ends it. Errors always do.
    SetInterrupting { element: String, interrupting: bool },
    /// Takes an event from its activity, with its way. What only that way led to stays, without a way to it.
    RemoveBoundary { element: String },
    /// What the register of processes says; all of it is set as given.
    SetRegister { register: Register },
    /// Name of the process.
    SetName { name: String },
}

/// Where a way leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To an element of the same level, by its id.
    Element(String),
    /// To an end event of its own, made with it.
    NewEnd { name: Option<String> },
}

impl From<&str> for Goal {
    fn from(element: &str) -> Self {
        Self::Element(element.to_owned())
    }
}

impl From<String> for Goal {
    fn from(element: String) -> Self {
        Self::Element(element)
    }
}

/// Where a step goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    Before(String),
    After(String),
}

/// A step to be inserted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewStep {
    pub kind: StepKind,
    /// Its id is made from it.
    pub name: String,
    pub properties: Properties,
}

/// Steps that can be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    UserTask,
    ServiceTask,
    BusinessRuleTask,
    SendTask,
    ReceiveTask,
    ManualTask,
    CallActivity,
    /// An intermediate event that waits until the time has come; a repetition is not possible there.
    Wait(Time),
}

/// What a step is to do. Which of it belongs to which element says [`Model::check`](crate::Model::check).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    /// Service and send task: name of the command.
    pub command: Option<String>,
    /// User task: key of the form.
    pub form: Option<String>,
    /// User task: key of the organisation unit or role; FEEL when it begins with `=`.
    pub unit: Option<String>,
    /// User task: ISO 8601 duration; FEEL when it begins with `=`.
    pub due: Option<String>,
    /// User task: id of the user task that must have been done by another person.
    pub four_eyes: Option<String>,
    /// User task: `true`, `false`, or FEEL over the answers after `=`.
    pub medienbruch: Option<String>,
    /// Business-rule task: `file-key#decision`.
    pub decision: Option<String>,
    /// Receive task and message event: FEEL for the key of the message.
    pub key: Option<String>,
    pub inputs: Vec<Mapping>,
    pub outputs: Vec<Mapping>,
    /// Call activity: key of the called process.
    pub called: Option<String>,
    /// Receive task and message event: name of the message.
    pub message: Option<String>,
    /// Any activity: how often it is done.
    pub repeat: Option<Repeat>,
}

/// How an activity is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Again while the condition holds (`standardLoopCharacteristics`).
    While {
        /// FEEL
        condition: Option<String>,
        test_before: bool,
        maximum: Option<String>,
    },
    /// Once for each item of a list, or a number of times (`multiInstanceLoopCharacteristics`).
    Each {
        passes: Passes,
        /// One after the other; otherwise all at once.
        sequential: bool,
        /// FEEL: enough is done.
        completion: Option<String>,
        /// Name of the variable for the item; `item` where it is missing.
        item: Option<String>,
        /// FEEL for what a pass hands out.
        output: Option<String>,
        /// Name of the variable that collects it.
        outputs: Option<String>,
    },
}

/// How many passes there are; FEEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passes {
    Collection(String),
    Cardinality(String),
}

/// When a timer is due: an ISO 8601 text, or FEEL after `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    Date(String),
    Duration(String),
    Cycle(String),
}

/// Why a change is not made. The model is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    /// Id of the element or flow; empty when it concerns the process.
    pub element: String,
    pub name: Option<String>,
    /// German, for the person at the list: what is wrong, and what to do instead.
    pub message: String,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.element.as_str()) {
            (Some(name), _) => write!(f, "„{name}“: ")?,
            (None, "") => {}
            (None, id) => write!(f, "{id}: ")?,
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for EditError {}

impl Model {
    /// The model after a change, read from what would be written: it keeps what [`Model::parse`] demands. Whether it can be
    /// executed says [`Model::check`], as for every draft. Drawings lose what the change has made wrong (shapes of what is
    /// gone, edges that lead elsewhere); [`Model::with_layout`] draws anew.
    ///
    /// # Errors
    /// The change names what does not exist, or would leave ways without an end.
    pub fn edit(&self, edit: &Edit) -> Result<Self, EditError> {
        let mut draft = Draft::of(self)?;
        draft.apply(edit)?;
        draft.finish()
    }

    /// What a step does, as [`Edit::SetProperties`] takes it. `None` for what has no properties.
    #[must_use]
    pub fn properties(&self, element: &str) -> Option<Properties> {
        let node = flow_nodes(&self.definitions).into_iter().find(|node| node.base.id == element)?;
        properties::of(&self.definitions, node)
    }

    /// When a timer event is due, as [`Edit::SetTime`] takes it. `None` for what has no time.
    #[must_use]
    pub fn time(&self, element: &str) -> Option<Time> {
        let node = flow_nodes(&self.definitions).into_iter().find(|node| node.base.id == element)?;
        events(&node.kind).iter().find_map(properties::time_of)
    }

    /// The code of an error event, as [`Edit::SetError`] takes it. `None` for events that catch every error, and for what
    /// is no error event.
    #[must_use]
    pub fn error_code(&self, element: &str) -> Option<String> {
        let node = flow_nodes(&self.definitions).into_iter().find(|node| node.base.id == element)?;
        events(&node.kind).iter().find_map(|event| properties::error_of(&self.definitions, event))
    }
}

fn refused(element: &str, message: &str) -> EditError {
    EditError { element: element.to_owned(), name: None, message: message.to_owned() }
}

/// Text that says something, without blanks around it.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
