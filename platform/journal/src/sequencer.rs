use std::{future::Future, pin::Pin, time::Duration};

use db::{BeforeCommit, Db, Engine, Rx, Tx, params};
use kernel::{Error, Result, Sources, Uuid};
use serde_json::{Value, json};
use tlog::Hash;

use crate::{
    evidence::hex,
    tree::{frontier, size},
};

/// Entries that get their number in one transaction.
const BATCH: i64 = 1024;

/// Numbers new entries as the last work of every commit (SQLite), together with their tree nodes and the head.
///
/// Every process that emits must set it: `db.set_before_commit(Arc::new(Sequencer))`.
pub struct Sequencer;

impl BeforeCommit for Sequencer {
    fn run<'a>(&'a self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            loop {
                let new = unnumbered(tx).await?;
                if new.is_empty() {
                    return Ok(());
                }
                number(tx, &new).await?;
            }
        })
    }
}

db::record! {
    struct New {
        id: Uuid,
        leaf: Hash,
    }
}

async fn unnumbered(rx: &mut Rx) -> Result<Vec<New>> {
    let sql = "SELECT id, leaf FROM journal_entry WHERE tenant = $1 AND seq IS NULL ORDER BY txn, ord LIMIT $2";
    rx.list(sql, params![BATCH]).await
}

/// Gives the entries the next numbers in this order.
async fn number(tx: &mut Tx, new: &[New]) -> Result<()> {
    let mut tree = frontier(tx).await?;
    let before = i64::try_from(tree.size()).map_err(Error::internal)?;
    let mut numbers = Vec::with_capacity(new.len());
    let mut nodes = Vec::with_capacity(new.len() * 2);
    for (entry, seq) in new.iter().zip(before + 1..) {
        numbers.push((entry.id, seq));
        for node in tree.append(entry.leaf) {
            nodes.push(json!({"level": node.level, "idx": node.index, "hash": hex(&node.hash)}));
        }
    }
    give_numbers(tx, &numbers).await?;
    let sql = db::either(
        "INSERT INTO journal_node (tenant, level, idx, hash)
         SELECT $1, value ->> 'level', value ->> 'idx', unhex(value ->> 'hash') FROM json_each($2)",
        "INSERT INTO journal_node (tenant, level, idx, hash)
         SELECT $1, n.level, n.idx, decode(n.hash, 'hex')
         FROM jsonb_to_recordset($2) AS n(level BIGINT, idx BIGINT, hash TEXT)",
    );
    tx.exec(sql, params![Value::Array(nodes)]).await?;
    let after = before + new.len() as i64;
    let sql = "INSERT INTO journal_head (tenant, size, frontier) VALUES ($1, $2, $3)
               ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, frontier = excluded.frontier
               WHERE journal_head.size = $4";
    match tx.exec(sql, params![after, tree.hashes().concat(), before]).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict("journal-numbered-elsewhere")),
    }
}

/// # Errors
/// [`Error::Conflict`] when one of them has a number already.
async fn give_numbers(tx: &mut Tx, numbers: &[(Uuid, i64)]) -> Result<()> {
    let mut changed = 0;
    match tx.engine() {
        Engine::Sqlite => {
            let sql = "UPDATE journal_entry SET seq = $3 WHERE tenant = $1 AND id = $2 AND seq IS NULL";
            for &(id, seq) in numbers {
                changed += tx.exec(sql, params![id, seq]).await?;
            }
        }
        // One round trip. SQLite has none to save, and would read the whole list once per journal row.
        Engine::Postgres => {
            let list = numbers.iter().map(|(id, seq)| json!({"id": id, "seq": seq})).collect();
            let sql = db::either(
                "UPDATE journal_entry SET seq = n.seq
                 FROM (SELECT unhex(value ->> 'id', '-') AS id, value ->> 'seq' AS seq FROM json_each($2)) AS n
                 WHERE journal_entry.tenant = $1 AND journal_entry.id = n.id AND journal_entry.seq IS NULL",
                "UPDATE journal_entry AS e SET seq = n.seq FROM jsonb_to_recordset($2) AS n(id UUID, seq BIGINT)
                 WHERE e.tenant = $1 AND e.id = n.id AND e.seq IS NULL",
            );
            changed += tx.exec(sql, params![Value::Array(list)]).await?;
        }
    }
    if changed == numbers.len() as u64 { Ok(()) } else { Err(Error::Conflict("journal-numbered-elsewhere")) }
}

/// Numbers everything that is committed, now: for tests, imports and an orderly end. Returns the journal's size.
///
/// # Errors
/// [`Error::Conflict`] when another process numbers at the same moment; nothing is lost then.
pub async fn settle(db: &Db) -> Result<i64> {
    loop {
        // Seen through a read view: a serializable write that looks for new entries would collide with all who add
        // them.
        let new = unnumbered(&mut db.read().await?).await?;
        if new.is_empty() {
            return size(&mut db.read().await?).await;
        }
        db::write!(db, |tx| { number(tx, &new).await })?;
    }
}

