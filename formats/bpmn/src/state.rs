use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Variables of an instance: ids and codes, no personal data.
pub type Vars = Map<String, Value>;

/// One running, waiting or ended instance. Made by [`crate::step`] alone; to be stored as JSON between steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(crate) status: Status,
    /// Last number given to a token or watch; numbers are never used twice.
    pub(crate) last: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<Token>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) watches: Vec<Watch>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) vars: Vars,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    #[default]
    New,
    Running,
    Ended(Outcome),
}

/// How an instance ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The last token reached an end event.
    Completed,
    /// A terminate end event of the process.
    Terminated,
    /// An error end event that nothing caught, with its code.
    Failed(String),
    /// [`crate::Event::Cancel`].
    Cancelled,
}

/// A token that waits. Between steps every token waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub id: u64,
    /// Id of the element it is at.
    #[serde(rename = "at")]
    pub element: String,
    /// Token of the sub-process it belongs to, 0 for the process.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scope: u64,
    #[serde(rename = "for")]
    pub wait: Wait,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What a token waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// A person.
    User,
    /// The answer to a command.
    Command,
    Timer,
    Message {
        name: String,
        key: Value,
    },
    /// The other branches of a parallel or inclusive gateway; it came along `flow`.
    Join {
        flow: String,
    },
    /// The content of a sub-process; its tokens name this token as their scope.
    Scope,
    /// The first event behind an event-based gateway.
    Events,
    /// [`crate::Event::Retry`].
    Incident {
        message: String,
        resume: Resume,
    },
}

/// Where a token goes on after an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resume {
    /// At the beginning of the element.
    Enter,
    /// With the outputs of a task whose work is done.
    Answer(Vars),
    /// With the choice of the way out.
    Leave,
}

/// A boundary event or an event behind an event-based gateway that may still happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    pub id: u64,
    #[serde(rename = "at")]
    pub element: String,
    /// The token it is attached to.
    pub host: u64,
    #[serde(rename = "for")]
    pub awaits: Awaits,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaits {
    Timer,
    /// A repeating timer: times left after this one (`None` for ever), ISO 8601 duration between.
    Cycle {
        left: Option<u32>,
        interval: String,
    },
    Message {
        name: String,
        key: Value,
    },
}

impl State {
    /// An instance that has not started.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    #[must_use]
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    #[must_use]
    pub fn token(&self, id: u64) -> Option<&Token> {
        self.tokens.iter().find(|token| token.id == id)
    }

    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }
}
