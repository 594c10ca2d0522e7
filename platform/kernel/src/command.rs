use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Permission, Uuid};

/// A typed, synchronous call from one module to another inside the caller's transaction.
///
/// Allowed by the principal's permission **or** by the calling module being named in `CALLERS`: a citizen's
/// submission opens a case that the citizen has no right to open. Both are journalled.
pub trait Command: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// `<module>.<verb>`, unique in the house.
    const NAME: &'static str;
    const PERMISSION: Option<Permission> = None;
    const CALLERS: &'static [&'static str] = &[];
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// The module that handles the command.
    fn module() -> &'static str {
        Self::NAME.split('.').next().unwrap_or(Self::NAME)
    }
}

/// A typed read-only question from one module to another, asked of a consistent view.
pub trait Query: Send + 'static {
    /// `<module>.<noun>`, unique in the house.
    const NAME: &'static str;
    const PERMISSION: Option<Permission> = None;
    const CALLERS: &'static [&'static str] = &[];
    type Answer: Send + 'static;
}

/// The place in a running process that waits for a task's result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskToken {
    /// Process instance (Prozessinstanz).
    pub instance: Uuid,
    /// Token inside the instance.
    pub token: u64,
}

/// What a command that a process may call answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TaskOutcome {
    /// Finished; the values go back into the process (ids and codes only).
    Done { vars: Map<String, Value> },
    /// Somebody outside answers later; the module then calls `processes.complete-task` with the token.
    Waiting,
}

impl TaskOutcome {
    pub fn done<const N: usize>(vars: [(&str, Value); N]) -> Self {
        Self::Done { vars: vars.into_iter().map(|(k, v)| (k.to_owned(), v)).collect() }
    }
}
