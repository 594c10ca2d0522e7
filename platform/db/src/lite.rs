//! SQLite: one writer whose commits are shared, a few readers.
//!
//! Writers queue for the one connection in order of arrival. Each runs inside a savepoint; the last one of a group
//! (queue empty, 64 members or 5 ms) moves the connection to a blocking thread and commits for all, and only then is
//! anyone answered. Statements run in place, on the thread that polls the request.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kernel::{Error, Result, TenantId};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, watch};

use crate::{
    BeforeCommit, Tx, V,
    group::{Committed, Members, OneWriter, Queued},
    row::{Inner, Row},
};

const READERS: usize = 4;
const GROUP_MEMBERS: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(5);

pub(crate) struct Lite {
    tenant: TenantId,
    path: PathBuf,
    writer: Arc<AsyncMutex<Writer>>,
    waiting: AtomicUsize,
    readers: Mutex<Vec<Connection>>,
    reader_slots: Arc<Semaphore>,
    before_commit: OnceLock<Arc<dyn BeforeCommit>>,
    commits: watch::Sender<u64>,
}

pub(crate) struct Writer {
    conn: Connection,
    group: Option<Group>,
}

struct Group {
    started: Instant,
    members: Members,
}

impl Group {
    /// Whether those whose work is kept have waited long enough for others.
    fn full(&self) -> bool {
        self.members.len() >= GROUP_MEMBERS || self.started.elapsed() >= GROUP_TIME
    }
}

pub(crate) fn error(e: rusqlite::Error) -> Error {
    match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Again,
        Some(ErrorCode::OperationInterrupted) => Error::internal("a read took too long and was stopped"),
        _ => Error::Internal(e.into()),
    }
}

pub(crate) fn connect(path: &Path, writable: bool) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    flags |= if writable {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let conn = Connection::open_with_flags(path, flags).map_err(error)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(error)?;
    conn.set_prepared_statement_cache_capacity(512);
    if writable {
        conn.pragma_update(None, "journal_mode", "WAL").map_err(error)?;
        conn.pragma_update(None, "synchronous", "FULL").map_err(error)?;
        conn.pragma_update(None, "foreign_keys", true).map_err(error)?;
        conn.pragma_update(None, "wal_autocheckpoint", 4000).map_err(error)?;
    }
    conn.pragma_update(None, "cache_size", -32_768).map_err(error)?;
    conn.pragma_update(None, "temp_store", "MEMORY").map_err(error)?;
    Ok(conn)
}

impl Lite {
    pub(crate) fn open(path: &Path, tenant: TenantId, commits: watch::Sender<u64>) -> Result<Arc<Self>> {
        let conn = connect(path, true)?;
        Ok(Arc::new(Self {
            tenant,
            path: path.to_owned(),
            writer: Arc::new(AsyncMutex::new(Writer { conn, group: None })),
            waiting: AtomicUsize::new(0),
            readers: Mutex::new(Vec::new()),
            reader_slots: Arc::new(Semaphore::new(READERS)),
            before_commit: OnceLock::new(),
            commits,
        }))
    }

    /// A database to look at: whoever writes to it after all is refused by the engine.
    pub(crate) fn open_to_look(path: &Path, tenant: TenantId, commits: watch::Sender<u64>) -> Result<Arc<Self>> {
        let lite = Self::open(path, tenant, commits)?;
        if let Ok(writer) = lite.writer.try_lock() {
            writer.conn.pragma_update(None, "query_only", true).map_err(error)?;
        }
        Ok(lite)
    }

    pub(crate) fn set_before_commit(&self, hook: Arc<dyn BeforeCommit>) {
        // A second call would mean two numberings of one journal: the first stays.
        let _ = self.before_commit.set(hook);
    }

    pub(crate) async fn read(self: &Arc<Self>, limit: Duration) -> Result<ReadLease> {
        let slot = self.reader_slots.clone().acquire_owned().await.map_err(Error::internal)?;
        let spare = self.readers.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let mut conn = match spare {
            Some(conn) => conn,
            None => connect(&self.path, false)?,
        };
        let started = Instant::now();
        conn.progress_handler(20_000, Some(move || started.elapsed() > limit)).map_err(error)?;
        conn.execute_batch("BEGIN").map_err(error)?;
        Ok(ReadLease { conn: Some(conn), home: self.clone(), _slot: slot })
    }

