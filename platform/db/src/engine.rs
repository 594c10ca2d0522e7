use std::{
    future::Future,
    ops::{Deref, DerefMut},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{Error, Result, TenantId};
use tokio::sync::watch;

use crate::{
    Migrations, V, lite, migrate, pg,
    row::{FromRow, Row},
    sql::Sql,
};

/// Where a city's data lies.
#[derive(Clone, Debug)]
pub enum Url {
    /// A SQLite file, made when absent.
    Sqlite(PathBuf),
    /// `postgres://…`, without the password in logs.
    Postgres(Box<pg::Config>),
}

impl Url {
    /// `sqlite:PATH` or a `postgres://` URL.
    pub fn parse(text: &str) -> Result<Url> {
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Url::Sqlite(PathBuf::from(path))),
            Some(_) => Err(Error::internal("sqlite: needs a path, e.g. sqlite:data/meerbusch.db")),
            None => pg::Config::parse(text).map(|config| Url::Postgres(Box::new(config))),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Work that belongs into every commit, run last (the journal's numbering on SQLite).
pub trait BeforeCommit: Send + Sync {
    fn run<'a>(&'a self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}

/// One city's open database.
#[derive(Clone)]
pub struct Db {
    tenant: TenantId,
    backend: Backend,
    commits: watch::Sender<u64>,
}

#[derive(Clone)]
enum Backend {
    Lite(Arc<lite::Lite>),
    Pg(Arc<pg::Pg>),
}

impl Db {
    /// Opens, migrating first where needed; refuses a file whose schema is newer than this program.
    pub async fn open(url: &Url, tenant: TenantId, migrations: &[Migrations]) -> Result<Db> {
        let (commits, _) = watch::channel(0);
        let backend = match url {
            Url::Sqlite(path) => {
                migrate::sqlite(path, migrations)?;
                Backend::Lite(lite::Lite::open(path, tenant, commits.clone())?)
            }
            Url::Postgres(config) => {
                migrate::postgres(config, migrations).await?;
                Backend::Pg(Arc::new(pg::Pg::open(config, tenant, commits.clone())?))
            }
        };
        Ok(Db { tenant, backend, commits })
    }

    /// Opens a database to look at it: nothing is migrated or made.
    ///
    /// # Errors
    /// A schema that is older or newer than this program's, with what to do, in German for the operator.
    pub async fn open_to_look(url: &Url, tenant: TenantId, migrations: &[Migrations]) -> Result<Db> {
        let (commits, _) = watch::channel(0);
        let backend = match url {
            Url::Sqlite(path) => {
                migrate::sqlite_same(path, migrations)?;
                Backend::Lite(lite::Lite::open_to_look(path, tenant, commits.clone())?)
            }
            Url::Postgres(config) => {
                migrate::postgres_same(config, migrations).await?;
                Backend::Pg(Arc::new(pg::Pg::open(config, tenant, commits.clone())?))
            }
        };
        Ok(Db { tenant, backend, commits })
    }

    /// Opens a database to copy it: nothing is migrated or made, and the schema may be an older one, so that a new program
    /// can make the backup before it migrates. PostgreSQL, which has its own tools, is not asked.
    ///
    /// # Errors
    /// A file that is missing or has a schema that this program does not know, with what to do, in German for the operator.
    pub fn open_to_copy(url: &Url, tenant: TenantId, migrations: &[Migrations]) -> Result<Db> {
        let (commits, _) = watch::channel(0);
        let backend = match url {
            Url::Sqlite(path) => {
                migrate::sqlite_known(path, migrations)?;
                Backend::Lite(lite::Lite::open_to_look(path, tenant, commits.clone())?)
            }
            Url::Postgres(config) => Backend::Pg(Arc::new(pg::Pg::open(config, tenant, commits.clone())?)),
        };
        Ok(Db { tenant, backend, commits })
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn engine(&self) -> Engine {
        match self.backend {
            Backend::Lite(_) => Engine::Sqlite,
            Backend::Pg(_) => Engine::Postgres,
        }
    }

    /// Sets what runs last in every commit. On PostgreSQL numbering is a process of its own, and this is ignored.
    pub fn set_before_commit(&self, hook: Arc<dyn BeforeCommit>) {
        if let Backend::Lite(lite) = &self.backend {
            lite.set_before_commit(hook);
        }
    }

    /// Ticks after every commit of this process, so that whoever polls may look at once.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Number of commits that reached the disk through this handle, one fsync each; several writers share one.
    pub fn commit_count(&self) -> u64 {
        *self.commits.borrow()
    }

    /// A consistent read-only view. Statements are stopped after 250 ms.
    pub async fn read(&self) -> Result<Rx> {
        self.read_for(Duration::from_millis(250)).await
    }

    /// A consistent read-only view for exports and checks, stopped after ten minutes.
    pub async fn read_long(&self) -> Result<Rx> {
        self.read_for(Duration::from_secs(600)).await
    }

    async fn read_for(&self, limit: Duration) -> Result<Rx> {
        let conn = match &self.backend {
            Backend::Lite(lite) => Conn::LiteRead(lite.read(limit).await?),
            Backend::Pg(pg) => Conn::PgRead(pg.read(limit).await?),
        };
        Ok(Rx { tenant: self.tenant, conn })
    }

    /// Starts a write transaction; use [`write!`](crate::write) instead.
    #[doc(hidden)]
    pub async fn begin(&self) -> Result<Tx> {
        let conn = match &self.backend {
            Backend::Lite(lite) => Conn::LiteWrite(lite.begin().await?),
            Backend::Pg(pg) => Conn::PgWrite(pg.begin().await?),
        };
        Ok(Tx { rx: Rx { tenant: self.tenant, conn } })
    }

    /// Copies the whole SQLite file while writers go on. PostgreSQL has its own tools and this is refused there.
    pub async fn copy_to(&self, path: PathBuf) -> Result<()> {
        match &self.backend {
            Backend::Lite(lite) => lite.copy_to(path).await,
            Backend::Pg(_) => Err(Error::internal("a PostgreSQL database is copied as an export, not as a file")),
        }
    }
}

pub(crate) enum Conn {
    LiteRead(lite::ReadLease),
    LiteWrite(lite::WriteLease),
    PgRead(pg::ReadLease),
    PgWrite(pg::WriteLease),
}

/// A read-only view of one city.
pub struct Rx {
    pub(crate) tenant: TenantId,
    pub(crate) conn: Conn,
}

impl Rx {
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn engine(&self) -> Engine {
        match self.conn {
            Conn::PgRead(_) | Conn::PgWrite(_) => Engine::Postgres,
            Conn::LiteRead(_) | Conn::LiteWrite(_) => Engine::Sqlite,
        }
    }

    pub async fn query(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<Vec<Row>> {
        let sql = sql.into();
        match &mut self.conn {
            Conn::LiteRead(lease) => lite::query(lease.conn()?, sql.lite, self.tenant, params),
            Conn::LiteWrite(lease) => lite::query(lease.conn()?, sql.lite, self.tenant, params),
            Conn::PgRead(lease) => lease.query(sql.pg, self.tenant, params).await,
            Conn::PgWrite(lease) => lease.query(sql.pg, self.tenant, params).await,
        }
    }

    pub async fn list<T: FromRow>(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<Vec<T>> {
        self.query(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// At most one row; a second one is a fault in the statement.
    pub async fn opt<T: FromRow>(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<Option<T>> {
        let rows = self.query(sql, params).await?;
        match rows.as_slice() {
            [] => Ok(None),
            [row] => T::from_row(row).map(Some),
            _ => Err(Error::internal("a statement for one row found several")),
        }
    }

    /// Exactly one row; none is [`Error::NotFound`].
    pub async fn one<T: FromRow>(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<T> {
        self.opt(sql, params).await?.ok_or(Error::NotFound)
    }
}

/// A write transaction of one city. Reads see its own writes.
pub struct Tx {
    rx: Rx,
}

/// What became of a transaction's body.
#[doc(hidden)]
pub enum Finish<T> {
    Done(Result<T>),
    Again,
}

/// How long a transaction is run again that others got in the way of. Somebody who has pressed a button rather waits than
/// does it again; a job that waits longer than its lease holds is run by another node too.
const PATIENCE: Duration = Duration::from_secs(5);

/// The runs of one transaction. Time counts from the first run that others got in the way of: one long run is no reason
/// to give up.
#[doc(hidden)]
#[derive(Default)]
pub struct Runs {
    failed: u32,
    until: Option<Instant>,
}

impl Runs {
    /// How long to wait before the next run; none when the time is over.
    fn wait(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + PATIENCE);
        self.failed += 1;
        let wait = Duration::from_millis(rand::random_range(1..=10u64) << self.failed.min(5));
        (now + wait < until).then_some(wait)
    }
}

impl Tx {
    pub(crate) fn from_lite(lease: lite::WriteLease, tenant: TenantId) -> Tx {
        Tx { rx: Rx { tenant, conn: Conn::LiteWrite(lease) } }
    }

    pub(crate) fn into_lite(self) -> Option<lite::WriteLease> {
        match self.rx.conn {
            Conn::LiteWrite(lease) => Some(lease),
            _ => None,
        }
    }

    /// Runs a statement that answers no rows; returns how many rows it changed.
    pub async fn exec(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<u64> {
        let sql = sql.into();
        let tenant = self.rx.tenant;
        match &mut self.rx.conn {
            Conn::LiteRead(_) | Conn::PgRead(_) => Err(Error::internal("a read-only view cannot write")),
            Conn::LiteWrite(lease) => lite::exec(lease.conn()?, sql.lite, tenant, params),
            Conn::PgWrite(lease) => lease.exec(sql.pg, tenant, params).await,
        }
    }

    /// Like [`exec`](Self::exec), and exactly one row must have changed, else [`Error::NotFound`].
    pub async fn exec_one(&mut self, sql: impl Into<Sql>, params: &[V]) -> Result<()> {
        match self.exec(sql, params).await? {
            1 => Ok(()),
            _ => Err(Error::NotFound),
        }
    }

    /// Begins a part that can be taken back alone while the rest of the transaction goes on. Every part ends with
    /// [`keep_part`](Self::keep_part) or [`undo_part`](Self::undo_part), or the transaction ends with an error; parts
    /// may lie inside each other.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin_part(&mut self) -> Result<()> {
        self.batch("SAVEPOINT part").await
    }

    /// Keeps what was written since the innermost part began.
    ///
    /// # Errors
    /// Those of the database, also when no part is open.
    pub async fn keep_part(&mut self) -> Result<()> {
        self.batch("RELEASE SAVEPOINT part").await
    }

    /// Takes back what was written since the innermost part began.
    ///
    /// # Errors
    /// Those of the database, also when no part is open.
    pub async fn undo_part(&mut self) -> Result<()> {
        self.batch("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await
    }

    async fn batch(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.rx.conn {
            Conn::LiteRead(_) | Conn::PgRead(_) => Err(Error::internal("a read-only view cannot write")),
            Conn::LiteWrite(lease) => lite::batch(lease.conn()?, sql),
            Conn::PgWrite(lease) => lease.batch(sql).await,
        }
    }

    #[doc(hidden)]
    pub async fn finish<T>(self, result: Result<T>, runs: &mut Runs) -> Finish<T> {
        let outcome = match (self.rx.conn, result) {
            (Conn::LiteWrite(lease), Ok(value)) => lease.keep().await.map(|()| value),
            (Conn::LiteWrite(lease), Err(error)) => {
                lease.undo().await;
                Err(error)
            }
            (Conn::PgWrite(lease), Ok(value)) => lease.keep().await.map(|()| value),
            (Conn::PgWrite(lease), Err(error)) => {
                lease.undo().await;
                Err(error)
            }
            (Conn::LiteRead(_) | Conn::PgRead(_), _) => Err(Error::internal("a read-only view cannot commit")),
        };
        if let Err(Error::Again) = outcome
            && let Some(wait) = runs.wait()
        {
            tokio::time::sleep(wait).await;
            return Finish::Again;
        }
        Finish::Done(outcome)
    }
}

impl Deref for Tx {
    type Target = Rx;
    fn deref(&self) -> &Rx {
        &self.rx
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Rx {
        &mut self.rx
    }
}
