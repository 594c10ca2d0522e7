use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use db::{Db, Tx};
use futures_util::future::BoxFuture;
use kernel::{Cx, Error, Result, TaskToken, Timestamp, Uuid};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{AbortHandle, JoinSet},
};

use crate::{
    Attempt, Handlers, Schedules, backoff,
    store::{self, Due},
};

/// Makes the context of one job: the program itself as principal, with the city's time and randomness.
pub type CxFactory = Arc<dyn Fn() -> Cx + Send + Sync>;

/// A job that was given up although a process waits for it.
#[derive(Clone, Debug)]
pub struct GivenUp {
    pub job: Uuid,
    pub name: String,
    pub task: TaskToken,
    /// Code of the last failure.
    pub error: String,
}

/// Tells of it, in the transaction that gives the job up.
pub type OnGivenUp = for<'a> fn(&'a Cx, &'a mut Tx, GivenUp) -> BoxFuture<'a, Result<()>>;

/// How long a claim holds; it is renewed three times within.
const LEASE: Duration = Duration::from_secs(30);
/// Jobs at the same time in one process, over all names.
const AT_ONCE: usize = 32;
/// Jobs of other processes are looked for this often.
const POLL: Duration = Duration::from_millis(500);
/// Commits that follow each other closely are looked at together.
const GATHER: Duration = Duration::from_millis(10);

/// Runs the jobs of one city.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

struct Inner {
    db: Db,
    cx: CxFactory,
    handlers: Handlers,
    slots: HashMap<&'static str, Arc<Semaphore>>,
    schedules: Schedules,
    lease: Duration,
    on_given_up: Option<OnGivenUp>,
    /// Jobs in work with their fence.
    running: Mutex<HashMap<Uuid, i64>>,
}

/// What [`Runner::drain`] did.
#[derive(Debug, Default)]
pub struct Drained {
    /// Runs, failed ones included.
    pub ran: usize,
    pub failures: Vec<Failure>,
}

/// A run that failed.
#[derive(Debug)]
pub struct Failure {
    pub name: String,
    pub job: Uuid,
    /// No further run follows.
    pub dead: bool,
    pub error: Error,
}

struct Claimed {
    seen: Due,
    fence: i64,
    attempt: Attempt,
}

impl Runner {
    pub fn new(db: Db, cx: CxFactory, handlers: Handlers, schedules: Schedules) -> Self {
        let slots = handlers.0.iter().map(|(&name, r)| (name, Arc::new(Semaphore::new(r.parallel)))).collect();
        let (lease, on_given_up, running) = (LEASE, None, Mutex::default());
        Self(Arc::new(Inner { db, cx, handlers, slots, schedules, lease, on_given_up, running }))
    }

    /// Another lease than 30 seconds: the time after which a crashed node's jobs run again.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        self.changed(|inner| inner.lease = lease)
    }

    /// Whom to tell when a job is given up that a process waits for.
    #[must_use]
    pub fn telling(self, tell: OnGivenUp) -> Self {
        self.changed(|inner| inner.on_given_up = Some(tell))
    }

    fn changed(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let inner = &self.0;
        let mut changed = Inner {
            db: inner.db.clone(),
            cx: inner.cx.clone(),
            handlers: inner.handlers.clone(),
            slots: inner.slots.clone(),
            schedules: inner.schedules.clone(),
            lease: inner.lease,
            on_given_up: inner.on_given_up,
            running: Mutex::default(),
        };
        change(&mut changed);
        Self(Arc::new(changed))
    }

    /// Runs jobs and schedules until `shutdown`; then waits for running jobs, up to a third of the lease, and gives
    /// the others back. Failures of the database are logged and tried again.
    ///
    /// # Errors
    /// At the start, a schedule that cannot be understood.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) -> Result<()> {
        self.0.schedules.check()?;
        tokio::pin!(shutdown);
        let mut commits = self.0.db.commits();
        let mut running = JoinSet::new();
        let mut schedules_at = None;
        loop {
            commits.mark_unchanged();
            let wait = match self.0.clone().turn(&mut running, &mut schedules_at).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "jobs could not be looked up, trying again");
                    POLL
                }
            };
            let tick = async {
                if commits.changed().await.is_err() {
                    tokio::time::sleep(POLL).await;
                }
                tokio::time::sleep(GATHER).await;
            };
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = running.join_next() => log_end(ended),
                () = tick => {}
                () = tokio::time::sleep(wait) => {}
            }
            while let Some(ended) = running.try_join_next() {
                log_end(ended);
            }
        }
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.0.lease / 3, all).await.is_err() {
            running.shutdown().await;
            self.0.give_back().await;
        }
        Ok(())
    }

    /// Runs everything that is due now, with what follows from it, one job at a time until nothing is due: for tests.
    /// Schedules are not looked at.
    ///
    /// # Errors
    /// Those of the database; a job's own failure is in the answer.
    pub async fn drain(&self) -> Result<Drained> {
        let mut drained = Drained::default();
        loop {
            let Some(claimed) = self.0.claim_due(|_| 1, 1).await?.pop() else { return Ok(drained) };
            drained.ran += 1;
            drained.failures.extend(self.0.clone().execute(claimed).await);
        }
    }

    /// Enqueues the jobs of all schedules whose time has come.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fire_schedules(&self) -> Result<()> {
        self.0.fire_schedules().await.map(|_| ())
    }
}

