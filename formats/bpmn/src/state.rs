use std::collections::BTreeMap;

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
    /// The tokens that are one pass of a loop or multi-instance activity each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) passes: BTreeMap<u64, Pass>,
}

/// One pass of an activity that is done several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// `loopCounter`, counted from 1.
    pub number: u32,
    /// Variables of this pass alone; `None` in a loop, whose passes share those of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vars: Option<Vars>,
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
    /// Token of the sub-process or repeated activity it belongs to, 0 for the process.
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
    Signal {
        name: String,
    },
    /// The process that a call activity has started.
    Process,
    /// The pass of a loop that is under way.
    Loop {
        done: u32,
    },
    /// The passes of a multi-instance activity that are under way.
    Each {
        total: u32,
        done: u32,
        /// Items whose pass has not begun, one after the other.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rest: Vec<Value>,
        /// What the passes handed out, by their number.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        outputs: BTreeMap<u32, Value>,
    },
    /// The other branches of a parallel or inclusive gateway; it came along `flow`.
    Join {
        flow: String,
    },
    /// The content of a sub-process or event sub-process; its tokens name this token as their scope.
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

/// A boundary event, an event behind an event-based gateway or the start of an event sub-process that may still happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    pub id: u64,
    #[serde(rename = "at")]
    pub element: String,
    /// The token it is attached to; 0 for an event sub-process of the process itself.
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
        /// ISO 8601 date after which it is over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    Message {
        name: String,
        key: Value,
    },
    Signal {
        name: String,
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

    /// Whether something waits for a message with this name and key.
    #[must_use]
    pub fn awaits_message(&self, name: &str, key: &Value) -> bool {
        self.message_receiver(name, key).is_some()
    }

    /// Whether something waits for a signal of this name.
    #[must_use]
    pub fn awaits_signal(&self, name: &str) -> bool {
        !self.signal_receivers(name).is_empty()
    }

    /// The oldest number that waits for a message.
    pub(crate) fn message_receiver(&self, name: &str, key: &Value) -> Option<u64> {
        let tokens = self.tokens.iter().filter_map(|token| match &token.wait {
            Wait::Message { name: n, key: k } if n == name && k == key => Some(token.id),
            _ => None,
        });
        let watches = self.watches.iter().filter_map(|watch| match &watch.awaits {
            Awaits::Message { name: n, key: k } if n == name && k == key => Some(watch.id),
            _ => None,
        });
        tokens.chain(watches).min()
    }

    /// All numbers that wait for a signal, the oldest first.
    pub(crate) fn signal_receivers(&self, name: &str) -> Vec<u64> {
        let tokens = self.tokens.iter().filter_map(|token| match &token.wait {
            Wait::Signal { name: n } if n == name => Some(token.id),
            _ => None,
        });
        let watches = self.watches.iter().filter_map(|watch| match &watch.awaits {
            Awaits::Signal { name: n } if n == name => Some(watch.id),
            _ => None,
        });
        let mut found: Vec<u64> = tokens.chain(watches).collect();
        found.sort_unstable();
        found
    }
}
