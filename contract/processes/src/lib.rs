//! What the module `processes` shows to others: start a process, and how a task that waits is told its result.

use kernel::{CaseId, Command, Event, Subject, TaskToken, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Starts the released version of a process (Prozess) for a case. Answers the instance's id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StartProcess {
    /// Key of the `.bpmn` file in the city's data.
    pub process: String,
    pub case: CaseId,
    /// Ids, codes and amounts; personal data stays in the case.
    pub vars: Map<String, Value>,
}

impl Command for StartProcess {
    const NAME: &'static str = "processes.start";
    const CALLERS: &'static [&'static str] = &["services"];
    type Answer = Uuid;
}

/// Sends a message to the processes of a case: the oldest instance that waits for it takes it, else a process that begins
/// with it starts in this case. One that nobody waits for is gone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SendMessage {
    pub case: CaseId,
    /// As the model names the message.
    pub name: String,
    /// What the waiting element's `meer:key` must be equal to; null where it has none. A start event takes any.
    pub key: Value,
    /// Ids, codes and amounts; personal data stays in the case.
    pub vars: Map<String, Value>,
}

impl Command for SendMessage {
    const NAME: &'static str = "processes.send-message";
    const CALLERS: &'static [&'static str] = &["services", "records"];
    type Answer = ();
}

/// Sends a signal to the processes of a case: all that wait for it take it, and each process that begins with it starts in
/// this case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SendSignal {
    pub case: CaseId,
    /// As the model names the signal.
    pub name: String,
    /// Ids, codes and amounts; personal data stays in the case.
    pub vars: Map<String, Value>,
}

impl Command for SendSignal {
    const NAME: &'static str = "processes.send-signal";
    const CALLERS: &'static [&'static str] = &["services", "records"];
    type Answer = ();
}

/// A task that answered `Waiting` has its result. Emitted by the module that did the work, in the transaction that
/// stored the result; delivered at least once, and a second one finds its token gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskFinished {
    pub token: TaskToken,
    pub vars: Map<String, Value>,
}

impl TaskFinished {
    pub fn new<const N: usize>(token: TaskToken, vars: [(&str, Value); N]) -> Self {
        Self { token, vars: vars.into_iter().map(|(k, v)| (k.to_owned(), v)).collect() }
    }
}

impl Event for TaskFinished {
    const NAME: &'static str = "processes.task-finished";
    fn subject(&self) -> Subject {
        Subject { kind: "process", id: self.token.instance }
    }
}

/// A task that waits cannot be done; its boundary error event, or else an incident for the process owner, takes over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskFailed {
    pub token: TaskToken,
    /// Error code that a boundary event may catch.
    pub code: String,
}

impl Event for TaskFailed {
    const NAME: &'static str = "processes.task-failed";
    fn subject(&self) -> Subject {
        Subject { kind: "process", id: self.token.instance }
    }
}

/// A process came to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProcessEnded {
    pub instance: Uuid,
    pub case: CaseId,
    pub process: String,
    /// Id of the end event that was reached last.
    pub end: String,
}

impl Event for ProcessEnded {
    const NAME: &'static str = "processes.ended";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}