fn log_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the runner of a job broke; the job runs again when its lease is over");
    }
}

impl Inner {
    /// Fires schedules, starts what is due, and answers how long there is nothing to do.
    async fn turn(
        self: Arc<Self>,
        running: &mut JoinSet<()>,
        schedules_at: &mut Option<Timestamp>,
    ) -> Result<Duration> {
        // Other nodes only move a schedule on, so nothing is missed by not looking before its time.
        if schedules_at.is_none_or(|at| at <= (self.cx)().now()) {
            *schedules_at = self.fire_schedules().await?;
        }
        let free = AT_ONCE.saturating_sub(running.len());
        let claimed =
            self.claim_due(|name| self.slots.get(name).map_or(0, |slot| slot.available_permits()), free).await?;
        for claimed in claimed {
            let slot =
                self.slots.get(claimed.seen.name.as_str()).and_then(|slot| slot.clone().try_acquire_owned().ok());
            running.spawn(self.clone().execute_in(slot, claimed));
        }
        let now = (self.cx)().now();
        let next_job = store::next_due(&mut self.db.read().await?).await?.filter(|due| *due > now);
        let next = [*schedules_at, next_job].into_iter().flatten().min();
        let wait = next.and_then(|at| Duration::try_from(at.duration_since(now)).ok());
        Ok(wait.map_or(POLL, |wait| wait.min(POLL)))
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, i64>> {
        self.running.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Puts back the jobs whose runs were cut short.
    async fn give_back(&self) {
        let cut: Vec<(Uuid, i64)> = self.running().drain().collect();
        let now = (self.cx)().now();
        for (id, fence) in cut {
            if let Err(error) = db::write!(self.db, |tx| { store::release(tx, id, fence, now).await }) {
                tracing::warn!(job = %id, %error, "job not given back, it runs again when its lease is over");
            }
        }
    }

    async fn fire_schedules(&self) -> Result<Option<Timestamp>> {
        let cx = (self.cx)();
        let mut next = None;
        for schedule in &self.schedules.0 {
            let Some(handler) = self.handlers.0.get(schedule.name) else { continue };
            let at = schedule.fire(&self.db, &cx, handler.max_attempts).await?;
            next = Some(next.map_or(at, |next: Timestamp| next.min(at)));
        }
        Ok(next)
    }

    /// Claims up to `limit` due jobs, and of each name as many as `free` says.
    async fn claim_due(&self, free: impl Fn(&str) -> usize, limit: usize) -> Result<Vec<Claimed>> {
        let now = (self.cx)().now();
        let mut rx = self.db.read().await?;
        if limit == 0 || store::next_due(&mut rx).await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let mut due = Vec::new();
        for name in self.handlers.0.keys() {
            let free = free(name).min(limit);
            if free > 0 {
                due.extend(store::due(&mut rx, name, now, free as i64).await?);
            }
        }
        drop(rx);
        due.sort_by_key(|job| (std::cmp::Reverse(job.priority), job.due, job.id));
        due.truncate(limit);
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let until = self.lease_end(now)?;
        let mine = db::write!(self.db, |tx| {
            let mut mine = Vec::with_capacity(due.len());
            for seen in &due {
                // Its last run took the program down with it, so nobody wrote down how it ended.
                if seen.attempts >= seen.max_attempts {
                    self.bury(tx, seen, seen.fence, "lost").await?;
                    mine.push(false);
                } else {
                    mine.push(store::claim(tx, seen, now, until).await?);
                }
            }
            Ok(mine)
        })?;
        let claimed = due.into_iter().zip(mine).filter(|(_, mine)| *mine);
        Ok(claimed
            .map(|(seen, _)| {
                let number = u32::try_from(seen.attempts + 1).unwrap_or(u32::MAX);
                let max = u32::try_from(seen.max_attempts).unwrap_or(u32::MAX);
                Claimed { fence: seen.fence + 1, attempt: Attempt { job: seen.id, number, max }, seen }
            })
            .collect())
    }

    fn lease_end(&self, now: Timestamp) -> Result<Timestamp> {
        now.saturating_add(self.lease).map_err(Error::internal)
    }

    async fn execute_in(self: Arc<Self>, slot: Option<OwnedSemaphorePermit>, claimed: Claimed) {
        let id = claimed.seen.id;
        self.running().insert(id, claimed.fence);
        self.clone().execute(claimed).await;
        self.running().remove(&id);
        drop(slot);
    }

    /// Runs a claimed job to its end and writes down how it ended.
    async fn execute(self: Arc<Self>, claimed: Claimed) -> Option<Failure> {
        let Claimed { seen, fence, attempt } = claimed;
        let started = Instant::now();
        let outcome = self.supervise(&seen, fence, attempt).await;
        let Some(result) = outcome else {
            tracing::warn!(job = %seen.id, name = seen.name, "lease lost, the run is broken off");
            return None;
        };
        let now = (self.cx)().now();
        let failure = result.err().map(|error| {
            let dead = attempt.is_last() || matches!(error, Error::Refused(_));
            tracing::warn!(job = %seen.id, name = seen.name, attempt = attempt.number, dead, %error, "job failed");
            Failure { name: seen.name.clone(), job: seen.id, dead, error }
        });
        if failure.is_none() {
            tracing::debug!(job = %seen.id, name = seen.name, took = ?started.elapsed(), "job done");
        }
        let wait = self.wait(&failure, attempt);
        let written = self.write_down(&seen, fence, &failure, now, wait).await;
        match written {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = %seen.id, name = seen.name, "the lease ran out, the job may run twice"),
            Err(error) => tracing::error!(job = %seen.id, %error, "the end of a job was not written, it runs again"),
        }
        failure
    }

    /// Gives a job up, and tells so where a process waits for it. Answers whether the job was still the one that was seen.
    async fn bury(&self, tx: &mut Tx, seen: &Due, fence: i64, error: &str) -> Result<bool> {
        let buried = store::bury(tx, seen.id, fence, error).await?;
        if buried
            && let Some(task) = seen.task()
            && let Some(tell) = self.on_given_up
        {
            let given_up = GivenUp { job: seen.id, name: seen.name.clone(), task, error: error.to_owned() };
            tell(&(self.cx)(), tx, given_up).await?;
        }
        Ok(buried)
    }

    /// Whether the job was still ours.
    async fn write_down(
        &self,
        seen: &Due,
        fence: i64,
        failure: &Option<Failure>,
        now: Timestamp,
        wait: Duration,
    ) -> Result<bool> {
        let id = seen.id;
        let due = now.saturating_add(wait).map_err(Error::internal)?;
        let started = Instant::now();
        loop {
            let written = db::write!(self.db, |tx| {
                let Some(failure) = failure else { return store::done(tx, id, fence).await };
                let code = store::failure_code(&failure.error);
                if failure.dead {
                    self.bury(tx, seen, fence, &code).await
                } else {
                    store::again(tx, id, fence, due, &code).await
                }
            });
            match written {
                // Forgetting a success costs a second run, so this tries longer than others; but not as long as the lease
                // holds, of which two thirds are left at worst: afterwards another node runs the job too.
                Err(Error::Again) if started.elapsed() < self.lease / 3 => tokio::time::sleep(POLL / 10).await,
                written => return written,
            }
        }
    }

    fn wait(&self, failure: &Option<Failure>, attempt: Attempt) -> Duration {
        let wait = backoff(attempt.number, (self.cx)().random());
        match failure {
            Some(Failure { error: Error::Throttled { seconds }, .. }) => {
                wait.max(Duration::from_secs((*seconds).into()))
            }
            _ => wait,
        }
    }

    /// Runs the handler as a task of its own, so that a panic is a failure of the job, and renews the lease meanwhile.
    /// `None` when the lease was lost.
    async fn supervise(&self, seen: &Due, fence: i64, attempt: Attempt) -> Option<Result<()>> {
        let Some(registered) = self.handlers.0.get(seen.name.as_str()) else {
            return Some(Err(Error::internal(format!("nobody runs {}", seen.name))));
        };
        let body: Value = match serde_json::from_str(&seen.body) {
            Ok(body) => body,
            Err(error) => return Some(Err(error.into())),
        };
        let mut task = tokio::spawn((registered.handler)((self.cx)(), body, attempt));
        let _guard = AbortOnDrop(task.abort_handle());
        loop {
            tokio::select! {
                ended = &mut task => {
                    return Some(ended.unwrap_or_else(|_| Err(Error::internal(format!("{} panicked", seen.name)))));
                }
                () = tokio::time::sleep(self.lease / 3) => {
                    let until = match self.lease_end((self.cx)().now()) {
                        Ok(until) => until,
                        Err(error) => return Some(Err(error)),
                    };
                    match db::write!(self.db, |tx| { store::renew(tx, seen.id, fence, until).await }) {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => tracing::warn!(job = %seen.id, %error, "lease not renewed, trying again"),
                    }
                }
            }
        }
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