    pub(crate) async fn begin(self: &Arc<Self>) -> Result<WriteLease> {
        let queued = Queued::new(self.clone());
        let mut writer = self.writer.clone().lock_owned().await;
        queued.served();
        if writer.group.is_none() {
            if !writer.conn.is_autocommit() {
                // A commit that panicked left its transaction open; its members were told to run again.
                writer.conn.execute_batch("ROLLBACK").map_err(error)?;
            }
            writer.conn.execute_batch("BEGIN IMMEDIATE").map_err(error)?;
            writer.group = Some(Group { started: Instant::now(), members: Members::default() });
        }
        let lease = WriteLease { writer: Some(writer), home: self.clone(), in_savepoint: true };
        lease.conn()?.execute_batch("SAVEPOINT member").map_err(error)?;
        Ok(lease)
    }

    /// Commits the open group on a blocking thread and answers its members.
    fn commit(self: &Arc<Self>, writer: OwnedMutexGuard<Writer>) -> tokio::task::JoinHandle<()> {
        let home = self.clone();
        tokio::task::spawn_blocking(move || home.commit_now(writer))
    }

    fn commit_now(self: Arc<Self>, mut writer: OwnedMutexGuard<Writer>) {
        let Some(group) = writer.group.take() else { return };
        let (writer, numbered) = match self.before_commit.get() {
            None => (writer, Ok(())),
            Some(hook) => {
                let lease = WriteLease { writer: Some(writer), home: self.clone(), in_savepoint: false };
                let mut tx = Tx::from_lite(lease, self.tenant);
                // On SQLite nothing in the hook waits, so this never parks the thread.
                let numbered = tokio::runtime::Handle::current().block_on(hook.run(&mut tx));
                match tx.into_lite().and_then(|mut lease| lease.writer.take()) {
                    Some(writer) => (writer, numbered),
                    None => return,
                }
            }
        };
        let committed = numbered.and_then(|()| writer.conn.execute_batch("COMMIT").map_err(error));
        if committed.is_ok() {
            self.commits.send_modify(|n| *n += 1);
        } else if !writer.conn.is_autocommit() {
            let _ = writer.conn.execute_batch("ROLLBACK");
        }
        let outcome = Committed::of(committed, group.members.len());
        group.members.tell(&outcome);
    }

    pub(crate) async fn copy_to(self: &Arc<Self>, path: PathBuf) -> Result<()> {
        let from = self.path.clone();
        tokio::task::spawn_blocking(move || {
            let source = connect(&from, false)?;
            let mut target = Connection::open(&path).map_err(error)?;
            let backup = rusqlite::backup::Backup::new(&source, &mut target).map_err(error)?;
            // All pages in one step: one consistent snapshot, and writers are not held up in WAL mode.
            backup.run_to_completion(i32::MAX, Duration::ZERO, None).map_err(error)
        })
        .await
        .map_err(Error::internal)?
    }
}

impl OneWriter for Lite {
    fn waiting(&self) -> &AtomicUsize {
        &self.waiting
    }

    async fn flush(self: Arc<Self>) {
        let mut writer = self.writer.clone().lock_owned().await;
        match &writer.group {
            Some(group) if group.members.is_empty() => {
                writer.group = None;
                let _ = writer.conn.execute_batch("ROLLBACK");
            }
            Some(_) => {
                let _ = self.commit(writer).await;
            }
            None => {}
        }
    }
}

pub(crate) struct WriteLease {
    writer: Option<OwnedMutexGuard<Writer>>,
    home: Arc<Lite>,
    in_savepoint: bool,
}

impl WriteLease {
    pub(crate) fn conn(&self) -> Result<&Connection> {
        self.writer.as_ref().map(|w| &w.conn).ok_or_else(|| Error::internal("transaction is over"))
    }

