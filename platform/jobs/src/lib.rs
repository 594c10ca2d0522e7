//! Durable background jobs: enqueued in the caller's transaction, run at least once, retried, never lost.
//!
//! A job is a row from its [`enqueue`] to its success. A [`Runner`] claims due rows for a limited time (lease) and
//! renews while it works; after a crash the lease runs out and the job runs again. Several nodes may run: a claim
//! counts only if the row's fence is still the one that was seen, so no locks are held and no transaction stays open
//! while a job works.
//!
//! Handlers must be ready to run twice: the program can die between their work and the row's deletion.

mod runner;
mod schedule;
mod store;

use std::{collections::HashMap, sync::Arc, time::Duration};

use db::Tx;
use futures_util::future::BoxFuture;
use kernel::{Cx, Error, Result, TaskToken, Timestamp, Uuid};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use runner::{CxFactory, Drained, Failure, GivenUp, OnGivenUp, Runner};
pub use schedule::Schedules;
pub use store::{Dead, Waiting, dead, discard, is_dead, is_given_up, is_under_way, left_over, pending, retry};

/// Tables `jobs_*`.
pub const MIGRATIONS: db::Migrations = db::migrations!("jobs": "0001_init", "0002_task");

/// A piece of work as a value: ids and codes, no personal data.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// `<module>.<verb>`, unique in the house. A new meaning needs a new name.
    const NAME: &'static str;
    /// After so many failures the job waits for a person.
    const MAX_ATTEMPTS: u32 = 12;
    /// Greater runs earlier.
    const PRIORITY: i64 = 0;

    /// While a job of this name and key waits, another one is not enqueued: the waiting one will see the newest state.
    fn dedup_key(&self) -> Option<String> {
        None
    }

    /// The place in a process that waits for this job: when it is given up, that is told there.
    fn task(&self) -> Option<TaskToken> {
        None
    }
}

/// Which run of a job this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Id of the job, the same in all its runs: fit as an idempotency key towards a peer.
    pub job: Uuid,
    /// 1 for the first.
    pub number: u32,
    pub max: u32,
}

impl Attempt {
    /// No further run follows a failure of this one.
    pub fn is_last(self) -> bool {
        self.number >= self.max
    }
}

/// What runs a job's body.
pub type Handler = Arc<dyn Fn(Cx, Value, Attempt) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// Who runs which job.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<&'static str, Registered>);

#[derive(Clone)]
struct Registered {
    handler: Handler,
    /// Of jobs that a schedule enqueues; others bring their own.
    max_attempts: u32,
    parallel: usize,
}

/// Jobs of one name that run at the same time in one process.
const PARALLEL: usize = 4;

impl Handlers {
    /// Runs jobs named `name` with `handler`, four at a time.
    pub fn add(&mut self, name: &'static str, max_attempts: u32, handler: Handler) -> &mut Self {
        self.0.insert(name, Registered { handler, max_attempts, parallel: PARALLEL });
        self
    }

    /// Lets at most `parallel` jobs named `name` run at the same time in this process.
    pub fn parallel(&mut self, name: &str, parallel: usize) -> &mut Self {
        if let Some(registered) = self.0.get_mut(name) {
            registered.parallel = parallel.max(1);
        }
        self
    }

    /// Runs jobs of the type `J`.
    pub fn on<J: Job, F>(&mut self, run: fn(Cx, J, Attempt) -> F) -> &mut Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |cx, body, attempt| {
            Box::pin(async move {
                let job = serde_json::from_value::<J>(body);
                run(cx, job.map_err(|e| Error::internal(format!("body of {}: {e}", J::NAME)))?, attempt).await
            })
        });
        self.add(J::NAME, J::MAX_ATTEMPTS, handler)
    }
}

/// Enqueues a job that runs as soon as the caller's transaction is committed.
///
/// # Errors
/// Those of the database.
pub async fn enqueue<J: Job>(tx: &mut Tx, cx: &Cx, job: &J) -> Result<()> {
    enqueue_at(tx, cx, job, cx.now()).await
}

/// Enqueues a job that runs at `at` or soon after. When the same job waits already, the earlier time counts.
///
/// # Errors
/// Those of the database.
pub async fn enqueue_at<J: Job>(tx: &mut Tx, cx: &Cx, job: &J, at: Timestamp) -> Result<()> {
    let new = store::New {
        name: J::NAME,
        body: &serde_json::to_value(job)?,
        dedup_key: job.dedup_key(),
        priority: J::PRIORITY,
        max_attempts: J::MAX_ATTEMPTS,
        due: at,
        task: job.task(),
    };
    store::insert(tx, cx, new).await
}

/// Longest and shortest time between two runs of a failing job.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(6 * 3600));

/// Time until the next run: tripled with every failure, up to six hours; of that a random part between half and all,
/// so that jobs that failed together do not come back together.
fn backoff(failures: u32, random: [u8; 4]) -> Duration {
    let (first, longest) = BACKOFF;
    let full = first.saturating_mul(3u32.saturating_pow(failures.saturating_sub(1))).min(longest);
    full / 2 + (full / 2).mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_between_half_and_all() {
        for (failures, seconds) in [(1, 2), (2, 6), (3, 18), (8, 4374), (10, 21_600), (40, 21_600)] {
            let full = Duration::from_secs(seconds);
            assert_eq!(backoff(failures, [0; 4]), full / 2);
            assert_eq!(backoff(failures, [255; 4]), full);
            let middle = backoff(failures, [0, 0, 0, 128]);
            assert!(full / 2 < middle && middle < full);
        }
    }
}
