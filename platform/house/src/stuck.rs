//! What does not go on by itself: jobs that were given up while a process waits for them, and subscribers that do not get
//! past an entry of the journal.

use db::{Rx, Tx};
use jiff::SignedDuration;
use kernel::{Cx, Event, Result, Subject, TaskToken, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use crate::{App, BoxFuture};

/// A job that a process waits for has failed for the last time. It may run again when somebody lets it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskStuck {
    pub token: TaskToken,
    pub job: Uuid,
    /// Name of the job.
    pub work: String,
    /// Code of the last failure.
    pub error: String,
}

impl Event for TaskStuck {
    const NAME: &'static str = "house.task-stuck";
    fn subject(&self) -> Subject {
        Subject { kind: "process", id: self.token.instance }
    }
}

/// Tells the process, in the transaction that gives the job up.
pub(crate) fn tell<'a>(cx: &'a Cx, tx: &'a mut Tx, up: jobs::GivenUp) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let event = TaskStuck { token: up.task, job: up.job, work: up.name, error: up.error };
        journal::emit(tx, cx, &event).await.map(|_| ())
    })
}

/// A subscriber that does not get past an entry. What comes after it waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StuckSubscriber {
    pub subscriber: &'static str,
    /// Name of the event.
    pub event: String,
    pub seq: i64,
    /// When the entry was written.
    pub since: Timestamp,
}

/// An entry that waits longer than this, while its subscriber stays where it is, is not just late.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// As many entries as are delivered at once: among more than these that nobody hears, the cursor moves on.
const LOOKED_AT: i64 = 200;

/// The subscribers of a city that have not dealt with an entry for some minutes, nor with any other: who reads the journal
/// from its beginning, or after a pause, has old entries before it and gets on.
///
/// # Errors
/// Those of the database.
pub async fn stuck_subscribers(app: &App, rx: &mut Rx, now: Timestamp) -> Result<Vec<StuckSubscriber>> {
    let mut stuck = Vec::new();
    for (&subscriber, handled) in &app.events.subscribers {
        let from = journal::cursor(rx, subscriber).await?;
        let entries = journal::entries(rx, from, LOOKED_AT).await?;
        let next = entries.into_iter().find(|entry| handled.handlers.contains_key(entry.name.as_str()));
        if let Some(entry) = next
            && now.duration_since(entry.at) > LATE
            && journal::cursor_moved(rx, subscriber).await?.is_none_or(|at| now.duration_since(at) > LATE)
        {
            stuck.push(StuckSubscriber { subscriber, event: entry.name, seq: entry.seq, since: entry.at });
        }
    }
    Ok(stuck)
}
