//! Writers on PostgreSQL: one after the other, several in one transaction.
//!
//! Writers of a city want the same rows: the running number of a file, the counts of the lists, the head of the journal.
//! Side by side they run into each other, and all but one begin again. So they queue for one connection in order of
//! arrival, as on SQLite. Each runs inside a savepoint; the last one of a group (queue empty, 32 members or 20 ms)
//! commits for all, and only then is anyone answered. Programs on other nodes wait in line at an advisory lock of the
//! city. Transactions are SERIALIZABLE all the same: for whoever writes without this program.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{Object, Pool};
use kernel::{Error, Result, TenantId};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    time::{Instant, timeout_at},
};

use super::{ACQUIRE, at_commit, connection, error, exec, query};
use crate::{
    V,
    group::{Committed, Members, OneWriter, Queued},
    row::Row,
};

/// PostgreSQL keeps the numbers of 64 savepoints of a transaction at hand; beyond that every reader looks them up.
const GROUP_MEMBERS: usize = 32;
const GROUP_TIME: Duration = Duration::from_millis(20);
/// Longest time of one statement.
const STATEMENT: Duration = Duration::from_secs(30);
/// A program that says nothing for so long in the middle of a transaction hangs or is cut off: the server ends its
/// connection, and other nodes go on.
const SILENCE: Duration = Duration::from_secs(60);
/// Between two attempts to reach a server that restarts.
const RECONNECT: Duration = Duration::from_millis(250);
/// First half of the number of the advisory locks, one per city: "meer".
const LOCK: i64 = 0x6d65_6572 << 32;

pub(crate) struct Writers {
    pool: Pool,
    tenant: TenantId,
    turn: Arc<Mutex<Option<Group>>>,
    waiting: AtomicUsize,
    commits: watch::Sender<u64>,
}

/// The right to write, with the open transaction; none between two groups.
type Turn = OwnedMutexGuard<Option<Group>>;

/// An open transaction. Between two members it stands in an empty savepoint, the next one's.
struct Group {
    client: Object,
    started: Instant,
    members: Members,
}

impl Group {
    /// Whether those whose work is kept have waited long enough for others.
    fn full(&self) -> bool {
        self.members.len() >= GROUP_MEMBERS || self.started.elapsed() >= GROUP_TIME
    }
}

impl Writers {
    /// `pool` has one connection, so that readers keep no writer waiting.
    pub(super) fn new(pool: Pool, tenant: TenantId, commits: watch::Sender<u64>) -> Self {
        Self { pool, tenant, turn: Arc::default(), waiting: AtomicUsize::new(0), commits }
    }

    fn lock(&self) -> i64 {
        LOCK ^ self.tenant.0
    }

    pub(super) async fn begin(self: &Arc<Self>) -> Result<WriteLease> {
        let deadline = Instant::now() + ACQUIRE;
        let queued = Queued::new(self.clone());
        let Ok(turn) = timeout_at(deadline, self.turn.clone().lock_owned()).await else {
            tracing::warn!("other writers took longer than {ACQUIRE:?}");
            return Err(Error::Again);
        };
        queued.served();
        let mut lease = WriteLease { turn: Some(turn), home: self.clone(), lost: false, spoke: Instant::now() };
        lease.open(deadline).await?;
        Ok(lease)
    }

    /// A member's work is taken back; the others of the group keep theirs. They do not wait for ever for one that keeps
    /// something, nor do other nodes.
    async fn undo(self: Arc<Self>, turn: Turn, lost: bool) {
        let Some(group) = &*turn else { return };
        if lost || group.client.batch_execute("ROLLBACK TO SAVEPOINT member").await.is_err() {
            self.lose(turn).await;
        } else if self.waiting.load(Ordering::SeqCst) == 0 || group.full() {
            self.end(turn).await;
        }
    }

    /// Commits the open group and answers its members.
    async fn end(self: Arc<Self>, mut turn: Turn) {
        let Some(Group { client, members, .. }) = turn.take() else { return };
        if members.is_empty() {
            return reset(client).await;
        }
        let unlock = format!("SELECT pg_advisory_unlock({})", self.lock());
        // COMMIT of a transaction that is broken says yes and keeps nothing; giving the savepoint up says no then. The lock
        // goes back in a message of its own, under way at the same time: whatever becomes of it, what was kept is kept.
        let (committed, unlocked) = tokio::join!(
            biased;
            client.batch_execute("RELEASE SAVEPOINT member; COMMIT"),
            client.batch_execute(&unlock)
        );
        let result = committed.map_err(at_commit);
        let (kept, unlocked) = (result.is_ok(), unlocked.is_ok());
        if kept {
            self.commits.send_modify(|n| *n += 1);
        }
        match (kept, unlocked) {
            (true, true) => drop(client),
            // Who hangs up gives the lock back.
            (true, false) => drop(Object::take(client)),
            (false, _) => reset(client).await,
        }
        let outcome = Committed::of(result, members.len());
        drop(turn);
        members.tell(&outcome);
    }

    /// The whole group is gone: everybody in it runs again.
    async fn lose(self: Arc<Self>, mut turn: Turn) {
        let Some(Group { client, members, .. }) = turn.take() else { return };
        if !members.is_empty() {
            tracing::warn!(members = members.len(), "a group of writers was lost");
        }
        reset(client).await;
        drop(turn);
        members.tell(&Committed::Again);
    }
}

impl OneWriter for Writers {
    fn waiting(&self) -> &AtomicUsize {
        &self.waiting
    }

