//! Service tasks that a program outside does (externer Arbeiter): `meer:command="external:<topic>"`.
//!
//! A task becomes an entry. A program takes it for some time, and its answer counts only with the fence of that time: once,
//! and never after somebody else has taken it or the process wants it no longer.

pub mod api;
pub mod pages;
pub mod store;

use bpmn::{Event, Vars};
use db::Tx;
use jiff::SignedDuration;
use jobs::enqueue;
use kernel::{CaseId, Cx, Error, Hash, Result, TaskToken, Timestamp, Uuid, sha256};
use process_rules::topics::PREFIX;
use serde_json::Value;

use self::store::{Entry, Worker};
use crate::{
    engine,
    jobs::Advance,
    store::{NewIncident, add_incident},
};

/// How often an entry is taken without an answer that ends it, before a person has to look at it.
const MOST_ATTEMPTS: i64 = 20;
/// Longest message of a failure that is kept, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Where a service task stands.
pub struct Place<'a> {
    pub instance: Uuid,
    pub token: i64,
    pub case: CaseId,
    pub process: &'a str,
    pub element: &'a str,
}

/// Offers a service task to the programs of its topic. They get the inputs of the model and nothing else.
pub async fn offer(cx: &Cx, tx: &mut Tx, at: Place<'_>, topic: &str, inputs: Vars) -> Result<()> {
    let now = cx.now();
    let entry = Entry {
        id: cx.sources.uuid(),
        topic: topic.to_owned(),
        instance: at.instance,
        token: at.token,
        case_id: at.case,
        process: at.process.to_owned(),
        element: at.element.to_owned(),
        inputs: Value::Object(inputs),
        state: "open".to_owned(),
        due: now,
        fence: 0,
        worker: None,
        attempts: 0,
        answer: None,
    };
    store::add(tx, &entry, now).await
}

/// An entry as its program gets it.
pub struct Taken {
    pub entry: Entry,
    pub until: Timestamp,
}

/// Locks up to `count` entries for a program. Entries that were taken too often become incidents instead.
pub async fn take(
    cx: &Cx,
    tx: &mut Tx,
    worker: &Worker,
    topic: &str,
    count: u16,
    lock_seconds: u32,
) -> Result<Vec<Taken>> {
    // It may have been shut out while it waited.
    if !store::is_admitted(tx, worker.id).await? {
        return Err(Error::StaffSignIn);
    }
    let now = cx.now();
    let until = later(now, lock_seconds)?;
    let mut taken = Vec::new();
    for mut entry in store::due(tx, topic, now, i64::from(count)).await? {
        if entry.attempts >= MOST_ATTEMPTS {
            give_up(cx, tx, &entry, None, "timeout").await?;
        } else if store::lock(tx, &entry, worker.id, now, until).await? {
            entry.fence += 1;
            entry.attempts += 1;
            taken.push(Taken { entry, until });
        }
    }
    Ok(taken)
}

/// What a program says of its work.
#[derive(Clone, Debug)]
pub enum Reply {
    Complete(Vars),
    /// Could not be done; `retries` more times it is offered again, after so many seconds.
    Fail {
        message: String,
        retries: u16,
        after_seconds: u32,
    },
    /// A BPMN error that a boundary event may catch.
    Error(String),
}

impl Reply {
    fn digest(&self) -> Result<Hash> {
        let said = match self {
            Reply::Complete(outputs) => serde_json::json!(["complete", outputs]),
            Reply::Fail { message, retries, after_seconds } => {
                serde_json::json!(["fail", message, retries, after_seconds])
            }
            Reply::Error(code) => serde_json::json!(["error", code]),
        };
        Ok(sha256(&[serde_json::to_string(&said)?.as_bytes()]))
    }
}

/// The lock is gone: the time ran out and somebody else has taken the work.
pub const LOCK_LOST: &str = "lock-lost";
/// The process wants the answer no longer.
pub const WITHDRAWN: &str = "withdrawn";
/// It was answered before, and not like this.
pub const ANSWERED: &str = "answered";

/// An entry that the program may see; the lock is not looked at.
async fn seen(tx: &mut Tx, worker: &Worker, id: Uuid) -> Result<Entry> {
    let entry = store::entry(tx, id).await?;
    // Of another topic: as if it were not there.
    if worker.may(&entry.topic) { Ok(entry) } else { Err(Error::NotFound) }
}

fn refusal(entry: &Entry, worker: &Worker, fence: i64) -> Error {
    let own = entry.fence == fence && entry.worker == Some(worker.id);
    Error::Conflict(match entry.state.as_str() {
        "cancelled" => WITHDRAWN,
        _ if !own => LOCK_LOST,
        _ => ANSWERED,
    })
}