/// A lease is renewed with every batch and at half its time.
const LEASE: Duration = Duration::from_secs(6);
/// At least this long between batches, so that entries share them.
const PAUSE: Duration = Duration::from_millis(20);
/// Commits of other processes are looked for this often.
const POLL: Duration = Duration::from_millis(120);
/// How often a process without the lease, or after an error, tries again.
const STANDBY: Duration = Duration::from_secs(1);

/// Numbers committed entries of one city until `shutdown` (PostgreSQL), at most 200 ms after their commit. Any number
/// of processes may run it; a lease row decides who works, and its fence stops whoever lost it without noticing.
///
/// On SQLite the [`Sequencer`] does the work, and this only waits for `shutdown`.
///
/// # Errors
/// None on its own: what fails is logged and tried again.
pub async fn run_sequencer(db: Db, sources: Sources, shutdown: impl Future<Output = ()> + Send) -> Result<()> {
    tokio::pin!(shutdown);
    if db.engine() == Engine::Sqlite {
        shutdown.await;
        return Ok(());
    }
    let mut commits = db.commits();
    let mut lease = Lease { owner: sources.uuid(), fence: None, renew_at: 0 };
    loop {
        commits.mark_unchanged();
        let (pause, listen) = match lease.work(&db, &sources).await {
            Ok(Work::Numbered) => (PAUSE, false),
            Ok(Work::Idle) => (POLL, true),
            Ok(Work::Standby) => (STANDBY, false),
            Err(error) => {
                tracing::warn!(%error, "entries could not be numbered, trying again");
                lease.fence = None;
                (STANDBY, false)
            }
        };
        let wait = async {
            if listen {
                let _ = tokio::time::timeout(pause, commits.changed()).await;
            } else {
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = &mut shutdown => break,
            () = wait => {}
        }
    }
    lease.release(&db).await
}

enum Work {
    Numbered,
    Idle,
    /// Another process holds the lease.
    Standby,
}

struct Lease {
    owner: Uuid,
    fence: Option<i64>,
    /// Microseconds since 1970.
    renew_at: i64,
}

impl Lease {
    async fn work(&mut self, db: &Db, sources: &Sources) -> Result<Work> {
        let mut rx = db.read().await?;
        let now = sources.now();
        let Some(fence) = self.fence else {
            let sql = "SELECT held_until FROM journal_lease WHERE tenant = $1";
            let held_until = rx.opt::<(kernel::Timestamp,)>(sql, &[]).await?;
            if held_until.is_some_and(|(until,)| until > now) {
                return Ok(Work::Standby);
            }
            drop(rx);
            return self.acquire(db, now).await;
        };
        let new = unnumbered(&mut rx).await?;
        drop(rx);
        if new.is_empty() && now.as_microsecond() < self.renew_at {
            return Ok(Work::Idle);
        }
        let until = now.saturating_add(LEASE).map_err(Error::internal)?;
        db::write!(db, |tx| {
            let sql = "UPDATE journal_lease SET held_until = $3 WHERE tenant = $1 AND owner = $2 AND fence = $4";
            if tx.exec(sql, params![self.owner, until, fence]).await? != 1 {
                return Err(Error::Conflict("journal-lease-lost"));
            }
            if new.is_empty() { Ok(()) } else { number(tx, &new).await }
        })?;
        self.renew_at = now.as_microsecond() + (LEASE / 2).as_micros() as i64;
        Ok(if new.is_empty() { Work::Idle } else { Work::Numbered })
    }

    async fn acquire(&mut self, db: &Db, now: kernel::Timestamp) -> Result<Work> {
        let until = now.saturating_add(LEASE).map_err(Error::internal)?;
        self.fence = db::write!(db, |tx| {
            let sql = "INSERT INTO journal_lease (tenant, owner, fence, held_until) VALUES ($1, $2, 1, $3)
                       ON CONFLICT (tenant) DO UPDATE
                       SET owner = excluded.owner, fence = journal_lease.fence + 1, held_until = excluded.held_until
                       WHERE journal_lease.held_until <= $4";
            if tx.exec(sql, params![self.owner, until, now]).await? != 1 {
                return Ok(None);
            }
            let sql = "SELECT fence FROM journal_lease WHERE tenant = $1 AND owner = $2";
            Ok(tx.opt::<(i64,)>(sql, params![self.owner]).await?.map(|(fence,)| fence))
        })?;
        self.renew_at = 0;
        // Numbered or not: look again soon.
        Ok(if self.fence.is_some() { Work::Numbered } else { Work::Standby })
    }

    /// Lets the next process start at once.
    async fn release(self, db: &Db) -> Result<()> {
        let Some(fence) = self.fence else { return Ok(()) };
        let long_ago = kernel::Timestamp::UNIX_EPOCH;
        db::write!(db, |tx| {
            let sql = "UPDATE journal_lease SET held_until = $3 WHERE tenant = $1 AND owner = $2 AND fence = $4";
            tx.exec(sql, params![self.owner, long_ago, fence]).await?;
            Ok(())
        })
    }
}