    /// Keeps the member's work and waits until the group's commit is on disk.
    pub(crate) async fn keep(mut self) -> Result<()> {
        self.in_savepoint = false;
        let Some(mut writer) = self.writer.take() else { return Err(Error::internal("transaction is over")) };
        if writer.conn.is_autocommit() {
            lose(&mut writer);
            return Err(Error::Again);
        }
        if let Err(e) = writer.conn.execute_batch("RELEASE member") {
            lose(&mut writer);
            return Err(error(e));
        }
        let Some(group) = &mut writer.group else { return Err(Error::internal("no open group")) };
        let outcome = group.members.add();
        let full = group.full();
        if full || self.home.waiting.load(Ordering::SeqCst) == 0 {
            drop(self.home.commit(writer));
        } else {
            drop(writer);
        }
        // Nobody tells when the work in the commit panicked; its transaction is rolled back.
        outcome.told(Error::Again).await
    }

    /// Takes the member's work back; the others of the group keep theirs.
    pub(crate) async fn undo(mut self) {
        self.in_savepoint = false;
        let Some(mut writer) = self.writer.take() else { return };
        undo_savepoint(&mut writer);
        self.home.clone().leave(writer);
    }
}

impl Lite {
    /// Hands the connection on after a member took its work back. The others do not wait for ever for one that keeps
    /// something.
    fn leave(self: Arc<Self>, mut writer: OwnedMutexGuard<Writer>) {
        let others = writer.group.as_ref().is_some_and(|g| !g.members.is_empty());
        let full = writer.group.as_ref().is_some_and(Group::full);
        if self.waiting.load(Ordering::SeqCst) > 0 && !(others && full) {
            return;
        }
        if others {
            drop(self.commit(writer));
        } else if writer.group.take().is_some() {
            let _ = writer.conn.execute_batch("ROLLBACK");
        }
    }
}

fn undo_savepoint(writer: &mut Writer) {
    if writer.conn.is_autocommit() || writer.conn.execute_batch("ROLLBACK TO member; RELEASE member").is_err() {
        lose(writer);
    }
}

/// The whole group is gone: everybody in it runs again.
fn lose(writer: &mut Writer) {
    if !writer.conn.is_autocommit() {
        let _ = writer.conn.execute_batch("ROLLBACK");
    }
    if let Some(group) = writer.group.take() {
        tracing::warn!(members = group.members.len(), "the engine rolled back a group of writers");
        group.members.tell(&Committed::Again);
    }
}

impl Drop for WriteLease {
    /// A dropped request rolls back to its savepoint and leaves the commit of the others to somebody.
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        if !self.in_savepoint {
            return;
        }
        undo_savepoint(&mut writer);
        if tokio::runtime::Handle::try_current().is_ok() {
            self.home.clone().leave(writer);
        }
    }
}

pub(crate) struct ReadLease {
    conn: Option<Connection>,
    home: Arc<Lite>,
    _slot: OwnedSemaphorePermit,
}

impl ReadLease {
    pub(crate) fn conn(&self) -> Result<&Connection> {
        self.conn.as_ref().ok_or_else(|| Error::internal("read view is over"))
    }
}

impl Drop for ReadLease {
    fn drop(&mut self) {
        if let Some(mut conn) = self.conn.take()
            && conn.progress_handler(0, None::<fn() -> bool>).is_ok()
            && conn.execute_batch("ROLLBACK").is_ok()
        {
            self.home.readers.lock().unwrap_or_else(|e| e.into_inner()).push(conn);
        }
    }
}

/// Binds by the number in the name: SQLite would number `$3 … $2` in order of appearance.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, tenant: TenantId, params: &[V]) -> Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        match number {
            Some(1) => statement.raw_bind_parameter(index, tenant.0).map_err(error)?,
            Some(n) if n >= 2 && n - 2 < params.len() => {
                statement.raw_bind_parameter(index, &params[n - 2]).map_err(error)?;
            }
            _ => return Err(Error::internal("a statement names a parameter that was not given")),
        }
    }
    Ok(())
}

pub(crate) fn query(conn: &Connection, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<Vec<Row>> {
    let mut statement = conn.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, tenant, params)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error)? {
        let values = (0..columns.len()).map(|i| row.get(i)).collect::<rusqlite::Result<_>>().map_err(error)?;
        found.push(Row(Inner::Lite { columns: columns.clone(), values }));
    }
    Ok(found)
}

pub(crate) fn exec(conn: &Connection, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<u64> {
    let mut statement = conn.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, tenant, params)?;
    Ok(statement.raw_execute().map_err(error)? as u64)
}

pub(crate) fn batch(conn: &Connection, sql: &'static str) -> Result<()> {
    conn.execute_batch(sql).map_err(error)
}