    async fn flush(self: Arc<Self>) {
        let turn = self.turn.clone().lock_owned().await;
        if self.waiting.load(Ordering::SeqCst) == 0 {
            self.end(turn).await;
        }
    }
}

/// Gives a connection back as it was, or closes it.
async fn reset(client: Object) {
    if client.batch_execute("ROLLBACK; SELECT pg_advisory_unlock_all()").await.is_err() {
        drop(Object::take(client));
    }
}

/// One writer's part of the open transaction.
pub(crate) struct WriteLease {
    turn: Option<Turn>,
    home: Arc<Writers>,
    /// The engine gave the whole transaction up; going back to the savepoint does not help.
    lost: bool,
    /// When the last statement ended.
    spoke: Instant,
}

impl WriteLease {
    fn client(&self) -> Result<&Object> {
        let group = self.turn.as_ref().and_then(|turn| (**turn).as_ref());
        group.map(|group| &group.client).ok_or_else(|| Error::internal("transaction is over"))
    }

    /// Begins a transaction, unless one is open. A server that restarts is waited for.
    async fn open(&mut self, deadline: Instant) -> Result<()> {
        loop {
            match self.open_once(deadline).await {
                Err(Error::Again) if Instant::now() + RECONNECT < deadline => {
                    if let Some(group) = self.turn.as_mut().and_then(|turn| turn.take()) {
                        drop(Object::take(group.client));
                    }
                    tokio::time::sleep(RECONNECT).await;
                }
                opened => return opened,
            }
        }
    }

    async fn open_once(&mut self, deadline: Instant) -> Result<()> {
        let home = self.home.clone();
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.is_none()) else { return Ok(()) };
        let Ok(client) = timeout_at(deadline, home.pool.get()).await else {
            tracing::warn!("no connection to the database was free within {ACQUIRE:?}");
            return Err(Error::Again);
        };
        let client = client.map_err(connection)?;
        let left = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
        // The lock is waited for in a transaction of its own: the one that writes has to see what others wrote before,
        // and its view begins with its first statement.
        let begin = format!(
            "BEGIN; SET LOCAL lock_timeout = {left}; SELECT pg_advisory_lock({}); COMMIT;
             BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL meer.tenant = '{}'; SET LOCAL statement_timeout = {};
             SET LOCAL idle_in_transaction_session_timeout = {}; SAVEPOINT member",
            home.lock(),
            home.tenant.0,
            STATEMENT.as_millis(),
            SILENCE.as_millis()
        );
        // It lies in the group before it begins, so that a request dropped here leaves no open transaction behind.
        let group = turn.insert(Group { client, started: Instant::now(), members: Members::default() });
        group.client.batch_execute(&begin).await.map_err(error)
    }

    pub(crate) async fn query(&mut self, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<Vec<Row>> {
        let result = query(self.client()?, sql, tenant, params).await;
        self.seen(result)
    }

    pub(crate) async fn exec(&mut self, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<u64> {
        let result = exec(self.client()?, sql, tenant, params).await;
        self.seen(result)
    }

    pub(crate) async fn batch(&mut self, sql: &'static str) -> Result<()> {
        let result = self.client()?.batch_execute(sql).await.map_err(error);
        self.seen(result)
    }

    fn seen<T>(&mut self, result: Result<T>) -> Result<T> {
        let quiet = self.spoke.elapsed();
        self.spoke = Instant::now();
        match result {
            Err(Error::Again) => {
                self.lost = true;
                // It would be as quiet the next time, and nobody else writes meanwhile.
                let hung = quiet >= SILENCE;
                Err(if hung { Error::internal("a write transaction said nothing for too long") } else { Error::Again })
            }
            result => result,
        }
    }

    /// Keeps the member's work and waits for the group's commit.
    pub(crate) async fn keep(mut self) -> Result<()> {
        if self.lost {
            self.undo().await;
            return Err(Error::Again);
        }
        // Fails after a statement that failed, when the body went on all the same: nothing of it may be kept.
        if let Err(error) = self.batch("RELEASE SAVEPOINT member; SAVEPOINT member").await {
            self.undo().await;
            return Err(error);
        }
        let mut turn = self.turn.take();
        let Some(group) = turn.as_mut().and_then(|turn| (**turn).as_mut()) else {
            return Err(Error::internal("transaction is over"));
        };
        let outcome = group.members.add();
        let full = group.full();
        if (full || self.home.waiting.load(Ordering::SeqCst) == 0)
            && let Some(turn) = turn.take()
        {
            // In a task of its own: a request that is dropped takes nobody's commit along.
            tokio::spawn(self.home.clone().end(turn));
        }
        drop(turn);
        // A commit that nobody saw the end of, because the program ends: not to be done twice.
        outcome.told(Error::internal("the commit was cut off")).await
    }

    /// Takes the member's work back; the others of the group keep theirs.
    pub(crate) async fn undo(mut self) {
        if let Some(turn) = self.turn.take() {
            let _ = tokio::spawn(self.home.clone().undo(turn, self.lost)).await;
        }
    }
}

impl Drop for WriteLease {
    /// A dropped request goes back to its savepoint and leaves the commit of the others to somebody.
    fn drop(&mut self) {
        let Some(mut turn) = self.turn.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(self.home.clone().undo(turn, self.lost));
            }
            // Nobody is left to answer: the server ends the transaction when the connection closes.
            Err(_) => {
                if let Some(group) = turn.take() {
                    drop(Object::take(group.client));
                }
            }
        }
    }
}