/// Keeps a lock for so many seconds from now.
///
/// # Errors
/// `NotFound` for what the program may not see; `Conflict` as for [`reply`].
pub async fn extend(
    cx: &Cx,
    tx: &mut Tx,
    worker: &Worker,
    id: Uuid,
    fence: i64,
    lock_seconds: u32,
) -> Result<Timestamp> {
    let entry = seen(tx, worker, id).await?;
    if entry.state != "locked" || entry.fence != fence || entry.worker != Some(worker.id) {
        return Err(refusal(&entry, worker, fence));
    }
    let until = later(cx.now(), lock_seconds)?;
    store::extend(tx, id, until).await?;
    Ok(until)
}

/// When the process goes on after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum GoesOn {
    /// In this transaction.
    Now,
    /// By a durable job: what comes next in the process cannot be done at the moment.
    Later,
}

/// Takes an answer. The same answer to the same lock is taken once, and again gets the same result. A lock whose time is
/// over still counts as long as nobody else has taken the work.
///
/// # Errors
/// `NotFound` for what the program may not see; `Conflict` with [`LOCK_LOST`], [`WITHDRAWN`] or [`ANSWERED`].
pub async fn reply(
    cx: &Cx,
    tx: &mut Tx,
    worker: &Worker,
    id: Uuid,
    fence: i64,
    reply: &Reply,
    goes_on: GoesOn,
) -> Result<()> {
    let entry = seen(tx, worker, id).await?;
    let digest = reply.digest()?;
    let own = entry.fence == fence && entry.worker == Some(worker.id);
    // Before the state: what was answered in time and withdrawn afterwards is answered.
    if own && entry.answer == Some(digest) {
        return Ok(());
    }
    if !own || entry.state != "locked" {
        return Err(refusal(&entry, worker, fence));
    }
    let token = u64::try_from(entry.token).map_err(Error::internal)?;
    match reply {
        Reply::Complete(outputs) => {
            store::end(tx, id, "done", Some(digest), cx.now()).await?;
            let (vars, at) = (outputs.clone(), TaskToken { instance: entry.instance, token });
            match goes_on {
                GoesOn::Now => engine::advance(cx, tx, entry.instance, Event::Completed { token, vars })
                    .await
                    .map_err(of_the_process),
                GoesOn::Later => enqueue(tx, cx, &Advance { token: at, vars, failed: None }).await,
            }
        }
        Reply::Error(code) => {
            store::end(tx, id, "error", Some(digest), cx.now()).await?;
            let (code, at) = (code.clone(), TaskToken { instance: entry.instance, token });
            match goes_on {
                GoesOn::Now => {
                    engine::advance(cx, tx, entry.instance, Event::Failed { token, code }).await.map_err(of_the_process)
                }
                GoesOn::Later => {
                    let job = Advance { token: at, vars: Vars::new(), failed: Some(code) };
                    enqueue(tx, cx, &job).await
                }
            }
        }
        Reply::Fail { message, retries: 0, .. } => give_up(cx, tx, &entry, Some(digest), message).await,
        Reply::Fail { after_seconds, .. } => store::put_back(tx, id, digest, later(cx.now(), *after_seconds)?).await,
    }
}

/// What a later step of the process says is not for the program, which would take it for an answer about its own work.
fn of_the_process(error: Error) -> Error {
    match error {
        Error::Again | Error::Internal(_) => error,
        other => Error::internal(format!("the process does not go on: {other}")),
    }
}

/// Makes an incident of work that programs could not do: "Noch einmal versuchen" offers it again.
async fn give_up(cx: &Cx, tx: &mut Tx, entry: &Entry, answer: Option<Hash>, message: &str) -> Result<()> {
    let now = cx.now();
    store::end(tx, entry.id, "failed", answer, now).await?;
    let incident = NewIncident {
        id: cx.sources.uuid(),
        instance: entry.instance,
        token: entry.token,
        job: Some((entry.id, format!("{PREFIX}{}", entry.topic))),
    };
    tracing::warn!(instance = %entry.instance, element = entry.element, topic = entry.topic, "process incident: work given up");
    let message: String = message.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    add_incident(tx, &incident, &entry.element, &message, now).await
}

fn later(now: Timestamp, seconds: u32) -> Result<Timestamp> {
    now.saturating_add(SignedDuration::from_secs(i64::from(seconds))).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_is_known_again_and_another_one_is_not() {
        let complete = |n: i64| {
            let vars = [("n".to_owned(), Value::from(n))].into_iter().collect();
            Reply::Complete(vars).digest().unwrap()
        };
        assert_eq!(complete(1), complete(1));
        assert_ne!(complete(1), complete(2));
        assert_ne!(Reply::Error("a".into()).digest().unwrap(), complete(1));
    }
}
