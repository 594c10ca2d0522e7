//! PostgreSQL: writers in turn (see `writers`), REPEATABLE READ READ ONLY for reads, row-level security on the tenant.

mod writers;

use std::{error::Error as _, fmt, io, sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use kernel::{Error, Result, TenantId};
use tokio::sync::watch;
use tokio_postgres::{NoTls, error::SqlState, types::ToSql};

pub(crate) use writers::WriteLease;

use crate::{
    V,
    row::{Inner, Row},
};

/// The role that the program works as; it owns no table, so row-level security binds it.
pub(crate) const APP_ROLE: &str = "meer_app";

/// Longest wait for a free connection, a new one included, or for one's turn to write. Whoever waits longer is told to come
/// again: a queue without end would keep everybody waiting when the server is slow or away.
const ACQUIRE: Duration = Duration::from_secs(5);
/// Connections of one process to a city's database that read; one more writes.
const READERS: usize = 15;
/// A line that is cut does not say so: a connection over the network whose other end is dumb for so long is given up.
const DUMB: Duration = Duration::from_secs(30);

/// How to reach the server. The password never appears in `Debug`.
#[derive(Clone)]
pub struct Config(pub(crate) tokio_postgres::Config);

impl Config {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let config = url.parse::<tokio_postgres::Config>();
        config.map(Self).map_err(|_| Error::internal("database: give sqlite:PATH or postgres://user@host/name"))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres database {:?} on {:?}", self.0.get_dbname(), self.0.get_hosts())
    }
}

/// What a statement came back with. Its transaction is over when the connection is: whoever has not asked for a commit may
/// run again.
pub(crate) fn error(e: tokio_postgres::Error) -> Error {
    if lost(&e) {
        let cause = anyhow::Error::from(e);
        tracing::error!("no connection to the database: {cause:#}");
        return Error::Again;
    }
    match e.code() {
        Some(
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::LOCK_NOT_AVAILABLE,
        ) => Error::Again,
        Some(&SqlState::QUERY_CANCELED) => Error::internal("a statement took too long and was stopped"),
        _ => Error::Internal(e.into()),
    }
}

/// What a COMMIT came back with. Only what the server says it took back may run again: when the connection breaks off,
/// nobody knows whether the work was kept, and it must not be done twice.
fn at_commit(e: tokio_postgres::Error) -> Error {
    if lost(&e) { Error::Internal(anyhow::Error::from(e).context("perhaps kept")) } else { error(e) }
}

/// What became of the wish for a connection.
fn connection(e: PoolError) -> Error {
    match e {
        PoolError::Backend(e) | PoolError::PostCreateHook(HookError::Backend(e)) => error(e),
        other => Error::internal(other),
    }
}

/// Whether the connection is gone or none can be made: the server restarts, or the line is cut.
fn lost(e: &tokio_postgres::Error) -> bool {
    match e.code() {
        Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW) => true,
        Some(_) => false,
        None => e.is_closed() || e.source().is_some_and(|cause| cause.is::<io::Error>()),
    }
}

pub(crate) struct Pg {
    readers: Pool,
    writers: Arc<writers::Writers>,
    tenant: TenantId,
}

impl Pg {
    pub(crate) fn open(config: &Config, tenant: TenantId, commits: watch::Sender<u64>) -> Result<Self> {
        let writers = Arc::new(writers::Writers::new(pool(config, 1)?, tenant, commits));
        Ok(Self { readers: pool(config, READERS)?, writers, tenant })
    }

    /// A consistent read-only view whose statements are stopped after `limit`.
    pub(crate) async fn read(&self, limit: Duration) -> Result<ReadLease> {
        let Ok(client) = tokio::time::timeout(ACQUIRE, self.readers.get()).await else {
            tracing::warn!("no connection to the database was free within {ACQUIRE:?}");
            return Err(Error::Again);
        };
        let client = client.map_err(connection)?;
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL meer.tenant = '{}'; \
             SET LOCAL statement_timeout = {}",
            self.tenant.0,
            limit.as_millis()
        );
        let lease = ReadLease { client: Some(client) };
        lease.client()?.batch_execute(&begin).await.map_err(error)?;
        Ok(lease)
    }

    /// A write transaction, when it is one's turn.
    pub(crate) async fn begin(&self) -> Result<WriteLease> {
        self.writers.begin().await
    }
}

fn pool(config: &Config, size: usize) -> Result<Pool> {
    let mut config = config.0.clone();
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(DUMB);
    }
    if config.get_keepalives_idle() > DUMB {
        config.keepalives_idle(DUMB / 3).keepalives_interval(DUMB / 3);
    }
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let set_role = Hook::async_fn(|client, _| {
        Box::pin(async move {
            let role = format!("SET ROLE {APP_ROLE}");
            client.batch_execute(&role).await.map_err(HookError::Backend)
        })
    });
    Pool::builder(manager).max_size(size).post_create(set_role).build().map_err(Error::internal)
}

async fn query(client: &Object, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await.map_err(error)?;
    let bound = bound(&tenant, params, statement.params().len())?;
    let rows = client.query(&statement, &bound).await.map_err(error)?;
    Ok(rows.into_iter().map(|row| Row(Inner::Pg(row))).collect())
}

async fn exec(client: &Object, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<u64> {
    let statement = client.prepare_cached(sql).await.map_err(error)?;
    let bound = bound(&tenant, params, statement.params().len())?;
    client.execute(&statement, &bound).await.map_err(error)
}

pub(crate) struct ReadLease {
    client: Option<Object>,
}

impl ReadLease {
    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(|| Error::internal("read view is over"))
    }

    pub(crate) async fn query(&mut self, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<Vec<Row>> {
        query(self.client()?, sql, tenant, params).await
    }
}

fn bound<'a>(tenant: &'a TenantId, params: &'a [V], wanted: usize) -> Result<Vec<&'a (dyn ToSql + Sync)>> {
    if wanted != params.len() + 1 {
        return Err(Error::internal(format!("a statement wants {wanted} values and got {}", params.len() + 1)));
    }
    let mut bound: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(wanted);
    bound.push(&tenant.0);
    bound.extend(params.iter().map(|p| p as &(dyn ToSql + Sync)));
    Ok(bound)
}

impl Drop for ReadLease {
    /// A dropped request or a finished read leaves no open transaction in the pool.
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if client.batch_execute("ROLLBACK").await.is_err() {
                    drop(Object::take(client));
                }
            });
        }
    }
}
